"""Starts other programs: one whose words are kept, and one that gets our terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


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

    turn   the file of `venvs.alone`, which the program holds open too (not on Windows).
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
