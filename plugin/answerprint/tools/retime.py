"""Play a shot slower, faster, backwards, along a curve, or at another frame rate.

Which moment of the source stands at each frame is worked out exactly, as fractions. Whole moments
are the source's own frames, copied where no shutter is open; those between are made of the two
around them, with all their channels. Over a cut nothing is made: the frame on the nearer side
stands.

Convention
    source    a shot: scene-linear or decoded to it by its own word; any size.
    timing    one of --speed (with --rate), --curve and --otio; with nothing said it stays.
    result    numbered from the source's first frame; a curve numbers its frames itself. None lies
              before the source's first or after its last moment, unless --ends hold. At half
              speed 10 frames make 19: one more would lie after the last; --ends hold gives all 20
              of the running time, and the last stands twice.
    rate      frames per second of the result; its running time stays, and 23.976 is 24000/1001. The
              files say it, and their timecode begins at the source's time and counts at it.
    motion    along the motion between the two frames, bent by the frames beside them, under grain
              of its own; blend: their mean; nearest: the frame that is nearer, bit for bit (the
              earlier one of two).
    blur      where the source runs faster than the result: the mean of all moments while a shutter
              is open for that share of a frame of the result. The source's own frames are taken to
              have been exposed for the same share of theirs, which counts. As many moments are
              made as the motion needs not to strobe: at twelve times the speed that may take a
              minute for a frame of 1920x1080; blend and nearest average the source's frames as
              they are, in seconds. Frames beyond those used are seen too; at an end of the shot,
              and at a cut, a shutter sees what lies inside: half of it at the first frame and the
              last. Light and mattes are averaged, as light; depth, vectors and ids are those of
              the nearest frame.
    _qc       mask.Y: 1 where a frame was made; confidence.Y: 0..1, how surely.
    curve     handed back as `retime`: pairs of frame and source, straight between; it stands
              without frames too (--no-write-frames), and a note says what it cannot show.

Holds, and tests/tools/test_retime.py pins it:
    at speed 1 every frame is the source's, bit for bit; whole moments are at any speed without
    --blur;
    half speed moves by half, backwards is the source from its end;
    24000/1001 to 25 is exact to the last frame of an hour;
    a cut is never mixed; the ends are held only where that is asked for;
    any part of the result gives the same frames.

Source: motion-compensated interpolation from both sides (`vision/between.py`) on a bent way
(`vision/bend.py`); exact rates as in `edit/timing.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Annotated, Any, Literal

from answerprint.edit.timing import Timing, along, at_speed, of_edit
from answerprint.errors import BadInput, BadParameter
from answerprint.frames.clip import Clip
from answerprint.frames.sequence import ranges
from answerprint.tool import Names, Num, Pick, tool
from answerprint.tools.job import Job, Plan, Timed
from answerprint.tools.moments import Maker, Method, Playback
from answerprint.tools.shown import beside_neighbours
from answerprint.vision.boundaries import Boundaries

WIDTH = 320
BESIDE = 12
"""Frames before and after those used that tell a cut from a fast pan."""
Rate = Literal["own", "24000/1001", "24", "25", "30000/1001", "30", "48", "50", "60000/1001", "60"]


@dataclass(frozen=True)
class Retime:
    """Play a shot at another speed or frame rate."""

    speed: Annotated[
        float, Num(-1000, 1000, help="0.5 takes twice as long, below 0 runs backwards")
    ] = 1.0
    curve: Annotated[
        tuple[str, ...],
        Names(help="Instead of a speed: frame:source pairs such as 1001:1001,1050:1020.5"),
    ] = ()
    otio: Annotated[
        tuple[str, ...], Names(help="Instead of a speed: an edit that retimes this shot")
    ] = ()
    rate: Annotated[Rate, Pick(help="Frames per second of the result; the running time stays")] = (
        "own"
    )
    source_rate: Annotated[
        Rate, Pick(help="Frames per second of the source, where its files say none or a wrong one")
    ] = "own"
    method: Annotated[
        Method,
        Pick(help="How frames between two of the source are made", live=True),
    ] = "motion"
    blur: Annotated[
        float, Num(0, 1, help="Shutter of a speed-up: the share of a frame it is open", live=True)
    ] = 0.0
    ends: Annotated[
        Literal["refuse", "hold"],
        Pick(help="Moments beyond the source; hold: a speed or rate gives its whole running time"),
    ] = "refuse"


@tool("retime", "Retime", Retime, policy="retime_fill")
def retime(job: Job, p: Retime) -> Plan:
    clip = job.clips["source"]
    solved = job.solved or _solve(job, p)
    timing = Timing(solved["first"], tuple(map(Fraction, solved["positions"])))
    asked = Playback(timing, solved["cuts"], solved["looked_at"], p.method, Fraction(str(p.blur)))
    maker = Maker(asked, job.device)
    numbers = range(timing.first, timing.last + 1)
    made = [n for n in numbers if not maker.copied(n)]
    at_cuts = [n for n in numbers if maker.at_cut(n)]
    report = {
        "curve": timing.keys(),
        "frames_of_the_source": len(solved["looked_at"]),
        "made_anew": ranges(made) if made else "",
        "held": ranges(solved["held"]) if solved["held"] else "",
        "beside_cuts": ranges(at_cuts) if at_cuts else "",
        "cuts": solved["cuts"],
    }
    copies = len(timing.positions) - len(made)
    return Plan(
        solved=solved,
        report=report,
        sentence=f"{clip.name}: {len(timing.positions)} frames, {timing.first} to {timing.last}; "
        f"{copies} are the source's own, {len(made)} are made ({p.method}).",
        looked_at={"source": tuple(solved["looked_at"])},
        results=[{"kind": "retime", "curve": timing.keys()}, *_note(made, p)],
        timed=Timed(
            tuple(numbers),
            maker.rests_on,
            maker.make,
            None if p.rate == "own" else Fraction(p.rate),
        ),
        pictures=lambda: beside_neighbours(job, _shown(maker, made)),
        warnings=_warnings(solved["held"], at_cuts),
    )


# --- deciding ------------------------------------------------------------------------------


def _solve(job: Job, p: Retime) -> dict[str, Any]:
    clip = job.clips["source"]
    asked = _timing(clip, p)
    low, high = clip.frames[0], clip.frames[-1]
    outside = asked.outside(low, high)
    if outside and p.ends == "refuse":
        raise BadParameter(
            f"Frames {ranges(outside)} of the retime show moments that {clip.name} does not have "
            f"({low} to {high}).",
            "Choose --ends hold, or another curve.",
            about="ends",
        )
    timing = asked.held(low, high)
    used = sorted({n for p in timing.positions for n in (floor(p), ceil(p))})
    near = [n for n in clip.there if used[0] - BESIDE <= n <= used[-1] + BESIDE]
    seen, cuts = _cuts(job, near)
    return {
        "first": timing.first,
        "positions": [str(p) for p in timing.positions],
        "held": list(outside),
        "cuts": cuts,
        "looked_at": seen,
    }


def _timing(clip: Clip, p: Retime) -> Timing:
    low, high = clip.frames[0], clip.frames[-1]
    given = [name for name in ("curve", "otio") if getattr(p, name)]
    other = [name for name, usual in (("speed", 1.0), ("rate", "own")) if getattr(p, name) != usual]
    if len(given) > 1 or (given and other):
        raise BadParameter(
            f"{given[0]} and {[*given[1:], *other][0]} are both given.",
            "Give one of --speed (with --rate), --curve and --otio.",
            about=given[0],
        )
    if p.curve:
        return along(p.curve)
    if p.otio:
        if len(p.otio) > 1:
            raise BadParameter("otio names two files.", "Name one edit.", about="otio")
        return of_edit(p.otio[0], _path(clip), clip.name, low, high)
    return at_speed(low, high, Fraction(str(p.speed)), _rates(clip, p), whole=p.ends == "hold")


def _rates(clip: Clip, p: Retime) -> Fraction:
    """Frames per second of the source over those of the result."""
    if p.rate == "own":
        return Fraction(1)
    if p.source_rate == "own" and clip.rate is None:
        raise BadInput(
            f"Nothing says how many frames per second {clip.name} has.",
            "Say it with --source-rate.",
            about="source_rate",
        )
    mine = clip.rate if p.source_rate == "own" else Fraction(p.source_rate)
    assert mine is not None
    return mine / Fraction(p.rate)


def _path(clip: Clip) -> str:
    with clip.open(next(n for n in clip.frames if n not in clip.missing)) as frame:
        return str(getattr(frame, "path", clip.source))


def _cuts(job: Job, numbers: Sequence[int]) -> tuple[list[int], list[int]]:
    """The frames that were looked at, and those at which another shot begins."""
    clip, shots = job.clips["source"], Boundaries()
    seen: list[int] = []
    with closing(clip.pictures(numbers, WIDTH)) as pictures:
        for done, (number, picture) in enumerate(pictures, 1):
            job.events.check()
            if not isinstance(picture, BadInput):
                shots.see(picture[0])
                seen.append(number)
            job.events.progress("measure", done, len(numbers), f"frame {number}")
    if not seen:  # no picture in any: the frames that are whole moments are copied all the same
        return [], []
    found = [seen[each.frame] for each in shots.told() if each.kind == "cut"]
    return seen, [n for n in found if n > seen[0]]


# --- saying --------------------------------------------------------------------------------


def _shown(maker: Maker, made: Sequence[int]) -> list[tuple[int, int, int]]:
    if not made:
        return []
    number = made[len(made) // 2]
    first, last = maker.ends(number)
    return [(first, number, last)]


def _note(made: Sequence[int], p: Retime) -> list[dict[str, Any]]:
    """What a host that places the curve alone does not show: it has frames repeated or blended."""
    if not made:
        return []
    how = f"by {p.method}" + (" and blur" if p.blur else "")
    text = (
        "The curve alone repeats or blends frames of the source. "
        f"What was asked for, {len(made)} made {how}, comes with Write frames."
    )
    return [{"kind": "note", "text": text}]


def _warnings(held: Sequence[int], at_cuts: Sequence[int]) -> list[str]:
    said = []
    if held:
        said.append(f"Held at an end of the source: frames {ranges(held)}.")
    if at_cuts:
        said.append(
            f"Frames {ranges(at_cuts)} fall into a cut of the source: the nearer side stands."
        )
    return said
