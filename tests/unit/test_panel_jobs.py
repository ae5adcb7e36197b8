"""What a panel asks of a job beside its frames: a preview, an earlier solution, a part."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio
import pytest
import shots
from pictures import save

from answerprint.errors import BadInput, BadParameter
from answerprint.events import Events
from answerprint.frames.clip import open_clip
from answerprint.vision import matching
from answerprint.worker import jobs
from answerprint.worker.order import Order, Preview, from_recipe, from_request

solved_once = pytest.fixture(autouse=True)(shots.solve_once)


@pytest.fixture
def pair(tmp_path: Path) -> tuple[str, str]:
    return shots.plate_and_hero(tmp_path / "shots")


@pytest.fixture
def solves(monkeypatch: pytest.MonkeyPatch, solved_once: None) -> list[str]:
    """A line for every solve."""
    solve, seen = matching.solve, []

    def counted(*args: Any) -> dict[str, Any]:
        seen.append(args[2])
        return solve(*args)

    monkeypatch.setattr(matching, "solve", counted)
    return seen


class Heard(Events):
    def __init__(self) -> None:
        self.said: list[Any] = []

    def progress(self, stage: str, done: int, total: int, message: str = "") -> None:
        self.said.append(stage)

    def preview(self, frame: int, path: str) -> None:
        self.said.append(("preview", frame, path, Path(path).exists()))

    def log(self, level: str, message: str) -> None:
        self.said.append((level, message))


# --- the preview ---------------------------------------------------------------------------


def test_the_preview_is_the_result_made_small(tmp_path: Path, pair: tuple[str, str]) -> None:
    """The grade is curved, so that on the edges of patches its mean is not the mean's grade."""
    out, level = tmp_path / "out", {"level": "saturation"}
    outcome = shots.run(pair, out, params=level, preview=Preview(1002, 16))
    shown = outcome.outputs["preview"]
    assert (shown["frame"], shown["path"]) == (1002, str(out / ".preview/match.1002.exr"))
    with open_clip(shown["path"]) as preview, open_clip(str(out / "match.%04d.exr")) as whole:
        assert (preview.space.name, preview.space.said_by) == ("ACEScg", "file")
        small, _ = preview.picture(1002)
        full, _ = whole.picture(1002, 16)
    with open_clip(pair[0]) as clip:
        plate, _ = clip.picture(1002, 16)
    assert small.shape == full.shape == (9, 16, 3)
    apart = np.abs(small - full) / full
    assert np.median(apart) < 2**-10, "in the patches half is all that is between them"
    assert apart.max() < 0.01
    assert np.median(np.abs(small - plate) / plate) > 0.1, "it is graded"


def test_the_preview_is_heard_before_the_frames(tmp_path: Path, pair: tuple[str, str]) -> None:
    heard = Heard()
    shots.run(pair, tmp_path / "out", heard, preview=Preview(1001, 16))
    (told,) = (each for each in heard.said if each[0] == "preview")
    assert told[1:] == (1001, str(tmp_path / "out/.preview/match.1001.exr"), True)
    assert heard.said.index(told) < heard.said.index("frames")


@pytest.mark.parametrize(("wanted", "frame", "size"), [(990, 1001, 9999), (5000, 1003, 1)])
def test_the_nearest_frame_and_never_larger(
    tmp_path: Path, pair: tuple[str, str], wanted: int, frame: int, size: int
) -> None:
    shown = shots.run(pair, tmp_path / "out", preview=Preview(wanted, size)).outputs["preview"]
    assert shown["frame"] == frame
    spec = oiio.ImageBuf(shown["path"]).spec()
    assert (spec.width, str(spec.format)) == (min(64, size), "half")


def test_light_and_pixel_aspect_come_through(tmp_path: Path, pair: tuple[str, str]) -> None:
    for number in (1001, 1002, 1003):
        light = shots.scene(number)
        if number == 1001:
            light[:18, :32], light[18:, :32] = 60.0, -0.05
        how = {"attributes": {"PixelAspectRatio": 2.0}, **shots.TAGS}
        save(Path(pair[0] % number), light.astype(np.float16), **how)
    asked = {"strength": 0.0, "source_frame": "1002"}
    shown = shots.run(pair, tmp_path / "out", params=asked, preview=Preview(1001, 64))
    image = oiio.ImageBuf(shown.outputs["preview"]["path"])
    pixels = image.get_pixels(oiio.FLOAT)
    assert pixels[0, 0].tolist() == [60.0] * 3
    np.testing.assert_allclose(pixels[30, 4], -0.05, rtol=2**-11)
    assert image.spec().get_float_attribute("PixelAspectRatio") == 2.0


