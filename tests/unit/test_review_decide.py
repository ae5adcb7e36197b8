"""Deciding on results and findings: what is written where, what is refused, what is kept."""

from __future__ import annotations

import contextlib
import json
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import shots
from reviewed import check, plate, result, say, word_of
from shots import read

from answerprint.errors import BadParameter, CannotWrite
from answerprint.review import decide as deciding
from answerprint.review import signed
from answerprint.review.decide import decide
from answerprint.review.results import result_in, results_below
from answerprint.review.summary import entries
from answerprint.show import ledger
from answerprint.show.store import Show, make_show, open_show

FRAMES = [1001, 1002, 1003]


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No show is near but those of the tests."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def source(tmp_path: Path) -> str:
    return plate(tmp_path / "plate", FRAMES)


@pytest.fixture
def out(tmp_path: Path, source: str) -> Path:
    return result(source, tmp_path / "film/sc010/double/v003")


@pytest.fixture
def show(tmp_path: Path) -> Show:
    return make_show(tmp_path / "film/answerprint-show")


# --- what a decision leaves --------------------------------------------------------------------


def test_it_is_in_the_ledger_in_the_report_and_beside_the_frames(out: Path, show: Show) -> None:
    note = "Größe stimmt — 日本語 \U0001f39e"
    told = say(out, "approved", "Inés", note)
    found = result_in(out)
    assert found
    assert (told["id"], told["version"], told["show"]) == (found.id, 3, str(show.folder))
    (line,) = ledger.lines(show.folder)
    report, marker = read(out / "report.json"), read(out / "review.json")["decisions"]
    for each in (line, report["review"], *marker):
        assert (each["word"], each["by"], each["note"]) == ("approved", "Inés", note)
    assert (line["tool"], line["version"], line["frames"]) == ("double", 3, "1001-1003")
    assert line["digest"] == found.digest == marker[0]["digest"]
    assert report["disclosure"]["signed_off"] == {"name": "Inés", "at": line["at"], "note": note}
    assert word_of(out, open_show(show.folder)) == "approved"


def test_the_ledger_tells_no_path_and_no_name(out: Path, show: Show, source: str) -> None:
    say(out, "approved")
    text = (show.folder / ledger.FILE).read_text("utf-8") + json.dumps(
        [list(map(str, row)) for row in _rows(show)]
    )
    found = result_in(out)
    assert found
    for secret in (source, "plate", "sc010", str(out), *found.told.values()):
        assert secret not in text


def _rows(show: Show) -> list[Any]:
    with show.reading() as db:
        return list(db.execute("SELECT * FROM status"))


def test_a_rejection_says_why_and_keeps_the_frames(out: Path, show: Show) -> None:
    say(out, "approved")
    before = shots.results(out)
    with pytest.raises(BadParameter, match="Nobody says why"):
        say(out, "rejected", note="  ")
    assert word_of(out, show) == "approved"
    say(out, "rejected", note="The hat flickers.")
    assert shots.results(out) == before
    report = read(out / "report.json")
    assert report["review"]["note"] == "The hat flickers."
    assert report["disclosure"]["signed_off"] is None
    words = [each["word"] for each in read(out / "review.json")["decisions"]]
    assert words == ["approved", "rejected"] == [row["word"] for row in ledger.lines(show.folder)]


def test_nobody_is_guessed_and_then_nothing_is_written(out: Path, show: Show) -> None:
    before = {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}
    for by in ("", "   "):
        with pytest.raises(BadParameter, match="Nobody is named"):
            say(out, "approved", by)
    assert {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()} == before
    assert list(ledger.lines(show.folder)) == []


def test_without_a_show_the_folder_knows(out: Path) -> None:
    assert word_of(out) == "open"
    assert say(out, "approved")["show"] is None
    assert word_of(out) == "approved"
    say(out, "rejected", note="No.")
    assert word_of(out) == "rejected"


def test_what_was_decided_before_there_was_a_show_still_stands(out: Path, tmp_path: Path) -> None:
    say(out, "approved")
    show = make_show(tmp_path / "film/answerprint-show")
    assert word_of(out, show) == "approved"
    say(out, "rejected", note="No.")
    assert word_of(out, show) == "rejected"


def test_the_show_knows_it_wherever_the_result_lies(out: Path, show: Show, tmp_path: Path) -> None:
    say(out, "approved")
    moved = tmp_path / "elsewhere"
    shutil.copytree(out, moved)
    (moved / "review.json").unlink()
    assert word_of(moved, show) == "approved"


