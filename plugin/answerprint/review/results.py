"""Results of tools and reports of checks on disk: what there is to decide on below a folder.

A result is a folder with a `recipe.json` and a `report.json` that a run left. Its id is made of the
recipe, without the names of its files and the frames it happened to find: the same work has the
same id wherever it lies, another grade or range another one. Its version is the number of its
folder (`v003`), else 1.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

from answerprint.edit.media import name_of
from answerprint.errors import BadInput
from answerprint.show.store import SEAL
from answerprint.tool import frame_numbers

CHECKS = "answerprint.check/1"
DEEPEST = 5
"""Folders below the one that is named: a project's results lie in <shot>/<tool>/v001."""
_FINDING = {"id", "kind", "shots", "mend", "frame", "range", "timecode", "fix", "text"}
"""What a review needs of a finding."""
_BOOKKEEPING = ("write_frames", "name", "frames_sha256")
_FRAME = re.compile(r"(?P<name>.*)\.(?P<number>-?\d+)\.exr", re.DOTALL)

Row = dict[str, Any]


@dataclass(frozen=True)
class Result:
    """What a run left in a folder.

    shot         what people call it.
    source, space  where its plate lies, and the colour space somebody named for it.
    wanted       numbers of the frames it was to make.
    told         sha256 of each frame that was made, as the run tells it.
    """

    folder: Path
    id: str
    tool: str
    version: int
    shot: str
    source: str
    space: str | None
    name: str
    wanted: tuple[int, ...]
    told: Mapping[int, str] = field(repr=False)
    report: Mapping[str, Any] = field(repr=False)

    @property
    def numbered(self) -> bool:
        """Whether its folder says its version."""
        return _numbered(self.folder) is not None

    @property
    def pattern(self) -> str:
        return str(self.folder / f"{self.name}.%04d.exr")

    def frame(self, number: int) -> Path:
        return self.folder / f"{self.name}.{number:04d}.exr"

    @cached_property
    def digest(self) -> str:
        """Over the frames as the run tells them; of a result without frames, over its files."""
        return digest_of(self.told) if self.told else self._of_files()

    def _of_files(self) -> str:
        whole = hashlib.sha256()
        for name in sorted(map(os.path.basename, self.report["files"])):
            whole.update(f"{name} {_sha256(self.folder / name)}\n".encode())
        return whole.hexdigest()

    def read_again(self) -> None:
        """Read every frame; raises BadInput where one is not as its run left it."""
        there = set(_numbers(self.folder, self.name))
        for number in sorted(there | set(self.told)):
            hint = "Run the tool again, then look at it again."
            if number not in there:
                found = "is gone"
            elif number not in self.told:
                found = "was not made by the run that is reported"
                hint = "Move it away, or let the tool write into another folder."
            elif _sha256(self.frame(number)) != self.told[number]:
                found = "is not as its run left it"
            else:
                continue
            raise BadInput(f"Frame {number} of {self.pattern} {found}.", hint)


