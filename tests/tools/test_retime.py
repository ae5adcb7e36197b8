"""`answerprint retime`: which frames come out, where each is from, what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio
import opentimelineio as otio
import pytest
from drifting import inner, load, rms, run, scene, shot, write

from answerprint.errors import BadInput, BadParameter
from answerprint.events import Events
from answerprint.worker import jobs
from answerprint.worker.order import Order, Source
from answerprint.worker.timed import TOLD

FIVE = range(1001, 1006)


def result(folder: Path, number: int) -> np.ndarray:
    return load(folder / f"retime.{number}.exr")


def same(one: Path, other: Path) -> bool:
    return load(one).tobytes() == load(other).tobytes()


# --- what tools/retime.py says it holds ----------------------------------------------------


def test_at_speed_1_every_frame_is_the_sources(tmp_path: Path) -> None:
    done = run("retime", shot(tmp_path / "in", FIVE), tmp_path / "out")
    for n in FIVE:
        assert same(tmp_path / f"in/p.{n}.exr", tmp_path / f"out/retime.{n}.exr")
    assert done.report["made_anew"] == ""
    assert done.results[0] == {"kind": "retime", "curve": [[1001, 1001.0], [1005, 1005.0]]}


def test_half_speed_moves_by_half_and_copies_what_is_whole(tmp_path: Path) -> None:
    done = run("retime", shot(tmp_path / "in", FIVE), tmp_path / "out", speed=0.5)
    assert [n for n in range(1001, 1011) if (tmp_path / f"out/retime.{n}.exr").exists()] == list(
        range(1001, 1010)
    )
    for n in FIVE:
        twice = 1001 + 2 * (n - 1001)
        assert same(tmp_path / f"in/p.{n}.exr", tmp_path / f"out/retime.{twice}.exr")
    assert done.report["made_anew"] in ("1002,1004,1006,1008", "1002-1008x2")
    truth, still = scene(2.5), scene(2)
    made = result(tmp_path / "out", 1004)
    assert rms(inner(made - truth)) < 0.25 * rms(inner(still - truth))


def test_what_speeds_up_is_where_it_was_halfway(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for n in range(5):
        write(tmp_path / "in", 1001 + n, scene(1.5 * n**2))
    source = str(tmp_path / "in/p.%04d.exr")
    truth, straight = scene(1.5 * 2.5**2), scene(1.5 * (2**2 + 3**2) / 2)
    for speed, there in ((0.5, 1006), (-0.5, 1004)):
        run("retime", source, tmp_path / f"{speed}", speed=speed)
        made = result(tmp_path / f"{speed}", there)
        assert rms(inner(made - truth)) < 0.4 * rms(inner(straight - truth))


def test_a_quarter_is_nearer_to_the_first(tmp_path: Path) -> None:
    run("retime", shot(tmp_path / "in", FIVE), tmp_path / "out", speed=0.25)
    for number, at in ((1002, 1.25), (1004, 1.75)):
        made = result(tmp_path / "out", number)
        off = [rms(inner(made - scene(at + d))) for d in (0, -0.5, 0.5)]
        assert off[0] < 0.5 * min(off[1:])


def test_backwards_is_the_source_from_its_end(tmp_path: Path) -> None:
    run("retime", shot(tmp_path / "in", FIVE), tmp_path / "out", speed=-1.0)
    for n in FIVE:
        assert same(tmp_path / f"in/p.{2006 - n}.exr", tmp_path / f"out/retime.{n}.exr")


def test_a_change_of_rate_keeps_the_running_time(tmp_path: Path) -> None:
    done = run(
        "retime",
        shot(tmp_path / "in", FIVE),
        tmp_path / "out",
        rate="48",
        source_rate="24",
        method="nearest",
    )
    assert done.results[0]["curve"] == [[1001, 1001.0], [1009, 1005.0]]


def test_a_cut_is_never_mixed(tmp_path: Path) -> None:
    source = shot(tmp_path / "in", range(1001, 1013), cut=1007)
    done = run("retime", source, tmp_path / "out", curve=("1:1006,5:1007",))
    assert done.report["cuts"] == [1007]
    for n, nearer in ((2, 1006), (3, 1006), (4, 1007)):
        assert same(tmp_path / f"in/p.{nearer}.exr", tmp_path / f"out/retime.{n:04d}.exr")
    assert "cut" in " ".join(done.report["warnings"])
    assert done.report["beside_cuts"] == "2-4"


def test_the_ends_are_held_only_where_that_is_asked_for(tmp_path: Path) -> None:
    source = shot(tmp_path / "in", FIVE)
    with pytest.raises(BadParameter) as refused:
        run("retime", source, tmp_path / "no", curve=("1:999,8:1006",))
    assert "1001 to 1005" in refused.value.title
    assert "--ends hold" in refused.value.hint
    done = run("retime", source, tmp_path / "out", curve=("1:999,8:1006",), ends="hold")
    assert done.report["held"] == "1-2,8"
    for n, there in ((1, 1001), (2, 1001), (3, 1001), (7, 1005), (8, 1005)):
        assert same(tmp_path / f"in/p.{there}.exr", tmp_path / f"out/retime.{n:04d}.exr")


def test_held_ends_give_the_whole_running_time(tmp_path: Path) -> None:
    source = shot(tmp_path / "in", FIVE)
    done = run("retime", source, tmp_path / "out", speed=0.5, ends="hold")
    assert done.report["held"] == "1010"
    assert same(tmp_path / "in/p.1005.exr", tmp_path / "out/retime.1010.exr")
    assert "1010" in " ".join(done.report["warnings"])


def test_any_part_of_the_result_gives_the_same_frames(tmp_path: Path) -> None:
    source = shot(tmp_path / "in", FIVE, grain=True)
    run("retime", source, tmp_path / "out", speed=0.4)
    recipe = json.loads((tmp_path / "out/recipe.json").read_text())
    order = Order(
        "retime",
        {"source": Source(source, "ACEScg")},
        tmp_path / "part",
        {"speed": 0.4},
        part="1006-1007",
        solved=recipe["solved"],
        page=False,
    )
    jobs.run(order, Events())
    for n in (1006, 1007):
        assert same(tmp_path / f"out/retime.{n}.exr", tmp_path / f"part/retime.{n}.exr")
    assert not (tmp_path / "part/retime.1005.exr").exists()


# --- further -------------------------------------------------------------------------------


def test_a_made_frame_says_how_it_was_made(tmp_path: Path) -> None:
    run("retime", shot(tmp_path / "in", FIVE), tmp_path / "out", curve=("1:1002,5:1003",))
    spec = oiio.ImageBuf(str(tmp_path / "out/retime.0002.exr")).spec()
    told = json.loads(spec.getattribute(TOLD))
    assert (told["at"], told["retimed"]) == ("4009/4", "motion")
    assert told["from"] == [1001, 1002, 1003, 1004]  # those beside the two bend the way
    assert (tmp_path / "out/retime_qc.0002.exr").exists()


def test_the_page_shows_frames_of_primaries_that_have_no_name(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    primaries = (0.63, 0.34, 0.31, 0.595, 0.155, 0.07, 0.3127, 0.329)
    for n in range(4):
        image = oiio.ImageBuf(oiio.ImageSpec(64, 48, 3, "half"))
        image.set_pixels(image.roi, scene(n, size=(48, 64)))
        image.specmod().attribute("chromaticities", "float[8]", primaries)
        assert image.write(str(tmp_path / f"in/p.{1001 + n}.exr"))
    source = {"source": Source(str(tmp_path / "in/p.%04d.exr"))}
    jobs.run(Order("retime", source, tmp_path / "out", {"speed": 0.5}), Events())
    assert (tmp_path / "out/report/retime_1004.png").exists()
    said = "Frame 1002 of the source, frame 1004 as it was made, and frame 1003 of the source."
    assert said in (tmp_path / "out/report.html").read_text()


def test_nearest_copies_and_blend_is_the_mean(tmp_path: Path) -> None:
    source = shot(tmp_path / "in", FIVE)
    run("retime", source, tmp_path / "near", speed=0.5, method="nearest")
    assert same(tmp_path / "in/p.1001.exr", tmp_path / "near/retime.1002.exr")
    run("retime", source, tmp_path / "blend", speed=0.5, method="blend")
    mean = (load(tmp_path / "in/p.1001.exr") + load(tmp_path / "in/p.1002.exr")) / 2
    np.testing.assert_allclose(result(tmp_path / "blend", 1002), mean, rtol=0.02, atol=2e-3)


@pytest.mark.parametrize(("speed", "blur"), [(3.0, 1.0), (3.0, 0.5), (1.5, 1.0)])
def test_a_shutter_is_the_mean_of_what_it_saw(tmp_path: Path, speed: float, blur: float) -> None:
    """The source's own frames count as exposed for the same share: that much less is added."""
    source = shot(tmp_path / "in", range(1001, 1009))
    run("retime", source, tmp_path / "out", speed=speed, blur=blur)
    at, wide = 1 + speed, blur * (speed - 1)
    truth = np.mean([scene(m) for m in at + wide * np.linspace(-0.5, 0.5, 33)], axis=0)
    off = rms(inner(result(tmp_path / "out", 1002) - truth))
    assert off < 0.25 * rms(inner(scene(at) - truth)) + 1e-3


