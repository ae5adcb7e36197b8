"""An exported cut as a host, with a real worker: what it offers, places, takes back and keeps."""

import dataclasses
import json
import os
import sys
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import opentimelineio as otio
import PyOpenColorIO as ocio
import pytest

from answerprint.panel.edit_host import open_cut
from answerprint_bridge import wire
from answerprint_bridge.host import ExportSpec, Item, Marker
from answerprint_bridge.messages import HOST_REFUSED, WireError
from answerprint_bridge.session import Session

CDL = {
    "kind": "cdl",
    "slope": [1.1, 1.0, 0.9],
    "offset": [0.01, 0.0, -0.01],
    "power": [1.0, 1.0, 1.0],
    "saturation": 1.05,
    "working_space": "ACEScct",
    "residual": 0.1,
}


class Artist:
    def __init__(self):
        self.said = []

    @contextmanager
    def progress(self, title):
        yield self

    def tell(self, done, total, message=""): ...

    def message(self, level, title, detail=""):
        self.said.append((level, title, detail))

    def ask(self, question, default):
        return default


@pytest.fixture(scope="module")
def worker():
    begun = wire.Worker(wire.command(sys.executable), host={"name": "test", "version": "1"})
    yield begun
    begun.kill()


def span(start, length):
    return otio.opentime.TimeRange(
        otio.opentime.RationalTime(start, 24), otio.opentime.RationalTime(length, 24)
    )


def shots(folder, light, first=1001, count=12):
    folder.mkdir(parents=True)
    for number in range(first, first + count):
        plate = oiio.ImageBuf(oiio.ImageSpec(light.shape[1], light.shape[0], 3, "half"))
        plate.set_pixels(plate.roi, light)
        assert plate.write(str(folder / f"{folder.name}.{number}.exr"))
    return str(folder / f"{folder.name}.%04d.exr")


def texture(seed=3):
    """Patches of many colours."""
    made = np.random.default_rng(seed).gamma(1.2, 0.25, (12, 20, 3)).astype(np.float32)
    return np.kron(made, np.ones((12, 12, 1), np.float32))


@pytest.fixture
def cut(tmp_path):
    """Hero, the same a stop under, and a clip whose media is lost."""
    hero = shots(tmp_path / "shoot" / "A001", texture())
    dark = shots(tmp_path / "shoot" / "B001", texture() * np.float32([0.5, 0.5, 0.4]))
    track = otio.schema.Track("Video 1")
    for name, path in (("A001", hero), ("B001", dark), ("C001", "/gone/C001.mov")):
        media = otio.schema.ExternalReference(path, span(86400, 12))
        track.append(otio.schema.Clip(name, media, span(86402, 6)))
    timeline = otio.schema.Timeline("reel", global_start_time=otio.opentime.RationalTime(86400, 24))
    timeline.tracks.append(track)
    path = tmp_path / "Schnitt 編 #2" / "reel 1.otio"
    path.parent.mkdir()
    otio.adapters.write_to_file(timeline, str(path))
    return path


@pytest.fixture
def host(worker, cut):
    return open_cut(worker, str(cut), "", Artist())


def place(host):
    return Path(host.place)


def ids(host, space="ACEScct"):
    path = place(host) / f"reel 1.{space}.ccc"
    if not path.exists():
        return {}
    ocio.ClearAllCaches()  # it remembers files by their path
    return {t.getID(): t.getSlope() for t in ocio.CDLTransform.CreateGroupFromFile(str(path))}


def test_its_items_are_the_events(host, cut):
    assert [item.ref for item in host.items()] == ["A001", "B001", "C001"]
    assert host.items()[1] == Item("B001", "clip", "002  B001  01:00:00:06")
    assert host.items()[2].label.endswith("(no media)")
    scene = host.context()
    assert (scene.script, scene.project) == (str(cut), str(cut.parent))
    assert (scene.first, scene.last, scene.fps) == (86400, 86417, Fraction(24))
    assert host.selection() == []
    assert any("C001" in note for note in host.notes())


