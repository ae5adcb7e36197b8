"""Alternates: is the take of a set-up found by another take of it, however it was handled since?

    python tests/benchmarks/alternates.py --footage DIR [--stage DIR ...] [--alter NAME;NAME]
        [--encoded] [--rebuild]

Of eight movies and of four shots of a film, 22 takes: of nine set-ups two takes each, seconds
apart, and four single ones. Each of the 18 is looked for by the middle look of its sister, which
is left out. With --stage, scenes of the soundstage (`truth.json` tells their set-ups) are takes
too, and each that has a sister is looked for, as it is and reframed. Beside `show find`: histograms
of hue, saturation and value, and pHash, on the same pictures of 8 bit; the best look of a take
counts.

`encoded`: a second of the movie around the look, through ffmpeg at half size, and the same frame of
what comes out. With --rebuild the movies encoded as H.264 and the staged takes are added to a show
of their own, which is damaged and rebuilt: whatever is looked for has to be answered as before.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))

import shows

from answerprint.frames.clip import Clip, open_clip
from answerprint.show.add import add
from answerprint.show.find import find
from answerprint.show.rebuild import rebuild
from answerprint.show.store import DATABASE, Damaged, Show, make_show, open_show

WIDE = 640
FILM = "big_buck_bunny_0_30.webm"
SHOTS = {"hill": (1230, 1280), "stream": (1300, 1370), "bird": (1390, 1500), "burrow": (1560, 1590)}
"""Frames of the film's shots; the bird's set-up is come back to after its first half."""
SISTERS = (0.06, 0.14, 0.22), (0.76, 0.84, 0.92)
"""Where in a movie its two takes have their looks."""


ENCODED = {
    "H.264, CRF 35": (".mp4", ("-c:v", "libx264", "-crf", "35")),
    "VP9, CRF 55": (".webm", ("-c:v", "libvpx-vp9", "-crf", "55", "-b:v", "0")),
    "MPEG-4, quantiser 20": (".mp4", ("-c:v", "mpeg4", "-q:v", "20")),
}
AROUND = 12
"""Frames of a movie on either side of a look that are encoded with it."""


@dataclass(frozen=True)
class Take:
    """at: the movie and the turn, from 0, of the look that is looked for; None of stills."""

    name: str
    setup: str
    looks: tuple[np.ndarray, ...]
    at: tuple[Path, int] | None = None

    @property
    def asked(self) -> np.ndarray:
        return self.looks[len(self.looks) // 2]


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


def encoded(take: Take, name: str, folder: Path) -> Path:
    """The frames around a take's look as a movie of half the size."""
    assert take.at is not None
    movie, turn = take.at
    suffix, codec = ENCODED[name]
    made = folder / (take.name.replace(" ", "_") + suffix)
    first = max(0, turn - AROUND)
    some = f"select=between(n\\,{first}\\,{turn + AROUND})"
    chain = f"{some},setpts=N/24/TB,scale=trunc(iw/4)*2:trunc(ih/4)*2"
    words = ["ffmpeg", "-v", "error", "-y", "-i", str(movie), "-vf", chain, "-r", "24", "-an"]
    subprocess.run([*words, *codec, "-pix_fmt", "yuv420p", str(made)], check=True)
    return made


def seen_in(take: Take, made: Path) -> np.ndarray:
    """The take's look, in what was encoded."""
    assert take.at is not None
    with open_clip(str(made)) as clip:
        return clip.picture(clip.frames[0] + min(AROUND, take.at[1]), WIDE)[0]


# --- takes -----------------------------------------------------------------------------------


def looks(clip: Clip, numbers: Sequence[int]) -> tuple[np.ndarray, ...]:
    return tuple(clip.picture(number, WIDE)[0] for number in numbers)


