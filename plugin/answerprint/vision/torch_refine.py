"""A flow made smooth and sharp-edged by the whole picture: variational refinement in torch.

Convention
    pictures   (B, 1, H, W) float32 of a byte's range.
    flow       (B, 2, H, W) float32 pixels.

What is sought is a small change of the flow under which brightness and its gradient stay what they
are along it, and neighbours move alike; each of the three is a robust distance, so that edges of
motion and what is hidden cost no more than they must. Solved by over-relaxation, whose pixels take
turns like the fields of a chessboard, so that all of one colour are done at once.

Source: Brox et al. 2004 (section 2, and the fixed point of 3.1), data terms normalised after
Zimmer et al. 2011; the weights of the three are those Kroeger et al. 2016 give.
"""

from __future__ import annotations

import torch
from torch.nn import functional as F

from answerprint.vision.torch_lookup import Tensor, pulled

BRIGHTNESS, GRADIENT, SMOOTH = 5.0, 10.0, 40.0
ROUNDS = 3
"""Of weighing the robust terms anew."""
SWEEPS = 5
"""Over-relaxations in each of them."""
BEYOND = 1.6
"""How far a relaxation goes: 1 is what the neighbours ask for."""
TINY = 1e-3
"""Robust distances are the root of a square and this one's."""
FLAT = 0.1
"""Of a gradient: less is none, and its pixel says little."""


def refined(one: Tensor, other: Tensor, flow: Tensor) -> Tensor:
    """The flow from one picture to the other, refined."""
    there = pulled(other, flow)
    apart = there - one
    mean = (there + one) / 2
    x, y = slopes(mean)
    xx, xy = slopes(x)
    _, yy = slopes(y)
    xz, yz = slopes(apart)
    terms = (
        (BRIGHTNESS, x, y, apart, x * x + y * y + FLAT**2),
        (GRADIENT, xx, xy, xz, xx * xx + xy * xy + FLAT**2),
        (GRADIENT, xy, yy, yz, xy * xy + yy * yy + FLAT**2),
    )
    red = _chessboard(one)
    change = torch.zeros_like(flow)
    for _ in range(ROUNDS):
        u, v = change[:, :1], change[:, 1:]
        uu = uv = vv = uz = vz = torch.zeros_like(one)
        for weight, a, b, c, size in terms:
            robust = weight / (torch.sqrt((a * u + b * v + c) ** 2 / size + TINY**2) * size)
            uu, uv, vv = uu + robust * a * a, uv + robust * a * b, vv + robust * b * b
            uz, vz = uz + robust * a * c, vz + robust * b * c
        bonds = _bonds(flow + change)
        held = bonds[0] + bonds[1] + bonds[2] + bonds[3]
        uu, vv = uu + held, vv + held
        scale = 1 / (uu * vv - uv * uv)
        for sweep in range(2 * SWEEPS):
            pull = _neighbours(flow + change, bonds) - held * flow
            right_u, right_v = pull[:, :1] - uz, pull[:, 1:] - vz
            found = torch.cat(
                [(vv * right_u - uv * right_v) * scale, (uu * right_v - uv * right_u) * scale], 1
            )
            turn = red if sweep % 2 == 0 else ~red
            change = torch.where(turn, change + BEYOND * (found - change), change)
    return flow + change


def slopes(picture: Tensor) -> tuple[Tensor, Tensor]:
    """Central differences along x and y."""
    wide = F.pad(picture, (1, 1, 1, 1), mode="replicate")
    x = (wide[..., 1:-1, 2:] - wide[..., 1:-1, :-2]) / 2
    return x, (wide[..., 2:, 1:-1] - wide[..., :-2, 1:-1]) / 2


def _bonds(flow: Tensor) -> list[Tensor]:
    """How firmly each pixel is tied to those left, right, above and below it (B, 1, H, W)."""
    wide = F.pad(flow, (1, 1, 1, 1), mode="replicate")
    x = wide[..., 1:-1, 2:] - wide[..., 1:-1, 1:-1]
    y = wide[..., 2:, 1:-1] - wide[..., 1:-1, 1:-1]
    steep = (x * x + y * y).sum(1, keepdim=True)
    firm = SMOOTH / torch.sqrt(steep + TINY**2)
    right, below = firm.clone(), firm.clone()
    right[..., -1:], below[..., -1:, :] = 0, 0
    left = F.pad(right, (1, 0))[..., :-1]
    above = F.pad(below, (0, 0, 1, 0))[..., :-1, :]
    return [left, right, above, below]


def _neighbours(flow: Tensor, bonds: list[Tensor]) -> Tensor:
    """The sum of the neighbours' flows, each times its bond."""
    wide = F.pad(flow, (1, 1, 1, 1))
    left, right = wide[..., 1:-1, :-2], wide[..., 1:-1, 2:]
    above, below = wide[..., :-2, 1:-1], wide[..., 2:, 1:-1]
    return bonds[0] * left + bonds[1] * right + bonds[2] * above + bonds[3] * below


def _chessboard(picture: Tensor) -> Tensor:
    tall, wide = picture.shape[-2:]
    x = torch.arange(wide, device=picture.device)
    y = torch.arange(tall, device=picture.device)[:, None]
    return (x + y) % 2 == 0
