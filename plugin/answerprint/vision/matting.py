"""Alpha of a picture of which it is said what is foreground, what is background, and what unknown.

Convention
    light     (H, W, 3) float32 scene-linear, unbounded; what is no number counts as black.
    trimap    (H, W) float32: 1 foreground, 0 background, anything between them unknown.
    alpha     (H, W) float32, 0..1; trimap where that is 1 or 0.
    sure      (H, W) float32, 0..1: 1 where it is known; less where foreground and background look
              alike, or where no mix of what is near makes the pixel.
    expected  (H, W) float32 alpha from elsewhere (a neighbouring frame), trust (H, W) float32 0..1.

Every unknown pixel is first explained by itself (`sampled.py`), then all of them are brought
together along the lines of their colours (`colourline.py`): what is ambiguous follows its
neighbours. A picture with much that is unknown is solved at half its size first; at the full one
only what is soft there is solved again.

Source: as in both; sampling as the data of closed-form matting after Gastal and Oliveira 2010.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from answerprint.errors import BadInput
from answerprint.vision.colourline import held
from answerprint.vision.sampled import Sampled, sampled
from answerprint.vision.toned import split

DATA = 0.008
"""What a pixel's own explanation weighs beside its neighbours, where it is as sure as can be."""
AMBIGUOUS, WRONG = 0.1, 0.05
"""Deviation of alpha over as good pairs, and error of the best, that take half of that."""
MOST = 1_000_000
"""Unknown pixels over which the half size is solved first."""
SOLID = 0.02
"""Alpha this near to 0 or 1 all around, at the half size, is not solved again."""
CARRIED = 0.3
"""What alpha of the half size weighs at the full one."""
MARGIN = 48
"""Pixels around what is unknown that samples come from at least."""


@dataclass(frozen=True)
class Matted:
    """alpha and sure as above."""

    alpha: np.ndarray
    sure: np.ndarray


def checked(trimap: np.ndarray, name: str = "The trimap") -> None:
    """Raises BadInput where a trimap cannot be solved."""
    lacking = {
        "foreground": not (trimap >= 1).any(),
        "background": not (trimap <= 0).any(),
    }
    for what, lacks in lacking.items():
        if lacks:
            raise BadInput(
                f"{name} has no {what}: nothing in it is sure to be {what}.",
                f"Mark some of the {what}: foreground is white, background black.",
                about="trimap",
            )
    if not ((trimap > 0) & (trimap < 1)).any():
        raise BadInput(
            f"{name} has nothing unknown: it is foreground or background all over.",
            "Leave a band of grey along the edges, wide enough for hair; or give it as mask.",
            about="trimap",
        )


def matted(
    light: np.ndarray,
    trimap: np.ndarray,
    expected: np.ndarray | None = None,
    trust: np.ndarray | None = None,
) -> Matted:
    """Alpha of a picture. A trimap with nothing unknown is alpha already."""
    trimap = np.clip(trimap, 0, 1).astype(np.float32)
    unknown = (trimap > 0) & (trimap < 1)
    if not unknown.any():
        return Matted(trimap, np.ones_like(trimap))
    box = _box(trimap, unknown)
    light = np.nan_to_num(light[box]).astype(np.float32)
    prior = None
    if expected is not None:
        assert trust is not None
        prior = expected[box], trust[box]
    found, sure = _solved(light, trimap[box], prior)
    alpha, whole = trimap.copy(), np.ones_like(trimap)
    alpha[box], whole[box] = found, sure
    return Matted(alpha, whole)


def _box(trimap: np.ndarray, unknown: np.ndarray) -> tuple[slice, slice]:
    """What is unknown and enough around it to have some of both sides."""
    rows, columns = (np.flatnonzero(unknown.any(axis=a)) for a in (1, 0))
    tall, wide = trimap.shape
    reach = MARGIN
    while True:
        box = (
            slice(max(0, rows[0] - reach), min(tall, rows[-1] + reach + 1)),
            slice(max(0, columns[0] - reach), min(wide, columns[-1] + reach + 1)),
        )
        inside = trimap[box]
        both = (inside >= 1).any() and (inside <= 0).any()
        if both or reach > max(tall, wide):
            return box
        reach *= 2


Prior = tuple[np.ndarray, np.ndarray] | None


def _solved(light: np.ndarray, trimap: np.ndarray, prior: Prior) -> tuple[np.ndarray, np.ndarray]:
    unknown = (trimap > 0) & (trimap < 1)
    if np.count_nonzero(unknown) > MOST:
        return _refined(light, trimap, prior)
    explained = sampled(light, trimap)
    weight, sure = _weighed(explained)
    wanted = explained.alpha
    if prior is not None:
        expected, trust = prior
        more = DATA * trust * unknown
        total = weight + more
        wanted = np.where(
            unknown, (wanted * weight + expected * more) / np.maximum(total, 1e-9), wanted
        )
        weight = total
    alpha = held(split(light)[0], wanted, weight, unknown)
    return np.clip(alpha, 0, 1), np.where(unknown, sure, 1).astype(np.float32)


def _weighed(explained: Sampled) -> tuple[np.ndarray, np.ndarray]:
    doubt = (explained.spread / AMBIGUOUS) ** 2 + (explained.error / WRONG)
    sure = 1 / (1 + doubt)
    return (DATA * sure).astype(np.float32), sure


def _refined(light: np.ndarray, trimap: np.ndarray, prior: Prior) -> tuple[np.ndarray, np.ndarray]:
    """From the half size to the full one."""
    tall, wide = trimap.shape
    half = (max(1, wide // 2), max(1, tall // 2))
    small = reduced_trimap(trimap, half)
    less = None if prior is None else tuple(_reduced(each, half) for each in prior)
    alpha, sure = _solved(_reduced(light, half), small, less)  # type: ignore[arg-type]
    alpha, sure = (
        cv2.resize(each, (wide, tall), interpolation=cv2.INTER_LINEAR) for each in (alpha, sure)
    )
    unknown = (trimap > 0) & (trimap < 1)
    around = np.ones((5, 5), np.uint8)
    soft = (cv2.dilate(alpha, around) > SOLID) & (cv2.erode(alpha, around) < 1 - SOLID)
    alpha = np.where(unknown, np.where(soft, alpha, np.rint(alpha)), trimap).astype(np.float32)
    again = unknown & soft
    if np.count_nonzero(again) > 16 * MOST:
        return alpha, np.where(unknown, sure, 1).astype(np.float32)
    weight = (CARRIED * DATA * again).astype(np.float32)
    made = held(split(light)[0], alpha, weight, again)
    return np.clip(made, 0, 1), np.where(unknown, sure, 1).astype(np.float32)


def _reduced(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


def reduced_trimap(trimap: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """At another size (wide, tall): known where half of a pixel is, and nothing in it is known to
    be the other; what the trimap has at all it keeps."""
    front, back = (_reduced((trimap == side).astype(np.float32), size) for side in (1, 0))
    made = np.full(front.shape, 0.5, np.float32)
    for side, (share, other) in enumerate(((back, front), (front, back))):
        alone = share * (other == 0)
        made[alone >= np.clip(alone.max(), 1e-3, 0.5)] = side
    return made
