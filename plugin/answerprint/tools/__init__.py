"""The artist tools, by name. A new one is its file, its test and one line here."""

from __future__ import annotations

import difflib
import importlib

from answerprint.errors import BadParameter
from answerprint.tool import Tool

TOOLS = (
    *("match", "fill", "retime", "repair", "deflicker", "extend"),
    *("key", "despill", "matte", "difference", "background"),
)


def find(name: str) -> Tool:
    """The tool of that name; hyphen and underscore are the same.

    Raises BadParameter with the nearest name where there is none.
    """
    wanted = name.replace("-", "_")
    if wanted not in TOOLS:
        near = difflib.get_close_matches(wanted, TOOLS, 1)
        raise BadParameter(
            f"There is no tool '{name}'.",
            f"Did you mean '{near[0]}'?" if near else f"There is: {', '.join(TOOLS)}.",
        )
    found: Tool = getattr(importlib.import_module(f"answerprint.tools.{wanted}"), wanted)
    return found


def every() -> list[Tool]:
    """All tools, in the order of the list above."""
    return [find(name) for name in TOOLS]
