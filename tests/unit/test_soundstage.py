"""The soundstage's truth is true: cameras, colour, faults, grammar, and the scenes that are kept.

What is rendered here (slow) needs `.venvs/bpy45`; the rest reads the scenes in soundstage/cached.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections import Counter
from pathlib import Path
from random import Random

import cv2
import numpy as np
import pytest
from soundstage import faults, finish, stage, staged
from soundstage.cameras import angle, look, moved, project, side
from soundstage.colour import ACES_WHITE, AP1, LUMA, rebalanced, to_xyz, white_of
from soundstage.plan import ORDER, pair, scene
from soundstage.shots import load

from answerprint.edit.cut import read_cut

CACHED = Path(__file__).parents[1] / "soundstage" / "cached"
SIZE = [480, 270]
STILL = np.zeros((3, 5, 2))


def light(shape=(180, 320), seed=3):
    """A ramp with a highlight of 60 and a shadow of -0.05, as every picture has to have."""
    picture = np.exp(np.random.default_rng(seed).normal(-2, 1, (*shape, 3))).astype(np.float32)
    picture[0, 0], picture[0, 1] = 60, -0.05
    return picture


def truth_of(name):
    return json.loads((CACHED / name / "truth.json").read_text("utf-8"))


def frame_of(name, shot, number):
    return load(CACHED / name / shot / f"{shot}.{number:04d}.exr")


# --- cameras ---------------------------------------------------------------------------------


def test_a_camera_has_its_target_in_the_middle_and_up_is_up():
    camera = look((1, -3, 1.5), (0, 0, 1), 35)
    at = project(camera, SIZE, np.array([(0, 0, 1), (0, 0, 1.2), (0.2, 0.067, 1)]))
    np.testing.assert_allclose(at[0], (240, 135, np.sqrt(10.25)), rtol=1e-5)
    assert at[1, 1] < 130
    assert at[2, 0] > 245


def test_a_metre_has_the_pixels_of_the_lens():
    camera = look((0, -2, 1), (0, 0, 1), 36)
    at = project(camera, SIZE, np.array([(-0.5, 0, 1), (0.5, 0, 1)]))
    assert at[1, 0] - at[0, 0] == pytest.approx(240, abs=1e-3)


@pytest.mark.parametrize(
    ("kind", "value", "shift"),
    [
        ("pan", 10, (-1, 0)),  # the camera turns right: the picture goes left
        ("tilt", 10, (0, 1)),
    ],
)
def test_a_turn_moves_the_picture_by_its_angle(kind, value, shift):
    cameras = moved((0, -3, 1), (0, 0, 1), 36, {"kind": kind, "value": value}, 25, 24, STILL)
    middle = np.array((0.0, 0, 1))
    ends = [project(cameras[n], SIZE, middle)[:2] for n in (1, 25)]
    # 24 frames are a second, and the middle of the move is the middle of the picture
    way = 2 * 480 * np.tan(np.radians(value / 2))
    np.testing.assert_allclose(ends[1] - ends[0], np.multiply(shift, way), atol=0.05)


def test_zoom_dolly_and_roll_do_what_they_say():
    def run(kind, value):
        return moved((0, -3, 1), (0, 0, 1), 36, {"kind": kind, "value": value}, 25, 24, STILL)

    zoom, dolly, roll = run("zoom", 0.5), run("dolly", 0.5), run("roll", 8)
    assert zoom[25]["focal"] / zoom[1]["focal"] == pytest.approx(2**0.5, rel=1e-4)
    depths = [project(dolly[n], SIZE, np.array((0, 0, 1.0)))[2] for n in (1, 25)]
    assert depths[0] - depths[1] == pytest.approx(0.5, abs=1e-4)
    right = [project(roll[n], SIZE, np.array((0.5, 0, 1.0))) for n in (1, 25)]
    turned = [np.degrees(np.arctan2(p[1] - 135, p[0] - 240)) for p in right]
    assert turned[1] - turned[0] == pytest.approx(-8, abs=0.01)  # anticlockwise in the picture


def test_a_hand_sways_by_its_amplitude():
    phase = np.random.default_rng(1).uniform(0.4, 6, (3, 5, 2))
    cameras = moved((0, -3, 1), (0, 0, 1), 36, {"kind": "hand-held", "value": 0.4}, 2400, 24, phase)
    ways = -np.reshape([c["matrix"] for c in cameras], (-1, 4, 4))[:, :3, 2]
    pan = np.degrees(np.arctan2(ways[:, 0], ways[:, 1]))
    assert pan.std() == pytest.approx(0.4, rel=0.1)


def test_a_plan_is_its_seed():
    assert scene(5, 4, 6) == scene(5, 4, 6)
    assert scene(5, 4, 6)["shots"] != scene(6, 4, 6)["shots"]
    assert [shot["setup"] for shot in scene(5, 4, 8)["shots"]] == list(ORDER[:8])


# --- colour ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("xy", "kelvin", "duv"),
    [((0.44757, 0.40745), 2856, 0.0), ((0.3127, 0.3290), 6503, 0.0032)],  # CIE A and D65
)
def test_whites_have_the_temperature_of_the_tables(xy, kelvin, duv):
    mired, off = white_of(xy)
    assert 1e6 / mired == pytest.approx(kelvin, rel=2e-3)
    assert off == pytest.approx(duv, abs=1.5e-4)


@pytest.mark.parametrize(("mired", "duv"), [(30, 0), (-60, 0), (12, 0), (0, 0.008)])
def test_a_change_of_white_is_of_its_size_and_keeps_the_exposure(mired, duv):
    white = to_xyz(AP1, ACES_WHITE) @ rebalanced(mired, duv) @ np.ones(3)
    before, after = white_of(ACES_WHITE), white_of(white[:2] / white.sum())
    assert after[0] - before[0] == pytest.approx(mired, abs=0.05)
    assert after[1] - before[1] == pytest.approx(duv, abs=2e-5)
    assert white[1] == pytest.approx(1, abs=1e-6)


def test_warmer_is_redder():
    grey = rebalanced(40) @ np.full(3, 0.18)
    assert grey[0] > 0.18 > grey[2]


# --- faults ----------------------------------------------------------------------------------


def spoilt(picture, kind, value, frame=0):
    fault = {"kind": kind, "value": value}
    return faults.spoil(picture, fault, frame, np.random.default_rng([1, 2]))


def test_faults_of_light_have_the_size_they_say():
    picture = light()
    np.testing.assert_allclose(spoilt(picture, "exposure", -0.5), picture * 2**-0.5, rtol=1e-6)
    grey = np.full((2, 2, 3), 0.18, np.float32)
    np.testing.assert_allclose(spoilt(grey, "contrast", 1.3), grey, rtol=1e-5)
    np.testing.assert_allclose(spoilt(grey * 4, "contrast", 1.5), grey * 8, rtol=1e-5)
    np.testing.assert_allclose(spoilt(grey, "saturation", 0.5), grey, rtol=1e-5)
    np.testing.assert_allclose(spoilt(picture, "saturation", 0.7) @ LUMA, picture @ LUMA, atol=2e-5)
    assert spoilt(np.zeros((1, 1, 3), np.float32), "black_level", 0.01) == pytest.approx(0.01)
    assert spoilt(picture, "contrast", 1.3)[0, 1, 0] == np.float32(-0.05)


def test_flicker_has_its_deviation():
    grey = np.ones((1, 1, 3), np.float32)
    stops = [np.log2(spoilt(grey, "flicker", 0.1, frame)[0, 0, 0]) for frame in range(400)]
    assert np.std(stops) == pytest.approx(0.1, rel=0.1)


def test_defocus_keeps_the_light_and_spreads_it_over_its_disc():
    point = np.zeros((41, 41, 3), np.float32)
    point[20, 20] = 60
    blurred = faults.defocus(point, 3.0)
    assert blurred.sum() == pytest.approx(180, rel=1e-5)
    y, x = np.mgrid[-20:21, -20:21]
    spread = (blurred[..., 0] * (x * x + y * y)).sum() / 60
    assert spread == pytest.approx(3.0**2 / 2, rel=0.06)  # of a disc: half its radius squared


@pytest.mark.parametrize("strength", [1.0, 2.5])
def test_grain_has_its_variance_at_every_light_and_its_size(strength):
    random = np.random.default_rng(8)
    for level in (-0.05, 0.0, 0.02, 0.18, 1.0, 60.0):
        flat = np.full((256, 256, 3), level, np.float32)
        noise = finish.grain(flat, random, strength) - flat
        wanted = (finish.GRAIN["a"] * max(level, 0) + finish.GRAIN["b"]) * strength**2
        assert noise.var() == pytest.approx(wanted, rel=0.05)
    neighbours = (noise[:, 1:] * noise[:, :-1]).mean() / noise.var()
    # of a Gaussian blur of deviation s: exp(-1 / 4 s^2)
    assert neighbours == pytest.approx(np.exp(-1 / (4 * finish.GRAIN["px"] ** 2)), abs=0.06)


def test_frames_stand_twice_or_are_left_out():
    twice = {"kind": "duplicate_frames", "frame": 3, "value": 1}
    gone = {"kind": "dropped_frames", "frame": 2, "value": 3}
    assert finish.playing(6, [twice]) == [0, 1, 2, 2, 4, 5]
    assert finish.playing(6, [gone]) == [0, 1, 5]


def test_every_kind_can_be_drawn_inside_a_shot():
    for kind in faults.KINDS:
        for seed in range(20):
            drawn = faults.draw(kind, Random(seed), 12)
            assert drawn["unit"] == faults.UNITS[kind]
            assert drawn["value"]
            if drawn["frame"] is not None:
                assert 1 <= drawn["frame"] <= 10


def test_each_fault_of_a_scene_has_a_shot_whose_set_up_came_before():
    for seed in range(10):
        plan = scene(seed, 8, 6)
        stage.put_in(plan, ["exposure", "key_light", "grain"], Random(seed), {})
        assert len({fault["shot"] for fault in plan["faults"]}) == 3
        for fault in plan["faults"]:
            before, shot = (plan["shots"][fault[which]] for which in ("with", "shot"))
            assert before["setup"] == shot["setup"]
            assert fault["with"] < fault["shot"]


def test_the_key_goes_to_the_other_side():
    plan = pair(4, 2, same=True)
    before = plan["shots"][1]["key"]["azimuth"]
    fault = faults.draw("key_light", Random(1), 2)
    faults.turn_key(plan, fault, 1)
    after = plan["shots"][1]["key"]["azimuth"]
    assert np.cos(np.radians(after)) == pytest.approx(-np.cos(np.radians(before)))
    assert np.sin(np.radians(after)) == pytest.approx(np.sin(np.radians(before)))
    assert after - before == pytest.approx(fault["value"], abs=1e-3)


# --- grammar ---------------------------------------------------------------------------------


def standing(plan):
    """People where their parts have them: heads over their seats, walkers on their way."""
    people = {}
    for shot in plan["shots"]:
        rows = []
        for frame in range(len(shot["cameras"]) - 2):
            row = []
            for part in shot["parts"]:
                x, y = part["at"]
                if part["does"] == "walk":
                    x += part["speed"] * (shot["clock"] + frame / plan["rate"])
                row.append({"head": [x, y, 1.3], "foot": [x, y, 0]})
            rows.append(row)
        people[shot["name"]] = rows
    return people


@pytest.mark.parametrize("broken", [staged.BREAKS, (), ("axis_crossed",)])
def test_a_staged_dialogue_breaks_what_it_means_to_and_nothing_else(broken):
    for seed in range(12):
        plan = staged.grammar(seed, 4, broken=broken) | {"size": SIZE}
        cuts = staged.cuts(plan, standing(plan))
        assert Counter(kind for cut in cuts for kind in cut["breaks"]) == Counter(broken)


def test_cuts_stay_clear_of_the_limits():
    for seed in range(12):
        plan = staged.grammar(seed, 4) | {"size": SIZE}
        for cut in staged.cuts(plan, standing(plan)):
            if "angle" in cut and "shot_size" not in cut["breaks"]:
                assert not 8 < cut["angle"] < 17
                assert not 23 < cut["angle"] < 33
                assert max(cut["scale"], 1 / cut["scale"]) < 4.6


def test_a_walk_lasts_long_enough_to_be_seen():
    for frames in (4, 30):
        for each in staged.grammar(3, frames)["shots"]:
            shown = len(each["cameras"]) - 2
            assert shown == (max(frames, staged.WALK) if each["setup"] == "walk" else frames)


def test_sides_and_angles_are_those_of_the_plan():
    line = [[-1, 0, 0], [1, 0, 0]]
    front, back = look((0, -2, 1), (0, 0, 1), 35), look((0, 2, 1), (0, 0, 1), 35)
    assert side(front, line) == pytest.approx(-2)
    assert side(back, line) == pytest.approx(2)
    assert angle(front, look((2, 0, 1), (0, 0, 1), 35), (0, 0, 1)) == pytest.approx(90)


# --- the scenes that are kept ----------------------------------------------------------------


def test_what_is_kept_is_what_was_made():
    lines = (CACHED / "SHA256SUMS").read_text("utf-8").splitlines()
    sums = dict(reversed(line.split("  ", 1)) for line in lines)
    files = {p.relative_to(CACHED).as_posix() for p in CACHED.rglob("*") if p.is_file()}
    assert files == {*sums, "SHA256SUMS"}
    for name, told in sums.items():
        assert hashlib.sha256((CACHED / name).read_bytes()).hexdigest() == told, name


@pytest.mark.parametrize("name", ["clean", "pair"])
def test_the_cut_of_a_scene_opens_with_all_its_media(name):
    truth, cut = truth_of(name), read_cut(str(CACHED / name / "cut.otio"))
    assert [event.name for event in cut.events] == [shot["name"] for shot in truth["shots"]]
    for event, shot in zip(cut.events, truth["shots"], strict=True):
        assert event.media is not None, event.why
        assert event.frames == (shot["first"], shot["last"])
        assert len(shot["cameras"]) == shot["last"] - shot["first"] + 1


def test_props_stand_where_the_truth_has_their_region():
    for name in ("clean", "pair"):
        truth, seen = truth_of(name), 0
        for shot in truth["shots"]:
            camera = shot["cameras"][(len(shot["cameras"]) - 1) // 2]
            for prop in shot["props"].values():
                if prop["region"] is None:
                    continue
                x, y, _ = project(camera, truth["size"], np.add(prop["at"], (0, 0, 0.03)))
                x0, y0, x1, y1 = prop["region"]
                assert x0 - 1 < x < x1 + 1
                assert y0 - 1 < y < y1 + 1
                seen += 1
        assert seen >= 4


def laid_over(name, one, other):
    """Stops that each pixel of the second is over the first; both are blurred, for takes of a
    set-up are framed a pixel apart. A shot's name and a frame each."""
    first, second = (
        cv2.GaussianBlur(np.maximum(frame_of(name, *each) @ LUMA, 1e-3), (0, 0), 4)
        for each in (one, other)
    )
    return np.log2(second / first)


