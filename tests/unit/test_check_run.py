"""A whole check of a small cut: a room seen twice, once lighter; a hole; media that is lost."""

from __future__ import annotations

import json
import os
from html.parser import HTMLParser

import numpy as np
import opentimelineio as otio
import pytest
from edits import clip, external, saved, span
from soundstage import room
from soundstage.shots import save_shot

from answerprint import cli
from answerprint.check import run, watching
from answerprint.check.run import check
from answerprint.errors import BadParameter, Cancelled, CannotWrite
from answerprint.events import Events

FRAMES = 4
LIGHTER = 0.6


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    folder = tmp_path_factory.mktemp("media")
    for name, camera, gain in (
        ("wall", room.WIDE, 0.0),
        ("away", room.BEHIND, 0.0),
        ("lighter", room.WIDE, LIGHTER),
    ):
        pictures = {
            1001 + n: (room.render(camera, n, 320, 180) * 2.0**gain).astype(np.float32)
            for n in range(FRAMES)
        }
        save_shot(folder / name, pictures)
    return folder


def shot(media, name, length=FRAMES):
    reference = external(media / f"{name}/{name}.1001.exr", 1001, FRAMES)
    return clip(name, reference, span(1001, length))


def cut_of(path, media, *more):
    gone = clip("gone", external("/nowhere/gone.mov", 0, 90), span(10, 5))
    hole = otio.schema.Gap(source_range=span(0, 6))
    children = [shot(media, "wall"), shot(media, "away"), hole, shot(media, "lighter"), gone]
    return saved(path, *more, *children)


@pytest.fixture(scope="module")
def checked(media, tmp_path_factory):
    folder = tmp_path_factory.mktemp("checked")
    path = cut_of(folder / "reel.otio", media)
    return path, folder / "out", check(path, folder / "out", keep=folder)


def of(report, kind):
    return [row for row in report["findings"] if row["kind"] == kind]


# --- what is found -------------------------------------------------------------------------


def test_the_report_says_what_is_wrong(checked):
    _, out, outcome = checked
    report = json.loads((out / "report.json").read_text("utf-8"))
    assert report == outcome.report
    assert report["schema"] == "answerprint.check/1"
    (lighter,) = of(report, "exposure")
    assert lighter["shots"] == ["wall", "lighter"]
    assert lighter["mend"] == "lighter"
    assert lighter["value"] == pytest.approx(LIGHTER, abs=0.05)
    assert (lighter["frame"], lighter["timecode"]) == (14, "01:00:00:14")
    (hole,) = of(report, "gap")
    assert hole["range"] == [8, 13]
    assert [row["shots"] for row in of(report, "missing_media")] == [["gone"]]
    assert [scene["shots"] for scene in report["scenes"]] == [["wall", "lighter"], ["away"]]


def test_a_shot_without_media_does_not_stop_the_others(checked):
    _, _, outcome = checked
    assert outcome.status == "partial"
    rows = {row["name"]: row for row in outcome.report["shots"]}
    assert list(rows) == ["wall", "away", "lighter", "gone"]
    assert [name for name, row in rows.items() if row["passport"]] == ["wall", "away", "lighter"]
    assert "gone.mov is not there" in rows["gone"]["why"]
    assert rows["lighter"]["cut"] == [14, 17]
    assert "1 shot could not be measured." in outcome.report["sentence"]


def test_the_fix_is_a_command_that_runs(checked, tmp_path, monkeypatch):
    _, _, outcome = checked
    (lighter,) = of(outcome.report, "exposure")
    monkeypatch.chdir(tmp_path)
    words = lighter["command"].split()
    assert words[0] == "answerprint"
    assert cli.main([*words[1:], "--device", "cpu", "--no-write-frames"]) == 0
    told = json.loads((tmp_path / "fixes/lighter/report.json").read_text("utf-8"))
    assert told["verdict"] == "match"


