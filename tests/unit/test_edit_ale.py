"""Avid logs (ALE): clips and no cut, with their timecodes, reels and CDLs."""

from fractions import Fraction

import opentimelineio as otio
import pytest
from edits import NTSC, sequence

from answerprint.edit.cut import read_cut
from answerprint.errors import BadInput

SOP = "(1.1 1 0.9)(-0.01 0 0.02)(1 1.05 1)"
CDL = {"slope": [1.1, 1, 0.9], "offset": [-0.01, 0, 0.02], "power": [1, 1.05, 1]}


def log(path, *rows, columns="Name Tape Tracks Start End", fps="24"):
    cells = ["\t".join(row) for row in rows]
    heading = ["Heading", "FIELD_DELIM\tTABS", f"FPS\t{fps}", ""]
    table = ["Column", "\t".join(columns.split()), "", "Data", *cells]
    path.write_text("\n".join([*heading, *table]) + "\n")
    return str(path)


def test_clips_stand_one_after_another_and_it_is_said(tmp_path):
    path = log(
        tmp_path / "day.ale",
        ("a", "A001", "V", "01:00:00:00", "01:00:02:00"),
        ("b", "A002", "VA1A2", "02:00:00:10", "02:00:01:10"),
    )
    cut = read_cut(path)
    assert [(e.name, e.reel, e.record, e.source) for e in cut.events] == [
        ("a", "A001", (0, 48), (86400, 86448)),
        ("b", "A002", (48, 72), (172810, 172834)),
    ]
    assert cut.warnings[0].startswith("An ALE lists clips and no cut")


def test_it_reads_what_the_adapter_of_opentimelineio_reads(tmp_path):
    """A second opinion, on a log that the adapter can read."""
    path = log(
        tmp_path / "day.ale",
        ("a", "A001", "01:00:00:00", "01:00:02:00", f"{SOP}", "0.8"),
        columns="Name Tape Start End ASC_SOP ASC_SAT",
    )
    (theirs,) = otio.adapters.read_from_file(path)
    ours = read_cut(path).events[0]
    assert ours.source[0] == theirs.source_range.start_time.value
    assert ours.source[1] - ours.source[0] == theirs.source_range.duration.value
    assert ours.name == theirs.name


@pytest.mark.parametrize(
    ("columns", "cells"),
    [
        ("ASC_SOP ASC_SAT", (SOP, "0.8")),
        ("CDL", (f"{SOP}(0.8)",)),
        ("CDL", (SOP.replace(")(", ") (") + " (0.8)",)),
    ],
)
def test_a_cdl_in_its_columns(tmp_path, columns, cells):
    row = ("a", "01:00:00:00", "01:00:01:00", *cells)
    cut = read_cut(log(tmp_path / "d.ale", row, columns=f"Name Start End {columns}"))
    assert cut.events[0].cdl == {**CDL, "saturation": 0.8}


def test_a_cdl_that_cannot_be_read_is_said(tmp_path):
    row = ("a", "01:00:00:00", "01:00:01:00", "warm")
    cut = read_cut(log(tmp_path / "d.ale", row, columns="Name Start End ASC_SOP"))
    assert cut.events[0].cdl is None
    assert any("its CDL cannot be read: warm" in each for each in cut.warnings)


def test_media_by_its_path_else_by_reel_and_timecode(tmp_path):
    pattern = sequence(tmp_path / "in", "A001_C002", timecode=86400)
    sequence(tmp_path / "in", "A001_C003", timecode=90000)
    named = ("x", "Z9", "01:00:00:04", "01:00:00:08", pattern.replace("%04d", "1001"))
    by_reel = ("y", "A001", "01:00:00:10", "01:00:00:12", "")
    path = log(tmp_path / "d.ale", named, by_reel, columns="Name Tape Start End UNC")
    first, second = read_cut(path, media=str(tmp_path)).events
    assert (first.media.path, first.frames) == (pattern, (1005, 1008))
    assert (second.media.path, second.frames) == (pattern, (1011, 1012))


def test_drop_frame_23_976_and_midnight(tmp_path):
    drop = ("a", "A", "V", "01:00:00;00", "01:01:00;02")
    cut = read_cut(log(tmp_path / "d.ale", drop, fps="29.97"))
    assert (cut.rate, cut.drop, cut.events[0].record) == (Fraction(30000, 1001), True, (0, 1800))
    late = ("b", "A", "V", "23:59:59:00", "00:00:01:00")
    cut = read_cut(log(tmp_path / "n.ale", late, fps="23.976"))
    assert (cut.rate, cut.events[0].record) == (NTSC, (0, 48))
    said = "End 00:00:01:00 is before Start 23:59:59:00; taken for the next day's."
    assert any(each.endswith(said) for each in cut.warnings)


def test_rows_that_cannot_be_clips_are_left_out_and_said(tmp_path):
    path = log(
        tmp_path / "d.ale",
        ("a", "A", "V", "01:00:00:00", "01:00:01:00"),
        ("music", "", "A1A2", "01:00:00:00", "01:00:01:00"),
        ("odd", "A", "V", "01:00:00:30", "01:00:01:00"),
        ("none", "A", "V", "", ""),
        ("still", "A", "V", "01:00:00:00", "01:00:00:00"),
    )
    cut = read_cut(path)
    assert [e.name for e in cut.events] == ["a"]
    assert "Not looked at: clips of sound (1)." in cut.warnings
    for said in ("(odd) is left out: '01:00:00:30'", "(none) is left out", "(still) is left out"):
        assert any(said in each for each in cut.warnings)


def test_a_length_that_does_not_add_up_is_said(tmp_path):
    row = ("a", "01:00:00:00", "01:00:02:00", "00:00:01:00", "25")
    columns = "Name Start End Duration FPS"
    cut = read_cut(log(tmp_path / "d.ale", row, columns=columns))
    assert cut.events[0].record == (0, 48)
    assert any("48 frames and not 00:00:01:00" in each for each in cut.warnings)
    assert any("at 25 frames per second, and counted at 24" in each for each in cut.warnings)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no ALE"),
        ("Heading\nFPS\t24\nColumn\nName\nData\na\n", "is no ALE with a column 'Start'"),
        ("Heading\nFPS\t0\nColumn\nName\tStart\tEnd\nData\n", "rate of 0"),
        ("Heading\nFPS\tnan\nColumn\nName\tStart\tEnd\nData\n", "rate of nan"),
        ("Heading\nColumn\nName\tStart\tEnd\nData\n", "FPS is ''"),
        ("Heading\nFPS\t24\nColumn\nName\tStart\tEnd\nData\n", "lists no clip with a time"),
    ],
)
def test_what_is_no_log_is_refused(tmp_path, text, said):
    (tmp_path / "d.ale").write_text(text)
    with pytest.raises(BadInput, match=r"d\.ale") as refused:
        read_cut(str(tmp_path / "d.ale"))
    assert said in refused.value.title


def test_the_callers_rate_goes_first(tmp_path):
    path = log(tmp_path / "d.ale", ("a", "A", "V", "01:00:00:00", "01:00:01:00"), fps="")
    assert read_cut(path, rate="25").events[0].record == (0, 25)
