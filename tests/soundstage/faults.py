"""What goes wrong on a shoot, put in on purpose: each with the size that it is given.

    picture   of one frame: exposure, white_balance, tint, contrast, saturation, black_level,
              sharpness, flicker; in scene-linear ACEScg, before the grain, so that grain is its own
              fault and no other one changes it.
    frames    of a shot: duplicate_frames, dropped_frames, flash_frame, black_frame.
    set       thing, key_light: rendered (`dress`), for shadows and occlusion have to be true.
    edit      gap, missing_media, short_handles, mixed_rates: done by `cutting.py`.

A ratio's value is the second shot's over the first's; every other value is second minus first.
"""

from __future__ import annotations

from random import Random
from typing import Any

import cv2
import numpy as np
from soundstage.cameras import project
from soundstage.colour import LUMA, rebalanced

GREY = 0.18
SET = ("thing", "key_light")
PICTURE = (
    "exposure", "white_balance", "tint", "contrast", "saturation", "black_level", "grain",
    "sharpness", "flicker",
)  # fmt: skip
FRAMES = ("duplicate_frames", "dropped_frames", "flash_frame", "black_frame")
EDIT = ("gap", "missing_media", "short_handles", "mixed_rates")
KINDS = (*PICTURE, *SET, *FRAMES, *EDIT)
UNITS = {
    "exposure": "stop", "white_balance": "mired", "tint": "duv", "contrast": "ratio",
    "saturation": "ratio", "black_level": "linear", "grain": "ratio", "sharpness": "px",
    "flicker": "stop", "thing": "px", "key_light": "degree", "duplicate_frames": "frame",
    "dropped_frames": "frame", "flash_frame": "stop", "black_frame": "frame", "gap": "frame",
    "missing_media": "frame", "short_handles": "frame", "mixed_rates": "fps",
}  # fmt: skip

Fault = dict[str, Any]


