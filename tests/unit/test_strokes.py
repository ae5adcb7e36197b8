"""Marks as they are read, and how a matte is carried through a shot."""

from __future__ import annotations

import numpy as np

from answerprint.vision.strokes import Shot, banded, corrected, opened, read_marks, settled_marks

SIZE = (60, 90)
Y, X = np.mgrid[: SIZE[0], : SIZE[1]].astype(np.float32)


def disc(number: int) -> np.ndarray:
    """Alpha of a soft disc, 2 pixels to the right a frame."""
    return np.clip((15 - np.hypot(X - 30 - 2 * number, Y - 30)) / 3 + 0.5, 0, 1).astype(np.float32)


def plate(number: int) -> np.ndarray:
    at = X - 2 * number
    front = 0.4 + 0.2 * np.sin(at / 4) * np.cos(Y / 3)
    back = 0.1 + 0.05 * np.sin(X / 5 + Y / 7)
    cover = disc(number)[..., None]
    light = front[..., None] * np.array([1, 0.6, 0.3]) * cover
    return (light + back[..., None] * np.array([0.4, 0.8, 1.2]) * (1 - cover)).astype(np.float32)


def trimap(number: int) -> np.ndarray:
    return opened(disc(number), np.ones(SIZE, np.float32), reach=3)


def test_colours_of_strokes_are_read() -> None:
    colours = {
        (1, 1, 1): 1,
        (0, 1, 0): 1,
        (0, 0, 0): 0,
        (1, 0, 0): 0,
        (0.2, 0.2, 0.2): 0.5,
        (0.3, 0.25, 0.2): 0.5,
        (0, 0, 1): 0.5,
    }
    light = np.array([list(colours)], np.float32)
    assert read_marks(light, None)[0].tolist() == list(colours.values())
    through = np.zeros(light.shape[:2], np.float32)
    assert (read_marks(light, through) == 0.5).all()


def test_a_mask_is_open_along_its_edge_alone() -> None:
    mask = (X > 45).astype(np.float32)
    made = banded(mask, 4.0)
    open_ = made == 0.5
    assert open_[:, 42:49].all()
    assert not open_[:, :40].any()
    assert not open_[:, 51:].any()
    assert np.array_equal(made[~open_], mask[~open_])


def test_what_looks_alike_but_is_not_marked_is_background() -> None:
    twice = np.maximum(disc(0), disc(24))[..., None]  # the second at x = 78
    light = 0.4 * twice * np.array([1, 0.5, 0.2]) + 0.1 * (1 - twice) * np.array([0.4, 0.8, 1.2])
    marks = np.full(SIZE, 0.5, np.float32)
    marks[27:33, 27:33], marks[2:5, 40:60] = 1, 0
    made = settled_marks(light.astype(np.float32), marks)
    assert made[30, 30] == 1
    assert made[30, 80] == 0
    edge = (disc(0) > 0.1) & (disc(0) < 0.9)
    assert (made[edge] == 0.5).mean() > 0.95


def test_what_is_soft_and_what_motion_lost_at_an_edge_is_open() -> None:
    trust = np.ones(SIZE, np.float32)
    known = opened(disc(0), trust)
    soft = (disc(0) > 0.05) & (disc(0) < 0.95)
    assert (known[soft] == 0.5).all()
    trust[:, :30] = 0
    lost = opened(disc(0), trust)
    assert ((lost == 0.5) & (X < 30)).sum() > 1.5 * ((known == 0.5) & (X < 30)).sum()
    assert np.array_equal(lost[:, 31:], known[:, 31:])
    assert lost[30, 0] == 0  # far from any edge nothing is asked


def test_a_mark_that_contradicts_opens_what_is_around_it_and_no_more() -> None:
    marks = np.full(SIZE, 0.5, np.float32)
    marks[30, 30] = 0
    made = corrected(trimap(0), disc(0), marks)
    assert made[30, 30] == 0
    assert (made[28:33, 28:33] == 0.5).sum() == 24
    far = np.hypot(X - 30, Y - 30) > 5
    assert np.array_equal(made[far], trimap(0)[far])
    agrees = np.full(SIZE, 0.5, np.float32)
    agrees[30, 30] = 1
    assert np.array_equal(corrected(trimap(0), disc(0), agrees), trimap(0))


def test_a_matte_travels_with_what_it_is_of() -> None:
    shot = Shot(plate, {0: trimap(0)}, {})
    for number in (1, 4):
        made = shot.solved(number).alpha
        assert np.abs(made - disc(number)).mean() < 0.4 * np.abs(disc(0) - disc(number)).mean()
        assert ((made > 0.1) & (made < 0.9)).sum() > 0.5 * 2 * np.pi * 15  # soft all around


def test_the_nearer_marked_frame_counts_more() -> None:
    """The mark of frame 6 says that there is nothing: near to it there hardly is."""
    nothing = np.where(trimap(6) == 1, 0.5, trimap(6)).astype(np.float32)
    nothing[30, 42] = 0
    nothing[5, 5] = 1
    shot = Shot(plate, {0: trimap(0), 6: nothing}, {})
    inside = np.hypot(X - 30 - 2 * np.array([1, 5])[:, None, None], Y - 30) < 8
    told = [shot.expected(n).alpha[at].mean() for n, at in zip((1, 5), inside, strict=True)]
    assert told[0] > told[1]
    assert shot.sides(3) == [0, 6]
    assert shot.sides(9) == [6]


def test_a_correction_reaches_to_the_next_marked_frames() -> None:
    marks = np.full(SIZE, 0.5, np.float32)
    marks[29:32, 38:41] = 0
    keys = {0: trimap(0), 2: trimap(2)}
    before, after = Shot(plate, keys, {}), Shot(plate, keys, {4: marks})
    assert np.array_equal(before.solved(1).alpha, after.solved(1).alpha)
    assert after.solved(4).alpha[30, 39] == 0
    assert before.solved(4).alpha[30, 39] > 0.9
    assert after.sides(3) == [2, 4]
