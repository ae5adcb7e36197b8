"""Grades as files: .cc, .ccc and .cdl, the .cube, and the EDL that a conform reads a .ccc with.

CDL files are written by OpenColorIO (SatNode, never SATNODE). The cube is the whole grade,
ACEScct in and ACEScct out: 33 points over codes 0..1, which is scene-linear -0.0069 to 222.9.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
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
    """The name as XML ids may be: spaces and the like become underscores."""
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


def edl_text(cdl: Cdl, clip: str, frames: Sequence[int], rate: Fraction, title: str) -> str:
    """A CMX 3600 EDL of one event over the frames, with the CDL in its comments."""
    first, last = timecode(frames[0], rate), timecode(frames[-1] + 1, rate)
    numbers = ["({:.6f} {:.6f} {:.6f})".format(*v) for v in (cdl.slope, cdl.offset, cdl.power)]
    reel = re.sub(r"[^A-Za-z0-9_]", "_", clip)[:32] or "SHOT"
    return "\n".join(
        [
            f"TITLE: {_one_line(title)}",
            "FCM: NON-DROP FRAME",
            "",
            f"001  {reel:<32} V     C        {first} {last} {first} {last}",
            f"* FROM CLIP NAME: {_one_line(clip)}",
            f"*ASC_SOP {''.join(numbers)}",
            f"*ASC_SAT {cdl.saturation:.6f}",
            f"*ASC_CC_XML {xml_id(clip)}",
            "",
        ]
    )


def _one_line(name: str) -> str:
    """A name as a title may be: readers stumble over quotes and line breaks within one."""
    return " ".join(name.replace('"', "'").split())


def timecode(frame: int, rate: Fraction) -> str:
    """Frame number as non-drop timecode at the rate rounded to whole frames."""
    base = max(1, round(rate))
    frame %= 24 * 3600 * base
    seconds, left = divmod(frame, base)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02d}:{minute:02d}:{second:02d}:{left:02d}"
