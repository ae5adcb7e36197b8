"""The command line. Flags of a tool come from its declaration; nothing is listed twice.

Exit status: 0 done, 1 partial, 2 refused input, 3 cancelled, 4 our own fault.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import re
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from answerprint import __version__, cli_review, cli_show
from answerprint.catalogue import catalogue
from answerprint.errors import AnswerprintError, BadInput, BadParameter, Cancelled, InternalError
from answerprint.events import Events
from answerprint.tool import Flag, Names, Num, Tool
from answerprint.tools import every


class _Parser(argparse.ArgumentParser):
    """Refuses in our own words, and lets the caller decide how to end."""

    def error(self, message: str) -> NoReturn:
        raise BadParameter(f"{self.prog}: {message}.", f"See: {self.prog} --help")


def parsers() -> tuple[_Parser, dict[str, _Parser]]:
    """The command line's parser, and those of its commands by name."""
    top = _Parser(
        prog="answerprint",
        description="Repairs what a shoot left wrong, from the shoot's own material.",
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"answerprint {__version__}")
    verbs = top.add_subparsers(dest="verb", required=True, metavar="COMMAND")
    listing = verbs.add_parser("tools", help="what there is", allow_abbrev=False)
    listing.add_argument("--json", action="store_true", help="the whole catalogue as JSON")
    for each in every():
        _tool(verbs.add_parser(each.name, help=each.summary, allow_abbrev=False), each)
    again = verbs.add_parser("run", help="repeat a recipe", allow_abbrev=False)
    again.add_argument("recipe", help="a recipe.json")
    again.add_argument("--out", help="another folder (default: the recipe's own)")
    again.add_argument("--frames", metavar="A-B", help="the frames of this range only")
    again.add_argument("--device", help="auto, cpu or cuda (default: as the recipe was made)")
    again.add_argument("--json", action="store_true", help="one JSON object on stdout at the end")
    panel = verbs.add_parser("panel", help="a window for all of this", allow_abbrev=False)
    panel.add_argument("paths", metavar="PATH", nargs="*", help="shots, or one exported cut")
    _check(verbs.add_parser("check", help="what does not match in an edit", allow_abbrev=False))
    _cut(verbs.add_parser("cut", help="make an edit of a finished movie", allow_abbrev=False))
    cli_show.parsers(verbs.add_parser("show", help="what was shot, and where", allow_abbrev=False))
    cli_review.parsers(verbs.add_parser)
    verbs.add_parser("worker", help="serve a host over stdin and stdout", allow_abbrev=False)
    doctor = verbs.add_parser("doctor", help="what fits, what does not", allow_abbrev=False)
    doctor.add_argument("--prefix", metavar="DIR", help="where it was installed, if not as usual")
    doctor.add_argument("--json", action="store_true", help="one JSON object on stdout at the end")
    return top, verbs.choices


def _tool(verb: argparse.ArgumentParser, tool: Tool) -> None:
    verb.description = tool.summary
    verb.add_argument("source", metavar="SOURCE", help="plate.%%04d.exr, a file, folder or movie")
    for name, each in tool.inputs.items():
        verb.add_argument(_flag(name), metavar="PATH", help=each.help)
        verb.add_argument(
            _flag(f"{name}_colourspace"), metavar="NAME", help=f"colour space of the {name}"
        )
        verb.add_argument(
            _flag(f"{name}_frames"), metavar="A-B", default="", help=f"range of the {name}"
        )
    verb.add_argument("--out", metavar="DIR", required=True, help="folder for the results")
    verb.add_argument("--frames", metavar="A-B", default="", help="range to work on")
    verb.add_argument("--colourspace", metavar="NAME", help="colour space of the source")
    verb.add_argument("--name", default="", help="base name of the results (default: the tool's)")
    verb.add_argument("--device", default="auto", help="auto, cpu or cuda")
    verb.add_argument("--json", action="store_true", help="one JSON object on stdout at the end")
    verb.add_argument(
        "--write-frames",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="write result frames, or the side files only",
    )
    for name, (kind, default, control) in tool.controls().items():
        more: dict[str, Any] = {"default": argparse.SUPPRESS, "dest": f"param:{name}"}
        usual = f" (default {default})" if default not in ("", ()) else ""
        more["help"] = (control.help + usual).replace("%", "%%")
        if isinstance(control, Num):
            more |= {"type": _number(kind), "metavar": "N"}
        elif isinstance(control, Flag):
            more["action"] = argparse.BooleanOptionalAction
        elif isinstance(control, Names):
            more |= {"action": "append", "metavar": "NAME"}
        else:
            more["metavar"] = "|".join(control.row(kind).get("choices", ["FRAMES"]))
        verb.add_argument(_flag(name), **more)