def test_clean_is_clean():
    truth = truth_of("clean")
    assert truth["faults"] == []
    shots = {}
    for shot in truth["shots"]:
        shots.setdefault(shot["setup"], []).append(shot)
    again = [each for each in shots.values() if len(each) > 1]
    assert again
    for one, other in again:
        stops = laid_over("clean", (one["name"], 1001), (other["name"], 1001))
        assert abs(np.median(stops)) < 0.02
    for shot in truth["shots"]:
        frames = [
            frame_of("clean", shot["name"], n) for n in range(shot["first"], shot["last"] + 1)
        ]
        for one, other in itertools.pairwise(frames):
            assert (one != other).mean() > 0.9  # the grain of a frame is its own


def test_the_faults_of_the_pair_are_in_its_pictures():
    truth = truth_of("pair")
    kinds = {each["kind"]: each for each in truth["faults"]}
    assert set(kinds) == {"exposure", "thing"}
    one, other = truth["shots"]
    number = (one["first"] + one["last"]) // 2
    stops = laid_over("pair", (one["name"], number), (other["name"], number))
    assert np.median(stops) == pytest.approx(kinds["exposure"]["value"], abs=0.04)
    x0, y0, x1, y1 = (round(v) for v in kinds["thing"]["region"])
    inside = np.abs(stops - np.median(stops))[y0:y1, x0:x1]
    assert inside.mean() > 3 * np.median(np.abs(stops - np.median(stops)))