def test_an_event_is_described_and_its_media_is_used_in_place(host, tmp_path):
    info = host.describe("B001")
    assert (info.first, info.last, info.handles) == (1003, 1008, (2, 4))
    assert (info.width, info.height, info.shot) == (240, 144, "B001")
    frames = host.export_frames("B001", ExportSpec(str(tmp_path), "x"), Artist())
    assert frames.pattern == info.file == str(tmp_path / "shoot" / "B001" / "B001.%04d.exr")
    assert frames.numbers == (1003, 1004, 1005, 1006, 1007, 1008)
    os.unlink(frames.path(1005))
    again = host.export_frames("B001", ExportSpec(str(tmp_path), "x", 1001, 1006), Artist())
    assert (again.first, again.last, again.missing) == (1001, 1006, (1005,))


@pytest.mark.parametrize(
    ("ref", "how", "said"),
    [
        ("C001", {}, "003 C001: Its media /gone/C001.mov is not there"),
        ("nobody", {}, "nobody"),
        ("A001", {"graded": True}, "no grade"),
        ("A001", {"first": 1000}, "1000-1008"),
    ],
)
def test_what_cannot_be_had_is_refused_by_name(host, tmp_path, ref, how, said):
    with pytest.raises(WireError, match=said) as refused:
        host.export_frames(ref, ExportSpec(str(tmp_path), "x", **how), Artist())
    assert refused.value.code == HOST_REFUSED
    assert refused.value.hint


def test_a_match_of_an_event_to_its_hero_reaches_the_ccc(worker, tmp_path):
    sample = Path(__file__).parents[2] / "resources" / "sample"
    track = otio.schema.Track("Video 1")
    for name in ("hero", "shot_b"):
        numbers = sorted(int(p.suffixes[0][1:]) for p in (sample / name).glob("*.exr"))
        length = numbers[-1] - numbers[0] + 1
        path = str(sample / name / f"{name}.%04d.exr")
        media = otio.schema.ExternalReference(path, span(numbers[0], length))
        track.append(otio.schema.Clip(name, media, span(numbers[0], 4)))
    timeline = otio.schema.Timeline("reel")
    timeline.tracks.append(track)
    otio.adapters.write_to_file(timeline, str(tmp_path / "reel 1.otio"))
    host = open_cut(worker, str(tmp_path / "reel 1.otio"), "", Artist())
    session = Session(host, wire.command(sys.executable))
    host.worker = session.worker
    hero, shot = host.items()
    try:
        run = session.run("match", {}, {"source": shot, "reference": hero}).wait()
        assert run.folder == str(tmp_path / "answerprint" / "shot_b" / "match" / "v001")
        assert run.answers[0].became == "cdl"
        assert ids(host) == {"shot_b": pytest.approx(run.report["cdl"]["slope"])}
        edl = (place(host) / "reel 1.ACEScct.edl").read_text()
        assert "*ASC_CC_XML shot_b" in edl
        assert "00:00:00:04 00:00:00:08" in edl, "its place in the cut"
        there = {p: p.read_bytes() for p in place(host).rglob("*") if p.is_file()}
        again = session.run("match", {}, {"source": shot, "reference": hero}).wait()
        assert again.answers[0].items == run.answers[0].items
        assert there == {p: p.read_bytes() for p in place(host).rglob("*") if p.is_file()}
    finally:
        session.worker.kill()


def test_what_is_taken_back_is_gone_and_the_one_before_stands_again(host):
    first = host.apply([CDL], "A001", "match v001", "r1")[0].items[0]
    second = host.apply([CDL | {"slope": [2, 1, 1]}], "A001", "match v002", "r2")[0].items[0]
    assert ids(host) == {"A001": [2, 1, 1]}
    assert host.take_back(second) == "match v001"
    assert ids(host) == {"A001": [1.1, 1.0, 0.9]}
    assert host.take_back(first) == "the shot as it was"
    assert [p.name for p in place(host).iterdir()] == ["placed.json"]
    assert host.tagged("answerprint") == {}
    with pytest.raises(WireError, match=second):
        host.take_back(second)


