"""What there is to review below a folder, as rows; the same as CSV and as a page to print.

review.csv    one row for each result and finding: `COLUMNS`. UTF-8 with a byte order mark, by which
              spreadsheets know it. A text that a spreadsheet would take for a formula gets an
              apostrophe before it.
review.html   the same by status, with both sides of each result; one file, no scripts, no network.
"""

from __future__ import annotations

import csv
import io
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import jinja2

from answerprint.edit.timecode import count_of
from answerprint.errors import BadInput
from answerprint.frames.gradefiles import timecode
from answerprint.frames.text import write_text
from answerprint.review.decide import Subject, said_in, standing
from answerprint.review.results import Result, Row, below, check_in, results_below
from answerprint.review.sides import Facts, Sides
from answerprint.show.status import Status, range_of, said
from answerprint.show.store import Show

COLUMNS = (
    "shot",
    "what",
    "tool",
    "version",
    "frames",
    "timecode in",
    "timecode out",
    "status",
    "owner",
    "note",
    "date",
    "by",
    "id",
)
GROUPS = ("rejected", "open", "noted", "fixed", "approved", "waived")
"""In the order of the page: what has to be done first."""
_TEMPLATE = Path(__file__).parent / "review.html.j2"
Statuses = Mapping[str, Status]


@dataclass(frozen=True)
class Entry:
    """One thing to decide on. what: 'result', or the kind of a finding. text: a sentence on it."""

    shot: str
    what: str
    tool: str
    version: int | None
    frames: str
    facts: Facts
    text: str
    status: Status
    folder: Path
    result: Result | None = None

    @property
    def id(self) -> str:
        return self.status.id

    @property
    def command(self) -> str:
        """How it is approved on a command line; the name is left to who does it."""
        return f"answerprint approve {self.id} --in {shlex.quote(str(self.folder))} --by NAME"

    def plain(self) -> Row:
        told = {name: getattr(self, name) for name in ("shot", "what", "tool", "version", "frames")}
        status = self.status.plain()
        kept = {name: status[name] for name in ("id", "word", "owner", "by", "at", "note")}
        return (
            told
            | {"timecode": list(self.facts.clocks), "text": self.text, **kept}
            | {"folder": str(self.folder)}
        )


def entries(folder: Path, show: Show | None) -> tuple[list[Entry], list[str]]:
    """Results and findings at or below a folder, and what was damaged, as sentences.

    Raises BadInput where there is neither.
    """
    known: dict[str, Status] = {}
    if show:
        with show.reading() as db:
            known = said(db)
    results, lost = results_below(folder)
    found: list[Entry] = []
    for each in results:
        try:
            found.append(_of_result(each, said_in(each.folder), known))
        except BadInput as refused:
            lost.append(str(refused))
    for each_folder in below(folder):
        try:
            if report := check_in(each_folder):
                found += _of_check(report, each_folder, said_in(each_folder), known)
        except BadInput as refused:
            lost.append(str(refused))
    if not found:
        raise BadInput(
            f"There is no result of a tool and no report of a check in {folder} or below.",
            " ".join(lost) or "Name the folder that a tool or a check wrote into (its --out).",
        )
    return found, lost


def _of_result(result: Result, here: Statuses, show: Statuses) -> Entry:
    """Of what is approved every frame is read again: somebody may have put another in its place."""
    status = standing(Subject(result.id, result.folder, result), here, show)
    if status.word == "approved":
        try:
            result.read_again()
        except BadInput as refused:
            note = f"{refused.title} It was approved by {status.by} on {status.at[:10]}."
            status = replace(status, word="open", by="", note=note)
    with Sides(result) as sides:
        facts = sides.facts()
    return Entry(
        result.shot,
        "result",
        result.tool,
        result.version,
        range_of(result.wanted),
        facts,
        str(result.report.get("sentence", "")),
        status,
        result.folder,
        result,
    )


def _of_check(report: Row, folder: Path, here: Statuses, show: Statuses) -> list[Entry]:
    found, waived = report["findings"], report["waived"]
    return [
        *(_finding(row, report, folder, here, show) for row in found),
        *(_finding(row, report, folder, here, show, waived=True) for row in waived),
    ]


def _finding(
    row: Row,
    report: Row,
    folder: Path,
    here: Statuses,
    show: Statuses,
    waived: bool = False,
) -> Entry:
    status = standing(Subject(row["id"], folder), here, show)
    if waived and status.word != "waived":  # the rules say so, whoever wrote them
        by = row["by"] or "the show's rules"
        status = Status(row["id"], "waived", by=by, at=row["date"], owner=by, note=row["why"])
    first, last = row["range"]
    end = _moved(row["timecode"], last - row["frame"], report["cut"])
    fix = row["fix"] or {}
    return Entry(
        row["mend"] or ", ".join(row["shots"]),
        row["kind"].replace("_", " "),
        fix.get("tool", ""),
        None,
        f"{first}-{last}" if last > first else f"{first}",
        Facts(clocks=(row["timecode"], end)),
        row["text"],
        status,
        folder,
    )


def _moved(clock: str, frames: int, cut: Row) -> str:
    """A timecode some frames on."""
    rate = Fraction(cut["rate"])
    return timecode(count_of(clock, rate, cut["drop"]) + frames, rate, cut["drop"])


# --- files ---------------------------------------------------------------------------------


def write_csv(path: Path, rows: Iterable[Entry]) -> None:
    """Raises CannotWrite."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for each in rows:
        status = each.status
        cells: Sequence[Any] = (
            each.shot,
            each.what,
            each.tool,
            "" if each.version is None else each.version,
            each.frames,
            *each.facts.clocks,
            status.word,
            status.owner,
            status.note,
            status.at[:10],
            status.by,
            each.id,
        )
        writer.writerow([_cell(str(cell)) for cell in cells])
    write_text(path, "\ufeff" + text.getvalue())


def _cell(text: str) -> str:
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def write_page(
    path: Path, rows: Sequence[Entry], title: str, about: Row, pictures: Mapping[Path, Row]
) -> None:
    """pictures: of results by their folder, {"before", "after"} as JPEG in base64, or "" where
    there is none, and {"size"}. Raises CannotWrite."""
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    groups = [(word, [each for each in rows if each.status.word == word]) for word in GROUPS]
    write_text(
        path,
        template.render(
            title=title,
            about=about,
            groups=[(word, found) for word, found in groups if found],
            pictures=pictures,
        ),
    )


def is_ours(path: Path) -> bool:
    """Whether a list or a page was written here, as far as its beginning tells."""
    starts = {".csv": "\ufeff" + ",".join(COLUMNS), ".html": "<!doctype html>"}
    try:
        with open(path, encoding="utf-8") as file:
            begins = file.read(2000)
    except (OSError, UnicodeDecodeError):
        return False
    titled = path.suffix == ".csv" or "<title>Review of " in begins
    return begins.startswith(starts[path.suffix]) and titled


def counted(rows: Sequence[Entry]) -> str:
    """'2 open, 1 approved' in the order of the page."""
    many = ((word, sum(each.status.word == word for each in rows)) for word in GROUPS)
    return ", ".join(f"{count} {word}" for word, count in many if count)
