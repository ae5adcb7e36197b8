"""How often the right take is proposed for a shot that was taken out of a cut.

    .venv/bin/python tests/benchmarks/gaps.py --work DIR --seeds 820-823

A show is four staged scenes of ten takes each: four sets, six set-ups a scene (two takes of four of
them), 320x180, two frames a take. Takes are named as a camera names them, in the order of a shoot:
scenes by chance, set-ups by chance, takes of one set-up after another. A cut shows each scene as
an editor would cut it: a master more often than not, both sides of a dialogue over the shoulder,
perhaps the master or an insert, singles, often overs again, at times the master. Each shot is
one frame of a take of its set-up, by chance.

Each shot is taken out in turn. Right is a take of its set-up in its scene, for a shot nothing else
is known of. Asked twice: where nothing tells scenes or set-ups, and with the camera report of such
a shoot (ALE), which has scene and set-up ('3C', letters in the order of the shoot, the first
without), take, and lens in whole mm. Sets, takes and cuts are chosen by the seed.

With --light instead: of each two takes of one set-up the second is asked how it stands to the
first, as it was shot and lit otherwise, by 0.15 to 1 stop either way and up to 40 % of warmth.

DIR keeps what was staged and the shows, for the next run.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from itertools import pairwise
from pathlib import Path
from random import Random

import numpy as np

from answerprint.check.coverage import Coverage, Sight
from answerprint.check.holes import AROUND, Missing
from answerprint.check.looked import Looked
from answerprint.check.proposals import proposals
from answerprint.check.unlike import unlike
from answerprint.edit.cut import Cut, Event
from answerprint.edit.media import Library, Media
from answerprint.frames.clip import open_clip
from answerprint.show.add import add
from answerprint.show.find import kept
from answerprint.show.store import Show, make_show, open_show
from answerprint.show.take import colours, palette_of
from answerprint.vision.correspond import LUMINANCE
from answerprint.vision.watch import WIDE

ROOT = Path(__file__).parents[2]
SETS = ("kitchen", "office", "workshop", "courtyard")
RATE = Fraction(24)
FIRST = 1001
START = 86400


@dataclass(frozen=True)
class Daily:
    """A staged take, as the camera named it; focal: mm."""

    scene: str
    setup: str
    name: str
    path: str
    focal: float


@dataclass(frozen=True)
class Shown:
    """A shot of the cut, and the take that it is from."""

    event: Event
    daily: Daily


def staged(work: Path, seed: int) -> dict[str, Path]:
    """The scenes of a show by their sets; rendered where they are not there."""
    found = {}
    for turn, name in enumerate(SETS, 1):
        out = found[name] = work / str(seed) / name
        if (out / "truth.json").exists():
            continue
        shutil.rmtree(out, ignore_errors=True)
        out.parent.mkdir(parents=True, exist_ok=True)
        more = ["--set", name, "--shots", "10", "--frames", "2", "--size", "320x180"]
        more += ["--samples", "6", "--seed", str(10 * seed + turn), "--out", str(out)]
        subprocess.run([sys.executable, str(ROOT / "tests/soundstage/stage.py"), *more], check=True)
    return found


def shot_in_turn(scenes: dict[str, Path], folder: Path, random: Random) -> list[Daily]:
    """The takes in the order of the shoot, named by the camera, in a folder."""
    takes = []
    for scene in random.sample(sorted(scenes), len(scenes)):
        shots = json.loads((scenes[scene] / "truth.json").read_text("utf-8"))["shots"]
        setups = sorted({each["setup"] for each in shots})
        for setup in random.sample(setups, len(setups)):
            takes += [(scene, setup, each) for each in shots if each["setup"] == setup]
    found = []
    for number, (scene, setup, told) in enumerate(takes, 1):
        shot, focal = told["name"], told["cameras"][0]["focal"]
        name = f"A001C{number:03}"
        place = folder / name
        if not place.exists():
            place.mkdir(parents=True)
            for each in sorted((scenes[scene] / shot).glob("*.exr")):
                os.link(each, place / each.name.replace(shot, name))
        found.append(Daily(scene, setup, name, str(place / f"{name}.%04d.exr"), focal))
    return found


def report(dailies: list[Daily], path: Path) -> None:
    """The camera report of the shoot."""
    scenes = sorted({each.scene for each in dailies})
    slates, takes = dict[tuple[str, str], str](), Counter[str]()
    rows = []
    for each in dailies:
        number = str(scenes.index(each.scene) + 1)
        before = sum(scene == each.scene for scene, _ in slates)
        letter = chr(ord("A") + before - 1) if before else ""
        slate = slates.setdefault((each.scene, each.setup), number + letter)
        takes[slate] += 1
        lens = f"{each.focal:.0f}mm"
        rows.append((each.name, "V", "01:00:00:00", "01:00:00:02", slate, str(takes[slate]), lens))
    head = ["Heading", "FIELD_DELIM\tTABS", "FPS\t24", "", "Column"]
    columns = ("Name", "Tracks", "Start", "End", "Scene", "Take", "Focal Length")
    told = [*head, "\t".join(columns), "", "Data", *("\t".join(row) for row in rows)]
    path.write_text("\n".join(told) + "\n", "utf-8")


def rhythm(random: Random) -> list[str]:
    """The set-ups of a scene as an editor shows them."""

    def talk(kind: str, most: tuple[int, int]) -> list[str]:
        sides = random.sample([f"{kind}_a", f"{kind}_b"], 2)
        return (sides * 4)[: random.randint(*most)]

    shown = ["master"] if random.random() < 0.8 else []
    shown += talk("over", (4, 6))
    if random.random() < 0.6:
        shown.append(random.choice(["master", "insert"]))
    shown += talk("single", (3, 5))
    if random.random() < 0.6:
        shown += talk("over", (2, 3))
    return [*shown, "master"] if random.random() < 0.3 else shown


def edited(dailies: list[Daily], random: Random) -> list[Shown]:
    """The cut, scene after scene, in another order than they were shot in."""
    scenes = sorted({each.scene for each in dailies})
    library, found = Library(), list[Shown]()
    for scene in random.sample(scenes, len(scenes)):
        for setup in rhythm(random):
            mine = [each for each in dailies if (each.scene, each.setup) == (scene, setup)]
            daily = random.choice(mine)
            frame = random.choice((FIRST, FIRST + 1))
            found.append(Shown(_event(len(found), daily, frame, library.open(daily.path)), daily))
    return found


def _event(turn: int, daily: Daily, frame: int, media: Media) -> Event:
    at = START + turn
    name = f"e{turn + 1:02}"
    return Event(
        turn + 1, name, name, 1, "", (at, at + 1), (frame, frame + 1), RATE,
        media=media, frames=(frame, frame),
    )  # fmt: skip


def learned(work: Path, seed: int, cuts: int) -> tuple[Show, list[Daily], list[list[Shown]]]:
    """A show of the seed, its takes, and cuts of them."""
    random = Random(f"gaps {seed}")
    place = work / str(seed)
    dailies = shot_in_turn(staged(work, seed), place / "dailies", random)
    folder = place / "show"
    if folder.exists():
        show = open_show(folder)
    else:
        report(dailies, place / "dailies" / "day.ale")
        show = make_show(folder)
        add(show, [str(place / "dailies")])
    return show, dailies, [edited(dailies, random) for _ in range(cuts)]


class Eyes:
    """What a show has in common with shots, asked once each."""

    def __init__(self, show: Show) -> None:
        self.looked = Looked(show)
        self.compare = cache(self.looked.compare)
        self.seen = dict[tuple[str, int], list[Sight]]()

    def see(self, event: Event) -> list[Sight]:
        assert event.media
        assert event.frames
        asked = event.media.path, event.frames[0]
        if asked not in self.seen:
            self.seen[asked] = self.looked.sights(event)
        return self.seen[asked]


def ranks(
    eyes: Eyes, dailies: list[Daily], shown: list[Shown], told: bool
) -> Iterator[tuple[int, str]]:
    """For each shot the rank of the first right take, 99 where there is none, and its place.

    told   whether the camera report is known.
    """
    by = {each.path: each for each in dailies}
    takes = eyes.looked.takes
    if not told:
        takes = [replace(each, scene="", slate="", focal=None) for each in takes]
    events = [each.event for each in shown]
    for turn, each in enumerate(shown):
        left = tuple(events[:turn] + events[turn + 1 :])
        before = tuple(events[max(0, turn - AROUND) : turn][::-1])
        after = tuple(events[turn + 1 : turn + 1 + AROUND])
        hole = Missing("gap_1", "gap", "gap", (turn, turn), before, after)
        cut = Cut("", "cut", RATE, False, START, left, ())
        cover = Coverage(takes, cut, eyes.see, eyes.compare)
        wanted = each.daily.scene, each.daily.setup
        found = [by[p.take.path] for p in proposals(hole, cover)]
        right = [n for n, d in enumerate(found, 1) if (d.scene, d.setup) == wanted]
        beside = shown[max(0, turn - 1) : turn] + shown[turn + 1 : turn + 2]
        inside = len(beside) == 2 and all(b.daily.scene == wanted[0] for b in beside)
        yield right[0] if right else 99, "inside a scene" if inside else "at its edge"


def light(show: Show, dailies: list[Daily], random: Random) -> Iterator[tuple[float, bool, bool]]:
    """For each two takes of one set-up: stops off the truth, and whether a match was asked for
    where nothing was changed, and where something was."""
    for first, second in pairwise(dailies):
        if (first.scene, first.setup) != (second.scene, second.setup):
            continue
        reference = kept(show, first.path, "ACEScg", (FIRST, FIRST + 1), FIRST)
        with open_clip(second.path) as clip:
            rgb, valid = clip.picture(FIRST, WIDE)
        stops, warm = random.choice((-1, 1)) * random.uniform(0.15, 1), random.uniform(-0.2, 0.2)
        gain = np.float32(2**stops) * np.float32((1 + warm, 1, 1 - warm))
        told = [
            unlike(palette_of(colours(each, valid)), reference.palette)
            for each in (rgb, rgb * gain)
            if reference and reference.palette
        ]
        if len(told) == 2 and told[0] and told[1]:
            wanted = np.log2(gain @ LUMINANCE)
            off = told[1].value["exposure"] - told[0].value["exposure"] - wanted
            yield float(off), told[0].seen, told[1].seen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True, help="keeps renderings and shows")
    parser.add_argument("--seeds", default="820-823", help="of the shows: A-B")
    parser.add_argument("--cuts", type=int, default=5, help="of each show, drawn by chance")
    parser.add_argument("--light", action="store_true", help="whether a match is needed, instead")
    asked = parser.parse_args()
    first, _, last = asked.seeds.partition("-")
    seeds = range(int(first), int(last or first) + 1)
    if asked.light:
        pairs = list[tuple[float, bool, bool]]()
        for seed in seeds:
            show, dailies, _ = learned(asked.work.resolve(), seed, 0)
            pairs += light(show, dailies, Random(f"light {seed}"))
        off = np.array([each[0] for each in pairs])
        print(
            f"{len(pairs)} pairs; exposure off by {np.sqrt((off**2).mean()):.3f} stop rms, ", end=""
        )
        print(f"{np.abs(off).max():.3f} at most; a match is asked for ", end="")
        print(f"{sum(each[1] for each in pairs)} times as shot, ", end="")
        print(f"{sum(each[2] for each in pairs)} times lit otherwise")
        return
    places = ("inside a scene", "at its edge")
    every: dict[bool, list[tuple[int, str]]] = {False: [], True: []}
    print("| report | show | shots | first | among three |\n|---|---|---|---|---|")
    for seed in seeds:
        show, dailies, cuts = learned(asked.work.resolve(), seed, asked.cuts)
        eyes = Eyes(show)
        for told, rows in every.items():
            here = [each for shown in cuts for each in ranks(eyes, dailies, shown, told)]
            print(_row(told, str(seed), here), flush=True)
            rows += here
    for told, rows in every.items():
        for place in places:
            print(_row(told, place, [each for each in rows if each[1] == place]))
        print(_row(told, "all", rows))


def _row(told: bool, name: str, rows: list[tuple[int, str]]) -> str:
    best, three = (sum(rank <= most for rank, _ in rows) for most in (1, 3))
    share = f"{100 * three / max(1, len(rows)):.0f} %"
    return f"| {'yes' if told else 'no'} | {name} | {len(rows)} | {best} | {three} ({share}) |"


if __name__ == "__main__":
    main()
