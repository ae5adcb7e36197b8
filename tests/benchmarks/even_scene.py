"""How well `check --even` undoes grades on the shots of a scene, beside color-matcher.

    python tests/benchmarks/even_scene.py [--cut CUT ...] [--movie MOVIE ...] [--peer PYTHON]

A scene is the shots of a cut, or moments of a movie that follow each other. All of them but the
first, which is the hero, get a grade of their own, made in light: exposure, white balance, and in
some shots contrast, saturation or lifted blacks too; one shot in four gets none. Each shot that was
evened is compared with itself before the grade, pixel by pixel: mean CIEDE2000 through the SDR
view, and what is left in stops and mired (`vision/shift.py`).

    nothing       as it was graded
    even          to the hero, all pairs at once
    compared      those of them that share verified surfaces with it, directly or through others
    neighbours    the same, with pairs of neighbours alone: how far errors add up along the cut
    mkl hero      color-matcher's MKL of each shot to the hero (in ACEScct codes)
    mkl chain     the same, each shot to the one before it, as that became

A row of drift is `neighbours` and `mkl chain` by the place in the cut. --peer names the Python of
a venv with color-matcher (`pip install color-matcher`).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from answerprint.check.even import Evened, even
from answerprint.check.model import Relation, Scene, Shot, Study
from answerprint.check.relations import relate
from answerprint.check.scenes import scenes
from answerprint.edit.cut import Cut, Event, read_cut
from answerprint.frames.clip import open_clip
from answerprint.frames.curves import acescct, acescct_inverse
from answerprint.frames.difference import delta_e, lab
from answerprint.frames.grade import Cdl
from answerprint.vision.correspond import LUMINANCE
from answerprint.vision.shift import NAMES, SPLITS, shift

WIDE, RATE, LENGTH = 640, Fraction(24), 24
PEER = """
import sys, numpy as np
from color_matcher import ColorMatcher
data = np.load(sys.argv[1])
codes = [data[str(turn)] for turn in range(len(data.files))]
out = {"hero0": codes[0], "chain0": codes[0]}
for turn in range(1, len(codes)):
    for kind, ref in (("hero", codes[0]), ("chain", out[f"chain{turn - 1}"])):
        out[f"{kind}{turn}"] = ColorMatcher().transfer(src=codes[turn], ref=ref, method="mkl")
