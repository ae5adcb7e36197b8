"""Train the network of `key` on procedural plates, and write its weights and card.

    python -m answerprint.nets.train_keying --out models/key [--steps 6000] [--plates 900]
        [--device cpu] [--seed 1]

Plates, with their true mattes, are drawn from seeds over `screens.TRAINING`; nothing else is
learned from. The screen that the network is given is the fitted one, with its errors. Products are
of bfloat16, weights and sums of float32. Two runs on one machine give the same weights.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path

import cv2
import numpy as np
import torch
from safetensors.torch import save

from answerprint.nets.keying import KeyNet, seen
from answerprint.nets.screens import TRAINING, drawn_look, screened
from answerprint.nets.weights import CARD, FILE
from answerprint.vision.keyed import difference
from answerprint.vision.screen import fitted, found, tint_of

SIZES = ((270, 480), (220, 400), (360, 480))
CROP, CROPS, SIDE, BATCH = 128, 6, 96, 8
ASTRAY = 0.3
"""A field that is so far off, as a share, belongs to another colour: no plate to learn from."""


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--out", required=True, type=Path)
    asked.add_argument("--steps", type=int, default=6000)
    asked.add_argument("--plates", type=int, default=900)
    asked.add_argument("--device", default="cpu")
    asked.add_argument("--seed", type=int, default=1)
    given = asked.parse_args()
    crops, truths = plates(given.plates)
    print(f"{len(crops)} crops of {given.plates} plates", file=sys.stderr, flush=True)
    net = trained(crops, truths, given.steps, given.seed, given.device)
    does = "The matte of a plate before a screen whose field is known; see nets/keying.py."
    how = f"nets/train_keying.py --steps {given.steps} --plates {given.plates} --seed {given.seed}"
    written(net, given.out, "key", does, how)
    return 0


def plates(count: int) -> tuple[np.ndarray, np.ndarray]:
    """What the network sees (N, CROP, CROP, SEEN) and the true alpha, float16; most at edges."""
    crops, truths = [], []
    for number in range(count):
        seed = TRAINING + number
        random = np.random.default_rng(seed)
        look, size = drawn_look(seed), SIZES[number % len(SIZES)]
        made = screened(seed, size, look, frame=int(random.integers(100)))
        named = tint_of(made.screen.mean(axis=(0, 1)))
        tint = found(made.plate) if random.random() < 0.5 else named
        field = fitted(made.plate, tint).field
        if np.abs(field - made.screen).mean() > ASTRAY * made.screen.mean():
            continue
        given = seen(made.plate, field, difference(made.plate, field))
        soft = np.ones((5, 5), np.uint8)
        edge = (cv2.dilate(made.alpha, soft) > 0.01) & (cv2.erode(made.alpha, soft) < 0.99)
        rows, columns = np.nonzero(edge)
        for crop in range(CROPS):
            at = [int(random.integers(n)) for n in size]
            if crop < CROPS - 1 and len(rows):
                chosen = int(random.integers(len(rows)))
                at = [int(rows[chosen]), int(columns[chosen])]
            at = [n - CROP // 2 + int(random.integers(-30, 30)) for n in at]
            y, x = (int(np.clip(n, 0, most - CROP)) for n, most in zip(at, size, strict=True))
            crops.append(given[y : y + CROP, x : x + CROP].astype(np.float16))
            truths.append(made.alpha[y : y + CROP, x : x + CROP].astype(np.float16))
    return np.stack(crops), np.stack(truths)


def trained(crops: np.ndarray, truths: np.ndarray, steps: int, seed: int, device: str) -> KeyNet:
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    net = KeyNet().to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    rule = torch.optim.AdamW(net.parameters(), 1e-3, weight_decay=1e-4)
    pace = torch.optim.lr_scheduler.OneCycleLR(rule, 1.5e-3, total_steps=steps, pct_start=0.1)
    total = 0.0
    for step in range(1, steps + 1):
        chosen = random.integers(len(crops), size=BATCH)
        y, x = random.integers(0, CROP - SIDE + 1, 2)
        box = np.s_[:, y : y + SIDE, x : x + SIDE]
        given = torch.from_numpy(crops[chosen][box].astype(np.float32)).permute(0, 3, 1, 2)
        truth = torch.from_numpy(truths[chosen][box].astype(np.float32))[:, None]
        turns = [axis for axis in (2, 3) if random.random() < 0.5]
        given, truth = (each.flip(turns).to(device) for each in (given, truth))
        if random.random() < 0.3:
            given, truth = given.transpose(2, 3), truth.transpose(2, 3)
        with torch.autocast(torch.device(device).type, torch.bfloat16):
            made = net(given.contiguous(memory_format=torch.channels_last)).float()
        apart = made[:, :1] - truth
        alone = made[:, 2:] - truth  # without it the first matte is learned by heart
        unsure = (made[:, 1:2] - apart.detach().abs()).abs().mean()
        loss = _loss(apart) + _loss(alone) + 0.2 * unsure
        rule.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        rule.step()
        pace.step()
        total += apart.abs().mean().item()
        if step % 100 == 0:
            print(f"{step}: {total / 100:.4f}", file=sys.stderr, flush=True)
            total = 0.0
    return net


def _loss(apart: torch.Tensor) -> torch.Tensor:
    """How far alpha is off, and its slopes."""
    steps = apart.diff(dim=2).abs().mean() + apart.diff(dim=3).abs().mean()
    return apart.abs().mean() + 2 * (apart**2).mean() + 0.5 * steps


def written(net: KeyNet, out: Path, name: str, does: str, how: str) -> None:
    """Weights and card. how: the command that made them."""
    out.mkdir(parents=True, exist_ok=True)
    stored = save({each: v.contiguous().cpu() for each, v in net.state_dict().items()})
    (out / FILE).write_bytes(stored)
    lines = [
        f'name = "{name}"',
        f'does = "{does}"',
        f"weights = {sum(each.numel() for each in net.parameters())}",
        f'trained = "{how}, torch {torch.__version__}"',
        'data = "Procedural plates (nets/screens.py, nets/sets.py) alone; nothing photographed."',
        'licence = "Apache-2.0"',
        f'sha256 = "{hashlib.sha256(stored).hexdigest()}"',
        f'quality = "tests/benchmarks/RESULTS.md, section {name}"',
    ]
    (out / CARD).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
