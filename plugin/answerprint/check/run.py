"""Check an edit: watch it, compare what belongs together, say what does not match.

    outcome = check("reel2.otio", "notes", media="/shoot/day1", events=events)

Into the folder `out`, each file whole or not at all:

    report.json            what was measured and found (`report.py`)
    report.html            the same to read and to print (`page.py`)
    cut.otio               the cut with a marker on each finding's frame
    cut.edl, cut.*.edl     the same as locators (`edit/locators.py`)
    even.ccc, .otio, .edl  where it was asked for: CDLs that even each scene (`corrected.py`)
    pull.edl, pull.ale     what has to be pulled: shots without media, and with an earlier cut
                           those that it did not cover

What an earlier check wrote there and this one does not goes. Nothing else is written, and nothing
of the cut or its media is changed.
"""

from __future__ import annotations

import difflib
import os
import re
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from answerprint import __version__
from answerprint.check import edit, frames, grammar, light, page, report, things
from answerprint.check.alternates import name_alternates
from answerprint.check.approvals import agree
from answerprint.check.corrected import write_corrected
from answerprint.check.even import Even
from answerprint.check.even import even as even_scenes
from answerprint.check.kinds import KINDS
from answerprint.check.known import Known, from_key, known_as
from answerprint.check.lay import is_card, lay
from answerprint.check.model import Finding, Study
from answerprint.check.ranked import Row, ranked, towards
from answerprint.check.relations import relate
from answerprint.check.rules import Rules, read_rules
from answerprint.check.samples import Samples
from answerprint.check.scenes import scenes
from answerprint.check.watching import watch_cut
from answerprint.edit.compare import Change, compare
from answerprint.edit.cut import Cut, Event, read_cut, read_with_clips
from answerprint.edit.locators import write_locators
from answerprint.edit.marked import write_marked
from answerprint.edit.pulls import HANDLES, to_pull, write_pulls
from answerprint.errors import BadParameter, CannotWrite
from answerprint.events import Events
from answerprint.frames.grade import Cdl
from answerprint.frames.text import write_json
from answerprint.show.shelf import Shelf
from answerprint.show.store import open_show

Find = Callable[[Study], list[Finding]]
FINDERS: tuple[tuple[str, frozenset[str], Find], ...] = (
    ("frames", frozenset({"frames", "picture"}), frames.find),
    ("light", frozenset({"light", "picture"}), light.find),
    ("things", frozenset({"things"}), things.find),
    ("grammar", frozenset({"grammar"}), grammar.find),
)
"""Who finds what: a name for the progress, and families. `edit` is asked beside: it needs rules."""


WRITTEN = r"report\.(json|html)|(cut|even)(\..+)?\.(otio|edl|ccc)|pull\.(edl|ale)"
"""Names of what is written."""


@dataclass(frozen=True)
class Outcome:
    """status: 'done', or 'partial' where shots could not be measured. outputs: paths, by name."""

    status: str
    report: Row
    outputs: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        return {"status": self.status, "report": self.report, "outputs": self.outputs}


