"""A virtual soundstage: scenes of several shots, rendered, with their truth and their faults.

    python tests/soundstage/stage.py --seed 7 --out DIR
    python tests/soundstage/stage.py --seed 7 --out DIR --mode pair --faults exposure,thing
    python tests/soundstage/stage.py --seed 7 --out DIR --mode moves --frames 24

Run by the suite's own Python; Blender as a module has a venv of its own, `.venvs/bpy45`, which is
made when it is not there. Writes DIR/<shot>/<shot>.####.exr, DIR/cut.otio and DIR/truth.json.
The same arguments give the same scene; README.md tells how equal, and the rest.
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from random import Random
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "plugin")]

from installer.rigs import RIGS, rig  # noqa: E402
from installer.venvs import bring, venv_python  # noqa: E402
from soundstage import faults, plan, staged  # noqa: E402
from soundstage.finish import finish  # noqa: E402

TRIES = 8
MODES = ("scene", "pair", "grammar", "moves")


def words() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, required=True, help="chooses everything below it")
    parser.add_argument("--out", type=Path, required=True, help="a folder that is not there yet")
    parser.add_argument("--mode", choices=MODES, help="scene, or pair where --faults is 'pair'")
    parser.add_argument(
        "--faults", default="none", help=f"none, pair, or of {','.join(faults.KINDS)}"
    )
    parser.add_argument("--draw", type=int, default=0, help="other faults of the same scene")
    parser.add_argument("--set", dest="place", choices=plan.SETS, help="else by the seed")
    parser.add_argument("--size", default="480x270", help="of the picture")
    parser.add_argument("--frames", type=int, default=24, help="of each shot; of a walk 24 or more")
    parser.add_argument("--shots", type=int, default=6, help="of a scene")
    parser.add_argument("--move", choices=tuple(plan.MOVES), help="one move, not all")
    parser.add_argument("--same", choices=("yes", "no"), help="whether a pair is of one set-up")
    parser.add_argument("--passes", default="", help="of alpha,depth,flow,light")
    parser.add_argument("--samples", type=int, default=8, help="of light, for each pixel")
    parser.add_argument(
        "--raw", type=Path, help="keep renderings here, and use those that are there"
    )
    return parser


def make(asked: argparse.Namespace) -> dict[str, Any]:
    """Render what is asked for; the truth."""
    blender = blender_python()
    asked.out.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        made = planned(asked, blender, work)
        raw = (asked.raw or work / "raw").resolve()
        places = {shot["name"]: raw / digest(made, shot) for shot in made["shots"]}
        seen = raw / f"seen.{digest(made, *made['shots'])}.json"
        if not (seen.exists() and all((place / "done").exists() for place in places.values())):
            raw.mkdir(parents=True, exist_ok=True)
            here = made | {"places": {name: str(place) for name, place in places.items()}}
            told = look(blender, here, work, render=True)
            seen.write_text(json.dumps(told), "utf-8")
        return finish(made, json.loads(seen.read_text("utf-8")), asked.out, places)


def planned(asked: argparse.Namespace, blender: Path, work: Path) -> plan.Plan:
    """The plan of a scene with its faults: things are chosen by what the cameras see of them."""
    mode = asked.mode or ("pair" if asked.faults == "pair" else "scene")
    random = Random(f"faults {asked.seed} {asked.draw}" if asked.draw else f"faults {asked.seed}")
    kinds = wanted(asked.faults, random)
    if mode == "pair":
        same = random.random() < 0.6 if asked.same is None else asked.same == "yes"
        same = same or any(kind in faults.SET for kind in kinds)
        made = plan.pair(asked.seed, asked.frames, same, asked.place)
    elif mode == "moves":
        made = plan.moves(asked.seed, asked.frames, asked.move, asked.place)
    elif mode == "grammar":
        made = staged.grammar(asked.seed, asked.frames, asked.place)
    else:
        made = plan.scene(asked.seed, asked.frames, asked.shots, asked.place)
    made["size"] = [int(v) for v in asked.size.split("x")]
    made["samples"] = asked.samples
    made["passes"] = sorted(filter(None, asked.passes.split(",")))
    if "thing" not in kinds:
        put_in(made, kinds, random, {})
        return made
    seen = look(blender, made, work)
    for _ in range(TRIES):
        tried = copy.deepcopy(made)
        put_in(tried, kinds, random, seen["props"])
        if shows(tried, look(blender, tried, work)["props"]):
            return tried
    raise SystemExit(f"Seed {asked.seed} shows no prop well enough to move it. Take another.")


def shows(made: plan.Plan, seen: dict) -> bool:
    """Whether each prop that was moved is in the picture where it now stands."""
    for fault in made["faults"]:
        if fault.get("how") != "moved":
            continue
        shot = made["shots"][fault["shot"]]
        told = seen[shot["name"]][fault["thing"]]
        if min(told["seen"]) < 0.7 or not faults.region(made, faults.middle(shot), told["corners"]):
            return False
    return True


def wanted(told: str, random: Random) -> list[str]:
    """The kinds to put in; for 'pair' one or two by chance that an eye can tell apart."""
    if told == "none":
        return []
    if told == "pair":
        some = [k for k in faults.KINDS if k not in (*faults.EDIT, "black_frame", "flicker")]
        return random.sample(some, random.choice((1, 1, 2)))
    kinds = told.split(",")
    if unknown := [kind for kind in kinds if kind not in faults.KINDS]:
        raise SystemExit(f"No fault is called '{unknown[0]}'. There are {', '.join(faults.KINDS)}.")
    return kinds


def put_in(made: plan.Plan, kinds: list[str], random: Random, seen: dict) -> None:
    """Give each fault its shot: in a scene one of its own, a thing one whose set-up came before."""
    shots = made["shots"]
    free = list(range(1, len(shots)))
    for kind in kinds:
        fault = faults.draw(kind, random, len(shots[0]["cameras"]) - 2)
        # a set-up that came before, right, is what tells which of two shots has the fault
        order = sorted(random.sample(free, len(free)), key=lambda n: not returns(shots, n))
        for number in order:
            before = earlier(shots, number)
            if kind in faults.SET and not returns(shots, number):
                continue
            if kind == "thing" and not faults.change_thing(
                made, fault, (before, number), seen, random
            ):
                continue
            if kind == "key_light":
                faults.turn_key(made, fault, number)
            break
        else:
            raise SystemExit(
                f"Seed {made['seed']} has no shot for the fault '{kind}'. Take another."
            )
        fault["shot"] = number
        if kind not in (*faults.FRAMES, "flicker", "missing_media", "mixed_rates"):
            fault["with"] = number - 1 if kind in faults.EDIT else before
        made["faults"].append(fault)
        if made["mode"] != "pair":
            free.remove(number)


def earlier(shots: list[dict], number: int) -> int:
    """The last shot before that has the same set-up; else the one before."""
    alike = [n for n in range(number) if shots[n]["setup"] == shots[number]["setup"]]
    return alike[-1] if alike else number - 1


def returns(shots: list[dict], number: int) -> bool:
    return shots[earlier(shots, number)]["setup"] == shots[number]["setup"]


def digest(made: plan.Plan, *shots: dict) -> str:
    """What the rendering of shots depends on: those of one digest are one rendering."""
    of = ("seed", "set", "figures", "props", "light", "size", "samples", "passes", "rate")
    told: list[dict] = [{key: made[key] for key in of}]
    for shot in shots:
        told += [{key: value for key, value in shot.items() if key not in ("name", "move")}]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:20]


def blender_python() -> Path:
    """The Python that has bpy; its venv is made where it is missing."""
    requirements, module, version = RIGS["bpy45"]
    bring(rig(ROOT, "bpy45", requirements, module, version))
    return venv_python(ROOT / ".venvs" / "bpy45")


def look(blender: Path, made: plan.Plan, work: Path, render: bool = False) -> dict[str, Any]:
    """Run Blender on a plan; where props and people are."""
    told, seen = work / "plan.json", work / "seen.json"
    told.write_text(json.dumps(made), "utf-8")
    script = Path(__file__).parent / "inside" / "render.py"
    command = [str(blender), str(script), str(told), str(seen), *([] if render else ["look"])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"Blender stopped with {done.returncode}:\n{done.stderr[-3000:]}")
    return json.loads(seen.read_text("utf-8"))


if __name__ == "__main__":
    truth = make(words().parse_args())
    print(f"{len(truth['shots'])} shots, {len(truth['faults'])} faults")
