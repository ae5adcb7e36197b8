"""Lay one picture of a set-up over another: a homography, and smooth fields for what it leaves.

Convention
    look          (H, W) uint8: log luminance with its local contrast evened out, so that another
                  exposure does not hide a structure.
    homographies  (3, 3) from pixels (x, y) of the second picture to pixels of the first; pixel
                  centres at whole numbers.
    fields        one value for each pixel, the median of a neighbourhood far larger than a prop:
                  what they follow is the camera and the light, never a thing.

Source: Lowe, IJCV 2004 (features); Barath et al., MAGSAC++, CVPR 2020 (robust geometry);
Kroeger et al., ECCV 2016 (dense flow). All through OpenCV.
"""

from __future__ import annotations

import cv2
import numpy as np

FEATURES = 1500
RATIO = 0.8
REACH = 1.5
ENOUGH = 30
"""Structures under one homography from which two pictures are of one camera position."""
ALIKE = 0.8
"""Correlation of two looks from which they show the same without structures."""
SCALES = (0.4, 2.5)
CELLS = 16
"""Across the picture, of a field; each looks at twice its own width."""
FARTHEST = 0.012
"""Of the picture's width: the longest flow that is parallax and not a thing that moved."""
GLANCE, STIR, CALM = 480, 0.35, 5.0
"""Width at which motion within a shot is looked for, the pixels from which it is motion, and of
what the picture's median moves."""
TEXTURE = 12.0
"""Spread of a look (0..255) under which there is nothing to follow."""


def look(code: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """A look at log luminance (H, W)."""
    low, high = np.percentile(code[valid] if valid.any() else code, (0.5, 99.5))
    grey = np.clip((code - low) / max(high - low, 1e-3), 0, 1) * 255
    found = cv2.createCLAHE(clipLimit=3.0, tileGridSize=(8, 8)).apply(grey.astype(np.uint8))
    return np.asarray(found)


class Features:
    """What can be found again in a look."""

    def __init__(self, look: np.ndarray, valid: np.ndarray) -> None:
        sift = cv2.SIFT.create(nfeatures=FEATURES, contrastThreshold=0.02)
        points, descriptor = sift.detectAndCompute(look, valid.astype(np.uint8) * 255)
        self.place = np.array([p.pt for p in points], np.float32).reshape(-1, 2)
        rows = np.zeros((0, 128), np.float32) if descriptor is None else descriptor
        self.descriptor = np.sqrt(rows / np.maximum(rows.sum(1, keepdims=True), 1e-9))


def homography(first: Features, second: Features) -> np.ndarray | None:
    """The homography that most structures agree on; None under ENOUGH of them."""
    if min(len(first.place), len(second.place)) < ENOUGH:
        return None
    pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(second.descriptor, first.descriptor, k=2)
    near = [one for one, next_one in pairs if one.distance < RATIO * next_one.distance]
    if len(near) < ENOUGH:
        return None
    here = np.array([second.place[m.queryIdx] for m in near])
    there = np.array([first.place[m.trainIdx] for m in near])
    found, inliers = cv2.findHomography(
        here, there, cv2.USAC_MAGSAC, REACH, maxIters=4000, confidence=0.999
    )
    if found is None or inliers.sum() < ENOUGH or not _sensible(found, here):
        return None
    return np.asarray(found)


def followed(first: np.ndarray, second: np.ndarray, valid: np.ndarray) -> np.ndarray | None:
    """The homography of two looks of one shot, by points followed there and back.

    Cheap; None where the camera went too far, or there are too few of them.
    """
    mask = valid.astype(np.uint8) * 255
    points = cv2.goodFeaturesToTrack(first, 400, 0.01, first.shape[1] / 80, mask=mask)
    if points is None or len(points) < ENOUGH:
        return None
    there, found, _ = cv2.calcOpticalFlowPyrLK(first, second, points, points.copy())
    back, again, _ = cv2.calcOpticalFlowPyrLK(second, first, there, points.copy())
    sound = (np.asarray(found) * np.asarray(again)).ravel() > 0
    sound &= np.linalg.norm(back - points, axis=-1).ravel() < 0.5
    if sound.sum() < ENOUGH:
        return None
    through, inliers = cv2.findHomography(
        there[sound], points[sound], cv2.USAC_MAGSAC, REACH, maxIters=2000, confidence=0.999
    )
    if through is None or inliers.sum() < 0.3 * len(points):
        return None
    return np.asarray(through) if _sensible(through, there[sound].reshape(-1, 2)) else None


def nudge(first: np.ndarray, second: np.ndarray, both: np.ndarray) -> np.ndarray | None:
    """The homography between looks of hardly any structure that lie nearly over each other."""
    small = [cv2.GaussianBlur(v, (0, 0), 2.0)[::2, ::2] for v in (first, second)]
    start = np.eye(3, dtype=np.float32)
    enough = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 40, 1e-4)
    try:
        alike, found = cv2.findTransformECC(
            small[0],
            small[1],
            start,
            cv2.MOTION_HOMOGRAPHY,
            enough,
            both[::2, ::2].astype(np.uint8),
        )
    except cv2.error:  # it says so where it does not converge
        return None
    if alike < ALIKE:
        return None
    half = np.diag([2.0, 2.0, 1.0])
    through = np.linalg.inv(half @ found.astype(np.float64) @ np.linalg.inv(half))
    height, width = first.shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    return through if _sensible(through, corners) else None