def test_what_stands_is_there_when_the_cut_is_opened_again(host, worker, cut):
    (ref,) = host.apply([CDL], "B001", "match v001", "r1")[0].items
    host.configure("grading_space", "ARRI LogC4")
    again = open_cut(worker, str(cut), "", Artist())
    assert again.read_tag(ref, "answerprint")["recipe"] == "r1"
    assert again.grade_spaces() == ("ARRI LogC4",)
    again.apply([CDL | {"working_space": "ARRI LogC4"}], "A001", "match v001", "r2")
    assert list(ids(again)) == ["B001"]
    assert list(ids(again, "ARRI_LogC4")) == ["A001"]


def test_numbers_for_another_space_are_not_placed(host):
    (answer,) = host.apply([CDL | {"working_space": "ACEScg"}], "A001", "match v001", "r1")
    assert answer.status == "refused"
    assert "ACEScg" in answer.why
    host.configure("grading_space", "ARRI LogC4")
    cube = {"kind": "lut", "path": "/x.cube", "space": "ACEScct"}
    (answer,) = host.apply([cube], "A001", "match v001", "r2")
    assert "graded in ARRI LogC4" in answer.why


def test_a_result_for_no_event_is_refused(host):
    (answer,) = host.apply([CDL], "", "match v001", "r1")
    assert answer.status == "refused"
    assert "no event" in answer.why
    host.chosen = "A001"
    assert [item.ref for item in host.selection()] == ["A001"]
    assert host.apply([CDL], "", "match v001", "r1")[0].status == "done"


def test_a_list_that_cannot_be_written_out_has_not_changed(host, tmp_path):
    (kept,) = host.apply([CDL], "A001", "match v001", "r1")[0].items
    before = {p: p.read_bytes() for p in place(host).rglob("*") if p.is_file()}
    cube = tmp_path / "m.cube"
    cube.write_bytes(b"\xff\xfe\xff no text")
    with pytest.raises(WireError, match=r"m\.cube"):
        host.apply([{"kind": "lut", "path": str(cube), "space": "ACEScct"}], "B001", "x", "r2")
    assert before == {p: p.read_bytes() for p in place(host).rglob("*") if p.is_file()}
    assert list(host.tagged("answerprint")) == [kept]


def test_markers_reach_the_otio(host):
    assert host.add_markers("B001", [Marker(1004, "flicker"), Marker(1006, "dust", length=2)]) == 2
    shot = list(otio.adapters.read_from_file(str(place(host) / "reel 1.otio")).find_clips())[1]
    assert [(m.name, m.marked_range) for m in shot.markers] == [
        ("flicker", span(86403, 1)),
        ("dust", span(86405, 2)),
    ]


FOUND = [
    Marker(2, "One stop under.", "check", 1, "yellow", "exposure"),
    Marker(7, "A glass moved.", "check", 3, "red", "thing"),
]


def marks_of(host):
    """Of the timeline in the OTIO, and the locators of the EDL."""
    made = otio.adapters.read_from_file(str(place(host) / "reel 1.otio"))
    told = [(m.name, m.color, m.comment, m.marked_range) for m in made.tracks.markers]
    edl = (place(host) / "reel 1.edl").read_text("utf-8")
    return told, [line.split()[2:] for line in edl.splitlines() if line.startswith("* LOC:")]


def test_findings_reach_the_otio_and_the_edl(host):
    assert host.mark_edit("check", FOUND) == [2, 7]
    assert marks_of(host) == (
        [
            ("exposure", "YELLOW", "One stop under.", span(2, 1)),
            ("thing", "RED", "A glass moved.", span(7, 3)),
        ],
        [
            ["01:00:00:02", "YELLOW", "exposure:", "One", "stop", "under."],
            ["01:00:00:07", "RED", "thing:", "A", "glass", "moved."],
        ],
    )
    assert "thing" in (place(host) / "reel 1.markers.edl").read_text("utf-8")