def draw(kind: str, random: Random, frames: int) -> Fault:
    """A fault of a kind with a size by chance, out of what a check has to find."""
    sign = random.choice((-1, 1))
    inner = random.randint(frames // 3, max(frames // 3, frames - frames // 4 - 2))
    value: float = {
        "exposure": lambda: sign * random.uniform(0.1, 1.0),
        "white_balance": lambda: sign * random.uniform(10, 60),
        "tint": lambda: sign * random.uniform(0.004, 0.012),
        "contrast": lambda: 2 ** (sign * random.uniform(0.15, 0.4)),
        "saturation": lambda: 2 ** (sign * random.uniform(0.3, 0.8)),
        "black_level": lambda: random.uniform(0.004, 0.02),
        "grain": lambda: 2 ** (sign * random.uniform(0.7, 1.6)),
        "sharpness": lambda: random.uniform(1.2, 3.0),
        "flicker": lambda: random.uniform(0.06, 0.2),
        "flash_frame": lambda: random.uniform(0.7, 2.0),
        "dropped_frames": lambda: random.randint(2, 4),
        "gap": lambda: random.randint(8, 24),
        "short_handles": lambda: 2 * random.randint(3, 6),
        "mixed_rates": lambda: 1,
    }.get(kind, lambda: 1)()
    fault = {
        "kind": kind,
        "value": round(value, 5),
        "unit": UNITS[kind],
        "region": None,
        "frame": None,
    }
    if kind in FRAMES:
        fault["frame"] = inner
    return fault


# --- of the set ------------------------------------------------------------------------------


def turn_key(plan: dict[str, Any], fault: Fault, number: int) -> None:
    """The key stands on the other side for this shot."""
    key = plan["shots"][number]["key"]
    fault["value"] = round(2 * (-90 - key["azimuth"]), 3)
    key["azimuth"] = -180 - key["azimuth"]


def change_thing(
    plan: dict[str, Any], fault: Fault, numbers: tuple[int, int], seen: dict, random: Random
) -> bool:
    """Move, add or take away a prop in the second shot; False where none is seen well enough.

    seen   shot -> prop -> {"corners", "seen"}, as the set stood before.
    """
    one, other = (plan["shots"][n] for n in numbers)
    wide = plan["size"][0]
    camera = middle(other)
    fit = []
    for prop in plan["props"]:
        told = [seen[shot["name"]][prop["name"]] for shot in (one, other)]
        box = region(plan, camera, told[1]["corners"])
        free = min(min(each["seen"]) for each in told) > 0.8
        if box and free and 0.01 <= (box[2] - box[0]) / wide <= 0.10:
            fit.append((prop, box))
    ways = ["moved", "gone", "added"]
    random.shuffle(ways)
    random.shuffle(fit)
    for prop, box in fit:
        for way in ways:
            size = (box[2] - box[0]) / wide
            if way != "moved":
                if size > 0.06:
                    continue
                where = other if way == "gone" else one
                where["props"][prop["name"]] = {"gone": True}
                fault.update(
                    value=round(box[2] - box[0], 1), region=box, thing=prop["name"], how=way
                )
                return True
            at = _elsewhere(plan, prop, camera, random)
            if at is None:
                continue
            other["props"][prop["name"]] = {"at": at}
            fault.update(thing=prop["name"], how=way, was=box)
            return True
    return False


def middle(shot: dict[str, Any]) -> dict[str, Any]:
    """The camera of a shot's middle frame."""
    return shot["cameras"][len(shot["cameras"]) // 2]


def _elsewhere(plan: dict, prop: dict, camera: dict, random: Random) -> list[float] | None:
    """A free place for a prop on the table, 1 to 5 % of the picture's width from where it is."""
    others = [np.array(each["at"][:2]) for each in plan["props"] if each is not prop]
    here = np.array(prop["at"])
    for _ in range(60):
        step = np.array([random.uniform(-0.25, 0.25), random.uniform(-0.15, 0.15), 0])
        there = here + step
        if abs(there[0]) > 0.42 or abs(there[1]) > 0.30:
            continue
        if min(np.linalg.norm(there[:2] - each) for each in others) < 0.14:
            continue
        ends = project(camera, plan["size"], np.stack([here, there]))
        if 0.012 <= np.linalg.norm(ends[1, :2] - ends[0, :2]) / plan["size"][0] <= 0.05:
            return [round(float(v), 4) for v in there]
    return None


def region(plan: dict, camera: dict, corners: list) -> list[float] | None:
    """The bounds of a prop in the picture; None where it is not all in it."""
    at = project(camera, plan["size"], np.array(corners))
    if (at[:, 2] < 0.1).any():
        return None
    low, high = at[:, :2].min(0), at[:, :2].max(0)
    if (low < 2).any() or (high > np.array(plan["size"]) - 2).any():
        return None
    return [round(float(v), 1) for v in (*low, *high)]


# --- of a frame ------------------------------------------------------------------------------


def spoil(light: np.ndarray, fault: Fault, frame: int, random: np.random.Generator) -> np.ndarray:
    """A frame with one fault of the picture; `random` is the shot's own for this fault."""
    kind, value = fault["kind"], fault["value"]
    if kind == "exposure":
        return light * np.float32(2**value)
    if kind == "white_balance":
        return light @ rebalanced(value).T.astype(np.float32)
    if kind == "tint":
        return light @ rebalanced(0, value).T.astype(np.float32)
    if kind == "contrast":
        # a power around mid grey, of each channel; what is below zero stays as it is
        return np.where(light > 0, GREY * (np.maximum(light, 1e-9) / GREY) ** value, light)
    if kind == "saturation":
        grey = (light @ LUMA.astype(np.float32))[..., None]
        return grey + (light - grey) * np.float32(value)
    if kind == "black_level":
        return light * np.float32(1 - value) + np.float32(value)
    if kind == "sharpness":
        return defocus(light, value)
    if kind == "flicker":
        # rms `value` over the frames: the mean of squares of a normal is 1
        return light * np.float32(2 ** (value * swings(random, frame)))
    return light


def swings(random: np.random.Generator, frame: int) -> float:
    return float(random.normal(size=frame + 1)[frame])


def defocus(light: np.ndarray, radius: float) -> np.ndarray:
    """A lens out of focus: every point a disc of this radius in pixels, its edge anti-aliased."""
    reach = int(np.ceil(radius)) + 1
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1)
    disc /= disc.sum()
    return cv2.filter2D(light, cv2.CV_32F, disc.astype(np.float32), borderType=cv2.BORDER_REFLECT)
