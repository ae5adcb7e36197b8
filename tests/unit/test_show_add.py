"""`show add`: every clip once, whatever happens meanwhile."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rushes
from shots import command

from answerprint.errors import BadInput, BadParameter, Cancelled, CannotWrite
from answerprint.events import Events
from answerprint.show import crew, ledger, take
from answerprint.show.add import add
from answerprint.show.learn import unpacked
from answerprint.show.store import ARRAYS, THUMBS, Show, make_show, open_show
from answerprint.show.verify import verify
from answerprint.vision import boundaries, sketch
from answerprint.vision.watch import watch


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A show and the dailies in it; to be looked at only."""
    folder = tmp_path_factory.mktemp("learned")
    add(make_show(folder / "show"), [str(rushes.rushes(folder / "media"))])
    return folder / "show", folder / "media"


@pytest.fixture
def show(learned: tuple[Path, Path], tmp_path: Path) -> Show:
    """A copy of it, to be changed."""
    return open_show(shutil.copytree(learned[0], tmp_path / "show"))


def clips(show: Show) -> dict[str, Any]:
    with show.reading() as db:
        return dict(db.execute("SELECT name, id FROM clip ORDER BY name").fetchall())


def paths(show: Show) -> list[str]:
    with show.reading() as db:
        return [path for (path,) in db.execute("SELECT path FROM clip ORDER BY path")]


def sound(folder: Path) -> None:
    found = verify(folder)
    assert (found.damages, found.strays, found.media) == ((), 0, {})


# --- what is kept ----------------------------------------------------------------------------


def test_every_movie_and_sequence_below_is_a_clip(learned: tuple[Path, Path]) -> None:
    folder, media = learned
    assert paths(open_show(folder)) == [
        f"{media}/day1/A001/wall.%04d.exr",
        f"{media}/day1/A002/door.%04d.exr",
        f"{media}/day2/roof.mkv",
    ]
    sound(folder)


def test_a_look_has_its_landmarks_its_sketch_and_its_picture(learned: tuple[Path, Path]) -> None:
    show = open_show(learned[0])
    with show.reading() as db:
        looks = db.execute(
            "SELECT clip, frame, sketch, width, height FROM look "
            "JOIN shot ON shot.id = look.shot JOIN clip ON clip.id = shot.clip"
        ).fetchall()
    assert len({clip for clip, *_ in looks}) == 3
    for clip, frame, drawn, width, height in looks:
        with np.load(show.folder / ARRAYS / f"{clip}.npz", allow_pickle=False) as kept:
            found = sketch.of_arrays(kept, frame, (width, height))
        assert len(found.place) == len(found.descriptor) > 0
        assert len(np.frombuffer(drawn, np.int8)) == sketch.SIZE
        assert (show.folder / THUMBS / clip / f"{frame}.jpg").read_bytes()[:2] == b"\xff\xd8"


def test_a_shot_has_its_passport_and_the_ledger_a_line(learned: tuple[Path, Path]) -> None:
    show = open_show(learned[0])
    with show.reading() as db:
        rows = db.execute("SELECT clip, first, last, passport FROM shot").fetchall()
    for _, first, last, passport in rows:
        told = unpacked(passport)["frames"]
        assert (told["first"], told["last"]) == (first, last)
    lines = [line for line in ledger.lines(show.folder) if line["what"] == "learned"]
    assert sorted(line["clip"] for line in lines) == sorted(clip for clip, *_ in rows)
    text = (show.folder / ledger.FILE).read_text("utf-8")
    assert not any(word in text for word in ("wall", "door", "roof", str(learned[1])))


def test_a_movie_with_cuts_is_a_shot_for_each_part(tmp_path: Path) -> None:
    rushes.movie(tmp_path / "reel.mkv", [4, 5, 6], 12)
    show = make_show(tmp_path / "show")
    add(show, [str(tmp_path / "reel.mkv")])
    with show.reading() as db:
        shots = db.execute("SELECT first, last, passport FROM shot ORDER BY first").fetchall()
    assert [each[:2] for each in shots] == [(1001, 1012), (1013, 1024), (1025, 1036)]
    assert [unpacked(each[2])["frames"]["count"] for each in shots] == [12, 12, 12]