def test_the_next_findings_replace_them_and_nothing_else(host):
    host.apply([CDL], "A001", "match v001", "r1")
    host.add_markers("B001", [Marker(1004, "flicker")])
    host.mark_edit("check", FOUND)
    host.mark_edit("check", FOUND[1:])
    assert [row[0] for row in marks_of(host)[0]] == ["thing"]
    host.mark_edit("check", [])
    made = otio.adapters.read_from_file(str(place(host) / "reel 1.otio"))
    assert list(made.tracks.markers) == []
    one, other = list(made.find_clips())[:2]
    assert "cdl" in one.metadata
    assert [m.name for m in other.markers] == ["flicker"]
    assert not (place(host) / "reel 1.edl").exists()
    assert not (place(host) / "reel 1.markers.edl").exists()


def test_what_the_lists_of_markers_lack_is_told_once(host, monkeypatch):
    said = []
    monkeypatch.setattr(host, "message", lambda *told: said.append(told))
    long = dataclasses.replace(FOUND[0], text="x" * 200)
    host.mark_edit("check", [long])
    host.add_markers("B001", [Marker(1004, "flicker")])
    assert [(level, "Cut off after" in detail) for level, _, detail in said] == [("warning", True)]


def test_markers_outlive_the_panel(worker, cut, host):
    host.mark_edit("check", FOUND)
    again = open_cut(worker, str(cut), "", Artist())
    again.apply([CDL], "A001", "match v001", "r1")
    assert [row[0] for row in marks_of(again)[0]] == ["exposure", "thing"]


def test_markers_that_cannot_be_written_are_not_kept(host, monkeypatch):
    host.mark_edit("check", FOUND)
    before = {p: p.read_bytes() for p in place(host).rglob("*") if p.is_file()}

    def refuse(method, params):
        raise WireError(HOST_REFUSED, "The disk is full.")

    monkeypatch.setattr(host.worker, "call", refuse)
    with pytest.raises(WireError, match="disk is full"):
        host.mark_edit("check", FOUND[:1])
    monkeypatch.undo()
    assert before == {p: p.read_bytes() for p in place(host).rglob("*") if p.is_file()}
    host.add_markers("B001", [Marker(1004, "flicker")])
    assert [row[0] for row in marks_of(host)[0]] == ["exposure", "thing"]


def test_the_edit_is_the_file_itself_as_it_was_set_to_be_read(host, cut, tmp_path):
    assert host.export_timeline(str(tmp_path / "other.otio")) == str(cut)
    assert host.conform() == {"media": "", "rate": "", "colourspace": ""}
    host.configure("source_space", "ARRI LogC4")
    assert host.conform()["colourspace"] == "ARRI LogC4"
    (tmp_path / "late").mkdir()
    host.configure("media", str(tmp_path / "late"))
    assert host.conform()["media"] == str(tmp_path / "late")
    one = host.edit()[0]
    assert (one.item.ref, one.first, one.last, one.track, one.name) == ("A001", 0, 5, 1, "A001")


def test_a_folder_of_media_brings_what_was_lost(host, tmp_path):
    shots(tmp_path / "late" / "C001", texture())
    with pytest.raises(WireError, match="nowhere"):
        host.configure("media", str(tmp_path / "nowhere"))
    assert host.settings()[2]["value"] == ""
    host.configure("media", str(tmp_path / "late"))
    assert host.items()[2].label == "003  C001  01:00:00:12"
    assert host.describe("C001").handles == (2, 4)
    made = {"kind": "frames", "pattern": str(tmp_path / "c.%04d.exr"), "first": 1003, "last": 1008}
    (answer,) = host.apply([made], "C001", "denoise v001", "r1")
    assert answer.status == "done", "who writes the OTIO finds it too"


def test_one_source_that_goes_offline_is_named_and_stops_nothing_else(worker, cut, tmp_path):
    artist = Artist()
    host = open_cut(worker, str(cut), "", artist)
    made = {"kind": "frames", "pattern": str(tmp_path / "a.%04d.exr"), "first": 1003, "last": 1008}
    host.apply([made], "A001", "denoise v001", "r1")
    assert artist.said == []
    (tmp_path / "shoot" / "A001").rename(tmp_path / "shoot" / "away")
    ((look,),) = (a.items for a in host.apply([CDL], "B001", "match v001", "r2"))
    (level, title, detail) = artist.said[0]
    assert (level, "A001 denoise v001" in detail) == ("warning", True)
    assert title == "1 results are left out of reel 1.otio: their media is not there."
    assert host.take_back(look) == "the shot as it was"
    (tmp_path / "shoot" / "away").rename(tmp_path / "shoot" / "A001")
    host.apply([CDL], "B001", "match v002", "r3")
    shot = next(iter(otio.adapters.read_from_file(str(place(host) / "reel 1.otio")).find_clips()))
    assert shot.active_media_reference_key == "Answerprint denoise v001", "it is back by itself"


