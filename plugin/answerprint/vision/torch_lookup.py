"""Pictures looked up between their pixels, and blurred, on any device torch has.

Convention
    picture   (B, C, H, W) float32.
    flow      (B, 2, H, W) float32 pixels, x right and y down: it is looked up at (x, y) + flow;
              outside the picture its border goes on.

Values are those of OpenCV's `remap`, of one channel or three, and `GaussianBlur` to float32's
rounding, and the same bits every time on one device. Of two channels OpenCV rounds the places to
1/32 pixel; `flow.pulled` therefore looks up one by one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Literal

import numpy as np
import torch
from torch.nn import functional as F

from answerprint.errors import OutOfMemory

Tensor = torch.Tensor
How = Literal["bilinear", "bicubic", "nearest"]


@contextmanager
def room_on(device: str) -> Iterator[None]:
    """Says in words that the device has no memory left; nothing goes on elsewhere in silence."""
    try:
        yield
    except torch.OutOfMemoryError as cause:
        raise OutOfMemory(
            f"{device} has not enough memory for frames of this size.",
            "Close other programs that use it, or set ANSWERPRINT_DEVICE=cpu and start again.",
            str(cause),
        ) from cause


def uploaded(picture: np.ndarray, device: str) -> Tensor:
    """(H, W[, C]) as (1, C, H, W) on the device."""
    planes = picture if picture.ndim == 3 else picture[..., None]
    there = torch.from_numpy(np.ascontiguousarray(planes)).to(device)
    return there.permute(2, 0, 1)[None].contiguous()


def downloaded(planes: Tensor) -> np.ndarray:
    """(1, C, H, W) as (H, W, C), of one channel (H, W)."""
    picture: np.ndarray = planes[0].permute(1, 2, 0).contiguous().cpu().numpy()
    return picture[..., 0] if picture.shape[2] == 1 else picture


def sampled(picture: Tensor, x: Tensor, y: Tensor, how: How = "bilinear") -> Tensor:
    """The picture (B, C, H, W) at these places (B, h, w), in pixels: (B, C, h, w)."""
    tall, wide = picture.shape[-2:]
    places = torch.stack([x * (2 / max(wide - 1, 1)) - 1, y * (2 / max(tall - 1, 1)) - 1], -1)
    return F.grid_sample(picture, places, how, "border", align_corners=True)


def pulled(picture: Tensor, flow: Tensor, how: How = "bilinear") -> Tensor:
    """What the picture shows at (x, y) + flow."""
    x, y = _pixels(flow)
    return sampled(picture, x + flow[:, 0], y + flow[:, 1], how)


def inside(flow: Tensor) -> Tensor:
    """Whether (x, y) + flow lies in the picture (B, 1, H, W)."""
    tall, wide = flow.shape[-2:]
    x, y = _pixels(flow)
    x, y = x + flow[:, :1], y + flow[:, 1:]
    return (x > -0.5) & (y > -0.5) & (x < wide - 0.5) & (y < tall - 0.5)


def _pixels(flow: Tensor) -> tuple[Tensor, Tensor]:
    tall, wide = flow.shape[-2:]
    x = torch.arange(wide, dtype=torch.float32, device=flow.device)
    return x, torch.arange(tall, dtype=torch.float32, device=flow.device)[:, None]


def blurred(planes: Tensor, sigma: float) -> Tensor:
    """Gaussian of four sigma to both sides; the picture is mirrored about its outermost pixels.

    A sum of moved pictures and no convolution: those of cuDNN round to fewer bits.
    """
    kernel = _gaussian(sigma)
    reach = len(kernel) // 2
    for axis in (2, 3):
        count = planes.shape[axis]
        at = torch.arange(-reach, count + reach, device=planes.device)
        around = planes.index_select(axis, _mirrored(at, count))
        planes = around.narrow(axis, 0, count) * kernel[0]
        for k in range(1, len(kernel)):
            planes.add_(around.narrow(axis, k, count), alpha=kernel[k])
    return planes


@lru_cache
def _gaussian(sigma: float) -> list[float]:
    reach = round(8 * sigma + 1) // 2
    falls = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * sigma**2))
    return [float(each) for each in falls / falls.sum()]


def _mirrored(at: Tensor, count: int) -> Tensor:
    """Places of a row of that many pixels, for places beyond its ends."""
    period = max(2 * count - 2, 1)
    at = at % period
    return torch.minimum(at, period - at)
