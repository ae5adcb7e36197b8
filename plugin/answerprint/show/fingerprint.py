"""The noise and the grain of a camera, by name: what all its takes in the show agree on.

    fingerprints(db)["ARRI ALEXA 35, ISO 800, 4608 x 3164"]
    {"clips": 12, "light": [...], "sigma": [[...], [...], [...]], "uncertainty": [...],
     "size": {"value", "uncertainty", ...}, "correlation": {...}, ...}

A camera is its make and model, and its ISO, where the media or a log say them; else the folder in
which its clips lie. The size of the picture is part of the name, for a reduced picture has other
grain; and so is `movie`, for codecs take noise away.

Convention
    light   levels of scene-linear ACEScg; sigma [R, G, B] by level: median over takes of what each
            take's own curve (`vision/noise.py`) says there, where that take had such light. None
            where no take did.
    uncertainty   one standard error of the median, from the median of the absolute deviations; of
            a single take that of its own curve.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from answerprint.show.learn import unpacked
from answerprint.vision.measured import brief, measured

LIGHT = (0.005, 0.01, 0.02, 0.045, 0.09, 0.18, 0.36, 0.72, 1.44, 2.88)
BEYOND = 1.5
"""How far beyond the light that a take had its curve is still asked, as a factor."""
TO_SIGMA, OF_MEDIAN = 1.4826, 1.2533
"""Of a normal distribution: sigma over the median absolute deviation; the standard error of the
median over that of the mean."""

Noise = dict[str, Any]


def fingerprints(db: sqlite3.Connection) -> dict[str, dict[str, Any]]:
    """Those that the show has, by name."""
    rows = db.execute("SELECT name, told FROM fingerprint ORDER BY name")
    return {name: json.loads(told) for name, told in rows}


def refresh(db: sqlite3.Connection) -> None:
    """Make all fingerprints anew from the takes that are in the show; inside a transaction."""
    of = defaultdict[str, dict[str, list[Noise]]](lambda: defaultdict(list))
    rows = db.execute(
        "SELECT clip.id, path, kind, width, height, camera, passport FROM shot "
        "JOIN clip ON clip.id = shot.clip ORDER BY clip.id, shot.first"
    )
    for clip, path, kind, width, height, camera, passport in rows:
        noise = unpacked(passport)["noise"]
        if noise["value"] is not None:
            named = name_of(json.loads(camera), path, kind, (width, height))
            of[named][clip].append(noise)
    db.execute("DELETE FROM fingerprint")
    for name, clips in of.items():
        told = together([noise for each in clips.values() for noise in each], len(clips))
        db.execute("INSERT INTO fingerprint VALUES (?, ?)", (name, json.dumps(told)))


def name_of(camera: Mapping[str, Any], path: str, kind: str, size: tuple[int, int]) -> str:
    """What the fingerprint of a clip's camera is called."""
    make, model = str(camera.get("make", "")), str(camera.get("model", ""))
    known = model if model.startswith(make) else f"{make} {model}".strip()
    words = [known or Path(path).parent.name or "unknown"]
    if iso := camera.get("iso"):
        words.append(f"ISO {iso:g}")
    words.append(f"{size[0]} x {size[1]}")
    return ", ".join([*words, "movie"] if kind == "movie" else words)


def together(takes: Sequence[Noise], clips: int) -> dict[str, Any]:
    """What several passports' noise agrees on."""
    table = np.array([_sigma(each) for each in takes])  # takes, channels, levels
    sigma = [[_median(table[:, c, k]) for k in range(len(LIGHT))] for c in range(3)]
    alone = np.array([_relative(each) for each in takes])
    error = [[_error(table[:, c, k], alone) for k in range(len(LIGHT))] for c in range(3)]
    how = f"median of {len(takes)} takes of {clips} clips"
    return {
        "clips": clips,
        "takes": len(takes),
        "light": list(LIGHT),
        "sigma": sigma,
        "uncertainty": error,
        **{
            name: _value([each.get(name) for each in takes], own, unit, how)
            for name, own, unit in (
                ("at_grey", alone, "linear"),
                ("size", alone * math.nan, "px"),
                ("correlation", alone * math.nan, ""),
            )
        },
    }


def _sigma(noise: Noise) -> np.ndarray:
    """(3, levels) of one take's curves; nan where it had no such light."""
    low, high = (value or 0.0 for value in noise["range"])
    light = np.array(LIGHT)
    there = (light > low / BEYOND) & (light < high * BEYOND)
    rows = []
    for curve in noise["channels"]:
        a, b, c = (curve[name] or 0.0 for name in "abc")
        variance = a * light + b + c * light**2
        rows.append(np.where(there & (variance > 0), np.sqrt(np.maximum(variance, 0)), np.nan))
    return np.array(rows)


def _relative(noise: Noise) -> float:
    """A take's own standard error of sigma, as a part of it."""
    value, error = noise["value"], noise["uncertainty"]
    return float(error / value) if value and error else math.nan


def _median(values: np.ndarray) -> float | None:
    there = values[np.isfinite(values)]
    return brief(float(np.median(there))) if len(there) else None


def _error(values: np.ndarray, alone: np.ndarray) -> float | None:
    """alone: each take's own standard error, as a part of its value."""
    known = np.isfinite(values)
    there = values[known]
    if len(there) < 2:
        return brief(float(there[0] * alone[known][0])) if len(there) else None
    apart = float(np.median(np.abs(there - np.median(there))))
    return brief(OF_MEDIAN * TO_SIGMA * apart / math.sqrt(len(there)))


def _value(told: Sequence[float | None], alone: np.ndarray, unit: str, how: str) -> dict[str, Any]:
    values = np.array([math.nan if value is None else value for value in told])
    return measured(_median(values), _error(values, alone), unit, how)
