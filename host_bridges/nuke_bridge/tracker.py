"""The table of a Tracker4 as text: the format its files have had since Nuke 8.

Not run in Nuke itself (see the package). 31 columns; the last eleven are Nuke's own and empty.
"""

from __future__ import annotations

import re
from typing import Any, List, Mapping, Sequence

from answerprint_bridge.messages import HOST_REFUSED, WireError

COLUMNS = (
    "5 1 20 enable e 1",
    "3 1 75 name name 1",
    "2 1 58 track_x track_x 1",
    "2 1 58 track_y track_y 1",
    "2 1 63 offset_x offset_x 1",
    "2 1 63 offset_y offset_y 1",
    "4 1 27 T T 1",
    "4 1 27 R R 1",
    "4 1 27 S S 1",
    "2 0 45 error error 1",
    *(
        f"1 1 0 {name} {name} 1"
        for name in (
            *("error_min", "error_max"),
            *(f"{box}_{side}" for box in ("pattern", "search") for side in "xyrt"),
        )
    ),
    *(
        f"2 1 0 {name} {name} 1"
        for name in (
            "key_track",
            *(f"{box}_{side}" for box in ("key_search", "key_track") for side in "xyrt"),
            *(f"key_centre_offset_{side}" for side in "xy"),
        )
    ),
)
BOXES = "-15 -15 15 15 -25 -25 25 25"  # pattern and search, round the point
HEAD = re.compile(r"\s*\{\s*\d+\s+(\d+)\s+(\d+)\s*\}")


def fill(table: Any, tracks: Sequence[Mapping[str, Any]]) -> None:
    """Write tracks into a new Tracker4's table.

    WireError -32020 where the table of this Nuke has other columns, or did not take them.
    """
    head = HEAD.match(str(table.toScript()))
    if head is None or int(head[1]) != len(COLUMNS):
        title = f"This Nuke's Tracker4 has no table of {len(COLUMNS)} columns."
        raise WireError(HOST_REFUSED, title, "Take the tracks from the job's file.")
    columns = "\n".join(f"{{ {each} }}" for each in COLUMNS)
    rows = "\n".join(map(_row, tracks))
    table.fromScript(f"{{ 1 {len(COLUMNS)} {len(tracks)} }}\n{{ {columns} }}\n{{\n{rows}\n}}\n")
    taken = HEAD.match(str(table.toScript()))
    if taken is None or int(taken[2]) != len(tracks):
        title = f"Nuke took {taken[2] if taken else 'none'} of {len(tracks)} tracks."
        raise WireError(HOST_REFUSED, title, "Take the tracks from the job's file.")


def _row(track: Mapping[str, Any]) -> str:
    points = sorted(track["points"])
    first = points[0][0]
    still = f"{{curve K x{first} 0}}"
    soft = [[frame, 1 - confidence] for frame, _, _, confidence in points]
    return " ".join(
        [
            "{",
            f"{{curve K {_keys(_seen(points))}}}",
            _word(str(track["name"])),
            f"{{curve L {_keys([p[0], p[1]] for p in points)}}}",
            f"{{curve L {_keys([p[0], p[2]] for p in points)}}}",
            *(still, still, "1 0 0"),
            f"{{curve L {_keys(soft)}}}",
            *("0 1", BOXES, "{} " * 10 + "{}", "}"),
        ]
    )


def _seen(points: Sequence[Sequence[float]]) -> List[List[float]]:
    """When it is on: 0 from a frame that is not there on, 1 from the next that is."""
    keys: List[List[float]] = []
    frames = [int(each[0]) for each in points]
    for before, frame in zip([None, *frames[:-1]], frames, strict=True):
        if before is not None and frame > before + 1:
            keys.append([before + 1, 0])
        if before is None or frame > before + 1:
            keys.append([frame, 1])
    return [*keys, [frames[-1] + 1, 0]]


def _keys(values: Any) -> str:
    return " ".join(f"x{frame:.10g} {value:.10g}" for frame, value in values)


def _word(name: str) -> str:
    """A name as one word of TCL."""
    return '"' + re.sub(r'([\\\[\]$"{}])', r"\\\1", name) + '"'
