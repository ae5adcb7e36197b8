"""A result on disk as a run leaves it: known frames, twice the light of their plate."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import shots
from pictures import save

from answerprint.frames.text import write_json
from answerprint.review.decide import decide
from answerprint.review.summary import entries
from answerprint.show.store import Show
from answerprint.worker import render
from answerprint.worker.order import Order, Source, to_recipe

SIZE = (18, 32)
TAGS = shots.TAGS | {"framesPerSecond": ("rational", (24, 1))}


def light(number: int) -> float:
    """Of a frame's plate: another one each frame, a dozen of them."""
    return 0.02 * 1.3 ** ((number - 1001) % 12)


def plate(folder: Path, numbers: list[int], size: tuple[int, int] = SIZE, **how: Any) -> str:
    """Flat frames: their pattern."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        picture = np.full((*size, 3), light(number), np.float16)
        save(folder / f"{folder.name}.{number:04d}.exr", picture, **TAGS | how)
    return str(folder / f"{folder.name}.%04d.exr")


def result(source: str, out: Path, frames: str = "", params: dict[str, Any] | None = None) -> Path:
    """The folder of a result of a tool 'double', with recipe, report and frames."""
    out.mkdir(parents=True, exist_ok=True)
    made = shots.render_frames(source, out, frames=frames)
    ends = sorted({*made.sources, *made.missing})
    facts: dict[str, Any] = {
        "looked_at": {},
        "colour": {"config": "studio"},
        "models": {},
        "device_class": "cpu",
        "solved": {},
        "ranges": {"source": ",".join(map(str, sorted(made.sources)))},
        "frame_hashes": made.sources,
    }
    order = Order("double", {"source": Source(source)}, out, params or {}, 1, "r", frames)
    write_json(out / "recipe.json", to_recipe(order, facts))
    report = {
        "schema": "answerprint.report/1",
        "sentence": f"Twice the light of {len(ends)} frames.",
        "frames": render.summary(made),
        "files": [],
        "disclosure": {"signed_off": None},
    }
    write_json(out / "report.json", report)
    return out


def check(
    out: Path, rows: list[dict[str, Any]], waived: list[dict[str, Any]] | None = None
) -> Path:
    """The folder of a check with these findings; each needs an id."""
    out.mkdir(parents=True, exist_ok=True)

    def whole(row: dict[str, Any]) -> dict[str, Any]:
        usual = {"kind": "exposure", "shots": ["a", "b"], "mend": "b", "frame": 4, "range": [4, 9]}
        usual |= {"timecode": "01:00:00:04", "fix": {"tool": "match"}, "text": "b is darker."}
        return usual | row

    report = {
        "schema": "answerprint.check/1",
        "cut": {"rate": "24", "drop": False},
        "findings": [whole(row) for row in rows],
        "waived": [whole(row) for row in waived or ()],
    }
    write_json(out / "report.json", report)
    return out


def say(out: Path, word: str, by: str = "Ines", note: str = "", **more: Any) -> dict[str, Any]:
    """Decide on the result in a folder."""
    return decide(str(out), word, by, note, **more)


def word_of(folder: Path, show: Show | None = None) -> str:
    """How the only thing below a folder stands."""
    (row,) = entries(folder, show)[0]
    return row.status.word
