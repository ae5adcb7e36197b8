"""The camera behind a figure, on moves that are known to a hundredth of a pixel."""

from __future__ import annotations

import numpy as np
import panned
import pytest
from panned import corner_errors, shot

from answerprint.vision.behind import Behind, Track

SIZE = (270, 480)
ALL = np.ones(SIZE, bool)


def tracked(
    kind: str, count: int = 6, given: bool = True, seed: int = 21, gain: float = 0.0
) -> tuple[Track | None, np.ndarray]:
    """The track, and each frame's mean miss at the corners in pixels."""
    camera, true = Behind(), []
    for number, frame in enumerate(shot(seed, kind, count, SIZE), 1001):
        light = frame.light * np.float32(2 ** (gain * (number - 1001)))
        camera.see(number, light, ALL, frame.alpha if given else None)
        true.append(frame.to_first)
    track = camera.track()
    if track is None:
        return None, np.zeros(0)
    pairs = zip(track.matrices, true, strict=True)
    return track, np.array([corner_errors(one, other, SIZE).mean() for one, other in pairs])


@pytest.mark.parametrize(
    ("kind", "model"), [("pan", "translation"), ("zoom", "similarity"), ("plane", "homography")]
)
def test_a_known_move_comes_back_as_the_simplest_that_explains_it(kind: str, model: str) -> None:
    track, missed = tracked(kind)
    assert track
    assert track.model == model
    assert missed.mean() < 0.03
    assert missed.max() < 0.06
    assert track.numbers == tuple(range(1001, 1007))
    assert track.reference == 1001
    assert not track.lost
    assert track.parallax == 0


def test_a_camera_that_turns_tells_its_lens() -> None:
    track, missed = tracked("turn", 8)
    assert track
    assert missed.mean() < 0.03
    assert track.model == "rotation"
    assert track.lens == pytest.approx(1.4, rel=0.1)


def test_a_figure_without_a_matte_does_not_pull_the_camera() -> None:
    track, missed = tracked("pan", given=False)
    assert track
    assert missed.mean() < 0.05
    assert missed.max() < 0.1


def test_the_error_that_is_told_is_about_the_error_that_is_made() -> None:
    track, missed = tracked("plane")
    assert track
    told = track.error[1:].mean()
    assert missed[1:].mean() / 4 < told < missed[1:].mean() * 4


def test_an_exposure_that_changes_is_not_a_move() -> None:
    _, missed = tracked("shake", gain=0.1)
    assert missed.mean() < 0.05


def test_key_frames_carry_a_move_that_leaves_the_first_frame(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    move = panned.move
    monkeypatch.setattr(panned, "move", lambda k, at, s, seed: move(k, at * 44, s, seed))
    track, missed = tracked("pan", 14, seed=22)
    assert track
    assert np.hypot(*track.matrices[-1][:2, 2]) > 0.8 * SIZE[1]
    assert track.model == "translation"
    assert missed.max() < 0.03


def test_a_flat_plate_has_no_track() -> None:
    camera = Behind()
    for number in range(3):
        noise = np.random.default_rng(number).normal(0.2, 0.002, (*SIZE, 3))
        camera.see(number, noise.astype(np.float32), ALL)
    assert camera.track() is None


def test_two_depths_are_told() -> None:
    camera = Behind()
    near = np.zeros(SIZE, np.float32)
    near[:, 200:] = 1
    for number, (far, close) in enumerate(
        zip(
            shot(23, "pan", 5, SIZE, figure=False),
            shot(24, "shake", 5, SIZE, figure=False),
            strict=True,
        )
    ):
        light = far.light * (1 - near[..., None]) + close.light * near[..., None]
        camera.see(number, light, ALL)
    track = camera.track()
    assert track is None or track.parallax > 0.5


def test_a_frame_that_cannot_be_seen_lies_between_its_neighbours() -> None:
    camera = Behind()
    true = []
    for number, frame in enumerate(shot(21, "pan", 5, SIZE, figure=False)):
        camera.see(number, frame.light * np.float32(number != 2), ALL)
        true.append(frame.to_first)
    track = camera.track()
    assert track
    assert track.lost == (2,)
    assert corner_errors(track.matrices[2], true[2], SIZE).mean() < 0.5
    assert corner_errors(track.matrices[4], true[4], SIZE).mean() < 0.05
