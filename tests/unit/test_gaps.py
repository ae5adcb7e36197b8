"""The missing shots of a small cut, from a show of four takes to the page and the OTIO."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import opentimelineio as otio
import pytest
from edits import clip, external, saved, span
from soundstage import room
from soundstage.shots import save_shot

from answerprint import cli
from answerprint.check import watching
from answerprint.check.alternates import name_alternates
from answerprint.check.gaps import gaps
from answerprint.check.lay import lay
from answerprint.check.model import Scene, Shot, Study
from answerprint.check.run import check
from answerprint.edit.cut import read_cut, read_with_clips
from answerprint.errors import BadInput, BadParameter
from answerprint.events import Events
from answerprint.show.add import add
from answerprint.show.forget import forget
from answerprint.show.store import make_show, open_show
from answerprint.worker.__main__ import HANDLERS

FRAMES = 3
TAKES = {"A001": room.WIDE, "A002": room.WIDE, "B001": room.BEHIND, "B002": room.BEHIND}


@pytest.fixture(scope="module")
def shoot(tmp_path_factory):
    """A show, and the folder of its dailies: two takes of two set-ups, one as dark as half."""
    folder = tmp_path_factory.mktemp("shoot")
    for turn, (name, camera) in enumerate(TAKES.items()):
        gain = 2.0 ** -(turn % 2)
        pictures = {
            1001 + n: (room.render(camera, 7 * turn + n, 240, 135) * gain).astype(np.float32)
            for n in range(FRAMES)
        }
        save_shot(folder / "dailies" / name, pictures)
    show = make_show(folder / "show")
    add(show, [str(folder / "dailies")])
    return show, folder / "dailies"


def cut_of(path, dailies, told):
    """A cut of one frame of each take that is named; '_' is a hole of 2 frames."""

    def item(name):
        if name == "_":
            return otio.schema.Gap(source_range=span(0, 2))
        media = external(dailies / f"{name}/{name}.1001.exr", 1001, FRAMES)
        return clip(name, media, span(1001, 1))

    return saved(path, *map(item, told.split()))


@pytest.fixture(scope="module")
def made(shoot, tmp_path_factory):
    """What was proposed for a dialogue with a hole."""
    show, dailies = shoot
    folder = tmp_path_factory.mktemp("gaps")
    path = cut_of(folder / "a.otio", dailies, "A001 B001 A001 _ A001 B001")
    return gaps(path, show.folder, folder / "out")


def test_a_hole_gets_the_other_take_of_the_set_up_that_is_asked_for(shoot, made):
    dailies = shoot[1]
    assert made.report["sentence"] == "1 shot is missing; the show has something for it."
    (hole,) = made.report["holes"]
    assert (hole["range"], hole["before"], hole["after"]) == ([3, 4], "A001_2", "A001_3")
    best = hole["proposals"][0]
    assert (best["kind"], best["name"], best["needs"]) == ("alternate", "B002", ["match"])
    assert best["clip"] == str(dailies / "B002/B002.%04d.exr")
    assert best["last"] - best["first"] == 1
    assert best["reference"] in ("B001", "B001_2")
    told = [each["confidence"] for each in hole["proposals"]]
    assert told[0] > 0.5
    assert "A002" not in [each["name"] for each in hole["proposals"][:2]]


def test_the_otio_shows_what_the_cut_showed_and_has_the_stack_above(made):
    after = read_cut(made.outputs["cut"])
    before = read_cut(made.report["cut"]["path"])
    on = [(e.id, e.record, e.frames) for e in after.events if e.enabled]
    assert on == [(e.id, e.record, e.frames) for e in before.events]
    off = [e for e in after.events if not e.enabled]
    listed = made.report["holes"][0]["proposals"]
    assert [(e.track - 1, e.media.path, e.frames) for e in off] == [
        (row["track"], row["clip"], (row["first"], row["last"])) for row in listed
    ]


def test_the_page_shows_neighbours_and_proposals(made):
    page = Path(made.outputs["page"]).read_text("utf-8")
    listed = made.report["holes"][0]["proposals"]
    assert page.count("data:image/jpeg;base64,") == len(listed) + 2
    assert "no picture" not in page
    assert all(each["why"] in page for each in listed)


def test_media_that_moved_is_found_again_in_the_show(shoot, tmp_path):
    show, dailies = shoot
    lost = external("/gone/B002/B002.1001.exr", 1001, FRAMES)
    media = external(dailies / "A001/A001.1001.exr", 1001, FRAMES)
    path = saved(
        tmp_path / "a.otio",
        clip("A001", media, span(1001, 2)),
        clip("B002", lost, span(1002, 2)),
        clip("A001", media, span(1002, 2)),
    )
    best = gaps(path, show.folder, tmp_path / "out").report["holes"][0]["proposals"][0]
    assert (best["kind"], best["name"], best["first"], best["last"]) == ("same", "B002", 1002, 1003)


def test_the_cut_that_is_given_is_not_written_over(shoot, tmp_path):
    show, dailies = shoot
    path = cut_of(tmp_path / "gaps.otio", dailies, "A001 _ B001")
    before = Path(path).read_bytes()
    with pytest.raises(BadParameter, match="the result would take its place") as no:
        gaps(path, show.folder, tmp_path)
    assert (no.value.hint, no.value.about) == ("Choose another folder.", "out")
    assert Path(path).read_bytes() == before


def test_a_whole_cut_misses_nothing(shoot, tmp_path):
    show, dailies = shoot
    path = cut_of(tmp_path / "a.otio", dailies, "A001 B001")
    made = gaps(path, show.folder, tmp_path / "out")
    assert made.report["sentence"] == "No shot is missing."
    assert made.report["holes"] == []


def test_the_command_line_says_it_and_gives_json(shoot, tmp_path, capsys):
    show, dailies = shoot
    path = cut_of(tmp_path / "a.otio", dailies, "A001 B001 A001 _ A001 B001")
    words = ["show", "gaps", path, "--out", str(tmp_path / "out"), "--show", str(show.folder)]
    assert cli.main([*words, "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["report"]["holes"][0]["proposals"][0]["name"] == "B002"
    assert "1 shot is missing" in said.err


def test_the_worker_gives_every_hole_with_its_proposals(shoot, tmp_path):
    show, dailies = shoot
    asked = {"path": cut_of(tmp_path / "a.otio", dailies, "A001 _ B001"), "show": str(show.folder)}
    told = HANDLERS["show.gaps"]({**asked, "out": str(tmp_path / "out")}, Events())
    (hole,) = told["holes"]
    assert hole["id"] == "gap_1"
    laid = [(row["id"], row["track"], row["at"], row["frames"]) for row in hole["proposals"]]
    assert laid == [(f"gap_1.{n}", n, 1, 2) for n in range(1, len(laid) + 1)]
    assert Path(told["page"]).exists()
    with pytest.raises(BadParameter):
        HANDLERS["show.gaps"](asked, Events())


def test_without_a_show_it_is_refused(tmp_path):
    with pytest.raises(BadInput, match="There is no show"):
        gaps(str(tmp_path / "a.otio"), tmp_path / "none", tmp_path / "out")


# --- the check of an edit ------------------------------------------------------------------


def study_of(path):
    """What a check knows of a cut, with every shot alone in its scene."""
    cut, document, clips = read_with_clips(path)
    shots = [Shot(each, (0, 1), (240, 135), {}, dict) for each in cut.events]
    alone = [Scene(f"scene {n}", (each.name,), ((each.name,),)) for n, each in enumerate(shots, 1)]
    return Study(cut, tuple(shots), {}, tuple(alone), lay(cut, document)), clips


def test_findings_of_missing_shots_name_what_the_show_has(shoot, tmp_path):
    show, dailies = shoot
    study, clips = study_of(cut_of(tmp_path / "a.otio", dailies, "A001 B001 A001 _ A001 B001"))
    hole = {"id": "f1", "kind": "gap", "range": [3, 4], "text": "There is no picture."}
    other = {"id": "f2", "kind": "exposure", "range": [3, 4], "text": "Darker."}
    name_alternates(show, study, clips, [hole, other], Events())
    assert hole["alternates"][0]["name"] == "B002"
    assert hole["text"].startswith("There is no picture. The show has B002 (alternate, 100")
    assert other == {"id": "f2", "kind": "exposure", "range": [3, 4], "text": "Darker."}


def test_a_shot_that_stands_alone_is_told_takes_to_match_it_to(shoot, tmp_path):
    show, dailies = shoot
    study, clips = study_of(cut_of(tmp_path / "a.otio", dailies, "A001 B001"))
    told, said = name_alternates(show, study, clips, [], Events())
    names = {row["shot"]: [each["name"] for each in row["takes"]] for row in told}
    assert names == {"A001": ["A002"], "B001": ["B002"]}
    assert said == []


def test_a_check_with_the_show_measures_nothing_twice(shoot, tmp_path, monkeypatch):
    kept, dailies = shoot
    show = open_show(shutil.copytree(kept.folder, tmp_path / "show"))
    path = cut_of(tmp_path / "a.otio", dailies, "_ A001")
    first = check(path, tmp_path / "one", kinds=["gap"], show=show.folder)
    assert first.report["findings"][0]["alternates"]

    def watch(*_):
        raise AssertionError("It was watched again.")

    monkeypatch.setattr(watching, "watch", watch)
    again = check(path, tmp_path / "two", kinds=["gap"], show=show.folder)
    assert again.report["shots"] == first.report["shots"]
    forget(show, "A001")
    with pytest.raises(AssertionError, match="watched again"):
        check(path, tmp_path / "three", kinds=["gap"], show=show.folder)
