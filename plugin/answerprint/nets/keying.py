"""A small network that reads the matte off a plate whose screen is known.

Convention
    light, field   (H, W, 3) float32 scene-linear ACEScg, as in `vision/screen.py`.
    first          (H, W) float32: a matte by colour difference, 0..1.
    alpha          (H, W) float32, 0..1.
    error          (H, W) float32, 0..1: how far off the network takes its alpha to be.

The network sees logarithms with sign of both and their difference. It hands back an alpha, a mix of
the first matte and one of its own, and never a picture: the foreground is computed from it and from
the untouched plate, so nothing is bounded by what it was trained on. It works at half the size
inside, on tiles with a margin wider than what it sees, so that tiles make no difference. It is the
same on every run of one device.

Source: U-Net, Ronneberger et al. 2015; sub-pixel layers, Shi et al. 2016.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import torch
from torch import nn

from answerprint.nets.weights import weights

TOE = 0.02
"""Light around which the logarithm turns straight."""
SEEN = 7
WIDTHS = (32, 40, 56, 80)
SOLID = np.float32(0.004)
"""Alpha this near to 0 or 1 is it."""
STEP = 16
"""Pixels that a cell of the coarsest layer covers."""
TILE, MARGIN = 64 * STEP, 7 * STEP
"""Pixels of a tile, and around it: alpha rests on what is within 107 pixels."""


class KeyNet(nn.Module):
    """(N, SEEN, H, W) to alpha, error and the alpha of its own (N, 3, H, W); H and W are multiples
    of STEP."""

    def __init__(self, widths: tuple[int, ...] = WIDTHS) -> None:
        super().__init__()
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        last = SEEN * 4
        for wide in widths:
            self.down.append(_pair(last, wide))
            last = wide
        for wide in reversed(widths[:-1]):
            self.up.append(_pair(last + wide, wide))
            last = wide
        self.fine = nn.Sequential(nn.Conv2d(last, 16, 3, padding=1), nn.PixelShuffle(2))
        self.last = nn.Sequential(
            nn.Conv2d(4 + SEEN, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 3, 3, padding=1)
        )

    def forward(self, seen: torch.Tensor) -> torch.Tensor:
        flow = nn.functional.pixel_unshuffle(seen, 2)
        kept = []
        for number, step in enumerate(self.down):
            flow = step(flow if number == 0 else nn.functional.avg_pool2d(flow, 2))
            kept.append(flow)
        for step, beside in zip(self.up, reversed(kept[:-1]), strict=True):
            wider = nn.functional.interpolate(flow, scale_factor=2, mode="nearest")
            flow = step(torch.cat([wider, beside], 1))
        fine = self.fine(flow)
        own, share, error = torch.sigmoid(self.last(torch.cat([fine, seen], 1))).split(1, 1)
        first = seen[:, -1:] + 0.5
        return torch.cat([first + share * (own - first), error, own], 1)


def _pair(given: int, wide: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(given, wide, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(wide, wide, 3, padding=1),
        nn.ReLU(),
    )


def seen(light: np.ndarray, field: np.ndarray, first: np.ndarray) -> np.ndarray:
    """What the network is given (H, W, SEEN) float32."""
    one, other = (np.arcsinh(np.clip(p, -1, 1e4) / TOE) for p in (light, field))
    apart = np.clip(one - other, -3, 3)
    return np.dstack([one * 0.3 - 0.9, apart, np.clip(first, 0, 1) - 0.5]).astype(np.float32)


@cache
def shipped(name: str, device: str) -> tuple[KeyNet, str]:
    """The network with weights that come with the suite ('key', 'difference'), and their hash."""
    found = weights(name)
    net = KeyNet()
    net.load_state_dict(found.tensors)
    return net.eval().to(device, memory_format=torch.channels_last), found.sha256  # type: ignore[call-overload]


def matte(
    net: KeyNet, light: np.ndarray, field: np.ndarray, first: np.ndarray, device: str = "cpu"
) -> tuple[np.ndarray, np.ndarray]:
    """Alpha and error of a plate; light that is no number counts as black."""
    tall, wide = first.shape
    below, right = (-tall) % STEP + MARGIN, (-wide) % STEP + MARGIN
    whole = seen(np.nan_to_num(light), field, first)
    whole = cv2.copyMakeBorder(whole, MARGIN, below, MARGIN, right, cv2.BORDER_REFLECT_101)
    found = np.empty((3, tall, wide), np.float32)
    for top in range(0, tall, TILE):
        for left in range(0, wide, TILE):
            part = whole[top : top + TILE + 2 * MARGIN, left : left + TILE + 2 * MARGIN]
            given = torch.from_numpy(np.ascontiguousarray(part)[None]).to(device)
            with torch.inference_mode():
                made = net(given.permute(0, 3, 1, 2))[0].cpu().numpy()  # channels last: faster
            there = found[:, top : top + TILE, left : left + TILE]
            _, rows, columns = there.shape
            there[...] = made[:, MARGIN : MARGIN + rows, MARGIN : MARGIN + columns]
    return np.clip((found[0] - SOLID) / (1 - 2 * SOLID), 0, 1), found[1]
