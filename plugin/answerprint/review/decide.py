"""Say of a finding or a result that it is approved, rejected, noted, fixed or open again.

    decide("3f2a90c1b7de", "approved", by="Ines", note="", inside="fixes", show="answerprint-show")

It is written beside the result first (`signed.py`), which keeps runs off it; then into the show's
ledger and table, and both or neither have it; then into its report: `review`, and of a result
`disclosure.signed_off`. Where there is no show, the folder alone knows it. Nobody is guessed, and
nothing is removed, whatever is decided.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from answerprint.errors import BadInput, BadParameter
from answerprint.frames.text import write_json
from answerprint.review import signed
from answerprint.review.results import Result, Row, below, check_in, result_in, results_below
from answerprint.show.status import (
    Status,
    decision,
    from_plain,
    key_of,
    key_of_version,
    last,
    range_of,
    record,
)
from answerprint.show.store import Show, nearest, open_show

WORDS = ("approved", "rejected", "noted", "fixed", "open")
"""What a person says here. A waiver belongs into the show's rules, which `check` reads."""
SHORTEST = 4
"""Characters of an id by which something is approved: fewer are a slip of the hand."""


@dataclass(frozen=True)
class Subject:
    """What is decided on: a result, or a row of a check's report in a folder."""

    id: str
    folder: Path
    result: Result | None = None

    @property
    def digest(self) -> str:
        return self.result.digest if self.result else ""

    @property
    def version(self) -> int | None:
        return self.result.version if self.result else None

    @property
    def key(self) -> str:
        """As `Status.key`: each version of a result is decided on by itself."""
        return key_of_version(self.id, self.version)


def show_of(named: str | None, beside: Path) -> Show | None:
    """The show that is named, else the nearest to what lies in `beside` or to where one stands;
    None where there is none. Raises BadInput, Damaged, BadParameter where these are two."""
    if named:
        return open_show(named)
    here, there = nearest(Path.cwd()), nearest(beside.absolute())
    if here and there and not here.samefile(there):
        title = f"{beside} belongs to the show {there}, and you stand in that of {here}."
        raise BadParameter(title, "Name the one that is meant.", about="show")
    found = there or here
    return open_show(found) if found else None


def decide(
    what: str,
    word: str,
    by: str,
    note: str = "",
    inside: str = ".",
    show: str | None = None,
    version: int | None = None,
    owner: str = "",
) -> dict[str, Any]:
    """Decide on a finding or a result; the status, as plain data, with `folder` and `show`.

    what      its id or the beginning of it, or the folder of a result.
    inside    a folder; what is decided on lies in it or below.
    show      the show's folder, else the nearest (`show_of`).
    version   of a result: refused where it is another one; tells versions of one id apart.

    Raises BadParameter where nobody is named, where a rejection has no reason, and for an id that
    is not there, is there twice or is too short to approve; where an approval would be lifted
    without a reason; BadInput where the frames are not those of the run, and where nobody can tell
    what was decided in the folder.
    """
    if word not in WORDS:
        hint = f"Use {', '.join(WORDS)}; a finding is waived by: answerprint check --waive ID."
        raise BadParameter(f"Nobody can say '{word}' here.", hint)
    asked = decision(Status(what, word, by=by, note=note, owner=owner))  # refuse before looking
    subject = _subject(what, Path(inside).expanduser(), version)
    short = len(what) < SHORTEST and subject.id.startswith(what) and subject.id != what
    if word == "approved" and short:
        title = f"'{what}' is too short to approve {subject.id} by."
        raise BadParameter(title, f"Give {SHORTEST} characters of the id, or all.")
    found = show_of(show, subject.folder)
    with signed.locked(subject.folder):
        with signed.or_as_before(subject.folder), _open(found) as desk:
            if word == "approved" and subject.result:
                subject.result.read_again()
            here = said_in(subject.folder).get(subject.id)
            before = last(desk.db, subject.id, subject.version) if desk else here
            _keep_approval(word, here, before and before.about(subject.digest))
            made = decision(replace(asked, id=subject.id, owner=owner), before)
            if subject.result:
                made = _of_result(made, subject.result)
            if desk:
                places = (subject.result.source, subject.result.pattern) if subject.result else ()
                made = replace(made, places=tuple(key_of(desk.db, each) for each in places))
                record(desk, made)
            signed.add(subject.folder, made.plain() | {"places": []})  # before the ledger has it
        _into_report(subject, made)
    return made.plain() | {
        "folder": str(subject.folder),
        "show": str(found.folder) if found else None,
    }


