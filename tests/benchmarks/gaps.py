"""How often the right take is proposed for a shot that was taken out of a cut.

    .venv/bin/python tests/benchmarks/gaps.py --work DIR --seeds 810-813

A show is four staged scenes of ten takes each: four sets, six set-ups a scene (two takes of four of
them), 320x180, two frames a take. Takes are named as a camera names them, in the order of a shoot:
scenes by chance, set-ups by chance, takes of one set-up after another. The cut shows each scene as
an editor would cut it: a master more often than not, both sides of a dialogue over the shoulder,
perhaps the master or an insert, singles, often overs again, at times the master. Each shot is
one frame of a take of its set-up, by chance.

Each shot is taken out in turn. Right is a take of its set-up in its scene, for a shot nothing else
is known of. No metadata tell scenes or set-ups. Sets, takes and cuts are chosen by the seed.

DIR keeps what was staged and the shows, for the next run.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from random import Random

from answerprint.check.holes import AROUND, Missing
from answerprint.check.looked import Looked
from answerprint.check.proposals import Coverage, Sight, proposals
from answerprint.edit.cut import Cut, Event
from answerprint.edit.media import Library, Media
from answerprint.show.add import add
from answerprint.show.store import Show, make_show, open_show

ROOT = Path(__file__).parents[2]
SETS = ("kitchen", "office", "workshop", "courtyard")
RATE = Fraction(24)
FIRST = 1001
START = 86400


@dataclass(frozen=True)
class Daily:
    """A staged take, as the camera named it."""

    scene: str
    setup: str
    name: str
    path: str


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
            takes += [(scene, setup, each["name"]) for each in shots if each["setup"] == setup]
    found = []
    for number, (scene, setup, shot) in enumerate(takes, 1):
        name = f"A001C{number:03}"
        place = folder / name
        if not place.exists():
            place.mkdir(parents=True)
            for each in sorted((scenes[scene] / shot).glob("*.exr")):
                os.link(each, place / each.name.replace(shot, name))
        found.append(Daily(scene, setup, name, str(place / f"{name}.%04d.exr")))
    return found


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


def learned(work: Path, seed: int) -> tuple[Show, list[Daily], list[Shown]]:
    """A show of the seed, its takes, and a cut of them."""
    random = Random(f"gaps {seed}")
    place = work / str(seed)
    dailies = shot_in_turn(staged(work, seed), place / "dailies", random)
    folder = place / "show"
    if folder.exists():
        show = open_show(folder)
    else:
        show = make_show(folder)
        add(show, [str(place / "dailies")])
    return show, dailies, edited(dailies, random)


def ranks(show: Show, dailies: list[Daily], shown: list[Shown]) -> Iterator[tuple[int, str]]:
    """For each shot the rank of the first right take, 99 where there is none, and its place."""
    by = {each.path: each for each in dailies}
    looked, seen = Looked(show), dict[str, list[Sight]]()

    def see(event: Event) -> list[Sight]:
        if event.id not in seen:
            seen[event.id] = looked.sights(event)
        return seen[event.id]

    events = [each.event for each in shown]
    for turn, each in enumerate(shown):
        left = tuple(events[:turn] + events[turn + 1 :])
        before = tuple(events[max(0, turn - AROUND) : turn][::-1])
        after = tuple(events[turn + 1 : turn + 1 + AROUND])
        hole = Missing("gap_1", "gap", "gap", (turn, turn), before, after)
        cover = Coverage(looked.takes, Cut("", "cut", RATE, False, START, left, ()), see)
        wanted = each.daily.scene, each.daily.setup
        found = [by[p.take.path] for p in proposals(hole, cover)]
        right = [n for n, d in enumerate(found, 1) if (d.scene, d.setup) == wanted]
        beside = shown[max(0, turn - 1) : turn] + shown[turn + 1 : turn + 2]
        inside = len(beside) == 2 and all(b.daily.scene == wanted[0] for b in beside)
        yield right[0] if right else 99, "inside a scene" if inside else "at its edge"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True, help="keeps renderings and shows")
    parser.add_argument("--seeds", default="810-813", help="of the shows: A-B")
    asked = parser.parse_args()
    first, _, last = asked.seeds.partition("-")
    rows = list[tuple[int, str]]()
    print("| show | shots | first | among three |\n|---|---|---|---|")
    for seed in range(int(first), int(last or first) + 1):
        here = list(ranks(*learned(asked.work.resolve(), seed)))
        print(_row(str(seed), here), flush=True)
        rows += here
    for place in ("inside a scene", "at its edge"):
        print(_row(place, [each for each in rows if each[1] == place]))
    print(_row("all", rows))


def _row(name: str, rows: list[tuple[int, str]]) -> str:
    best, three = (sum(rank <= most for rank, _ in rows) for most in (1, 3))
    share = f"{100 * three / max(1, len(rows)):.0f} %"
    return f"| {name} | {len(rows)} | {best} | {three} ({share}) |"


if __name__ == "__main__":
    main()
