"""`answerprint show` as other programs call it, and what the worker offers of a show."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import rushes

from answerprint import cli
from answerprint.errors import BadParameter
from answerprint.events import Events
from answerprint.show.add import add
from answerprint.show.store import DATABASE, make_show, nearest
from answerprint.worker import __main__ as worker
from answerprint.worker.serve import JOBS


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("learned")
    rushes.sequence(folder / "media/a", "wall", 1, count=2)
    rushes.sequence(folder / "media/b", "wall", 2, count=2)
    add(make_show(folder / "show"), [str(folder / "media")])
    return folder / "show", folder / "media"


@pytest.fixture
def show(learned: tuple[Path, Path], tmp_path: Path) -> Path:
    return shutil.copytree(learned[0], tmp_path / "show")


def said(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, Any, str]:
    status = cli.main(["show", *map(str, words), "--json"])
    out, err = capsys.readouterr()
    return status, json.loads(out), err


def test_done_is_0_and_partial_is_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rushes.sequence(tmp_path / "media", "wall", 1, count=1)
    status, told, err = said(capsys, "add", "media", "--workers", 1)
    assert (status, told["status"], told["show"]) == (0, "done", str(tmp_path / "answerprint-show"))
    assert [each["name"] for each in told["learned"]] == ["wall"]
    assert err.splitlines()[-2:] == [
        "1 clip learned (1 frame), 0 known.",
        f"Show: {tmp_path}/answerprint-show",
    ]
    (tmp_path / "media/broken.mov").write_bytes(b"none")
    status, told, err = said(capsys, "add", "media", "--workers", 1)
    assert (status, told["status"], told["known"]) == (1, "partial", 1)
    assert "broken.mov cannot be opened as a movie" in err


def test_a_folder_of_nothing_makes_no_show(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    status, told, _ = said(capsys, "add", "nowhere")
    assert (status, told["status"]) == (2, "refused")
    assert list(tmp_path.iterdir()) == []


def test_the_nearest_show_above_is_the_show(
    show: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = tmp_path / "reel/sc01"
    inside.mkdir(parents=True)
    show.rename(tmp_path / "reel/answerprint-show")
    assert nearest(inside) == tmp_path / "reel/answerprint-show"
    monkeypatch.chdir(inside)
    status, told, _ = said(capsys, "list")
    assert (status, len(told["clips"])) == (0, 2)
    monkeypatch.chdir(tmp_path)
    status, told, err = said(capsys, "list")
    assert (status, told["status"]) == (2, "refused")
    assert "answerprint show add DAILIES" in err


def test_the_list_has_facts_and_pictures(
    show: Path, learned: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    _, told, _ = said(capsys, "list", "--show", show)
    first, second = told["clips"]
    assert (first["path"], second["path"]) == tuple(
        f"{learned[1]}/{folder}/wall.%04d.exr" for folder in "ab"
    )
    assert (first["first"], first["last"], first["width"], first["shots"]) == (1001, 1002, 96, 1)
    assert all(Path(each).is_file() for each in first["thumbs"].values())
    cli.main(["show", "list", "--show", str(show)])
    assert capsys.readouterr().out.splitlines()[0].split()[:3] == [first["id"], "wall", "1001-1002"]


def test_damage_is_named_and_mended(show: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "verify", "--show", show)[:2][0] == 0
    data = bytearray((show / DATABASE).read_bytes())
    data[4100] ^= 1
    (show / DATABASE).write_bytes(data)
    status, told, err = said(capsys, "verify", "--show", show)
    assert (status, [each["where"] for each in told["damages"]]) == (1, ["show.db"])
    assert f"answerprint show rebuild --show {show}" in err
    assert said(capsys, "list", "--show", show)[0] == 2
    assert said(capsys, "rebuild", "--show", show, "--workers", 1)[0] == 0
    assert said(capsys, "verify", "--show", show)[0] == 0


def test_a_clip_is_forgotten_by_its_path(
    show: Path, learned: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, err = said(capsys, "forget", "wall", "--show", show)
    assert status == 2
    assert "2 clips are called 'wall'" in err
    status, told, err = said(capsys, "forget", learned[1] / "a/wall.%04d.exr", "--show", show)
    assert (status, told["shots"], told["arrays"]) == (0, 1, 1)
    assert err.startswith("Forgotten: ")
    assert [each["path"] for each in said(capsys, "list", "--show", show)[1]["clips"]] == [
        f"{learned[1]}/b/wall.%04d.exr"
    ]


@pytest.mark.parametrize("words", [("add", "x", "--workers", "0"), ("add",), ("forgets", "x")])
def test_what_cannot_be_meant_is_refused(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(capsys, *words)[0] == 2


@pytest.mark.parametrize(
    "words",
    [("add", ""), ("forget", ""), ("find", ""), ("list", "--show", ""), ("add", "x", "--ale", "")],
)
def test_an_empty_word_is_refused(
    words: tuple[str, ...],
    show: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(show.rename(show.parent / "answerprint-show").parent)
    status, told, err = said(capsys, *words)
    assert (status, told["status"]) == (2, "refused")
    assert "is empty" in err


def test_an_unknown_colour_space_makes_no_show(
    learned: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "show"
    asked = ("add", learned[1], "--show", place, "--colourspace", "nonsense")
    assert said(capsys, *asked)[0] == 2
    assert not place.exists()


def test_the_worker_offers_the_same(learned: tuple[Path, Path], tmp_path: Path) -> None:
    assert "show.add" in JOBS
    asked = {"show": str(tmp_path / "show")}
    add_, list_, forget_ = (worker.HANDLERS[f"show.{verb}"] for verb in ("add", "list", "forget"))
    told = add_({**asked, "paths": [str(learned[1])], "workers": 1}, Events())
    assert (told["status"], len(told["learned"])) == ("done", 2)
    json.dumps(told, allow_nan=False)
    clips = list_(asked, Events())["clips"]
    assert [each["name"] for each in clips] == ["wall", "wall"]
    assert forget_({**asked, "clip": clips[0]["id"]}, Events())["clip"] == clips[0]["id"]
    assert len(list_(asked, Events())["clips"]) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"paths": "media"},
        {"paths": []},
        {"paths": ["x"], "workers": 0},
        {"paths": ["x"], "again": 1},
    ],
)
def test_the_worker_refuses_what_it_cannot_mean(wrong: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(BadParameter):
        worker.HANDLERS["show.add"]({"show": str(tmp_path / "show"), **wrong}, Events())
    assert not (tmp_path / "show").exists()
