"""The figure of a plate: its alpha, and its light without what is behind it.

Convention
    alpha   (H, W) float32, 0..1: the matte that is given, or else the plate's own alpha, over
            whose light it is premultiplied then.
    front   (H, W, 3) float32 premultiplied light of the figure, scene-linear ACEScg, unbounded:
            what comes with the matte (layer `foreground`); else parted from the screen that is
            seen, or from what else is behind.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from answerprint.errors import BadInput
from answerprint.frames.canvas import common, cut, onto
from answerprint.frames.frame import Part, Window
from answerprint.frames.layers import Layers
from answerprint.tools.given import Given
from answerprint.tools.job import Job
from answerprint.vision import seated
from answerprint.vision.despilled import despilled
from answerprint.vision.keyed import parted
from answerprint.vision.screen import fitted, found

SHOWN, COLOURED = 0.7, 1.6
"""Share of what is not the figure that has to be screen, and how much more it has to have of one
colour than of the next: a wall of a room has less."""


class Figures:
    """Of the frames of a job's source. known: whether there is a matte at all."""

    def __init__(self, job: Job) -> None:
        self._clip = job.clips["source"]
        self.layers = Layers(self._clip)
        self._given = (
            Given("matte", job.clips["matte"], self._clip) if "matte" in job.clips else None
        )
        first = job.clips["matte"].parts[0] if "matte" in job.clips else None
        self._keyed = first is not None and "foreground.R" in first.channels
        alphas = any("A" in part.channels for part in self._clip.parts)
        self.known = self._given is not None or alphas

    def also(self, number: int) -> list[str]:
        return [self._given.sha256(number)] if self._given else []

    def alpha(self, number: int, part: Part) -> np.ndarray:
        """(H, W), 0..1, over the part's data window."""
        if self._given:
            return np.clip(self._given.matte(number, part), 0, 1)
        frame, (index, _) = self.layers.frame(number), self.layers.picture(number)
        mine = frame.parts[index]
        if "A" not in mine.channels:
            raise BadInput(
                f"Frame {number} of {self._clip.name} has no alpha.", "Give a matte for it."
            )
        plane = frame.layers[index][..., mine.channels.index("A")].astype(np.float32)
        return np.clip(over(np.nan_to_num(plane), mine.data, part.data), 0, 1)

    def whole(self, number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Light, where it is valid, and alpha over the display window: 0 where it is not known."""
        light, valid = self.layers.light(number)
        index, _ = self.layers.picture(number)
        part = self.layers.frame(number).parts[index]
        window = part.display
        if self.known:
            alpha = self.alpha(number, replace(part, data=window))
        else:
            alpha = np.zeros((window.height, window.width), np.float32)
        return over(light, part.data, window), over(valid, part.data, window), alpha

    def tint(self, number: int) -> list[float] | None:
        """The tint of the screen that is behind the figure, None where there is none."""
        light, valid, alpha = self.whole(number)
        tint = found(np.where((valid & (alpha < 0.5))[..., None], light, 0))
        screen = fitted(light, tint, alpha < 0.01)
        free = alpha < 0.01
        if not screen.there or not free.any() or (screen.certain > 0.5)[free].mean() < SHOWN:
            return None
        second, most = np.sort(np.median(light[free], axis=0))[-2:]
        if most < COLOURED * second:
            return None
        return [round(float(v), 4) for v in tint]

    def front(
        self, number: int, part: Part, alpha: np.ndarray, tint: np.ndarray | None, despill: float
    ) -> np.ndarray:
        """Premultiplied light of the figure over the part's data window."""
        light = self.layers.light(number)[0]
        screen = None if tint is None else fitted(light, tint, alpha < 0.01).field
        if self._given is None:
            front = light
        elif self._keyed:
            front = self._given.light(number, part)
        elif screen is not None:
            front = parted(light, screen, alpha).straight * alpha[..., None]
        else:
            front = seated.figure(light, alpha)
        if screen is not None and despill:
            front = despilled(front, screen, despill)
        return front


def over(pixels: np.ndarray, own_: Window, wanted: Window) -> np.ndarray:
    """Pixels of one window over another; 0 outside of their own."""
    both = common((own_, wanted))
    return np.ascontiguousarray(cut(onto(pixels, own_, both), both, wanted))