def test_each_version_has_a_word_of_its_own(out: Path, show: Show, source: str) -> None:
    for version in ("v004", "v005"):
        result(source, out.with_name(version))
    say(out, "approved")
    say(out.with_name("v004"), "rejected", note="The hat flickers.")
    listed = {row.version: row.status.word for row in entries(out.parent, show)[0]}
    assert listed == {3: "approved", 4: "rejected", 5: "open"}
    say(out.with_name("v004"), "approved", "Ada")
    owners = {row.version: row.status.owner for row in entries(out.parent, show)[0]}
    assert owners == {3: "Ines", 4: "Ines", 5: ""}
    assert say(out, "rejected", note="Never mind.")["version"] == 3
    listed = {row.version: row.status.word for row in entries(out.parent, show)[0]}
    assert listed == {3: "rejected", 4: "approved", 5: "open"}


def test_a_copy_whose_folder_says_no_version_is_known_by_its_frames_alone(
    out: Path, show: Show, tmp_path: Path
) -> None:
    say(out, "approved")
    copy = shutil.copytree(out, tmp_path / "elsewhere")
    (copy / "review.json").unlink()
    report = read(copy / "report.json")
    report["frames"]["result_sha256"]["1002"] = "f" * 64
    (copy / "report.json").write_text(json.dumps(report))
    assert word_of(copy, show) == "open"


def test_the_show_of_the_result_counts_and_two_are_refused(
    out: Path, show: Show, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert say(out, "noted")["show"] == str(show.folder)
    other = make_show(tmp_path / "other/answerprint-show")
    monkeypatch.chdir(tmp_path / "other")
    with pytest.raises(BadParameter, match=r"belongs to the show .*film.*, and you stand in"):
        say(out, "approved")
    assert say(out, "approved", show=str(other.folder))["show"] == str(other.folder)


def test_a_show_holds_no_results(show: Show, out: Path) -> None:
    shutil.copytree(out, show.folder / "thumbs/v003")
    assert [each.folder for each in results_below(show.folder.parent)[0]] == [out]


# --- what is meant -----------------------------------------------------------------------------


def test_an_id_is_found_below_the_folder_and_may_be_short(out: Path, tmp_path: Path) -> None:
    found = result_in(out)
    assert found
    told = decide(found.id[:6], "noted", "Ines", inside=str(tmp_path))
    assert (told["id"], told["folder"]) == (found.id, str(out))


@pytest.mark.parametrize("what", ["", "zzz", "/nowhere", "f" * 300])
def test_an_id_that_is_not_there_is_refused(out: Path, what: str) -> None:
    with pytest.raises(BadParameter, match="There is no finding and no result"):
        decide(what, "approved", "Ines", inside=str(out))


def test_two_that_fit_are_listed_and_a_version_tells_them_apart(
    out: Path, source: str, tmp_path: Path
) -> None:
    second = result(source, out.with_name("v004"))
    found = result_in(second)
    assert found
    with pytest.raises(BadParameter, match=f"'{found.id}' can be 2 things: .*v003; .*v004"):
        decide(found.id, "approved", "Ines", inside=str(tmp_path))
    told = decide(found.id, "approved", "Ines", inside=str(tmp_path), version=4)
    assert told["folder"] == str(second)
    with pytest.raises(BadParameter, match="has no version 5"):
        decide(found.id, "approved", "Ines", inside=str(tmp_path), version=5)


def test_another_grade_is_another_result(source: str, tmp_path: Path) -> None:
    for name, params in (("a", {"stops": 1.0}), ("b", {"stops": 2.0}), ("c", {"stops": 1.0})):
        result(source, tmp_path / "out" / name, params=params)
    a, b, c = (each.id for each in results_below(tmp_path / "out")[0])
    assert a == c != b


def test_a_finding_is_decided_on_by_its_id(tmp_path: Path) -> None:
    show = make_show(tmp_path / "answerprint-show")
    folder = check(tmp_path / "notes", [{"id": "aa11"}, {"id": "bb22"}])
    told = decide("bb", "fixed", "Ines", "Relit.", inside=str(tmp_path))
    assert (told["id"], told["of"], told["show"]) == ("bb22", "finding", str(show.folder))
    assert read(folder / "report.json")["review"]["bb22"]["note"] == "Relit."
    words = {row.id: row.status.word for row in entries(folder, show)[0]}
    assert words == {"aa11": "open", "bb22": "fixed"}
    with pytest.raises(BadParameter, match=r"bb has no version 2\. It is a finding"):
        decide("bb", "fixed", "Ines", inside=str(tmp_path), version=2)


@pytest.mark.parametrize("word", ["noted", "fixed", "open"])
def test_an_approval_is_lifted_by_a_rejection_alone(out: Path, show: Show, word: str) -> None:
    say(out, "approved")
    with pytest.raises(BadParameter, match="is approved, by Ines on 20") as no:
        say(out, word)
    assert no.value.hint == "Reject it first, with the reason."
    assert signed.approved(out)
    assert word_of(out, show) == "approved"
    say(out, "rejected", note="No.")
    assert say(out, word)["word"] == word


def test_three_letters_approve_nothing(out: Path, tmp_path: Path) -> None:
    found = result_in(out)
    assert found
    with pytest.raises(BadParameter, match="is too short to approve"):
        decide(found.id[:3], "approved", "Ines", inside=str(tmp_path))
    assert decide(found.id[:4], "approved", "Ines", inside=str(tmp_path))["id"] == found.id


def test_a_waiver_belongs_into_the_rules(tmp_path: Path) -> None:
    check(tmp_path, [{"id": "aa11"}])
    with pytest.raises(BadParameter, match="waived by: answerprint check --waive ID"):
        decide("aa11", "waived", "Ines", "so be it", inside=str(tmp_path))


def test_what_the_rules_waive_is_waived(tmp_path: Path) -> None:
    row = {"id": "cc33", "by": "Ada", "why": "on purpose", "date": "2026-11-20"}
    (entry,) = entries(check(tmp_path, [], [row]), None)[0]
    assert (entry.status.word, entry.status.by, entry.status.note) == (
        "waived",
        "Ada",
        "on purpose",
    )


# --- two at once, and faults -------------------------------------------------------------------


def test_two_reviewers_at_once_are_both_written_down(out: Path, show: Show) -> None:
    names = [f"reviewer {n}" for n in range(6)]

    def one(name: str) -> None:
        say(out, "rejected" if name.endswith("3") else "approved", name, "seen")

    with ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(one, names))
    in_ledger = [line["by"] for line in ledger.lines(show.folder)]
    beside = [row["by"] for row in read(out / "review.json")["decisions"]]
    assert sorted(in_ledger) == names
    assert beside == in_ledger, "one order for all"
    assert read(out / "report.json")["review"]["by"] == in_ledger[-1]
    with show.reading() as db:
        assert deciding.last(db, result_in(out).id, 3).by == in_ledger[-1]  # type: ignore[union-attr]


