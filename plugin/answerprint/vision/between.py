"""A frame that was never shot, from the two around it.

Convention
    as in `flow.py`. t is the place between them: 0 the first frame, 1 the second.
    What is found of the pictures holds for all channels: mattes, depth and vectors go through the
    same motion.

Several motions are tried for every pixel (`Way`). What both frames show along the right one is
alike; light is the mean of all, weighted by that, which errs least where none is sure. Data is not
averaged over motions: it goes the likeliest one. The best quality also asks what each frame shows
of the new one (`landed.py`): what one alone shows is taken from it.

Source: bidirectional warping with occlusion weights, after Herbst et al. 2009 and Baker et al.
2011 (Middlebury interpolation); the mean of several hypotheses as in overlapped motion
compensation (Orchard and Sullivan 1994).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from answerprint.vision.flow import LUMA, Motion, Quality, motions, pulled, spread, straightened
from answerprint.vision.landed import Landed
from answerprint.vision.toned import joined, split

STRIP = 64
"""Rows that are worked on at once, so that a large frame needs little memory."""
LOOSE = 0.06
"""Of tone: so much worse a likeness makes a way 1/e as likely."""
ALIKE = 0.002
"""Of tone: likeness under this is noise's and tells nothing."""
NEAR = 4.0
"""Pixels over which likeness is averaged (Gaussian)."""
DOUBT = np.float32(0.3)
"""Added to how sure a frame's motion is, so that the other frame never rules alone."""
STEPS = 3
"""Of the search for the motion through a place: it ends where flow varies slowly."""
ALL = slice(None)


@dataclass(frozen=True)
class Way:
    """One motion through every pixel of the new frame, in pixels from frame to frame.

    past, coming   (H, W, 2) float32: what belongs at (x, y) stands at (x, y) - t * past in the
                   first frame and at (x, y) + (1 - t) * coming in the second. One and the same
                   array where the motion is straight.
    """

    past: np.ndarray
    coming: np.ndarray

    def flows(self, t: float, rows: slice = ALL) -> tuple[np.ndarray, np.ndarray]:
        """To the first frame and to the second, of these rows of the new frame."""
        return self.past[rows] * np.float32(-t), self.coming[rows] * np.float32(1 - t)


@dataclass(frozen=True)
class Toned:
    """A frame (H, W, C) ready to be looked up between its pixels.

    low, high   (H, W, C): the least and largest tone of each pixel's neighbours.
    """

    tone: np.ndarray
    over: np.ndarray | None
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def of(cls, light: np.ndarray) -> Toned:
        tone, over = split(light)
        box = np.ones((3, 3), np.uint8)
        return cls(tone, over, cv2.erode(tone, box), cv2.dilate(tone, box))

    def tone_at(self, flow: np.ndarray, top: int = 0) -> np.ndarray:
        """Tone at (x, y) + flow: cubic, but not beyond what the neighbours have (no halo)."""
        sharp = pulled(self.tone, flow, cv2.INTER_CUBIC, top)
        low, high = (pulled(p, flow, cv2.INTER_NEAREST, top) for p in (self.low, self.high))
        return np.clip(sharp, low, high)

    def over_at(self, flow: np.ndarray, top: int = 0) -> np.ndarray | np.float32:
        """What is over white there, bilinear: all of it arrives."""
        return np.float32(0) if self.over is None else pulled(self.over, flow, top=top)


