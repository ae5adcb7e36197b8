"""How unlike two pictures are once motion, exposure and colour are taken out: what a cut changes.

    unlike(Look(before), Look(after))     # 0 the same surfaces, near 1 another shot

Convention
    picture   (h, w, 3) float32 scene-linear ACEScg, of any size; a Look keeps WIDE x TALL of it.
    code      light to the power of POWER from a small toe on: even steps to the eye, and grain in
              black stays small. White is near 1; above it goes on slowly, so that a few
              highlights do not outweigh the picture: 60 is near 1.7.
    unlike    the picture before is laid onto the one after along its flow. In each place their
              structure is compared by normalised correlation, weighted by how much there is;
              where neither has any, their colours are.

Source: Kroeger et al. 2016 for the flow (dense inverse search, OpenCV's).
"""

from __future__ import annotations

import cv2
import numpy as np

from answerprint.vision.correspond import LUMINANCE

WIDE, TALL = 128, 72
"""Pixels of a Look. Its shape is not the picture's: structure does not ask for it."""
COARSE = (32, 18)
"""Pixels of a Look's `coarse`, in which mixtures are told."""
POWER, TOE, SHOULDER = 0.45, 0.003, 0.25
NOISE, DETAIL = 0.008, 0.03
"""Code values: what codecs and grain leave in a flat place; from where structure counts whole."""
PLACE = (9, 9)
"""Pixels of a place, and of half as many between places."""
COLOUR = 0.1
"""Code values by which flat places of two shots differ."""

_ACROSS, _DOWN = np.meshgrid(np.arange(WIDE, dtype=np.float32), np.arange(TALL, dtype=np.float32))
_PLACES = np.s_[4::4, 4::4]


class Look:
    """A picture as boundaries see it.

    coarse     float32, COARSE pixels of it in a row.
    contrast   spread of its luminance, code.
    """

    def __init__(self, picture: np.ndarray) -> None:
        small = cv2.resize(picture, (WIDE, TALL), interpolation=cv2.INTER_AREA)
        toe = np.float32(TOE)
        code = (np.maximum(small, 0) + toe) ** POWER - toe**POWER
        code = np.where(code > 1, 1 + SHOULDER * np.log2(np.maximum(code, 1)), code)
        self._code = code.astype(np.float16)
        grey = code @ LUMINANCE.astype(np.float32)
        self.contrast = float(grey.std())
        low, high = np.percentile(grey, (1, 99))
        self._eight = np.clip((grey - low) * (255 / max(high - low, 0.1)), 0, 255).astype(np.uint8)
        self.coarse = np.asarray(cv2.resize(code, COARSE, interpolation=cv2.INTER_AREA)).ravel()

    def code(self) -> np.ndarray:
        return self._code.astype(np.float32)

    def flow_to(self, other: Look) -> np.ndarray:
        """(TALL, WIDE, 2): where each pixel of the other one lies in this."""
        search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        search.setFinestScale(1)
        none = np.zeros((TALL, WIDE, 2), np.float32)
        return np.asarray(search.calc(other._eight, self._eight, none))


def unlike(before: Look, after: Look) -> float:
    """0..1, see the convention."""
    flow = before.flow_to(after)
    across, down = _ACROSS + flow[..., 0], _DOWN + flow[..., 1]
    here = (across > -1) & (across < WIDE) & (down > -1) & (down < TALL)
    one = cv2.remap(before.code(), across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    other = after.code()
    grey = [each @ LUMINANCE.astype(np.float32) for each in (one, other)]
    mean = [cv2.blur(each, PLACE) for each in grey]
    power = [np.maximum(cv2.blur(g * g, PLACE) - m * m, 0) for g, m in zip(grey, mean, strict=True)]
    common = cv2.blur(grey[0] * grey[1], PLACE) - mean[0] * mean[1]
    most, noise = np.maximum(*power), NOISE**2
    same = common / np.sqrt((power[0] + noise) * (power[1] + noise)) + noise / (most + noise)
    weight = np.minimum(np.sqrt(most) / DETAIL, 1) * here
    weight, same = weight[_PLACES], np.clip(same[_PLACES], 0, 1)
    detail = float(weight.sum())
    structure = float((weight * (1 - same)).sum()) / max(detail, 1e-3)
    trust = min(1.0, detail / (FLAT * weight.size))
    if trust == 1:
        return structure
    tint = np.abs(cv2.blur(one, PLACE) - cv2.blur(other, PLACE))[_PLACES].mean()
    return trust * structure + (1 - trust) * min(1.0, float(tint) / COLOUR)


FLAT = 0.1
"""Share of the places under which structure alone does not tell."""