def _sensible(found: np.ndarray, places: np.ndarray) -> bool:
    """Whether it neither mirrors nor folds the picture, and scales it as a lens might."""
    left, top = places.min(0)
    right, bottom = places.max(0)
    corners = np.array([[[left, top]], [[right, top]], [[right, bottom]], [[left, bottom]]])
    moved = cv2.perspectiveTransform(corners.astype(np.float64), found)
    before, after = (cv2.contourArea(c.astype(np.float32), True) for c in (corners, moved))
    if before * after <= 0 or not cv2.isContourConvex(moved.astype(np.float32)):
        return False
    return bool(SCALES[0] < np.sqrt(after / before) < SCALES[1])


def way(through: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(H, W, 2) float32: where each pixel of the first picture lies in the second."""
    height, width = size
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    grid = np.stack([x, y], -1).astype(np.float32)
    return np.asarray(cv2.perspectiveTransform(grid, np.linalg.inv(through)))


def laid(picture: np.ndarray, at: np.ndarray) -> np.ndarray:
    """The picture where `way` says; 0 outside of it."""
    if picture.dtype == bool:
        found = cv2.remap(picture.astype(np.float32), *_xy(at), cv2.INTER_LINEAR)
        return np.asarray(found > 0.999)
    return np.asarray(cv2.remap(picture, *_xy(at), cv2.INTER_LINEAR))


def _xy(at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.ascontiguousarray(at[..., 0]), np.ascontiguousarray(at[..., 1])


def drift(first: np.ndarray, second: np.ndarray, both: np.ndarray) -> np.ndarray:
    """(H, W, 2): what a look at the second still has to be moved by, smoothly (parallax)."""
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    found = flow.calc(first, second, np.zeros((*first.shape, 2), np.float32))
    farthest = FARTHEST * first.shape[1]
    there = both & (np.hypot(found[..., 0], found[..., 1]) < farthest)
    for each in (first, second):
        light = each.astype(np.float32)
        mean, square = (cv2.blur(v, (9, 9)) for v in (light, light * light))
        there &= square - mean * mean > TEXTURE**2
    return field(found, there)


def astir(first: np.ndarray, second: np.ndarray, both: np.ndarray) -> np.ndarray:
    """Where two looks of one shot, laid over each other, still move: people, however little."""
    height, width = first.shape
    small = (GLANCE, round(GLANCE * height / width))
    one, two = (cv2.resize(v, small, interpolation=cv2.INTER_AREA) for v in (first, second))
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    found = flow.calc(one, two, np.zeros((*one.shape, 2), np.float32))
    far = cv2.resize(np.hypot(found[..., 0], found[..., 1]), (width, height))
    return np.asarray(both & (far > max(STIR, CALM * float(np.median(far[both])))))


def field(values: np.ndarray, where: np.ndarray, spread: bool = False) -> np.ndarray:
    """Values (H, W, C) as a smooth field, from the pixels `where` it is known; 0 where nothing is.

    spread   the size of the values there (1.48 times the median of |value|) in place of the value.
    """
    height, width = where.shape
    step = max(width // CELLS, 4)
    rows, columns = -(-height // step), -(-width // step)
    grid = np.full((rows, columns, values.shape[2]), np.nan, np.float32)
    for row in range(rows):
        for column in range(columns):
            y, x = row * step, column * step
            part = np.s_[max(y - step // 2, 0) : y + step * 3 // 2 : 2]
            across = np.s_[max(x - step // 2, 0) : x + step * 3 // 2 : 2]
            some = values[part, across][where[part, across]]
            if len(some) >= 24:
                at = np.abs(some) * 1.4826 if spread else some
                grid[row, column] = np.median(at, axis=0)
    grid = _filled(grid)
    full = cv2.resize(grid, (columns * step, rows * step), interpolation=cv2.INTER_LINEAR)
    return np.asarray(full.reshape(rows * step, columns * step, -1)[:height, :width])


def _filled(grid: np.ndarray) -> np.ndarray:
    """Cells that know nothing take the mean of neighbours that do."""
    known = np.isfinite(grid[..., 0])
    if not known.any():
        return np.zeros_like(grid)
    grid = np.where(known[..., None], grid, 0)
    while not known.all():
        share = cv2.blur(known.astype(np.float32), (3, 3), borderType=cv2.BORDER_CONSTANT)
        total = cv2.blur(grid, (3, 3), borderType=cv2.BORDER_CONSTANT).reshape(grid.shape)
        new = ~known & (share > 0)
        grid[new] = total[new] / share[new][:, None]
        known |= new
    return grid
