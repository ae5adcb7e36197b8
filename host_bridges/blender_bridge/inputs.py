# SPDX-License-Identifier: GPL-3.0-or-later
"""What an artist or a script names as an input: an item of the scene, or files.

An item is named as the panel lists it ('hero (node)') or by its reference; '' is what is
selected. Files are one file, or a sequence written `plate.%04d.exr` or `plate.####.exr`. `//` is
the folder of the .blend file.
"""

from __future__ import annotations

import os
import re
from typing import Iterator, Sequence

import bpy

from answerprint_bridge.host import FrameSet, Host, Item
from answerprint_bridge.messages import WireError
from answerprint_bridge.session import Input

BAD_INPUT = -32003
_NUMBER = re.compile(r"%0?(\d*)d|(#+)")


def find(host: Host, name: str, text: str) -> Input | None:
    """The input that a text names; None for '' where nothing is selected.

    name   which input it is. Raises WireError where there is no such thing.
    """
    if not text:
        chosen = host.selection() if name == "source" else []
        return chosen[0] if chosen else None
    items = host.items()
    for item in items:
        if text in (item.ref, called(item, items)):
            return item
    path = os.path.abspath(bpy.path.abspath(text))
    if _NUMBER.search(os.path.basename(path)):
        return _sequence(name, path)
    if os.path.isfile(path):
        return path
    hint = "Choose an item from the list, or name a file or a sequence such as plate.%04d.exr."
    raise WireError(BAD_INPUT, f"The {name} '{text}' is neither in the scene nor a file.", hint)


def called(item: Item, items: Sequence[Item]) -> str:
    """An item's name for people: label and kind of thing; its reference, where two share that."""

    def told(each: Item) -> str:
        return f"{each.label} ({each.ref.partition(':')[0]})"

    alone = sum(told(each) == told(item) for each in items) < 2
    return told(item) if alone else item.ref


def suggestions(host: Host, typed: str) -> Iterator[str]:
    """Names of the items that hold what is typed."""
    items = host.items()
    names = (called(item, items) for item in items)
    return (name for name in names if typed.lower() in name.lower())


def _sequence(name: str, path: str) -> FrameSet:
    folder, file = os.path.split(path)
    token = list(_NUMBER.finditer(file))[-1]
    digits = token[1] or (str(len(token[2])) if token[2] else "")
    head, tail = file[: token.start()], file[token.end() :]
    width = int(digits or 1)
    frame = re.compile(f"{re.escape(head)}(-?[0-9]{{{width},}}){re.escape(tail)}")
    try:
        there = sorted(int(m[1]) for m in map(frame.fullmatch, os.listdir(folder)) if m)
    except OSError as why:
        there, detail = [], why.strerror or str(why)
    else:
        detail = ""
    if not there:
        hint = "Name a sequence that is there, such as plate.%04d.exr."
        raise WireError(BAD_INPUT, f"The {name} {path} has no frames.", hint, detail)
    missing = tuple(sorted(set(range(there[0], there[-1] + 1)) - set(there)))
    number = f"%0{width}d" if width > 1 else "%d"
    pattern = os.path.join(folder, f"{head}{number}{tail}")
    return FrameSet(pattern, there[0], there[-1], missing)