def result_in(folder: Path) -> Result | None:
    """The result in a folder, None where there is none. Raises BadInput for a damaged one."""
    recipe, report = (_read(folder / name) for name in ("recipe.json", "report.json"))
    if recipe is None or not str(recipe.get("schema", "")).startswith("answerprint.recipe/"):
        return None
    if report is None:
        return None
    try:
        source = recipe["inputs"]["source"]
        told = _told(folder)
        lost = {row["frame"] for row in (report["frames"] or {}).get("failed", ())}
        present = frame_numbers(source["range"])
        wanted = tuple(sorted({*present, *told, *lost}))
        work = {key: value for key, value in recipe.items() if key not in _BOOKKEEPING}
        return Result(
            folder=folder,
            id=_digest(work)[:12],
            tool=str(recipe["tool"]),
            version=_version(folder),
            shot=_shot(folder, str(recipe["tool"]), str(source["path"])),
            source=str(source["path"]),
            space=source["colourspace"],
            name=str(recipe["name"]),
            wanted=wanted,
            told=told,
            report={"files": [], **report},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as why:
        raise BadInput(
            f"The result in {folder} is not whole.", "Run the tool again.", repr(why)
        ) from why


def check_in(folder: Path) -> Row | None:
    """The report of a check in a folder, None where there is none. Raises BadInput for a damaged
    one, or for one of an older kind."""
    report = _read(folder / "report.json")
    if report is None or report.get("schema") != CHECKS:
        return None
    try:
        cut, rows = report["cut"], [*report["findings"], *report["waived"]]
        whole = all(row.keys() >= _FINDING and isinstance(row["id"], str) for row in rows)
        whole = whole and all(len(row["range"]) == 2 for row in rows)
        whole = whole and Fraction(cut["rate"]) > 0 and isinstance(cut["drop"], bool)
        why = "" if whole else "A finding lacks something."
    except (KeyError, TypeError, ValueError, AttributeError) as wrong:
        why = repr(wrong)
    if why:
        title = f"The report of a check in {folder} is not whole."
        raise BadInput(title, "Check the edit again.", why)
    return report


def below(folder: Path, deepest: int = DEEPEST) -> Iterator[Path]:
    """The folder and those below it, by name as people count; hidden ones, links and shows are
    not entered. Raises BadInput where it is none."""
    try:
        with os.scandir(folder) as entries:
            there = {each.name: each.is_dir(follow_symlinks=False) for each in entries}
    except OSError as why:
        raise BadInput(
            f"The folder {folder} cannot be read.",
            "Name a folder with results of a tool or of a check.",
            why.strerror or str(why),
        ) from why
    if SEAL in there:
        return
    yield folder
    for name in sorted(there, key=_counted) if deepest else ():
        if there[name] and not name.startswith("."):
            yield from below(folder / name, deepest - 1)


def results_below(folder: Path) -> tuple[list[Result], list[str]]:
    """Every result at or below a folder, and what was damaged, as sentences."""
    found, lost = [], []
    for each in below(folder):
        try:
            result = result_in(each)
        except BadInput as refused:
            lost.append(str(refused))
            continue
        if result is not None:
            found.append(result)
    return found, lost


def digest_of(frames: Mapping[int, str]) -> str:
    """One sha256 over the hashes of frames, in the order of their numbers."""
    text = "".join(f"{number} {frames[number]}\n" for number in sorted(frames))
    return hashlib.sha256(text.encode()).hexdigest()


def _told(folder: Path) -> dict[int, str]:
    """Hashes of the frames by the reports of the whole and of its parts, the newest last."""
    reports = sorted(folder.glob("report*.json"), key=lambda path: path.stat().st_mtime_ns)
    told: dict[int, str] = {}
    for path in reports:
        frames = (_read(path) or {}).get("frames") or {}
        told |= {int(n): str(each) for n, each in frames.get("result_sha256", {}).items()}
    return told


def _numbers(folder: Path, name: str) -> Iterator[int]:
    for each in os.listdir(folder):
        match = _FRAME.fullmatch(each)
        if match and match["name"] == name:
            yield int(match["number"])


def _version(folder: Path) -> int:
    number = _numbered(folder)
    return 1 if number is None else number


def _numbered(folder: Path) -> int | None:
    match = re.fullmatch(r"v(\d{1,9})", folder.name)
    return int(match[1]) if match else None


def _shot(folder: Path, tool: str, source: str) -> str:
    """By its place where that says it: <shot>/<tool>/v001, fixes/<shot>; else the plate's name."""
    if re.fullmatch(r"v\d+", folder.name) and folder.parent.name == tool:
        return folder.parents[1].name
    if folder.parent.name == "fixes":
        return folder.name
    return name_of(os.path.basename(source.rstrip("/"))) or folder.name


def _counted(name: str) -> list[tuple[int, str]]:
    """2 before 10."""
    return [(int(each), "") if each.isdigit() else (-1, each) for each in re.split(r"(\d+)", name)]


def _read(path: Path) -> Row | None:
    """A JSON object, None where there is none that can be read."""
    try:
        told = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return told if isinstance(told, dict) else None


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _sha256(path: Path) -> str:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as why:
        raise BadInput(
            f"{path} cannot be read.", "Run the tool again.", why.strerror or str(why)
        ) from why
