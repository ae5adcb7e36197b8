"""What can be recognised in a picture, whatever its grade, and which of it two pictures share.

Features are found on log luminance with its local contrast evened out, so that a grade, another
exposure or another white balance does not hide them. No colour is kept of them.

Convention
    picture    (H, W, 3) float32, scene-linear ACEScg, unbounded; `valid` (H, W) bool is False
               where a pixel must not count (not finite, clipped).
    place      (N, 2) float32, x and y in pixels, pixel centres at whole numbers.

Source: Lowe, Distinctive image features from scale-invariant keypoints, IJCV 2004 (features,
ratio test); Arandjelovic and Zisserman, CVPR 2012 (square-rooted descriptors); Barath et al.,
MAGSAC++, CVPR 2020 (robust geometry). The first and the last through OpenCV.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from answerprint.frames import primaries
from answerprint.frames.curves import acescct

LUMINANCE = primaries.to_xyz(primaries.KNOWN["ACEScg"])[1].astype(np.float32)
"""Linear ACEScg to CIE Y."""
MOST = 2500
RATIO = 0.82
LEAST = 8
"""Pairs from which a geometry is looked for."""

log = logging.getLogger("answerprint")


@dataclass(frozen=True)
class Features:
    """place (N, 2); radius (N,) pixels; angle (N,) radians, turning from x to y; descriptor
    (N, 128), rows of length 1."""

    place: np.ndarray
    radius: np.ndarray
    angle: np.ndarray
    descriptor: np.ndarray


def evened(picture: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """(H, W) uint8: log luminance from its darkest to its lightest, its local contrast evened."""
    # only a look at structure: no picture leaves here
    code = acescct(np.maximum(np.where(valid[..., None], picture, 0.0) @ LUMINANCE, 0.0))
    low, high = np.percentile(code[valid] if valid.any() else code, (0.5, 99.5))
    grey = np.clip((code - low) / max(high - low, 1e-3), 0, 1) * 255
    even = cv2.createCLAHE(clipLimit=3.0, tileGridSize=(8, 8)).apply(grey.astype(np.uint8))
    return np.asarray(even)


def features(even: np.ndarray, valid: np.ndarray) -> Features:
    """The features of an evened picture, at most MOST."""
    sift = cv2.SIFT.create(nfeatures=MOST, contrastThreshold=0.02)
    points, descriptor = sift.detectAndCompute(even, (valid * np.uint8(255)))
    if descriptor is None:
        points, descriptor = (), np.zeros((0, 128), np.float32)
    rooted = np.sqrt(descriptor / np.maximum(descriptor.sum(1, keepdims=True), 1e-9))
    return Features(
        np.array([p.pt for p in points], np.float32).reshape(-1, 2),
        np.array([p.size for p in points], np.float32),
        np.radians(np.array([p.angle for p in points], np.float32)),
        rooted.astype(np.float32),
    )


def alike(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Indices of descriptors that are each other's nearest, and clearly nearer than the next."""
    if len(a) < 2 or len(b) < 2:
        return np.zeros(0, int), np.zeros(0, int)
    likeness = a @ b.T
    rows, back = np.arange(len(a)), likeness.argmax(0)
    best = likeness.argmax(1)
    first = likeness[rows, best]
    likeness[rows, best] = -np.inf
    near, next_near = (np.sqrt(np.maximum(2 - 2 * v, 0)) for v in (first, likeness.max(1)))
    keep = np.flatnonzero((back[best] == rows) & (near < RATIO * next_near))
    return keep, best[keep]


def one_geometry(a: np.ndarray, b: np.ndarray, reach: float) -> np.ndarray:
    """Which pairs of places (N,) one fundamental matrix, or one homography, explains.

    reach   how far a place may miss, in the unit of the places. None are where N < LEAST.
    """
    kept = np.zeros(len(a), bool)
    if len(a) < LEAST:
        return kept
    method, surety, tries = cv2.USAC_MAGSAC, 0.999, 4000
    depth = _inliers(lambda: cv2.findFundamentalMat(a, b, method, reach, surety, tries))
    plane = _inliers(
        lambda: cv2.findHomography(a, b, method, reach, maxIters=tries, confidence=surety)
    )
    for inliers in (depth, plane):
        if inliers is not None and inliers.sum() > kept.sum():
            kept = inliers.ravel().astype(bool)
    return kept


def _inliers(find: Callable[[], tuple[Any, Any]]) -> Any:
    """Which pairs a model explains, None where there is no model.

    On places that no model fits, OpenCV's MAGSAC sometimes raises instead of saying so.
    """
    cv2.setRNGSeed(1)
    try:
        return find()[1]
    except cv2.error as none:
        log.info("No model of the matches: %s", str(none).strip())
        return None
