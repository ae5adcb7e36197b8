"""Dialogue whose grammar is known: cuts that keep the rules and cuts that break one, on purpose.

What each cut breaks is read from the cameras, with room to either side of a rule's limit, so that
the truth holds for anyone who counts degrees and sizes a little differently.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, radians, sin
from typing import Any

import numpy as np
from soundstage.cameras import angle, project, side
from soundstage.plan import Plan, Stage

# what a rule breaks at, and what a cut that keeps it stays clear of
JUMP, THIRTY, LARGE = 12.0, 27.0, 5.5
WALK = 24
"""Frames of a walk at least: a second, for no editor cuts away before a direction is seen."""
BREAKS = ("jump_cut", "thirty_degrees", "axis_crossed", "shot_size", "screen_direction")


def grammar(
    seed: int, frames: int, name: str | None = None, broken: Sequence[str] = BREAKS
) -> Plan:
    """A dialogue and a walk; each rule of `broken` is broken once, in an order by chance.

    frames   of a shot of the dialogue; of a walk at least WALK.
    """
    stage = Stage(seed, name, frames)
    shots: list[dict[str, Any]] = []

    def take(setup: str, **changes: Any) -> None:
        shots.append(stage.shot(len(shots) + 1, setup, **changes))

    def round_(setup: str, degree: float, scale: float = 1.0) -> dict[str, Any]:
        """The set-up's camera, walked around what it looks at."""
        eye, target, focal = stage.setups[setup]
        dx, dy = eye[0] - target[0], eye[1] - target[1]
        c, s = cos(radians(degree)), sin(radians(degree))
        x, y = target[0] + c * dx - s * dy, target[1] + s * dx + c * dy
        return {"eye": (x, y, eye[2]), "focal": focal * scale}

    def mirrored(setup: str) -> dict[str, Any]:
        eye, target, _ = stage.setups[setup]
        return {"eye": (eye[0], -eye[1], eye[2]), "target": (target[0], -target[1], target[2])}

    def walk(front: bool) -> None:
        """Ann walks to +x; seen from behind the table she goes the other way on the screen."""
        at = (-0.9, 1.15) if front else (-0.9, -2.6)
        part = {"does": "walk", "at": list(at), "facing": -90.0, "talks": 0.3, "seat": 0.47,
                "speed": 1.15}  # fmt: skip
        stage.clock = 0.35
        eye = (0.0, -2.6, 1.5) if front else (0.0, 0.55, 1.5)
        people = [part, stage.parts("b")[1]]
        long = max(frames, WALK)
        take("walk", eye=eye, target=(0.0, at[1], 0.95), focal=26.0, parts=people, frames=long)

    take("master")
    take("over_a")
    take("over_b")
    take("insert")
    pieces = [each for each in broken if each != "screen_direction"]
    stage.random.shuffle(pieces)
    for piece in pieces:
        if piece == "jump_cut":
            take("single_a")
            take("single_a", **round_("single_a", stage.random.choice((-5, 5))))
        elif piece == "thirty_degrees":
            take("single_b")
            take("single_b", **round_("single_b", -20, 1.05))
        elif piece == "axis_crossed":
            take("over_a")
            take("over_b", **mirrored("over_b"))
        elif piece == "shot_size":
            take("master")
            take("close_a", focal=90.0)
        take("insert")
    take("over_a")
    take("over_b")
    if "screen_direction" in broken:
        walk(front=True)
        walk(front=False)
    return stage.plan("grammar", shots)


SHOWS = {
    "master": "ab", "two": "ab", "over_a": "b", "over_b": "a", "single_a": "a", "single_b": "b",
    "close_a": "a", "close_b": "b", "insert": "", "walk": "a",
}  # fmt: skip
"""Whom a set-up is about."""


def cuts(plan: Plan, people: dict[str, list]) -> list[dict[str, Any]]:
    """What each cut does, and which rules it breaks.

    people   shot -> frame -> figure -> {"head": point, "foot": point}, in the set.
    """
    found = []
    for one, other in zip(plan["shots"], plan["shots"][1:], strict=False):
        told: dict[str, Any] = {"shots": [one["name"], other["name"]], "breaks": []}
        both = sorted(set(SHOWS[one["setup"]]) & set(SHOWS[other["setup"]]))
        cameras = one["cameras"][-2], other["cameras"][1]
        walks = one["setup"] == other["setup"] == "walk"
        if walks:
            told["direction"] = [_across(plan, shot, people) for shot in (one, other)]
            if told["direction"][0] * told["direction"][1] < 0:
                told["breaks"] += ["screen_direction"]
        elif both:
            number = "ab".index(both[0])
            heads = people[one["name"]][-1][number], people[other["name"]][0][number]
            told["subject"] = plan["figures"][number]["name"]
            middle = np.mean([each["head"] for each in heads], 0)
            told["angle"] = round(angle(*cameras, middle), 2)
            sizes = [_size(plan, c, h) for c, h in zip(cameras, heads, strict=True)]
            told["scale"] = round(sizes[1] / sizes[0], 3)
            jump = max(told["scale"], 1 / told["scale"])
            if told["angle"] < JUMP and jump < 1.3:
                told["breaks"] += ["jump_cut"]
            elif told["angle"] < THIRTY and jump < 1.6:
                told["breaks"] += ["thirty_degrees"]
            if jump > LARGE:
                told["breaks"] += ["shot_size"]
        talk = all(SHOWS[shot["setup"]] and shot["setup"] != "walk" for shot in (one, other))
        if talk:
            told["side"] = [round(side(camera, plan["line"]), 3) for camera in cameras]
            if told["side"][0] * told["side"][1] < 0:
                told["breaks"] += ["axis_crossed"]
        found.append(told)
    return found


def _size(plan: Plan, camera: dict, person: dict) -> float:
    """Pixels that a metre has where a person's head is."""
    depth = project(camera, plan["size"], np.array(person["head"]))[2]
    return float(plan["size"][0] * camera["focal"] / camera["haperture"] / depth)


def _across(plan: Plan, shot: dict, people: dict[str, list]) -> float:
    """Pixels a frame that the walker goes to the right of the picture."""
    frames = people[shot["name"]]
    ends = [
        project(camera, plan["size"], np.array(frame[0]["head"]))[0]
        for camera, frame in ((shot["cameras"][1], frames[0]), (shot["cameras"][-2], frames[-1]))
    ]
    return round(float(ends[1] - ends[0]) / max(1, len(frames) - 1), 3)
