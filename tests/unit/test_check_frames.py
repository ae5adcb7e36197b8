"""Findings of frames: where they lie in the cut, and what of the passport is meant."""

from __future__ import annotations

from fractions import Fraction

import pytest

from answerprint.check import frames
from answerprint.check.kinds import KINDS
from answerprint.check.model import Shot, Study
from answerprint.edit.cut import Cut, Event
from answerprint.tools import find

RATE = Fraction(24)
SOUND = {
    "frames": {"first": 1001, "last": 1048, "count": 48, "failed": {}},
    "duplicates": [],
    "cadence": None,
    "dropped": [],
    "jumps": {},
    "flashes": [],
    "flash_light": {},
    "blacks": [],
    "faded": [],
    "flicker": {"value": 0.004, "uncertainty": 0.001, "unit": "stop", "how": ""},
}


def study(passport=None, speed=1.0, media=(1001, 1048), head=0, record=48):
    taken = media[1] - media[0] + 1 - head
    event = Event(
        1,
        "sc10",
        "sc10",
        1,
        "A001",
        (86500, 86500 + record),
        (0, taken),
        RATE,
        head=head,
        speed=speed,
        frames=media,
    )
    cut = Cut("cut.otio", "cut", RATE, False, 86400, (event,), ())
    shot = Shot(event, (100, 100 + record), (320, 180), {**SOUND, **(passport or {})}, dict)
    return Study(cut, (shot,), {}, ())


def only(passport, **more):
    found = frames.find(study(passport, **more))
    assert len(found) == 1, found
    return found[0]


def test_a_sound_shot_has_no_finding():
    assert frames.find(study()) == []


def test_a_copy_is_found_on_its_frame_of_the_cut():
    found = only({"duplicates": [[1010, 1011, 1012]]})
    assert (found.kind, found.frame, found.range) == ("duplicate_frames", 110, (110, 111))
    assert found.value == 2
    assert found.shots == ("sc10",)
    assert "1010" in found.text
    assert found.unit == KINDS["duplicate_frames"].unit


@pytest.mark.parametrize(
    ("passport", "tool", "params"),
    [
        ({"duplicates": [[1010, 1011, 1012]]}, "fill", {"replace": "1011-1012"}),
        ({"flashes": [1020], "flash_light": {"1020": 2.0}}, "fill", {"replace": "1020"}),
        ({"blacks": [1020, 1021]}, "fill", {"replace": "1020-1021"}),
        ({"dropped": [1020], "jumps": {"1020": 2.0}}, "repair", {"kinds": "dropped"}),
    ],
)
def test_what_mends_it_is_offered(passport, tool, params):
    found = only(passport)
    assert found.fix == {"tool": tool, "params": params, "inputs": {"source": "sc10"}}
    assert find(tool).parse(params)


def test_frames_at_an_end_have_nothing_to_be_made_of():
    first, last = study().shots[0].event.frames
    assert only({"blacks": [first]}).fix is None
    assert only({"blacks": [last]}).fix is None


def test_the_overlap_of_a_dissolve_and_a_slow_speed_are_counted():
    assert only({"duplicates": [[1010, 1011]]}, head=4, record=44).frame == 106
    slow = only({"duplicates": [[1010, 1011]]}, speed=0.5, record=96)
    assert slow.frame == 120
    back = only({"duplicates": [[1010, 1011]]}, speed=-1.0)
    assert back.frame == 137


def test_what_a_fast_event_jumps_over_is_left_out():
    assert (
        frames.find(study({"flashes": [1012], "flash_light": {"1012": 1.0}}, 2.0, record=24)) == []
    )
    assert (
        only({"flashes": [1013], "flash_light": {"1013": 1.0}}, speed=2.0, record=24).frame == 106
    )


def test_a_freeze_has_no_copies_and_no_jumps():
    passport = {"duplicates": [[1001, 1002]], "dropped": [1004], "jumps": {"1004": 2.0}}
    assert frames.find(study(passport, speed=0.0)) == []


def test_a_jump_says_how_many_frames_are_missing():
    found = only({"dropped": [1020], "jumps": {"1020": 2.9}})
    assert (found.kind, found.frame, found.value) == ("dropped_frames", 119, 2)


def test_flashes_side_by_side_are_one_finding():
    light = {"1020": -0.8, "1021": -0.8, "1030": 1.5}
    found = frames.find(study({"flashes": [1020, 1021, 1030], "flash_light": light}))
    assert [(f.kind, f.range, f.value) for f in found] == [
        ("flash_frame", (119, 120), -0.8),
        ("flash_frame", (129, 129), 1.5),
    ]


def test_a_fade_is_meant_and_black_in_the_middle_is_not():
    found = only({"blacks": [1001, 1002, 1020], "faded": [1001, 1002]})
    assert (found.kind, found.range, found.value) == ("black_frame", (119, 119), 1)


def test_a_shot_that_is_all_black_says_so_and_is_less_sure():
    everything = list(range(1001, 1049))
    found = only({"blacks": everything})
    assert found.value == 48
    assert found.text.startswith("All of")
    assert found.confidence < 0.6


@pytest.mark.parametrize(
    ("value", "error", "count"), [(0.2, 0.01, 1), (0.05, 0.01, 0), (None, None, 0)]
)
def test_flicker_has_to_be_more_than_an_eye_and_the_measurement_miss(value, error, count):
    passport = {"flicker": {"value": value, "uncertainty": error, "unit": "stop", "how": ""}}
    found = frames.find(study(passport))
    assert [(f.kind, f.fix and f.fix["tool"]) for f in found] == [("flicker", "deflicker")] * count
    assert all(f.range == (100, 147) for f in found)


def test_ids_do_not_depend_on_what_was_measured():
    one, two = (
        only({"flashes": [1013], "flash_light": {"1013": stops}}).what for stops in (1.0, 1.1)
    )
    assert one == two
    assert one != only({"flashes": [1014], "flash_light": {"1014": 1.0}}).what
