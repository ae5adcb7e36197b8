"""report.html of a check: a page a script supervisor would want to read, and to print.

One file; pictures lie in it once each, so that it can be sent. No scripts, no fonts, no network.
"""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import jinja2
import numpy as np

from answerprint.check.kinds import KINDS
from answerprint.check.model import Shot, Study
from answerprint.check.plots import drawn
from answerprint.frames import colour
from answerprint.frames.grade import Cdl, Grade
from answerprint.frames.text import write_text

WIDE, CLOSE = 400, 300
"""Pixels across: of a shot's picture, of a region's."""
MOST_CLOSE = 60
"""Findings whose region is shown close."""
_TEMPLATE = Path(__file__).parent / "report.html.j2"

Row = dict[str, Any]
Box = tuple[float, float, float, float]


def write(path: Path, report: Mapping[str, Any], study: Study) -> None:
    """Write the page of a report. Raises CannotWrite where the disk does not take it."""
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["words"] = lambda name: name.replace("_", " ")
    environment.filters["value"] = value_of
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    of = defaultdict[str, list[Row]](list)
    for row in report["findings"]:
        for name in [row["mend"]] if row["mend"] else row["shots"]:
            of[name].append(row)
    shots = {each.name: each for each in study.shots}
    close = dict[str, list[Row]]()
    for row in report["findings"]:
        if row["region"] and row["mend"] in shots and len(close) < MOST_CLOSE:
            close[row["id"]] = _regions(row, study, shots)
    page = template.render(
        report=report,
        of=of,
        kinds=KINDS,
        pictures={name: _picture(shot) for name, shot in shots.items()},
        sizes={name: _height(shot) for name, shot in shots.items()},
        turns={name: turn for turn, name in enumerate(shots)},
        wide=WIDE,
        close=close,
        boxes={row["id"]: _boxes(row, study, shots) for row in report["findings"]},
        plots=drawn(report),
        counts=_counts(report),
        evened=_evened(report["even"], shots),
        after={
            row["shot"]: _picture(shots[row["shot"]], Cdl.of(row["over"]))
            for row in (report["even"] or {}).get("shots", ())
            if row["changed"]
        },
    )
    write_text(path, page)


def _counts(report: Mapping[str, Any]) -> list[tuple[str, int, str]]:
    """Kind, how many, and colour, the most first."""
    many = defaultdict[str, int](int)
    for row in report["findings"]:
        many[row["kind"]] += 1
    return sorted(((k, n, KINDS[k].colour) for k, n in many.items()), key=lambda each: -each[1])


def value_of(row: Mapping[str, Any]) -> str:
    """'+0.42 ± 0.03 stop' of the shot to mend; '' where a finding has no value.

    A row has the second shot minus the first; people ask how the one to mend stands.
    """
    if row["value"] is None:
        return ""
    value, error, unit, signed = row["value"], row["uncertainty"], KINDS[row["kind"]].unit, ""
    if unit == "frame":
        return f"{value:.0f} {unit}{'' if value == 1 else 's'}"
    if KINDS[row["kind"]].family in ("light", "picture"):
        first = len(row["shots"]) == 2 and row["mend"] == row["shots"][0]
        if first and unit == "ratio":
            times = max(1 + value, 1e-6)  # six digits are kept: -1 is rounded
            value, error = 1 / times - 1, error and error / times**2
        elif first:
            value = -value
        signed = "+"
    sigma = f" ± {error:.2g}" if error else ""
    if unit == "ratio" and signed:
        sigma = f" ± {100 * error:.2g}" if error else ""
        return f"{100 * value:+.3g}{sigma} %"
    return f"{value:{signed}.3g}{sigma} {unit}".strip()


# --- pictures ------------------------------------------------------------------------------