def test_a_plate_that_cannot_be_shown_does_not_stop_the_job(
    tmp_path: Path, pair: tuple[str, str]
) -> None:
    Path(pair[0] % 1002).write_bytes(b"damaged")
    outcome = shots.run(
        pair, tmp_path / "out", params={"source_frame": "1001"}, preview=Preview(1002, 16)
    )
    assert outcome.status == "partial"
    assert "preview" not in outcome.outputs
    assert any(w.startswith("No preview. Frame 1002") for w in outcome.report["warnings"])
    assert list(shots.results(tmp_path / "out")) == ["match.1001.exr", "match.1003.exr"]


def test_a_shot_left_alone_has_no_preview(tmp_path: Path, pair: tuple[str, str]) -> None:
    for number in (1, 2):
        save(Path(pair[1] % number), np.full((36, 64, 3), 0.2, np.float16), **shots.TAGS)
    outcome = shots.run(pair, tmp_path / "out", preview=Preview(1002, 16))
    assert outcome.report["verdict"] == "no evidence"
    assert "preview" not in outcome.outputs


@pytest.mark.parametrize("size", [0, -5, 20_000])
def test_a_size_that_cannot_be_meant(tmp_path: Path, pair: tuple[str, str], size: int) -> None:
    with pytest.raises(BadParameter, match=f"preview of {size} pixels"):
        shots.run(pair, tmp_path / "out", preview=Preview(1001, size))


# --- solutions -----------------------------------------------------------------------------


def test_the_solution_of_another_folder_is_taken_up(
    tmp_path: Path, pair: tuple[str, str], solves: list[str]
) -> None:
    first = shots.run(pair, tmp_path / "v001")
    more = {"params": {"strength": 0.5}, "earlier": tmp_path / "v001"}
    second = shots.run(pair, tmp_path / "v002", **more)
    assert len(solves) == 1
    assert second.report["solved"] == "by an earlier run"
    assert second.report["levels"] == first.report["levels"]
    assert second.report["cdl"] != first.report["cdl"]
    anew = shots.run(pair, tmp_path / "v003", params={"ramp": True}, earlier=tmp_path / "v001")
    assert anew.report["solved"] == "by this run", "other numbers may come of it"


def test_a_solution_that_does_not_hold_is_solved_anew(
    tmp_path: Path, pair: tuple[str, str], solves: list[str]
) -> None:
    shots.run(pair, tmp_path / "v001")
    save(Path(pair[1] % 1), (shots.scene(9) * 2).astype(np.float16), **shots.TAGS)
    second = shots.run(pair, tmp_path / "v002", earlier=tmp_path / "v001")
    assert second.report["solved"] == "by this run"
    assert len(solves) == 2
    third = shots.run(pair, tmp_path / "v003", earlier=tmp_path / "nowhere")
    assert third.report["solved"] == "by this run"


def test_a_range_of_the_hero_is_kept_to(tmp_path: Path, pair: tuple[str, str]) -> None:
    """The clip that is cut into a timeline is a part of its file."""
    request = {
        "tool": "match",
        "params": {"method": "palette"},
        "inputs": {
            "source": {"pattern": pair[0], "first": 1001, "last": 1003},
            "reference": {"pattern": pair[1], "first": 2, "last": 2},
        },
        "outputs": {"dir": str(tmp_path / "out"), "write_frames": False, "page": False},
    }
    outcome = jobs.run_request(request, Events())
    recipe = shots.read(tmp_path / "out/recipe.json")
    assert recipe["solved"]["looked_at"]["reference"] == [2]
    assert recipe["inputs"]["reference"]["frames"] == "2-2"
    assert "page" not in outcome["outputs"]
    assert not (tmp_path / "out/report.html").exists()
    again = from_recipe(tmp_path / "out/recipe.json")
    assert again.inputs["reference"].frames == "2-2"
    request["inputs"]["reference"] |= {"first": 3, "last": 4}
    with pytest.raises(BadInput, match="No frame 3-4"):
        jobs.run_request(request, Events())


