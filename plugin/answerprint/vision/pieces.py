"""Where two pictures of a set differ by a thing, and not by a person.

Changes are cut into pieces; what stirs, what is large, what lies along a person and what is one
piece of many around it are left to people.

Convention
    masks   (H, W) bool in the grid of the set-up.
"""

from __future__ import annotations

import cv2
import numpy as np

VISIBLE = 0.012
"""ACEScct code, a fifth of a stop: less is no thing that anybody sees."""
SMALLEST, LARGEST = 0.006, 0.20
"""Of the picture's width: longest side of what counts as a thing, with its shadow and its way."""
LEAST = 8.0
"""Pixels of the longest side: less is as likely a miss at a corner."""
SLIVER = 0.12
"""Area, of the square of the longest side, under which it is an edge that lies wrong."""
BODY = 0.20
"""Of the picture's width: changes that hang together over more than this are somebody."""
BESIDE, LEAST_BESIDE = 0.2, 0.02
"""Share of a change's outline that may run along somebody: a thing stands beside a person, but a
fold or a shade of theirs lies along them for more of its own. And of the picture's width, the
longest side of a thing there."""
CUT_OFF, END = 0.25, 0.01
"""Share of its outline that may run along what is not known; and of the width, the picture's rim:
people are cut off there, and another framing shows more of them."""
PIECES, PIECES_APART = 4, 0.08
"""Changes of the picture from which, no farther apart than this share of its width and spread over
BODY, they are one person who sits otherwise: a thing and its shadow are fewer."""
SEED, GROW = 6.0, 3.0
"""Sigmas that one pixel of a thing has, and that all of it have."""
COVERED = 0.25
"""Share of the picture that may have changed: above it the two do not show one set."""


def regions(
    left: np.ndarray, sigma: np.ndarray, both: np.ndarray, moving: np.ndarray
) -> list[tuple[np.ndarray, bool]] | None:
    """Masks (H, W) of small changes that are no people, and whether they are right beside one; None
    where there is no end of them."""
    width = both.shape[1]
    z = (np.abs(left) / sigma).max(-1)
    much = np.linalg.norm(left, axis=-1)
    strong = both & (z > SEED) & (much > VISIBLE)
    weak = both & (z > GROW) & (much > VISIBLE / 2)
    if strong.sum() > COVERED * both.sum():
        return None
    people = _people(weak, moving)
    alone = (weak & ~people).astype(np.uint8)
    joined = cv2.morphologyEx(alone, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined)
    seeds = np.bincount(labels[strong], minlength=count)
    smallest = max(SMALLEST * width, LEAST)
    pieces = [n for n in range(1, count) if seeds[n] and stats[n, -1] >= 0.5 * smallest**2]
    kept = []
    for label in sorted(set(pieces) - _of_somebody(labels, pieces)):
        _, _, w, h, area = stats[label]
        if seeds[label] < 0.3 * smallest**2:
            continue
        if not smallest <= max(w, h) <= LARGEST * width or min(w, h) < smallest / 2:
            continue
        mask = labels == label
        beside = _beside(mask, both & ~people)
        if beside > BESIDE or (beside > 0 and max(w, h) < LEAST_BESIDE * width):
            continue
        if _at_end(mask) or _beside(mask, both) > CUT_OFF:
            continue
        if area > SLIVER * max(w, h) ** 2:
            kept.append((mask, beside > 0))
    return kept


def _people(changed: np.ndarray, moving: np.ndarray) -> np.ndarray:
    """Where somebody is in one of the two: who stirs, and what is too large for a thing."""
    width = changed.shape[1]
    near = round(0.008 * width)
    together = eroded(dilated(changed & ~moving, near), near)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(together.astype(np.uint8))
    large = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]) > BODY * width
    large[0] = False
    gap = round(0.02 * width)
    whole = eroded(dilated(moving | large[labels], gap), gap)
    return dilated(whole, max(2, round(0.006 * width)))


def _of_somebody(labels: np.ndarray, pieces: list[int]) -> set[int]:
    """Pieces that are one person who moved a little all over between the takes. What is most of
    what changed around it is a thing."""
    width = labels.shape[1]
    there = np.isin(labels, pieces)
    reach = round(PIECES_APART / 2 * width)
    count, groups, stats, _ = cv2.connectedComponentsWithStats(
        dilated(there, reach).astype(np.uint8)
    )
    found = set[int]()
    for group in range(1, count):
        here = np.bincount(labels[there & (groups == group)])
        members = set(np.flatnonzero(here).tolist())
        members -= {int(here.argmax())} if here.max() > here.sum() / 2 else set()
        wide = max(stats[group, cv2.CC_STAT_WIDTH], stats[group, cv2.CC_STAT_HEIGHT]) - 2 * reach
        if len(members) >= PIECES and wide > BODY * width:
            found |= members
    return found


def dilated(mask: np.ndarray, reach: int) -> np.ndarray:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return np.asarray(cv2.dilate(mask.astype(np.uint8), kernel).astype(bool))


def eroded(mask: np.ndarray, reach: int) -> np.ndarray:
    return ~dilated(~mask, reach)


def _at_end(mask: np.ndarray) -> bool:
    """Whether a change reaches the end of the picture: most of it may lie outside."""
    rim = max(2, round(END * mask.shape[1]))
    inside = mask[rim:-rim, rim:-rim]
    return bool(inside.sum() < mask.sum())


def _beside(mask: np.ndarray, free: np.ndarray) -> float:
    """Share of a change's outline along which something else begins: there it may go on."""
    mask, free = (np.pad(each, 2) for each in (mask, free))
    rim = dilated(mask, 2) & ~mask
    return float((rim & ~free).sum() / rim.sum())
