"""The rendered set as shots on disk, with a known grade, and one match of them."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from soundstage.room import SIDE, WIDE, render
from soundstage.shots import load, save_shot

from answerprint import cli
from answerprint.frames.difference import delta_e, lab
from answerprint.frames.grade import Cdl, Grade
from answerprint.vision import matching

GRADE = Cdl((1.05, 1.0, 0.96), (-0.02, -0.025, -0.015), (1.05, 1.0, 0.97), 0.9)
"""What somebody did to the shot; a match has to undo it."""


def graded(light: np.ndarray, cdl: Cdl = GRADE) -> np.ndarray:
    return np.asarray(Grade(cdl).light(light.astype(np.float64)), np.float32)


def apart(picture: np.ndarray, truth: np.ndarray) -> float:
    """Mean CIEDE2000 over two pictures."""
    return float(delta_e(lab(picture.astype(np.float32)), lab(truth)).mean())


def run(*words: object, status: int = 0) -> dict[str, Any]:
    """The command line in this process; what it says with --json."""
    said, told = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(told):
        ended = cli.main(["match", *map(str, words), "--device", "cpu", "--json"])
    assert ended == status, told.getvalue()
    answer: dict[str, Any] = json.loads(said.getvalue())
    return answer


def pictures(*frames: np.ndarray) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Frames as the solver takes them."""
    return {
        1001 + n: (f.astype(np.float32), np.ones(f.shape[:2], bool)) for n, f in enumerate(frames)
    }


def solve(
    source: dict[int, Any], reference: dict[int, Any], method: str = "auto", follow: bool = False
) -> dict[str, Any]:
    return matching.solve(source, reference, method, follow, lambda *_: None)


def result(solved: dict[str, Any], level: str = "auto", strength: float = 1.0) -> matching.Outcome:
    return matching.outcome(solved, level, strength, [])


# --- the set, as shots on disk -------------------------------------------------------------


class Shots:
    """The shot before and after its grade, its hero, and one match of them."""

    def __init__(self, folder: Path) -> None:
        self.clean = {1001 + n: render(SIDE, n) for n in range(3)}
        self.wide = {1 + n: render(WIDE, 3 + n) for n in range(2)}
        self.graded = {n: graded(p) for n, p in self.clean.items()}
        self.source = save_shot(folder / "shot_b", self.graded, "float")
        self.hero = save_shot(folder / "hero", self.wide)
        self.out = folder / "out"
        spaces = ("--cdl-space", "ARRI LogC4", "--cdl-space", "Linear Rec.709 (sRGB)")
        self.answer = run(self.source, "--reference", self.hero, "--out", self.out, *spaces)
        self.report = self.answer["report"]

    def frame(self, number: int = 1002, out: Path | None = None) -> np.ndarray:
        return load((out or self.out) / f"match.{number:04d}.exr")

    @property
    def solved(self) -> dict[str, Any]:
        recipe = json.loads((self.out / "recipe.json").read_text())
        solved: dict[str, Any] = recipe["solved"]
        return solved