def test_a_shutter_does_not_see_over_a_cut(tmp_path: Path) -> None:
    source = shot(tmp_path / "in", range(1001, 1011), cut=1006)
    run("retime", source, tmp_path / "out", speed=2.0, blur=1.0)
    for n, at, seed in ((1003, 5, 3), (1004, 7, 4)):
        off = result(tmp_path / "out", n) - scene(at, seed)
        assert rms(inner(off)) < 0.05 * rms(inner(scene(at, 3) - scene(at, 4)))


def test_a_shutter_does_not_strobe(tmp_path: Path) -> None:
    """A bright bar over a wall, 12 pixels a frame: its way is a smear, not a row of bars."""
    (tmp_path / "in").mkdir()
    wall = scene(0)
    for n in range(6):
        light = wall.copy()
        light[40:100, 50 + 12 * n : 56 + 12 * n] = 6
        write(tmp_path / "in", 1001 + n, light)
    run("retime", str(tmp_path / "in/p.%04d.exr"), tmp_path / "out", speed=2.0, blur=1.0)
    smear = (result(tmp_path / "out", 1002) - wall)[50:90, 56:98].mean(axis=(0, 2))
    bar = np.arange(56, 98)[:, None] - (74 + 12 * np.linspace(-0.5, 0.5, 241))
    truth = 5.6 * ((bar >= -0.5) & (bar < 5.5)).mean(axis=1)
    assert np.abs(smear - truth).max() < 0.8


