"""Avid log exchange (ALE): a table of clips, and no cut, to OpenTimelineIO.

The adapter of OpenTimelineIO refuses a whole log for one row that does not add up, knows no drop
frame and no whole numbers in a CDL; so the rows are read here, as EDLs are (`edl.py`).

Convention
    cut        an ALE has none: its clips stand one after another, from Start to End, and a
               warning says so. Rows of sound alone are left out and counted.
    rate       FPS of the heading; the caller's word goes first. Rows at another FPS are said.
    columns    Name, Start, End, Duration, Tracks, Tape or Reel, Source File (or UNC, Source Path),
               ASC_SOP and ASC_SAT, or CDL. All of them are kept in the metadata 'ALE'.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import opentimelineio as otio

from answerprint.edit.edl import cdl_of
from answerprint.edit.timecode import count_of, drops, exact
from answerprint.errors import BadInput

_FILES = ("Source File", "Source File Path", "UNC", "Source Path", "Filepath", "File Path")
_REELS = ("Tape", "Reel", "Reel Name", "TapeID", "Tape ID")
_HINT = "Export the log again as ALE (tab delimited), or the edit as an EDL (CMX 3600)."


def read_ale(
    text: str, name: str, rate: Fraction | None = None
) -> tuple[otio.schema.Timeline, Fraction, bool, list[str]]:
    """The log's clips as a timeline, its rate, whether it drops frames, and what is to be said.

    Raises BadInput where it is no ALE, or holds no clip with a time.
    """
    heading, columns, rows = _parts(text, name)
    told = heading.get("FPS", "")
    found = rate or _rate(told, name)
    said = ["An ALE lists clips and no cut: they stand one after another, as the log has them."]
    timeline, sound, drop = otio.schema.Timeline(name), 0, False
    track = otio.schema.Track("Video 1")
    for number, cells in rows:
        row = dict(zip(columns, cells, strict=False))
        tracks = row.get("Tracks", "").upper()
        if tracks and "V" not in tracks:
            sound += 1
        elif clip := _clip(row, number, found, said):
            track.append(clip)
            drop = drop or drops(row["Start"])
    if sound:
        said.append(f"Not looked at: clips of sound ({sound}).")
    if not len(track):
        raise BadInput(f"{name} lists no clip with a time.", " ".join(said[1:4]) or _HINT)
    timeline.tracks.append(track)
    timeline.global_start_time = otio.opentime.RationalTime(0, float(found))
    return timeline, found, drop, said


def _parts(text: str, name: str) -> tuple[dict[str, str], list[str], list[tuple[int, list[str]]]]:
    """Heading, names of columns, and the rows with the number of their line."""
    heading, columns, rows, part = dict[str, str](), list[str](), list[tuple[int, list[str]]](), ""
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() in ("Heading", "Column", "Data"):
            part = line.strip()
        elif not line.strip():
            continue
        elif part == "Heading":
            word, _, value = line.partition("\t")
            heading[word.strip().upper()] = value.strip()
        elif part == "Column" and not columns:
            columns = [each.strip() for each in line.split("\t")]
        elif part == "Data":
            rows.append((number, [each.strip() for each in line.split("\t")]))
    if "Start" not in columns or part != "Data":
        raise BadInput(f"{name} is no ALE with a column 'Start' and its data.", _HINT)
    return heading, columns, rows


def _rate(told: str, name: str) -> Fraction:
    try:
        return exact(float(told), name)
    except ValueError as why:
        hint = "Name the rate of the log, or export it again."
        raise BadInput(f"{name} says no rate that film has: FPS is '{told[:40]}'.", hint) from why


def _clip(
    row: dict[str, str], number: int, rate: Fraction, said: list[str]
) -> otio.schema.Clip | None:
    """A row's clip; None where its times are none, which is said."""
    name = row.get("Name", "")
    what = f"Line {number} ({name[:60] or 'without a name'})"
    try:
        first, end, lasts, over = _span(row, rate)
    except ValueError as why:
        said.append(f"{what} is left out: {why}.")
        return None
    if over:
        said.append(
            f"{what}: End {row['End']} is before Start {row['Start']}; taken for the next day's."
        )
    if lasts is not None and abs(end - first - lasts) > 1:
        said.append(f"{what}: Start to End is {end - first} frames and not {row['Duration']}.")
    own = row.get("FPS", "")
    if own and not _same(own, rate):
        said.append(f"{what} is at {own} frames per second, and counted at {rate}.")
    rated = float(rate)
    start = otio.opentime.RationalTime(first, rated)
    clip = otio.schema.Clip(name)
    clip.source_range = otio.opentime.TimeRange(
        start, otio.opentime.RationalTime(end - first, rated)
    )
    files = [row[each] for each in _FILES if row.get(each)]
    reel = next((row[each] for each in _REELS if row.get(each)), "")
    clip.metadata["cmx_3600"] = {"reel": reel, "files": files}
    clip.metadata["ALE"] = {word: value for word, value in row.items() if value and word}
    if (cdl := _cdl(row, what, said)) is not None:
        clip.metadata["cdl"] = cdl
    return clip


def _span(row: dict[str, str], rate: Fraction) -> tuple[int, int, int | None, bool]:
    """First frame, end, the length as the row has it, and whether it goes over midnight.

    ValueError where they are none.
    """
    start, end, duration = (row.get(each, "") for each in ("Start", "End", "Duration"))
    if not start or not (end or duration):
        raise ValueError("it has no Start and End")
    drop = drops(start)
    first = count_of(start, rate, drop)
    lasts = count_of(duration, rate, drops(duration)) if duration else None
    till = count_of(end, rate, drop) if end else first + (lasts or 0)
    over = till < first
    if over:
        till += count_of("24:00:00:00", rate, drop)
    if till == first:
        raise ValueError("it has no length")
    return first, till, lasts, over


def _same(told: str, rate: Fraction) -> bool:
    try:
        return exact(float(told), "A row") == rate
    except (ValueError, BadInput):
        return False


def _cdl(row: dict[str, str], what: str, said: list[str]) -> dict[str, Any] | None:
    sop, sat = row.get("ASC_SOP", ""), row.get("ASC_SAT", "")
    if not sop and not sat and (whole := row.get("CDL", "")):
        sop, _, rest = whole.rpartition("(")  # (slope)(offset)(power)(saturation)
        sop, sat = (sop, rest) if whole.count("(") == 4 else (whole, "")
    cdl = cdl_of(sop, sat)
    if cdl is None and (sop or sat):
        said.append(f"{what}: its CDL cannot be read: {(sop or sat)[:60]}")
    return cdl
