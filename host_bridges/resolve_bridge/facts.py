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
    managed = "ColorManaged" in str(project.GetSetting("colorScienceMode"))
    return _named(project, "colorSpaceOutput") if managed else said


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
