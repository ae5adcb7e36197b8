"""What the camera does, told from pictures whose camera is known."""

import json

import numpy as np
import pytest
from moves import Path, draw, shot, wall
from soundstage.room import Camera, render

from answerprint.vision.camera import CameraMotion, smoothed

ACTOR = wall(8, 200, 300)


def told(path, seed=1, **how):
    motion = CameraMotion(24.0)
    random = np.random.default_rng(seed)
    for frame in shot(wall(seed), ACTOR, path, random, width=320, height=180, **how):
        motion.see(*frame)
    return motion.told()["camera"]


def steady(frames=20, **speeds):
    """Widths a second of pan and tilt, a natural logarithm of zoom, radians of roll."""
    seconds = np.arange(frames) / 24.0
    names = ("pan", "tilt", "zoom", "roll")
    return np.stack([seconds * speeds.get(name, 0.0) for name in names], 1)


@pytest.mark.parametrize("kind", ["static", "pan", "tilt", "zoom", "roll", "hand-held"])
def test_each_move_is_named_behind_an_actor(kind):
    for seed in (1, 2):
        path = draw(kind, 30, np.random.default_rng(seed))
        camera = told(path, seed)
        assert camera["kind"] == kind, camera
        assert camera["confidence"] > 0.5
        assert json.loads(json.dumps(camera)) == camera


@pytest.mark.parametrize(
    ("move", "speed", "expected"),
    [
        ("pan", 0.2, 0.2),
        ("pan", -0.2, -0.2),
        ("tilt", 0.15, 0.15),
        ("zoom", 0.3, 30.0),
        ("zoom", -0.3, -30.0),
        ("roll", 0.2, np.degrees(0.2)),
    ],
)
def test_speeds_are_measured_with_their_sign(move, speed, expected):
    camera = told(Path(move, steady(**{move: speed})))
    assert camera["kind"] == move
    assert camera[move]["value"] == pytest.approx(expected, rel=0.05)
    assert camera[move]["uncertainty"] < 0.05 * abs(expected)
    for other in {"pan", "tilt", "zoom", "roll"} - {move}:
        assert abs(camera[other]["value"]) < (0.01 if other in ("pan", "tilt") else 1.5)


def test_the_larger_of_two_moves_names_the_shot():
    camera = told(Path("pan", steady(pan=0.25, tilt=0.1)))
    assert (camera["kind"], camera["also"]) == ("pan", ["tilt"])


def test_exposure_and_flicker_are_no_movement():
    motion = CameraMotion(24.0)
    random = np.random.default_rng(3)
    frames = shot(wall(3), ACTOR, Path("static", steady()), random, 320, 180, tall=0)
    for number, picture, valid in frames:
        motion.see(number, picture * 2 ** (0.1 * (number - 1001) + 0.3 * (number % 2)), valid)
    camera = motion.told()["camera"]
    assert camera["kind"] == "static"
    assert camera["amplitude"]["value"] < 0.0003


def test_an_actor_who_fills_the_frame_for_a_while_does_not_take_the_camera_along():
    camera = told(Path("static", steady(30)), seed=4, tall=1.2)
    assert camera["kind"] == "static"


@pytest.mark.parametrize(("away", "way"), [((0.0, 0.0, 1.2), "in"), ((0.8, 0.0, 0.0), "right")])
def test_a_camera_that_passes_things_is_on_a_dolly(away, way):
    motion = CameraMotion(24.0)
    for n, part in enumerate(np.linspace(0, 1, 16)):
        x, y, z = part * np.array(away)
        look = Camera((-0.4 + x, 0.3 + y, -1.2 + z), (-0.4 + x, 0.1 + y, 5.0 + z))
        motion.see(n, render(look, 0, 480, 270), np.ones((270, 480), bool))
    camera = motion.told()["camera"]
    assert (camera["kind"], camera["way"]) == ("dolly", way)


def test_a_camera_that_only_turns_in_a_deep_set_is_on_none():
    motion = CameraMotion(24.0)
    for n, part in enumerate(np.linspace(0, 1, 16)):
        look = Camera((0.0, 0.3, -1.2), (-0.6 + 1.2 * part, 0.1, 5.0))
        motion.see(n, render(look, 0, 480, 270), np.ones((270, 480), bool))
    assert motion.told()["camera"]["kind"] == "pan"


def test_bars_around_the_picture_do_not_hold_the_camera():
    motion = CameraMotion(24.0)
    random = np.random.default_rng(5)
    for number, picture, valid in shot(
        wall(5), ACTOR, Path("pan", steady(pan=0.2)), random, 320, 180, tall=0
    ):
        picture[:22], picture[-22:] = 0, 0
        motion.see(number, picture, valid)
    camera = motion.told()["camera"]
    assert camera["kind"] == "pan"
    assert camera["pan"]["value"] == pytest.approx(0.2, rel=0.05)


def test_without_texture_the_camera_is_not_known():
    motion = CameraMotion(24.0)
    random = np.random.default_rng(6)
    for n in range(10):
        grey = 0.18 + random.normal(0, 0.001, (180, 320, 3)).astype(np.float32)
        motion.see(n, grey, np.ones((180, 320), bool))
    camera = motion.told()["camera"]
    assert camera["kind"] is None
    assert "texture" in camera["how"]


def test_a_picture_of_one_column_is_not_followed():
    motion = CameraMotion(24.0)
    for number in range(6):
        motion.see(number, np.full((400, 1, 3), 0.2, np.float32), np.ones((400, 1), bool))
    assert motion.told()["camera"]["kind"] is None


@pytest.mark.parametrize("frames", [0, 1, 3])
def test_too_few_frames_say_nothing(frames):
    motion = CameraMotion(24.0)
    for n in range(frames):
        motion.see(n, wall(1, 320, 180), np.ones((180, 320), bool))
    assert motion.told()["camera"]["kind"] is None


def test_frames_that_are_missing_do_not_make_a_pan_faster():
    motion = CameraMotion(24.0)
    random = np.random.default_rng(7)
    frames = shot(wall(7), ACTOR, Path("pan", steady(24, pan=0.2)), random, 320, 180, tall=0)
    for number, picture, valid in frames:
        if number not in (1006, 1007, 1015):
            motion.see(number, picture, valid)
    assert motion.told()["camera"]["pan"]["value"] == pytest.approx(0.2, rel=0.05)


def test_pixels_that_do_not_count_are_not_followed():
    """A clipped window that moves its own way, masked: the set behind it decides."""
    motion = CameraMotion(24.0)
    random = np.random.default_rng(9)
    for number, picture, valid in shot(
        wall(9), ACTOR, Path("static", steady()), random, 320, 180, tall=0
    ):
        shift = 3 * (number - 1001)
        picture[:, :220] = np.roll(wall(10, 320, 180), shift, 1)[:, :220]
        valid[:, :220] = False
        motion.see(number, picture, valid)
    assert motion.told()["camera"]["kind"] == "static"


def test_a_smooth_path_keeps_parabolas_and_takes_tremor_away():
    seconds = np.arange(60)[:, None] / 24
    calm = 0.3 * seconds**2 - 0.1 * seconds
    assert smoothed(calm, 18) == pytest.approx(calm, abs=1e-9)
    tremor = 0.01 * np.sin(2 * np.pi * 8 * seconds)
    assert np.abs(smoothed(calm + tremor, 18) - calm)[9:-9].max() < 0.003
