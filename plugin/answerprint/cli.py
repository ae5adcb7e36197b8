"""The command line. Flags of a tool come from its declaration; nothing is listed twice.

Exit status: 0 done, 1 partial, 2 refused input, 3 cancelled, 4 our own fault.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import re
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from answerprint import __version__, cli_check, cli_review, cli_show
from answerprint.catalogue import catalogue
from answerprint.errors import AnswerprintError, BadInput, BadParameter, Cancelled, InternalError
from answerprint.terminal import Terminal
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
    cli_check.parsers(verbs.add_parser)
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
    if asked.verb in cli_check.VERBS:
        with Terminal() as events:
            return cli_check.run(asked, events)
    if asked.verb == "show":
        with Terminal() as events:
            return cli_show.run(asked, events)
    if asked.verb in cli_review.VERBS:
        with Terminal() as events:
            return cli_review.run(asked, events)
    from answerprint.worker import jobs, order

    if asked.verb == "run":
        made = order.from_recipe(Path(asked.recipe), _folder(asked.out), asked.frames, asked.device)
    else:
        made = _order(asked)
    with Terminal() as events:
        outcome = jobs.run(made, events, repeat=asked.verb == "run")
    report = outcome.report
    print(report["sentence"], file=sys.stderr)
    for failed in (report["frames"] or {}).get("failed", []):
        print(failed["reason"], file=sys.stderr)
    for warning in report["warnings"]:
        print(f"Note: {warning}", file=sys.stderr)
    print(f"Report: {outcome.outputs['page']}", file=sys.stderr)
    return (1 if outcome.status == "partial" else 0), outcome.as_dict()


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
