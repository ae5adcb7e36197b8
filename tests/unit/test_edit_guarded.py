"""Cuts are parsed in a child: it may end, hang or eat memory, and the caller says so and lives."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import opentimelineio as otio
import pytest
from edits import clip, external, saved, sequence, span, time

from answerprint.edit import cut as cuts
from answerprint.edit import guarded
from answerprint.edit.cut import read_cut
from answerprint.edit.timecode import LARGEST
from answerprint.errors import BadInput

XMEML = (
    '<xmeml version="5"><sequence><name>r</name><rate><timebase>{rate}</timebase>'
    "<ntsc>FALSE</ntsc></rate><media><video>{track}</video></media></sequence></xmeml>"
)


@pytest.fixture
def instead(tmp_path, monkeypatch):
    """Let the child run other code, behind its limits; the path of a cut to read."""

    def made(code):
        (tmp_path / "child.py").write_text(
            "from answerprint.edit import guarded\nguarded._limit()\n" + code
        )
        run = subprocess.run

        def other(command, **more):
            return run([sys.executable, str(tmp_path / "child.py")], **more)

        monkeypatch.setattr(guarded.subprocess, "run", other)
        return saved(tmp_path / "r.otio", clip("a", None, span(0, 4)))

    return made


def test_a_child_that_is_killed_is_said(instead):
    path = instead(f"import os; os.kill(os.getpid(), {int(signal.SIGSEGV)})")
    with pytest.raises(BadInput, match=r"r\.otio cannot be read as a cut") as refused:
        read_cut(path)
    assert "ended the reader (status -11)" in refused.value.detail


def test_a_child_that_hangs_is_ended(instead, monkeypatch):
    monkeypatch.setattr(guarded, "LONGEST", 0.5)
    path = instead("import threading; threading.Event().wait()")
    with pytest.raises(BadInput, match=r"r\.otio cannot be read within 0\.5 seconds"):
        read_cut(path)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds a process to its memory")
def test_a_child_that_wants_the_whole_memory_is_refused_it(instead):
    path = instead(
        "import sys\n"
        "def parse(path, rate): return bytearray(guarded.MOST_MEMORY + 1)\n"
        "import answerprint.edit.parse as parsing\n"
        "parsing.parse = parse\n"
        "guarded.main('r.otio', '')\n"
    )
    with pytest.raises(BadInput, match=r"r\.otio cannot be read within 4 GB of memory"):
        read_cut(path)


def test_what_a_parser_prints_does_not_reach_the_caller(instead):
    path = instead(
        "import os, answerprint.edit.parse as parsing\n"
        "whole = parsing.parse\n"
        "def parse(path, rate):\n"
        "    print('SKIPPING: odd'); os.write(1, b'more'); return whole(path, rate)\n"
        "parsing.parse = parse\n"
        "guarded.main(__file__.replace('child.py', 'r.otio'), '')\n"
    )
    assert read_cut(path).events[0].name == "a"


def test_a_cut_is_read_again_where_its_file_was_changed(tmp_path):
    path = saved(tmp_path / "r.otio", clip("a", None, span(0, 4)))
    assert read_cut(path).events[0].name == "a"
    saved(tmp_path / "r.otio", clip("other", None, span(0, 4)))
    assert read_cut(path).events[0].name == "other"


def test_a_document_is_the_callers_own(tmp_path):
    """What one caller does to its timeline, the next one does not see."""
    path = saved(tmp_path / "r.otio", clip("a", None, span(0, 4)))
    guarded.read_document(path).timeline.tracks.clear()
    assert len(guarded.read_document(path).timeline.tracks) == 1


# --- documents made to do harm -------------------------------------------------------------


def bomb():
    """A page that grows to gigabytes, where entities are taken in."""
    rows = '<!ENTITY a0 "lol">' + "".join(
        f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12)
    )
    return f"<!DOCTYPE xmeml [{rows}]><xmeml>&a11;</xmeml>"


DEEP = 100_000
XML = {
    "bomb.xml": (bomb(), "declares entities"),
    "outside.xml": (
        '<!DOCTYPE xmeml [<!ENTITY x SYSTEM "file:///etc/hostname">]><xmeml>&x;</xmeml>',
        "declares entities",
    ),
    "deep.xml": ("<a>" * DEEP + "</a>" * DEEP, "nests deeper than any edit"),
    "open.xml": ("<a>" * DEEP, "nests deeper than any edit"),
    "deep.fcpxml": (
        "<fcpxml>" + "<clip>" * DEEP + "</clip>" * DEEP + "</fcpxml>",
        "nests deeper than any edit",
    ),
    "half.xml": ("<xmeml><sequence>", "cannot be read as a cut"),
    "odd.xml": ("<html/>", "is no XML of Final Cut Pro: it is <html>"),
    "none.xml": ("", "cannot be read as a cut"),
    "zero.xml": (XMEML.format(rate=0, track=""), "zero.xml"),
    "nan.xml": (XMEML.format(rate="nan", track=""), "nan.xml"),
}


@pytest.mark.parametrize("name", XML)
def test_xml_made_to_do_harm_is_refused(tmp_path, name):
    text, said = XML[name]
    (tmp_path / name).write_text(text)
    with pytest.raises(BadInput, match=name.replace(".", "[.]")) as refused:
        read_cut(str(tmp_path / name))
    assert said in refused.value.title
    assert refused.value.hint


ODD_TIMES = {
    "negative": (span(0, -4), "lasts -0.166667 seconds"),
    "huge": (span(0, LARGEST * 2), "frames"),
    "endless": (span(0, float("inf")), "frames"),
    "none": (span(0, float("nan")), "frames"),
    "far": (span(1e300, 4), "frames"),
    "rate": (span(0, 4, 1e-9), "rate"),
    "fast": (span(0, 4, 1e12), "rate"),
}


@pytest.mark.parametrize("name", ODD_TIMES)
@pytest.mark.parametrize("kind", ["clip", "gap", "nest"])
def test_times_that_are_none_are_refused(tmp_path, name, kind):
    range_, said = ODD_TIMES[name]
    odd = {
        "clip": clip("odd", None, range_),
        "gap": otio.schema.Gap("odd", source_range=range_),
        "nest": otio.schema.Stack("odd", source_range=range_),
    }[kind]
    path = saved(tmp_path / "r.otio", odd, clip("a", None, span(0, 4)))
    with pytest.raises(BadInput) as refused:
        read_cut(path)
    assert said in refused.value.title


def test_a_transition_below_nothing_is_refused(tmp_path):
    over = otio.schema.Transition("", "SMPTE_Dissolve", time(-3), time(2))
    path = saved(
        tmp_path / "r.otio", clip("a", None, span(0, 8)), over, clip("b", None, span(0, 8))
    )
    with pytest.raises(BadInput, match=r"A transition reaches -0\.125 seconds"):
        read_cut(path)


@pytest.mark.parametrize("key", ["value", "rate"])
@pytest.mark.parametrize("odd", ['"x"', "[1]", "{}", "null", "1e999"])
def test_times_of_another_kind_are_refused(tmp_path, key, odd):
    path = Path(saved(tmp_path / "r.otio", clip("a", None, span(7, 4))))
    text = path.read_text()
    spelt = {"value": '"value": 7.0', "rate": '"rate": 24.0'}[key]
    assert spelt in text
    path.write_text(text.replace(spelt, f'"{key}": {odd}'))
    with pytest.raises(BadInput):
        read_cut(str(path))


# --- references that climb -----------------------------------------------------------------


@pytest.fixture
def outside(tmp_path):
    """Media beside the folder of the edit, and that folder."""
    pattern = sequence(tmp_path / "media")
    (tmp_path / "cut").mkdir()
    return pattern, tmp_path / "cut"


@pytest.mark.parametrize("base", ["../media/", "./x/../../media/", "..\\media\\"])
def test_a_reference_that_climbs_out_of_the_edits_folder_is_not_followed(outside, base):
    shot = clip("n", external(f"{base}plate.[1001-1024].exr", 0, 24), span(4, 4))
    path = saved(outside[1] / "r.otio", shot)
    (event,) = read_cut(path).events
    assert event.media is None
    assert "is outside of the edit's folder, by '..' in its path" in event.why
    assert event.hint == "Name the folder of the media."
    (event,) = read_cut(path, media=os.path.dirname(outside[0])).events
    assert (event.media.path, event.frames) == (outside[0], (1005, 1008))


def test_an_absolute_path_or_a_sequences_prefix_does_not_climb_either(outside):
    folder = outside[1]
    around = external(f"{folder}/../media/plate.[1001-1024].exr", 0, 24)
    prefix = otio.schema.ImageSequenceReference(
        "./", "../media/plate.", ".exr", start_frame=1001, rate=24, frame_zero_padding=4
    )
    prefix.available_range = span(0, 24)
    for reference in (around, prefix):
        path = saved(folder / "r.otio", clip("n", reference, span(4, 4)))
        assert "outside of the edit's folder" in read_cut(path).events[0].why


def test_dots_that_stay_within_the_edits_folder_are_followed(tmp_path):
    pattern = sequence(tmp_path / "in")
    (tmp_path / "x").mkdir()
    shot = clip("n", external("x/../in/plate.[1001-1024].exr", 0, 24), span(4, 4))
    assert read_cut(saved(tmp_path / "r.otio", shot)).events[0].media.path == pattern


# --- cost ----------------------------------------------------------------------------------


def test_events_of_one_name_are_told_apart_at_once(tmp_path):
    """A reel of 2000 events from one clip: each search for a free name would be as long again."""
    asked = 0

    class Counted(dict):
        def __contains__(self, key):
            nonlocal asked
            asked += 1
            return super().__contains__(key)

    taken = Counted()
    found = [cuts._id("same.mov", taken) for _ in range(2000)]
    assert len(set(found)) == 2000
    assert found[-1] == "same_2000"
    assert asked < 5 * 2000


def test_the_plain_form_of_a_cut_is_json(tmp_path):
    path = saved(tmp_path / "r.otio", clip("a", None, span(0, 4)))
    assert json.loads(json.dumps(read_cut(path).plain()))["events"][0]["name"] == "a"
