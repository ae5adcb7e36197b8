"""A camera's track as reports and hosts read it.

Convention
    solved   a plan's: `numbers`, `model`, `lens`, `parallax`, and in `track` for each frame its
             `matrix` (3x3, pixel of the frame to that of the reference, top left origin, centres
             at whole numbers), `error` and `residual` in pixels.
    report   the same with centres at .5.
    results  `tracks` and `corner_pin` as hosts take them: lower left origin, centres at .5.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from answerprint.vision import placed, planar, seated

HELD = 0.1
"""Pixels of error at which a track counts half."""


def told(solved: Mapping[str, Any]) -> dict[str, Any]:
    """The track as the report says it: centres of pixels at .5."""
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    back = np.linalg.inv(half)
    transforms = {}
    for row in solved["track"]:
        matrix = planar.scaled(half @ np.array(row["matrix"]) @ back)
        transforms[str(row["frame"])] = np.round(matrix, 9).tolist()
    errors = {str(r["frame"]): r["error"] for r in solved["track"] if "error" in r}
    missed = {str(r["frame"]): r["residual"] for r in solved["track"] if "residual" in r}
    return {
        "reference": solved["numbers"][0],
        "origin": "top left, pixel centres at .5",
        "model": solved["model"],
        "lens_widths": solved["lens"],
        "transforms": transforms,
        "error": errors,
        "residual": missed,
        "parallax": solved["parallax"],
    }


def _sure(row: Mapping[str, Any]) -> float:
    return round(1 / (1 + (row.get("error", 0.0) / HELD) ** 2), 4)


def results(
    solved: Mapping[str, Any], lay: seated.Laid, mine: tuple[int, int], size: tuple[int, int]
) -> list[dict[str, Any]]:
    """The track as points, and where the background's corners go; lower left origin."""
    wide, tall = size
    points = np.array([[x * wide, y * tall] for y in (0.75, 0.25) for x in (0.25, 0.75)]) - 0.5
    names = ("bottom left", "bottom right", "top left", "top right")
    tracks: list[list[list[float]]] = [[] for _ in names]
    pins = []
    to_reference = np.linalg.inv(lay.to_background)
    for row, matrix in zip(solved["track"], lay.to_reference, strict=True):
        back = np.linalg.inv(matrix)
        for track, (x, y) in zip(tracks, planar.moved(back, points), strict=True):
            track.append([row["frame"], round(x + 0.5, 4), round(tall - y - 0.5, 4), _sure(row)])
        corners = planar.moved(back @ to_reference, placed.edges(mine))
        pins.append(
            {
                "frame": row["frame"],
                "points": [[round(x + 0.5, 4), round(tall - y - 0.5, 4)] for x, y in corners],
            }
        )
    theirs = [[0, 0], [mine[0], 0], [mine[0], mine[1]], [0, mine[1]]]
    return [
        {
            "kind": "tracks",
            "tracks": [{"name": n, "points": t} for n, t in zip(names, tracks, strict=True)],
        },
        {"kind": "corner_pin", "from": theirs, "size": list(mine), "corners": pins},
    ]
