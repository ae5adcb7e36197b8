"""Make one shot sit beside another.

The shot is measured against its hero on surfaces that both of them show, however differently
they were exposed, balanced and framed; where they show nothing in common, on the part of
their palettes that they share; and where there is no evidence, it is left alone and says so.
One grade is solved for the whole shot, in levels that contain each other, so that the artist
can step from the balance to the full match and back without a new solve.

Convention
    source, reference   shots: scene-linear or decoded to it by their own word; any size.
    pixels              rows (n, W, 3) float16 or float32 as the plate stores them; the function
                        gives a new array of that shape and kind and leaves its input alone.
    result              frames in the source's own space and depth, all channels but R, G, B of
                        every view bit-identical; unbounded, nothing clamps.
    CDL                 in ACEScct (AP1), ASC 1.2 without clamping; other spaces on request,
                        each fitted anew and with its own residual.
    strength            0 is the identity bit for bit; the CDL itself is scaled, so that a grade
                        at half strength still is a CDL.

Holds, and tests/tools/test_match.py pins it:
    a known grade between two views of a scene comes back;
    a shot matched to itself is left alone;
    clipped areas do not steer the fit;
    things that are in one shot only do not steer the fit;
    shots without common ground are refused: identity, no frames;
    the CDL, the frames and the cube agree;
    files load in OpenColorIO and come back equal;
    highlights of 60 and shadows of -0.05 come out finite and unclamped.

Source: structures by SIFT (Lowe 2004) that agree with one camera geometry (MAGSAC++, Barath et
al. 2020); an ASC CDL 1.2 fitted in CIEDE2000 units; partial palettes after Chui and Rangarajan
2003. The files under vision/ name theirs.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np

from answerprint.errors import BadInput, BadParameter
from answerprint.frames import charts, colour, gradefiles
from answerprint.frames.clip import Clip
from answerprint.frames.difference import measured_through
from answerprint.frames.grade import Grade
from answerprint.frames.text import write_text
from answerprint.frames.view import png
from answerprint.tool import Flag, Frames, Input, Names, Num, Pick, frame_numbers, tool
from answerprint.tools.job import Job, Picture, Plan, Rows
from answerprint.vision import compare, matching
from answerprint.vision.matching import Outcome
from answerprint.vision.ramp import stops_at

SAMPLES, RAMP_SAMPLES = 5, 12
WIDTH = 960
CDL_SPACE = "ACEScct"
"""In which the grade is solved, and whose numbers are always given."""
RAMPED = "The exposure ramps, which no CDL and no cube can hold: use the frames."


@dataclass(frozen=True)
class Match:
    """Make one shot sit beside another."""

    method: Annotated[
        Literal["auto", "correspondence", "palette"],
        Pick(help="auto: on surfaces that both shots show, else on colours they share"),
    ] = "auto"
    level: Annotated[
        Literal["auto", "balance", "contrast", "saturation", "lut"],
        Pick(help="How far the grade goes; auto takes the simplest that is enough", live=True),
    ] = "auto"
    strength: Annotated[
        float, Num(0, 1, help="0 leaves the shot alone, 1 is the whole match", live=True)
    ] = 1.0
    source_frame: Annotated[str, Frames(help="Measure the shot at these frames only")] = ""
    reference_frame: Annotated[str, Frames(help="Measure the hero at these frames only")] = ""
    ramp: Annotated[bool, Flag(help="The exposure ramps within the shot: follow it")] = False
    cdl_space: Annotated[
        tuple[str, ...],
        Names(
            help="Also give CDL numbers for this colour space", live=True, from_host="grade_spaces"
        ),
    ] = ()


@tool(
    "match",
    "Match",
    Match,
    policy="color_match",
    inputs={"reference": Input("The hero: the shot to match to", required=True)},
)
def match(job: Job, p: Match) -> Plan:
    spaces = [s for s in map(colour.space, p.cdl_space) if s.name != CDL_SPACE]
    solved = job.solved or _solve(job, p)
    looked_at: dict[str, tuple[int, ...]] = {n: tuple(v) for n, v in solved["looked_at"].items()}
    outcome = matching.outcome(solved, p.level, p.strength, spaces)
    job.events.progress("report", 0, 1)
    files = _files(job, outcome)
    report, results = _report(job, solved, outcome)
    job.events.progress("report", 1, 1)
    return Plan(
        solved=solved,
        report=report,
        sentence=_sentence(job, solved, outcome),
        looked_at=looked_at,
        results=results,
        files=files,
        pixels=None if outcome.refused else _pixels(job, outcome.grade, solved["ramp"], p.strength),
        pictures=lambda: _pictures(job, solved, outcome, looked_at, p.strength),
        warnings=outcome.warnings,
    )


# --- measuring -----------------------------------------------------------------------------


def _samples(clip: Clip, name: str, asked: str, ramp: bool) -> tuple[int, ...]:
    there = [n for n in clip.frames if n not in set(clip.missing)]
    if asked:
        numbers = frame_numbers(asked)
        for number in numbers:
            if number not in there:
                raise BadParameter(
                    f"{name} is {asked}, and {clip.name} has no frame {number}.",
                    f"There is {there[0]} to {there[-1]}.",
                )
        return tuple(numbers)
    if ramp:  # from end to end
        spread = np.linspace(0, len(there) - 1, RAMP_SAMPLES)
    else:  # the middle of equal stretches: the ends of a shot are often slates or handles
        spread = (np.arange(SAMPLES) + 0.5) / SAMPLES * len(there)
    return tuple(sorted({there[int(at)] for at in spread}))


def _solve(job: Job, p: Match) -> dict[str, Any]:
    shot, hero = job.clips["source"], job.clips["reference"]
    wanted = {
        "source": _samples(shot, "source_frame", p.source_frame, p.ramp),
        "reference": _samples(hero, "reference_frame", p.reference_frame, False),
    }
    asked = {"source": bool(p.source_frame), "reference": bool(p.reference_frame)}
    total, done = sum(len(numbers) for numbers in wanted.values()), 0
    shots: dict[str, dict[int, tuple[np.ndarray, np.ndarray]]] = {"source": {}, "reference": {}}
    left_out = []
    for name, numbers in wanted.items():
        with closing(job.clips[name].pictures(numbers, WIDTH)) as pictures:
            for number, picture in pictures:
                job.events.check()
                if not isinstance(picture, BadInput):
                    shots[name][number] = picture
                elif asked[name] or (number == numbers[-1] and not shots[name]):
                    raise picture
                else:
                    why = f"Not measured: the {name}'s frame {number}. {picture.title}"
                    left_out.append(why)
                done += 1
                job.events.progress("read", done, total, f"{name} frame {number}")

    def told(done: int, total: int) -> None:
        job.events.check()
        job.events.progress("measure", done, total)

    solved = matching.solve(shots["source"], shots["reference"], p.method, p.ramp, told)
    solved["notes"] += left_out
    solved["looked_at"] = {name: list(pictures) for name, pictures in shots.items()}
    return solved


# --- what comes of it ----------------------------------------------------------------------


def _pixels(
    job: Job, grade: Grade, points: list[list[float]], strength: float
) -> Callable[[int, colour.Space, colour.Space], Rows | None]:
    made: dict[tuple[float, str, str], Rows] = {}

    def pixels(number: int, here: colour.Space, there: colour.Space) -> Rows | None:
        stops = stops_at(points, number) * strength
        mine = grade.with_stops(stops)
        if mine.neutral and here == there:
            return None
        key = (stops, here.name, there.name)
        if key not in made:
            made[key] = mine.pixels(here, there, job.device)
        return made[key]

    return pixels


def _files(job: Job, outcome: Outcome) -> list[Path]:
    clip = job.clips["source"]
    made: dict[str, str] = {}
    sets = {job.name: outcome.grade.cdl} | {
        f"{job.name}.{gradefiles.xml_id(space)}": refit.cdl
        for space, refit in outcome.spaces.items()
    }
    for name, cdl in sets.items():
        for suffix in (".cc", ".ccc", ".cdl"):
            made[name + suffix] = gradefiles.cdl_text(cdl, clip.name, suffix)
    made[f"{job.name}.edl"] = gradefiles.edl_text(outcome.grade.cdl, _event(clip), job.name)
    made[f"{job.name}.cube"] = gradefiles.cube_text(outcome.grade.cube, f"{job.name} {clip.name}")
    for name, text in made.items():
        write_text(job.out / name, text)
    return [job.out / name for name in made]


def _event(clip: Clip) -> gradefiles.Event:
    """The shot by the timecode and reel in its files; by its frame numbers where it has none.

    A movie's numbers are counted from its timecode already.
    """
    said, rate = clip.parts[0].metadata, clip.rate or Fraction(24)
    first, drop = clip.frames[0], False
    if packed := said.get("smpte:TimeCode"):
        count, drop = gradefiles.frames_of(int(packed[0]), rate)
        there = next(n for n in clip.frames if n not in set(clip.missing))
        first = first if clip.kind == "movie" else count - (there - first)
    length = clip.frames[-1] - clip.frames[0] + 1
    reel = str(said.get("reelName") or clip.name)
    return gradefiles.Event(clip.name, reel, first, length, rate, drop)


def _report(
    job: Job, solved: dict[str, Any], outcome: Outcome
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    cdl = outcome.grade.cdl.as_dict() | {"working_space": CDL_SPACE}
    report = {
        "verdict": solved["verdict"],
        "why": solved.get("why"),
        "method": solved["method"],
        "level": outcome.level,
        "confidence": solved.get("confidence", 0.0),
        "cdl": cdl,
        "cdl_residual": outcome.residual,
        "cdl_spaces": {
            name: refit.cdl.as_dict()
            | {
                "working_space": name,
                "delta_e": {"mean": refit.mean, "percentile_95": refit.percentile_95},
            }
            for name, refit in outcome.spaces.items()
        },
        "levels": solved.get("levels", {}),
        "view": measured_through(),
        "before": outcome.before or None,
        "after": outcome.after or None,
        "ramp": [{"frame": n, "stops": s} for n, s in solved.get("ramp", [])],
        "evidence": {
            "count": solved["pairs"]["count"] if "pairs" in solved else 0,
            "structures": solved.get("structures", 0),
            "shares": solved.get("shares"),
            "where": [
                dict(
                    zip(
                        (
                            "source_frame",
                            "source_x",
                            "source_y",
                            "reference_frame",
                            "reference_x",
                            "reference_y",
                        ),
                        row,
                        strict=True,
                    )
                )
                for row in solved.get("drawn", [])
            ],
        },
    }
    if outcome.refused:
        note = {"kind": "note", "text": solved["why"]}
        return report, [note]
    if solved["ramp"]:  # no CDL and no cube holds a ramp: only the frames do
        return report, [{"kind": "note", "text": RAMPED}]
    results: list[dict[str, Any]] = [
        {"kind": "cdl", "id": job.clips["source"].name} | cdl | {"residual": outcome.residual},
        *(
            {"kind": "cdl", "id": job.clips["source"].name, "residual": each["delta_e"]}
            | {k: v for k, v in each.items() if k != "delta_e"}
            for each in report["cdl_spaces"].values()
        ),
        {
            "kind": "lut",
            "path": str(job.out / f"{job.name}.cube"),
            "space": "ACEScct",
            "needed": outcome.level == "lut",
        },
    ]
    return report, results


def _sentence(job: Job, solved: dict[str, Any], outcome: Outcome) -> str:
    if outcome.refused:
        return f"{job.clips['source'].name} is left as it is: no evidence. {solved['why']}"
    return compare.in_words(job.clips["source"].name, outcome.before)


def _pictures(
    job: Job,
    solved: dict[str, Any],
    outcome: Outcome,
    looked_at: dict[str, tuple[int, ...]],
    strength: float,
) -> list[Picture]:
    """What a person would want to see: the shots, the result, the evidence, the parades."""
    drawn = solved.get("drawn", [])
    numbers = {name: each[len(each) // 2] for name, each in looked_at.items()}
    if drawn:
        numbers["source"], numbers["reference"] = int(drawn[0][0]), int(drawn[0][3])
    light = {name: job.clips[name].picture(number, WIDTH)[0] for name, number in numbers.items()}
    stops = stops_at(solved.get("ramp", []), numbers["source"]) * strength
    result = outcome.grade.with_stops(stops).light(light["source"]).astype(np.float32)
    source, reference, after = (
        colour.through_view(each) for each in (light["source"], light["reference"], result)
    )
    folder = job.out / "report"
    folder.mkdir(exist_ok=True)
    named = f"{job.clips['source'].name} {numbers['source']}"
    hero = f"{job.clips['reference'].name} {numbers['reference']}"
    made = [
        (
            "beside.png",
            charts.beside([source, after, reference]),
            f"{named} as it is, the result, and the hero {hero}.",
        ),
    ]
    places = [
        (x, y, u, v)
        for a, x, y, b, u, v in drawn
        if (a, b) == (numbers["source"], numbers["reference"])
    ]
    if places:
        made.append(
            (
                "evidence.png",
                charts.found_in_both(source, reference, places),
                f"{len(places)} of the structures that were found in both.",
            )
        )
    parades = [charts.parade(each) for each in (source, after, reference)]
    made.append(
        ("parade.png", charts.beside(parades, 256), "RGB parade: the shot, the result, the hero.")
    )
    pictures = []
    for name, code, caption in made:
        path = folder / f"{job.name}_{name}"
        png(str(path), code)
        pictures.append(Picture(path, caption))
    return pictures
