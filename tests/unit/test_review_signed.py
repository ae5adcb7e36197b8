"""What is approved is never written over: by a run, a check, a cut, proposals, a second word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import shots
from reviewed import plate, result, say, word_of
from shots import read

from answerprint import cli
from answerprint.errors import BadInput, BadParameter
from answerprint.events import Events
from answerprint.review import signed
from answerprint.show import ledger
from answerprint.show.store import Show, make_show
from answerprint.worker import __main__ as worker
from answerprint.worker import jobs

FRAMES = [1001, 1002, 1003]


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No show is near but those of the tests."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    source = plate(tmp_path / "plate", FRAMES)
    return result(source, tmp_path / "film/sc010/double/v003")


@pytest.fixture
def show(tmp_path: Path) -> Show:
    return make_show(tmp_path / "film/answerprint-show")


# --- what lies beside the frames ----------------------------------------------------------------


def test_where_the_folder_is_damaged_the_ledger_learns_nothing(out: Path, show: Show) -> None:
    (out / "review.json").write_text("{")
    with pytest.raises(BadInput, match="nobody can tell what is approved there"):
        say(out, "approved")
    assert list(ledger.lines(show.folder)) == []
    assert (out / "review.json").read_text() == "{"


def test_the_folder_is_protected_before_the_ledger_has_it(
    out: Path, show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    there: list[Any] = []
    monkeypatch.setattr(ledger, "add", lambda *_: there.append(signed.approved(out)) or 1 / 0)
    with pytest.raises(ZeroDivisionError):
        say(out, "approved")
    assert [each["word"] for each in there] == ["approved"]
    assert signed.decisions(out) == []


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"schema": "other", "decisions": []}',
        '{"schema": "answerprint.review/1"}',
        '{"schema": "answerprint.review/1", "decisions": [3]}',
        '{"schema": "answerprint.review/1", "decisions": [{"word": "approved"}]}',
    ],
)
def test_a_damaged_marker_is_said_and_not_passed_over(out: Path, text: str) -> None:
    (out / "review.json").write_text(text)
    with pytest.raises(BadInput, match="nobody can tell what is approved there"):
        signed.approved(out)


# --- a run ----------------------------------------------------------------------------------------

solved_once = pytest.fixture(shots.solve_once)


@pytest.fixture
def matched(tmp_path: Path, solved_once: None) -> tuple[tuple[str, str], Path]:
    pair = shots.plate_and_hero(tmp_path / "shots")
    shots.run(pair, tmp_path / "out")
    return pair, tmp_path / "out"


def files(out: Path) -> dict[str, bytes]:
    return {str(p.relative_to(out)): p.read_bytes() for p in out.rglob("*") if p.is_file()}


def test_a_run_into_an_approved_folder_is_refused(
    matched: tuple[tuple[str, str], Path], tmp_path: Path
) -> None:
    pair, out = matched
    say(out, "approved")
    before = files(out)
    for more in ({"params": {"strength": 0.5}}, {}, {"name": "other"}, {"write_frames": False}):
        with pytest.raises(
            BadParameter, match=r"is approved, by Ines on .* never written over"
        ) as no:
            shots.run(pair, out, **more)
        assert "answerprint reject" in no.value.hint
        assert no.value.hint.endswith("choose another folder, for a new version.")
        assert no.value.about == "out"
    assert files(out) == before
    assert shots.run(pair, tmp_path / "v002", params={"strength": 0.5}).status == "done"


@pytest.mark.parametrize("moment", ["preview", "frames"])
def test_an_approval_made_while_a_run_is_under_way_holds(
    matched: tuple[tuple[str, str], Path], monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """preview: the run has solved. frames: it is at them, and has made none."""
    pair, out = matched
    real, before = getattr(jobs, f"_{moment}"), dict[str, bytes]()

    def meanwhile(*given: Any) -> Any:
        say(out, "approved")
        before.update(files(out))
        return real(*given)

    monkeypatch.setattr(jobs, f"_{moment}", meanwhile)
    with pytest.raises(BadParameter, match="never written over"):
        shots.run(pair, out, params={"strength": 0.5})
    after = files(out)
    assert {name: after[name] for name in before} == before
    assert word_of(out) == "approved"


def test_after_a_rejection_it_may_be_run_again(matched: tuple[tuple[str, str], Path]) -> None:
    pair, out = matched
    say(out, "approved")
    say(out, "rejected", note="Too warm.")
    assert shots.run(pair, out, params={"strength": 0.5}).status == "done"
    assert [each["note"] for each in read(out / "review.json")["decisions"]] == ["", "Too warm."]
    assert word_of(out) == "open"


# --- other commands ------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["cut", "check", "gaps", "match"])
def test_no_command_writes_into_an_approved_folder(
    out: Path, show: Show, tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    say(out, "approved")
    before, movie = files(out), str(tmp_path / "plate/plate.%04d.exr")
    edit = tmp_path / "reel.edl"
    edit.write_text("TITLE: reel\n001  AX V C 01:00:00:00 01:00:01:00 01:00:00:00 01:00:01:00\n")
    words = {
        "cut": ["cut", movie],
        "check": ["check", str(edit), "--rate", "24"],
        "gaps": ["show", "gaps", str(edit), "--rate", "24", "--show", str(show.folder)],
        "match": ["match", movie, "--reference", movie],
    }
    assert cli.main([*words[verb], "--out", str(out)]) == 2
    told = capsys.readouterr().err
    assert "is approved, by Ines on" in told
    assert "answerprint reject" in told
    assert files(out) == before
    say(out, "rejected", note="Another grade.")
    assert cli.main([*words[verb], "--out", str(out)]) != 2
    assert files(out) != before


@pytest.mark.parametrize("method", ["edit.check", "show.gaps"])
def test_nor_does_the_worker(out: Path, show: Show, tmp_path: Path, method: str) -> None:
    say(out, "approved")
    before = files(out)
    asked = {"path": str(tmp_path / "reel.edl"), "out": str(out), "show": str(show.folder)}
    with pytest.raises(BadParameter, match="never written over"):
        worker.HANDLERS[method](asked, Events())
    assert files(out) == before
