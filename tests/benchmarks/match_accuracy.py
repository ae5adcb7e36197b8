"""How well `match` undoes known grades, beside color-matcher, on the same pictures.

    python tests/benchmarks/match_accuracy.py --footage DIR [--peer PYTHON] [--draws 6]

From every movie in DIR (its first seconds, one shot) and every still it makes

    overlap     two distant moments of the movie; one of them gets a known random grade,
    halves      the left and the right half of one frame, which share no surface; one of them
                gets the grade.

A grade is undone well when the corrected picture is near the picture before the grade: mean
CIEDE2000 over all its pixels, through the SDR view. Grades are drawn in three kinds (gain and
gamma on light, a CDL in ACEScct, a CDL on a display signal), so that none of them is ours.
The two ungraded moments of a movie are matched first (`own`, how far that moves the picture).
Where the match refuses them they are different scenes, and where own > 1.5 the movie's own
exposure moved: both are rows of their own, because there is no known grade to undo.

--peer names the Python of a venv with color-matcher (`pip install color-matcher`).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from answerprint.errors import BadInput
from answerprint.frames.clip import open_clip
from answerprint.frames.curves import acescct, acescct_inverse
from answerprint.frames.difference import delta_e, lab
from answerprint.frames.grade import MIDDLE_GREY, SATURATION_WEIGHTS
from answerprint.vision import matching

WIDTH = 960
KINDS = ("light", "acescct", "display")
PEER = """
import sys, numpy as np
from color_matcher import ColorMatcher
data = np.load(sys.argv[1])
out = {}
for method in ("mkl", "hm-mkl-hm"):
    out[method] = ColorMatcher().transfer(src=data["source"], ref=data["reference"], method=method)
