"""Makes media of a rendering: lens, faults and grain, then the cut and the truth beside it.

A rendering serves any number of fault lists: what is done here needs no Blender. Grain has the
variance a * light + b in each channel, correlated over neighbouring pixels, the same on every shot
whose grain is no fault.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from soundstage import faults, passes
from soundstage.cameras import project
from soundstage.colour import TO_ACESCG
from soundstage.cutting import write_cut
from soundstage.plan import FIRST
from soundstage.raw import read_raw
from soundstage.shots import save_shot
from soundstage.staged import cuts

GRAIN = {"a": 1.2e-4, "b": 4e-7, "px": 0.6}
"""Variance of a channel, and the deviation in pixels of the blur that correlates neighbours."""
SOFT = 0.55
"""Deviation in pixels of the lens's blur."""
MIDDLE = 0.13
"""Where the log mean of the first frame is exposed to."""


def beauty(path: Path) -> np.ndarray:
    """(H, W, 3) float32: the light of a rendered frame, in ACEScg."""
    pixels, places = read_raw(path)
    picked = [
        next(p for name, p in places.items() if name.endswith(f"Combined.{c}")) for c in "RGB"
    ]
    return pixels[..., picked] @ TO_ACESCG.T.astype(np.float32)


def level(light: np.ndarray) -> float:
    """The log mean of a frame."""
    return float(np.exp(np.log(np.maximum(light.mean(-1), 1e-4)).mean()))


def lens(light: np.ndarray) -> np.ndarray:
    """A good lens: a little soft, with a faint glow around what is bright."""
    soft = cv2.GaussianBlur(light, (0, 0), SOFT)
    return soft * np.float32(0.985) + cv2.GaussianBlur(light, (0, 0), 6.0) * np.float32(0.015)


def grain(light: np.ndarray, random: np.random.Generator, strength: float) -> np.ndarray:
    """The frame with grain on it: `strength` is the factor of its deviation."""
    noise = random.standard_normal(light.shape, np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), GRAIN["px"])
    noise /= np.float32(_kept(GRAIN["px"]))
    deviation = np.sqrt(GRAIN["a"] * np.maximum(light, 0) + GRAIN["b"])
    return light + noise * (deviation * strength).astype(np.float32)


def _kept(sigma: float) -> float:
    """The deviation that blur leaves of white noise."""
    point = np.zeros((33, 33), np.float32)
    point[16, 16] = 1
    return float(np.sqrt((cv2.GaussianBlur(point, (0, 0), sigma) ** 2).sum()))


def finish(
    plan: dict[str, Any], seen: dict[str, Any], out: Path, places: dict[str, Path]
) -> dict[str, Any]:
    """Write <shot>/<shot>.####.exr, cut.otio and truth.json into `out`; the truth.

    seen     where the renderer has props and people (`inside/render.py`).
    places   shot -> the folder of its rendered frames.
    """
    levels = [level(beauty(place / "0000.exr")) for place in places.values()]
    gain = MIDDLE / levels[0]
    told = []
    for number, shot in enumerate(plan["shots"]):
        own = [each for each in plan["faults"] if each["shot"] == number]
        order = playing(len(shot["cameras"]) - 2, own)
        if not any(each["kind"] == "missing_media" for each in own):
            lit = gain
            for fault in own:
                if fault["kind"] == "key_light":  # lit anew, and exposed as the take before
                    lit *= levels[fault["with"]] / levels[number]
            media = frames_of(plan, number, places[shot["name"]], lit, own, order)
            save_shot(out / shot["name"], dict(media))
            for name in plan["passes"]:
                passes.write(name, plan, shot, places[shot["name"]], out, order, gain)
        told.append(shot_truth(plan, shot, seen, order))
    truth = {
        "seed": plan["seed"], "mode": plan["mode"], "set": plan["set"], "rate": plan["rate"],
        "size": plan["size"], "gain": gain, "grain": GRAIN, "line": plan["line"], "shots": told,
        "faults": [fault_truth(plan, each, seen) for each in plan["faults"]],
        "cuts": cuts(plan, seen["people"]),
    }  # fmt: skip
    if plan["mode"] == "grammar":
        truth["faults"] += [
            {"kind": kind, "shots": cut["shots"], "value": cut.get("angle"), "unit": "",
             "region": None, "frame": None}
            for cut in truth["cuts"] for kind in cut["breaks"]
        ]  # fmt: skip
    (out / "truth.json").write_text(json.dumps(truth, indent=1, sort_keys=True) + "\n", "utf-8")
    write_cut(plan, out / "cut.otio", [each["last"] - FIRST + 1 for each in told])
    return truth