def test_the_cut_has_markers_on_the_frames(checked):
    _, out, outcome = checked
    timeline = otio.adapters.read_from_file(str(out / "cut.otio"))
    at = {round(m.marked_range.start_time.value) - 86400: m for m in timeline.tracks.markers}
    frames = {row["frame"] for row in outcome.report["findings"]}
    assert set(at) in (frames, {frame - 86400 for frame in frames})
    ids = {each for m in at.values() for each in m.metadata["answerprint"]["ids"]}
    assert ids == {row["id"] for row in outcome.report["findings"]}
    assert "* LOC:" in (out / "cut.edl").read_text("utf-8")
    assert "gone" in (out / "pull.ale").read_text("utf-8")


class _Ids(HTMLParser):
    def __init__(self):
        super().__init__()
        self.ids, self.links, self.said = set(), set(), ""

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        self.ids |= {told["id"]} if "id" in told else set()
        self.links |= {told["href"]} if "href" in told else set()

    def handle_data(self, data):
        self.said += data


def test_the_page_has_every_finding_and_needs_nothing(checked):
    _, out, outcome = checked
    text = (out / "report.html").read_text("utf-8")
    page = _Ids()
    page.feed(text)
    for row in outcome.report["findings"]:
        assert f"f-{row['id']}" in page.ids
        assert row["text"] in page.said
    inside = {link[1:] for link in page.links if link.startswith("#")}
    assert inside <= page.ids
    assert all(link.startswith(("#", "data:")) for link in page.links)
    assert "<script" not in text
    (lighter,) = of(outcome.report, "exposure")
    cells = text.split('id="shot-')
    (cell,) = (each for each in cells if f'href="#f-{lighter["id"]}"' in each)
    assert cell.startswith('lighter"')
    assert outcome.report["sentence"] in page.said


# --- again ---------------------------------------------------------------------------------


def test_what_was_watched_is_not_watched_again(checked, monkeypatch, tmp_path):
    path, out, outcome = checked

    def watch(*_):
        raise AssertionError("It was watched again.")

    monkeypatch.setattr(watching, "watch", watch)
    again = check(path, tmp_path / "out", keep=out.parent)
    assert _told(again.report) == _told(outcome.report)
    assert sorted(each.name for each in (tmp_path / "out").iterdir()) == sorted(
        again.report["files"]
    )


def _told(report):
    return [(row["id"], row["text"], row["value"]) for row in report["findings"]]


def test_a_changed_frame_is_watched_again(media, tmp_path, monkeypatch):
    pictures = {1001 + n: room.render(room.SIDE, n, 64, 36) for n in range(2)}
    pattern = save_shot(tmp_path / "side", pictures)
    path = saved(tmp_path / "a.otio", clip("side", external(pattern, 1001, 2), span(1001, 2)))
    seen = []
    real = watching.watch
    monkeypatch.setattr(watching, "watch", lambda *a: seen.append(a[1]) or real(*a))
    check(path, tmp_path / "out", keep=tmp_path)
    frame = tmp_path / "side/side.1002.exr"
    frame.write_bytes((tmp_path / "side/side.1001.exr").read_bytes())
    check(path, tmp_path / "out", keep=tmp_path)
    assert seen == [(1001, 1002)] * 2


class _StopAt(Events):
    def __init__(self, name):
        self.name, self.stop = name, False

    def progress(self, stage, done, total, message=""):
        self.stop |= message == self.name

    def cancelled(self):
        return self.stop


def test_a_cancel_keeps_what_was_finished(checked, media, tmp_path):
    path, _, _ = checked
    (tmp_path / "keep").mkdir()
    with pytest.raises(Cancelled):
        check(path, tmp_path / "out", keep=tmp_path / "keep", events=_StopAt("lighter"))
    assert len(list((tmp_path / "keep").iterdir())) == 2
    assert not list((tmp_path / "out").iterdir())


