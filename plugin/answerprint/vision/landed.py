"""What each of two frames shows of a new one between them: where its pixels land there.

Where none of a frame's pixels lands, the new frame shows what that one hides, or what lies beyond
its border. The other frame shows it alone: light is taken from that, and of the ways that lead
there the one is likely that its own motion goes. How alike the frames are says nothing there, and
nowhere everything: a way that tears things apart is less likely than one that does not.

Convention
    as in `between.py`. Flows are those of things as they moved (`flow.py`, quality "best"): what is
    hidden in the other frame goes along with its surroundings.

Source: the range map of Wang et al. 2018 (occlusion of unsupervised flow), taken to the time of the
new frame.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from answerprint.vision.flow import Motion, pulled

STRIP = 64
"""Rows that are worked on at once, so that a large frame needs little memory."""
STEP = 2
"""Pixels are counted at this pitch: what is hidden is larger, and a quarter is soon counted."""
SOFT = 0.7
"""Steps by which the count is softened (Gaussian): a stretched surface lands with gaps."""
DOUBT = np.float32(0.1)
"""Added to what lands, so that neither frame ever rules alone."""
FOREIGN = np.float32(0.1)
"""Of tone: what a way counts as unlike that the frame in sight does not go."""
MISS = np.float32(0.5)
"""Pixels by which that frame's motion may miss the way, and of its length the tenth."""
TORN, MOST = np.float32(0.05), np.float32(2)
"""Of tone: what a way counts as unlike for each pixel that it parts neighbours by, to this many."""


@dataclass(frozen=True)
class Landed:
    """How much of each pixel of the new frame the first and the second frame show.

    first, second   (H, W) float32, 0..1.
    late            (H, W) float32, 0..1: the share of light that the second frame gives.
    flows           (H, W, 2) of the first frame to the second, and back.
    """

    first: np.ndarray
    second: np.ndarray
    late: np.ndarray
    flows: tuple[np.ndarray, np.ndarray]

    @classmethod
    def at(cls, forward: Motion, backward: Motion, t: float) -> Landed:
        """Of both motions, at the place t between the frames."""
        first, second = landed(forward.flow, t), landed(backward.flow, 1 - t)
        one, other = np.float32(1 - t) * (first + DOUBT), np.float32(t) * (second + DOUBT)
        return cls(first, second, other / (one + other), (forward.flow, backward.flow))

    def apart(self, unlike: np.ndarray, to_first: np.ndarray, to_second: np.ndarray) -> np.ndarray:
        """What speaks against a way (H, W): where both frames show the place how unlike they are
        (H, W, of tone), else that the frame which shows it does not go that way; and its tears."""
        against = np.empty_like(unlike)
        for top in range(0, len(unlike), STRIP):
            rows = slice(top, top + STRIP)
            late, to = self.late[rows], (to_first[rows], to_second[rows])
            way = to[1] - to[0]
            strays = (1 - late) * _strays(pulled(self.flows[0], to[0], top=top), way)
            strays += late * _strays(-pulled(self.flows[1], to[1], top=top), way)
            both = np.minimum(self.first[rows], self.second[rows])
            against[rows] = both * unlike[rows] + (1 - both) * FOREIGN * strays
            below = slice(top, top + STRIP + 1)
            torn = _torn(to_second[below] - to_first[below])[:STRIP]
            against[rows] += TORN * np.minimum(torn, MOST)
        return against


def landed(flow: np.ndarray, part: float) -> np.ndarray:
    """How much of each pixel (H, W), 0..1, is covered by those that have gone this part of the
    flow (H, W, 2)."""
    coarse = flow[::STEP, ::STEP] * np.float32(part / STEP)
    tall, wide = coarse.shape[:2]
    x = np.clip(coarse[..., 0] + np.arange(wide, dtype=np.float32), -1, wide)
    y = np.clip(coarse[..., 1] + np.arange(tall, dtype=np.float32)[:, None], -1, tall)
    left, top = np.floor(x).astype(np.intp), np.floor(y).astype(np.intp)
    across, down = x - left, y - top
    count = np.zeros((tall + 3) * (wide + 3))  # a pixel around it takes what leaves the frame
    corner = (top + 1) * (wide + 3) + left + 1
    for to_side, side in ((0, 1 - across), (1, across)):
        for below, share in ((0, side * (1 - down)), (1, side * down)):
            at = corner + below * (wide + 3) + to_side
            count += np.bincount(at.ravel(), share.ravel(), count.size)
    inner = count.reshape(tall + 3, wide + 3)[1 : tall + 1, 1 : wide + 1].astype(np.float32)
    soft = np.minimum(cv2.GaussianBlur(inner, (0, 0), SOFT), 1)
    return _enlarged(soft, flow.shape[:2])


def _enlarged(coarse: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Every STEPth pixel is where it was, those between are between."""
    tall, wide = shape
    x = np.broadcast_to(np.arange(wide, dtype=np.float32) / STEP, (tall, wide))
    y = np.broadcast_to((np.arange(tall, dtype=np.float32) / STEP)[:, None], (tall, wide))
    found: np.ndarray = cv2.remap(coarse, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return found


def _torn(way: np.ndarray) -> np.ndarray:
    """By how many pixels a way parts neighbours (H, W)."""
    parted = np.zeros(way.shape[:2], np.float32)
    parted[:, :-1] += np.abs(np.diff(way, axis=1)).sum(-1)
    parted[:-1] += np.abs(np.diff(way, axis=0)).sum(-1)
    return parted


def _strays(flow: np.ndarray, way: np.ndarray) -> np.ndarray:
    """Whether a flow goes another way (H, W), 0..1."""
    apart, long = flow - way, way[..., 0] ** 2 + way[..., 1] ** 2
    apart = np.sqrt(apart[..., 0] ** 2 + apart[..., 1] ** 2) / (MISS + 0.1 * np.sqrt(long))
    strays: np.ndarray = 1 - np.exp(-apart * apart)
    return strays
