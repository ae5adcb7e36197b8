"""Which hosts a machine has. What is found only informs; it is looked at, never started.

Program folders are those of the vendors' installers. Python and Qt of a version are facts of
the vendors' release notes, not asked of the program.
"""

from __future__ import annotations

import plistlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .places import Machine

HOSTS = ("nuke", "resolve", "blender")
LABELS = {"nuke": "Nuke", "resolve": "DaVinci Resolve", "blender": "Blender"}
NUKE_PYTHONS = {
    13: ("3.7", "PySide2"),
    14: ("3.9", "PySide2"),
    15: ("3.10", "PySide2"),
    16: ("3.11", "PySide6"),
    17: ("3.11", "PySide6"),
}
OLDEST_NUKE, OLDEST_RESOLVE, OLDEST_BLENDER = (15, 0), (18, 5), (4, 2)


@dataclass(frozen=True)
class Found:
    """A program, or the settings of one. `version` is '' where nothing tells it."""

    host: str
    version: str
    where: Path
    python: str = ""
    qt: str = ""
    note: str = ""


def found(machine: Machine) -> list[Found]:
    """Every host of the machine, programs and settings, in a stable order."""
    return [*_nukes(machine), *_resolves(machine), *_blenders(machine)]


def numbers(version: str) -> tuple[int, ...]:
    """'16.0v3' -> (16, 0, 3); () where there is no version."""
    return tuple(int(each) for each in re.findall(r"\d+", version))


def _glob(folder: Path, pattern: str) -> list[Path]:
    """Sorted as their numbers are; nothing where the folder cannot be looked into."""
    try:
        return sorted(folder.glob(pattern), key=lambda each: (numbers(each.name), each.name))
    except OSError:
        return []


def _programs(machine: Machine) -> Path:
    if machine.windows:
        return machine.named("ProgramFiles", machine.home.anchor / Path("Program Files"))
    return machine.at("/Applications" if machine.mac else "/usr/local")


def _nukes(machine: Machine) -> Iterator[Found]:
    folders = [_programs(machine)]
    if not machine.windows and not machine.mac:
        folders += [machine.at("/opt"), machine.home]
    for folder in folders:
        for each in _glob(folder, "Nuke[0-9]*"):
            told = re.fullmatch(r"Nuke(\d+\.\d+v\d+)", each.name)
            if told and each.is_dir():
                python, qt = NUKE_PYTHONS.get(numbers(told[1])[0], ("", ""))
                note = "" if numbers(told[1]) >= OLDEST_NUKE else "too old: 15 is the oldest"
                yield Found("nuke", told[1], each, python, qt, note)
    if machine.nuke.is_dir():
        yield Found("nuke", "", machine.nuke, note="its settings")


def _resolves(machine: Machine) -> Iterator[Found]:
    if machine.windows:
        folder = _programs(machine) / "Blackmagic Design/DaVinci Resolve"
    elif machine.mac:
        folder = machine.at("/Applications/DaVinci Resolve/DaVinci Resolve.app")
    else:
        folder = machine.at("/opt/resolve")
    if folder.is_dir():
        version = _plist(folder) if machine.mac else _told_in(folder / "docs")
        note = "from 21.1 on its scripts need Studio"
        if version and numbers(version) < OLDEST_RESOLVE:
            note = "too old: 18.5 is the oldest"
        yield Found("resolve", version, folder, "the system's", "none of its own", note)
    if machine.resolve.is_dir():
        yield Found("resolve", "", machine.resolve, note="its settings")


def _blenders(machine: Machine) -> Iterator[Found]:
    for folder in _blender_folders(machine):
        inside = folder / "Contents/Resources" if machine.mac else folder
        versions = [each.name for each in _glob(inside, "[0-9].[0-9]*") if each.is_dir()]
        if versions:
            yield _blender(versions[-1], folder)
    for version in configured(machine, all_of_them=True):
        yield _blender(version, machine.blender / version, "its settings")


def _blender_folders(machine: Machine) -> list[Path]:
    if machine.windows:
        return _glob(_programs(machine) / "Blender Foundation", "Blender*")
    if machine.mac:
        return _glob(_programs(machine), "Blender*.app")
    places = (machine.home, machine.at("/opt"), machine.at("/usr/local"), machine.at("/usr/share"))
    return [each for place in places for each in _glob(place, "[Bb]lender*")]


def _blender(version: str, where: Path, note: str = "") -> Found:
    number = numbers(version)
    if number < OLDEST_BLENDER:
        note = "too old: 4.2 is the oldest"
    python = "" if number < OLDEST_BLENDER else "3.11" if number < (5, 1) else "3.13"
    return Found("blender", version, where, python, "none", note)


def configured(machine: Machine, all_of_them: bool = False) -> list[str]:
    """The versions of Blender that this user has settings of; without the ones too old for us."""
    names = [each.name for each in _glob(machine.blender, "[0-9]*.[0-9]*") if each.is_dir()]
    versions = [name for name in names if re.fullmatch(r"\d+\.\d+", name)]
    return [each for each in versions if all_of_them or numbers(each) >= OLDEST_BLENDER]


def blender_program(machine: Machine, version: str) -> Path | None:
    """The program of that version, where one was found."""
    tails = {"win32": "blender.exe", "darwin": "Contents/MacOS/Blender"}
    packaged = machine.at("/usr/share/blender")
    for each in _blenders(machine):
        program = each.where / tails.get(machine.platform, "blender")
        program = machine.at("/usr/bin/blender") if each.where == packaged else program
        if each.version == version and program.is_file():
            return program
    return None


def _plist(application: Path) -> str:
    try:
        told = plistlib.loads((application / "Contents/Info.plist").read_bytes())
    except (OSError, ValueError, plistlib.InvalidFileException):
        return ""
    return str(told.get("CFBundleShortVersionString", "")) if isinstance(told, dict) else ""


def _told_in(docs: Path) -> str:
    """The version that the documents beside the program name (not verified on a real one)."""
    for each in (*_glob(docs, "*.txt"), *_glob(docs, "*.htm*")):
        try:
            text = each.read_text("utf-8", "replace")
        except OSError:
            continue
        told = re.search(r"DaVinci Resolve (?:Studio )?(\d+\.\d+(?:\.\d+)?)", text)
        if told:
            return told[1]
    return ""
