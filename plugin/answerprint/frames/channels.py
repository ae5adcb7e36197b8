"""What the channels of an EXR hold, by their names: whether values may be mixed, and how.

    light    the picture and its layers: mixed in scene-linear.
    matte    0..1 (alpha, masks, keys): mixed, and stays between what was mixed.
    id       numbers that name things (Cryptomatte, object ids): one of those there, never a mean.
    data     depth, positions, normals, vectors: mixed where both sides show one surface only.

Source: names as Nuke, Arnold, V-Ray, RenderMan and Blender write them; Cryptomatte 1.2.
"""

from __future__ import annotations

import re
from typing import Literal

Kind = Literal["light", "matte", "id", "data"]

_WORDS: tuple[tuple[Kind, str], ...] = (
    ("id", r"crypto\w*|\w*ids?|indexob|indexma|object_?index|material_?index"),
    ("matte", r"a|alpha|\w*mattes?|\w*masks?|keys?|roto|holdout|coverage|confidence"),
    (
        "data",
        r"z|zback|depth\w*|uv|uvs?|st|p|pos|position\w*|pworld|pref|n|nn|norm|normals?\w*|"
        r"vec|vectors?|motion\w*|mv|velocity|forward|backward|disparity|speed|flow",
    ),
)
_OF_LIGHT = re.compile(r"(?i)(r|g|b|y|ry|by|red|green|blue)")


def kind(name: str) -> Kind:
    """What a channel of that full name ('R', 'depth.Z', 'crypto_object00.red') holds."""
    words = name.split(".")
    layer, last = ".".join(words[:-1]), words[-1]
    for of, pattern in _WORDS:
        if any(re.fullmatch(pattern, re.sub(r"\d+$", "", w), re.I) for w in words[:-1] if w):
            return of
    if layer and _OF_LIGHT.fullmatch(last):
        return "light"
    for of, pattern in _WORDS:
        if re.fullmatch(pattern, last, re.I):
            return of
    return "light"
