"""Frames between frames on a GPU, or any device torch has: what `between.py` does, there.

Convention
    as in `between.py`, whose pictures these functions take and give; on the device they are
    (1, C, H, W). Of the same motions it makes the same frame, to float32's rounding.

Motion is weighed here for the default quality; the best one's ways are found on the CPU
(`between.py`), and all are mixed here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional as F

from answerprint.vision.between import ALIKE, DOUBT, LOOSE, NEAR, STEPS, Middle, Way
from answerprint.vision.flow import Motion
from answerprint.vision.toned import HIGHEST, SPAN, TOE
from answerprint.vision.torch_flow import luma
from answerprint.vision.torch_lookup import Tensor, blurred, downloaded, pulled, room_on, uploaded

Flows = tuple[Tensor, Tensor]
"""To the first frame and to the second."""


def middle(
    first: np.ndarray,
    second: np.ndarray,
    t: float,
    known: tuple[Motion, Motion],
    device: str,
) -> Middle:
    """`between.middle` of two frames of light (H, W, 3) and their motions, weighed there."""
    forward, backward = known
    with room_on(device):
        tones = [_tone(_finite(luma(uploaded(frame, device)))) for frame in (first, second)]
        there, back = (uploaded(m.flow, device) for m in known)
        ends = _ending(there, -t), _ending(-back, 1 - t)
        ways = [_flows(-back, there, t), *(_flows(end, end, t) for end in ends)]
        shares = torch.cat([_likeness(tones, way) for way in ways], 1)
        shares = shares / shares.sum(1, keepdim=True).clamp(min=1e-20)
        to_first, to_second = _best(ways, shares)
        seen = tuple(uploaded(m.sure, device) for m in known)
        weight = side((to_first, to_second), seen, t)
        return Middle(
            downloaded(to_first),
            downloaded(to_second),
            downloaded(weight),
            np.maximum(forward.sure, backward.sure),
            t,
            (Way(-backward.flow, forward.flow), *(_straight(downloaded(end)) for end in ends)),
            tuple(downloaded(share) for share in shares.split(1, 1)),
            (forward.sure, backward.sure),
            device,
        )


def light(found: Middle, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """`Middle.light` of two frames of light (H, W, 3), on the device of the middle."""
    with room_on(found.device):
        frames = [Toned.of(uploaded(frame, found.device)) for frame in (first, second)]
        seen = tuple(uploaded(sure, found.device) for sure in found.seen)
        weight = uploaded(found.weight, found.device)
        tone, over = torch.zeros_like(frames[0].tone), torch.zeros_like(frames[0].tone)
        for way, share in zip(found.ways, found.shares, strict=True):
            to_first, to_second = (uploaded(flow, found.device) for flow in way.flows(found.t))
            here = uploaded(share, found.device)
            late = here * (side((to_first, to_second), seen, found.t) if seen else weight)
            parts = ((frames[0], to_first, here - late), (frames[1], to_second, late))
            for frame, flow, part in parts:
                tone += part * frame.tone_at(flow)
                over += part * pulled(frame.over, flow)
        size = tone.abs() * float(SPAN) + TOE
        return downloaded(torch.copysign(size * size - TOE**2, tone) + over)


@dataclass(frozen=True)
class Toned:
    """As in `between.py`, (1, C, H, W)."""

    tone: Tensor
    over: Tensor
    low: Tensor
    high: Tensor

    @classmethod
    def of(cls, light: Tensor) -> Toned:
        light = _finite(light)
        tone = _tone(light)
        high, low = (F.max_pool2d(each, 3, 1, 1) for each in (tone, -tone))
        return cls(tone, (light - 1).clamp(min=0), -low, high)

    def tone_at(self, flow: Tensor) -> Tensor:
        """Tone at (x, y) + flow: cubic, but not beyond what the neighbours have (no halo)."""
        low, high = (pulled(each, flow, "nearest") for each in (self.low, self.high))
        return pulled(self.tone, flow, "bicubic").clamp(low, high)


def _finite(light: Tensor) -> Tensor:
    return torch.nan_to_num(light, 0.0, HIGHEST, -HIGHEST)


def _tone(light: Tensor) -> Tensor:
    size = light.clamp(max=1).abs()
    return torch.copysign((torch.sqrt(size + TOE**2) - TOE) / float(SPAN), light)


def side(flows: Flows, seen: tuple[Tensor, ...], t: float) -> Tensor:
    """The share of the second frame along a way's flows, as in `between.py`."""
    one = (1 - t) * (pulled(seen[1], flows[1]) + float(DOUBT))
    other = t * (pulled(seen[0], flows[0]) + float(DOUBT))
    return other / (one + other)


def _flows(past: Tensor, coming: Tensor, t: float) -> Flows:
    return past * -t, coming * (1 - t)


def _straight(flow: np.ndarray) -> Way:
    return Way(flow, flow)


def _best(ways: list[Flows], shares: Tensor) -> Flows:
    """Of every pixel, the flows of the likeliest way, the first of equals."""
    best = shares.argmax(1, keepdim=True)
    to_first, to_second = ways[0]
    for number, way in enumerate(ways[1:], 1):
        to_first = torch.where(best == number, way[0], to_first)
        to_second = torch.where(best == number, way[1], to_second)
    return to_first, to_second


def _likeness(tones: list[Tensor], flows: Flows) -> Tensor:
    one, other = (pulled(tone, flow) for tone, flow in zip(tones, flows, strict=True))
    return torch.exp(blurred((one - other).abs(), NEAR).clamp(min=ALIKE) / -LOOSE)


def _ending(flow: Tensor, part: float) -> Tensor:
    """The flow of a frame that leads through each pixel."""
    through = flow
    for _ in range(STEPS):
        through = pulled(flow, through * part)
    return through