def check(
    path: str,
    out: str | os.PathLike[str],
    media: str | None = None,
    rate: str | None = None,
    colourspace: str | None = None,
    kinds: Collection[str] | None = None,
    rules: str | None = None,
    previous: str | None = None,
    hero: str | None = None,
    handles: int | None = None,
    keep: Path | None = None,
    earlier: str | os.PathLike[str] | None = None,
    even: bool = False,
    graded: bool = True,
    show: str | os.PathLike[str] | None = None,
    events: Events | None = None,
) -> Outcome:
    """Check the cut in a file, and write what was found into the folder `out`.

    media, rate, colourspace   of the cut, as for `read_cut`.
    kinds         only these; those that are off by default too.
    rules         a file of rules, else the one beside the cut.
    previous      an earlier cut, to say what changed since.
    hero          the shot that its scene is to be matched, and evened, to.
    handles       frames beyond each cut that the show wants, else as its rules say.
    keep          a folder where passports are kept for the next check, and samples during this.
    earlier       the folder of the last check of this cut, where that was another one: by its
                  report shots are known again, and what is new and gone is told.
    even          even every scene: the hero's to the hero, others to their median.
    show          the folder of the show: its statuses of findings are brought up to this check, and
                  approved fixes that no longer cover their shots are told; what it measured is not
                  measured again, and what it has for missing shots is named.
    graded        whether shots are seen through the CDLs that the edit has on them, in ACEScct.

    Raises BadInput, BadParameter where `out` holds a cut that is given under the name of a result,
    CannotWrite, and Cancelled; what was measured is kept then.
    """
    began, events = time.monotonic(), events or Events()
    spare(out, WRITTEN, path, previous)
    remembered = open_show(show) if show else None
    given = read_rules(path, rules)
    given = given if kinds is None else given.only(kinds)
    given = given if handles is None else given.wanting(handles)
    cut, document, clips = read_with_clips(path, media, rate, None, colourspace, shotless=True)
    if hero is not None:
        _named(hero, cut)
    even = even or hero is not None
    own = [each.id for each in cut.events if each.cdl and not Cdl.of(dict(each.cdl)).neutral]
    if even and own and not graded:
        title = f"The edit has CDLs of its own ({len(own)}), which new ones would replace."
        raise BadParameter(title, "Even it as it is graded.", about="ungraded")
    changes = None
    if previous is not None:
        changes = compare(read_cut(previous, media, rate, None, colourspace), cut)
    folder = made_folder(out)
    here = report.last(folder)
    before = here if earlier is None else report.last(Path(earlier))
    with Samples(keep, events.check) as samples:
        laid = lay(cut, document)
        shelf = Shelf(remembered) if remembered else None
        seen = watch_cut(cut, laid.hidden, samples, keep, events, graded, shelf)
        watched = time.monotonic() - began

        def told(done: int, total: int) -> None:
            events.check()
            events.progress("compare", done, total)

        relations = relate(seen.shots, told)
        study = Study(cut, seen.shots, relations, scenes(seen.shots, relations), laid, seen.failed)
        findings = _found(study, given, events)
        if hero is not None:
            findings = towards(findings, hero, study)
        known = known_as(cut.events, [*_earlier(before), *_waivers(given)])
        rows = ranked(study, findings, given, known)
        if graded:
            _without_fixes(rows.shown, own)
        references: list[Row] = []
        if remembered:
            references, unseen = name_alternates(remembered, study, clips, rows.shown, events)
            study.said.extend(unseen)
        shots = report.shots(study, seen.failed, known)
        of = {row["name"]: row for row in shots}
        for row in rows.shown:
            row["command"] = report.command(row, of)
        marks = report.markers(rows.shown)
        said = list(write_marked(cut, document, clips, marks, folder / "cut.otio"))
        lists = write_locators(cut, document, clips, marks, folder, "cut")
        pulled = _to_pull(cut, laid.hidden, changes, given)
        pulls = write_pulls(cut, pulled, folder, "pull", given.handles or HANDLES)
        made = ("report.json", "report.html", "cut.otio", *lists.files, *pulls.files)
        evened = _evened(study, hero, events) if even else None
        if evened and evened.shots:
            corrected = write_corrected(evened, cut, document, clips, folder)
            made += corrected.files
            said += [*evened.said, *corrected.warnings]
        lost = [r for r in shots if not (r["passport"] or r["hidden"] or is_card(r["clip"]))]
        since = _since(before, rows.shown, given, graded, lost)
        agreed = remembered and agree(remembered, cut, rows.shown, rows.waived, since)
        idle = [f"The waiver {each} fits nothing any more." for each in rows.idle]
        whole: Row = {
            "schema": report.SCHEMA,
            "answerprint": __version__,
            "status": "partial" if lost else "done",
            "sentence": " ".join(
                [
                    report.sentence(shots, study.scenes, rows.shown, len(lost)),
                    *([evened.sentence] if evened else []),
                    *([agreed.sentence] if agreed and agreed.sentence else []),
                ]
            ),
            "cut": report.of_cut(cut),
            "rules": {**given.plain(), "within": rows.within},
            "hero": hero,
            "graded": graded,
            "shots": shots,
            "scenes": [report.scene(each) for each in study.scenes],
            "relations": [report.relation(r) for r in relations.values() if r.kind != "none"],
            "findings": rows.shown,
            "waived": rows.waived,
            "since": since,
            "statuses": agreed.statuses if agreed else {},
            "approvals": agreed.short if agreed else None,
            "references": references,
            "even": evened and {"hero": hero, "shots": [each.plain() for each in evened.shots]},
            "changes": None if changes is None else [each.plain() for each in changes],
            "files": list(made),
            "warnings": _once(
                [
                    *cut.warnings,
                    *laid.said,
                    *study.said,
                    *_seen_through(own, graded),
                    *_without_hero(hero, seen.failed),
                    *said,
                    *lists.warnings,
                    *pulls.warnings,
                    *idle,
                ]
            ),
            "timings": {
                "watch_seconds": round(watched, 2),
                "total_seconds": round(time.monotonic() - began, 2),
            },
        }
        events.progress("write", 0, 1)
        page.write(folder / "report.html", whole, study)
        write_json(folder / "report.json", whole)
        _clear(folder, here, made)
        events.progress("write", 1, 1)
    outputs = {"dir": str(folder), "files": [str(folder / name) for name in made]}
    names = {"report": "report.json", "page": "report.html", "cut": "cut.otio"}
    outputs |= {key: str(folder / name) for key, name in names.items()}
    return Outcome(whole["status"], whole, outputs)


def _found(study: Study, rules: Rules, events: Events) -> list[Finding]:
    """What every family finds; one whose kinds are all off is not asked."""
    found = edit.find(study, rules.handles)
    on = {KINDS[kind].family for kind in KINDS if rules.level(kind) != "off"}
    asked = [(name, find) for name, families, find in FINDERS if on & families]
    for done, (name, find) in enumerate(asked):
        events.check()
        events.progress("find", done, len(asked), name)
        found += find(study)
    events.progress("find", len(asked), len(asked))
    return found