def test_a_folder_of_media_that_is_gone_does_not_keep_the_cut_shut(host, worker, cut, tmp_path):
    shots(tmp_path / "late" / "C001", texture())
    host.configure("media", str(tmp_path / "late"))
    assert open_cut(worker, str(cut), "", Artist()).describe("C001").first == 1003
    (tmp_path / "late").rename(tmp_path / "away")
    artist = Artist()
    again = open_cut(worker, str(cut), "", artist)
    assert [item.ref for item in again.items()] == ["A001", "B001", "C001"]
    assert [(level, "late" in title) for level, title, _ in artist.said] == [("warning", True)]
    assert again.settings()[2]["value"] == ""


def test_results_can_go_elsewhere(host, tmp_path):
    host.configure("results", str(tmp_path / "elsewhere"))
    host.apply([CDL], "A001", "match v001", "r1")
    assert host.context().project == str(tmp_path / "elsewhere")
    assert (tmp_path / "elsewhere" / "answerprint" / "reel 1" / "reel 1.ACEScct.ccc").exists()
    newer = tmp_path / "newer" / "answerprint" / "reel 1"
    newer.mkdir(parents=True)
    (newer / "placed.json").write_text(json.dumps({"schema": "answerprint.placed/9"}))
    with pytest.raises(WireError, match="placed/9"):
        host.configure("results", str(tmp_path / "newer"))
    assert host.context().project == str(tmp_path / "elsewhere")


def test_the_space_of_the_sources_goes_with_their_frames(host, tmp_path):
    host.configure("source_space", "ARRI LogC4")
    frames = host.export_frames("A001", ExportSpec(str(tmp_path), "x"), Artist())
    assert frames.wire()["colorspace"] == {"name": "ARRI LogC4"}
    assert host.describe("A001").space == "ARRI LogC4"


def test_settings_are_checked_and_shown(host):
    rows = {row["name"]: row for row in host.settings()}
    assert list(rows) == ["grading_space", "source_space", "media", "results"]
    assert rows["grading_space"]["value"] == "ACEScct"
    assert "DaVinci Intermediate WideGamut" in rows["grading_space"]["choices"]
    with pytest.raises(WireError, match="sepia"):
        host.configure("grading_space", "sepia")
    with pytest.raises(WireError, match="speed"):
        host.configure("speed", 1)


def test_the_rate_of_an_edl_can_be_named(worker, tmp_path):
    path = tmp_path / "r.edl"
    path.write_text("001  A001 V C 00:00:01:00 00:00:02:00 01:00:00:00 01:00:01:00\n")
    host = open_cut(worker, str(path), "", Artist())
    assert host.context().fps == 24
    host.configure("rate", "29.97")
    assert host.context().fps == Fraction(30000, 1001)
    for media in ("", str(tmp_path)):
        again = open_cut(worker, str(path), media, Artist())
        assert again.context().fps == Fraction(30000, 1001)


def test_a_list_of_another_version_is_refused(host, worker, cut):
    place(host).mkdir(parents=True)
    (place(host) / "placed.json").write_text(json.dumps({"schema": "answerprint.placed/9"}))
    with pytest.raises(WireError, match="placed/9") as refused:
        open_cut(worker, str(cut), "", Artist())
    assert refused.value.hint


def test_what_is_no_cut_says_what_to_export(worker, tmp_path):
    (tmp_path / "a.drp").touch()
    with pytest.raises(WireError, match="read by Resolve alone"):
        open_cut(worker, str(tmp_path / "a.drp"), "", Artist())