@dataclass(frozen=True)
class Middle:
    """Where every pixel of the new frame comes from.

    to_first, to_second   (H, W, 2) float32: at (x, y) + it, that frame shows what belongs here.
    weight                (H, W) float32, 0..1: the share of the second frame.
    sure                  (H, W) float32, 0..1.
    t                     the place between them.
    ways                  all motions that were tried; to_first, to_second and weight are those of
                          the likeliest.
    shares                (H, W) float32 of each, how likely it is; their sum is 1.
    seen                  (H, W) float32, 0..1: how sure the first frame's motion to the second is,
                          and the second's to the first. Light takes its sides by them along every
                          way; empty where weight holds for all ways.
    device                where `light` is mixed.
    """

    to_first: np.ndarray
    to_second: np.ndarray
    weight: np.ndarray
    sure: np.ndarray
    t: float = 0.5
    ways: tuple[Way, ...] = field(default=(), repr=False)
    shares: tuple[np.ndarray, ...] = field(default=(), repr=False)
    seen: tuple[np.ndarray, ...] = field(default=(), repr=False)
    device: str = "cpu"

    def of(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Channels (H, W[, C]) float32 of both frames, moved and mixed. Nothing clamps."""
        one, other = pulled(first, self.to_first), pulled(second, self.to_second)
        weight = self.weight if one.ndim == 2 else self.weight[..., None]
        mixed: np.ndarray = one * (1 - weight) + other * weight
        return mixed

    def nearest(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """The same for channels whose values must not be mixed, such as ids: one of those there."""
        one = pulled(first, self.to_first, cv2.INTER_NEAREST)
        other = pulled(second, self.to_second, cv2.INTER_NEAREST)
        weight = self.weight if one.ndim == 2 else self.weight[..., None]
        return np.where(weight > 0.5, other, one)

    def light(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Light (H, W, 3) float32 at t: the mean of what all ways show, by their shares."""
        if self.device != "cpu":
            from answerprint.vision import torch_between

            return torch_between.light(self, first, second)
        one, other = Toned.of(first), Toned.of(second)
        made = np.empty(first.shape, np.float32)

        def strip(top: int) -> None:
            rows = slice(top, top + STRIP)
            tone = np.zeros_like(made[rows])
            over = np.zeros_like(tone)
            for way, share in zip(self.ways, self.shares, strict=True):
                flows = way.flows(self.t, rows)
                late = side(flows, self.seen, self.t, top) if self.seen else self.weight[rows]
                late = share[rows] * late
                parts = (share[rows] - late, late)
                for frame, flow, part in zip((one, other), flows, parts, strict=True):
                    here = part[..., None]
                    tone += here * frame.tone_at(flow, top)
                    if frame.over is not None:
                        over += here * frame.over_at(flow, top)
            made[rows] = joined(tone, over)

        spread(strip, range(0, len(made), STRIP))
        return made


def middle(
    first: np.ndarray,
    second: np.ndarray,
    t: float,
    known: tuple[Motion, Motion] | None = None,
    quality: Quality = "default",
    device: str = "cpu",
) -> Middle:
    """What stands between two frames of light (H, W, 3) at t. known: `motions` of the two; device:
    as there, and light is mixed on it in either quality."""
    forward, backward = known or motions(first, second, quality, device)
    if device != "cpu" and quality == "default":
        from answerprint.vision import torch_between

        return torch_between.middle(first, second, t, (forward, backward), device)
    ways = tried(forward, backward, t)
    shown = None
    if quality == "best":
        ways = (*ways, straight(first, second, ways[1], t), _still(first))
        shown = Landed.at(forward, backward, t)
    shares = likely(first, second, ways, t, shown)
    to_first, to_second = ways[0].flows(t)
    best = shares[0]
    for way, share in zip(ways[1:], shares[1:], strict=True):
        better = (share > best)[..., None]
        for kept, flow in zip((to_first, to_second), way.flows(t), strict=True):
            np.copyto(kept, flow, where=better)
        best = np.maximum(best, share)
    seen = (forward.sure, backward.sure)
    sure = np.maximum(*seen)
    if shown:
        return Middle(to_first, to_second, shown.late, sure, t, ways, shares, (), device)
    weight = side((to_first, to_second), seen, t)
    return Middle(to_first, to_second, weight, sure, t, ways, shares, seen, device)


def tried(forward: Motion, backward: Motion, t: float) -> tuple[Way, ...]:
    """The motions through every pixel that two flows offer: as if flow did not change along the
    way, and as the first's and the second's flow have it that end there; settled and not."""
    ways = []
    for there, back in zip(
        forward.apparent or (forward.flow,), backward.apparent or (backward.flow,), strict=True
    ):
        ways += [Way(-back, there), *_ending(there, back, t)]
    if forward.apparent:
        ways += _ending(forward.flow, backward.flow, t)
    return tuple(ways)


def likely(
    first: np.ndarray,
    second: np.ndarray,
    ways: tuple[Way, ...],
    t: float,
    shown: Landed | None = None,
) -> tuple[np.ndarray, ...]:
    """How likely each way is (H, W), by how alike the frames are along it: their luma, or all
    colours, and where one frame shows the place alone, whether that goes this way. shown: which
    does."""
    if shown:
        one, other = (cv2.split(split(frame)[0]) for frame in (first, second))
    else:
        one, other = ((split(frame @ LUMA)[0],) for frame in (first, second))

    def share(way: Way) -> np.ndarray:
        to_first, to_second = way.flows(t)
        apart = np.zeros(first.shape[:2], np.float32)
        for here, there in zip(one, other, strict=True):
            apart += np.abs(pulled(here, to_first) - pulled(there, to_second))
        apart /= np.float32(len(one))
        if shown:
            apart = shown.apart(apart, to_first, to_second)
        apart = np.maximum(cv2.GaussianBlur(apart, (0, 0), NEAR), ALIKE)
        likeness: np.ndarray = np.exp(apart / -LOOSE)
        return likeness

    shares = spread(share, ways)
    whole = np.maximum(sum(shares), np.float32(1e-20))
    return tuple(share / whole for share in shares)


def side(
    flows: tuple[np.ndarray, np.ndarray], seen: tuple[np.ndarray, ...], t: float, top: int = 0
) -> np.ndarray:
    """The share of the second frame (H, W), 0..1, along a way's flows to both, from row top on.

    Where what the second frame shows there is in the first frame too, but not the other way round,
    the first frame shows what the second has lost: it counts more.
    """
    one = np.float32(1 - t) * (pulled(seen[1], flows[1], top=top) + DOUBT)
    other = np.float32(t) * (pulled(seen[0], flows[0], top=top) + DOUBT)
    share: np.ndarray = other / (one + other)
    return share


def straight(first: np.ndarray, second: np.ndarray, way: Way, t: float) -> Way:
    """The way, corrected by what is still apart when both frames have gone it to t."""
    to_first, to_second = way.flows(t)
    more = straightened(first, second, to_first, to_second)
    flow = to_second - to_first + more
    return Way(flow, flow)


def _ending(there: np.ndarray, back: np.ndarray, t: float) -> list[Way]:
    """The flow of the first frame that leads through each pixel, and the second's."""

    def ending(flow: np.ndarray, part: float) -> Way:
        through = flow
        for _ in range(STEPS):
            through = pulled(flow, through * np.float32(part))
        return Way(through, through)

    return spread(lambda given: ending(*given), ((there, -t), (-back, 1 - t)))


def _still(frame: np.ndarray) -> Way:
    flow = np.broadcast_to(np.zeros(2, np.float32), (*frame.shape[:2], 2))
    return Way(flow, flow)