def playing(count: int, own: list[dict[str, Any]]) -> list[int]:
    """Which rendered frame each frame of the media is: faults of frames repeat or leave out."""
    order = list(range(count))
    for fault in own:
        at = fault["frame"]
        if fault["kind"] == "duplicate_frames":
            order[at] = order[at - 1]
        elif fault["kind"] == "dropped_frames":
            del order[at : at + int(fault["value"])]
    return order


def frames_of(plan, number: int, folder: Path, gain: float, own: list, order: list[int]):
    """Number and picture of each frame of a shot's media."""
    strength = np.prod([each["value"] for each in own if each["kind"] == "grain"])
    for place, index in enumerate(order):
        light = lens(beauty(folder / f"{index:04d}.exr")) * np.float32(gain)
        for which, fault in enumerate(own):
            if fault["kind"] in faults.PICTURE:
                random = np.random.default_rng([plan["seed"], number, 40 + which])
                light = faults.spoil(light, fault, place, random)
            elif fault["kind"] == "flash_frame" and fault["frame"] == place:
                light = light * np.float32(2 ** fault["value"])
        # a frame that stands twice has the grain of one: the seed is the rendered frame's
        random = np.random.default_rng([plan["seed"], number, 1000 + index])
        picture = grain(light, random, float(strength))
        if any(each["kind"] == "black_frame" and each["frame"] == place for each in own):
            picture = np.zeros_like(picture)
        yield FIRST + place, picture


def shot_truth(plan: dict, shot: dict, seen: dict, order: list[int]) -> dict[str, Any]:
    """What is known of a shot's media, frame by frame; props as its middle frame has them."""
    people, props = seen["people"][shot["name"]], seen["props"][shot["name"]]
    cameras = [shot["cameras"][index + 1] for index in order]
    subjects = []
    for number, figure in enumerate(plan["figures"]):
        rows = [
            _on_screen(plan, camera, people[index][number])
            for camera, index in zip(cameras, order, strict=True)
        ]
        subjects.append(
            {"name": figure["name"], "does": shot["parts"][number]["does"], "frames": rows}
        )
    return {
        "name": shot["name"], "setup": shot["setup"], "scene": shot["scene"], "first": FIRST,
        "last": FIRST + len(order) - 1, "cameras": cameras, "subjects": subjects,
        "move": shot["move"], "key": shot["key"], "rendered": order,
        "props": {name: _prop(plan, shot, name, told) for name, told in props.items()},
    }  # fmt: skip


def _prop(plan: dict, shot: dict, name: str, told: dict) -> dict[str, Any]:
    """Where a prop stands and what of it is seen; its region is None where it is not all there."""
    home = next(each["at"] for each in plan["props"] if each["name"] == name)
    change = shot["props"].get(name, {})
    return {
        "at": change.get("at", home),
        "gone": change.get("gone", False),
        "region": faults.region(plan, faults.middle(shot), told["corners"]),
        "seen": [round(each, 3) for each in told["seen"]],
    }


def _on_screen(plan: dict, camera: dict, person: dict) -> dict[str, Any]:
    """Where a person is in the picture: the head's middle, the foot, metres that the picture's
    height shows there; x and y are None behind the camera."""
    head, foot = (project(camera, plan["size"], np.array(person[k])) for k in ("head", "foot"))
    wide, tall = plan["size"]
    shown = float(head[2] * camera["haperture"] / camera["focal"] * tall / wide)
    before = head[2] > 0.1
    return {
        "head": [round(float(v), 2) for v in head[:2]] if before else None,
        "foot": [round(float(v), 2) for v in foot[:2]] if before and foot[2] > 0.1 else None,
        "depth": round(float(head[2]), 4),
        "shown": round(shown, 4),
        "inside": bool(before and 0 <= head[0] < wide and 0 <= head[1] < tall),
    }


def fault_truth(plan: dict, fault: dict, seen: dict) -> dict[str, Any]:
    """A fault as the truth lists it: shots by name, the frame as the media numbers it."""
    told = {key: value for key, value in fault.items() if key not in ("shot", "with")}
    told["shots"] = [
        plan["shots"][n]["name"] for n in (fault.get("with"), fault["shot"]) if n is not None
    ]
    if fault["frame"] is not None:
        told["frame"] = FIRST + fault["frame"]
    if fault["kind"] == "thing" and fault["how"] == "moved":
        shot = plan["shots"][fault["shot"]]
        camera = faults.middle(shot)
        now = seen["props"][shot["name"]][fault["thing"]]
        box = faults.region(plan, camera, now["corners"])
        was = fault["was"]
        told["region"] = box
        told["seen"] = now["seen"]
        if box:
            step = np.subtract(np.add(box[:2], box[2:]), np.add(was[:2], was[2:])) / 2
            told["value"] = round(float(np.hypot(*step)), 1)
    return told
