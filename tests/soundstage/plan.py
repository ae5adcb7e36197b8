"""What a scene is before it is rendered: its set, people, cameras and shots, all from a seed.

A plan is plain JSON: `inside/render.py` renders it, `finish.py` makes media and truth of it.
The faults that light, cameras and props bring are in its shots; those of the picture and the edit
are named in `faults` and done by `finish.py`.
"""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
from soundstage.cameras import moved

RATE = 24
FIRST = 1001
SETS = ("kitchen", "office", "workshop", "courtyard")
ORDER = (
    "master", "over_a", "over_b", "over_a", "over_b", "master",
    "single_a", "single_b", "single_a", "insert",
)  # fmt: skip
KINDS_OF_PROP = ("mug", "bottle", "books", "bowl", "vase", "box", "can")
SLOTS = ((-0.33, -0.20), (-0.02, -0.25), (0.30, -0.20), (-0.30, 0.20), (0.02, 0.08), (0.32, 0.22))
MOVES: dict[str, tuple[float, ...]] = {
    "static": (0.0,),
    "pan": (9.0, -14.0),
    "tilt": (7.0, -7.0),
    "zoom": (0.30, -0.45),
    "roll": (8.0, -6.0),
    "dolly": (0.55, -0.40),
    "hand-held": (0.25, 0.4),
}
"""Usual values of each move, in the units of `cameras.moved`."""

Plan = dict[str, Any]


class Stage:
    """A set with its people and lights, on which shots are planned."""

    def __init__(self, seed: int, name: str | None, frames: int) -> None:
        self.random = Random(f"soundstage {seed}")
        self.seed, self.frames = seed, frames
        chosen = self.random.choice(SETS)
        self.set = name or chosen
        self.stands = self.set == "workshop"
        self.up = 0.42 if self.stands else 0.0
        self.clock = self.random.uniform(0, 20)
        side = self.random.choice((-1, 1))
        self.key = {
            "azimuth": -90 + side * self.random.uniform(38, 62),
            "height": self.random.uniform(32, 46),
        }
        self.light = {
            "ratio": self.random.uniform(3.0, 6.0),
            "warmth": self.random.uniform(0.2, 0.8),
            "strength": self.random.uniform(0.8, 1.3),
        }
        self.setups = self._setups()
        self.props = self._props()

    def _setups(self) -> dict[str, tuple[tuple, tuple, float]]:
        """Name -> eye, target, focal length: the audience's side of the line, -y."""
        up, vary = self.up, self.random.uniform
        head = 1.13 + up
        lens = vary(0.95, 1.06)
        return {
            "master": ((vary(-0.3, 0.3), -3.1, 1.45 + up), (0, 0, 0.92 + up / 2), 25 * lens),
            "two": ((vary(1.2, 1.5), -2.5, 1.5 + up), (-0.1, 0, 0.95 + up / 2), 30 * lens),
            "over_a": ((-1.75, vary(-0.70, -0.56), 1.36 + up), (0.92, 0, head - 0.03), 36 * lens),
            "over_b": ((1.75, vary(-0.70, -0.56), 1.36 + up), (-0.92, 0, head - 0.03), 36 * lens),
            "single_a": ((0.35, vary(-1.15, -1.0), 1.26 + up), (-0.92, 0, head - 0.05), 36 * lens),
            "single_b": ((-0.35, vary(-1.15, -1.0), 1.26 + up), (0.92, 0, head - 0.05), 36 * lens),
            "close_a": ((0.42, -0.85, 1.22 + up), (-0.92, 0, head), 75 * lens),
            "close_b": ((-0.42, -0.85, 1.22 + up), (0.92, 0, head), 75 * lens),
            "insert": ((vary(-0.2, 0.2), -1.15, 1.55 + up / 2), (0, 0, self.table), 38 * lens),
        }

    @property
    def table(self) -> float:
        return 0.90 if self.stands else 0.745

    def _props(self) -> list[dict[str, Any]]:
        kinds = self.random.sample(KINDS_OF_PROP, 6)
        slots = self.random.sample(SLOTS, 6)
        shift = self.random.uniform
        return [
            {"name": kind, "kind": kind,
             "at": [round(x + shift(-0.03, 0.03), 4), round(y + shift(-0.03, 0.03), 4), self.table]}
            for kind, (x, y) in zip(kinds, slots, strict=True)
        ]  # fmt: skip

    def parts(self, talks: str) -> list[dict[str, Any]]:
        """What the two do: they face each other across the table, one of them talks."""
        does = "stand" if self.stands else "sit"
        return [
            {"does": does, "at": [-0.92, 0.0], "facing": -90.0, "seat": 0.47, "speed": 0.0,
             "talks": 0.9 if talks == "a" else 0.25},
            {"does": does, "at": [0.92, 0.0], "facing": 90.0, "seat": 0.47, "speed": 0.0,
             "talks": 0.9 if talks == "b" else 0.25},
        ]  # fmt: skip

    def shot(self, number: int, setup: str, **changes: Any) -> dict[str, Any]:
        """A take of a set-up: a touch of another framing, and time has gone on.

        changes   `eye`, `target`, `focal`, `parts`, `move`, `frames` instead of the set-up's own.
        """
        nudge = self.random.gauss
        frames = changes.get("frames", self.frames)
        eye, target, focal = self.setups.get(setup, (None, None, None))
        eye = [v + nudge(0, 0.008) for v in changes.get("eye", eye)]
        target = [v + nudge(0, 0.010) for v in changes.get("target", target)]
        focal = changes.get("focal", focal)
        move = changes.get("move", {"kind": "static", "value": 0.0})
        talks = "a" if setup.endswith("a") != setup.startswith("over") else "b"
        sways = np.random.default_rng([self.seed, number, 5])
        phase = np.stack([sways.uniform(0, 2 * np.pi, (3, 5)), sways.uniform(0.4, 3.5, (3, 5))], -1)
        made = {
            "name": f"s{10 * number:03d}",
            "setup": setup,
            "scene": "1",
            "clock": round(self.clock, 4),
            "cameras": moved(eye, target, focal, move, frames, RATE, phase),
            "parts": changes.get("parts", self.parts(talks)),
            "props": {},
            "key": dict(self.key),
            "move": move,
        }
        self.clock += frames / RATE + self.random.uniform(0.3, 2.0)
        return made

    def plan(self, mode: str, shots: list[dict[str, Any]]) -> Plan:
        return {
            "seed": self.seed,
            "mode": mode,
            "set": self.set,
            "rate": RATE,
            "figures": [{"name": "ann"}, {"name": "ben"}],
            "props": self.props,
            "light": self.light,
            "line": [[-0.92, 0.0, 0.0], [0.92, 0.0, 0.0]],
            "shots": shots,
            "faults": [],
        }