np.savez(sys.argv[2], **out)
"""


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--footage", required=True, type=Path)
    asked.add_argument("--peer", help="Python of a venv that has color-matcher")
    asked.add_argument("--draws", type=int, default=2)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--only", default="", help="overlap or halves")
    given = asked.parse_args()
    rows = []
    for kind, label, picture, reference, own in pairs(given.footage):
        if given.only and kind != given.only:
            continue
        for draw in range(given.draws):
            random = np.random.default_rng([given.seed, draw, len(rows)])
            drawn = KINDS[random.integers(3)]
            row = score(picture, reference, random, drawn, given.peer)
            rows.append({"kind": kind, "label": label, "own": own} | row)
            print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    print(table(rows))
    return 0


def pairs(folder: Path) -> Iterator[tuple[str, str, np.ndarray, np.ndarray, float | None]]:
    """(kind, label, picture to grade, reference, how far they are apart on their own)."""
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in (".mp4", ".mov", ".webm", ".mkv", ".png", ".jpg", ".jpeg"):
            continue
        try:
            clip = open_clip(str(path))
            numbers = clip.frames[: 30 * 20]
            first = clip.picture(numbers[len(numbers) // 10], WIDTH)[0]
            last = clip.picture(numbers[len(numbers) * 9 // 10], WIDTH)[0]
        except BadInput as refused:
            print(f"{path.name} left out: {refused}", file=sys.stderr)
            continue
        if min(first.shape[:2]) < 300:
            continue
        if len(numbers) > 1:
            yield "overlap", path.stem, first, last, own_difference(first, last)
        half = first.shape[1] // 2
        yield "halves", path.stem + " L", first[:, :half].copy(), first[:, half:].copy(), 0.0
        yield "halves", path.stem + " R", first[:, half:].copy(), first[:, :half].copy(), 0.0


def own_difference(a: np.ndarray, b: np.ndarray) -> float | None:
    """How far a match between the two ungraded pictures moves the first one; None if refused."""
    matched, solved = corrected(a, b)
    if solved["verdict"] == matching.NO_EVIDENCE:
        return None
    return round(float(delta_e(lab(matched), lab(a)).mean()), 2)


def corrected(picture: np.ndarray, reference: np.ndarray) -> tuple[np.ndarray, dict]:
    every = [np.ones(p.shape[:2], bool) for p in (picture, reference)]
    solved = matching.solve(
        {1: (picture, every[0])}, {1: (reference, every[1])}, "auto", False, lambda *_: None
    )
    outcome = matching.outcome(solved, "auto", 1.0, [])
    return outcome.grade.light(picture).astype(np.float32), solved | {"level": outcome.level}


def grade(random: np.random.Generator, kind: str) -> Callable[[np.ndarray], np.ndarray]:
    """A known grade: exposure +-0.7 stop, balance +-18 %, contrast .85-1.18, saturation .8-1.2."""
    stops, warm, green = random.uniform(-0.7, 0.7), *random.uniform(-0.18, 0.18, 2)
    contrast, saturation = random.uniform(0.85, 1.18), random.uniform(0.8, 1.2)
    lift = random.uniform(-0.004, 0.012)
    gain = 2**stops * np.array([1 + warm, 1 + green / 3, 1 - warm])

    def saturated(v: np.ndarray) -> np.ndarray:
        luma = (v @ SATURATION_WEIGHTS)[..., None]
        return luma + saturation * (v - luma)

    def powered(v: np.ndarray, pivot: float, power: float) -> np.ndarray:
        return np.where(v > 0, pivot * (np.maximum(v, 1e-9) / pivot) ** power, v)

    def graded(light: np.ndarray) -> np.ndarray:
        light = light.astype(np.float64)
        if kind == "light":
            out = saturated(powered(light * gain + lift, 0.18, contrast))
        elif kind == "acescct":
            code = (acescct(light) - MIDDLE_GREY) * contrast + MIDDLE_GREY
            out = acescct_inverse(saturated(code + np.log2(gain) / 17.52))
        else:
            signal = np.copysign(np.abs(light) ** (1 / 2.4), light)
            signal = saturated(powered(signal * gain ** (1 / 2.4) + 2 * lift, 1.0, contrast))
            out = np.copysign(np.abs(signal) ** 2.4, signal)
        return out.astype(np.float32)

    return graded


def score(
    picture: np.ndarray,
    reference: np.ndarray,
    random: np.random.Generator,
    kind: str,
    peer: str | None,
) -> dict:
    graded = grade(random, kind)(picture)
    truth = lab(picture)
    matched, solved = corrected(graded, reference)
    row = {
        "grade": kind,
        "nothing": mean(graded, truth),
        "match": mean(matched, truth),
        "verdict": solved["verdict"],
        "method": solved["method"],
        "level": solved["level"],
        "confidence": solved.get("confidence", 0),
    }
    if peer:
        row |= {name: mean(out, truth) for name, out in peers(graded, reference, peer).items()}
    return row


def mean(picture: np.ndarray, truth: np.ndarray) -> float:
    return round(float(delta_e(lab(picture), truth).mean()), 3)


def peers(source: np.ndarray, reference: np.ndarray, python: str) -> dict[str, np.ndarray]:
    """color-matcher works on display values: given ACEScct codes, which serve it best."""
    with tempfile.TemporaryDirectory() as folder:
        here, there = Path(folder, "in.npz"), Path(folder, "out.npz")
        np.savez(here, source=acescct(source), reference=acescct(reference))
        subprocess.run([python, "-c", PEER, here, there], check=True, capture_output=True)
        with np.load(there) as out:
            return {name: acescct_inverse(out[name]).astype(np.float32) for name in out.files}


def table(rows: list[dict]) -> str:
    methods = [m for m in ("nothing", "match", "mkl", "hm-mkl-hm") if m in rows[0]]
    lines = [
        "| set | draws | "
        + " | ".join(methods)
        + " | worse than nothing: "
        + ", ".join(methods[1:])
        + " |",
        "|" + "---|" * (len(methods) + 3),
    ]
    overlap = [r for r in rows if r["kind"] == "overlap"]
    known = [r for r in overlap if r["own"] is not None]
    sets = {
        "overlap": [r for r in known if r["own"] <= 1.5],
        "overlap, own exposure moves": [r for r in known if r["own"] > 1.5],
        "different scenes": [r for r in overlap if r["own"] is None],
        "halves": [r for r in rows if r["kind"] == "halves"],
    }
    for name, some in sets.items():
        if not some:
            continue
        means = " | ".join(f"{np.mean([r[m] for r in some]):.2f}" for m in methods)
        worse = ", ".join(str(sum(r[m] > r["nothing"] for r in some)) for m in methods[1:])
        lines.append(f"| {name} | {len(some)} | {means} | {worse} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
