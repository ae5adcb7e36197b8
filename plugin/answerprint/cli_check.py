"""`answerprint check` and `answerprint cut`: look at an edit, and make one of a movie.

A sentence goes to stderr, one JSON object to stdout with --json, as the other verbs do.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from answerprint import verbs
from answerprint.errors import BadInput, BadParameter
from answerprint.events import Events
from answerprint.verbs import Answer, Verb


def parsers(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the verbs: `add` is `add_parser` of the command line's verbs."""
    verbs.parsers(VERBS, add, colourspace=("NAME", "colour space of the pictures"))


def run(asked: argparse.Namespace, events: Events) -> Answer:
    return VERBS[asked.verb].run(asked, events)


def _check_flags(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("cut", metavar="CUT", nargs="?", help="an .otio, .edl, .xml, .aaf, ...")
    verb.add_argument("--out", metavar="DIR", help="folder for the report and the markers")
    verb.add_argument("--kinds", action="store_true", help="list what can be found")
    verb.add_argument("--rate", metavar="R", help="frames per second of an EDL")
    verb.add_argument("--media", metavar="ROOT", help="a folder below which media is looked for")
    verb.add_argument("--rules", metavar="FILE", help="the show's rules (default: beside the cut)")
    verb.add_argument("--only", action="append", metavar="KIND", help="this kind alone")
    verb.add_argument("--previous", metavar="OLD", help="an earlier cut: what changed since")
    verb.add_argument("--even", action="store_true", help="a CDL for each shot, by its scene")
    verb.add_argument("--hero", metavar="SHOT", help="even, and its scene to this shot")
    verb.add_argument("--ungraded", action="store_true", help="do not apply the edit's own CDLs")
    verb.add_argument("--handles", metavar="N", type=_whole, help="frames of handles wanted")
    verb.add_argument("--show", metavar="SHOW", help="the show: what was decided, what was shot")
    verb.add_argument("--waive", metavar="ID", help="leave this finding from now on; needs --why")
    verb.add_argument("--why", metavar="TEXT", default="", help="why it is waived")
    verb.add_argument("--by", metavar="NAME", help="who waives it (default: your login)")


def _cut_flags(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("source", metavar="SOURCE", help="a movie, or plate.%%04d.exr, or a folder")
    verb.add_argument("--out", metavar="DIR", required=True, help="folder for cut and report")


def _whole(text: str) -> Any:
    """The number, or the text as it is: the check refuses it in its own words."""
    try:
        return int(text)
    except ValueError:
        return text


def _check(asked: argparse.Namespace, events: Events) -> Answer:
    if asked.kinds:
        return 0, _kinds(asked.json)
    for name, what in (("cut", "Name an exported cut."), ("out", "Name a folder for the report.")):
        if not getattr(asked, name):
            raise BadParameter(f"check has no {name}.", what, about=name)
    if asked.waive:
        return 0, _waive(asked)
    from answerprint.check.run import check
    from answerprint.worker.cache import cache_folder
    from answerprint.worker.review import spared

    outcome = check(
        asked.cut,
        spared(asked.out),
        media=asked.media,
        rate=asked.rate,
        colourspace=asked.colourspace,
        kinds=asked.only,
        rules=asked.rules,
        previous=asked.previous,
        hero=asked.hero,
        handles=asked.handles,
        even=asked.even,
        graded=not asked.ungraded,
        show=asked.show,
        keep=cache_folder("passports"),
        events=events,
    )
    return _reported(outcome)


def _cut(asked: argparse.Namespace, events: Events) -> Answer:
    from answerprint.check.cutting import cut_movie
    from answerprint.worker.review import spared

    if not asked.out:
        raise BadParameter("out is ''.", "Name a folder for the results.")
    return _reported(cut_movie(asked.source, spared(asked.out), asked.colourspace, events))


def _reported(outcome: Any) -> Answer:
    print(outcome.report["sentence"], file=sys.stderr)
    for warning in outcome.report["warnings"]:
        print(f"Note: {warning}", file=sys.stderr)
    print(f"Report: {outcome.outputs['page']}", file=sys.stderr)
    return (1 if outcome.status == "partial" else 0), outcome.as_dict()


def _kinds(as_json: bool) -> dict[str, Any] | None:
    from answerprint.check.kinds import KINDS

    if as_json:
        return {"kinds": [vars(each) for each in KINDS.values()]}
    for each in KINDS.values():
        print(f"{each.name:18}{each.family:9}{each.unit:7}{each.level:6}{each.help}")
    return None


def _waive(asked: argparse.Namespace) -> dict[str, Any]:
    from answerprint.check import report, rules

    told = report.last(Path(asked.out))
    if told is None:
        title = f"There is no report of a check in {asked.out}."
        raise BadInput(title, "Check the cut first.", about="out")
    path = Path(asked.rules) if asked.rules else rules.rules_beside(asked.cut)
    made = rules.waive(path.expanduser(), told, asked.waive, asked.why, asked.by)
    print(f"{made.id} is waived in {path}; the next check leaves it.", file=sys.stderr)
    return {"status": "done", "waived": made.id, "rules": str(path)}


VERBS = {
    "check": Verb(
        "what does not match in an edit",
        _check_flags,
        _check,
        "Watches a cut and says what an attentive eye would: shots that do not match their scene, "
        "things that moved, frames and shots that are missing.",
    ),
    "cut": Verb(
        "make an edit of a finished movie",
        _cut_flags,
        _cut,
        "Finds the cuts, dissolves and fades of a movie, and writes its shots as a cut.",
    ),
}
