"""What was found damaged in a clip, as plain data that a recipe can hold.

Convention
    frame    number in the clip; region (x, y, width, height) in pixels from the top left of the
             display window, None: the frame as a whole.
    mask     of a region, one bit a pixel, row by row, base64.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

WHOLE = ("duplicate", "dropped", "flash", "black")
"""Frames that are made anew as a whole."""
PARTS = ("half", "dust", "dirt", "sparkle", "hot", "dead", "scratch", "block")
"""Damage to a part: light dust, dark dirt, single bright points; sensors' defects; lost squares."""
KINDS = WHOLE + PARTS


@dataclass(frozen=True)
class Find:
    """One damage. confidence: 0..1. note: what was measured, for the report."""

    frame: int
    kind: str
    confidence: float
    region: tuple[int, int, int, int] | None = None
    mask: str = ""
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        told: dict[str, Any] = {"frame": self.frame, "kind": self.kind}
        told["confidence"] = round(self.confidence, 2)
        if self.region:
            told["region"] = list(self.region)
        if self.mask:
            told["mask"] = self.mask
        if self.note:
            told["note"] = self.note
        return told


def of_dict(told: Mapping[str, Any]) -> Find:
    """What `as_dict` gave."""
    region = told.get("region")
    box = (int(region[0]), int(region[1]), int(region[2]), int(region[3])) if region else None
    mask, note = told.get("mask", ""), told.get("note", "")
    return Find(told["frame"], told["kind"], told["confidence"], box, mask, note)


def part(
    frame: int, kind: str, confidence: float, at: tuple[int, int], mask: np.ndarray, note: str = ""
) -> Find:
    """A find of a part. at: x, y of the top left of mask (h, w) bool."""
    rows, columns = np.nonzero(mask)
    y, x = int(rows.min()), int(columns.min())
    own = mask[y : rows.max() + 1, x : columns.max() + 1]
    region = (at[0] + x, at[1] + y, own.shape[1], own.shape[0])
    bits = "" if own.all() else base64.b64encode(np.packbits(own).tobytes()).decode("ascii")
    return Find(frame, kind, confidence, region, bits, note)


def mask_of(finds: Iterable[Find], size: tuple[int, int], at: tuple[int, int]) -> np.ndarray:
    """The parts of one frame's finds as one mask (H, W) bool, whose top left is at (x, y)."""
    tall, wide = size
    bad = np.zeros(size, bool)
    for each in finds:
        if each.region is None:
            continue
        x, y, w, h = each.region
        own = np.ones((h, w), bool)
        if each.mask:
            bits = np.frombuffer(base64.b64decode(each.mask), np.uint8)
            own = np.unpackbits(bits, count=h * w).reshape(h, w).astype(bool)
        x, y = x - at[0], y - at[1]
        left, top, right, bottom = max(0, x), max(0, y), min(wide, x + w), min(tall, y + h)
        if left < right and top < bottom:
            bad[top:bottom, left:right] |= own[top - y : bottom - y, left - x : right - x]
    return bad
