"""Dense motion between two frames on a GPU, or any device torch has: `flow.py`, default quality.

Convention
    as in `flow.py`; pictures on the device are codes (B, 1, H, W) float32 of a byte's range, flows
    (B, 2, H, W). Both directions are searched for at once, as two pictures of a batch.

From coarse to fine, a patch of 8x8 at every fourth pixel looks for itself in the other picture: it
starts from what the coarser level found there, from what patches around it have and from one shift
of the whole frame, keeps the best, and climbs from there. Its neighbours outvote it; pixels take
the mean of the patches that cover them, and the whole is refined (`torch_refine.py`).

Source: dense inverse search (Kroeger et al. 2016); neighbours' flows as starts after PatchMatch
(Barnes et al. 2009); the shift by phase correlation (Kuglin and Hines 1975).
"""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional as F

from answerprint.vision.flow import CLEARLY, FAR, KNEE, LARGE, LEAST, LUMA, SEEN, Motion
from answerprint.vision.toned import HIGHEST
from answerprint.vision.torch_lookup import (
    Tensor,
    downloaded,
    inside,
    pulled,
    room_on,
    sampled,
    uploaded,
)
from answerprint.vision.torch_refine import refined, slopes

PATCH, STRIDE = 8, 4
COARSEST = 12
"""Pixels of the shorter side below which there is no coarser level."""
REACHES = (4, 2, 1)
"""How many patches away those are whose flows are tried, before each climb."""
STEPS = 6
"""Of climbing in each."""
FIRM = 200.0
"""Added to the squares of a patch's gradients: what is flat moves with its start."""
BETTER = 0.9
"""Share of a patch's difference under which another start is taken."""


def motions(first: np.ndarray, second: np.ndarray, device: str) -> tuple[Motion, Motion]:
    """From the first frame of light (H, W, 3) to the second, and back, found on that device."""
    if first.shape != second.shape:
        raise ValueError(f"the frames have {first.shape} and {second.shape}")
    with room_on(device):
        flows = flows_of(uploaded(first, device), uploaded(second, device))
        sure = agreement(flows, flows.flip(0))
        made = [Motion(downloaded(flows[i : i + 1]), downloaded(sure[i : i + 1])) for i in (0, 1)]
    return made[0], made[1]


def flows_of(first: Tensor, second: Tensor) -> Tensor:
    """Flows (2, 2, H, W) from the first frame of light (1, 3, H, W) to the second, and back."""
    codes = _codes(torch.cat([first, second]))
    return dense(codes, codes.flip(0))


def _codes(light: Tensor) -> Tensor:
    code = torch.asinh(torch.nan_to_num(luma(light), 0.0, HIGHEST, -HIGHEST) / KNEE)
    ends = torch.tensor([0.001, 0.999], device=light.device)
    low, high = torch.quantile(code[..., ::4, ::4].flatten(), ends)
    return ((code - low) * (255 / (high - low).clamp(min=1e-6))).clamp(0, 255)


def luma(light: Tensor) -> Tensor:
    red, green, blue = (float(each) for each in LUMA)
    return light[:, :1] * red + light[:, 1:2] * green + light[:, 2:] * blue


def agreement(there: Tensor, back: Tensor) -> Tensor:
    """As in `flow.py`, (B, 1, H, W)."""
    again = pulled(back, there)
    apart = _length(there + again) / (0.5 + 0.05 * (_length(there) + _length(again)))
    return torch.exp(-apart * apart) * inside(there)


def _length(flow: Tensor) -> Tensor:
    return torch.sqrt((flow * flow).sum(1, keepdim=True))