def _evened(study: Study, hero: str | None, events: Events) -> Even:
    def told(done: int, total: int) -> None:
        events.check()
        events.progress("even", done, total)

    return even_scenes(study, hero, told)


def _seen_through(own: Collection[str], graded: bool) -> list[str]:
    """What is to be said of the CDLs that the edit has."""
    if not own:
        return []
    if not graded:
        return [f"The CDLs that the edit has on {len(own)} shots were left out."]
    many = "1 shot was" if len(own) == 1 else f"{len(own)} shots were"
    return [f"{many} seen through the CDL that the edit has on it, in ACEScct (else: --ungraded)."]


def _without_hero(hero: str | None, failed: Mapping[str, str]) -> list[str]:
    if hero is None or hero not in failed:
        return []
    return [f"The hero {hero} could not be measured; nothing is matched to it: {failed[hero]}"]


def _without_fixes(rows: list[Row], own: Collection[str]) -> None:
    """A match of the media itself is no fix for shots that the edit has graded."""
    for row in rows:
        fix = row["fix"]
        if fix and fix["tool"] == "match" and set(fix["inputs"].values()) & set(own):
            row["fix"] = None


def _to_pull(
    cut: Cut, hidden: Collection[str], changes: list[Change] | None, rules: Rules
) -> list[Event]:
    """Shots without media; beside an earlier cut, what had not been pulled for that."""
    if changes is None:
        wanted = [each for each in cut.events if each.media is None]
    else:
        wanted = to_pull(changes, rules.handles or HANDLES)
    return [each for each in wanted if each.id not in hidden and not is_card(each.name)]


def _clear(folder: Path, before: Row | None, made: Collection[str]) -> None:
    """Remove what an earlier check listed as its own here."""
    for name in (before or {}).get("files", ()):
        if name not in made and name == os.path.basename(name):
            (folder / name).unlink(missing_ok=True)


def _once(said: list[str]) -> list[str]:
    return list(dict.fromkeys(said))


def _earlier(before: Row | None) -> list[Known]:
    rows = before["shots"] if before else []
    return [from_key(r["known"]["key"], tuple(r["known"]["source"])) for r in rows]


def _waivers(rules: Rules) -> list[Known]:
    return [known for each in rules.waived for known in each.known]


def _since(
    before: Row | None, shown: list[Row], rules: Rules, graded: bool, lost: list[Row]
) -> Row | None:
    """What is new and what is gone since the last check, of kinds that both looked for.

    lost   rows of shots that could not be measured now: what was seen on them is not gone, nor is
           anything where one check saw the grades and the other did not. What is read off the edit
           is known all the same.
    """
    if before is None:
        return None
    blind = {each["known"]["key"] for each in lost}
    unseen = {row["name"] for row in before["shots"] if row["known"]["key"] in blind}
    as_graded = before.get("graded", graded) == graded
    then = before["rules"]["levels"]
    both = {k for k in KINDS if "off" not in (then.get(k, "off"), rules.level(k))}
    old, new = (
        {row["id"] for row in rows if row["kind"] in both} for rows in (before["findings"], shown)
    )
    kept = {
        row["id"]
        for row in before["findings"]
        if row["kind"] in both
        and KINDS[row["kind"]].family != "edit"
        and unseen & set(row["shots"])
    }
    gone = old - new - kept if as_graded else set[str]()
    return {"new": sorted(new - old), "gone": sorted(gone)}


def _named(hero: str, cut: Cut) -> None:
    names = [each.id for each in cut.events]
    if hero not in names:
        near = difflib.get_close_matches(hero, names, 1)
        hint = f"Did you mean '{near[0]}'?" if near else "Name a shot as the report does."
        raise BadParameter(f"There is no shot '{hero}' in {cut.name}.", hint, about="hero")


def spare(out: str | os.PathLike[str], written: str, *given: str | None) -> None:
    """Raises BadParameter where a file that is given lies in `out` under the name of a result, as
    `written`, a regular expression, has them: the result would take its place."""
    folder = Path(os.path.abspath(os.path.expanduser(out)))
    for path in filter(None, given):
        named = os.path.abspath(os.path.expanduser(path))
        for place in map(Path, (named, os.path.realpath(named))):
            ours = re.fullmatch(written, place.name, re.IGNORECASE)
            if ours and place.exists() and folder.is_dir() and place.parent.samefile(folder):
                title = f"{path} is a cut that was given: the result would take its place."
                raise BadParameter(title, "Choose another folder.", about="out")


def made_folder(out: str | os.PathLike[str]) -> Path:
    """The folder `out`, made where it is not there. Raises CannotWrite."""
    folder = Path(os.path.abspath(os.path.expanduser(out)))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as why:
        hint = "Choose another folder, or ask for the right to write there."
        title = f"The report cannot be written to {folder}."
        raise CannotWrite(title, hint, why.strerror or str(why), about="out") from why
    return folder
