"""`answerprint check` as other programs call it, and `edit.check` of the worker."""

from __future__ import annotations

import json

import opentimelineio as otio
import pytest
from edits import clip, external, saved, span
from soundstage import room
from soundstage.shots import save_shot

from answerprint import cli
from answerprint.check.kinds import KINDS
from answerprint.check.rules import NAME
from answerprint.errors import BadParameter
from answerprint.events import Events
from answerprint.worker import __main__ as worker
from answerprint.worker.serve import JOBS

SRGB = "sRGB Encoded Rec.709 (sRGB)"


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("ANSWERPRINT_CACHE", str(tmp_path_factory.getbasetemp() / "check-cache"))


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    folder = tmp_path_factory.mktemp("media")
    save_shot(folder / "wall", {1001 + n: room.render(room.WIDE, n, 96, 54) for n in range(2)})
    return folder


def reel(path, media, *more):
    wall = external(media / "wall/wall.1001.exr", 1001, 2)
    return saved(path, clip("wall", wall, span(1001, 2)), *more)


def said(capsys, *words):
    status = cli.main([*map(str, words), "--json"])
    out, err = capsys.readouterr()
    return status, json.loads(out), err


def test_done_is_0_and_the_page_is_named_last(media, tmp_path, capsys):
    path = reel(tmp_path / "reel.otio", media)
    status, answer, err = said(capsys, "check", path, "--out", tmp_path / "out")
    assert (status, answer["status"]) == (0, "done")
    assert answer["report"]["findings"] == []
    assert answer["outputs"]["page"] == str(tmp_path / "out/report.html")
    assert err.splitlines()[-2:] == [
        "1 shot in 1 scene: nothing to mend.",
        f"Report: {tmp_path}/out/report.html",
    ]


def test_a_shot_that_cannot_be_measured_is_1(media, tmp_path, capsys):
    gone = clip("gone", external("/nowhere/gone.mov", 0, 90), span(10, 5))
    path = reel(tmp_path / "reel.otio", media, gone)
    status, answer, err = said(capsys, "check", path, "--out", tmp_path / "out")
    assert (status, answer["status"]) == (1, "partial")
    assert "1 shot could not be measured." in err


@pytest.mark.parametrize("even", [[], ["--even"]])
@pytest.mark.parametrize("kind", ["empty", "gap", "slug", "brief", "off"])
def test_a_cut_without_a_picture_has_a_report(media, tmp_path, capsys, kind, even):
    wall = external(media / "wall/wall.1001.exr", 1001, 2)
    slug = otio.schema.GeneratorReference("slug", "black", span(0, 9))
    off = clip("off", wall, span(1001, 2))
    off.enabled = False
    children = {
        "empty": [],
        "gap": [otio.schema.Gap(source_range=span(0, 9))],
        "slug": [clip("slug", slug, span(0, 9))],
        "brief": [clip("brief", wall, span(1001, 0))],
        "off": [off],
    }[kind]
    path = saved(tmp_path / "reel.otio", *children)
    status, answer, _ = said(capsys, "check", path, "--out", tmp_path / "out", *even)
    assert (status, (tmp_path / "out/report.html").is_file()) == (0, True)
    report = answer["report"]
    assert [row["kind"] for row in report["findings"]] == (["gap"] if kind == "slug" else [])
    assert report["sentence"].startswith(
        "0 shots: " if kind == "slug" else "0 shots: nothing to look"
    )
    assert any("no picture" in each for each in report["warnings"]) == (kind != "off")


