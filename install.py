#!/usr/bin/env python3
"""Sets Answerprint up: in this checkout, or for a user and his hosts.

    python3 install.py             set up in this checkout only
    python3 install.py demo        ... then match the two sample shots and open the report
    python3 install.py test        ... then check the sources and run the tests
    python3 install.py install     put it into the user's folders and into Nuke, Resolve, Blender
    python3 install.py repair      bring back what is missing there or was changed
    python3 install.py uninstall   take away exactly what was written
    python3 install.py doctor      look at all of it, and say how to mend what does not fit

Any Python from 3.10 on starts it; it finds a Python 3.11, makes `.venv` with it and installs
the tested packages of `constraints.txt` from pip's index (pip's own configuration holds).
Standard library only; what it is made of is in `plugin/installer`.

Every failure says what was found and what to do. Exit status: 1 the set-up failed (or the
doctor found something), 2 a wrong argument, 130 interrupted, else that of what was started.
"""

import sys

if sys.version_info < (3, 10):  # noqa: UP036 - who starts it with an older one must hear of it
    sys.exit(
        f"install.py was started with Python {sys.version_info[0]}.{sys.version_info[1]}; it needs "
        "3.10 or newer. Install Python 3.11 and run: python3.11 install.py"
    )

import argparse
import json
import os
import signal
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "plugin"))

from installer import commands, doctor  # noqa: E402 - not before the version is known
from installer.hosts import HOSTS  # noqa: E402
from installer.places import this_machine  # noqa: E402
from installer.programs import hand_over  # noqa: E402
from installer.rigs import make_rigs  # noqa: E402
from installer.venvs import set_up  # noqa: E402
from installer.words import SetUpError, say  # noqa: E402

HERE_ONLY = ("demo", "test")
FOR_USER = ("install", "repair", "uninstall", "doctor")
CHECKS = ("ruff check .", "ruff format --check .", "mypy")
AT_ONCE = ("-n", "auto", "--maxprocesses", "4", "--dist", "loadfile")
"""How pytest shares the files out: a process takes about 1 GB, for some load torch or Blender."""


def run_tests(python: Path, root: Path, device: str | None, rest: Sequence[str]) -> int:
    """Check the sources, then run pytest whatever they gave, so that its summary comes last."""
    make_rigs(root)
    failed = []
    for name in CHECKS:
        say(name)
        if hand_over([str(python), "-m", *name.split()], root, device):
            failed.append(name)
    say("pytest" + (f" (failed before it: {', '.join(failed)})" if failed else ""))
    words = [str(python), "-m", "pytest", *AT_ONCE, *rest]
    return hand_over(words, root, device) or int(bool(failed))


def host_names(text: str) -> tuple[str, ...]:
    names = tuple(filter(None, text.lower().replace(" ", "").split(",")))
    unknown = [name for name in names if name not in HOSTS]
    if unknown or not names:
        what = f"there is no host '{unknown[0]}'" if unknown else "no host is named"
        raise argparse.ArgumentTypeError(f"{what}; there is: {', '.join(HOSTS)}")
    return names


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="install.py",
        usage="install.py [--device auto|cpu|cuda] [--torch-index URL] [demo|test [ARGUMENT...]]\n"
        "       install.py install [--hosts nuke,resolve,blender] [--prefix DIR] [--python PATH]\n"
        "                  [--offline WHEELS] [--torch-index URL] [--dry-run] [--json]\n"
        "       install.py repair [--prefix DIR] [--offline WHEELS] [--dry-run] [--json]\n"
        "       install.py uninstall [--hosts ...] [--prefix DIR] [--dry-run] [--json]\n"
        "       install.py doctor [--prefix DIR] [--json]",
        description="What follows demo or test goes to it: 'test -k match' runs pytest -k match.",
        allow_abbrev=False,
    )
    made.add_argument("--device", choices=("auto", "cpu", "cuda"), help="where it computes")
    made.add_argument(
        "--torch-index",
        metavar="URL",
        help="the package index that torch alone comes from: chooses its build (CPU, CUDA, ROCm). "
        "Remembered; delete .venv to go back",
    )
    return made


