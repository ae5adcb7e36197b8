"""Finds a Python of the version that is needed, wherever a system keeps it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .words import SetUpError

PYTHON = (3, 11)

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
    "win32": "winget install Python.Python.{0}",
    "darwin": "brew install python@{0}",
    "linux": "apt install python{0} python{0}-venv (Debian 12), or: pyenv install {0}",
}


def candidates(
    platform: str, environ: Mapping[str, str], running: str, version: tuple[int, int] = PYTHON
) -> list[list[str]]:
    """Commands that may start such a Python, in the order they are tried; some may not exist."""
    home = Path(environ.get("USERPROFILE" if platform == "win32" else "HOME", "."))
    wanted = ".".join(map(str, version))
    found = [[running], [f"python{wanted}"]]
    if platform == "win32":
        found += [["py", f"-{wanted}"]]
        pyenv, tail = home / ".pyenv/pyenv-win", "python.exe"
    else:
        pyenv = Path(environ.get("PYENV_ROOT") or home / ".pyenv")
        tail = f"bin/python{wanted}"
    found += [[str(p)] for p in sorted(pyenv.glob(f"versions/{wanted}*/{tail}"), reverse=True)]
    if platform == "darwin":
        framework = f"/Library/Frameworks/Python.framework/Versions/{wanted}"
        for folder in ("/opt/homebrew", "/usr/local", framework):
            found += [[f"{folder}/bin/python{wanted}"]]
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


def find_python(
    platform: str, commands: Sequence[Sequence[str]], version: tuple[int, int] = PYTHON
) -> dict[str, Any]:
    """The first whole 64-bit Python of that version among the commands.

    Raises SetUpError that says which was nearest, what it lacks and how to get that.
    """
    wanted = ".".join(map(str, version))
    found = [answer for answer in map(probe, commands) if answer]
    right = [each for each in found if tuple(each["version"][:2]) == version]
    whole = [each for each in right if not each["lacks"]]
    if whole:
        return whole[0]
    if right:
        raise SetUpError(
            f"{right[0]['python']} lacks {' and '.join(right[0]['lacks'])}.",
            f"Install what is missing with: apt install python{wanted}-venv (Debian, Ubuntu), or "
            f"use a 64-bit Python {wanted} from python.org or pyenv. Then start install.py again.",
        )
    how = GET_PYTHON.get(platform, GET_PYTHON["linux"]).format(wanted)
    seen = sorted({".".join(map(str, each["version"])) for each in found})
    raise SetUpError(
        f"No Python {wanted} was found on this machine (found: {', '.join(seen) or 'none'}).",
        f"Install it with: {how}. Then start install.py again.",
    )