def test_media_is_seen_in_the_space_that_is_named(media, tmp_path, capsys):
    path = reel(tmp_path / "reel.otio", media)
    seen = []
    for turn, words in enumerate(([], ["--colourspace", SRGB], [])):
        asked = ("check", path, "--out", tmp_path / str(turn), *words)
        (row,) = said(capsys, *asked)[1]["report"]["shots"]
        seen.append((row["colourspace"], row["passport"]["exposure"]["value"]))
    assert seen[0] == seen[2], "what was kept of one space is not the other's"
    assert [name for name, _ in seen] == ["", SRGB, ""]
    assert abs(seen[0][1] - seen[1][1]) > 0.5, "stops"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("check",), "check has no cut"),
        (("check", "reel.otio"), "check has no out"),
        (("check", "gone.otio", "--out", "out"), "There is no cut"),
        (("check", "reel.otio", "--out", "out", "--only", "exposur"), "Did you mean 'exposure'"),
        (("check", "reel.otio", "--out", "out", "--hero", "wal"), "Did you mean 'wall'"),
        (("check", "reel.otio", "--out", "out", "--rules", "no.toml"), "no file of rules"),
        (("check", "reel.otio", "--out", "out", "--handles", "few"), "handles is 'few'"),
        (("check", "reel.otio", "--out", "out", "--handles", "-3"), "handles is -3"),
        (("check", "reel.otio", "--out", "out", "--waive", "abc"), "no report of a check"),
        (("check", "reel.otio", "--out", "out", "--hanles", "3"), "Did you mean '--handles'"),
    ],
)
def test_what_is_refused_is_2(media, tmp_path, monkeypatch, capsys, words, text):
    monkeypatch.chdir(tmp_path)
    reel(tmp_path / "reel.otio", media)
    assert cli.main(list(words)) == 2
    assert text in capsys.readouterr().err
    assert not (tmp_path / "out/report.json").exists()


def test_a_finding_is_waived(media, tmp_path, capsys):
    gone = clip("gone", external("/nowhere/gone.mov", 0, 90), span(10, 5))
    path = reel(tmp_path / "reel.otio", media, gone)
    out = ("--out", tmp_path / "out")
    _, answer, _ = said(capsys, "check", path, *out)
    (lost,) = answer["report"]["findings"]
    waive = ("check", path, *out, "--waive", lost["id"][:6])
    assert said(capsys, *waive)[0] == 2  # nobody says why
    status, told, _ = said(capsys, *waive, "--why", "It comes on Monday.", "--by", "Ines")
    assert (status, told["waived"], told["rules"]) == (0, lost["id"], str(tmp_path / NAME))
    _, answer, _ = said(capsys, "check", path, *out)
    assert answer["report"]["findings"] == []
    assert [each["why"] for each in answer["report"]["waived"]] == ["It comes on Monday."]
    assert answer["report"]["since"] == {"new": [], "gone": [lost["id"]]}


def test_the_kinds_are_listed(capsys):
    assert cli.main(["check", "--kinds"]) == 0
    rows = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert rows == list(KINDS)
    status, answer, _ = said(capsys, "check", "--kinds")
    assert (status, [each["name"] for each in answer["kinds"]]) == (0, list(KINDS))


# --- the worker ----------------------------------------------------------------------------


class _Heard(Events):
    def __init__(self):
        self.stages = []

    def progress(self, stage, done, total, message=""):
        self.stages.append(stage)


def test_the_worker_checks_as_a_job(media, tmp_path):
    path, out = reel(tmp_path / "reel.otio", media), tmp_path / "out"
    heard = _Heard()
    told = worker.HANDLERS["edit.check"]({"path": path, "out": str(out)}, heard)
    assert told == {
        "status": "done",
        "report": str(out / "report.json"),
        "page": str(out / "report.html"),
        "cut": str(out / "cut.otio"),
        "findings": 0,
        "sentence": "1 shot in 1 scene: nothing to mend.",
    }
    assert {"watch", "find", "write"} <= set(heard.stages)
    assert "edit.check" in JOBS


def test_the_worker_wants_a_folder(media, tmp_path):
    with pytest.raises(BadParameter, match="'out' is None"):
        worker.HANDLERS["edit.check"]({"path": "reel.otio"}, Events())
