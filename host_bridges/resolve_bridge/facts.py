"""What Resolve says of itself, what it can do from which version on, and its colour names.

Resolve answers failures with None or False and no reason, and gives None for a method that it
does not have, so everything is asked before it is used and every answer is looked at. Versions
are those of Blackmagic's scripting README and of the published stubs 18.5 to 21.0. The names of
colour spaces are those of the Project Settings dialog; none was read from a running Resolve.
"""

from __future__ import annotations

import os
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any, Tuple

from answerprint_bridge.messages import HOST_REFUSED, WireError

OLDEST, GRAPHS, RENDERS, CLOSED = (18, 5), (19, 0), (19, 1), (21, 1)
"""First versions: that we work with, with node graphs, with render presets that can be deleted
and grades that can be reset, and of which the free edition runs no Python."""

MOST_FREE = (3840, 2160)
"""Largest picture that free Resolve renders, in pixels."""

NAMES = {
    "ACEScct": "ACEScct",
    "ACEScc": "ACEScc",
    "ACEScg": "ACEScg",
    "ACES2065-1": "ACES2065-1",
    "DaVinci WG": "DaVinci Intermediate WideGamut",
    "DaVinci WG/DaVinci Intermediate": "DaVinci Intermediate WideGamut",
    "DaVinci WG/Linear": "Linear DaVinci WideGamut",
    "ARRI Wide Gamut 3/ARRI LogC3": "ARRI LogC3 (EI800)",
    "ARRI Wide Gamut 4/ARRI LogC4": "ARRI LogC4",
    "S-Gamut3/S-Log3": "S-Log3 S-Gamut3",
    "S-Gamut3.Cine/S-Log3": "S-Log3 S-Gamut3.Cine",
    "Panasonic V-Gamut/V-Log": "V-Log V-Gamut",
    "Canon Cinema Gamut/Canon Log 2": "CanonLog2 CinemaGamut D55",
    "Canon Cinema Gamut/Canon Log 3": "CanonLog3 CinemaGamut D55",
    "REDWideGamutRGB/Log3G10": "Log3G10 REDWideGamutRGB",
    "Blackmagic Wide Gamut/Blackmagic Design Film Gen 5": "BMDFilm WideGamut Gen5",
    "Apple Log": "Apple Log",
    "sRGB": "sRGB Encoded Rec.709 (sRGB)",
    "Rec.709 (Scene)": "Camera Rec.709",
    "Rec.709 Gamma 2.2": "Gamma 2.2 Encoded Rec.709",
    "Rec.709/Gamma 2.4": "Gamma 2.4 Encoded Rec.709",
    "Rec.709 Gamma 2.4": "Gamma 2.4 Encoded Rec.709",
    "Rec.709/Linear": "Linear Rec.709 (sRGB)",
}
"""Resolve's colour space, or space/gamma where they are set apart, to our config's name."""


def has(thing: Any, name: str) -> bool:
    """Whether a Resolve object has a method; `hasattr` says yes to everything there."""
    return callable(getattr(thing, name, None))


def refused(title: str, hint: str = "", detail: str = "") -> WireError:
    return WireError(HOST_REFUSED, title, hint, detail)


def version(resolve: Any) -> Tuple[int, int]:
    major, minor = resolve.GetVersion()[:2]
    return int(major), int(minor)


def studio(resolve: Any) -> bool:
    return str(resolve.GetProductName()).endswith("Studio")


def check(resolve: Any) -> None:
    """Raises WireError -32020 where this edition or version cannot be worked with."""
    told = resolve.GetVersionString() if resolve else None
    if not told:
        raise refused("Resolve does not answer.", "Close its dialogs, or start Resolve again.")
    if version(resolve) < OLDEST:
        raise refused(f"This is Resolve {told}.", "Answerprint needs 18.5 or newer.")
    if version(resolve) >= CLOSED and not studio(resolve):
        raise refused(
            f"This is the free Resolve {told}, which runs no Python scripts.",
            "Start the stand-alone panel: it takes an exported OTIO, EDL or XML and hands back "
            "grades and media to import. Resolve Studio has no such limit.",
        )


def there(resolve: Any) -> bool:
    """Whether Resolve still runs: of one that has gone no method is found any more."""
    return has(resolve, "GetVersionString")


def shortfalls(resolve: Any) -> list[str]:
    """What this version and edition cannot do, and why; one sentence each."""
    now, told = version(resolve), []
    name = f"Resolve {resolve.GetVersionString()}"
    if now < RENDERS:
        told.append(
            f"{name} renders nothing for Answerprint, for before 19.1 your render settings would "
            "be lost: camera raw, retimed clips and 'as graded' are off."
        )
    if now < GRAPHS:
        told.append(
            f"{name} does not tell whether a node is empty or a clip is retimed: you are asked "
            "before numbers go into a node, and a retimed clip has to be rendered by hand."
        )
    if not studio(resolve):
        told.append(
            f"Free Resolve renders up to {MOST_FREE[0]} x {MOST_FREE[1]}; larger clips are "
            "not written through the grade."
        )
        told.append(
            "Free Resolve runs no Python scripts from 21.1 on. After such an update use "
            "the stand-alone panel on an exported OTIO, EDL or XML."
        )
    return told


def rate(value: Any) -> Fraction:
    """A frame rate as Resolve tells it ('23.976', 24, '29.97 DF') as an exact one."""
    told = float(str(value).split()[0])
    whole = round(told * 1.001)
    return (
        Fraction(whole * 1000, 1001) if abs(told - whole / 1.001) < 0.005 else Fraction(str(told))
    )


def working_space(project: Any, said: str = "") -> str:
    """The colour space a node's numbers are in, by our config's name; '' where nobody knows.

    said   what the artist said of it, for a project that Resolve does not colour-manage.
    """
    mode = str(project.GetSetting("colorScienceMode"))
    if mode in ("acescct", "acescc"):
        return {"acescct": "ACEScct", "acescc": "ACEScc"}[mode]
    return _named(project, "colorSpaceTimeline") if "ColorManaged" in mode else said


def output_space(project: Any, said: str = "") -> str:
    """The colour space that renders come out in, EXR too; '' where nobody knows."""
    if "ColorManaged" in str(project.GetSetting("colorScienceMode")):
        return _named(project, "colorSpaceOutput")
    return said


def managed(project: Any) -> bool:
    """Whether Resolve says in which spaces the project grades and renders."""
    return bool(working_space(project) and output_space(project))


def _named(project: Any, setting: str) -> str:
    name = str(project.GetSetting(setting))
    if str(project.GetSetting("separateColorSpaceAndGamma")) == "1":
        name = f"{name}/{project.GetSetting(setting + 'Gamma')}"
    return NAMES.get(name, "")


def lut_folder() -> Path:
    """The master LUT folder, the only one whose cubes `SetLUT` takes."""
    if sys.platform == "darwin":
        return Path("/Library/Application Support/Blackmagic Design/DaVinci Resolve/LUT")
    if sys.platform == "win32":
        data = os.environ.get("PROGRAMDATA", r"C:\ProgramData")
        return Path(data, "Blackmagic Design", "DaVinci Resolve", "Support", "LUT")
    return Path("/opt/resolve/LUT")
