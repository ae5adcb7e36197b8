"""How well the rules of grammar are told on staged scenes whose cameras are known.

    python tests/soundstage/stage.py --mode grammar --seed 601 --frames 8 --out DIR/601
    python tests/benchmarks/grammar.py DIR/601 ... --work DIR [--orders 4]

Each scene is checked as it was staged, and its shots in other orders too: the cameras tell what
those cuts break. A cut that lies near a rule's limit is asked of nobody in that rule, nor is one
to or from an insert over the line. Walks last 24 frames at least, other shots as asked.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

sys.path.append(str(Path(__file__).parents[1]))

from soundstage.cameras import angle, side
from soundstage.cutting import write_cut
from soundstage.staged import BREAKS, SHOWS

from answerprint.check.kinds import KINDS
from answerprint.check.run import check

Shot = Mapping[str, Any]
LIMITS = {"jump": (12.0, 18.0), "thirty": (27.0, 33.0), "large": (4.6, 5.4)}
SAME, LIKE = (1.3, 1.4), (1.6, 1.8)


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("scenes", nargs="+", type=Path)
    asked.add_argument("--work", required=True, type=Path)
    asked.add_argument("--orders", type=int, default=0, help="other orders of each scene")
    asked.add_argument("--seed", type=int, default=1, help="of the orders")
    given = asked.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    staged, others = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for scene in given.scenes:
        truth = json.loads((scene / "truth.json").read_text("utf-8"))
        staged += score(truth, truth["shots"], scene / "cut.otio", given.work, scene.name)
        for turn in range(given.orders):
            random = np.random.default_rng([given.seed, truth["seed"], turn])
            shots = [truth["shots"][k] for k in random.permutation(len(truth["shots"]))]
            cut = ordered(truth, shots, scene / f"order_{given.seed}_{turn}.otio")
            others += score(truth, shots, cut, given.work, f"{scene.name} in order {turn}")
    table("as staged", staged)
    if given.orders:
        table("in other orders", others)
    return 0


def ordered(truth: Mapping[str, Any], shots: Sequence[Shot], path: Path) -> Path:
    plan = {"rate": truth["rate"], "mode": "order", "seed": 0, "faults": [], "shots": shots}
    write_cut(plan, path, [each["last"] - each["first"] + 1 for each in shots])
    return path


def score(
    truth: Mapping[str, Any], shots: Sequence[Shot], cut: Path, work: Path, name: str
) -> Counter[tuple[str, str]]:
    """Counts of (rule, 'found', 'missed' or 'false'); the last two are told."""
    rules, keep = work / "rules.toml", work / "keep"
    keep.mkdir(exist_ok=True)
    on = [kind for kind, each in KINDS.items() if each.family == "grammar"]
    rules.write_text("[levels]\n" + "".join(f'{kind} = "warn"\n' for kind in on), "utf-8")
    report = check(str(cut), work / "report", kinds=on, rules=str(rules), keep=keep).report
    said = {(row["kind"], *row["shots"]): row for row in report["findings"]}
    seen = {tuple(row["shots"]): row for row in report["relations"]}
    counts: Counter[tuple[str, str]] = Counter()
    for one, other in pairwise(shots):
        names = one["name"], other["name"]
        broken, unclear, how = truly(truth, one, other)
        for rule in BREAKS:
            row = said.get((rule, *names))
            if rule in unclear or (row is None and rule not in broken):
                continue
            what = "found" if row and rule in broken else "false" if row else "missed"
            counts[rule, what] += 1
            if what != "found":
                relation = seen.get(names) or seen.get(names[::-1]) or {}
                measured = {k: relation.get(k) for k in ("kind", "structures", "angle", "scale")}
                told = f"{one['setup']} {names[0]} to {other['setup']} {names[1]}"
                print(f"{name}: {rule} {what}: {told}, {how}; {measured}")
                print(f"    {row['text'] if row else ''}", flush=True)
    return counts


def truly(truth: Mapping[str, Any], one: Shot, other: Shot) -> tuple[set[str], set[str], str]:
    """The rules a cut breaks, those it lies too near to, and what was asked of the cameras."""
    broken, unclear = set[str](), set[str]()
    cameras = one["cameras"][-1], other["cameras"][0]
    walks = [each["setup"] == "walk" for each in (one, other)]
    said = ""
    both = sorted(set(SHOWS[one["setup"]]) & set(SHOWS[other["setup"]]))
    if all(walks):
        ways = [_across(each) for each in (one, other)]
        if ways[0] * ways[1] < 0:
            broken.add("screen_direction")
        said = f"goes {ways[0]:.1f}, {ways[1]:.1f} px"
    elif both and not any(walks):
        number = "ab".index(both[0])
        people = one["subjects"][number]["frames"][-1], other["subjects"][number]["frames"][0]
        heads = [_point(truth, c, p) for c, p in zip(cameras, people, strict=True)]
        turned = angle(*cameras, np.mean(heads, 0))
        scale = people[0]["shown"] / people[1]["shown"]
        size = max(scale, 1 / scale)
        said = f"{turned:.1f} degrees, {scale:.2f} times"
        same, like = (_beyond(size, each) for each in (SAME, LIKE))
        jump, thirty = (_beyond(turned, LIMITS[each]) for each in ("jump", "thirty"))
        large = _beyond(size, LIMITS["large"])
        if jump < 0 and same < 0:
            broken.add("jump_cut")
        elif thirty < 0 and like < 0 and jump > 0:
            broken.add("thirty_degrees")
        elif thirty <= 0 and like <= 0:
            unclear |= {"jump_cut", "thirty_degrees"}
        if large > 0:
            broken.add("shot_size")
        elif large == 0:
            unclear.add("shot_size")
    if not any(walks):
        sides = [side(camera, truth["line"]) for camera in cameras]
        said += f", {sides[0]:.2f} and {sides[1]:.2f} m from the line"
        if sides[0] * sides[1] < 0:
            people = all(SHOWS[each["setup"]] for each in (one, other))
            # an insert has the hands of both: its line is crossed, but staged for nobody to see
            (broken if people else unclear).add("axis_crossed")
    return broken, unclear, said


def _beyond(value: float, limits: tuple[float, float]) -> int:
    """-1 below the limits, 0 between them, 1 above."""
    return int(value > limits[1]) - int(value < limits[0])


def _point(truth: Mapping[str, Any], camera: Shot, person: Shot) -> np.ndarray:
    """Where a head is in the set, from its place in the picture and its depth."""
    wide, tall = truth["size"]
    matrix = np.reshape(camera["matrix"], (4, 4))
    scale = wide * camera["focal"] / camera["haperture"]
    x, y = person["head"]
    away = np.array([(x - wide / 2) / scale, (tall / 2 - y) / scale, -1.0]) * person["depth"]
    return np.asarray(matrix[:3, :3] @ away + matrix[:3, 3])


def _across(shot: Shot) -> float:
    """Pixels a frame that who walks goes to the right."""
    frames = next(each for each in shot["subjects"] if each["does"] == "walk")["frames"]
    return float(frames[-1]["head"][0] - frames[0]["head"][0]) / max(1, len(frames) - 1)


def table(name: str, counts: Counter[tuple[str, str]]) -> None:
    print(f"\n| {name} | found | missed | false | F1 |\n|---|---|---|---|---|")
    for rule in (*BREAKS, "all"):
        rules = BREAKS if rule == "all" else (rule,)
        found, missed, false = (
            sum(counts[each, what] for each in rules) for what in ("found", "missed", "false")
        )
        score = 2 * found / max(2 * found + missed + false, 1)
        print(f"| {rule} | {found} | {missed} | {false} | {score:.2f} |")


if __name__ == "__main__":
    raise SystemExit(main())
