#!/usr/bin/env python3
"""Sets Answerprint up in this checkout, and starts what is asked for.

    python3 install.py           set up only
    python3 install.py demo      set up, then match the two sample shots and open the report
    python3 install.py test      set up, then check the sources and run the tests

Any Python from 3.10 on starts it; it finds a Python 3.11, makes `.venv` with it and installs
the tested packages of `constraints.txt` from pip's index (pip's own configuration holds).
`.venv/.state` notes how far it came: a set-up that was interrupted or is out of date is made
good, a finished one costs nothing. Standard library only.

Every failure says what was found and what to do. Exit status: 1 the set-up failed, 2 a wrong
argument, 130 interrupted, else that of what was started.
"""

import sys

if sys.version_info < (3, 10):  # noqa: UP036 - who starts it with an older one must hear of it
    sys.exit(
        f"install.py was started with Python {sys.version_info[0]}.{sys.version_info[1]}; it needs "
        "3.10 or newer. Install Python 3.11 and run: python3.11 install.py"
    )

import argparse
import contextlib
import errno
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

HERE = Path(__file__).resolve().parent
PYTHON = (3, 11)
MODULES = ("torch", "cv2", "OpenImageIO", "PyOpenColorIO", "av")

# Measured on Linux with the CPU build of torch: .venv 1.4 GB, downloads 0.3 GB. How much more a
# CUDA build takes is the index's secret, so a disk that it fills is explained when it happens.
SPACE = {"venv": 2.5e9, "temporary": 0.5e9}

BUILDING, UNCHECKED, READY = "building", "unchecked", "ready"


class SetUpError(Exception):
    """The set-up cannot go on: what was found, what to do now, and what the programs said."""

    def __init__(self, title: str, hint: str, detail: str = "") -> None:
        super().__init__(title)
        self.title, self.hint, self.detail = title, hint, detail


def say(text: str) -> None:
    print(f"Answerprint: {text}", file=sys.stderr, flush=True)


PROBE = """
import importlib.util, json, sys
print(json.dumps({
    "python": getattr(sys, "_base_executable", sys.executable),
    "version": list(sys.version_info[:3]),
    "lacks": [f"the module {m}" for m in ("venv", "ensurepip") if not importlib.util.find_spec(m)]
    + ["64-bit addresses"] * (sys.maxsize < 2**32),
}))
"""

GET_PYTHON = {
    "win32": "winget install Python.Python.3.11",
    "darwin": "brew install python@3.11",
    "linux": "apt install python3.11 python3.11-venv (Debian 12), or: pyenv install 3.11",
}


def candidates(platform: str, environ: Mapping[str, str], running: str) -> list[list[str]]:
    """Commands that may start a Python 3.11, in the order they are tried; some may not exist."""
    home = Path(environ.get("USERPROFILE" if platform == "win32" else "HOME", "."))
    found = [[running], ["python3.11"]]
    if platform == "win32":
        found += [["py", "-3.11"]]
        pyenv, tail = home / ".pyenv/pyenv-win", "python.exe"
    else:
        pyenv, tail = Path(environ.get("PYENV_ROOT") or home / ".pyenv"), "bin/python3.11"
    found += [[str(p)] for p in sorted(pyenv.glob(f"versions/3.11*/{tail}"), reverse=True)]
    if platform == "darwin":
        framework = "/Library/Frameworks/Python.framework/Versions/3.11"
        for folder in ("/opt/homebrew", "/usr/local", framework):
            found += [[f"{folder}/bin/python3.11"]]
    return found


def probe(command: Sequence[str]) -> dict[str, Any] | None:
    """What a Python says of itself; None where the command does not start one."""
    try:
        asked = subprocess.run(
            [*command, "-I", "-c", PROBE], capture_output=True, stdin=subprocess.DEVNULL, timeout=60
        )
        answer = json.loads(asked.stdout) if asked.returncode == 0 else None
    except (OSError, subprocess.TimeoutExpired, ValueError):
        return None  # not there, or (a shim, a shop's wrapper) not a Python
    return answer if isinstance(answer, dict) else None


def find_python(platform: str, commands: Sequence[Sequence[str]]) -> dict[str, Any]:
    """The first whole 64-bit Python 3.11 among the commands.

    Raises SetUpError that says which was nearest, what it lacks and how to get that.
    """
    found = [answer for answer in map(probe, commands) if answer]
    right = [each for each in found if tuple(each["version"][:2]) == PYTHON]
    whole = [each for each in right if not each["lacks"]]
    if whole:
        return whole[0]
    if right:
        raise SetUpError(
            f"{right[0]['python']} lacks {' and '.join(right[0]['lacks'])}.",
            "Install what is missing with: apt install python3.11-venv (Debian, Ubuntu), or use a "
            "64-bit Python 3.11 from python.org or pyenv. Then start install.py again.",
        )
    how = GET_PYTHON.get(platform, GET_PYTHON["linux"])
    seen = sorted({".".join(map(str, each["version"])) for each in found})
    raise SetUpError(
        f"No Python 3.11 was found on this machine (found: {', '.join(seen) or 'none'}).",
        f"Install it with: {how}. Then start install.py again.",
    )