np.savez(sys.argv[2], **out)
"""


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--cut", action="append", default=[], type=Path)
    asked.add_argument("--movie", action="append", default=[], type=Path)
    asked.add_argument("--shots", type=int, default=8, help="moments of a movie")
    asked.add_argument("--peer", help="Python of a venv that has color-matcher")
    asked.add_argument("--seed", type=int, default=1)
    given = asked.parse_args()
    print("| scene | way | shots | Delta E | stops | mired | worst Delta E | worse |")
    print("|---|---|---|---|---|---|---|---|")
    sources = [(p, from_cut(p)) for p in given.cut]
    sources += [(p, from_movie(p, given.shots)) for p in given.movie]
    for path, clean in sources:
        random = np.random.default_rng([given.seed, len(str(path.name))])
        grades = [drawn(random, turn) for turn in range(len(clean))]
        shots = [[graded(p, g) for p in ps] for ps, g in zip(clean, grades, strict=True)]
        label = path.stem if path.stem != "cut" else path.parent.name
        ways, known = {"nothing": [ps[0] for ps in shots]}, []
        for way, near in (("even", len(shots)), ("neighbours", 1)):
            made = evened(shots, near)
            ways[way] = [through(e.cdl, ps[0]) for e, ps in zip(made, shots, strict=True)]
            known = known or [each.to == made[0].shot for each in made]
        if given.peer:
            ways |= matched(ways["nothing"], given.peer)
        found = {
            w: [score(c[0], p) for c, p in zip(clean, ps, strict=True)] for w, ps in ways.items()
        }
        for way, rows in found.items():
            tell(label, way, rows[1:], found["nothing"][1:])
            if way in ("nothing", "even"):
                some = [turn for turn in range(1, len(rows)) if known[turn]]
                before = [found["nothing"][turn] for turn in some]
                tell(label, f"{way}, compared", [rows[turn] for turn in some], before)
        for way in ("neighbours", "mkl chain"):
            if way in found:
                by_place = " ".join(f"{row[1]:+.3f}" for row in found[way])
                print(f"drift of {label}, {way}, stops by shot: {by_place}", file=sys.stderr)
    return 0


def from_cut(path: Path) -> list[list[np.ndarray]]:
    """Three pictures of each event."""
    found = []
    for event in read_cut(str(path)).events:
        if event.media and event.frames:
            with open_clip(event.media.path) as clip:
                numbers = np.linspace(*event.frames, 3).round().astype(int)
                found.append([clip.picture(int(n), WIDE)[0] for n in numbers])
    return found


def from_movie(path: Path, count: int) -> list[list[np.ndarray]]:
    """Three neighbouring frames of moments that are spread over the movie."""
    with open_clip(str(path)) as clip:
        numbers = clip.frames[:600]
        starts = np.linspace(0, len(numbers) - 12, count).astype(int)
        return [[clip.picture(numbers[at + n], WIDE)[0] for n in (0, 4, 8)] for at in starts]


def drawn(random: np.random.Generator, turn: int) -> dict[str, float]:
    """Sizes of a grade; the hero and one shot in four have none."""
    told = dict.fromkeys(("stops", "warm", "green", "contrast", "saturation", "lift"), 0.0)
    more = random.integers(3)
    sizes = random.uniform(-1, 1, 6)
    if turn % 4 == 0:
        return told
    told |= {"stops": 0.6 * sizes[0], "warm": 0.25 * sizes[1], "green": 0.06 * sizes[2]}
    kind = ("contrast", "saturation", "lift")[more]
    told[kind] = float({"contrast": 0.15, "saturation": 0.2, "lift": 0.008}[kind] * sizes[3])
    return told


def graded(light: np.ndarray, told: Mapping[str, float]) -> np.ndarray:
    """A grade by its definitions in scene-linear light, none of them ours to undo exactly."""
    light = np.maximum(light, 1e-6).astype(np.float64)
    light = 0.18 * (light / 0.18) ** np.exp(told["contrast"])
    light = light * np.exp2(SPLITS @ (told["stops"], told["warm"], told["green"]))
    grey = (light @ LUMINANCE)[..., None]
    light = grey + np.exp(told["saturation"]) * (light - grey) + abs(told["lift"])
    return light.astype(np.float32)


def evened(shots: Sequence[Sequence[np.ndarray]], near: int) -> Sequence[Evened]:
    """To the first shot, from pairs of shots no further apart than `near`."""
    made = [as_shot(turn, pictures) for turn, pictures in enumerate(shots)]
    cut = Cut("cut.otio", "cut", RATE, False, 86400, tuple(s.event for s in made), ())
    relations = {k: r for k, r in relate(made, _nobody).items() if apart(r) <= near}
    whole = Scene("scene", tuple(s.name for s in made), ())
    grouped = (whole,) if near == 1 else scenes(made, relations)
    return even(Study(cut, tuple(made), relations, grouped), made[0].name, _nobody).shots


def apart(relation: Relation) -> int:
    return abs(int(relation.first[1:]) - int(relation.second[1:]))


def as_shot(turn: int, pictures: Sequence[np.ndarray]) -> Shot:
    span = (turn * LENGTH, (turn + 1) * LENGTH)
    record = (86400 + span[0], 86400 + span[1])
    name = f"s{turn:02}"
    event = Event(turn + 1, name, name, 1, name, record, (0, LENGTH), RATE, frames=(1, LENGTH))
    seen = {
        1 + 8 * n: (picture, np.isfinite(picture).all(-1)) for n, picture in enumerate(pictures)
    }
    height, width = pictures[0].shape[:2]
    return Shot(event, span, (width, height), {}, lambda: seen)


def through(cdl: Cdl, light: np.ndarray) -> np.ndarray:
    return acescct_inverse(cdl(acescct(light.astype(np.float64)))).astype(np.float32)


def matched(pictures: Sequence[np.ndarray], peer: str) -> dict[str, list[np.ndarray]]:
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(Path(folder, name)) for name in ("in.npz", "out.npz")]
        codes = {str(turn): acescct(p.astype(np.float64)) for turn, p in enumerate(pictures)}
        np.savez(paths[0], **codes)
        subprocess.run([peer, "-c", PEER, *paths], check=True)
        with np.load(paths[1]) as out:
            return {
                f"mkl {kind}": [
                    acescct_inverse(out[f"{kind}{turn}"]).astype(np.float32)
                    for turn in range(len(pictures))
                ]
                for kind in ("hero", "chain")
            }


def score(clean: np.ndarray, light: np.ndarray) -> tuple[float, float, float]:
    """Mean CIEDE2000, and what is left in stops and mired."""
    off = float(delta_e(lab(light), lab(clean)).mean())
    height, width = clean.shape[:2]
    rows = np.random.default_rng(0).integers(0, height * width, 3000)
    part = rows // width * 8 // height * 8 + rows % width * 8 // width
    a, b = (p.reshape(-1, 3)[rows].astype(np.float64) for p in (clean, light))
    stands = shift(a, b, np.ones(len(rows)), part)
    assert stands
    return off, stands.value[NAMES.index("exposure")], stands.value[NAMES.index("white_balance")]


def tell(label: str, way: str, rows: Sequence, before: Sequence) -> None:
    if not len(rows):
        print(f"| {label} | {way} | 0 | | | | | |", flush=True)
        return
    off, stops, mired = np.abs(np.array(rows)).T
    worse = int((off > np.array(before)[:, 0] + 0.1).sum())
    told = (
        f"{off.mean():.2f} | {np.median(stops):.3f} | {np.nanmedian(mired):.1f} | {off.max():.2f}"
    )
    print(f"| {label} | {way} | {len(rows)} | {told} | {worse} |", flush=True)


def _nobody(done: int, total: int) -> None:
    """Nobody listens."""


if __name__ == "__main__":
    sys.exit(main())