def user_options(made: argparse.ArgumentParser) -> None:
    """What install, repair, uninstall and doctor take besides."""
    made.add_argument("--prefix", type=Path, metavar="DIR", help="another folder for the suite")
    made.add_argument("--json", action="store_true", help="one JSON object on stdout at the end")
    made.add_argument(
        "--hosts", type=host_names, metavar="NAMES", help="nuke, resolve, blender (default: found)"
    )
    made.add_argument("--dry-run", action="store_true", help="say every path, write nothing")
    made.add_argument(
        "--offline", metavar="WHEELS", help="a folder of packages to take instead of an index"
    )
    made.add_argument(
        "--python",
        type=Path,
        metavar="PATH",
        help="the Python of an environment that has Answerprint already; none is made then",
    )


def arguments(argv: Sequence[str]) -> tuple[argparse.Namespace, str, list[str]]:
    """Options, command ('' is set up only) and what goes on to the command."""
    made = parser()
    known = (*HERE_ONLY, *FOR_USER)
    for_user = next((word for word in argv if word in known), "") in FOR_USER
    if for_user:
        user_options(made)
    options, rest = made.parse_known_args(argv)
    command = rest.pop(0) if rest and rest[0] in known else ""
    if rest and (not command or for_user):
        made.error(
            f"'{rest[0]}' is neither a command nor an option"
            + (f" of {command}." if command else f". Commands: {', '.join(known)}.")
        )
    if options.device and command not in HERE_ONLY:
        made.error("--device says where demo or test run; name one of them.")
    if for_user:
        unused = {
            "repair": ("hosts",),
            "uninstall": ("offline", "python", "torch_index"),
            "doctor": ("offline", "python", "torch_index", "hosts", "dry_run"),
        }.get(command, ())
        given = [name for name in unused if getattr(options, name)]
        if given:
            made.error(f"{command} does not take --{given[0].replace('_', '-')}.")
    return options, command, rest


def for_user(options: argparse.Namespace, command: str, root: Path) -> int:
    """install, repair, uninstall and doctor; the exit status."""
    machine = this_machine()
    if command == "doctor":
        prefix = commands.chosen_prefix(options.prefix, root, machine)
        return doctor.run(root, prefix, machine, options.json)
    asked = commands.Asked(
        command=command,
        hosts=options.hosts,
        prefix=options.prefix,
        python=options.python,
        wheels=str(Path(options.offline).resolve()) if options.offline else "",
        torch_index=options.torch_index,
        dry_run=options.dry_run,
        as_json=options.json,
    )
    return commands.run(asked, root, machine)


def here(options: argparse.Namespace, command: str, rest: Sequence[str], root: Path) -> int:
    """The set-up of this checkout, and demo or test in it; the exit status."""
    if commands.is_installed_copy(root):
        raise SetUpError(
            f"{root} is the installed copy, not a checkout.",
            f"It takes: {', '.join(FOR_USER)}. Start demo and test in a download of the suite.",
        )
    python = set_up(root, options.torch_index)
    if command == "demo":
        device = ["--device", options.device] if options.device else []
        return hand_over(
            [str(python), "resources/sample/demo.py", *device, *rest], root, options.device
        )
    return run_tests(python, root, options.device, rest) if command == "test" else 0


def main(argv: Sequence[str], root: Path = HERE) -> int:
    options, command, rest = arguments(argv)
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        if command in FOR_USER:
            return for_user(options, command, root)
        return here(options, command, rest, root)
    except SetUpError as trouble:
        if trouble.detail:
            print(trouble.detail, file=sys.stderr)
        say(f"{trouble.title} {trouble.hint}")
        if getattr(options, "json", False):
            error = {"title": trouble.title, "hint": trouble.hint, "detail": trouble.detail}
            print(json.dumps({"status": "refused", "error": error}))
        return 1
    except BrokenPipeError:  # `--dry-run | head`: who read has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as trouble:
        say(f"{trouble}. Set that right (space, permissions, open programs), then start again.")
        return 1
    except KeyboardInterrupt:
        say("interrupted. What is unfinished is made good at the next start.")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