# --- what a host offers --------------------------------------------------------------------


def test_spaces_of_the_host_are_used_where_nobody_names_any(
    tmp_path: Path, pair: tuple[str, str]
) -> None:
    heard = Heard()
    offers = {"cdl_space": ["ARRI LogC4", "Nobody's Log"]}
    report = shots.run(pair, tmp_path / "a", heard, from_host=offers).report
    assert list(report["cdl_spaces"]) == ["ARRI LogC4"]
    assert [e[1] for e in heard.said if e[0] == "warning"] == [
        "Nothing is made for a space of the host's. There is no colour space 'Nobody's Log' in "
        f"{report['colour']['config']}."
    ]
    named = {"params": {"cdl_space": ["ACEScc"]}, "from_host": offers}
    assert list(shots.run(pair, tmp_path / "b", **named).report["cdl_spaces"]) == ["ACEScc"]
    assert shots.run(pair, tmp_path / "c", from_host={"no_such": ["ACEScc"]}).status == "done"


# --- parts ---------------------------------------------------------------------------------


def test_the_report_of_a_part_does_not_replace_that_of_the_whole(
    tmp_path: Path, pair: tuple[str, str]
) -> None:
    out = tmp_path / "out"
    bad = shots.scene(1003)
    bad[5, 5] = np.nan
    save(Path(pair[0] % 1003), bad.astype(np.float16), **shots.TAGS)
    shots.run(pair, out, params={"source_frame": "1001"})
    whole = (out / "report.json").read_bytes()
    part = jobs.run(from_recipe(out / "recipe.json", None, "1002-1003"), Events(), repeat=True)
    assert (out / "report.json").read_bytes() == whole
    assert part.outputs["report"] == str(out / "report.1002-1003.json")
    assert shots.read(out / "report.1002-1003.json")["part"] == "1002-1003"
    assert Path(part.outputs["page"]).name == "report.1002-1003.html"
    farm = tmp_path / "farm"
    for each in ("1003", "1001-1002"):
        jobs.run(from_recipe(out / "recipe.json", farm, each), Events(), repeat=True)
    assert not (farm / "report.json").exists()
    told = jobs.run(from_recipe(farm / "recipe.json"), Events(), repeat=True).report["frames"]
    assert (told["kept"], told["not_finite_values"]) == (3, 3), "counted by the part that made it"


def test_a_request_may_ask_for_a_part(tmp_path: Path, pair: tuple[str, str]) -> None:
    request = {
        "tool": "match",
        "part": "1002",
        "params": {"method": "palette"},
        "inputs": {"source": pair[0], "reference": pair[1]},
        "outputs": {"dir": str(tmp_path / "out")},
    }
    assert jobs.run_request(request, Events())["outputs"]["frames"]["first"] == 1002
    assert list(shots.results(tmp_path / "out")) == ["match.1002.exr"]


# --- requests ------------------------------------------------------------------------------


def asked(**more: Any) -> Order:
    outputs = {"dir": "/out"} | more.pop("outputs", {})
    return from_request(
        {"tool": "match", "inputs": {"source": "/a.exr"}, "outputs": outputs} | more
    )


def test_what_a_request_may_say() -> None:
    plain = asked()
    assert (plain.preview, plain.earlier, plain.part, plain.page) == (None, None, "", True)
    order = asked(
        outputs={"preview": {"frame": 1001, "size": 960}, "page": False},
        earlier="/v001",
        part="1-5",
        from_host={"cdl_space": ["ACEScc"]},
    )
    assert order.preview == Preview(1001, 960)
    assert (order.earlier, order.part, order.page) == (Path("/v001"), "1-5", False)
    assert order.from_host == {"cdl_space": ["ACEScc"]}


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"outputs": {"preview": {"frame": 1001}}}, "size"),
        ({"outputs": {"preview": {"frame": "1001", "size": 9}}}, "frame"),
        ({"outputs": {"preview": True}}, "preview"),
        ({"outputs": {"page": 1}}, "page"),
        ({"earlier": 1}, "earlier"),
        ({"part": 1001}, "part"),
        ({"from_host": []}, "from_host"),
    ],
)
def test_what_is_wrong_in_a_request_is_named(wrong: dict[str, Any], name: str) -> None:
    with pytest.raises(BadParameter, match=f"'{name}' is missing or of another kind"):
        asked(**wrong)
