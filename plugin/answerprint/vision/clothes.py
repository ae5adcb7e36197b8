"""Who stands left and who right in two pictures, and how large, told by what they wear.

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
COLOURED = 0.06
"""Least step of ACEScct code between a colour's channels, the usual colour of both pictures aside:
what both show most of is their walls, and the light."""
AREA, TALL, WHOLE = 0.015, 0.22, 0.6
"""Least share of the picture and of its height, and of the colour that is in one piece."""
WIDE, STRIPES = 0.5, 0.25
"""Most widths of a piece, and the part of the picture's height that stripes may lie apart."""
NEAR, NEAR_TALL, FAR = 0.08, 0.35, 0.002
"""Least share of a close picture and of its height that a coat fills, and of a wide one."""
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
    """The largest piece of a colour: its middle, its share of the picture and of the colour, its
    size in pictures, and whether the frame cuts it off."""

    x: float
    area: float
    share: float
    wide: float
    tall: float
    cut_off: bool

    @property
    def cloth(self) -> bool:
        whole = self.area >= AREA and self.share >= WHOLE
        return whole and self.tall >= TALL and self.wide <= WIDE


Picture = tuple[np.ndarray, np.ndarray]


def sides(first: Picture, second: Picture) -> list[list[Sides]]:
    """Every two pieces that both pictures show, the largest first; once for each of `COLOURS`:
    where a colour ends is a matter of taste, so the answers have to agree."""
    return [_swaps(pieces) for pieces in _shared(first, second)]


def larger(first: Picture, second: Picture) -> list[float]:
    """How much larger the second shows a coat that fills much of one picture and is seen whole in
    the other; at most one for each of `COLOURS`. Good to a quarter, for people turn.

    By its area, or by its height and width where stripes or folds break it up: the larger, for
    what the frame cuts off makes both too small.
    """
    found = []
    for pieces in _shared(first, second):
        ratios = []
        for pair in pieces:
            far, near = sorted(pair, key=lambda each: each.area)
            fills = near.area >= NEAR and near.tall >= NEAR_TALL
            whole = far.area >= FAR and not far.cut_off
            if fills and whole and min(far.share, near.share) >= WHOLE:
                by = max(near.area / far.area, near.wide * near.tall / (far.wide * far.tall)) ** 0.5
                ratios.append((near.area, by if near is pair[1] else 1 / by))
        if ratios:
            found.append(max(ratios)[1])
    return found


def _shared(first: Picture, second: Picture) -> list[list[tuple[_Piece, _Piece]]]:
    """Pieces of the same colour in both pictures, once for each of `COLOURS`."""
    seen = [_features(*each) for each in (first, second)]
    pooled = np.concatenate([rows[valid] for rows, valid in seen])
    if len(pooled) < 20 * max(COLOURS):
        return []
    return [_pieces(seen, pooled, count) for count in COLOURS]


def _pieces(
    seen: list[tuple[np.ndarray, np.ndarray]], pooled: np.ndarray, count: int
) -> list[tuple[_Piece, _Piece]]:
    cv2.setRNGSeed(1)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 1e-3)
    _, _, centres = cv2.kmeans(
        pooled, count, np.zeros((0, 1), np.int32), stop, 2, cv2.KMEANS_PP_CENTERS
    )
    labels = [
        np.where(valid, ((rows[..., None, :] - centres) ** 2).sum(-1).argmin(-1), -1)
        for rows, valid in seen
    ]
    usual = np.median(pooled, axis=0)
    pieces = []
    for number, centre in enumerate(centres - usual):
        if np.ptp([centre[0], centre[1], 0.0]) < COLOURED:
            continue
        one, other = (_piece(each == number) for each in labels)
        if one and other:
            pieces.append((one, other))
    return pieces


def _swaps(pieces: list[tuple[_Piece, _Piece]]) -> list[Sides]:
    cloths = [pair for pair in pieces if pair[0].cloth and pair[1].cloth]
    found = []
    for turn, (a, b) in enumerate(cloths):
        for c, d in cloths[turn + 1 :]:
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
    """The largest piece of a colour, stripes joined; None where there is none."""
    height, width = mask.shape
    stripes = np.ones((round(STRIPES * height) | 1, 3), np.uint8)
    cloth = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, stripes)
    pieces, _, boxes, middles = cv2.connectedComponentsWithStats(cloth, connectivity=8)
    if pieces < 2:
        return None
    largest = 1 + int(boxes[1:, cv2.CC_STAT_AREA].argmax())
    x, y, wide, tall, area = (int(value) for value in boxes[largest])
    return _Piece(
        float(middles[largest, 0] / width),
        area / mask.size,
        area / int(cloth.sum()),
        wide / width,
        tall / height,
        x == 0 or y == 0 or x + wide == width or y + tall == height,
    )