def test_a_passport_that_is_torn_is_measured_anew(checked, media, tmp_path):
    path = saved(tmp_path / "a.otio", shot(media, "wall"))
    check(path, tmp_path / "out", keep=tmp_path)
    (kept,) = (p for p in tmp_path.glob("*.json"))
    whole = kept.read_text("utf-8")
    kept.write_text(whole[:50], "utf-8")
    check(path, tmp_path / "out", keep=tmp_path)
    assert json.loads(kept.read_text("utf-8")) == json.loads(whole)


def test_ids_stay_and_a_waiver_holds_when_shots_come_in_before(checked, media, tmp_path):
    path, out, outcome = checked
    (lighter,) = of(outcome.report, "exposure")
    rules = tmp_path / "show.toml"
    words = ["check", path, "--out", out, "--rules", rules, "--waive", lighter["id"]]
    assert cli.main([*map(str, words), "--why", "A lamp goes on.", "--by", "Ines"]) == 0
    later = cut_of(tmp_path / "later.otio", media, shot(media, "away", 2))
    again = check(later, tmp_path / "out", rules=str(rules), previous=path, keep=out.parent)
    assert of(again.report, "exposure") == []
    (waived,) = again.report["waived"]
    assert (waived["id"], waived["why"], waived["by"]) == (lighter["id"], "A lamp goes on.", "Ines")
    assert of(again.report, "gap")[0]["id"] != ""
    changed = {(row["kind"], row["new"]) for row in again.report["changes"]}
    assert ("new", "away") in changed or ("new", "away_2") in changed
    assert "A lamp goes on." in (tmp_path / "out/report.html").read_text("utf-8")


def test_only_what_is_asked_for(checked, tmp_path, monkeypatch):
    path, out, _ = checked
    asked = []
    finders = [
        (name, families, lambda study, name=name: asked.append(name) or [])
        for name, families, _ in run.FINDERS
    ]
    monkeypatch.setattr(run, "FINDERS", tuple(finders))
    only = check(path, tmp_path / "out", kinds=["gap", "exposure"], keep=out.parent)
    assert {row["kind"] for row in only.report["findings"]} == {"gap"}
    assert asked == ["light"]


def test_what_an_earlier_check_wrote_goes(checked, media, tmp_path):
    path, out, _ = checked
    folder = tmp_path / "out"
    check(path, folder, keep=out.parent)
    (folder / "mine.txt").write_text("an artist's", "utf-8")
    assert (folder / "pull.ale").exists()
    whole = saved(tmp_path / "whole.otio", shot(media, "wall"))
    assert check(whole, folder, keep=out.parent).status == "done"
    assert not (folder / "pull.ale").exists()
    assert (folder / "mine.txt").exists()


def test_what_was_not_looked_for_is_not_gone(checked, media, tmp_path):
    path, out, _ = checked
    check(path, tmp_path, keep=out.parent)
    again = check(path, tmp_path, kinds=["gap", "thing"], keep=out.parent)
    assert again.report["since"] == {"new": [], "gone": []}
    whole = saved(tmp_path / "whole.otio", shot(media, "wall"))
    (hole,) = of(again.report, "gap")
    gone = check(whole, tmp_path, kinds=["gap"], keep=out.parent).report["since"]
    assert gone == {"new": [], "gone": [hole["id"]]}


def test_what_was_found_on_a_shot_that_cannot_be_seen_now_is_not_gone(checked, media, tmp_path):
    keep = checked[1].parent
    path = saved(tmp_path / "reel.otio", shot(media, "wall"), shot(media, "lighter"))
    lost = clip("lighter", external(tmp_path / "x.1001.exr", 1001, FRAMES), span(1001, FRAMES))
    found = check(path, tmp_path / "out", keep=keep).report["findings"]
    (light,) = [row["id"] for row in found if row["kind"] == "exposure"]
    saved(tmp_path / "reel.otio", shot(media, "wall"), lost)
    again = check(path, tmp_path / "out", keep=keep).report
    assert [row["shots"] for row in of(again, "missing_media")] == [["lighter"]]
    assert light not in {row["id"] for row in again["findings"]}
    assert light not in again["since"]["gone"]


