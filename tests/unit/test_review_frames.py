"""A decision is on frames: each is read again, and others in their place are another matter."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from reviewed import plate, result, say, word_of
from shots import read

from answerprint.errors import BadInput
from answerprint.review.results import result_in
from answerprint.review.summary import entries
from answerprint.show.store import Show, make_show

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


def test_frames_that_are_not_the_runs_are_not_approved(out: Path) -> None:
    shutil.copyfile(out / "r.1001.exr", out / "r.1002.exr")
    with pytest.raises(BadInput, match=r"Frame 1002 of .* is not as its run left it"):
        say(out, "approved")
    say(out, "rejected", note="Somebody changed it.")
    (out / "r.1002.exr").unlink()
    with pytest.raises(BadInput, match=r"Frame 1002 of .* is gone"):
        say(out, "approved")
    shutil.copyfile(out / "r.1001.exr", out / "r.1002.exr")
    shutil.copyfile(out / "r.1001.exr", out / "r.1009.exr")
    (out / "r.1002.exr").unlink()
    with pytest.raises(BadInput, match="Frame 1002"):
        say(out, "approved")


def test_a_frame_that_no_run_tells_of_is_not_approved(out: Path) -> None:
    shutil.copyfile(out / "r.1001.exr", out / "r.1009.exr")
    with pytest.raises(BadInput, match=r"Frame 1009 of .* was not made by the run") as no:
        say(out, "approved")
    assert no.value.hint.startswith("Move it away"), "another run would leave it there"


def test_frames_replaced_after_their_approval_are_open(out: Path, show: Show) -> None:
    say(out, "approved")
    shutil.copyfile(out / "r.1001.exr", out / "r.1002.exr")
    (row,) = entries(out, show)[0]
    assert row.status.word == "open"
    assert "Frame 1002" in row.status.note
    assert "is not as its run left it. It was approved by Ines on 20" in row.status.note


def test_other_frames_in_its_place_are_open(out: Path, tmp_path: Path, show: Show) -> None:
    say(out, "approved")
    plate(tmp_path / "plate", FRAMES, size=(20, 32))
    for path in (*out.glob("*.exr"), out / "report.json", out / "recipe.json"):
        path.unlink()
    result(str(tmp_path / "plate/plate.%04d.exr"), out)
    (row,) = entries(out, show)[0]
    assert row.status.word == "open"


def test_parts_that_a_farm_made_are_one_result(out: Path) -> None:
    """Each machine reports its own frames; an older report of the same frame does not count."""
    whole = result_in(out)
    report = read(out / "report.json")
    told = report["frames"].pop("result_sha256")
    report["frames"]["result_sha256"] = {"1001": "f" * 64}
    (out / "report.json").write_text(json.dumps(report))
    os.utime(out / "report.json", (1, 1))
    for name, numbers in (("1001-1002", ("1001", "1002")), ("1003-1003", ("1003",))):
        report["frames"]["result_sha256"] = {n: told[n] for n in numbers}
        (out / f"report.{name}.json").write_text(json.dumps(report))
    found = result_in(out)
    assert whole
    assert found
    assert (found.told, found.digest, found.id) == (whole.told, whole.digest, whole.id)
    say(out, "approved")
    assert word_of(out) == "approved"


def test_a_result_of_files_alone_is_known_by_them(out: Path) -> None:
    report = read(out / "report.json")
    report["frames"], report["files"] = None, [str(out / "look.cc")]
    (out / "report.json").write_text(json.dumps(report))
    for path in out.glob("*.exr"):
        path.unlink()
    (out / "look.cc").write_text("one")
    say(out, "approved")
    assert word_of(out) == "approved"
    (out / "look.cc").write_text("another")
    assert word_of(out) == "open"