# --- rendered now ----------------------------------------------------------------------------


def rendered(out, *told):
    args = ["--out", str(out), "--size", "160x90", "--samples", "2", *told]
    return stage.make(stage.words().parse_args(args))


@pytest.mark.slow
def test_a_seed_is_a_scene(tmp_path):
    told = ("--seed", "3", "--mode", "pair", "--frames", "2", "--faults", "grain,thing")
    one, two = (rendered(tmp_path / name, *told) for name in ("one", "two"))
    files = sorted(p.relative_to(tmp_path / "one") for p in (tmp_path / "one").rglob("*.*"))
    assert len(files) == 2 + 4
    for name in files:
        first, second = tmp_path / "one" / name, tmp_path / "two" / name
        if name.suffix == ".exr":
            # Cycles rounds anew in every process (1e-5 of its light): no more than a step of half
            np.testing.assert_allclose(load(first), load(second), rtol=2**-9, atol=2e-5)
        elif name.suffix == ".otio":
            assert first.read_bytes() == second.read_bytes()
    one.pop("gain"), two.pop("gain")
    assert one == two


@pytest.mark.slow
def test_depth_flow_mattes_and_lights_agree_with_the_cameras(tmp_path):
    told = ("--seed", "8", "--mode", "moves", "--move", "pan", "--frames", "3")
    truth = rendered(tmp_path / "out", *told, "--passes", "alpha,depth,flow,light")
    shot = truth["shots"][0]
    folder = tmp_path / "out" / shot["name"] / "passes"

    def pass_of(name):
        return load(folder / f"{shot['name']}.{name}.1002.exr")

    mattes, depth, flow = pass_of("alpha"), pass_of("depth")[..., 0], pass_of("flow")
    people = mattes[..., :2]
    assert people.max() > 0.99
    assert people.min() >= 0
    assert 0.01 < people.mean() < 0.5
    tall, wide = depth.shape
    y, x = np.mgrid[:tall, :wide] + 0.5
    here, there = shot["cameras"][1], shot["cameras"][2]
    scale = here["haperture"] / here["focal"] / wide * depth
    seen = np.stack([(x - wide / 2) * scale, (tall / 2 - y) * scale, -depth], -1)
    matrix = np.reshape(here["matrix"], (4, 4))
    points = seen @ matrix[:3, :3].T + matrix[:3, 3]
    moved_to = project(there, (wide, tall), points)[..., :2]
    still = (people.sum(-1) < 0.01) & (depth < 100)
    error = np.abs(flow[..., :2] - (moved_to - np.stack([x, y], -1)))[still]
    assert np.median(np.abs(flow[..., 0])[still]) > 0.3
    assert np.percentile(error, 95) < 0.06  # pixels; a centre's depth is not the pixel's mean
    for subject, figure in zip(shot["subjects"], range(2), strict=True):
        at = subject["frames"][1]["head"]
        if at and subject["frames"][1]["inside"]:
            assert mattes[int(at[1]), int(at[0]), figure] > 0.5
    lit = load(tmp_path / "out" / shot["name"] / f"{shot['name']}.1002.exr")
    lights = pass_of("light").reshape(tall, wide, 5, 3).sum(2)
    assert lights.mean() == pytest.approx(lit.mean(), rel=0.05)  # not denoised: compared as a whole