def venv_python(venv: Path, platform: str = sys.platform) -> Path:
    return venv / ("Scripts/python.exe" if platform == "win32" else "bin/python")


def read_state(venv: Path) -> dict[str, str] | None:
    """What the last set-up noted; None where there was none."""
    try:
        noted = json.loads((venv / ".state").read_text("utf-8"))
    except FileNotFoundError:
        return None
    except ValueError:
        noted = None
    return noted if isinstance(noted, dict) else {"stage": BUILDING}


def write_state(venv: Path, state: Mapping[str, str]) -> None:
    fresh = venv / ".state.new"
    fresh.write_text(json.dumps(state, indent=1) + "\n", "utf-8")
    os.replace(fresh, venv / ".state")


def wanted_state(root: Path, noted: Mapping[str, str] | None, torch_index: str | None) -> dict:
    """What a finished set-up notes. Without a torch index now, the one used before holds."""
    files = [(root / name).read_bytes() for name in ("pyproject.toml", "constraints.txt")]
    if torch_index is None:
        torch_index = (noted or {}).get("torch_index", "")
    return {
        "stage": READY,
        "where": str(root),  # scripts in a venv carry its path: one that was moved is broken
        "torch_index": torch_index,
        "pins": hashlib.sha256(b"\0".join(files)).hexdigest(),
    }


def what_is_due(venv: Path, noted: Mapping[str, str] | None, wanted: Mapping[str, str]) -> str:
    """'nothing', 'check' (packages are in), 'packages' (out of date) or 'everything'.

    Raises SetUpError where `.venv` is somebody else's: it is never written to or deleted.
    """
    if noted is None:
        if venv.is_dir() and {each.name for each in venv.iterdir()} - {".lock", ".state.new"}:
            raise SetUpError(
                f"{venv} is there already and was not made by install.py.",
                "Move it away or delete it, then start install.py again.",
            )
        return "everything"
    same_place = all(noted.get(key) == wanted[key] for key in ("where", "torch_index"))
    if noted["stage"] == BUILDING or not same_place or not venv_python(venv).exists():
        return "everything"
    if noted.get("pins") != wanted["pins"]:
        return "packages"
    return "nothing" if noted["stage"] == READY else "check"


@contextlib.contextmanager
def alone(venv: Path) -> Iterator[int]:
    """Wait until no other set-up of this checkout runs; yields the file that holds the turn.

    The turn belongs to whoever has that file open. pip is started with it (not on Windows), so
    a pip that outlives a killed install.py is waited for and not written over.
    """
    venv.mkdir(exist_ok=True)
    with open(venv / ".lock", "a", encoding="utf-8") as handle:
        if not take_turn(handle, wait=False):
            say("another set-up of this checkout is running; waiting for it to end.")
            while not take_turn(handle, wait=True):
                pass
        yield handle.fileno()


