"""A check and the show: statuses that follow it, and approved fixes that fall short of the cut."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from edits import clip, external, saved, span
from reviewed import plate, result
from shots import read

from answerprint import cli
from answerprint.check.approvals import agree
from answerprint.edit.cut import read_cut
from answerprint.errors import BadParameter
from answerprint.events import Events
from answerprint.review.decide import decide
from answerprint.show import ledger
from answerprint.show.status import CHECK, said
from answerprint.show.store import Show, make_show
from answerprint.worker.__main__ import HANDLERS

FRAMES = list(range(1001, 1013))


@pytest.fixture
def show(tmp_path: Path) -> Show:
    return make_show(tmp_path / "answerprint-show")


def cut(folder: Path, name: str, first: int, length: int, media: str = "sc010", count: int = 12):
    reference = external(folder / f"{media}/{media}.1001.exr", 1001, count)
    path = saved(folder / f"{name}.otio", clip(media, reference, span(first, length)))
    return read_cut(path)


def approve(folder: Path, frames: str, word: str = "approved", **more: Any) -> None:
    source = plate(folder / "sc010", FRAMES)
    out = result(source, folder / f"fixes/{frames}", frames=frames, **more)
    decide(str(out), word, "Ines", "seen", show=str(folder / "answerprint-show"))


def short(show: Show, of: Any) -> list[dict[str, Any]]:
    return agree(show, of, [], [], None).short


# --- approved fixes ------------------------------------------------------------------------------


def test_a_shot_that_was_trimmed_longer_is_told(tmp_path: Path, show: Show) -> None:
    approve(tmp_path, "1003-1006")
    assert short(show, cut(tmp_path, "old", 1003, 4)) == []
    assert short(show, cut(tmp_path, "shorter", 1004, 2)) == []
    agreed = agree(show, cut(tmp_path, "new", 1002, 8), [], [], None)
    (row,) = agreed.short
    assert (row["shot"], row["tool"], row["version"]) == ("sc010", "double", 1)
    assert (row["approved"], row["shown"]) == ("1003-1006", [1002, 1009])
    assert row["lacks"] == "1002,1007-1009"
    assert row["text"].endswith("the cut shows 1002-1009: 4 frames more (1002,1007-1009).")
    assert "approved by Ines on 20" in row["text"]
    assert agreed.sentence == "1 approved fix no longer covers what the cut shows."


def test_only_what_is_approved_and_of_this_media_counts(tmp_path: Path, show: Show) -> None:
    approve(tmp_path, "1003-1006", "noted")
    approve(tmp_path, "1003-1007", "rejected")
    plate(tmp_path / "sc020", FRAMES)
    assert short(show, cut(tmp_path, "new", 1002, 8)) == []
    approve(tmp_path, "1003-1008")
    assert short(show, cut(tmp_path, "other", 1002, 8, "sc020")) == []
    assert len(short(show, cut(tmp_path, "same", 1002, 8))) == 1


def test_a_shot_that_shows_the_result_itself_is_known_by_it(tmp_path: Path, show: Show) -> None:
    source = plate(tmp_path / "sc010", FRAMES)
    out = result(source, tmp_path / "r", frames="1003-1006")
    decide(str(out), "approved", "Ines", show=str(show.folder))
    for number in (1007, 1008):  # rendered later, and looked at by nobody
        (out / f"r.{number}.exr").write_bytes((out / "r.1006.exr").read_bytes())
    reference = external(out / "r.1003.exr", 1003, 6)
    path = saved(tmp_path / "fixed.otio", clip("r", reference, span(1003, 6)))
    (row,) = short(show, read_cut(path))
    assert row["lacks"] == "1007-1008"


# --- statuses ------------------------------------------------------------------------------------


def row(name: str, **more: str) -> dict[str, Any]:
    return {"id": name, "by": "Ada", "why": "on purpose"} | more


def test_statuses_follow_the_check_and_the_rules(tmp_path: Path, show: Show) -> None:
    plate(tmp_path / "sc010", FRAMES)
    of = cut(tmp_path, "reel", 1001, 4)
    since = {"new": [], "gone": ["gone", "left"]}
    agreed = agree(show, of, [row("there")], [row("left")], since)
    assert {name: each["word"] for name, each in agreed.statuses.items()} == {
        "gone": "fixed",
        "left": "waived",
    }
    assert agreed.statuses["gone"]["by"] == CHECK
    before = list(ledger.lines(show.folder))
    assert [line["word"] for line in before] == ["waived", "fixed"]
    agree(show, of, [row("there")], [row("left")], {"new": [], "gone": []})
    assert list(ledger.lines(show.folder)) == before, "nothing new, nothing written"
    again = agree(show, of, [row("gone"), row("left")], [], {"new": [], "gone": []})
    assert {each["word"] for each in again.statuses.values()} == {"open"}
    with show.reading() as db:
        assert {each.word for each in said(db).values()} == {"open"}


def test_a_check_into_the_folder_of_an_approved_result_is_refused(
    tmp_path: Path, show: Show, capsys: pytest.CaptureFixture[str]
) -> None:
    approve(tmp_path, "1003-1006")
    cut(tmp_path, "new", 1003, 4)
    out = tmp_path / "fixes/1003-1006"
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    assert cli.main(["check", str(tmp_path / "new.otio"), "--out", str(out)]) == 2
    assert "is approved, by Ines on 20" in capsys.readouterr().err
    with pytest.raises(BadParameter, match="never written over"):
        HANDLERS["edit.check"]({"path": str(tmp_path / "new.otio"), "out": str(out)}, Events())
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_a_check_of_the_command_line_tells_it(
    tmp_path: Path, show: Show, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANSWERPRINT_CACHE", str(tmp_path / "cache"))
    approve(tmp_path, "1003-1006")
    for name, first, length in (("old", 1003, 4), ("new", 1003, 6)):
        cut(tmp_path, name, first, length)
    words = ["check", tmp_path / "new.otio", "--previous", tmp_path / "old.otio", "--out"]
    words += [tmp_path / "notes", "--only", "missing_media", "--show", show.folder]
    (tmp_path / "sc010/sc010.1005.exr").unlink()
    assert cli.main(list(map(str, words))) == 0
    (found,) = read(tmp_path / "notes/report.json")["findings"]
    decide(found["id"], "noted", "Ada", inside=str(tmp_path / "notes"), show=str(show.folder))
    assert cli.main(list(map(str, words))) == 0
    told = capsys.readouterr().err
    assert "1 approved fix no longer covers what the cut shows." in told
    page = (tmp_path / "notes/report.html").read_text("utf-8")
    assert "2 frames more (1007-1008)" in page
    assert "noted by Ada" in page
    assert read(tmp_path / "notes/report.json")["statuses"][found["id"]]["word"] == "noted"
