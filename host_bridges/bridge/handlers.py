"""What the worker may ask of a host: to read the scene and to speak with the artist, no more.

What a job changes comes back as its results, so that cancelling it leaves nothing.
"""

from __future__ import annotations

from typing import Any, Callable, Dict

from . import exports, versions
from .host import Host
from .messages import Message
from .scene import plain


def handlers(host: Host, template: str) -> Dict[str, Callable[[Message], Any]]:
    """'host.*' method -> function of its params."""

    def export(p: Message) -> Dict[str, Any]:
        root = versions.root(template, host.context(), "in")
        span = p.get("first"), p.get("last")
        return exports.export(host, root, p["ref"], p["name"], *span, p.get("graded", False)).wire()

    return {
        "host.info": lambda p: plain(host.info()),
        "host.context": lambda p: plain(host.context()),
        "host.selection": lambda p: plain(host.selection()),
        "host.describe": lambda p: plain(host.describe(p["ref"])),
        "host.read_tag": lambda p: host.read_tag(p["ref"], p["key"]),
        "host.export_frames": export,
        "host.message": lambda p: host.message(p["level"], p["title"], p.get("detail", "")),
        "host.ask": lambda p: host.ask(p["question"], p["default"]),
    }