def test_a_shutter_averages_light_and_not_its_coding(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for n in range(5):
        write(tmp_path / "in", 1001 + n, np.full((48, 64, 3), (0.2, 0.6)[n % 2], np.float32))
    source = {"source": Source(str(tmp_path / "in/p.%04d.exr"), "ACEScct")}
    for method in ("motion", "blend"):
        out = tmp_path / method
        params = {"speed": 3.0, "blur": 1.0, "method": method}
        jobs.run(Order("retime", source, out, params, page=False), Events())
        code = np.array([0.2, 0.6])
        light = np.exp2(code * 17.52 - 9.72)  # ACEScct, S-2016-001
        wanted = (np.log2((light[0] + light[1]) / 2) + 9.72) / 17.52
        assert result(out, 1002).mean() == pytest.approx(wanted, abs=0.01)


def test_a_shutter_leaves_slow_motion_and_depth_alone(tmp_path: Path) -> None:
    for n in range(1001, 1008):
        rgb = scene(n - 1000, size=(24, 32))
        depth = np.full((24, 32, 1), 2 ** (n - 1000), np.float32)
        (tmp_path / "in").mkdir(exist_ok=True)
        write(tmp_path / "in", n, np.concatenate([rgb, depth], -1), ("R", "G", "B", "Z"))
    source = str(tmp_path / "in/p.%04d.exr")
    run("retime", source, tmp_path / "fast", speed=3.0, blur=1.0)
    assert (result(tmp_path / "fast", 1002)[..., 3] == 16).all()
    for name, blur in (("slow", 1.0), ("sharp", 0.0)):
        run("retime", source, tmp_path / name, speed=0.8, blur=blur)
    for n in (1001, 1003, 1006):
        assert same(tmp_path / f"slow/retime.{n}.exr", tmp_path / f"sharp/retime.{n}.exr")


def test_a_highlight_keeps_its_light(tmp_path: Path) -> None:
    """A lamp of 50 over 0.02 that moves 4 pixels a frame."""
    (tmp_path / "in").mkdir()
    for n in range(3):
        light = np.full((72, 128, 3), 0.02, np.float32)
        light[30:42, 40 + 4 * n : 52 + 4 * n] = 50
        write(tmp_path / "in", 1001 + n, light, kind="float")
    source = str(tmp_path / "in/p.%04d.exr")
    run("retime", source, tmp_path / "out", speed=0.5, frames="1001-1003")
    energy = [float(result(tmp_path / "out", n).sum()) for n in (1001, 1002, 1003)]
    assert energy[1] == pytest.approx(energy[0], rel=0.02)
    assert result(tmp_path / "out", 1002).min() >= 0.0


def test_only_the_timing_is_handed_back_where_no_frames_are_wanted(tmp_path: Path) -> None:
    source = shot(tmp_path / "in", FIVE)
    order = Order(
        "retime",
        {"source": Source(source, "ACEScg")},
        tmp_path / "out",
        {"speed": 0.5},
        write_frames=False,
    )
    done = jobs.run(order, Events())
    assert [each["kind"] for each in done.results] == ["retime", "note"]
    assert "4 made by motion, comes with Write frames" in done.results[1]["text"]
    assert not list((tmp_path / "out").glob("*.exr"))


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"speed": 2.0}, ""),
        ({"speed": 0.5, "method": "nearest"}, ""),
        ({"speed": 2.0, "blur": 0.5}, "3 made by motion and blur"),
        ({"speed": 0.5, "method": "blend"}, "4 made by blend"),
    ],
)
def test_what_a_curve_alone_does_not_show_is_noted(
    tmp_path: Path, params: dict[str, Any], said: str
) -> None:
    source = {"source": Source(shot(tmp_path / "in", FIVE), "ACEScg")}
    done = jobs.run(Order("retime", source, tmp_path / "out", params, write_frames=False), Events())
    notes = [each["text"] for each in done.results[1:]]
    assert len(notes) == bool(said)
    assert said in "".join(notes)