def scene(seed: int, frames: int, count: int, name: str | None = None) -> Plan:
    """A dialogue at the table, clean: set-ups come back as an editor would cut them."""
    stage = Stage(seed, name, frames)
    shots = [stage.shot(i + 1, ORDER[i % len(ORDER)]) for i in range(count)]
    return stage.plan("scene", shots)


def pair(seed: int, frames: int, same: bool, name: str | None = None) -> Plan:
    """Two shots of one scene: of one set-up, or from two."""
    stage = Stage(seed, name, frames)
    one = stage.random.choice(("master", "two", "over_a", "over_b", "insert"))
    near = {
        "master": ("two", "over_a", "over_b"),
        "two": ("master", "over_b", "over_a"),
        "over_a": ("single_b", "master"),
        "over_b": ("single_a", "master"),
        "insert": ("master", "two"),
    }
    other = one if same else stage.random.choice(near[one])
    return stage.plan("pair", [stage.shot(1, one), stage.shot(2, other)])


def moves(seed: int, frames: int, only: str | None = None, name: str | None = None) -> Plan:
    """A shot for each move of a camera, of one known speed."""
    stage = Stage(seed, name, frames)
    shots = []
    for kind in (only,) if only else (*MOVES, "pan"):
        before = [shot["move"]["value"] for shot in shots if shot["move"]["kind"] == kind]
        value = -before[0] if before else stage.random.choice(MOVES[kind])
        move = {"kind": kind, "value": round(value * stage.random.uniform(0.8, 1.2), 4)}
        setup = stage.random.choice(("master", "two", "over_a", "single_b"))
        shots.append(stage.shot(len(shots) + 1, setup, move=move))
    return stage.plan("moves", shots)