def dense(one: Tensor, other: Tensor) -> Tensor:
    """Flows (B, 2, H, W) from pictures of a byte's range (B, 1, H, W) to others."""
    tall, wide = one.shape[-2:]
    if tall * wide > LARGE:
        half = dense(_halved(one), _halved(other))
        return 2 * _enlarged(half, tall, wide)
    lack = [(max(0, LEAST - n) + 1) // 2 for n in (tall, wide)]
    sides = (lack[1], lack[1], lack[0], lack[0])
    levels = [(F.pad(one, sides, mode="replicate"), F.pad(other, sides, mode="replicate"))]
    while min(levels[-1][0].shape[-2:]) >= 2 * COARSEST:
        levels.append((_halved(levels[-1][0]), _halved(levels[-1][1])))
    shift = _shift(*levels[0])
    flow = torch.zeros_like(levels[-1][0]).repeat(1, 2, 1, 1)
    for level in range(len(levels) - 1, -1, -1):
        one, other = levels[level]
        if level < len(levels) - 1:
            flow = 2 * _enlarged(flow, *one.shape[-2:])
        flow = refined(one, other, _searched(one, other, flow, shift / 2**level))
    return flow[..., lack[0] : lack[0] + tall, lack[1] : lack[1] + wide].contiguous()


def _halved(picture: Tensor) -> Tensor:
    tall, wide = picture.shape[-2:]
    return F.avg_pool2d(F.pad(picture, (0, wide % 2, 0, tall % 2), mode="replicate"), 2)


def _enlarged(flow: Tensor, tall: int, wide: int) -> Tensor:
    """Twice the size, cropped to this one."""
    double = F.interpolate(flow, scale_factor=2, mode="bilinear", align_corners=False)
    return double[..., :tall, :wide]


def _shift(one: Tensor, other: Tensor) -> Tensor:
    """One shift of the whole frame (B, 2) that makes the two clearly more alike, else 0."""
    zoom = 1
    while max(one.shape[-2:]) > SEEN:
        one, other, zoom = _halved(one), _halved(other), zoom * 2
    tall, wide = one.shape[-2:]
    window = torch.hann_window(tall, False, device=one.device)[:, None] * torch.hann_window(
        wide, False, device=one.device
    )
    a, b = (torch.fft.rfft2(p * window) for p in (one, other))
    cross = a.conj() * b
    peak = torch.fft.irfft2(cross / cross.abs().clamp(min=1e-9), (tall, wide)).flatten(1).argmax(1)
    y, x = peak // wide, peak % wide
    y, x = torch.where(y > tall // 2, y - tall, y), torch.where(x > wide // 2, x - wide, x)
    far = (x.abs() > FAR * wide) | (y.abs() > FAR * tall)
    shift = torch.stack([x, y], 1).float()
    moved = shift[:, :, None, None].expand(-1, -1, tall, wide)
    shown = inside(moved)
    left = ((pulled(other, moved) - one).abs() * shown).sum((1, 2, 3)) / shown.sum((1, 2, 3))
    alike = left < CLEARLY * (other - one).abs().mean((1, 2, 3))
    return shift * (zoom * (far & alike).float())[:, None]


def _searched(one: Tensor, other: Tensor, flow: Tensor, shift: Tensor) -> Tensor:
    """The flow of every pixel, from patches that start from this one."""
    patches = _Patches(one, other)
    found = patches.over(flow)
    cost, _ = patches.apart(found)
    found, cost = patches.better(found, cost, shift[:, :, None, None].expand_as(found))
    for reach in REACHES:
        for right, down in ((reach, 0), (-reach, 0), (0, reach), (0, -reach)):
            found, cost = patches.better(found, cost, found.roll((down, right), (2, 3)))
        found, cost = patches.climbed(found, cost)
    return _spread(one, other, _outvoted(found))


def _outvoted(found: Tensor) -> Tensor:
    """The median of each patch and its eight neighbours: one that has lost its way goes theirs."""
    tall, wide = found.shape[-2:]
    wider = F.pad(found, (1, 1, 1, 1), mode="replicate")
    nine = [wider[..., y : y + tall, x : x + wide] for y in range(3) for x in range(3)]
    return torch.stack(nine).sort(0).values[4]


class _Patches:
    """All patches of a picture (B, 1, H, W), in rows of a grid.

    The first begins STRIDE before the corner, so that a pixel lies in four of them wherever it is.
    Flows of patches are (B, 2, rows, columns), differences (B, 1, rows, columns).
    """

    def __init__(self, one: Tensor, other: Tensor) -> None:
        self._other = other
        tall, wide = one.shape[-2:]
        self.rows, self.columns = -(-tall // STRIDE) + 1, -(-wide // STRIDE) + 1
        right, below = self.columns * STRIDE - wide, self.rows * STRIDE - tall
        bordered = F.pad(one, (STRIDE, right, STRIDE, below), mode="replicate")
        pictures = (bordered, *slopes(bordered))
        self._shown, self._x, self._y = (_even(self._cut(each)) for each in pictures)
        xx, yy, xy = (
            (a * b).sum(1, keepdim=True)
            for a, b in ((self._x, self._x), (self._y, self._y), (self._x, self._y))
        )
        xx, yy = xx + FIRM, yy + FIRM
        whole = xx * yy - xy * xy
        self._inverse = (yy / whole, -xy / whole, xx / whole)
        at = torch.arange(PATCH, device=one.device, dtype=torch.float32)
        left = torch.arange(self.columns, device=one.device) * STRIDE - STRIDE
        top = torch.arange(self.rows, device=one.device) * STRIDE - STRIDE
        self._at_x = (left + at.repeat(PATCH)[:, None, None]).expand(-1, self.rows, -1)
        self._at_y = top[:, None] + at.repeat_interleave(PATCH)[:, None, None]

    def _cut(self, bordered: Tensor) -> Tensor:
        cut = F.unfold(bordered, PATCH, stride=STRIDE)
        return cut.unflatten(2, (self.rows, self.columns))

    def over(self, flow: Tensor) -> Tensor:
        """The flow of every patch: that of its middle."""
        right = self.columns * STRIDE - flow.shape[-1]
        below = self.rows * STRIDE - flow.shape[-2]
        wider = F.pad(flow, (STRIDE, right, STRIDE, below), mode="replicate")
        return F.avg_pool2d(wider[..., 3:-3, 3:-3], 2, STRIDE)

    def apart(self, found: Tensor) -> tuple[Tensor, Tensor]:
        """Mean squares of the differences, and the differences (B, 64, rows, columns)."""
        x = self._at_x + found[:, :1]
        y = self._at_y + found[:, 1:]
        there = sampled(self._other, x.flatten(1, 2), y.flatten(1, 2))
        difference = _even(there[:, 0].unflatten(1, (PATCH * PATCH, self.rows))) - self._shown
        return (difference * difference).mean(1, keepdim=True), difference

    def better(self, found: Tensor, cost: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """These starts in place of what was found, where they are clearly better."""
        other, _ = self.apart(start)
        wins = other < BETTER * cost
        return torch.where(wins, start, found), torch.where(wins, other, cost)

    def climbed(self, found: Tensor, cost: Tensor) -> tuple[Tensor, Tensor]:
        """Gauss-Newton from there, and the best that was met on the way."""
        at = found
        a, b, c = self._inverse
        for _ in range(STEPS):
            here, difference = self.apart(at)
            wins = here < cost
            found, cost = torch.where(wins, at, found), torch.where(wins, here, cost)
            x = (self._x * difference).sum(1, keepdim=True)
            y = (self._y * difference).sum(1, keepdim=True)
            at = at - torch.cat([a * x + b * y, b * x + c * y], 1)
        here, _ = self.apart(at)
        wins = here < cost
        return torch.where(wins, at, found), torch.where(wins, here, cost)


def _even(patches: Tensor) -> Tensor:
    return patches - patches.mean(1, keepdim=True)


def _spread(one: Tensor, other: Tensor, found: Tensor) -> Tensor:
    """Flow of pixels: the mean of the four patches over each, by how alike the two are along it."""
    tall, wide = one.shape[-2:]
    total = torch.zeros_like(one)
    flow = torch.zeros_like(one).repeat(1, 2, 1, 1)
    for down in (0, 1):
        for right in (0, 1):
            part = found[
                ..., down : found.shape[-2] - 1 + down, right : found.shape[-1] - 1 + right
            ]
            whole = part.repeat_interleave(STRIDE, -2).repeat_interleave(STRIDE, -1)
            whole = whole[..., :tall, :wide]
            weight = 1 / (pulled(other, whole) - one).abs().clamp(min=1)
            total += weight
            flow += weight * whole
    return flow / total
