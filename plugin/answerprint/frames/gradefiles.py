"""Grades as files: .cc, .ccc and .cdl, the .cube, and the EDL that a conform reads a .ccc with.

CDL files are written by OpenColorIO (SatNode, never SATNODE). The cube is the whole grade,
ACEScct in and ACEScct out: 33 points over codes 0..1, which is scene-linear -0.0069 to 222.9.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
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
    return collection_text({clip: cdl}, suffix)


def collection_text(cdls: Mapping[str, Cdl], suffix: str = ".ccc", about: str = "") -> str:
    """The text of a CDL file of several shots, by their names. about: a line on each of them."""
    group = ocio.GroupTransform()
    for clip, cdl in cdls.items():
        correction = cdl.transform(xml_id(clip))
        if about:
            correction.setFirstSOPDescription(about)
        group.appendTransform(correction)
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
    numbers = cube.transpose(2, 1, 0, 3).ravel().tolist()
    rows = ("%.7f %.7f %.7f\n" * CUBE**3) % tuple(numbers)  # at once: five times as fast
    return "\n".join([*head, rows])


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


@dataclass(frozen=True)
class Line:
    """An event of a cut, with or without a grade.

    number, id      of the event; the id is the correction's in the `.ccc`.
    source          at its own rate; its length is what the cut takes of it.
    record          first and end on the record side, in frames of the cut.
    over, before    frames of a dissolve into it, and the source that it comes from.
    speed           frames of source for one of record.
    notes           further lines below the event, each whole.
    """

    number: int
    id: str
    source: Event
    record: tuple[int, int]
    cdl: Cdl | None = None
    over: int = 0
    before: Event | None = None
    speed: float = 1.0
    notes: tuple[str, ...] = ()


def edl_text(cdl: Cdl, event: Event, title: str) -> str:
    """A CMX 3600 EDL of one event, with the CDL in its comments."""
    record = (event.first, event.first + event.length)
    line = Line(1, xml_id(event.clip), event, record, cdl)
    return cut_text([line], event.rate, event.drop, title)


def cut_text(lines: Sequence[Line], rate: Fraction, drop: bool, title: str) -> str:
    """A CMX 3600 EDL of a cut, with each event's CDL in its comments."""
    head = [f"TITLE: {_one_line(title)}", f"FCM: {'' if drop else 'NON-'}DROP FRAME", ""]
    return "\n".join([*head, *(row for each in lines for row in _rows(each, rate, drop)), ""])


def _rows(line: Line, rate: Fraction, drop: bool) -> list[str]:
    source, (first, end) = line.source, line.record

    def row(of: Event, kind: str, ends: tuple[int, int], record: tuple[int, int]) -> str:
        times = [timecode(at, of.rate, of.drop) for at in ends]
        times += [timecode(at, rate, drop) for at in record]
        return f"{line.number:03d}  {_reel(of):<32} V     {kind:<8} {' '.join(times)}"

    begin = (source.first, source.first + source.length)
    if line.over and line.before:
        out = line.before.first + line.before.length
        rows = [
            row(line.before, "C", (out, out), (first, first)),
            row(source, f"D    {line.over:03d}", begin, (first, end)),
            f"* FROM CLIP NAME: {_one_line(line.before.clip)}",
            f"* TO CLIP NAME: {_one_line(source.clip)}",
        ]
    else:
        clip = f"* FROM CLIP NAME: {_one_line(source.clip)}"
        rows = [row(source, "C", begin, (first, end)), clip]
    if line.speed != 1:
        fps = line.speed * float(source.rate)
        at = timecode(source.first, source.rate, source.drop)
        rows.append(f"M2   {_reel(source):<8}       {fps:05.1f}                {at}")
    if line.cdl:
        cdl = line.cdl
        numbers = ["({:.6f} {:.6f} {:.6f})".format(*v) for v in (cdl.slope, cdl.offset, cdl.power)]
        rows.append(f"*ASC_SOP {''.join(numbers)}")
        rows.append(f"*ASC_SAT {cdl.saturation:.6f}")
        rows.append(f"*ASC_CC_XML {line.id}")
    return [*rows, *line.notes]


def _reel(of: Event) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]", "_", of.reel)[:32] or "SHOT"


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
