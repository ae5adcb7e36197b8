"""`answerprint show ...`: the production's own memory. One line in `VERBS` is one verb.

Each takes --show DIR and --json; where DIR is not named, the nearest folder `answerprint-show` in
the current folder or above it is the show. What a person reads goes to stdout, sentences and
progress to stderr.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from answerprint import verbs
from answerprint.errors import BadInput, BadParameter
from answerprint.events import Events
from answerprint.verbs import Answer, Verb


def parsers(top: argparse.ArgumentParser) -> None:
    """Give the parser of `show` its verbs."""
    top.description = "What was shot, where it was shot, and what can stand for what is missing."
    add = top.add_subparsers(dest="show_verb", required=True, metavar="COMMAND").add_parser
    verbs.parsers(VERBS, add, show=("DIR", "the show (default: the nearest)"))


def run(asked: argparse.Namespace, events: Events) -> Answer:
    _words(asked)
    return VERBS[asked.show_verb].run(asked, _folder(asked), events)


def _words(asked: argparse.Namespace) -> None:
    """Raises BadParameter for an empty path or name: an empty path would mean this folder."""
    for name in ("show", "paths", "clip", "ale", "picture", "cut", "out"):
        said = getattr(asked, name, None)
        if "" in (said if isinstance(said, list) else [said]):
            raise BadParameter(f"'{name}' is empty.", "Give a path or a name.", about=name)


def _folder(asked: argparse.Namespace) -> Path:
    from answerprint.show.store import NAME, nearest

    if asked.show:
        return Path(asked.show)
    found = nearest(Path.cwd())
    if found is None and asked.show_verb != "add":
        raise BadInput(
            f"There is no folder {NAME} in {Path.cwd()} or above it.",
            "Name the show, or make one: answerprint show add DAILIES (--show)",
        )
    return found or Path.cwd() / NAME


# --- add -----------------------------------------------------------------------------------


def _add_flags(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("paths", metavar="PATH", nargs="+", help="folders, movies, sequences")
    verb.add_argument("--workers", metavar="N", type=int, help="processes (default: one a core)")
    verb.add_argument("--ale", metavar="FILE", action="append", default=[], help="a camera report")
    verb.add_argument("--colourspace", metavar="NAME", default="", help="of these clips")
    verb.add_argument(
        "--again", action="store_true", help="measure what is known anew, and what was forgotten"
    )


def _add(asked: argparse.Namespace, folder: Path, events: Events) -> Answer:
    from answerprint.show.add import add, begin

    workers = _workers(asked.workers)
    made = add(
        begin(folder, asked.paths, asked.colourspace),
        asked.paths,
        events,
        workers,
        logs=asked.ale,
        colourspace=asked.colourspace,
        again=asked.again,
    )
    return _told_of(made, folder)


def _told_of(made: Any, folder: Path) -> Answer:
    for path, why in made.failed.items():
        print(f"{path}: {why}", file=sys.stderr)
    for before, now in made.moved:
        print(f"Moved: {before} is {now}.", file=sys.stderr)
    for path in made.left:
        print(f"Left, for it was forgotten: {path}. Add it with --again.", file=sys.stderr)
    for path in made.gone:
        print(
            f"No longer there: {path}. It stays in the show until it is forgotten.", file=sys.stderr
        )
    for note in made.notes:
        print(f"Note: {note}", file=sys.stderr)
    if made.older:
        hint = "Answers stay good; --again measures them anew."
        print(f"{made.older} clips were measured by another version. {hint}", file=sys.stderr)
    print(made.sentence, file=sys.stderr)
    print(f"Show: {folder}", file=sys.stderr)
    return int(made.status == "partial"), {"show": str(folder), **made.as_dict()}


def _workers(asked: int | None) -> int:
    if asked is None:
        return os.cpu_count() or 1
    if asked < 1:
        raise BadParameter(f"workers is {asked}.", "Use 1 or more.", about="workers")
    return asked


# --- what is there -------------------------------------------------------------------------


def _nothing(verb: argparse.ArgumentParser) -> None:
    """A verb that takes nothing of its own."""


def _list(asked: argparse.Namespace, folder: Path, events: Events) -> Answer:
    from answerprint.show.listing import listed
    from answerprint.show.store import open_show

    told = listed(open_show(folder))
    if not asked.json:
        for each in told["clips"]:
            print(_row(each))
    for each in told["checked"]:
        print(f"No clip, but known to checks: {each['path']}", file=sys.stderr)
    print(told["sentence"], file=sys.stderr)
    return 0, told


def _row(clip: dict[str, Any]) -> str:
    said = clip["camera"]
    take = " ".join(f"{name} {said[name]}" for name in ("scene", "take") if name in said)
    frames = f"{clip['first']}-{clip['last']}"
    return f"{clip['id']}  {clip['name']:24}{frames:18}{clip['shots']:4}  {take:20}{clip['path']}"


def _verify(asked: argparse.Namespace, folder: Path, events: Events) -> Answer:
    from answerprint.show.verify import verify

    found = verify(folder, events)
    for damage in found.damages:
        print(f"{damage.what} {damage.hint}", file=sys.stderr)
    for path, became in found.media.items():
        print(f"Note: the media of {path} are {became}.", file=sys.stderr)
    print(found.sentence, file=sys.stderr)
    return int(bool(found.damages)), found.as_dict()


def _rebuild(asked: argparse.Namespace, folder: Path, events: Events) -> Answer:
    from answerprint.show.rebuild import rebuild

    made = rebuild(folder, events, _workers(asked.workers), asked.without_missing)
    return _told_of(made, folder)


def _rebuild_flags(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--without-missing", action="store_true", help="although folders that were added are gone"
    )
    verb.add_argument("--workers", metavar="N", type=int, help="processes (default: one a core)")


def _forget_flags(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "clip", metavar="CLIP", help="its path, name or id; the path of what checks saw"
    )


def _forget(asked: argparse.Namespace, folder: Path, events: Events) -> Answer:
    from answerprint.show.forget import forget
    from answerprint.show.store import open_show

    gone = forget(open_show(folder), asked.clip)
    print(gone.sentence, file=sys.stderr)
    return 0, gone.as_dict()


def _find_flags(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("picture", metavar="PICTURE", help="a still, a movie or a sequence")
    verb.add_argument("--frame", metavar="N", type=int, help="of it (default: the middle one)")
    which = verb.add_mutually_exclusive_group()
    which.add_argument(
        "--place", dest="by", action="store_const", const="place", help="only verified places"
    )
    which.add_argument("--look", dest="by", action="store_const", const="look", help="by colours")
    verb.add_argument("--most", metavar="N", type=int, default=20, help="takes (default: 20)")
    verb.add_argument("--mirrored", action="store_true", help="as a mirror shows it")
    verb.add_argument("--colourspace", metavar="NAME", help="colour space of the picture")
    verb.set_defaults(by="any")


def _find(asked: argparse.Namespace, folder: Path, events: Events) -> Answer:
    from answerprint.show.find import search
    from answerprint.show.store import open_show

    show, which = open_show(folder), (asked.by, asked.most, asked.mirrored)
    told = search(show, asked.picture, asked.frame, *which, asked.colourspace)
    for note in told["notes"]:
        print(f"Note: {note}", file=sys.stderr)
    if not asked.json:
        for hit in told["hits"]:
            frames = f"{hit['shot'][0]}-{hit['shot'][1]}"
            sure = f"{hit['kind']:6}{hit['confidence']:5.2f}"
            print(f"{sure}  {hit['name']:24}{frames:18}{hit['frame']:8}  {hit['why']}")
    print(told["sentence"], file=sys.stderr)
    return 0, {"show": str(folder), **told}


def _gaps_flags(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("cut", metavar="CUT", help="an .otio, .edl, .xml, .aaf, ...")
    verb.add_argument("--out", metavar="DIR", required=True, help="folder for the proposals")
    verb.add_argument("--media", metavar="ROOT", help="a folder below which media is looked for")
    verb.add_argument("--rate", metavar="R", help="frames per second of an EDL")
    verb.add_argument("--colourspace", metavar="NAME", help="colour space of the media")


def _gaps(asked: argparse.Namespace, folder: Path, events: Events) -> Answer:
    from answerprint.check.gaps import gaps
    from answerprint.worker.review import spared

    out = spared(asked.out)
    made = gaps(asked.cut, folder, out, asked.media, asked.rate, asked.colourspace, events)
    for note in made.report["warnings"]:
        print(f"Note: {note}", file=sys.stderr)
    print(made.report["sentence"], file=sys.stderr)
    print(f"Page: {made.outputs['page']}", file=sys.stderr)
    return 0, made.as_dict()


VERBS = {
    "add": Verb("learn every movie and sequence below folders", _add_flags, _add),
    "list": Verb("the clips that it knows", _nothing, _list),
    "verify": Verb("look at every byte for damage", _nothing, _verify),
    "rebuild": Verb("make a damaged show anew from its media", _rebuild_flags, _rebuild),
    "find": Verb("the takes that see what a picture shows", _find_flags, _find),
    "gaps": Verb("what can stand where a cut has no shot", _gaps_flags, _gaps),
    "forget": Verb("remove everything that comes from a clip", _forget_flags, _forget),
}