def _check(verb: argparse.ArgumentParser) -> None:
    verb.description = (
        "Watches a cut and says what an attentive eye would: shots that do not match their scene, "
        "things that moved, frames and shots that are missing."
    )
    verb.add_argument("cut", metavar="CUT", nargs="?", help="an .otio, .edl, .xml, .aaf, ...")
    verb.add_argument("--out", metavar="DIR", help="folder for the report and the markers")
    verb.add_argument("--kinds", action="store_true", help="list what can be found")
    verb.add_argument("--rate", metavar="R", help="frames per second of an EDL")
    verb.add_argument("--media", metavar="ROOT", help="a folder below which media is looked for")
    verb.add_argument("--colourspace", metavar="NAME", help="colour space of the media")
    verb.add_argument("--rules", metavar="FILE", help="the show's rules (default: beside the cut)")
    verb.add_argument("--only", action="append", metavar="KIND", help="this kind alone")
    verb.add_argument("--previous", metavar="OLD", help="an earlier cut: what changed since")
    verb.add_argument("--even", action="store_true", help="a CDL for each shot, by its scene")
    verb.add_argument("--hero", metavar="SHOT", help="even, and its scene to this shot")
    verb.add_argument("--ungraded", action="store_true", help="do not apply the edit's own CDLs")
    verb.add_argument("--handles", metavar="N", type=_number(int), help="frames of handles wanted")
    verb.add_argument("--show", metavar="SHOW", help="the show: what was decided, what was shot")
    verb.add_argument("--waive", metavar="ID", help="leave this finding from now on; needs --why")
    verb.add_argument("--why", metavar="TEXT", default="", help="why it is waived")
    verb.add_argument("--by", metavar="NAME", help="who waives it (default: your login)")
    verb.add_argument("--json", action="store_true", help="one JSON object on stdout at the end")


def _cut(verb: argparse.ArgumentParser) -> None:
    verb.description = (
        "Finds the cuts, dissolves and fades of a movie, and writes its shots as a cut."
    )
    verb.add_argument("source", metavar="SOURCE", help="a movie, or plate.%%04d.exr, or a folder")
    verb.add_argument("--out", metavar="DIR", required=True, help="folder for cut and report")
    verb.add_argument("--colourspace", metavar="NAME", help="colour space of the source")
    verb.add_argument("--json", action="store_true", help="one JSON object on stdout at the end")


def _number(kind: type) -> Callable[[str], Any]:
    """The number, or the text as it is: the tool refuses it in its own words."""

    def read(text: str) -> Any:
        try:
            return kind(text)
        except ValueError:
            return text

    return read


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _tidy(words: Sequence[str]) -> list[str]:
    """Hyphens for underscores in flags; a range such as -5-10 stays with the flag before it."""
    tidy: list[str] = []
    for word in words:
        if word.startswith("--"):
            flag, equals, value = word.partition("=")
            tidy.append(flag.replace("_", "-") + equals + value)
        elif re.fullmatch(r"-[\d.][\dxe,.-]*", word) and tidy and _lone_flag(tidy[-1]):
            tidy[-1] += f"={word}"
        else:
            tidy.append(word)
    return tidy


def _lone_flag(word: str) -> bool:
    return word.startswith("--") and "=" not in word


def _parsed(given: Sequence[str]) -> argparse.Namespace:
    """The arguments. Raises BadParameter, with the nearest word that there is."""
    top, verbs = parsers()
    words = list(given)
    if words and not words[0].startswith("-"):
        words[0] = words[0].replace("-", "_")
        if words[0] not in verbs:
            raise BadParameter(
                f"There is no command '{given[0]}'.",
                _nearest(words[0], verbs, f"There is: {', '.join(verbs)}."),
            )
    asked, left = top.parse_known_args(words)
    if left:
        known = re.findall(r"--[a-z-]+", verbs[asked.verb].format_help())
        raise BadParameter(
            f"{asked.verb} does not take '{left[0]}'.",
            _nearest(left[0].partition("=")[0], known, f"See: answerprint {asked.verb} --help"),
        )
    return asked


