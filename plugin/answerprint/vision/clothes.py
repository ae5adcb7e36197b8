"""Who stands left and who right in two pictures, told apart by what they wear.

No person is recognised. Colours that both pictures show in one tall, connected piece each, and
nowhere else, are most often clothes; two of them that have changed sides were filmed from the
other side of the line that joins them. Where people wear grey, or alike, nothing is known.

Convention
    pictures   (h, w, 3) float32 scene-linear ACEScg, valid (h, w) bool.
    places     0..1 of a picture, x to the right.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from answerprint.frames.curves import acescct

WIDTH, COLOURS = 160, (8, 10, 12)
LIGHT = 0.15
"""What a step of light counts beside one of colour: cloth keeps its colour in the shade."""
COLOURED = 0.1
"""Least step of ACEScct code between a colour's channels: grey is worn by walls too."""
AREA, TALL, WHOLE = 0.015, 0.22, 0.6
"""Least share of the picture and of its height, and of the colour that is in one piece."""
APART = 0.12
"""Widths that two pieces have to be apart, in both pictures."""


@dataclass(frozen=True)
class Sides:
    """Two pieces of cloth in two pictures: where each is, and how large in the smaller view.

    first, second   x of (one, other) in each picture.
    """

    first: tuple[float, float]
    second: tuple[float, float]
    weight: float

    @property
    def swapped(self) -> bool:
        return (self.first[0] - self.first[1]) * (self.second[0] - self.second[1]) < 0


@dataclass(frozen=True)
class _Piece:
    x: float
    area: float


Picture = tuple[np.ndarray, np.ndarray]


def sides(first: Picture, second: Picture) -> list[list[Sides]]:
    """Every two pieces that both pictures show, the largest first; once for each of `COLOURS`:
    where a colour ends is a matter of taste, so the answers have to agree."""
    seen = [_features(*each) for each in (first, second)]
    pooled = np.concatenate([rows[valid] for rows, valid in seen])
    if len(pooled) < 20 * max(COLOURS):
        return []
    return [_among(seen, pooled, count) for count in COLOURS]


def _among(
    seen: list[tuple[np.ndarray, np.ndarray]], pooled: np.ndarray, count: int
) -> list[Sides]:
    cv2.setRNGSeed(1)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 1e-3)
    _, _, centres = cv2.kmeans(
        pooled, count, np.zeros((0, 1), np.int32), stop, 2, cv2.KMEANS_PP_CENTERS
    )
    labels = [
        np.where(valid, ((rows[..., None, :] - centres) ** 2).sum(-1).argmin(-1), -1)
        for rows, valid in seen
    ]
    pieces = []
    for number, centre in enumerate(centres):
        if np.ptp([centre[0], centre[1], 0.0]) < COLOURED:
            continue
        both = [_piece(each == number) for each in labels]
        if both[0] and both[1]:
            pieces.append((both[0], both[1]))
    found = []
    for turn, (a, b) in enumerate(pieces):
        for c, d in pieces[turn + 1 :]:
            if min(abs(a.x - c.x), abs(b.x - d.x)) > APART:
                weight = min(a.area, b.area) ** 0.5 * min(c.area, d.area) ** 0.5
                found.append(Sides((a.x, c.x), (b.x, d.x), float(weight)))
    return sorted(found, key=lambda each: -each.weight)


def _features(picture: np.ndarray, valid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(h, w, 3): red and blue beside green, and a little light; and where they count."""
    height, width = valid.shape
    size = (WIDTH, max(16, round(height * WIDTH / width)))
    clean = np.where(valid[..., None], picture, 0.0).astype(np.float32)
    small = cv2.resize(clean, size, interpolation=cv2.INTER_AREA)
    counts = cv2.resize(valid.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.99
    code = np.asarray(acescct(cv2.GaussianBlur(small, (0, 0), 1.0)))
    green = code[..., 1]
    rows = np.stack([code[..., 0] - green, code[..., 2] - green, LIGHT * code.mean(-1)], -1)
    return rows.astype(np.float32), counts & np.isfinite(rows).all(-1)


def _piece(mask: np.ndarray) -> _Piece | None:
    """The one piece a colour is in, None where it is spread, or small, or low."""
    cloth = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    pieces, _, boxes, middles = cv2.connectedComponentsWithStats(cloth, connectivity=8)
    if pieces < 2:
        return None
    largest = 1 + int(boxes[1:, cv2.CC_STAT_AREA].argmax())
    area = boxes[largest, cv2.CC_STAT_AREA]
    tall = boxes[largest, cv2.CC_STAT_HEIGHT] / mask.shape[0]
    if area < AREA * mask.size or area < WHOLE * cloth.sum() or tall < TALL:
        return None
    return _Piece(float(middles[largest, 0] / mask.shape[1]), float(area / mask.size))