def test_a_long_movie_with_cuts_is_not_watched_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boundaries, "AFTER", 8)
    rushes.movie(tmp_path / "reel.mkv", [4, 5, 6, 7], 20)
    seen = list[list[int]]()

    def counted(clip: Any, frames: Any, told: Any, **more: Any) -> Any:
        row = [frames[1] - frames[0] + 1, 0]
        seen.append(row)

        def step(*done: int) -> None:
            row[1] += 1
            told(*done)

        return watch(clip, frames, step, **more)

    monkeypatch.setattr(take, "watch", counted)
    found = take.measure(str(tmp_path / "reel.mkv"), lambda done: None)
    assert [each.frames for each in found.shots] == [
        *((1001, 1020), (1021, 1040), (1041, 1060), (1061, 1080))
    ]
    (whole, watched), *parts = seen
    assert (whole, parts) == (80, [[20, 20]] * 4)
    assert watched == 28


def test_only_the_user_may_look_into_a_show(learned: tuple[Path, Path]) -> None:
    assert learned[0].stat().st_mode & 0o777 == 0o700


# --- again -----------------------------------------------------------------------------------


def test_what_is_known_is_left_and_what_changed_is_measured_anew(
    learned: tuple[Path, Path], tmp_path: Path
) -> None:
    media = shutil.copytree(learned[1], tmp_path / "media")
    show = make_show(tmp_path / "show")
    assert len(add(show, [str(media)]).learned) == 3
    before = clips(show)
    assert (add(show, [str(media)]).learned, clips(show)) == ([], before)
    rushes.sequence(media / "day1/A001", "wall", 9, count=4)
    made = add(show, [str(media)])
    assert [(each["name"], each["frames"]) for each in made.learned] == [("wall", 4)]
    after = clips(show)
    assert {name for name in after if after[name] != before[name]} == {"wall"}
    sound(show.folder)


def test_media_that_moved_are_followed_and_not_measured_again(
    learned: tuple[Path, Path], tmp_path: Path
) -> None:
    media = shutil.copytree(learned[1], tmp_path / "media")
    show = make_show(tmp_path / "show")
    add(show, [str(media)])
    before = clips(show)
    (media / "day2").rename(media / "monday")
    made = add(show, [str(media)])
    assert made.learned == []
    assert made.moved == [(f"{media}/day2/roof.mkv", f"{media}/monday/roof.mkv")]
    assert clips(show) == before
    assert f"{media}/monday/roof.mkv" in paths(show)


def test_a_copy_is_a_clip_of_its_own(
    show: Show, learned: tuple[Path, Path], tmp_path: Path
) -> None:
    shutil.copytree(learned[1] / "day2", tmp_path / "copy")
    made = add(show, [str(tmp_path / "copy")])
    assert ([each["name"] for each in made.learned], made.moved) == (["roof"], [])


def test_media_that_are_gone_are_told_and_stay(learned: tuple[Path, Path], tmp_path: Path) -> None:
    media = shutil.copytree(learned[1], tmp_path / "media")
    show = make_show(tmp_path / "show")
    add(show, [str(media)])
    shutil.rmtree(media / "day2")
    assert add(show, [str(media)]).gone == [f"{media}/day2/roof.mkv"]
    assert len(paths(show)) == 3


def test_files_without_a_row_are_swept(show: Show, learned: tuple[Path, Path]) -> None:
    (show.folder / ARRAYS / "0123.npz").write_bytes(b"half")
    (show.folder / THUMBS / "0123").mkdir()
    assert verify(show.folder).strays == 1
    add(show, [str(learned[1])])
    sound(show.folder)


# --- what cannot be added --------------------------------------------------------------------


def test_a_clip_that_cannot_be_read_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    media = tmp_path / "media"
    rushes.sequence(media, "good", 1, count=2)
    (media / "broken.mov").write_bytes(b"no movie at all" * 99)
    (media / "half.1001.exr").write_bytes((media / "good.1001.exr").read_bytes()[:900])
    (media / "raw.braw").write_bytes(b"raw")
    show = make_show(tmp_path / "show")
    made = add(show, [str(media)])
    assert made.status == "partial"
    assert sorted(Path(each).name for each in made.failed) == [
        *("broken.mov", "half.%04d.exr", "raw.braw")
    ]
    assert list(clips(show)) == ["good"]
    sound(show.folder)


def test_frames_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    media = tmp_path / "media"
    rushes.sequence(media, "plate", 1, count=4)
    (media / "plate.1002.exr").write_bytes(b"")
    (media / "plate.1003.exr").unlink()
    made = add(make_show(tmp_path / "show"), [str(media)])
    assert made.notes == ["plate: Frames that cannot be read: 1002-1003."]


def test_an_unknown_colour_space_is_refused(show: Show, learned: tuple[Path, Path]) -> None:
    with pytest.raises(BadParameter, match="no colour space 'Kodak'"):
        add(show, [str(learned[1])], colourspace="Kodak")


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "media").mkdir()
    with pytest.raises(BadInput, match=r"no movie and no sequence in .*media"):
        add(make_show(tmp_path / "show"), [str(tmp_path / "media")])


