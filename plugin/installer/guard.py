"""Nothing is written outside the folders that were declared, nor through a link.

Every path is checked just before it is written or removed, resolved: what a path led to when
the plan was made does not count.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from .places import Machine
from .words import SetUpError

JUNCTION = 0x400  # FILE_ATTRIBUTE_REPARSE_POINT: Windows' links, which lstat calls folders


def is_link(path: Path) -> bool:
    """Whether it is a link of any kind; a path that is not there is none."""
    try:
        told = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return stat.S_ISLNK(told.st_mode) or bool(getattr(told, "st_file_attributes", 0) & JUNCTION)


class Guard:
    """The folders that may be written to, of one user."""

    def __init__(self, machine: Machine, prefix: Path, roots: Iterable[Path]) -> None:
        """Raises SetUpError for a prefix among the programs, or one that a link leads astray.

        roots   where hosts look. Each is looked at when something is to be done below it: one
                that leads elsewhere stops nobody who wants nothing of that host.
        """
        self.home, self.roots = machine.home, [prefix, *roots]
        self.programs = [Path(os.path.realpath(each)) for each in machine.program_folders]
        if Path(os.path.realpath(prefix)) != prefix:
            raise SetUpError(
                f"A link on the way leads {prefix} to {os.path.realpath(prefix)}.",
                "Name the real one with --prefix: nothing is written through links.",
            )
        self._stays(prefix)

    def __call__(self, path: Path) -> Path:
        """The path, where it may be written. Raises SetUpError."""
        root = next((each for each in self.roots if each in (path, *path.parents)), None)
        if root is None or ".." in path.parts:
            raise SetUpError(
                f"{path} lies outside the folders that Answerprint writes to.",
                "That is a fault of install.py or a list that was changed by hand: report it.",
            )
        self._stays(root)
        for each in self._below(root, path):
            if is_link(each):
                raise SetUpError(
                    f"{each} is a link (to {os.path.realpath(each)}).",
                    "Nothing is written through links: put a real one there, choose another "
                    "--prefix, or leave a host out that has no copy yet (--hosts).",
                )
        return path

    def folder(self, path: Path) -> Path:
        """The folder, where it may be removed when it is empty: those above our roots too."""
        if not any(path in (each, *each.parents) for each in self.roots):
            return self(path)
        self._stays(path)
        return path

    def _stays(self, folder: Path) -> None:
        """Raises SetUpError for a folder among the programs, or one led out of the home."""
        real = Path(os.path.realpath(folder))
        for programs in self.programs:
            if real == programs or programs in real.parents:
                raise SetUpError(
                    f"{folder} lies in {programs}, where programs are kept.",
                    "Answerprint writes to a user's own folders only: choose another --prefix.",
                )
        if self.home in folder.parents and Path(os.path.realpath(self.home)) not in real.parents:
            raise SetUpError(
                f"{folder} leads to {real}, outside the home {self.home}.",
                "A link on the way leads there. Take it away, or leave a host out that has no "
                "copy yet (--hosts) and let it read a folder of your own, as install.md shows.",
            )

    @staticmethod
    def _below(root: Path, path: Path) -> Iterator[Path]:
        """The root, and each step from it down to the path."""
        yield root
        for part in path.relative_to(root).parts:
            root = root / part
            yield root
