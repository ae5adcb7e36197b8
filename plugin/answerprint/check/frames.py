"""Frames of a shot that are at fault by themselves: twice, missing, black, flashing, flickering.

What was seen is in the passport (`vision/faulty.py`, `vision/flicker.py`), by frames of the media;
here it is put on the cut, and what is meant is left out: a freeze, a fade at an end, a cadence.

Convention
    frame   the first frame of the cut that shows the frame of the media (`Shot.shown_at`); what an
            event that runs fast jumps over is left out.
    fix     frames that show nothing of their own are rebuilt (`fill`), a jump is evened out
            (`repair`), flicker is taken out (`deflicker`); a shot that is black all through has
            none.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from answerprint.check.model import Finding, Shot, Study
from answerprint.frames.sequence import ranges

FLICKER = 0.04
"""Stops rms, three per cent of light: sound footage (exposure servos, codecs) stayed below 0.03."""
SURE = 2.0
"""Sigmas by which a swing has to be beyond that."""


def find(study: Study) -> list[Finding]:
    """Every finding of the family 'frames', and flicker, shot by shot."""
    found: list[Finding] = []
    for shot in study.shots:
        if shot.event.speed:  # a freeze shows one frame, over and over
            found += [*_copies(shot), *_missing(shot), *_flashes(shot), *_flicker(shot)]
        found += _blacks(shot)
    return found


def _copies(shot: Shot) -> Iterator[Finding]:
    for group in shot.passport["duplicates"]:
        copies = group[1:]
        if span := _span(shot, copies):
            many = f"{len(copies)} times more" if len(copies) > 1 else "twice"
            text = f"Frame {group[0]} of {shot.event.name} stands {many} ({_told(group)})."
            fix = filled(shot, copies)
            yield _of("duplicate_frames", shot, span, len(copies), 0.0, 0.95, text, copies, fix)


def _missing(shot: Shot) -> Iterator[Finding]:
    for number in shot.passport["dropped"]:
        jump = shot.passport["jumps"][str(number)]
        if span := _span(shot, [number]):
            lost = max(1, round(jump) - 1)
            text = (
                f"{shot.event.name} jumps before frame {number}: it moves {jump:.1f} times as far "
                f"as around it, as if {lost} frame{'s were' if lost > 1 else ' was'} dropped."
            )
            fix = _fix(shot, "repair", {"kinds": "dropped"})
            yield _of("dropped_frames", shot, span, lost, 1.0, 0.8, text, [number], fix)


def _flashes(shot: Shot) -> Iterator[Finding]:
    for group in _runs(shot.passport["flashes"]):
        light = shot.passport["flash_light"][str(group[0])]
        if span := _span(shot, group):
            text = f"{_told(group)} of {shot.event.name} stands out by {light:+.1f} stop."
            fix = filled(shot, group)
            yield _of("flash_frame", shot, span, light, 0.1, 0.9, text, group, fix)


def _blacks(shot: Shot) -> Iterator[Finding]:
    meant = set(shot.passport["faded"])
    black = shot.passport["blacks"]
    whole = len(black) + len(shot.passport["frames"]["failed"]) >= shot.passport["frames"]["count"]
    for group in _runs([n for n in black if n not in meant]):
        if span := _span(shot, group):
            text = f"{_told(group)} of {shot.event.name} is black."
            if whole:
                text = f"All of {shot.event.name} is black."
            sure, fix = (0.5, None) if whole else (0.9, filled(shot, group))
            yield _of("black_frame", shot, span, len(group), 0.0, sure, text, group, fix)


def _flicker(shot: Shot) -> Iterator[Finding]:
    swing = shot.passport["flicker"]
    value, error = swing["value"], swing["uncertainty"]
    if not value or error >= value or _at_least(value, error) < FLICKER:
        return
    first, end = shot.cut
    text = f"The light of {shot.event.name} flickers by {value:.2f} stop rms from frame to frame."
    sure = min(0.95, 0.6 + 0.1 * (value - FLICKER) / max(error, 0.005))
    fix = _fix(shot, "deflicker", {})
    span = (first, end - 1)
    yield Finding("flicker", (shot.name,), first, span, value, error, sure, text, fix=fix)


def _at_least(rms: float, error: float) -> float:
    """The root mean square that one of this size and error still leaves likely.

    A mean of squares is spread like chi-square; Wilson and Hilferty, PNAS 1931, make it normal.
    """
    part = 4 / 9 * (error / rms) ** 2  # 2 / (9 degrees of freedom), which the error tells
    return rms / (1 - part + SURE * math.sqrt(part)) ** 1.5


# --- on the cut ----------------------------------------------------------------------------


def _of(
    kind: str,
    shot: Shot,
    span: tuple[int, int],
    value: float,
    error: float,
    confidence: float,
    text: str,
    media: Sequence[int],
    fix: Mapping[str, Any] | None,
) -> Finding:
    what = f"{media[0]}-{media[-1]}"
    return Finding(
        kind, (shot.name,), span[0], span, value, error, confidence, text, fix=fix, what=what
    )


def filled(shot: Shot, media: Sequence[int]) -> dict[str, Any] | None:
    """Frames of the media rebuilt, those of them that the event has; without a run at one of its
    ends, where nothing lies on one side. None where none is left."""
    assert shot.event.frames
    first, last = shot.event.frames
    runs = _runs([n for n in media if first <= n <= last])
    between = [n for run in runs if first < run[0] and run[-1] < last for n in run]
    return _fix(shot, "fill", {"replace": ranges(between)}) if between else None


def _fix(shot: Shot, tool: str, params: dict[str, Any]) -> dict[str, Any]:
    return {"tool": tool, "params": params, "inputs": {"source": shot.name}}


def _span(shot: Shot, numbers: Sequence[int]) -> tuple[int, int] | None:
    """First and last frame of the cut that show these frames of the media."""
    shown = [shot.shown_at(number) for number in numbers if _is_shown(shot, number)]
    return (min(shown), max(shown)) if shown else None


def _is_shown(shot: Shot, number: int) -> bool:
    """Whether an event that runs fast does not jump over a frame of its media."""
    event = shot.event
    assert event.frames
    pace = (event.source[1] - event.source[0]) / (shot.cut[1] - shot.cut[0])
    if pace <= 1:
        return True
    turn = number - event.frames[0] - event.head
    turn = event.source[1] - event.source[0] - 1 - turn if event.speed < 0 else turn
    return math.floor((shot.shown_at(number) - shot.cut[0]) * pace + 1e-6) == turn


def _runs(numbers: Sequence[int]) -> list[list[int]]:
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs


def _told(group: Sequence[int]) -> str:
    many = len(group) > 1
    return f"Frames {group[0]}-{group[-1]}" if many else f"Frame {group[0]}"