def test_a_path_that_is_gone_does_not_stop_the_others(tmp_path: Path) -> None:
    rushes.sequence(tmp_path / "media", "good", 1, count=1)
    show = make_show(tmp_path / "show")
    made = add(show, [str(tmp_path / "gone"), str(tmp_path / "media")])
    assert (list(made.failed), made.status) == ([str(tmp_path / "gone")], "partial")
    assert list(clips(show)) == ["good"]


def test_a_place_where_nothing_can_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CannotWrite, match="Choose a folder"):
        make_show(tmp_path / "file" / "show")


def test_a_show_and_results_are_no_dailies(show: Show, tmp_path: Path) -> None:
    rushes.sequence(tmp_path / "answerprint/sc01", "match", 1, count=1)
    rushes.sequence(tmp_path / ".hidden", "plate", 1, count=1)
    with pytest.raises(BadInput, match="no movie and no sequence"):
        add(show, [str(tmp_path)])


def test_names_in_any_script_and_pictures_alone(tmp_path: Path) -> None:
    media = tmp_path / "día 1 – Ōsaka"
    rushes.sequence(media, "façade Zoë", 1, count=1)
    (media / "façade Zoë.1001.exr").rename(media / "façade Zoë.exr")
    show = make_show(tmp_path / "show")
    made = add(show, [str(media)])
    assert [(each["name"], each["frames"]) for each in made.learned] == [("façade Zoë", 1)]
    assert paths(show) == [str(media / "façade Zoë.exr")]


def test_what_was_finished_stays_when_it_is_stopped(tmp_path: Path) -> None:
    class Stopped(Events):
        def __init__(self) -> None:
            self.told = list[str]()

        def progress(self, stage: str, done: int, total: int, message: str = "") -> None:
            self.told.append(message)

        def cancelled(self) -> bool:
            return self.told.count("roof") > 2

    media = rushes.rushes(tmp_path / "media")
    show = make_show(tmp_path / "show")
    with pytest.raises(Cancelled):
        add(show, [str(media)], Stopped())
    assert list(clips(show)) == ["door", "wall"]
    sound(show.folder)
    assert [each["name"] for each in add(show, [str(media)]).learned] == ["roof"]


# --- several processes -----------------------------------------------------------------------


def test_processes_learn_the_same_as_one(learned: tuple[Path, Path], tmp_path: Path) -> None:
    show = make_show(tmp_path / "show")
    made = add(show, [str(learned[1])], workers=2)
    assert ([each["name"] for each in made.learned], made.failed) == (["wall", "door", "roof"], {})
    assert told_of(show) == told_of(open_show(learned[0]))


def told_of(show: Show) -> list[tuple[Any, ...]]:
    """Everything that is known of the clips, but for what is by chance."""
    with show.reading() as db:
        return db.execute(
            "SELECT path, stamp, shot.first, shot.last, hex(passport), frame, hex(sketch), "
            "hex(palette), thumb, structures FROM clip JOIN shot ON clip = clip.id "
            "JOIN look ON look.shot = shot.id ORDER BY path, frame"
        ).fetchall()


DYING = """
import os, sys
from answerprint.show import crew, learn
measure = learn.measure
def fatal(path, *rest):
    if "wall" in path:
        os._exit(9)
    return measure(path, *rest)
learn.measure = fatal
from answerprint_bridge.pipes import own_pipes
crew.serve(sys.argv[1], *own_pipes())
"""


