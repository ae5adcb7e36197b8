"""What a document must keep to before it is parsed: the parsers walk it down, and one that is
deep enough, or that holds itself, ends the process without a word.

No exporter writes references within a file, or entities of its own; the nests of an edit and the
metadata of every system that was seen stay far below the bound.
"""

from __future__ import annotations

import re
from xml.parsers import expat

import numpy as np

from answerprint.errors import BadInput

DEEPEST = 512  # lists and maps of JSON, elements of XML, within each other
MOST_TEXT = 256 << 20
_HINT = "It is broken, or made to do harm. Export the cut again, or as an EDL (CMX 3600)."

_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_OTHERS = bytes(set(range(256)) - set(b"[]{}"))
_LETTER = re.compile(rb"\\u00([2-7][0-9a-fA-F])")


def check_json(raw: bytes, name: str) -> None:
    """BadInput for JSON that no edit is. Whether it is JSON at all its parser says."""
    if _nests(raw) > DEEPEST:
        raise BadInput(f"{name} nests deeper than any edit.", _HINT)
    spelt_out = _LETTER.sub(lambda letter: bytes([int(letter[1], 16)]), raw)
    if b"SerializableObjectRef" in spelt_out:
        raise BadInput(f"{name} refers to itself.", _HINT)


def _nests(raw: bytes) -> int:
    """How many lists and maps are open at once at most; brackets in texts are none."""
    brackets = np.frombuffer(_TEXT.sub(b"", raw).translate(None, _OTHERS), np.uint8)
    steps = np.where((brackets == ord("[")) | (brackets == ord("{")), 1, -1)
    return int(np.cumsum(steps).max(initial=0))


def check_xml(raw: bytes, name: str) -> None:
    """BadInput for XML that no edit is. Whether it is XML at all its parser says."""
    reader, depth = expat.ParserCreate(), 0

    def opened(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise BadInput(f"{name} nests deeper than any edit.", _HINT)

    def closed(tag: str) -> None:
        nonlocal depth
        depth -= 1

    def entity(*told: object) -> None:
        raise BadInput(f"{name} declares entities of its own, which no edit does.", _HINT)

    reader.StartElementHandler, reader.EndElementHandler = opened, closed
    reader.EntityDeclHandler = entity
    try:
        reader.Parse(raw, True)
    except expat.ExpatError:
        return