def _nearest(word: str, known: Iterable[str], otherwise: str) -> str:
    near = difflib.get_close_matches(word, list(known), 1)
    return f"Did you mean '{near[0]}'?" if near else otherwise


def main(words: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status."""
    given = _tidy(sys.argv[1:] if words is None else words)
    as_json = "--json" in given
    try:
        status, answer = _run(_parsed(given))
    except AnswerprintError as refused:
        if isinstance(refused, InternalError):
            traceback.print_exc()
        return _ended(_with_flag(refused, given), as_json)
    except Exception as fault:  # noqa: BLE001 - the process boundary
        traceback.print_exc()
        ours = InternalError(
            f"Answerprint failed: {fault}.", "This is our fault; the lines above say where."
        )
        return _ended(ours, as_json)
    if answer is not None and as_json:
        _say(answer)
    return status


def _say(answer: dict[str, Any]) -> None:
    """The one object of --json. A reader that has gone away does not change how the job ended."""
    try:
        print(json.dumps(answer, allow_nan=False), flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _with_flag(refused: AnswerprintError, given: Sequence[str]) -> AnswerprintError:
    """The refusal, with the flag that sets what it is about, where the command has one."""
    verb = parsers()[1].get(given[0].replace("-", "_")) if refused.about else None
    flag = _flag(refused.about)
    if verb and flag in re.findall(r"--[a-z-]+", verb.format_usage()):
        refused.hint += f" ({flag})"
    return refused


def _ended(refused: AnswerprintError, as_json: bool) -> int:
    for text in (refused.title, refused.detail, refused.hint):
        if text:
            print(text, file=sys.stderr)
    if as_json:
        word = {2: "refused", 3: "cancelled", 4: "failed"}[refused.exit_status]
        _say({"status": word, "error": {"code": refused.code} | refused.data()})
    return refused.exit_status


def _run(asked: argparse.Namespace) -> tuple[int, dict[str, Any] | None]:
    if asked.verb == "tools":
        return 0, _list(asked.json)
    if asked.verb == "worker":
        from answerprint.worker.__main__ import main as serve

        serve()
        return 0, None
    if asked.verb == "panel":
        return _panel(asked.paths), None
    if asked.verb == "doctor":
        return _doctor(asked), None
    if asked.verb == "check":
        return _checked(asked)
    if asked.verb == "cut":
        return _made_cut(asked)
    if asked.verb == "show":
        with _Terminal() as events:
            return cli_show.run(asked, events)
    if asked.verb in cli_review.VERBS:
        with _Terminal() as events:
            return cli_review.run(asked, events)
    from answerprint.worker import jobs, order

    if asked.verb == "run":
        made = order.from_recipe(Path(asked.recipe), _folder(asked.out), asked.frames, asked.device)
    else:
        made = _order(asked)
    with _Terminal() as events:
        outcome = jobs.run(made, events, repeat=asked.verb == "run")
    report = outcome.report
    print(report["sentence"], file=sys.stderr)
    for failed in (report["frames"] or {}).get("failed", []):
        print(failed["reason"], file=sys.stderr)
    for warning in report["warnings"]:
        print(f"Note: {warning}", file=sys.stderr)
    print(f"Report: {outcome.outputs['page']}", file=sys.stderr)
    return (1 if outcome.status == "partial" else 0), outcome.as_dict()


def _checked(asked: argparse.Namespace) -> tuple[int, dict[str, Any] | None]:
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

    with _Terminal() as events:
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


def _made_cut(asked: argparse.Namespace) -> tuple[int, dict[str, Any]]:
    from answerprint.check.cutting import cut_movie

    out = _folder(asked.out) or Path()
    with _Terminal() as events:
        outcome = cut_movie(asked.source, out, asked.colourspace, events)
    return _reported(outcome)


def _reported(outcome: Any) -> tuple[int, dict[str, Any]]:
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


def _doctor(asked: argparse.Namespace) -> int:
    """Hands over to install.py, which knows hosts and copies; 0 where all is well."""
    install = Path(__file__).parents[2] / "install.py"
    if not install.is_file():
        raise BadInput(
            f"There is no {install}: Answerprint was not set up by install.py here.",
            "Download Answerprint, then run: python3 install.py doctor",
        )
    words = ["--prefix", asked.prefix] if asked.prefix else []
    words += ["--json"] if asked.json else []
    return subprocess.run([sys.executable, str(install), "doctor", *words]).returncode


def _panel(paths: Sequence[str]) -> int:
    try:
        from answerprint.panel.app import main as panel
    except ModuleNotFoundError as cause:
        raise BadInput(
            "The panel needs PySide6, which is not installed.",
            "Install it with: pip install PySide6-Essentials",
            str(cause),
        ) from cause
    except ImportError as cause:
        raise BadInput(
            "The panel's PySide6 cannot be loaded.",
            "Install the system's library that is missing. On Debian: apt install libegl1 libgl1 "
            "libxkbcommon0 libfontconfig1 libdbus-1-3",
            str(cause),
        ) from cause
    return panel(argv=paths)


def _list(as_json: bool) -> dict[str, Any] | None:
    if as_json:
        found: dict[str, Any] = json.loads(catalogue(every()))
        return found
    for each in every():
        print(f"{each.name:16}{each.summary}")
    return None


def _order(asked: argparse.Namespace) -> Any:
    from answerprint.worker.order import Order, Source

    tool = next(each for each in every() if each.name == asked.verb)
    values = vars(asked)
    inputs = {"source": Source(asked.source, asked.colourspace)}
    for name in tool.inputs:
        if values[name]:
            inputs[name] = Source(
                values[name], values[f"{name}_colourspace"], values[f"{name}_frames"]
            )
    return Order(
        tool=tool.name,
        inputs=inputs,
        out=_folder(asked.out) or Path(),
        params={n[6:]: v for n, v in values.items() if n.startswith("param:")},
        name=asked.name,
        frames=asked.frames,
        device=asked.device,
        write_frames=asked.write_frames,
    )


def _folder(out: str | None) -> Path | None:
    if out == "":
        raise BadParameter("out is ''.", "Name a folder for the results.")
    return None if out is None else Path(out)


class _Terminal(Events):
    """Progress on stderr: a bar on a terminal, else a line now and then. Ctrl-C cancels."""

    def __init__(self) -> None:
        self._stop = False
        self._stage, self._since, self._last = "", 0.0, 0.0
        self._bar = sys.stderr.isatty()

    def __enter__(self) -> _Terminal:
        self._before = {s: signal.signal(s, self._asked) for s in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *exc: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if self._bar and self._stage:
            print(file=sys.stderr)

    def _asked(self, number: int, frame: FrameType | None) -> None:
        if self._stop:
            raise KeyboardInterrupt
        self._stop = True

    def cancelled(self) -> bool:
        return self._stop

    def progress(self, stage: str, done: int, total: int, message: str = "") -> None:
        now = time.monotonic()
        if stage != self._stage:
            self._stage, self._since, self._last = stage, now, 0.0
        if done < total and now - self._last < (0.1 if self._bar else 2.0):
            return
        self._last = now
        spent = now - self._since
        left = (
            f", {spent / done * (total - done):.0f} s left"
            if 0 < done < total and spent > 1
            else ""
        )
        text = f"{stage} {done}/{total}{left}"
        if self._bar:
            filled = round(24 * done / max(total, 1))
            print(f"\r[{'#' * filled}{'.' * (24 - filled)}] {text}\x1b[K", end="", file=sys.stderr)
        else:
            print(text, file=sys.stderr)

    def log(self, level: str, message: str) -> None:
        print(f"{level}: {message}", file=sys.stderr)


def _interrupted() -> int:
    return _ended(Cancelled("Stopped at once."), "--json" in sys.argv)


def entry() -> int:
    """`main`, and a second Ctrl-C ends as a cancel too."""
    try:
        return main()
    except KeyboardInterrupt:
        return _interrupted()


if __name__ == "__main__":
    sys.exit(entry())
