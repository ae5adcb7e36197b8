"""Grades as files: .cc, .ccc and .cdl, the .cube, and the EDL that a conform reads a .ccc with.

CDL files are written by OpenColorIO (SatNode, never SATNODE). The cube is the whole grade,
ACEScct in and ACEScct out: 33 points over codes 0..1, which is scene-linear -0.0069 to 222.9.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import PyOpenColorIO as ocio

from answerprint.frames.grade import CUBE, Cdl

_FORMATS = {
    ".cc": "ColorCorrection",
    ".ccc": "ColorCorrectionCollection",
    ".cdl": "ColorDecisionList",
}


def cdl_text(cdl: Cdl, clip: str, suffix: str) -> str:
    """The text of a CDL file. clip is the clip's or reel's name and becomes the correction's id.

    suffix is '.cc', '.ccc' or '.cdl'.
    """
    group = ocio.GroupTransform()
    group.appendTransform(cdl.transform(xml_id(clip)))
    text: str = group.write(_FORMATS[suffix], config=ocio.Config.CreateRaw())
    if suffix == ".cc":
        return text
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + text


def xml_id(clip: str) -> str:
    """The name as readers of CDL files take ids: spaces and the like become underscores."""
    return re.sub(r"[^\w.-]", "_", clip) or "shot"


def cube_text(cube: np.ndarray, title: str) -> str:
    """The text of a .cube. cube is (33, 33, 33, 3), red first; red runs fastest in the file."""
    head = [
        f'TITLE "{_one_line(title)}"',
        "# ACEScct in, ACEScct out. Scene-linear material goes through ACEScct before and after.",
        f"LUT_3D_SIZE {CUBE}",
        "DOMAIN_MIN 0.0 0.0 0.0",
        "DOMAIN_MAX 1.0 1.0 1.0",
    ]
    rows = cube.transpose(2, 1, 0, 3).reshape(-1, 3)
    return "\n".join([*head, *(f"{r:.7f} {g:.7f} {b:.7f}" for r, g, b in rows)]) + "\n"


@dataclass(frozen=True)
class Event:
    """Where a shot lies for a conform.

    clip, reel   names; reel is the clip's where the file names none.
    first        timecode of the first frame, counted in frames.
    length       frames.
    rate         frames per second.
    drop         whether the timecode drops numbers.
    """

    clip: str
    reel: str
    first: int
    length: int
    rate: Fraction
    drop: bool = False


def edl_text(cdl: Cdl, event: Event, title: str) -> str:
    """A CMX 3600 EDL of one event, with the CDL in its comments."""
    ends = (event.first, event.first + event.length)
    first, last = (timecode(at, event.rate, event.drop) for at in ends)
    numbers = ["({:.6f} {:.6f} {:.6f})".format(*v) for v in (cdl.slope, cdl.offset, cdl.power)]
    reel = re.sub(r"[^A-Za-z0-9_]", "_", event.reel)[:32] or "SHOT"
    return "\n".join(
        [
            f"TITLE: {_one_line(title)}",
            f"FCM: {'' if event.drop else 'NON-'}DROP FRAME",
            "",
            f"001  {reel:<32} V     C        {first} {last} {first} {last}",
            f"* FROM CLIP NAME: {_one_line(event.clip)}",
            f"*ASC_SOP {''.join(numbers)}",
            f"*ASC_SAT {cdl.saturation:.6f}",
            f"*ASC_CC_XML {xml_id(event.clip)}",
            "",
        ]
    )


def _one_line(name: str) -> str:
    """A name as a title may be: readers stumble over quotes and line breaks within one."""
    return " ".join(name.replace('"', "'").split())


def timecode(frame: int, rate: Fraction, drop: bool = False) -> str:
    """A count of frames as timecode at the rate rounded to whole frames (SMPTE ST 12-1)."""
    base = max(1, round(rate))
    if drop:  # 2 of 30 numbers, 4 of 60, at each minute but every tenth
        skip = base // 15
        tens, rest = divmod(frame, base * 600 - 9 * skip)
        frame += 9 * skip * tens + skip * max(0, (rest - skip) // (base * 60 - skip))
    frame %= 24 * 3600 * base
    seconds, left = divmod(frame, base)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02d}:{minute:02d}:{second:02d}{';' if drop else ':'}{left:02d}"


def frames_of(packed: int, rate: Fraction) -> tuple[int, bool]:
    """The count of frames of an EXR's `timeCode` (its first number), and whether it drops."""
    base = max(1, round(rate))
    drop = bool(packed >> 6 & 1)

    def two(bit: int, tens: int) -> int:
        return (packed >> bit & 0xF) + 10 * (packed >> bit + 4 & tens)

    frame, second, minute, hour = two(0, 3), two(8, 7), two(16, 7), two(24, 3)
    minutes = hour * 60 + minute
    skipped = base // 15 * (minutes - minutes // 10) if drop else 0
    return (minutes * 60 + second) * base + frame - skipped, drop
