# SPDX-License-Identifier: GPL-3.0-or-later
"""How a job stands and what became of its results, in words and Blender's icons."""

from __future__ import annotations

from typing import Any, List, Mapping, Tuple

from answerprint_bridge.checking import BETWEEN, as_mended
from answerprint_bridge.messages import CANCELLED, WireError
from answerprint_bridge.results import Answer
from answerprint_bridge.session import Run

Line = Tuple[str, str]
"""An icon's name and a text."""

ICONS = {"done": "CHECKMARK", "degraded": "INFO", "spare": "DOT", "refused": "CANCEL"}
PLACES = {  # by what the adapter's references begin with
    "node": "in the compositor",
    "strip": "in the sequencer",
    "image": "as an image",
    "clip": "as a movie clip",
    "mask": "as a mask",
    "object": "in the scene",
    "marker": "on the timeline",
    "text": "as a text",
}
NAMES = {"cdl": "CDL", "lut": "LUT", "stmap": "ST map", "grade": "Balance"}


def of_kind(kind: str) -> str:
    return NAMES.get(kind, kind.replace("_", " ").capitalize())


def of_answer(answer: Answer) -> Line:
    """What became of one result."""
    name, became = of_kind(answer.kind), of_kind(answer.became).lower()
    text = {
        "done": f"{name}: placed{_where(answer)}",
        "degraded": f"{name}: placed as {became}{_where(answer)}. {answer.why}",
        "spare": f"{name}: not needed. {answer.why}",
        "refused": f"{name}: not placed. {answer.why}",
    }[answer.status]
    return ICONS[answer.status], text.strip()


def _where(answer: Answer) -> str:
    """Where to look for it: it may be another editor than the one the job was started in."""
    kinds = {ref.partition(":")[0] for ref in answer.items}
    return "".join(f", {words}" for kind, words in PLACES.items() if kind in kinds)


def of_error(error: WireError) -> List[Line]:
    """An end that was not asked for: what it was, then what to do now."""
    icon = "INFO" if error.code == CANCELLED else "ERROR"
    told = [(icon, error.title), ("NONE", error.detail), ("NONE", error.hint)]
    return [(icon, text) for icon, text in told if text]


def of_progress(stage: str, done: int, total: int, left: float | None) -> str:
    """'Solving 3 of 6, 12 s left'."""
    text = stage.replace("_", " ").capitalize() or "Starting"
    if total > 1:
        text += f" {done} of {total}"
    return text if left is None or round(left) < 1 else f"{text}, {seconds(left)} left"


class Progress:
    """The last that was said of how far something is."""

    def __init__(self) -> None:
        self.stage, self.done, self.total = "", 0, 0
        self.left: float | None = None

    def moved(self, told: Mapping[str, Any]) -> None:
        self.stage, self.done, self.total = told["stage"], told["done"], told["total"]
        self.left = told.get("eta_s")

    @property
    def fraction(self) -> float:
        return self.done / self.total if self.total else 0.0

    def text(self) -> str:
        return of_progress(self.stage, self.done, self.total, self.left)


def seconds(left: float) -> str:
    """'40 s', '3 min 20 s'."""
    minutes, rest = divmod(round(left), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def of_run(run: Run) -> List[Line]:
    """What the tool says of its result, what became of it, what else to know.

    What another result says too (`spare`) is left out.
    """
    said = [("NONE", run.report.get("sentence", ""))]
    warnings = [("INFO", text) for text in run.report.get("warnings", ())]
    answers = [of_answer(each) for each in run.answers if each.status != "spare"]
    return [each for each in (*said, *answers, *warnings) if each[1]]


def of_value(finding: Mapping[str, Any]) -> str:
    """'-0.32 stop' of the shot to mend, '' where there is none. Its text says how sure it is."""
    value, unit = as_mended(finding)[0], finding["unit"]
    if value is None:
        return ""
    if unit == "frame":
        return f"{value:.0f} {unit}{'' if value == 1 else 's'}"
    between = finding["family"] in BETWEEN
    if between and unit == "ratio":
        value, unit = 100 * value, "%"
    return f"{value:{'+' if between else ''}.2g} {unit}".strip()
