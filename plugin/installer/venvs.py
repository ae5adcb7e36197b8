"""Makes virtual environments, and notes in `.state` how far it came.

A set-up that was interrupted or is out of date is made good, a finished one costs nothing.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from .packages import check_modules, install_suite
from .programs import run_step
from .pythons import PYTHON, candidates, find_python
from .words import SetUpError, say

PINS = ("pyproject.toml", "constraints.txt")
MODULES = ("torch", "cv2", "OpenImageIO", "PyOpenColorIO", "av")

# Measured on Linux with the CPU build of torch: .venv 1.4 GB, downloads 0.3 GB. How much more a
# CUDA build takes is the index's secret, so a disk that it fills is explained when it happens.
SPACE = {"venv": 2.5e9, "temporary": 0.5e9}

BUILDING, UNCHECKED, READY = "building", "unchecked", "ready"


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


def wanted_state(
    root: Path, pins: tuple[str, ...], noted: Mapping[str, str] | None, torch_index: str | None
) -> dict[str, str]:
    """What a finished set-up notes. Without a torch index now, the one used before holds.

    pins   the files, below `root`, that say which packages are wanted.
    """
    files = [(root / name).read_bytes() for name in pins]
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

    Raises SetUpError where `venv` is somebody else's: it is never written to or deleted.
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
    """Wait until nobody else sets up this venv; yields the file that holds the turn.

    The turn belongs to whoever has that file open. pip is started with it (not on Windows), so
    a pip that outlives a killed install.py is waited for and not written over.
    """
    venv.mkdir(parents=True, exist_ok=True)
    with open(venv / ".lock", "a", encoding="utf-8") as handle:
        if not take_turn(handle, wait=False):
            say(f"another set-up of {venv} is running; waiting for it to end.")
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


def require_space(venv: Path) -> None:
    """Raises SetUpError where the venv's disk or the temporary folder is too full."""
    for folder, needed in ((venv, SPACE["venv"]), (tempfile.gettempdir(), SPACE["temporary"])):
        free = shutil.disk_usage(folder).free
        if free < needed:
            raise SetUpError(
                f"{folder} has {free / 1e9:.1f} GB free; the set-up needs {needed / 1e9:.1f} GB.",
                "Free some there, clone to another disk, or let TMPDIR name another folder.",
            )


def make_venv(venv: Path, turn: int, python: tuple[int, int]) -> None:
    """Empty `venv` of what an earlier set-up left, and make it anew."""
    running = getattr(sys, "_base_executable", sys.executable)
    commands = candidates(sys.platform, os.environ, running, python)
    chosen = find_python(sys.platform, commands, python)["python"]
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


@dataclass(frozen=True)
class Venv:
    """A virtual environment as it should be.

    pins      the files below `root` that say what is in it: another word there, another state.
    install   (python, torch index, turn): puts the packages in.
    modules   loaded once each when all is in.
    """

    folder: Path
    root: Path
    pins: tuple[str, ...]
    install: Callable[[Path, str, int], None]
    modules: tuple[str, ...] = MODULES
    python: tuple[int, int] = PYTHON


def bring(venv: Venv, torch_index: str | None = None) -> Path:
    """Make that venv, or make it good. Returns its Python.

    Raises SetUpError; what is unfinished then is noted as such.
    """
    folder, python = venv.folder, venv_python(venv.folder)
    noted = read_state(folder)
    wanted = wanted_state(venv.root, venv.pins, noted, torch_index)
    if what_is_due(folder, noted, wanted) == "nothing":
        return python
    with alone(folder) as turn:
        noted = read_state(folder)
        wanted = wanted_state(venv.root, venv.pins, noted, torch_index)
        due = what_is_due(folder, noted, wanted)
        if noted and due != "nothing":
            say(f"the set-up is {'unfinished' if noted['stage'] != READY else 'out of date'}")
        if due in ("everything", "packages"):
            write_state(folder, wanted | {"stage": BUILDING})
            if due == "everything":
                make_venv(folder, turn, venv.python)
            venv.install(python, wanted["torch_index"], turn)
            write_state(folder, wanted | {"stage": UNCHECKED})
        if due != "nothing":
            say("checking that the packages load")
            check_modules(python, venv.modules, turn, venv.root)
            write_state(folder, wanted)
            say("set up.")
    return python


def set_up(
    root: Path, torch_index: str | None = None, extra: str = "test", wheels: str = ""
) -> Path:
    """Bring `.venv` in `root` to what `pyproject.toml` and `constraints.txt` ask for.

    Returns its Python. Raises SetUpError; what is unfinished then is noted as such.
    """

    def install(python: Path, index: str, turn: int) -> None:
        install_suite(root, python, turn, extra, index, wheels)

    return bring(Venv(root / ".venv", root, PINS, install), torch_index)


def mend(root: Path, torch_index: str | None = None, extra: str = "", wheels: str = "") -> Path:
    """`set_up`, and where a package of a finished venv does not load, all of it anew."""
    python = set_up(root, torch_index, extra, wheels)
    with alone(root / ".venv") as turn:
        try:
            check_modules(python, MODULES, turn, root)
            return python
        except SetUpError as trouble:
            say(f"{trouble.title} The environment is made anew.")
            write_state(root / ".venv", {**(read_state(root / ".venv") or {}), "stage": BUILDING})
    return set_up(root, torch_index, extra, wheels)