def test_a_clip_that_ends_its_process_fails_alone(
    learned: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dying.py").write_text(DYING)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(crew, "MODULE", "dying")
    show = make_show(tmp_path / "show")
    made = add(show, [str(learned[1] / "day1")], workers=1)
    assert ["ended the process (9)" in why for why in made.failed.values()] == [True]
    assert list(clips(show)) == ["door"]


FULL = """
import sys
from answerprint.errors import CannotWrite
from answerprint.show import crew, learn
def full(folder, name, take):
    raise CannotWrite("The disk is full.", "Make space.")
learn._write_files = full
from answerprint_bridge.pipes import own_pipes
crew.serve(sys.argv[1], *own_pipes())
"""


def test_a_disk_that_is_full_ends_it_with_its_own_words(
    learned: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "full.py").write_text(FULL)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(crew, "MODULE", "full")
    show = make_show(tmp_path / "show")
    with pytest.raises(CannotWrite, match="The disk is full"):
        add(show, [str(learned[1] / "day1")], workers=1)
    assert clips(show) == {}
    assert [line["what"] for line in ledger.lines(show.folder)] == []


def test_a_process_that_cannot_be_started_is_told(
    learned: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no python"))
    with pytest.raises(FileNotFoundError):
        add(make_show(tmp_path / "show"), [str(learned[1])], workers=1)


def test_a_process_ends_with_who_started_it(learned: tuple[Path, Path]) -> None:
    words = [sys.executable, "-m", crew.MODULE, str(learned[0])]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        process.stdin.close()
        try:
            assert process.wait(20) == 0
        finally:
            process.kill()


def test_torch_is_not_loaded(learned: tuple[Path, Path]) -> None:
    said = "import sys, answerprint.show.add; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_two_at_once_are_as_one_and_share_the_work(
    learned: tuple[Path, Path], tmp_path: Path
) -> None:
    show = make_show(tmp_path / "show")
    words = command("show", "add", learned[1], "--show", show.folder, "--workers", 1, "--json")
    both = [subprocess.Popen(words, stdout=subprocess.PIPE) for _ in "ab"]
    told = [json.loads(each.communicate()[0]) for each in both]
    assert [each.returncode for each in both] == [0, 0]
    assert sum(len(each["learned"]) for each in told) == 3
    assert told_of(show) == told_of(open_show(learned[0]))
    sound(show.folder)


# --- kill -9 ---------------------------------------------------------------------------------

KILLED = """
import os, signal, sys
from answerprint.show import learn, ledger, store
from answerprint.show.add import add
def die(*told):
    os.kill(os.getpid(), signal.SIGKILL)
turn = {"left": 2}
def second(call):
    def counted(*rest, **more):
        turn["left"] -= 1
        if not turn["left"]:
            call(*rest, **more) if sys.argv[3] != "before" else None
            die()
        return call(*rest, **more)
    return counted
where = sys.argv[4]
owner, name = {"files": (learn, "_write_files"),
               "rows": (learn, "_insert"), "seal": (store.Show, "_seal")}[where]
setattr(owner, name, second(getattr(owner, name)))
add(store.open_show(sys.argv[1]), [sys.argv[2]])
"""


def test_a_kill_at_any_step_loses_and_doubles_nothing(
    learned: tuple[Path, Path], tmp_path: Path
) -> None:
    media = learned[1] / "day1"
    once = make_show(tmp_path / "once")
    add(once, [str(media)])
    steps = ("after files", "after rows", "before seal")
    killed = []
    for step in steps:
        show = make_show(tmp_path / step)
        words = [sys.executable, "-c", KILLED, str(show.folder), str(media), *step.split()]
        killed.append((show.folder, subprocess.Popen(words)))
    for folder, process in killed:
        assert process.wait(60) == -signal.SIGKILL
        kept = paths(open_show(folder))
        made = add(open_show(folder), [str(media)])
        assert len(kept) + len(made.learned) == 2
        assert told_of(open_show(folder)) == told_of(once)
        sound(folder)
        lines = [line["clip"] for line in ledger.lines(folder) if line["what"] == "learned"]
        assert sorted(lines) == sorted(clips(open_show(folder)).values())


@pytest.mark.slow
def test_twenty_kills_of_the_command_lose_and_double_nothing(tmp_path: Path) -> None:
    """Each a moment after so many clips of the four that came in were learned."""
    media, folder, rng = tmp_path / "media", tmp_path / "show", np.random.default_rng(3)
    words = command("show", "add", media, "--show", folder, "--workers", 2)
    make_show(folder)
    had, in_the_middle = set[str](), 0
    for turn in range(20):
        for each in range(4):
            rushes.sequence(media, f"take{turn:02}{each}", 4 * turn + each, count=6)
        until = ledger.head(folder).count + int(rng.integers(1, 4))
        with subprocess.Popen(words, stderr=subprocess.DEVNULL) as process:
            while process.poll() is None and ledger.head(folder).count < until:
                time.sleep(0.01)
            time.sleep(float(rng.uniform(0, 0.3)))
            process.kill()
        now = set(paths(open_show(folder)))
        assert had <= now
        in_the_middle += process.returncode == -signal.SIGKILL and len(now) < 4 * (turn + 1)
        had = now
    assert in_the_middle > 5, "most kills came too late to tell"
    add(open_show(folder), [str(media)])
    assert len(paths(open_show(folder))) == 80
    sound(folder)
    lines = [line for line in ledger.lines(folder) if line["what"] == "learned"]
    assert sorted(line["clip"] for line in lines) == sorted(clips(open_show(folder)).values())
    print(f"{in_the_middle} of 20 in the middle")
