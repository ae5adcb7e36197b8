"""Tiny shots, and ways to run jobs, frames and the command line on them."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio
import pytest
from pictures import plate, save

from answerprint.events import Events
from answerprint.frames import colour
from answerprint.frames.clip import open_clip
from answerprint.tools.job import Plan, Rows
from answerprint.vision import matching
from answerprint.vision.pairs import Pictures
from answerprint.worker import jobs, render
from answerprint.worker.order import Order, Source
from answerprint.worker.render import Made

SIZE = (36, 64)
GAIN = np.array([1.35, 1.2, 1.05])
ACESCG = (0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767)
Pixels = Callable[[int, colour.Space, colour.Space], Rows | None]
TAGS = {"chromaticities": ("float[8]", ACESCG)}


def scene(number: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    """(H, W, 3) float32 light: soft patches of many colours under grain, another each frame."""
    random = np.random.default_rng(5)
    height, width = size
    patches = np.exp(random.normal(-1.5, 0.8, (6, 8, 3)))
    light = np.kron(patches, np.ones((-(-height // 6), -(-width // 8), 1)))[:height, :width]
    grain = np.random.default_rng(number % 2**32).normal(0, 0.002, light.shape)
    return np.asarray(light * np.exp(grain), np.float32)


def plate_and_hero(
    folder: Path, numbers: Iterable[int] = (1001, 1002, 1003), size: tuple[int, int] = SIZE
) -> tuple[str, str]:
    """A shot that is darker than its hero, and the hero: two patterns. Half, ACEScg by tag."""
    source, hero = folder / "plate", folder / "hero"
    source.mkdir(parents=True)
    hero.mkdir()
    for number in numbers:
        save(source / f"plate.{number:04d}.exr", _half(scene(number, size)), **TAGS)
    for number in (1, 2):
        save(hero / f"hero.{number:04d}.exr", _half(scene(number, size) * GAIN), **TAGS)
    return str(source / "plate.%04d.exr"), str(hero / "hero.%04d.exr")


def _half(light: np.ndarray) -> np.ndarray:
    return light.astype(np.float16)


def order(shots: tuple[str, str], out: Path, **more: Any) -> Order:
    """A match of the first shot to the second, by their palettes (the quicker way), on the CPU."""
    inputs = {"source": Source(shots[0]), "reference": Source(shots[1])}
    more["params"] = {"method": "palette"} | more.get("params", {})
    return Order(**({"tool": "match", "inputs": inputs, "out": out, "device": "cpu"} | more))


def run(
    shots: tuple[str, str], out: Path, events: Events | None = None, **more: Any
) -> jobs.Outcome:
    return jobs.run(order(shots, out, **more), events or Events())


def solve_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests of all that is around a solution: the same pictures are solved once a session."""
    solve = matching.solve

    def remembered(source: Pictures, reference: Pictures, *rest: Any) -> dict[str, Any]:
        asked = [repr(rest[:-1])]
        for pictures in (source, reference):
            for number, (rgb, valid) in pictures.items():
                asked += [str(number), rgb.tobytes().hex(), valid.tobytes().hex()]
        key = "".join(asked)
        if key not in _SOLVED:
            _SOLVED[key] = solve(source, reference, *rest)
        return copy.deepcopy(_SOLVED[key])

    monkeypatch.setattr(matching, "solve", remembered)


_SOLVED: dict[str, dict[str, Any]] = {}


def doubled(number: int, here: colour.Space, there: colour.Space) -> Rows:
    """Twice the light: exact in half, so that it can be told from everything else."""
    return lambda rows: (rows * rows.dtype.type(2), 0)


def render_frames(
    source: Path | str,
    out: Path,
    pixels: Pixels = doubled,
    events: Events | None = None,
    recipe: str = "abc",
    frames: str = "",
) -> Made:
    """Frames 'r.%04d.exr' of a shot, as a recipe of that name makes them."""

    def header(sha256: str) -> dict[str, str]:
        return {render.PROVENANCE: render.provenance("test", 1, recipe, sha256, {})}

    out.mkdir(exist_ok=True)
    plan = Plan({}, {}, "", {}, pixels=pixels)
    with open_clip(str(source), frames) as clip:
        return render.render(clip, plan, out, "r", header, events or Events())


def grain(folder: Path, count: int, **how: Any) -> Path:
    """A shot of noise from 1001 on: its pattern."""
    folder.mkdir()
    for number in range(1001, 1001 + count):
        save(folder / f"p.{number}.exr", plate(seed=number), **how)
    return folder / "p.%04d.exr"


def results(out: Path) -> dict[str, bytes]:
    """The frames of a folder, by name."""
    frames = sorted(p for p in out.glob("*.exr") if not p.name.startswith("."))
    return {path.name: path.read_bytes() for path in frames}


def stamps(out: Path) -> dict[str, tuple[int, int]]:
    """What changes when a frame of a folder is written again, by name."""
    return {p.name: (p.stat().st_ino, p.stat().st_mtime_ns) for p in out.glob("*.exr")}


def leftovers(out: Path) -> list[str]:
    """Hidden files anywhere under a folder: what a run should not leave behind."""
    return sorted(str(path.relative_to(out)) for path in out.rglob(".*"))


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def command(*words: object) -> list[str]:
    return [sys.executable, "-m", "answerprint", *map(str, words)]


def call(*words: object, **how: Any) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own."""
    return subprocess.run(command(*words), capture_output=True, text=True, check=False, **how)


def can_unshare() -> bool:
    """Whether this machine lets a user have a network and mounts of his own."""
    try:
        tried = subprocess.run(["unshare", "-rnm", "true"], capture_output=True, check=False)
    except FileNotFoundError:
        return False
    return tried.returncode == 0


def on_small_disk(folder: Path, options: str, words: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command while `folder` is a memory disk mounted with `options`.

    What was on it is copied into `kept(folder)`: the disk ends with the command.
    """
    script = (
        'mount -t tmpfs -o "$1" tmpfs "$2" || exit 99; at=$2; shift 2; "$@"; status=$?; '
        'cp -a "$at" "$at.kept"; exit $status'
    )
    line = ["unshare", "-rm", "sh", "-c", script, "sh", options, str(folder), *words]
    return subprocess.run(line, capture_output=True, text=True, check=False)


def kept(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.kept")


def whole(path: Path) -> bool:
    """Whether OpenImageIO reads all of a frame."""
    image = oiio.ImageInput.open(str(path))
    if image is None:
        return False
    pixels = image.read_image(0, 0, 0, image.spec().nchannels, "half")
    return pixels is not None and not image.geterror()
