"""What stands before a clean plate that was shot from nearly the same place, at nearly that light.

The clean plate is laid over the shot: by features first, then to a part of a pixel by correlation,
which a change of exposure and colour does not move, and without what stands before it. Gain and
offset of each channel follow, then how far two looks at the same thing differ: by noise, more where
it is brighter, and by what is left of the registration, more where the plate has edges. What
differs by more is foreground.

Convention
    light, plate   (H, W, 3) float32 scene-linear ACEScg, unbounded, of one size.
    alpha          (H, W) float32, 0..1.
    apart          (H, W) float32: the difference over what noise and registration explain.

Source: enhanced correlation coefficient, Evangelidis and Psarakis 2008; least squares, iteratively
reweighted; hysteresis after Canny 1986; matting with a known background after Qian and Sezan 1999.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from answerprint.errors import BadInput
from answerprint.vision.features import LEAST, alike, evened, features, one_geometry
from answerprint.vision.flow import encoded

WIDE = 960
"""Pixels across at which the plates are laid over each other."""
GEOMETRY = 3.0
"""Pixels within which matches have to agree with one geometry, there."""
STEPS, ENOUGH = 80, 1e-5
"""Of the correlation's search."""
SAME = 0.6
"""Correlation, without what stands before it, under which it is not the same place."""
ASTRAY = 0.35
"""Pixels of registration that are left."""
SEEN = 0.3
"""Change of code (a share of light) by which something stands before the plate, at first."""
LEVELS, USUAL, OF_USUAL = 8, 0.4, 1.9
"""Of light, at which noise is told; the share of a level that shows the plate alone for certain;
and the deviation over that quantile (of a normal distribution's size, 0.52)."""
LEAST_NOISE, OF_LIGHT = 1e-3, np.float32(0.004)
"""Deviation that is always granted: of dark, and as a share of light."""
DIFFERS, SPECK, AROUND = 0.3, 8, 1 / 64
"""Of the first matte, what differs; pixels under which that is noise; and how far around it, as a
share of the width, foreground may be that looks like the plate."""
UNSURE, SURE = 1.0, 4.0
"""Times what is explained: perhaps foreground, and surely."""


@dataclass(frozen=True)
class Laid:
    """A clean plate laid over a frame.

    plate        (H, W, 3) light, as the frame would show it.
    there        (H, W) bool: where the clean plate shows anything.
    to_plate     (3, 3): a pixel of the frame to one of the clean plate.
    gain, offset (3,) of its light.
    correlation  of both, without what stands before it.
    """

    plate: np.ndarray
    there: np.ndarray
    to_plate: np.ndarray
    gain: np.ndarray
    offset: np.ndarray
    correlation: float


def laid(
    light: np.ndarray, clean: np.ndarray, name: str = "The clean plate", move: bool = True
) -> Laid:
    """The clean plate, laid over a frame. BadInput where it does not show the same place. move:
    False where it lies exactly, and its light alone is to be fitted."""
    tall, wide = light.shape[:2]
    zoom = min(1.0, WIDE / wide)
    size = (max(16, round(wide * zoom)), max(16, round(tall * zoom)))
    small = [cv2.resize(each, size, interpolation=cv2.INTER_AREA) for each in (light, clean)]
    whole = np.ones(small[0].shape[:2], bool)
    start = _by_features(small[0], small[1], whole) if move else np.eye(3)
    codes = [cv2.GaussianBlur(encoded(each), (0, 0), 1.0) for each in small]
    warp, correlation, mask = start, 0.0, whole
    for _ in range(2):
        if move:
            warp, correlation = _correlated(codes[0], codes[1], warp, mask)
        else:
            correlation = float(np.corrcoef(codes[0][mask], codes[1][mask])[0, 1])
        there = _warped(np.ones_like(codes[1]), warp, size) > 0.99
        other = _warped(codes[1], warp, size)
        mask = there & (np.abs(_levelled(codes[0], other, there)) < SEEN)
        if mask.mean() < 0.05:
            mask = there
    if correlation < SAME:
        raise BadInput(
            f"{name} does not show the place of the shot (they correlate by {correlation:.2f}).",
            "Give a clean plate of this set-up, or use matte with a trimap.",
            about="clean_plate",
        )
    scale = np.diag([wide / size[0], tall / size[1], 1.0])
    centred = np.eye(3)  # pixels' centres lie half a pixel from their corners
    centred[:2, 2] = 0.5
    wider = np.linalg.inv(centred) @ scale @ centred
    full = wider @ warp @ np.linalg.inv(wider)
    plate = _warped(np.nan_to_num(clean), full, (wide, tall), cv2.INTER_CUBIC)
    shows = _warped(np.ones(clean.shape[:2], np.float32), full, (wide, tall)) > 0.99
    calm = cv2.resize(mask.astype(np.uint8), (wide, tall), interpolation=cv2.INTER_NEAREST) > 0
    gain, offset = _graded(light, plate, calm & shows)
    return Laid(plate * gain + offset, shows, full, gain, offset, correlation)