def test_what_a_check_without_the_grades_does_not_find_is_not_gone(checked, media, tmp_path):
    keep = checked[1].parent
    path = saved(tmp_path / "reel.otio", shot(media, "wall"), shot(media, "lighter"))
    whole = saved(tmp_path / "whole.otio", shot(media, "wall"))
    assert check(path, tmp_path / "out", keep=keep).report["findings"]
    again = check(whole, tmp_path / "out", keep=keep, graded=False).report
    assert again["since"] == {"new": [], "gone": []}


def test_media_that_cannot_be_read_is_a_finding(media, tmp_path):
    broken = save_shot(tmp_path / "broken", {1: np.zeros((36, 64, 3), np.float32)})
    (frame,) = (tmp_path / "broken").iterdir()
    frame.write_bytes(frame.read_bytes()[:400])
    lost = clip("broken", external(broken, 1, 1), span(1, 1))
    path = saved(tmp_path / "a.otio", shot(media, "wall"), lost)
    outcome = check(path, tmp_path / "out", hero="broken")
    (found,) = of(outcome.report, "missing_media")
    assert (found["shots"], found["frame"]) == (["broken"], FRAMES)
    assert outcome.status == "partial"
    assert any("The hero broken could not be" in each for each in outcome.report["warnings"])


# --- refused -------------------------------------------------------------------------------


def test_a_hero_that_there_is_not(checked, tmp_path):
    path, out, _ = checked
    with pytest.raises(BadParameter, match="Did you mean 'lighter'"):
        check(path, tmp_path, hero="ligter", keep=out.parent)


def test_a_folder_that_cannot_be_made(checked, tmp_path):
    path, out, _ = checked
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(CannotWrite, match="cannot be written"):
        check(path, tmp_path / "file/out", keep=out.parent)


def test_the_samples_go_with_the_check_and_old_ones_too(media, tmp_path):
    keep = tmp_path / "keep"
    (keep / "samples-killed").mkdir(parents=True)
    (keep / "samples-killed/1.npz").write_bytes(b"a picture")
    os.utime(keep / "samples-killed", (0, 0))
    (keep / "samples-running").mkdir()
    there = set()

    class Look(Events):
        def progress(self, stage, done, total, message=""):
            there.update(each.name for each in keep.glob("samples-*"))

    path = saved(tmp_path / "a.otio", shot(media, "wall"))
    check(path, tmp_path / "out", keep=keep, events=Look())
    assert len(there - {"samples-running"}) == 1
    assert [each.name for each in keep.glob("samples-*")] == ["samples-running"]
    assert len(list(keep.glob("*.json"))) == 1


# --- what is given is not written over -----------------------------------------------------------


@pytest.mark.parametrize("name", ["cut.otio", "CUT.A.edl", "even.otio"])
def test_a_cut_that_lies_where_a_result_would_is_refused(tmp_path, name):
    out = tmp_path / "out"
    out.mkdir()
    (out / name).write_text("a cut")
    with pytest.raises(BadParameter, match="the result would take its place") as no:
        check(str(out / name), out)
    assert (no.value.hint, no.value.about) == ("Choose another folder.", "out")
    assert [each.name for each in out.iterdir()] == [name]
    assert (out / name).read_text() == "a cut"


def test_the_earlier_cut_is_not_written_over_either(media, tmp_path):
    path = cut_of(tmp_path / "reel.otio", media)
    earlier = cut_of(tmp_path / "cut.otio", media)
    (tmp_path / "in").symlink_to(tmp_path)
    (tmp_path / "alias.otio").symlink_to(earlier)
    for named in (earlier, f"{tmp_path}/in/cut.otio", str(tmp_path / "alias.otio")):
        with pytest.raises(BadParameter, match="take its place"):
            check(path, tmp_path, previous=named)
    assert not (tmp_path / "report.json").exists()


def test_a_cut_beside_the_results_is_none_of_them(media, tmp_path):
    path = saved(tmp_path / "recut.otio", shot(media, "wall", 1))
    assert check(path, tmp_path, kinds=["gap"]).status == "done"