def take_turn(handle: IO[str], wait: bool) -> bool:
    """Whether the turn is ours now. With `wait` it is (Windows gives up after ten seconds)."""
    try:
        if sys.platform == "win32":
            import msvcrt

            handle.seek(0)
            msvcrt.locking(handle.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as refused:
        if refused.errno not in (errno.EAGAIN, errno.EACCES, errno.EDEADLK):
            raise
        return False
    return True


def environment(device: str | None = None) -> dict[str, str]:
    """Ours, less what would lead the venv's Python or its pip elsewhere."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    kept["PIP_USER"] = "0"
    if device:
        kept["ANSWERPRINT_DEVICE"] = device
    return kept


def run_step(command: Sequence[str], turn: int, cwd: Path) -> tuple[int, list[str]]:
    """Run a program to its end; its exit status and all it said. On a terminal the line it is
    at is shown. It does not outlive an interruption.
    """
    said: list[str] = []
    with subprocess.Popen(
        command,
        cwd=cwd,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        pass_fds=() if sys.platform == "win32" else (turn,),
    ) as child:
        assert child.stdout
        try:
            for line in child.stdout:
                said.append(line.rstrip())
                if sys.stderr.isatty():
                    print(f"\r  {said[-1].strip()[:74]:74}", end="", file=sys.stderr, flush=True)
        except BaseException:
            child.kill()
            raise
    if sys.stderr.isatty():
        print(f"\r{'':76}\r", end="", file=sys.stderr, flush=True)
    return child.returncode, said


def require_space(venv: Path) -> None:
    """Raises SetUpError where the checkout's disk or the temporary folder is too full."""
    for folder, needed in ((venv, SPACE["venv"]), (tempfile.gettempdir(), SPACE["temporary"])):
        free = shutil.disk_usage(folder).free
        if free < needed:
            raise SetUpError(
                f"{folder} has {free / 1e9:.1f} GB free; the set-up needs {needed / 1e9:.1f} GB.",
                "Free some there, clone to another disk, or let TMPDIR name another folder.",
            )


def make_venv(venv: Path, turn: int) -> None:
    """Empty `.venv` of what an earlier set-up left, and make it anew."""
    running = getattr(sys, "_base_executable", sys.executable)
    chosen = find_python(sys.platform, candidates(sys.platform, os.environ, running))["python"]
    for each in set(venv.iterdir()) - {venv / ".lock", venv / ".state"}:
        if each.is_dir() and not each.is_symlink():
            shutil.rmtree(each)
        else:
            each.unlink()
    require_space(venv)
    say(f"making {venv} with {chosen}")
    status, said = run_step([chosen, "-I", "-m", "venv", str(venv)], turn, venv.parent)
    if status:
        hint = "Set right what the lines above name, then start install.py again."
        raise SetUpError(f"Making {venv} failed (exit {status}).", hint, "\n".join(said[-15:]))


PIP_FAULTS = (
    (
        r"No space left on device|Errno 28\b|WinError 112\b",
        "The disk filled up while packages were installed.",
        "The CPU build of torch takes 1.4 GB (--torch-index chooses the build), CUDA builds "
        "several times that. Free some space here and in the temporary folder (TMPDIR)",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLError",
        "pip does not trust the certificate of the package index.",
        "Let PIP_CERT name your site's certificate file",
    ),
    (
        r"NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout|ProxyError"
        r"|Max retries exceeded|Connection (refused|reset|aborted)|Network is unreachable",
        "The package index cannot be reached.",
        "Check the network and HTTPS_PROXY, or let PIP_INDEX_URL name your site's mirror",
    ),
    (
        r"No matching distribution found for (?P<what>\S+)",
        "The package index has no {what} for this machine.",
        "Check that the index (pip config list, --torch-index) is complete and carries packages "
        "for this system",
    ),
)


def explain_pip(status: int, said: Sequence[str]) -> SetUpError:
    """pip's failure in a sentence, with pip's own last lines."""
    text, tail = "\n".join(said), "\n".join(said[-15:])
    for pattern, title, hint in PIP_FAULTS:
        found = re.search(pattern, text)
        if found:
            title = title.format(**found.groupdict())
            return SetUpError(title, hint + ", then start install.py again.", tail)
    hint = "Set right what the lines above name, then start install.py again."
    return SetUpError(f"pip failed (exit {status}).", hint, tail)


def install_packages(root: Path, torch_index: str, turn: int) -> None:
    """The tested packages, and this checkout itself as an editable package.

    A torch index takes torch's pin away: that index decides, the tested version is asked for
    first. torch's own needs may come from there too; the second step brings them to the pins.
    """
    python = str(venv_python(root / ".venv"))
    install = [python, "-I", "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
    constraints = root / "constraints.txt"
    if torch_index:
        pins = constraints.read_text("utf-8").splitlines()
        tested = next(line for line in pins if line.startswith("torch=="))
        say(f"installing {tested} from {torch_index}")
        status, said = run_step([*install, "--index-url", torch_index, tested], turn, root)
        if status and any("No matching distribution found for torch==" in line for line in said):
            say(f"{tested}, the tested version, is not there; taking that index's newest torch")
            status, said = run_step([*install, "--index-url", torch_index, "torch"], turn, root)
        if status:
            raise explain_pip(status, said)
        constraints = root / ".venv" / "constraints.txt"
        constraints.write_text("\n".join(line for line in pins if line != tested) + "\n", "utf-8")
    say("installing the tested packages (a few minutes the first time)")
    status, said = run_step([*install, "-c", str(constraints), "-e", ".[test]"], turn, root)
    if status:
        raise explain_pip(status, said)


LIBRARIES = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgomp.so.1": "libgomp1",
    "libstdc++.so.6": "libstdc++6",
}


def explain_import(module: str, status: int, said: Sequence[str]) -> SetUpError:
    """Why an installed module does not load, and what to install."""
    title, text = f"The installed package {module} does not load.", "\n".join(said)
    hint = "Delete .venv, then start install.py again; if that does not help, report these lines."
    missing = re.search(r"(lib[\w.+-]+\.so[.\d]*): cannot open shared object file", text)
    if missing:
        library, package = missing.group(1), LIBRARIES.get(missing.group(1))
        title = f"{module} needs the system library {library}, which is missing."
        hint = f"apt install {package}" if package else f"install the package of {library}"
        hint = f"As root: {hint} (names of Debian, Ubuntu). Then start install.py again."
    elif "DLL load failed" in text or "[WinError 126]" in text or "[WinError 1114]" in text:
        hint = "Run: winget install Microsoft.VCRedist.2015+.x64. Then start install.py again."
    return SetUpError(title, hint, "\n".join(said[-5:]) or f"exit {status}")


def check_modules(root: Path, turn: int) -> None:
    """Load each binary package once: what it misses of the system shows only then."""
    for module in MODULES:
        command = [str(venv_python(root / ".venv")), "-I", "-c", f"import {module}"]
        status, said = run_step(command, turn, root)
        if status:
            raise explain_import(module, status, said)


def set_up(root: Path, torch_index: str | None = None) -> Path:
    """Bring `.venv` in `root` to what `pyproject.toml` and `constraints.txt` ask for.

    Returns its Python. Raises SetUpError; what is unfinished then is noted as such.
    """
    venv = root / ".venv"
    noted = read_state(venv)
    if what_is_due(venv, noted, wanted_state(root, noted, torch_index)) == "nothing":
        return venv_python(venv)
    with alone(venv) as turn:
        noted = read_state(venv)
        wanted = wanted_state(root, noted, torch_index)
        due = what_is_due(venv, noted, wanted)
        if noted and due != "nothing":
            say(f"the set-up is {'unfinished' if noted['stage'] != READY else 'out of date'}")
        if due in ("everything", "packages"):
            write_state(venv, wanted | {"stage": BUILDING})
            if due == "everything":
                make_venv(venv, turn)
            install_packages(root, wanted["torch_index"], turn)
            write_state(venv, wanted | {"stage": UNCHECKED})
        if due != "nothing":
            say("checking that the packages load")
            check_modules(root, turn)
            write_state(venv, wanted)
            say("set up.")
    return venv_python(venv)


def hand_over(command: Sequence[str], root: Path, device: str | None) -> int:
    """Run a program with our terminal; its exit status (128 + signal where one ended it).

    A terminal sends Ctrl-C to it as well: after the first it has the time to end its own way.
    """
    with subprocess.Popen(command, cwd=root, env=environment(device)) as child:
        try:
            status = child.wait()
        except KeyboardInterrupt:
            child.wait()
            raise
        finally:
            if child.poll() is None:
                child.terminate()
    return status if status >= 0 else 128 - status


CHECKS = ("ruff check .", "ruff format --check .", "mypy")


def run_tests(python: Path, root: Path, device: str | None, rest: Sequence[str]) -> int:
    """Check the sources, then run pytest whatever they gave, so that its summary comes last."""
    failed = []
    for name in CHECKS:
        say(name)
        if hand_over([str(python), "-m", *name.split()], root, device):
            failed.append(name)
    say("pytest" + (f" (failed before it: {', '.join(failed)})" if failed else ""))
    return hand_over([str(python), "-m", "pytest", *rest], root, device) or int(bool(failed))


def arguments(argv: Sequence[str]) -> tuple[argparse.Namespace, str, list[str]]:
    """Options, command ('' is set up only) and what goes on to the command."""
    parser = argparse.ArgumentParser(
        prog="install.py",
        usage="install.py [--device auto|cpu|cuda] [--torch-index URL] [demo|test [ARGUMENT...]]",
        description="What follows demo or test goes to it: 'test -k match' runs pytest -k match.",
        allow_abbrev=False,
    )
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), help="where it computes")
    parser.add_argument(
        "--torch-index",
        metavar="URL",
        help="the package index that torch alone comes from: chooses its build (CPU, CUDA, ROCm). "
        "Remembered; delete .venv to go back",
    )
    options, rest = parser.parse_known_args(argv)
    command = rest.pop(0) if rest and rest[0] in ("demo", "test") else ""
    if rest and not command:
        parser.error(f"'{rest[0]}' is neither a command nor an option. Commands: demo, test.")
    if options.device and not command:
        parser.error("--device says where demo or test run; name one of them.")
    return options, command, rest


def main(argv: Sequence[str], root: Path = HERE) -> int:
    options, command, rest = arguments(argv)
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        python = set_up(root, options.torch_index)
        if command == "demo":
            rest = ["--device", options.device, *rest] if options.device else rest
            demo = [str(python), "resources/sample/demo.py", *rest]
            return hand_over(demo, root, options.device)
        if command == "test":
            return run_tests(python, root, options.device, rest)
        return 0
    except SetUpError as trouble:
        if trouble.detail:
            print(trouble.detail, file=sys.stderr)
        say(f"{trouble.title} {trouble.hint}")
        return 1
    except OSError as trouble:
        say(f"{trouble}. Set that right (space, permissions, open programs), then start again.")
        return 1
    except KeyboardInterrupt:
        say("interrupted. What is unfinished is made good at the next start.")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
