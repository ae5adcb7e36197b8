# SPDX-License-Identifier: GPL-3.0-or-later
"""Answerprint inside Blender: panels, operators and menus that call the core.

An extension for Blender 4.2 and later (`blender_manifest.toml`). `bl_info` is what Blender
before 4.2 reads of the same files; it is there for our test rig, a Blender 3.4 whose windows
can be seen.

In the checkout the bridge is the package `answerprint_bridge`. In the extension it lies inside
this one, and the imports say so (`plugin/installer/extension.py` writes them): an extension
keeps its modules to itself.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import List

bl_info = {
    "name": "Answerprint",
    "author": "The Answerprint authors",
    "version": (0, 1, 0),
    "blender": (3, 4, 0),
    "location": "Sidebar of the Compositor, Image, Movie Clip and Sequence editors",
    "description": "Repairs what a shoot left wrong, from the shoot's own material",
    "category": "Compositing",
}

PARTS = (
    *("pictures", "running", "prefs", "settings", "operators", "actions", "ui"),
    *("check_list", "check_ops", "check_ui"),
    *("show_list", "show_ops", "show_browse", "audition_ops", "show_ui"),
)


def _parts() -> List[ModuleType]:
    """Loaded here, not above: without Blender the package can still be imported."""
    return [importlib.import_module(f".{name}", __package__) for name in PARTS]


def register() -> None:
    """All of it, or nothing: where one part fails, those before it are taken away again."""
    done: List[ModuleType] = []
    try:
        for part in _parts():
            done.append(part)  # also what it had done when it failed
            part.register()
    except BaseException:
        _end(done)
        raise


def unregister() -> None:
    _end(_parts())


def _end(parts: List[ModuleType]) -> None:
    """Take parts away, and forget all modules below this one: new files count at once then."""
    for part in reversed(parts):
        part.unregister()
    below = f"{__package__}."
    for name in [each for each in sys.modules if each.startswith(below)]:
        del sys.modules[name]
        globals().pop(name[len(below) :], None)  # `from . import` would find it here
