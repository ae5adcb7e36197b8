"""Frames of a clip: which are kept, which cannot be had, and what is left when it stops."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pictures import plate, save
from shots import doubled, grain, leftovers, render_frames, results, stamps

from answerprint.errors import Cancelled, CannotWrite
from answerprint.events import Events
from answerprint.frames import colour
from answerprint.frames.clip import Clip
from answerprint.frames.still import Still
from answerprint.tools.job import Rows
from answerprint.worker import render

# --- frames that are there -----------------------------------------------------------------


def test_frames_of_the_same_recipe_are_kept(tmp_path: Path) -> None:
    source = grain(tmp_path / "shots", 5)
    render_frames(source, tmp_path / "out", frames="1001-1003")
    before = stamps(tmp_path / "out")

    def only_new(number: int, here: colour.Space, there: colour.Space) -> Rows:
        assert number > 1003, "computed again"
        return doubled(number, here, there)

    made = render_frames(source, tmp_path / "out", only_new)
    assert (made.kept, made.written) == ([1001, 1002, 1003], [1004, 1005])
    assert before.items() <= stamps(tmp_path / "out").items()


def test_another_recipe_or_source_is_made_anew(tmp_path: Path) -> None:
    source = grain(tmp_path / "shots", 3)
    render_frames(source, tmp_path / "out")
    assert render_frames(source, tmp_path / "out", recipe="abd").written == [1001, 1002, 1003]
    save(tmp_path / "shots/p.1002.exr", plate(seed=9))
    made = render_frames(source, tmp_path / "out", recipe="abd")
    assert (made.kept, made.written) == ([1001, 1003], [1002])


@pytest.mark.parametrize("harm", ["cut", "emptied", "no exr", "foreign"])
def test_what_is_not_whole_or_not_ours_is_made_anew(tmp_path: Path, harm: str) -> None:
    source = grain(tmp_path / "shots", 2)
    render_frames(source, tmp_path / "out")
    want, at = results(tmp_path / "out"), tmp_path / "out/r.1002.exr"
    if harm == "cut":
        at.write_bytes(at.read_bytes()[:-40])
    elif harm == "emptied":
        at.write_bytes(b"")
    elif harm == "no exr":
        at.write_text("not a picture")
    else:
        save(at, plate())
    made = render_frames(source, tmp_path / "out")
    assert (made.kept, made.written) == ([1001], [1002])
    assert results(tmp_path / "out") == want


def test_space_is_asked_for_the_frames_that_are_to_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = grain(tmp_path / "shots", 4)
    render_frames(source, tmp_path / "out", frames="1001-1003")
    asked: list[int] = []
    monkeypatch.setattr(render, "free_space_check", lambda folder, needed: asked.append(needed))
    render_frames(source, tmp_path / "out")
    render_frames(source, tmp_path / "new")
    assert asked == [12 * 20 * 3 * 2 // 8, 4 * 12 * 20 * 3 * 2 // 8]


def test_too_little_space_is_known_before_the_first_frame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = grain(tmp_path / "shots", 4)
    real = render.free_space_check
    monkeypatch.setattr(render, "free_space_check", lambda folder, n: real(folder, n << 60))
    with pytest.raises(CannotWrite, match="are needed in"):
        render_frames(source, tmp_path / "out")
    assert not any((tmp_path / "out").iterdir())


# --- frames that cannot be had -------------------------------------------------------------


class Told(Events):
    """Remembers the progress; cancels once `stop_at` frames are done."""

    def __init__(self, stop_at: int = 1 << 30) -> None:
        self.done: list[tuple[int, int]] = []
        self.stop_at = stop_at

    def progress(self, stage: str, done: int, total: int, message: str = "") -> None:
        assert stage == "frames"
        self.done.append((done, total))

    def cancelled(self) -> bool:
        return bool(self.done) and self.done[-1][0] >= self.stop_at


def test_a_bad_frame_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    source = grain(tmp_path / "shots", 8)
    (tmp_path / "shots/p.1002.exr").unlink()
    for number, size in ((1004, 100), (1005, -200)):
        at = tmp_path / f"shots/p.{number}.exr"
        at.write_bytes(at.read_bytes()[:size])
    save(tmp_path / "shots/p.1006.exr", plate(14, 20))
    (tmp_path / "shots/p.1007.exr").write_bytes(b"")
    told = Told()
    made = render_frames(source, tmp_path / "out", events=told)
    assert made.partial
    assert made.written == [1001, 1003, 1008]
    assert made.missing == [1002]
    assert sorted(made.failed) == [1002, 1004, 1005, 1006, 1007]
    assert made.failed[1002] == "Frame 1002 is missing."
    for number, why in ((1004, "p.1004.exr"), (1005, "damaged"), (1006, "another display window")):
        assert made.failed[number].startswith(f"Frame {number}")
        assert why in made.failed[number]
    assert sorted(results(tmp_path / "out")) == ["r.1001.exr", "r.1003.exr", "r.1008.exr"]
    assert leftovers(tmp_path / "out") == []
    assert sorted(told.done) == [(n, 7) for n in range(1, 8)], "frames that fail are done with too"
    assert [row["frame"] for row in render.summary(made)["failed"]] == sorted(made.failed)


def test_a_frame_that_is_damaged_late_leaves_its_earlier_result_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(render, "STRIP", 3)
    source = grain(tmp_path / "shots", 2)
    render_frames(source, tmp_path / "out")
    before = results(tmp_path / "out")
    at = tmp_path / "shots/p.1002.exr"
    at.write_bytes(at.read_bytes()[:-30])
    made = render_frames(source, tmp_path / "out")
    assert list(made.failed) == [1002]
    assert results(tmp_path / "out") == before
    assert leftovers(tmp_path / "out") == []


# --- being stopped -------------------------------------------------------------------------


def test_cancel_leaves_whole_frames_and_nothing_else(tmp_path: Path) -> None:
    source = grain(tmp_path / "shots", 40)
    render_frames(source, tmp_path / "ref")
    with pytest.raises(Cancelled):
        render_frames(source, tmp_path / "out", events=Told(stop_at=3))
    done, want = results(tmp_path / "out"), results(tmp_path / "ref")
    assert 3 <= len(done) < 40
    assert done.items() <= want.items()
    assert leftovers(tmp_path / "out") == []
    made = render_frames(source, tmp_path / "out")
    assert len(made.kept) == len(done)
    assert results(tmp_path / "out") == want


def test_cancel_is_heard_within_a_frame(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(tmp_path / "a.exr", plate(64, 8))
    monkeypatch.setattr(render, "STRIP", 1)
    told, heard, tasks, started = Told(), [], [], render._Task.__call__

    def start(task: Any, number: int, frame: Any) -> Any:
        tasks.append(task)
        return started(task, number, frame)

    def pixels(number: int, here: colour.Space, there: colour.Space) -> Rows:
        def rows(rgb: np.ndarray) -> tuple[np.ndarray, int]:
            told.done.append((1 << 31, 1))  # from here on the answer is: cancelled
            heard.append(tasks[0].stop.wait(0 if heard else 20))
            return rgb, 0

        return rows

    monkeypatch.setattr(render._Task, "__call__", start)
    with pytest.raises(Cancelled):
        render_frames(tmp_path / "a.exr", tmp_path / "out", pixels, told)
    assert heard == [True]
    assert not any((tmp_path / "out").iterdir())


def test_a_frame_that_cannot_be_written_stops_the_rest(tmp_path: Path) -> None:
    source = grain(tmp_path / "shots", 30)
    (tmp_path / "out/r.1003.exr").mkdir(parents=True)
    with pytest.raises(CannotWrite, match=r"r\.1003\.exr"):
        render_frames(source, tmp_path / "out")
    (tmp_path / "out/r.1003.exr").rmdir()
    done = results(tmp_path / "out")
    assert 0 < len(done) < 29
    render_frames(source, tmp_path / "ref")
    assert done.items() <= results(tmp_path / "ref").items()
    assert leftovers(tmp_path / "out") == []


def test_a_fault_in_the_grade_leaves_nothing_half_done(tmp_path: Path) -> None:
    source = grain(tmp_path / "shots", 4)

    def faulty(number: int, here: colour.Space, there: colour.Space) -> Rows:
        return lambda rows: (rows, 1 // 0)

    with pytest.raises(ZeroDivisionError):
        render_frames(source, tmp_path / "out", faulty)
    assert not any((tmp_path / "out").iterdir())


# --- memory and handles --------------------------------------------------------------------


@pytest.fixture
def open_frames(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How many frames of the clip are open now, and were at most."""
    count, lock = {"now": 0, "most": 0, "all": 0}, threading.Lock()
    opened, closed = Clip.open, Still.close
    ours: set[int] = set()

    def opening(self: Clip, number: int) -> Any:
        frame = opened(self, number)
        with lock:
            ours.add(id(frame))
            count["now"] += 1
            count["all"] += 1
            count["most"] = max(count["most"], count["now"])
        return frame

    def closing(self: Still) -> None:
        with lock:
            if id(self) in ours:
                ours.remove(id(self))
                count["now"] -= 1
        closed(self)

    monkeypatch.setattr(Clip, "open", opening)
    monkeypatch.setattr(Still, "close", closing)
    return count


def test_few_frames_are_open_at_once_however_long_the_shot(
    tmp_path: Path, open_frames: dict[str, int]
) -> None:
    render_frames(grain(tmp_path / "shots", 30), tmp_path / "out")
    assert open_frames["all"] == 30
    assert open_frames["most"] <= 6
    assert open_frames["now"] == 0


@pytest.mark.parametrize("end", [Cancelled, ZeroDivisionError, CannotWrite])
def test_every_frame_is_closed_however_it_ends(
    tmp_path: Path, open_frames: dict[str, int], end: type[Exception]
) -> None:
    source, out = grain(tmp_path / "shots", 12), tmp_path / "out"
    if end is CannotWrite:
        (out / "r.1002.exr").mkdir(parents=True)

    def pixels(number: int, here: colour.Space, there: colour.Space) -> Rows:
        return lambda rows: (rows, 1 // int(end is not ZeroDivisionError))

    with pytest.raises(end):
        render_frames(source, out, pixels, Told(stop_at=2 if end is Cancelled else 99))
    assert open_frames["now"] == 0
    assert open_frames["all"] > 0
