"""`answerprint review`, `approve`, `reject`, `mark`, and the worker's `review.*` methods."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from reviewed import check, plate, result
from shots import read

from answerprint import cli
from answerprint.errors import BadParameter
from answerprint.events import Events
from answerprint.show import ledger
from answerprint.show.store import Show, make_show
from answerprint.worker import __main__ as worker
from answerprint.worker.serve import JOBS

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No show is near but those of the tests."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return result(plate(tmp_path / "sc010", [1001, 1002]), tmp_path / "fixes/sc010")


@pytest.fixture
def show(tmp_path: Path) -> Show:
    return make_show(tmp_path / "answerprint-show")


def said(capsys: Capture, *words: object) -> tuple[int, dict[str, Any], str]:
    status = cli.main([*map(str, words), "--json"])
    text, told = capsys.readouterr()
    return status, json.loads(text), told


# --- the command line --------------------------------------------------------------------------


def test_review_names_what_it_wrote(out: Path, show: Show, capsys: Capture) -> None:
    folder = out.parent
    status, answer, told = said(capsys, "review", folder, "--width", 320)
    assert (status, answer["status"], answer["sentence"]) == (0, "done", "1 open.")
    assert answer["outputs"]["movie"] == str(folder / "review.mov")
    assert {path.name for path in folder.iterdir()} == {
        "sc010",
        "review.mov",
        "review.csv",
        "review.html",
    }
    assert told.splitlines()[-3:] == [
        "1 open.",
        f"Movie: {folder}/review.mov ({answer['codec']})",
        f"Page: {folder}/review.html",
    ]


def test_an_id_of_the_list_is_approved_rejected_and_noted(
    out: Path, show: Show, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(out.parents[1])
    (row,) = said(capsys, "review", "fixes", "--width", 320)[1]["rows"]
    status, answer, told = said(capsys, "approve", row["id"], "--by", "Ines", "--version", "v1")
    assert (status, answer["review"]["word"]) == (0, "approved")
    assert f"{row['id']} (version 1) is approved, by Ines." in told
    assert f"Written down in the show {show.folder}." in told
    assert said(capsys, "reject", row["id"], "--by", "Ada", "--note", "Too warm.")[0] == 0
    assert said(capsys, "mark", row["id"], "--as", "noted", "--by", "Ada")[0] == 0
    assert [line["word"] for line in ledger.lines(show.folder)] == ["approved", "rejected", "noted"]


def test_the_folder_of_a_result_is_its_name_too(out: Path, capsys: Capture) -> None:
    status, answer, told = said(capsys, "approve", out, "--by", "Ines")
    assert (status, answer["review"]["show"]) == (0, None)
    assert "Written down in the folder alone: there is no show." in told
    assert read(out / "report.json")["review"]["word"] == "approved"


@pytest.mark.parametrize(
    ("words", "title"),
    [
        (["approve", "ID"], "Nobody is named who says that"),
        (["approve", "ID", "--by", " "], "Nobody is named who says that"),
        (["reject", "ID", "--by", "Ines"], "Nobody says why"),
        (["approve", "zz", "--by", "Ines"], "There is no finding and no result 'zz'"),
        (["approve", "ID", "--by", "Ines", "--version", "2"], "has no version 2"),
        (["approve", "ID", "--by", "Ines", "--version", "two"], "version is 'two'"),
        (["mark", "ID", "--by", "Ines"], "Say what it is. (--as)"),
        (["mark", "ID", "--by", "Ines", "--as", "approved"], "as is 'approved'"),
        (["approve", "ID", "--by", "Ines", "--show", "nowhere"], "There is no show in"),
        (["review", "nowhere"], "cannot be read"),
        (["review", ".", "--bits", "x"], "bits is 'x'"),
    ],
)
def test_refusals_are_2_and_write_nothing(
    out: Path,
    show: Show,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    title: str,
) -> None:
    monkeypatch.chdir(out)
    before = {path.name: path.read_bytes() for path in out.iterdir() if path.suffix == ".json"}
    status, answer, _ = said(capsys, *[str(out) if word == "ID" else word for word in words])
    assert (status, answer["status"]) == (2, "refused")
    assert title in answer["error"]["title"]
    assert answer["error"]["hint"]
    assert {p.name: p.read_bytes() for p in out.iterdir() if p.suffix == ".json"} == before
    assert list(ledger.lines(show.folder)) == []


# --- the worker --------------------------------------------------------------------------------


def ask(method: str, **params: Any) -> Any:
    return worker.HANDLERS[method](params, Events())


def test_the_worker_lists_decides_and_makes_the_movie(
    tmp_path: Path, out: Path, show: Show
) -> None:
    check(tmp_path / "notes", [{"id": "aa11"}])
    before = sorted(tmp_path.rglob("*"))
    listed = ask("review.list", dir=str(tmp_path), show=str(show.folder))
    assert listed["sentence"] == "2 open."
    assert sorted(tmp_path.rglob("*")) == before
    name = listed["rows"][0]["id"]
    told = ask("review.decide", id=name, word="approved", by="Ines", dir=str(tmp_path))
    assert (told["word"], told["show"]) == ("approved", str(show.folder))
    made = ask("review.movie", dir=str(tmp_path), out=str(tmp_path / "a.mov"), width=320)
    assert made["sentence"] == "1 open, 1 approved."
    assert Path(made["outputs"]["movie"]).stat().st_size > 0
    assert "review.movie" in JOBS
    json.dumps([listed, told, made], allow_nan=False)


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("review.list", {}),
        ("review.list", {"dir": 3}),
        ("review.decide", {"dir": ".", "word": "approved", "by": "Ines"}),
        ("review.decide", {"id": "a", "dir": ".", "word": "approved", "by": None}),
        ("review.decide", {"id": "a", "dir": ".", "word": "approved", "by": 1}),
        ("review.movie", {"dir": ".", "width": "wide"}),
        ("review.movie", {"dir": ".", "bits": True}),
    ],
)
def test_a_request_that_is_not_whole_is_refused(
    method: str, params: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadParameter):
        ask(method, **params)
