"""What an OTIO file must keep to before it is parsed: the parser walks it down, and a document
that is deep enough, or that holds itself, ends the process without a word.

No exporter writes references within a file; the nests of an edit and the metadata of every
system that was seen stay far below the bound.
"""

from __future__ import annotations

import re

import numpy as np

from answerprint.errors import BadInput

DEEPEST = 512  # lists and maps of JSON within each other
_HINT = "It is broken, or made to do harm. Export the cut again, or as an EDL (CMX 3600)."

_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_OTHERS = bytes(set(range(256)) - set(b"[]{}"))
_LETTER = re.compile(rb"\\u00([2-7][0-9a-fA-F])")


def check_otio(path: str, name: str) -> None:
    """BadInput for an OTIO file that no edit is. Whether it is JSON at all its parser says."""
    with open(path, "rb") as file:
        raw = file.read()
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