def _middle(shot: Shot) -> np.ndarray:
    pictures = shot.pictures()
    numbers = sorted(pictures)
    return pictures[numbers[len(numbers) // 2]][0]


def _height(shot: Shot) -> int:
    return max(1, round(WIDE * shot.size[1] / shot.size[0]))


def _picture(shot: Shot, over: Cdl | None = None) -> str:
    light = _middle(shot)
    light = np.asarray(Grade(over).light(light)) if over else light
    return _coded(light, (WIDE, _height(shot)))


def _evened(even: Row | None, shots: Mapping[str, Shot]) -> dict[str, list[Row]]:
    """Shots by scene, of scenes with more than one."""
    scenes = defaultdict[str, list[Row]](list)
    for row in (even or {}).get("shots", ()):
        if row["shot"] in shots:
            scenes[row["scene"]].append(row)
    return {name: rows for name, rows in scenes.items() if len(rows) > 1}


def _coded(rgb: np.ndarray, size: tuple[int, int]) -> str:
    """A picture through the view, as a JPEG's data."""
    shrinks = rgb.shape[1] > size[0]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    code = colour.through_view(cv2.resize(rgb, size, interpolation=method))
    code = np.rint(np.nan_to_num(code[..., ::-1]) * 255).astype(np.uint8)
    _, data = cv2.imencode(".jpg", code, [cv2.IMWRITE_JPEG_QUALITY, 85])
    return base64.b64encode(data.tobytes()).decode()


# --- regions -------------------------------------------------------------------------------


def _boxes(row: Row, study: Study, shots: Mapping[str, Shot]) -> dict[str, Box]:
    """The region in each shot of a finding, as parts of its picture: x, y, width, height."""
    if not row["region"] or row["mend"] not in shots:
        return {}
    mend = shots[row["mend"]]
    x0, y0, x1, y1 = row["region"]
    width, height = mend.size
    mine = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], float) / (width, height)
    boxes = {mend.name: _around(mine)}
    for name in row["shots"]:
        if name != mend.name and name in shots:
            there = _carried(mine, mend, shots[name], study)
            if there is not None:
                boxes[name] = _around(there)
    return boxes


def _around(corners: np.ndarray) -> Box:
    (x0, y0), (x1, y1) = np.clip(corners.min(0), 0, 1), np.clip(corners.max(0), 0, 1)
    return float(x0), float(y0), float(x1 - x0), float(y1 - y0)


def _carried(at: np.ndarray, here: Shot, there: Shot, study: Study) -> np.ndarray | None:
    """Places (0..1) of one shot in another, where one geometry is known to hold."""
    relation = study.relation(here.name, there.name)
    if relation is None or relation.homography is None:
        return None
    turned = relation.first != here.name
    matrix = np.linalg.inv(relation.homography) if turned else relation.homography
    moved = np.c_[at * _size(here, study, there), np.ones(len(at))] @ matrix.T
    if (moved[:, 2] <= 0).any():
        return None
    return np.asarray(moved[:, :2] / moved[:, 2:] / _size(there, study, here))


def _size(shot: Shot, study: Study, other: Shot) -> tuple[int, int]:
    height, width, _ = _beside(shot, study, other).shape
    return width, height


def _beside(shot: Shot, study: Study, other: Shot | None) -> np.ndarray:
    """The sample of a shot that was compared with the other one, else one from its middle."""
    relation = study.relation(shot.name, other.name) if other else None
    if relation is None or relation.frames is None:
        return _middle(shot)
    return shot.pictures()[relation.frames[relation.first != shot.name]][0]


def _regions(row: Row, study: Study, shots: Mapping[str, Shot]) -> list[Row]:
    """The region in each shot, with as much again around it."""
    found = list[Row]()
    boxes = _boxes(row, study, shots)
    for name in (each for each in row["shots"] if each in boxes):
        x, y, width, height = boxes[name]
        other = next((shots[each] for each in boxes if each != name), None)
        rgb = _beside(shots[name], study, other)
        tall, wide = rgb.shape[:2]
        half = max(width * wide, height * tall, 32) * 1.25
        at = ((x + width / 2) * wide, (y + height / 2) * tall)
        left, top = (max(0, round(each - half)) for each in at)
        part = rgb[top : round(at[1] + half), left : round(at[0] + half)]
        if part.size:
            size = (CLOSE, max(1, round(CLOSE * part.shape[0] / part.shape[1])))
            scale = CLOSE / part.shape[1]
            inner = (x * wide - left, y * tall - top, width * wide, height * tall)
            found.append(
                {
                    "name": name,
                    "data": _coded(np.ascontiguousarray(part), size),
                    "size": size,
                    "box": [round(each * scale, 1) for each in inner],
                }
            )
    return found