def _by_features(one: np.ndarray, other: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """A homography from the first picture to the second; the identity where none is found."""
    sets = [features(evened(each, valid), valid) for each in (one, other)]
    first, second = alike(sets[0].descriptor, sets[1].descriptor)
    if len(first) >= LEAST:
        a, b = sets[0].place[first], sets[1].place[second]
        good = one_geometry(a, b, GEOMETRY)
        if int(good.sum()) >= LEAST:
            found, _ = cv2.estimateAffinePartial2D(a[good], b[good], ransacReprojThreshold=GEOMETRY)
            if found is not None:
                return np.vstack([found, [0, 0, 1]])
    return np.eye(3)


def _correlated(
    one: np.ndarray, other: np.ndarray, start: np.ndarray, mask: np.ndarray
) -> tuple[np.ndarray, float]:
    """The homography that makes the second look like the first, and how much it does."""
    rule = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, STEPS, ENOUGH)
    counted = mask.astype(np.uint8) * 255
    found, best = start, -1.0
    for kind in (cv2.MOTION_EUCLIDEAN, cv2.MOTION_HOMOGRAPHY):
        given = found.astype(np.float32)
        rows = 3 if kind == cv2.MOTION_HOMOGRAPHY else 2
        if kind == cv2.MOTION_EUCLIDEAN:
            given = _turned(given)
        begin = given[:rows].copy()
        try:
            made, warp = cv2.findTransformECC(one, other, begin, kind, rule, counted, 5)
        except cv2.error:  # it does not converge: what was found before stands
            continue
        if made > best:
            best, found = float(made), np.vstack([warp, [0, 0, 1]])[:3].astype(np.float64)
    return found, best


def _turned(warp: np.ndarray) -> np.ndarray:
    """The turn and shift of a similarity."""
    angle = np.arctan2(warp[1, 0], warp[0, 0])
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, warp[0, 2]], [s, c, warp[1, 2]], [0, 0, 1]], np.float32)


def _warped(
    picture: np.ndarray, warp: np.ndarray, size: tuple[int, int], how: int = cv2.INTER_LINEAR
) -> np.ndarray:
    border = cv2.BORDER_CONSTANT if picture.ndim == 2 else cv2.BORDER_REPLICATE
    made: np.ndarray = cv2.warpPerspective(
        picture.astype(np.float32), warp, size, flags=how | cv2.WARP_INVERSE_MAP, borderMode=border
    )
    return made


def _levelled(one: np.ndarray, other: np.ndarray, there: np.ndarray) -> np.ndarray:
    """The difference without the usual one."""
    apart = one - other
    return np.asarray(apart - np.median(apart[there] if there.any() else apart))


