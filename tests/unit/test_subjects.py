"""Who moves besides the camera, from pictures in which that is known."""

import json

import numpy as np
import pytest
from moves import Path, shot, wall

from answerprint.vision.camera import CameraMotion
from answerprint.vision.subjects import Subjects

WIDTH, HEIGHT, FRAMES = 320, 180, 24


def told(speed, pan=0.0, tall=0.6, seed=1, top=0.3, seconds=1.0):
    """An actor who crosses at a speed in widths a second, before a camera that pans.

    tall, top   his height, and where his head is, in picture heights.
    """
    camera = CameraMotion(24.0)
    subjects = Subjects(camera)
    frames = round(FRAMES * seconds)
    turns = np.zeros((frames, 4))
    turns[:, 0] = pan * np.arange(frames) / 24
    random = np.random.default_rng(seed)
    coat = wall(8, 60, round(tall * HEIGHT)) * (0.5, 0.7, 2.0)
    for number, picture, valid in shot(
        wall(seed), coat, Path("", turns), random, WIDTH, HEIGHT, tall=0, noise=0.004
    ):
        x = round((0.5 + speed * ((number - 1001) / 24 - 0.5)) * WIDTH) - 20
        y = round(top * HEIGHT)
        rows = slice(y, min(HEIGHT, y + len(coat)))
        picture[rows, max(x, 0) : x + 40] = coat[: rows.stop - y, :40][:, max(-x, 0) :]
        for each in (camera, subjects):
            each.see(number, picture, valid)
    made = subjects.told()
    assert json.loads(json.dumps(made)) == made
    return made


@pytest.mark.parametrize("speed", [0.4, -0.4])
@pytest.mark.parametrize("pan", [0.0, 0.15])
def test_a_subject_goes_to_a_side_whatever_the_camera_does(speed, pan):
    direction = told(speed, pan)["direction"]
    # by itself, beside the set: who is followed by a pan goes the way of the pan
    assert direction["value"] * np.sign(speed + pan) > 0.8
    assert direction["uncertainty"] < 0.2
    assert direction["speed"] == pytest.approx(speed + pan, rel=0.2)


def test_travel_is_what_the_screen_shows():
    assert told(0.4)["direction"]["travel"] == pytest.approx(0.4, rel=0.2)


def test_the_box_is_where_the_subject_is():
    (row,) = told(0.3, seconds=0.8)["subjects"]
    x0, y0, x1, y1 = row["end"]
    assert (x0 + x1) / 2 == pytest.approx(0.57, abs=0.05)
    assert (y0, y1) == (pytest.approx(0.3, abs=0.07), pytest.approx(0.9, abs=0.07))
    assert row["start"][0] < row["end"][0]
    assert row["colour"][2] > row["colour"][0], "his coat is blue"


def test_where_nothing_moves_there_is_no_direction():
    made = told(0.0, pan=0.1)
    # he stands before the lens and the set goes by: to the set he moves; without a pan he does not
    assert made["direction"]["value"] is not None
    made = told(0.0)
    assert made["direction"]["value"] is None
    assert made["subjects"] == []
    assert made["shot_size"]["value"] is None


def test_a_figure_seen_whole_is_a_long_shot():
    size = told(0.4, tall=0.55, top=0.35)["shot_size"]
    assert size["value"] == "long"
    assert size["figure"] == pytest.approx(0.55, abs=0.12)
    assert size["confidence"] <= 0.5, "nobody was recognised"


def test_subjects_need_their_camera_first():
    subjects = Subjects(CameraMotion(24.0))
    with pytest.raises(ValueError, match="The camera has not seen frame 1"):
        subjects.see(1, wall(1, 64, 36), np.ones((36, 64), bool))
