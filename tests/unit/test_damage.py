"""What tells damage from what is shown: specks, scratches, sensors' points, blocks, halves."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest

from answerprint.vision import blocks, damage, finds, mended, scratches, specks, spoiled, stuck
from answerprint.vision.damage import moved, neighbours
from answerprint.vision.specks import Speck, alone

SIZE = (96, 160)


def texture(seed: int = 1, size: tuple[int, int] = SIZE) -> np.ndarray:
    random = np.random.default_rng(seed)
    fine, broad = (
        cv2.GaussianBlur(random.normal(size=size), (0, 0), blur) * blur for blur in (1.5, 8)
    )
    return np.asarray(2 + 0.3 * fine + 1.0 * broad, np.float32)


def found(here: np.ndarray, before: np.ndarray, after: np.ndarray) -> list[Speck]:
    still = np.zeros((*here.shape, 2), np.float32)
    return specks.specks(here, before, after, still, still, np.ones(here.shape, bool))


def speck(x: int, y: int, contrast: float = 1.0, mask: np.ndarray | None = None) -> Speck:
    return Speck(x, y, np.ones((3, 3), bool) if mask is None else mask, contrast, 10.0)


# --- specks ----------------------------------------------------------------------------------


@pytest.mark.parametrize("contrast", [0.4, -0.4])
def test_a_speck_is_what_neither_neighbour_shows(contrast: float) -> None:
    still, here = texture(), texture()
    here[40:45, 70:76] += contrast
    (one,) = found(here, still, still)
    assert (one.x, one.y, one.mask.shape) == (70, 40, (5, 6))
    assert one.contrast == pytest.approx(contrast, abs=0.01)
    # what one of the neighbours shows too is none
    assert found(here, here, still) == []
    assert found(here, still, here) == []


def test_where_the_neighbours_disagree_nothing_is_told() -> None:
    still, here = texture(), texture()
    here[40:45, 70:76] += 0.4
    unlike = still + np.random.default_rng(3).normal(0, 0.4, SIZE).astype(np.float32)
    assert found(here, still, unlike) == []


def test_where_motion_errs_what_stands_still_is_no_speck() -> None:
    still = texture()
    astray = np.full((*SIZE, 2), (30, 12), np.float32)
    assert specks.specks(still, still, still, astray, astray, np.ones(SIZE, bool)) == []


def test_a_speck_that_draws_the_motion_to_its_like_is_found() -> None:
    still = texture()
    still[10:16, 20:26] += 1
    here = still.copy()
    here[60:66, 100:106] += 1
    to_before, to_after = (np.zeros((*SIZE, 2), np.float32) for _ in range(2))
    to_before[57:69, 97:109] = to_after[57:69, 97:109] = (-80, -50)
    (one,) = specks.specks(here, still, still, to_before, to_after, np.ones(SIZE, bool))
    assert (one.x, one.y) == (100, 60)


def test_the_first_frame_is_told_from_the_next_two() -> None:
    still, here, none = texture(), texture(), np.zeros((*SIZE, 2), np.float32)
    here[40:45, 70:76] += 0.8
    usable = np.ones(SIZE, bool)
    (one,) = specks.first_specks(here, still, still, none, none, usable)
    assert (one.x, one.y, one.mask.shape) == (70, 40, (5, 6))
    # what either of the two has too is none, and neither is what one of them has alone
    assert specks.first_specks(here, here, still, none, none, usable) == []
    assert specks.first_specks(here, still, here, none, none, usable) == []
    assert specks.first_specks(still, here, still, none, none, usable) == []
    assert specks.first_specks(still, still, here, none, none, usable) == []


def test_the_ends_of_a_shot_are_searched() -> None:
    wide = texture(4, (96, 220))
    frames = [np.sinh(wide[:, 3 * n : 3 * n + 160] - 1) for n in range(4)]
    for n, at in ((0, 40), (3, 110)):
        frames[n][60:66, at : at + 6] += 20
    search = damage._Search({*finds.PARTS})
    for n, frame in enumerate(frames):
        light = np.repeat(frame[..., None], 3, axis=-1).astype(np.float32)
        search.see(1001 + n, light, np.ones(SIZE, bool), (0, 0))
    told = [(f.frame, f.kind) for f in search.told()]
    assert told == [(1001, "dust"), (1004, "dust")]


def test_a_point_between_two_pixels_is_no_speck() -> None:
    """It is sharp in one frame and spread over two pixels in the next, as the sampling falls."""
    points = np.random.default_rng(2).random((4 * SIZE[0], 4 * SIZE[1] + 16)) > 0.9995
    fine = 1 + 8 * cv2.GaussianBlur(points.astype(np.float32), (0, 0), 1.0)
    shots = [
        cv2.resize(fine[:, n : n + 4 * SIZE[1]], SIZE[::-1], interpolation=cv2.INTER_AREA)
        for n in (0, 6, 12)
    ]
    flow = np.full((*SIZE, 2), (1.5, 0), np.float32)
    assert specks.specks(shots[1], shots[0], shots[2], flow, -flow, np.ones(SIZE, bool)) == []


def test_where_the_surroundings_do_not_fit_nothing_is_told() -> None:
    still, here = texture(), texture()
    here[35:50, 65:81] -= 0.3
    here[40:45, 70:76] += 0.8
    assert found(here, still, still) == []


def test_a_speck_of_a_reduced_picture_has_its_own_outline() -> None:
    small, large = texture(), cv2.resize(texture(), (320, 192))
    here, dusty = small.copy(), large.copy()
    here[40:44, 70:75] += 0.8
    dusty[81:88, 140:149] += 0.8
    flow = np.zeros((*SIZE, 2), np.float32)
    usable = np.ones(SIZE, bool)
    (one,) = specks.specks(here, small, small, flow, flow, usable, (dusty, large, large))
    truth, mask = np.zeros(large.shape, bool), np.zeros(large.shape, bool)
    truth[81:88, 140:149] = True
    mask[one.y :, one.x :][: one.mask.shape[0], : one.mask.shape[1]] = one.mask
    assert (mask & truth).sum() > 0.9 * truth.sum()
    assert mask.sum() < 1.6 * truth.sum()


def test_what_is_large_is_no_speck() -> None:
    still, here = texture(), texture()
    here[20:60, 40:100] += 1
    assert found(here, still, still) == []


def test_a_long_fibre_is_found_where_the_neighbours_are_to_both_sides() -> None:
    still, here = texture(9, (240, 432)), texture(9, (240, 432))
    here[100:103, 150:240] += 0.8
    none, usable = np.zeros((240, 432, 2), np.float32), np.ones((240, 432), bool)
    (one,) = specks.specks(here, still, still, none, none, usable)
    assert (one.x, one.y, one.mask.shape) == (150, 100, (3, 90))
    assert specks.first_specks(here, still, still, none, none, usable) == []


def test_a_speck_does_not_run_into_what_is_a_little_unlike() -> None:
    still, here = texture(), texture()
    here[35:65, 60:90] += 0.05
    here[45:51, 70:76] += 1
    (one,) = found(here, still, still)
    rows, columns = np.nonzero(one.mask)
    assert (one.x + columns.min(), one.y + rows.min(), one.area) == (70, 45, 36)


def test_the_rim_of_a_speck_is_judged_by_its_height() -> None:
    """Where it is surest it may be low: a part of it lies over what is calm."""
    still, here = texture(), texture()
    here[40:45, 70:76] += 0.8
    here[36:49, 66:80] += 0.06
    change = here - still
    score = np.where(change > 0.5, 3.0, 0)
    score[42, 69] = 9.0  # just beside it
    soft, seeds = change > 0.05, score > 2.5
    (one,) = specks._grown(seeds, soft, change, score, np.abs(change), True)
    assert one.score == 9.0


def test_what_is_not_usable_has_no_specks() -> None:
    still, here = texture(), texture()
    here[40:45, 70:76] += 0.4
    none = np.zeros(SIZE, bool)
    flow = np.zeros((*SIZE, 2), np.float32)
    assert specks.specks(here, still, still, flow, flow, none) == []


def test_a_speck_does_not_steer_the_motion_it_is_judged_by() -> None:
    before = np.full((*SIZE, 2), (-3.0, 1.0), np.float32)
    after = -before
    before[40:46, 70:76] = (9, 9)
    after[40:46, 70:76] = (5, -2)
    one, other = specks.steadied(before, after)
    np.testing.assert_allclose(one, np.broadcast_to((-3, 1), one.shape), atol=0.01)
    np.testing.assert_allclose(other, np.broadcast_to((3, -1), one.shape), atol=0.01)
    # a thing that moves by itself, there and on, keeps its motion
    before[40:46, 70:76], after[40:46, 70:76] = (-9, -9), (9, 9)
    one, _ = specks.steadied(before, after)
    assert np.array_equal(one[42, 72], (-9, -9))


def test_dust_falls_by_chance_and_things_go_on() -> None:
    random = np.random.default_rng(4)
    dust = [
        [speck(int(random.integers(150)), int(random.integers(90))) for _ in range(4)]
        for _ in range(9)
    ]
    kept = alone(dust, SIZE, [0] * 9)
    assert sum(map(len, kept)) >= 0.8 * 36
    flies = [[*each, speck(5 + 16 * n, 60 - 6 * n, 5.0)] for n, each in enumerate(dust)]
    assert sum(s.contrast == 5.0 for each in alone(flies, SIZE, [0] * 9) for s in each) == 0
    busy = [[*each, speck(80 + n % 2, 40 + n % 3)] for n, each in enumerate(dust)]
    left = alone(busy, SIZE, [0] * 9)
    assert not [s for each in left for s in each if abs(s.x - 80) < 2 and abs(s.y - 41) < 3]
    # frames of other shots are of no concern
    apart = alone(flies, SIZE, list(range(9)))
    assert sum(map(len, apart)) == 5 * 9


def test_streaks_that_point_one_way_are_rain() -> None:
    random, streak = np.random.default_rng(4), np.ones((9, 1), bool)
    rain = [
        [speck(int(random.integers(150)), int(random.integers(80)), 1.0, streak) for _ in range(5)]
        for _ in range(9)
    ]
    dot = [[*each, speck(int(random.integers(150)), 3, -0.3)] for each in rain]
    kept = alone(dot, SIZE, [0] * 9)
    assert {s.contrast for each in kept for s in each} == {-0.3}


# --- scratches -------------------------------------------------------------------------------


def beside(frame: np.ndarray, shift: int) -> scratches.Beside:
    """A neighbour that the camera has panned to the right of by so many pixels."""
    moved = np.roll(frame, shift, axis=1)
    return scratches.Beside(frame, moved, moved.copy(), np.full(frame.shape, -shift, np.float32))


def scratched(first: int, last: int, pace: int, lines: tuple[int, ...] = (60,)) -> list[int]:
    """How many scratches each of nine frames has; the scene moves by so many pixels a frame."""
    wide, watch = texture(2, (96, 260)), scratches.Scratches()
    frames = []
    for n in range(9):
        frame = wide[:, 20 + pace * n : 180 + pace * n].copy()
        if first <= n <= last:
            for x in lines:
                frame[:, x : x + 2] += 0.3
        frames.append(frame)
    for n, frame in enumerate(frames):
        watch.see(frame, [beside(frames[m], pace * (m - n)) for m in (n - 1, n + 1) if 0 <= m < 9])
    return [len(each) for each in watch.told()]


def test_a_part_of_a_line_is_a_scratch_of_those_rows() -> None:
    watch, wide = scratches.Scratches(), texture(2, (96, 260))
    frames = [wide[:, 20 + 5 * n : 180 + 5 * n].copy() for n in range(6)]
    for n in (2, 3):
        frames[n][28:72, 60:62] += 0.6
    for n, frame in enumerate(frames):
        watch.see(frame, [beside(frames[m], 5 * (m - n)) for m in (n - 1, n + 1) if 0 <= m < 6])
    told = watch.told()
    assert [len(each) for each in told] == [0, 0, 1, 1, 0, 0]
    rows = np.nonzero(told[2][0].mask(SIZE).any(axis=1))[0]
    assert rows.min() == pytest.approx(28, abs=4)
    assert rows.max() == pytest.approx(71, abs=4)


def test_a_scratch_that_draws_the_motion_to_itself_stays_while_all_else_moves() -> None:
    watch, wide = scratches.Scratches(), texture(2, (96, 260))
    frames = [wide[:, 20 + 5 * n : 180 + 5 * n].copy() for n in range(5)]
    for frame in frames:
        frame[:, 60:62] += 0.6
    for n, frame in enumerate(frames):
        near = [beside(frames[m], 5 * (m - n)) for m in (n - 1, n + 1) if 0 <= m < 5]
        for each in near:  # the motion leads to the same scratch
            each.along[:, 56:66] = each.still[:, 56:66]
        watch.see(frame, near)
    assert [len(each) for each in watch.told()] == [1] * 5


def test_what_goes_with_its_surroundings_is_no_scratch() -> None:
    watch, wide = scratches.Scratches(), texture(2, (96, 260))
    wide[:, 120:122] += 0.8
    frames = [wide[:, 20 + 3 * n : 180 + 3 * n].copy() for n in range(6)]
    for n, frame in enumerate(frames):
        near = [beside(frames[m], 3 * (m - n)) for m in (n - 1, n + 1) if 0 <= m < 6]
        if n == 2:  # the motion is wrong at one of its frames
            for each in near:
                each.along[:, 90:100] = each.along[:, 102:112]
        watch.see(frame, near)
    assert watch.told() == [[]] * 6


def test_a_line_that_leans_is_no_scratch() -> None:
    watch, wide = scratches.Scratches(), texture(2, (96, 260))
    frames = [wide[:, 20 + 5 * n : 180 + 5 * n].copy() for n in range(5)]
    for y in range(96):
        frames[2][y, 50 + y // 6 : 52 + y // 6] += 0.8
    for n, frame in enumerate(frames):
        watch.see(frame, [beside(frames[m], 5 * (m - n)) for m in (n - 1, n + 1) if 0 <= m < 5])
    assert watch.told() == [[]] * 5


def crossed(camera: tuple[int, ...], line: tuple[int, ...]) -> list[int]:
    """How many scratches each frame has; where the picture lies in it, and where a line does."""
    wide, watch = texture(2, (96, 260)), scratches.Scratches()
    frames = [wide[:, 50 - x : 210 - x].copy() for x in camera]
    for frame, x in zip(frames[1:-1], line, strict=True):
        frame[:, x : x + 2] += 0.6
    for n, frame in enumerate(frames):
        near = [m for m in (n - 1, n + 1) if 0 <= m < len(frames)]
        watch.see(frame, [beside(frames[m], camera[n] - camera[m]) for m in near])
    return [len(each) for each in watch.told()]


@pytest.mark.parametrize(("way", "shown"), [((60, 62, 62, 64), False), ((60, 64, 65, 69), True)])
def test_what_drifts_under_a_wandering_camera_is_not_shown(
    way: tuple[int, ...], shown: bool
) -> None:
    watch = scratches.Scratches()
    for pace in (4, 1, 4, 0):
        watch.see(texture(), [scratches.Beside(*[texture()] * 3, np.full(SIZE, pace, np.float32))])
    track = {n: scratches.Line((x,) * 24, True, 0.6, 1) for n, x in enumerate(way)}
    assert watch._is_shown(track) == shown


def test_a_line_that_goes_fast_is_no_scratch() -> None:
    assert crossed((0,) * 6, (60, 61, 63, 64)) == [0, 1, 1, 1, 1, 0]
    assert crossed((0,) * 6, (60, 63, 66, 69)) == [0] * 6


@pytest.mark.parametrize("pace", [0, 5])
def test_a_scratch_is_followed_from_its_first_to_its_last_frame(pace: int) -> None:
    assert scratched(3, 6, pace) == [0, 0, 0, 1, 1, 1, 1, 0, 0]


def test_a_scratch_of_the_whole_shot_is_told_where_the_scene_moves() -> None:
    assert scratched(0, 8, 5) == [1] * 9
    assert scratched(0, 8, 0) == [0] * 9  # a pole looks the same
    assert scratched(9, 9, 5) == [0] * 9
    assert scratched(0, 4, 0) == [1] * 5 + [0] * 4  # it was not told before it was gone


def test_a_pole_that_catches_the_light_is_no_scratch() -> None:
    watch, pole = scratches.Scratches(), texture(2)
    pole[:, 60:62] += 1.0
    lit = pole.copy()
    lit[:, 60:62] += 0.25
    frames = [pole, pole, lit, pole, pole]
    for n, frame in enumerate(frames):
        watch.see(frame, [beside(frames[m], 0) for m in (n - 1, n + 1) if 0 <= m < 5])
    assert watch.told() == [[]] * 5


def test_beside_a_bright_scratch_is_no_dark_one() -> None:
    wide, watch = texture(2, (96, 260)), scratches.Scratches()
    frames = [wide[:, 20 + 5 * n : 180 + 5 * n].copy() for n in range(6)]
    for n in (2, 3):
        frames[n][:, 60:62] += 1.5
        frames[n][:, 62:64] -= 0.2
    for n, frame in enumerate(frames):
        watch.see(frame, [beside(frames[m], 5 * (m - n)) for m in (n - 1, n + 1) if 0 <= m < 6])
    told = watch.told()
    assert [[line.bright for line in each] for each in told] == [[], [], [True], [True], [], []]


def test_its_mask_is_as_wide_as_the_line() -> None:
    line = scratches.Line((50,) * 12 + (52,) * 12, True, 0.3, 1)
    mask = line.mask(SIZE)
    assert np.array_equal(np.nonzero(mask[5])[0], (49, 50, 51))
    assert np.array_equal(np.nonzero(mask[-5])[0], (51, 52, 53))


# --- sensors, blocks, halves -----------------------------------------------------------------


def test_a_stuck_pixel_is_told_only_under_a_moving_camera() -> None:
    wide = texture(5, (96, 220))
    for pace, said, many in ((3, 3.0, 1), (0, 0.0, 0), (0, 3.0, 0)):
        watch, frames = stuck.Stuck(), []
        for n in range(9):
            frames.append(wide[:, pace * n : pace * n + 160].copy())
            frames[-1][40, 70] += 3
        for here, there in pairwise(frames):
            watch.see(here, there, np.full((*SIZE, 2), (-said, 0), np.float32))
        told = watch.told()
        assert len(told) == many
        assert all((d.x, d.y, d.bright) == (70, 40, True) for d in told)


def test_a_line_that_moves_along_itself_has_no_dead_pixels() -> None:
    wide, flow = texture(5, (96, 220)), np.full((*SIZE, 2), (-3, 0), np.float32)
    watch, frames = stuck.Stuck(), []
    for n in range(9):
        frames.append(wide[:, 3 * n : 3 * n + 160].copy())
        frames[-1][40, 70] -= 3
        frames[-1][40, 73 + n % 3] -= 3
    for here, there in pairwise(frames):
        watch.see(here, there, flow)
    assert watch.told() == []


def test_a_loss_fills_cells_of_the_grid() -> None:
    odd = np.zeros(SIZE, bool)
    odd[32:64, 48:80] = True
    (mask, sure), *others = blocks.lost(odd, odd)
    assert not others
    assert np.array_equal(mask, odd)
    assert sure > 0.9
    off_grid = np.roll(odd, (4, 4), (0, 1))  # a thing of its own outline
    assert blocks.lost(off_grid, off_grid) == []


def test_a_half_exposed_frame_has_one_edge_across() -> None:
    light = np.exp(texture(6, (120, 200)) - 3)[..., None] * np.ones(3, np.float32)
    half, whole = light.copy(), light * 2
    half[80:] *= 2.5
    for middle, there in ((half, True), (whole, False), (light, False)):
        watch = spoiled.Spoiled()
        for n in range(9):
            watch.see(1001 + n, middle if n == 4 else light, np.ones((120, 200), bool))
        told = watch.told()
        assert list(told["halves"]) == ([1005] if there else [])
        if there:
            first, last = told["halves"][1005].rows
            assert first == pytest.approx(80 / 120, abs=0.03)
            assert last == 1
            assert told["duplicates"] == []
            assert told["halves"][1005].stops == pytest.approx(np.log2(2.5), abs=0.1)


# --- finds and mending -----------------------------------------------------------------------


def test_a_find_is_plain_data_and_comes_back() -> None:
    mask = np.zeros((20, 30), bool)
    mask[3:9, 5:8] = mask[5, 2:12] = True
    find = finds.part(1004, "dust", 0.876, (100, 50), mask)
    assert find.region == (102, 53, 10, 6)
    again = finds.of_dict(find.as_dict())
    back = finds.mask_of([again], (80, 140), (0, 0))
    assert np.array_equal(back[50:70, 100:130], mask)
    assert back.sum() == mask.sum()
    # over a data window that begins elsewhere, and that shows a part of it
    assert np.array_equal(finds.mask_of([again], (10, 110), (0, 50)), back[50:60, :110])


def test_what_is_mended_comes_from_where_it_moved() -> None:
    wide = np.exp(texture(7, (96, 220)) - 2)[..., None] * np.ones(3, np.float32)
    before, truth, after = (wide[:, x : x + 160].copy() for x in (20, 24, 28))
    here, bad = truth.copy(), np.zeros(SIZE, bool)
    bad[40:50, 60:72] = True
    here[bad] = 60
    there = np.full((*SIZE, 2), (4, 0), np.float32)
    none = np.zeros(SIZE, bool)
    lenders = [mended.Lender(before, none, there), mended.Lender(after, none, -there)]
    made, sure = mended.mended(here, bad, lenders)
    assert np.array_equal(made[~bad], here[~bad])
    np.testing.assert_allclose(made[bad], truth[bad], rtol=1e-3)
    assert sure[bad].min() > 0.9
    # a neighbour that is damaged there too lends nothing
    lost = np.roll(bad, 4, axis=1)
    spoilt = before.copy()
    spoilt[lost] = 60
    lenders[0] = mended.Lender(mended.closed(spoilt, lost), lost, there)
    made, _ = mended.mended(here, bad, lenders)
    np.testing.assert_allclose(made[bad], truth[bad], rtol=1e-3)
    # one that shows something else around the damage hardly counts; another exposure is levelled
    other = mended.Lender(wide[:, 40:200] * 1.4, none, -there)
    good = mended.Lender(after, none, -there)
    made, _ = mended.mended(here, bad, [good, other])
    np.testing.assert_allclose(made[bad], truth[bad], rtol=0.03)
    made, _ = mended.mended(here, bad, [mended.Lender(after * 1.2, none, -there)])
    np.testing.assert_allclose(made[bad], truth[bad], rtol=0.1)
    # a rim that shows something else in one place does not change what is lent
    odd = here.copy()
    odd[36:40, 60:72] = 60
    made, _ = mended.mended(odd, bad, [good])
    np.testing.assert_allclose(made[bad], truth[bad], rtol=0.1)
    # where nobody can lend, it is closed from around, and unsure
    made, sure = mended.mended(here, bad, [])
    assert made[bad].max() < 3 * truth[bad].max()
    assert sure[bad].max() < 0.2


def test_neighbours_are_sound_near_by_and_of_the_same_shot() -> None:
    good = {1, 2, 4, 5, 6, 9}
    assert neighbours(4, good, []) == (2, 5)
    assert neighbours(4, good, [4]) == (None, 5)
    assert neighbours(5, good, [6]) == (4, None)
    assert neighbours(6, good, []) == (5, 9)
    assert neighbours(9, good, [], 2) == (None, None)


def test_motion_is_of_the_size_of_the_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    wide = np.exp(texture(8, (96, 220)) - 2)[..., None] * np.ones(3, np.float32)
    first, second = wide[:, 20:180], wide[:, 14:174]
    monkeypatch.setattr("answerprint.vision.damage.FLOW_WIDE", 80)
    flow = moved(first, second)[0].flow
    assert flow.shape == (96, 160, 2)
    assert np.median(flow[..., 0]) == pytest.approx(6, abs=0.5)