def _keep_approval(word: str, *before: Status | None) -> None:
    for each in before:
        if each and each.word == "approved" and word not in ("approved", "rejected"):
            title = f"{each.id} is approved, by {each.by} on {each.at[:10]}."
            raise BadParameter(title, "Reject it first, with the reason.")


def standing(subject: Subject, here: Mapping[str, Status], show: Mapping[str, Status]) -> Status:
    """The status of a finding, or of a result as its frames are now; open where nothing is known.

    here    the last word by id in its folder (`said_in`).
    show    the show's last words by key (`status.said`), which go before. A result whose folder
            does not say its version is known by its frames.
    """
    of = "result" if subject.result else "finding"
    found = show.get(subject.key)
    if subject.result and not subject.result.numbered:
        same = [each for each in show.values() if each.id == subject.id]
        found = next((each for each in same[::-1] if each.digest == subject.digest), found)
    return (found or here.get(subject.id) or Status(subject.id, of=of)).about(subject.digest)


def said_in(folder: Path) -> dict[str, Status]:
    """The last word on each id by what lies in a folder. Raises BadInput."""
    return {each["id"]: from_plain(each) for each in signed.decisions(folder)}


@contextlib.contextmanager
def _open(show: Show | None) -> Iterator[Any]:
    if show is None:
        yield None
        return
    with show.writing() as desk:
        yield desk


def _of_result(made: Status, result: Result) -> Status:
    return replace(
        made,
        of="result",
        tool=result.tool,
        version=result.version,
        frames=range_of(result.told),
        digest=result.digest,
    )


# --- what is meant -------------------------------------------------------------------------


def _subject(what: str, inside: Path, version: int | None) -> Subject:
    there = _named(what, inside)
    if version is not None:
        fits = [each for each in there if each.result and each.result.version == version]
        if there and not fits:
            has = sorted({f"{each.result.version}" for each in there if each.result})
            hint = f"There is version {', '.join(has)}." if has else "It is a finding."
            raise BadParameter(f"{what} has no version {version}.", hint, about="version")
        there = fits
    if not there:
        raise BadParameter(
            f"There is no finding and no result '{what}' in {inside.absolute()} or below.",
            "Name the folder it lies in (--in), or the folder of the result itself; "
            "answerprint review DIR lists what there is.",
        )
    if len(there) > 1:
        listed = "; ".join(f"{each.id} in {each.folder}" for each in there[:4])
        title = f"'{what}' can be {len(there)} things: {listed}."
        raise BadParameter(title, "Give the whole id, its folder, or --version.")
    return there[0]


def _named(what: str, inside: Path) -> list[Subject]:
    if not what:
        return []
    folder = Path(what).expanduser()
    if os.path.isdir(folder) and (result := result_in(folder.absolute())):
        return [Subject(result.id, result.folder, result)]
    inside = inside.absolute()
    found = [
        Subject(each.id, each.folder, each)
        for each in results_below(inside)[0]
        if each.id.startswith(what)
    ]
    for each in below(inside):
        for row in _rows(each):
            if row["id"].startswith(what):
                found.append(Subject(row["id"], each))
    return found


def _rows(folder: Path) -> list[Row]:
    """Of a check's report; none of a damaged one, which the review tells of."""
    try:
        report = check_in(folder)
    except BadInput:
        return []
    return [*report["findings"], *report["waived"]] if report else []


# --- the report ----------------------------------------------------------------------------


def _into_report(subject: Subject, made: Status) -> None:
    """`review` in the report. What hosts ask of a version, `signed_off`, only an approval sets.

    The report is as old afterwards as it was: of a frame that several parts tell of, the newest
    counts.
    """
    path = subject.folder / "report.json"
    try:
        was = path.stat()
        report = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as why:
        raise BadInput(f"{path} cannot be read.", "Run the tool again.", str(why)) from why
    told = {name: made.plain()[name] for name in ("word", "by", "owner", "note", "at", "version")}
    if subject.result:
        report["review"] = told
        signed_off = {"name": made.by, "at": made.at, "note": made.note}
        disclosure = report.setdefault("disclosure", {})
        disclosure["signed_off"] = signed_off if made.word == "approved" else None
    else:
        report["review"] = {**report.get("review", {}), subject.id: told}
    write_json(path, report)
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))
