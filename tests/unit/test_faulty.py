"""Frames that are at fault: what was done to a shot is found, what is meant is not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from moving import pan

from answerprint.vision.faulty import Faulty


def told(frames, first=1001):
    watcher = Faulty()
    for number, frame in enumerate(frames, first):
        watcher.see(number, frame, np.ones(frame.shape[:2], bool))
    return watcher.told()


def faults(frames):
    found = told(frames)
    return {name: found[name] for name in ("duplicates", "dropped", "flashes", "blacks")}


NONE = {"duplicates": [], "dropped": [], "flashes": [], "blacks": []}


@pytest.mark.parametrize("speed", [0.0, 1.5, 6.0])
def test_a_sound_shot_has_no_fault(speed):
    assert faults(pan(40, speed)) == NONE


@pytest.mark.parametrize("speed", [0.0, 1.5, 6.0])
@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_copy_in_place_of_frames_is_found(speed, length):
    frames = pan(40, speed)
    for step in range(length):
        frames[20 + step] = frames[19]
    assert faults(frames) == {**NONE, "duplicates": [list(range(1020, 1021 + length))]}


def test_an_inserted_copy_is_found():
    frames = pan(40)
    assert faults([*frames[:12], frames[11], *frames[12:]])["duplicates"] == [[1012, 1013]]


@pytest.mark.parametrize("lost", [1, 2])
@pytest.mark.parametrize("speed", [2.0, 6.0])
def test_dropped_frames_are_found(speed, lost):
    frames = pan(40, speed)
    found = told([*frames[:20], *frames[20 + lost :]])
    assert found["dropped"] == [1021]
    assert found["duplicates"] == []
    assert found["jumps"]["1021"] == pytest.approx(1 + lost, abs=0.35)


@pytest.mark.parametrize(("period", "lost"), [(60, 23), (30, 18)])
def test_a_frame_dropped_where_something_small_swings_slowly_is_found(period, lost):
    frames = swing(40, period)
    assert faults(frames) == NONE
    assert faults([*frames[:lost], *frames[lost + 1 :]])["dropped"] == [1001 + lost]


def swing(count, period):
    """A thing of 3 % of the picture goes to and fro by ten pixels, before a camera that stands."""
    random = np.random.default_rng(0)
    thing = np.exp2(cv2.resize(random.normal(0, 1, (10, 15, 3)).astype(np.float32), (60, 40)))
    back = pan(1, 0)[0]
    size, frames = back.shape[1::-1], []
    for turn in range(count):
        place = np.float32([[1, 0, 100 + 10 * np.sin(2 * np.pi * turn / period)], [0, 1, 80]])
        cover = cv2.warpAffine(np.ones(thing.shape[:2], np.float32), place, size)[..., None]
        frame = back * (1 - cover) + cv2.warpAffine(0.3 * thing, place, size)
        frames.append((frame + 0.004 * random.standard_normal(frame.shape)).astype(np.float32))
    return frames


def test_a_rate_that_was_lowered_by_leaving_frames_out_is_a_cadence():
    frames = [each for at, each in enumerate(pan(50, 2.0, grain=0.002)) if at % 5 != 3]
    assert faults(frames) == NONE
    assert told(frames)["cadence"]["every"] == 4


def test_frames_dropped_before_the_last_one_are_found():
    frames = pan(12, 2.0, grain=0.006)
    found = told([*frames[:5], frames[8]])
    assert found["dropped"] == [1006]


def test_a_camera_that_starts_and_stops_drops_nothing():
    places = 60 * (1 - np.cos(np.linspace(0, 2 * np.pi, 48)))
    frames = pan(1, 0)
    wide = cv2.copyMakeBorder(frames[0], 0, 0, 0, 160, cv2.BORDER_REFLECT)
    moved = [cv2.warpAffine(wide, np.float32([[1, 0, -x], [0, 1, 0]]), (320, 240)) for x in places]
    assert faults(moved)["dropped"] == []


def test_a_hold_a_freeze_and_a_title_are_no_copies():
    frames = pan(30, grain=0)
    assert faults([*frames, *[frames[-1]] * 14]) == NONE  # a freeze to the end
    assert faults([frames[0]] * 30) == NONE  # a title
    eased = [frames[n] for n in (0, 3, 6, 9, 11, 12, 12, 12, 12, 13, 15, 18, 21, 24, 27)]
    assert faults(eased)["duplicates"] == []


def test_a_codec_that_repeats_a_still_picture_makes_no_copies():
    """What it changes of a still picture is now much, now little, now nothing."""
    picture, random, frames = pan(1, 0)[0], np.random.default_rng(3), []
    for at in range(60):
        much = 0.0 if at in (15, 33, 50) else 0.004 * np.exp(random.standard_normal())
        picture = picture * (1 + much * random.standard_normal((*picture.shape[:2], 1)))
        frames.append(picture.astype(np.float32))
    assert faults(frames) == NONE


@pytest.mark.parametrize("every", [2, 3, 5])
def test_a_cadence_is_told_once_and_is_no_fault(every):
    frames = pan(40)
    kept = [
        frame for at, frame in enumerate(frames) for _ in range(2 if at % (every - 1) == 0 else 1)
    ]
    found = told(kept)
    assert found["cadence"]["every"] in (every, every - 1, every + 1)
    assert found["duplicates"] == []
    assert found["dropped"] == []


@pytest.mark.parametrize("stops", [0.5, 2.0, -1.0])
@pytest.mark.parametrize("length", [1, 2])
def test_a_flash_is_found(stops, length):
    frames = pan(40)
    for step in range(length):
        frames[15 + step] = frames[15 + step] * 2.0**stops
    found = told(frames)
    assert found["flashes"] == list(range(1016, 1016 + length))
    assert found["flash_light"]["1016"] == pytest.approx(stops, abs=0.1)
    assert found["dropped"] == []
    assert found["duplicates"] == []


def test_a_step_of_the_light_is_no_flash():
    frames = pan(40)
    assert faults([f * (2.0 if at > 20 else 1.0) for at, f in enumerate(frames)])["flashes"] == []
    settling = {20: 2.0} | dict.fromkeys(range(21, 40), 1.5)  # a lamp that is switched on
    assert faults([f * settling.get(at, 1.0) for at, f in enumerate(frames)])["flashes"] == []


@pytest.mark.parametrize("stops", [-12.0, 1.8])
def test_a_short_shot_with_one_odd_frame_has_that_fault_alone(stops):
    frames = pan(8, 0.0)
    frames[4] = frames[4] * 2.0**stops
    found = faults(frames)
    assert found.pop("blacks" if stops < 0 else "flashes") == [1005]
    assert not any(found.values())


def test_a_black_frame_is_found_and_a_fade_is_meant():
    frames = pan(40)
    frames[20] = np.zeros_like(frames[20])
    found = told(frames)
    assert found["blacks"] == [1021]
    assert found["faded"] == []
    assert found["flashes"] == []
    faded = [f * max(0.0, min(1.0, (at - 4) / 16)) for at, f in enumerate(pan(40, grain=0))]
    found = told(faded)
    assert found["blacks"] == found["faded"] == [1001, 1002, 1003, 1004, 1005]
