"""Alternates: is the take of a set-up found by another take of it, however it was handled since?

    python tests/benchmarks/alternates.py --footage DIR [--stage DIR ...] [--alter NAME,NAME]

Of eight movies and of four shots of a film, 22 takes: of nine set-ups two takes each, seconds
apart, and four single ones. Each of the 18 is looked for by the middle look of its sister, which
is left out. With --stage, scenes of the soundstage (`truth.json` tells their set-ups) are takes
too, and each that has a sister is looked for, as it is and reframed. Beside `show find`: histograms
of hue, saturation and value, and pHash, on the same pictures of 8 bit; the best look of a take
counts.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))

import shows

from answerprint.frames.clip import Clip, open_clip
from answerprint.show.find import find
from answerprint.show.store import make_show

WIDE = 640
FILM = "big_buck_bunny_0_30.webm"
SHOTS = {"hill": (1230, 1280), "stream": (1300, 1370), "bird": (1390, 1500), "burrow": (1560, 1590)}
"""Frames of the film's shots; the bird's set-up is come back to after its first half."""
SISTERS = (0.06, 0.14, 0.22), (0.76, 0.84, 0.92)
"""Where in a movie its two takes have their looks."""


@dataclass(frozen=True)
class Take:
    name: str
    setup: str
    looks: tuple[np.ndarray, ...]


# --- what is done to a picture ---------------------------------------------------------------


def code(light: np.ndarray) -> np.ndarray:
    """8 bit sRGB, B G R."""
    low = np.clip(light, 0, 1)
    value = np.where(low < 0.0031308, 12.92 * low, 1.055 * low ** (1 / 2.4) - 0.055)
    return np.rint(value[..., ::-1] * 255).astype(np.uint8)


def light_of(eight: np.ndarray) -> np.ndarray:
    value = eight[..., ::-1] / np.float32(255)
    low = np.where(value < 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return np.ascontiguousarray(low, np.float32)


def jpeg(light: np.ndarray, quality: int = 85) -> np.ndarray:
    data = cv2.imencode(".jpg", code(light), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return light_of(cv2.imdecode(data, cv2.IMREAD_COLOR))


def framed(light: np.ndarray, part: float, across: float, down: float) -> np.ndarray:
    tall, wide = light.shape[:2]
    y, x = int((1 - part) * down * tall), int((1 - part) * across * wide)
    some = light[y : y + int(part * tall), x : x + int(part * wide)]
    return jpeg(cv2.resize(some, (wide, tall), interpolation=cv2.INTER_CUBIC))


def graded(light: np.ndarray) -> np.ndarray:
    value = light_of(code(light)) ** np.float32(1 / 2.4)
    low = np.clip(value * (0.8, 0.85, 0.9) + (0.06, 0.03, 0.05), 0, 1) ** (1.05, 1.0, 0.95)
    grey = low.mean(-1, keepdims=True)
    return jpeg(((grey + 0.6 * (low - grey)) ** 2.4).astype(np.float32))


def masked(light: np.ndarray) -> np.ndarray:
    tall, wide = light.shape[:2]
    bar = int((tall - wide / 2.39) / 2)
    kept = light.copy()
    kept[:bar] = kept[tall - bar :] = 0
    return jpeg(kept)


def burnt_in(light: np.ndarray) -> np.ndarray:
    eight = code(light)
    tall, wide = eight.shape[:2]
    for text, x, y, size in (("PROPERTY OF", 0.3, 0.12, 500), ("01:02:17:09 A004", 0.1, 0.95, 600)):
        at = int(x * wide), int(y * tall)
        cv2.putText(eight, text, at, cv2.FONT_HERSHEY_SIMPLEX, wide / size, (255, 255, 255), 2)
    return light_of(eight)


def small(light: np.ndarray) -> np.ndarray:
    tall, wide = light.shape[:2]
    tiny = cv2.resize(light, (160, round(160 * tall / wide)), interpolation=cv2.INTER_AREA)
    return cv2.resize(jpeg(tiny, 30), (wide, tall), interpolation=cv2.INTER_CUBIC)


ALTER: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "as shot": lambda light: light,
    "JPEG quality 8": lambda light: jpeg(light, 8),
    "160 pixels JPEG": small,
    "+2 stops clipped": lambda light: jpeg(light * 4),
    "-2 stops": lambda light: jpeg(light / 4),
    "warm light": lambda light: jpeg(light * np.float32((1.5, 1, 0.6))),
    "CDL pale": graded,
    "2.39 mask": masked,
    "burnt-in text": burnt_in,
    "part of 66 %": lambda light: framed(light, 0.66, 0.7, 0.4),
    "part of 40 %": lambda light: framed(light, 0.40, 0.35, 0.5),
    "out of focus": lambda light: jpeg(cv2.GaussianBlur(light, (0, 0), light.shape[1] / 120)),
}
STAGED = ("as shot", "warm light", "part of 66 %", "part of 40 %")


# --- takes -----------------------------------------------------------------------------------


def looks(clip: Clip, numbers: Sequence[int]) -> tuple[np.ndarray, ...]:
    return tuple(clip.picture(number, WIDE)[0] for number in numbers)


def filmed(footage: Path) -> list[Take]:
    takes = []
    for path in sorted((footage / "movies").iterdir()):
        with open_clip(str(path)) as clip:
            first, count = clip.frames[0], len(clip.frames)
            if path.name == FILM:
                for name, (begin, end) in SHOTS.items():
                    at = np.linspace(begin, end, 6).astype(int).tolist()
                    if name == "bird":
                        takes.append(Take("bird A", "bird", looks(clip, at[:2])))
                        takes.append(Take("bird B", "bird", looks(clip, at[4:])))
                    else:
                        takes.append(Take(name, name, looks(clip, at[1:4])))
            elif count < 60:
                takes.append(Take(path.stem, path.stem, looks(clip, [first + count // 2])))
            else:
                for sister, parts in zip("AB", SISTERS, strict=True):
                    numbers = [first + int(part * count) for part in parts]
                    takes.append(Take(f"{path.stem} {sister}", path.stem, looks(clip, numbers)))
    return takes


def staged(folder: Path) -> list[Take]:
    takes = []
    for shot in json.loads((folder / "truth.json").read_text("utf-8"))["shots"]:
        with open_clip(f"{folder}/{shot['name']}/{shot['name']}.%04d.exr") as clip:
            seen = looks(clip, sorted({clip.frames[0], clip.frames[-1]}))
        takes.append(Take(f"{folder} {shot['name']}", f"{folder} {shot['setup']}", seen))
    return takes


# --- peers -----------------------------------------------------------------------------------


def hues(eight: np.ndarray) -> np.ndarray:
    wheel = cv2.cvtColor(eight, cv2.COLOR_BGR2HSV)
    found = cv2.calcHist([wheel], [0, 1, 2], None, [16, 8, 4], [0, 180, 0, 256, 0, 256])
    return np.asarray(cv2.normalize(found, None, 1, 0, cv2.NORM_L1))


def hashed(eight: np.ndarray) -> np.ndarray:
    grey = cv2.cvtColor(eight, cv2.COLOR_BGR2GRAY)
    waves = cv2.dct(cv2.resize(grey, (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32))
    low = waves[:8, :8].ravel()
    return np.asarray(low > np.median(low[1:]))


def hue_alike(one: np.ndarray, other: np.ndarray) -> float:
    return -float(cv2.compareHist(one, other, cv2.HISTCMP_BHATTACHARYYA))


def hash_alike(one: np.ndarray, other: np.ndarray) -> float:
    return -float((one != other).sum())


PEERS = {"HSV": (hues, hue_alike), "pHash": (hashed, hash_alike)}


# --- the measure -----------------------------------------------------------------------------


def precision(order: Sequence[str], setup: dict[str, str], asked: Take) -> tuple[float, bool]:
    """Average precision, and whether the first is right; what was not found counts as last."""
    right = [setup[name] == asked.setup for name in order]
    wanted = sum(each == asked.setup for each in setup.values()) - 1
    places = np.flatnonzero(right)
    return float((np.arange(1, len(places) + 1) / (places + 1)).sum() / wanted), bool(
        right[:1] == [True]
    )


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    asked.add_argument("--footage", type=Path, required=True)
    asked.add_argument("--stage", type=Path, nargs="*", default=[])
    asked.add_argument("--alter", help="only these, by their names, with commas between")
    said = asked.parse_args()
    takes = filmed(said.footage) + [take for folder in said.stage for take in staged(folder)]
    setup = {take.name: take.setup for take in takes}
    films = (
        [take for take in takes if not take.name.startswith(tuple(map(str, said.stage)))]
        if said.stage
        else takes
    )
    kept = {
        peer: {take.name: [tell(code(look)) for look in take.looks] for take in takes}
        for peer, (tell, _) in PEERS.items()
    }
    with tempfile.TemporaryDirectory() as folder:
        show = make_show(folder)
        ids = shows.fill(show, {take.name: take.looks for take in takes})
        print(f"{len(takes)} takes, {len(set(setup.values()))} set-ups")
        wanted = said.alter.split(",") if said.alter else [*ALTER]
        for alter in wanted:
            for group, which in (("film", films), ("stage", [t for t in takes if t not in films])):
                if group == "stage" and alter not in STAGED:
                    continue
                told: dict[str, list[tuple[float, bool]]] = {"find": [], **{p: [] for p in PEERS}}
                spent = []
                for take in which:
                    others = [t for t in takes if t.setup == take.setup and t is not take]
                    if not others:
                        continue
                    picture = ALTER[alter](take.looks[len(take.looks) // 2])
                    begin = time.perf_counter()
                    valid = np.ones(picture.shape[:2], bool)
                    hits = find(show, [(picture, valid)], most=len(takes), without=[ids[take.name]])
                    spent.append(time.perf_counter() - begin)
                    told["find"].append(precision([hit.name for hit in hits], setup, take))
                    for peer, (tell, alike) in PEERS.items():
                        one = tell(code(picture))
                        far = {
                            name: max(alike(one, each) for each in seen)
                            for name, seen in kept[peer].items()
                            if name != take.name
                        }
                        order = sorted(far, key=lambda name: -far[name])
                        told[peer].append(precision(order, setup, take))
                if told["find"]:
                    row = [
                        f"{sum(top for _, top in each)} of {len(each)}, "
                        f"{np.mean([ap for ap, _ in each]):.3f}"
                        for each in told.values()
                    ]
                    print(
                        f"| {group} | {alter} | {' | '.join(row)} | {np.median(spent):.2f} s |",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