def filmed(footage: Path) -> list[Take]:
    takes: list[Take] = []
    for path in sorted((footage / "movies").iterdir()):
        with open_clip(str(path)) as clip:
            first, count = clip.frames[0], len(clip.frames)

            def take(name: str, setup: str, at: list[int], path: Path = path) -> None:
                turn = at[len(at) // 2] - clip.frames[0]
                takes.append(Take(name, setup, looks(clip, at), (path, turn)))

            if path.name == FILM:
                for name, (begin, end) in SHOTS.items():
                    at = np.linspace(begin, end, 6).astype(int).tolist()
                    if name == "bird":
                        take("bird A", "bird", at[:2])
                        take("bird B", "bird", at[4:])
                    else:
                        take(name, name, at[1:4])
            elif count < 60:
                take(path.stem, path.stem, [first + count // 2])
            else:
                for sister, parts in zip("AB", SISTERS, strict=True):
                    numbers = [first + int(part * count) for part in parts]
                    take(f"{path.stem} {sister}", path.stem, numbers)
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


class Bench:
    """takes: in a show that holds their looks. kept: what the peers keep of them."""

    def __init__(self, takes: list[Take], folder: Path) -> None:
        self.takes = takes
        self.setup = {take.name: take.setup for take in takes}
        self.show = make_show(folder)
        self.ids = shows.fill(self.show, {take.name: take.looks for take in takes})
        self.kept = {
            peer: {take.name: [tell(code(look)) for look in take.looks] for take in takes}
            for peer, (tell, _) in PEERS.items()
        }

    def row(self, group: str, name: str, asked: Sequence[tuple[Take, np.ndarray]]) -> None:
        """Look for each take by a picture of it, and print what comes of that."""
        told: dict[str, list[tuple[float, bool]]] = {"find": [], **{p: [] for p in PEERS}}
        spent = []
        for take, picture in asked:
            begin = time.perf_counter()
            without = [self.ids[take.name]]
            hits = find(self.show, [whole(picture)], most=len(self.takes), without=without)
            spent.append(time.perf_counter() - begin)
            told["find"].append(precision([hit.name for hit in hits], self.setup, take))
            for peer, (tell, alike) in PEERS.items():
                one = tell(code(picture))
                far = {
                    other: max(alike(one, each) for each in seen)
                    for other, seen in self.kept[peer].items()
                    if other != take.name
                }
                order = sorted(far, key=lambda other: -far[other])
                told[peer].append(precision(order, self.setup, take))
        if not spent:
            return
        columns = [
            f"{sum(top for _, top in each)} of {len(each)}, {np.mean([ap for ap, _ in each]):.3f}"
            for each in told.values()
        ]
        print(
            f"| {group} | {name} | {' | '.join(columns)} | {np.median(spent):.2f} s |", flush=True
        )


def whole(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return picture, np.ones(picture.shape[:2], bool)


def rebuilt(asked: Sequence[tuple[Take, np.ndarray]], dailies: Sequence[Path], folder: Path) -> str:
    """Whether a show of these dailies answers as before once it was damaged and rebuilt."""
    show = make_show(folder)
    add(show, [str(each) for each in dailies])

    def answers(show: Show) -> list[list[dict[str, object]]]:
        found = [find(show, [whole(picture)], most=40) for _, picture in asked]
        # the ids of clips are drawn anew
        return [[{**hit.as_dict(), "clip": ""} for hit in hits] for hits in found]

    before = answers(show)
    data = bytearray((folder / DATABASE).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / DATABASE).write_bytes(data)
    try:
        open_show(folder)
    except Damaged:
        rebuild(folder)
    else:
        raise SystemExit("The damage was not noticed.")
    after = answers(open_show(folder))
    same = sum(one == other for one, other in zip(before, after, strict=True))
    hits = sum(map(len, before))
    return f"rebuilt: {same} of {len(asked)} pictures are answered as before, {hits} hits in all"


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    asked.add_argument("--footage", type=Path, required=True)
    asked.add_argument("--stage", type=Path, nargs="*", default=[])
    asked.add_argument("--alter", help="only these, by their names, with ; between; '' for none")
    asked.add_argument("--encoded", action="store_true", help="real re-encodes too: needs ffmpeg")
    asked.add_argument("--rebuild", action="store_true", help="a rebuilt show too: needs ffmpeg")
    said = asked.parse_args()
    films, stage = filmed(said.footage), [take for each in said.stage for take in staged(each)]
    takes = films + stage
    many = Counter(take.setup for take in takes)
    print(f"{len(takes)} takes, {len(many)} set-ups")
    sisters = [take for take in takes if many[take.setup] > 1]
    wanted = [*ALTER] if said.alter is None else list(filter(None, said.alter.split(";")))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        bench = Bench(takes, folder / "show")
        for name in wanted:
            for group, which in (("film", films), ("stage", stage if name in STAGED else [])):
                pictures = [(t, ALTER[name](t.asked)) for t in which if t in sisters]
                bench.row(group, name, pictures)
        for name in ENCODED if said.encoded else ():
            made = folder / "encoded" / name
            made.mkdir(parents=True)
            pictures = [(t, seen_in(t, encoded(t, name, made))) for t in films if t in sisters]
            bench.row("film", f"{name}, half size", pictures)
        if said.rebuild:
            made = folder / "dailies"
            made.mkdir()
            for take in films:
                encoded(take, "H.264, CRF 35", made)
            pictures = [(take, framed(take.asked, 0.66, 0.7, 0.4)) for take in sisters]
            print(rebuilt(pictures, [made, *said.stage], folder / "again"))


if __name__ == "__main__":
    main()