def test_two_at_once_without_a_show_lose_nothing(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has read what is there waits for the other one to have read it too, if it can."""
    both, write = threading.Barrier(2, timeout=0.2), signed.write_json

    def late(path: Path, value: Any) -> None:
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait()
        write(path, value)

    monkeypatch.setattr(signed, "write_json", late)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda name: say(out, "noted", name), ("Ines", "Ada")))
    rows = read(out / "review.json")["decisions"]
    assert sorted(row["by"] for row in rows) == ["Ada", "Ines"]


def test_a_report_that_cannot_be_written_says_so(
    out: Path, show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise CannotWrite("The disk is full.")

    monkeypatch.setattr(ledger, "add", full)
    with pytest.raises(CannotWrite):
        say(out, "approved")
    assert not (out / "review.json").exists(), "what the ledger does not have is not approved"
    assert read(out / "report.json")["disclosure"]["signed_off"] is None


@pytest.mark.parametrize("text", [{}, {"findings": [{"id": "aa11"}], "waived": []}])
def test_a_check_that_is_not_whole_is_told_and_the_others_go_on(
    out: Path, tmp_path: Path, text: dict[str, Any]
) -> None:
    folder = check(tmp_path / "film/notes", [])
    cut = {"rate": "24", "drop": False}
    told = {"schema": "answerprint.check/1", "cut": cut} | text
    (folder / "report.json").write_text(json.dumps(told))
    rows, warnings = entries(tmp_path / "film", None)
    assert [row.folder for row in rows] == [out]
    assert len(warnings) == 1
    assert "notes is not whole" in warnings[0]
    found = result_in(out)
    assert found
    assert decide(found.id, "noted", "Ines", inside=str(tmp_path))["id"] == found.id


def test_a_result_that_is_not_whole_is_told_and_the_others_go_on(out: Path, source: str) -> None:
    other = result(source, out.with_name("v004"))
    (other / "recipe.json").write_text('{"schema": "answerprint.recipe/1"}')
    rows, warnings = entries(out.parent, None)
    assert [row.folder for row in rows] == [out]
    assert len(warnings) == 1
    assert "v004 is not whole" in warnings[0]