def _graded(
    light: np.ndarray, plate: np.ndarray, mask: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Gain and offset (3,) of the plate's channels, without what does not fit."""
    gain, offset = np.ones(3, np.float32), np.zeros(3, np.float32)
    step = max(1, round(np.sqrt(mask.size / 2e5)))
    rows = mask[::step, ::step]
    if rows.sum() < 50:
        return gain, offset
    for c in range(3):
        x, y = plate[::step, ::step, c][rows], light[::step, ::step, c][rows]
        weight = np.ones_like(x)
        for _ in range(6):
            a, b = np.polyfit(x, y, 1, w=np.sqrt(weight)) if np.ptp(x) > 1e-3 else (1.0, 0.0)
            left = np.abs(y - a * x - b) / (0.02 + 0.1 * np.abs(y))
            weight = 1 / (1 + (left / max(float(np.median(left)) * 2, 1e-3)) ** 2)
        gain[c], offset[c] = a, b
    return gain, offset


# --- the matte -----------------------------------------------------------------------------


def apart(light: np.ndarray, clean: Laid) -> np.ndarray:
    """How far a frame is from the plate, over what noise and registration explain."""
    plate = clean.plate
    box = np.ones((3, 3), np.uint8)
    low, high = cv2.erode(plate, box), cv2.dilate(plate, box)
    over = np.maximum(np.maximum(light - high, low - light), 0)  # beyond all near by
    straight = np.abs(light - plate)
    sigma = _noise(straight, plate, clean.there)
    slope = np.sqrt(
        cv2.Sobel(plate, cv2.CV_32F, 1, 0, scale=0.125) ** 2
        + cv2.Sobel(plate, cv2.CV_32F, 0, 1, scale=0.125) ** 2
    )
    usual = np.sqrt(sigma**2 + (ASTRAY * slope) ** 2)
    far = np.sqrt(((straight / usual) ** 2).mean(axis=-1))
    beyond = np.sqrt(((over / sigma) ** 2).mean(axis=-1))
    found = cv2.GaussianBlur(np.minimum(far, np.maximum(beyond, 0.4 * far)), (0, 0), 0.7)
    return np.where(clean.there, found, 0).astype(np.float32)


def _noise(straight: np.ndarray, plate: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Deviation (H, W, 3) of two looks at the same thing, by light: what is usual at each level,
    as most of a level shows nothing but the plate."""
    made = np.empty_like(plate)
    for c in range(3):
        level, size = plate[..., c][there], straight[..., c][there]
        marks = (
            np.unique(np.quantile(level, np.linspace(0, 1, LEVELS + 1))) if level.size else level
        )
        rows = np.searchsorted(marks[1:-1], level)
        usual = [float(np.quantile(size[rows == k], USUAL)) for k in range(len(marks) - 1)]
        middle = (marks[:-1] + marks[1:]) / 2
        made[..., c] = np.interp(plate[..., c], middle, OF_USUAL * np.array(usual)) if usual else 0
    return np.maximum(made, LEAST_NOISE + OF_LIGHT * np.abs(plate))


def first(apart: np.ndarray) -> np.ndarray:
    """A first matte (H, W), 0..1, of how far a frame is from the plate."""
    share = np.clip((apart - UNSURE) / (SURE - UNSURE), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)


def reach(first: np.ndarray) -> np.ndarray:
    """Where foreground may be (H, W), 0..1: near what differs, and inside of it. What looks like
    the plate far from all that differs is the plate."""
    wide = first.shape[1]
    _, labels, stats, _ = cv2.connectedComponentsWithStats((first > DIFFERS).astype(np.uint8))
    large = stats[:, cv2.CC_STAT_AREA] >= SPECK
    large[0] = False
    differs = large[labels].astype(np.uint8)
    radius = max(2, round(AROUND * wide))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    near = cv2.dilate(differs, disc)
    outlines, _ = cv2.findContours(near, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = cv2.drawContours(np.zeros_like(near), outlines, -1, 1, -1)
    return np.asarray(cv2.GaussianBlur(filled.astype(np.float32), (0, 0), radius / 4))