def test_the_retime_of_an_edit_is_followed(tmp_path: Path) -> None:
    source = shot(tmp_path / "in", range(1001, 1011))
    rate = 24
    at = [otio.opentime.RationalTime(n, rate) for n in (1003, 4, 1001, 10)]
    media = otio.schema.ImageSequenceReference(
        target_url_base=str(tmp_path / "in"),
        name_prefix="p.",
        name_suffix=".exr",
        start_frame=1001,
        frame_zero_padding=4,
        rate=rate,
        available_range=otio.opentime.TimeRange(at[2], at[3]),
    )
    clip = otio.schema.Clip("p", media, otio.opentime.TimeRange(at[0], at[1]))
    clip.effects.append(otio.schema.LinearTimeWarp(time_scalar=2.0))
    timeline = otio.schema.Timeline("cut")
    timeline.tracks.append(otio.schema.Track("V1", [clip]))
    edit = str(tmp_path / "cut.otio")
    otio.adapters.write_to_file(timeline, edit)
    run("retime", source, tmp_path / "out", otio=(edit,))
    for n, there in ((1001, 1003), (1002, 1005), (1003, 1007), (1004, 1009)):
        assert same(tmp_path / f"in/p.{there}.exr", tmp_path / f"out/retime.{n}.exr")


def test_a_missing_source_frame_is_told_and_the_others_are_made(tmp_path: Path) -> None:
    source = shot(tmp_path / "in", (1001, 1002, 1004, 1005))
    done = run("retime", source, tmp_path / "out", speed=0.5, method="nearest")
    assert done.status == "partial"
    failed = [each["frame"] for each in done.report["frames"]["failed"]]
    assert failed == [1005, 1006]


def test_mattes_alone_are_copied_where_they_are_whole(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for n in range(3):
        write(tmp_path / "in", 1001 + n, np.full((8, 8, 1), n / 4, np.float32), ("A",))
    source = str(tmp_path / "in/p.%04d.exr")
    done = run("retime", source, tmp_path / "out", speed=-1.0)
    assert done.status == "done"
    assert (result(tmp_path / "out", 1001) == 0.5).all()
    slow = run("retime", source, tmp_path / "slow", speed=0.5)
    told = slow.report["frames"]["failed"]
    assert [each["frame"] for each in told] == [1002, 1004]
    assert "has no R, G, B" in told[0]["reason"]


def test_one_frame_is_one_frame(tmp_path: Path) -> None:
    done = run("retime", shot(tmp_path / "in", (1001,)), tmp_path / "out", speed=0.5)
    assert done.report["frames"]["written"] == 1


def test_frames_of_two_by_two_pixels_are_retimed(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for n in range(3):
        write(tmp_path / "in", 1001 + n, np.full((2, 2, 3), 0.1 + n / 10, np.float32))
    source = str(tmp_path / "in/p.%04d.exr")
    done = run("retime", source, tmp_path / "out", speed=0.5, method="blend")
    assert done.status == "done"


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"speed": 0.0}, "speed is 0"),
        ({"speed": 2.0, "curve": ("1:1001,2:1002",)}, "both given"),
        ({"rate": "25", "otio": ("a.otio",)}, "both given"),
        ({"curve": ("1:1001",), "otio": ("a.otio",)}, "both given"),
        ({"otio": ("a.otio", "b.otio")}, "two files"),
        ({"curve": ("nonsense",)}, "no pair"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, how: dict[str, object], said: str) -> None:
    with pytest.raises(BadParameter) as refused:
        run("retime", shot(tmp_path / "in", FIVE), tmp_path / "out", **how)
    assert said in refused.value.title
    assert refused.value.hint


def test_a_rate_needs_that_of_the_source(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as refused:
        run("retime", shot(tmp_path / "in", FIVE), tmp_path / "out", rate="25")
    assert "--source-rate" in refused.value.hint
