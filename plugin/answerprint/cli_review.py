"""`answerprint review`, `approve`, `reject` and `mark`: look at what was made, and say so.

A sentence goes to stderr, one JSON object to stdout with --json, as the other verbs do.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from answerprint import verbs
from answerprint.errors import BadParameter
from answerprint.events import Events
from answerprint.verbs import Answer, Verb


def parsers(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the verbs: `add` is `add_parser` of the command line's verbs."""
    verbs.parsers(VERBS, add, show=("SHOW", "the show (default: the nearest)"))


def run(asked: argparse.Namespace, events: Events) -> Answer:
    return VERBS[asked.verb].run(asked, events)


def _review_flags(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("folder", metavar="DIR", help="results of tools or checks, at or below it")
    verb.add_argument("--out", metavar="FILE", help="the movie (default: DIR/review.mov)")
    verb.add_argument("--layout", default="side", metavar="side|wipe|ab", help="how both are shown")
    verb.add_argument("--bits", default="8", metavar="8|10", help="10 is ProRes (default 8)")
    verb.add_argument("--width", default="1920", metavar="N", help="pixels (default 1920)")


def _review(asked: argparse.Namespace, events: Events) -> Answer:
    from answerprint.review.movie import review

    made = review(
        asked.folder,
        asked.out,
        asked.show,
        asked.layout,
        _whole(asked.bits, "bits"),
        _whole(asked.width, "width"),
        events,
    )
    print(made.sentence, file=sys.stderr)
    for warning in made.warnings:
        print(f"Note: {warning}", file=sys.stderr)
    if "movie" in made.outputs:
        print(f"Movie: {made.outputs['movie']} ({made.codec})", file=sys.stderr)
    print(f"Page: {made.outputs['page']}", file=sys.stderr)
    return 0, made.as_dict()


def _decide_flags(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("id", metavar="ID", help="of a finding or a result, or a result's folder")
    verb.add_argument("--by", metavar="NAME", default="", help="who says so; nobody is guessed")
    verb.add_argument("--note", metavar="TEXT", default="", help="what there is to say")
    verb.add_argument(
        "--in", metavar="DIR", dest="inside", default=".", help="where to look for it"
    )
    verb.add_argument("--version", metavar="V", help="of a result; another one is refused")
    verb.add_argument("--owner", metavar="NAME", default="", help="whose matter it is")


def _mark_flags(verb: argparse.ArgumentParser) -> None:
    _decide_flags(verb)
    verb.add_argument(
        "--as", metavar="noted|fixed|open", dest="word", default="", help="what it is"
    )


def _decider(word: str) -> Callable[[argparse.Namespace, Events], Answer]:
    def run(asked: argparse.Namespace, events: Events) -> Answer:
        from answerprint.review.decide import decide

        told = decide(
            asked.id,
            word or _marked(asked.word),
            asked.by,
            asked.note,
            asked.inside,
            asked.show,
            None if asked.version is None else _whole(asked.version.lstrip("v"), "version"),
            asked.owner,
        )
        where = f"the show {told['show']}" if told["show"] else "the folder alone: there is no show"
        which = f" (version {told['version']})" if told["version"] is not None else ""
        print(f"{told['id']}{which} is {told['word']}, by {told['by']}.", file=sys.stderr)
        print(f"Written down in {where}.", file=sys.stderr)
        return 0, {"status": "done", "review": told}

    return run


def _marked(word: str) -> str:
    if word not in ("noted", "fixed", "open"):
        if not word:
            raise BadParameter("Say what it is. (--as)", "Use noted, fixed or open.", about="as")
        hint = "Use noted, fixed or open; else: answerprint approve ID, answerprint reject ID."
        raise BadParameter(f"as is '{word}'.", hint)
    return word


def _whole(text: str, name: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise BadParameter(f"{name} is '{text}'.", "Use a whole number.", about=name) from None


VERBS = {
    "review": Verb("before and after as a movie, a list and a page", _review_flags, _review),
    "approve": Verb("say that a result or a fix is taken", _decide_flags, _decider("approved")),
    "reject": Verb("say that it is not, and why", _decide_flags, _decider("rejected")),
    "mark": Verb("say that it is noted, fixed or open again", _mark_flags, _decider("")),
}
