"""Bad days, with real processes: stopped, killed, out of space, twice at once.

Whatever happens, what has a frame's name is whole, and the next run does the rest.
"""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import shots
from pictures import plate, save
from shots import leftovers, results

FRAMES = 60
LONG = 600
NO_MOUNTS = pytest.mark.skipif(
    not shots.can_unshare(), reason="this machine lets nobody mount a disk of his own"
)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with shots and `ref`: an uninterrupted match of FRAMES frames."""
    root = tmp_path_factory.mktemp("faults")
    pair = shots.plate_and_hero(root / "shots")
    lengthen(pair[0], FRAMES)
    outcome = shots.run(pair, root / "ref")
    assert outcome.report["frames"]["written"] == FRAMES
    return root


def lengthen(source: str, count: int) -> None:
    """The shot's third frame, over and over, up to `count` frames."""
    for number in range(1004, 1001 + count):
        Path(source % number).hardlink_to(source % 1003)


@pytest.fixture
def recipe(done: Path) -> Path:
    return done / "ref/recipe.json"


@pytest.fixture
def wanted(done: Path) -> dict[str, bytes]:
    return results(done / "ref")


@pytest.fixture
def long_shot(tmp_path: Path) -> list[str]:
    """The words for a match that takes seconds."""
    pair = shots.plate_and_hero(tmp_path / "shots")
    lengthen(pair[0], LONG)
    words = ["match", pair[0], "--reference", pair[1], "--out", str(tmp_path / "out")]
    return [*words, "--method", "palette", "--device", "cpu", "--json"]


def line_of(process: subprocess.Popen[str], start: str) -> str:
    """The next line of stderr that starts so."""
    assert process.stderr
    for line in process.stderr:
        if line.startswith(start):
            return line
    raise AssertionError(f"it ended, with {process.wait()}, before it said '{start}'")


# --- stopped -------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_leaves_whole_frames_and_exit_3(
    tmp_path: Path, long_shot: list[str], number: signal.Signals
) -> None:
    process = subprocess.Popen(
        shots.command(*long_shot), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    line_of(process, "frames 1/")
    process.send_signal(number)
    out, err = process.communicate()
    assert process.returncode == 3, err
    assert json.loads(out)["status"] == "cancelled"
    assert "Traceback" not in err
    done = results(tmp_path / "out")
    assert 1 <= len(done) < LONG
    assert leftovers(tmp_path / "out") == []
    assert all(shots.whole(tmp_path / "out" / name) for name in done)
    finished = shots.call(*long_shot[:-1], "--frames", "1001-1040", "--json")
    assert finished.returncode == 0, finished.stderr


# --- killed --------------------------------------------------------------------------------

NURSERY = """
import os, sys
from pathlib import Path
from answerprint.events import Events
from answerprint.worker import jobs
from answerprint.worker.order import from_recipe

recipe, out = map(Path, sys.argv[1:])
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        jobs.run(from_recipe(recipe, out), Events(), repeat=True)
        os._exit(0)
    print(child, flush=True)
    print(os.waitpid(child, 0)[1], flush=True)
"""


class Nursery:
    """A process that has everything loaded and starts a run, from a recipe, in no time."""

    def __init__(self, recipe: Path, out: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", NURSERY, str(recipe), str(out)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self) -> int:
        assert self.process.stdin
        self.process.stdin.write("run\n")
        self.process.stdin.flush()
        return self._number()

    def ended(self) -> int:
        """Waits for it; its status, which is 9 for a killed one."""
        return self._number()

    def _number(self) -> int:
        assert self.process.stdout
        return int(self.process.stdout.readline())

    def close(self) -> None:
        self.process.communicate()


def test_killed_25_times_at_random(tmp_path: Path, recipe: Path, wanted: dict[str, bytes]) -> None:
    out, chance = tmp_path / "out", random.Random(20)
    nursery = Nursery(recipe, out)
    nursery.start()
    assert nursery.ended() == 0
    began = time.monotonic()
    shutil.rmtree(out)
    nursery.start()
    assert nursery.ended() == 0
    takes = time.monotonic() - began
    killed = 0
    for _ in range(25):
        if len(results(out)) == FRAMES:
            shutil.rmtree(out)
        process = nursery.start()
        stop = threading.Timer(chance.uniform(0, takes), lambda p=process: kill(p))
        stop.start()
        status = nursery.ended()
        stop.cancel()
        stop.join()
        assert status in (0, signal.SIGKILL)
        killed += status == signal.SIGKILL
        there = results(out) if out.exists() else {}
        assert there.items() <= wanted.items(), "a torn frame"
        for name in ("recipe.json", "report.json"):
            if (out / name).exists():
                shots.read(out / name)
    assert killed > 5
    there = results(out)
    nursery.start()
    assert nursery.ended() == 0
    nursery.close()
    frames = shots.read(out / "report.json")["frames"]
    assert (frames["kept"], frames["written"]) == (len(there), FRAMES - len(there))
    assert results(out) == wanted
    assert leftovers(out) == [], "what the killed ones left is tidied"


def kill(process: int) -> None:
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        return  # it was done before


def test_killed_in_the_middle_of_a_frame(
    tmp_path: Path, recipe: Path, wanted: dict[str, bytes]
) -> None:
    """Stopped dead while a temporary file is there for certain, not by luck."""
    script = (
        "import os, sys; from pathlib import Path; from answerprint.frames import writer; "
        "from answerprint.events import Events; from answerprint.worker import jobs; "
        "from answerprint.worker.order import from_recipe; put = writer.FrameWriter.put\n"
        "def dying(self, *a):\n"
        "    put(self, *a)\n"
        "    if self.path.endswith('1010.exr'): os.kill(os.getpid(), 9)\n"
        "writer.FrameWriter.put = dying\n"
        "jobs.run(from_recipe(Path(sys.argv[1]), Path(sys.argv[2])), Events(), repeat=True)"
    )
    out = tmp_path / "out"
    ended = subprocess.run([sys.executable, "-c", script, str(recipe), str(out)], check=False)
    assert ended.returncode == -signal.SIGKILL
    there = results(out)
    assert there.items() <= wanted.items()
    assert "match.1010.exr" not in there
    assert any(".match.1010.tmp-" in name for name in leftovers(out))
    assert shots.call("run", recipe, "--out", out).returncode == 0
    assert leftovers(out) == []
    assert results(out) == wanted
    assert shots.read(out / "report.json")["frames"]["kept"] == len(there)


@pytest.mark.parametrize("name", ["recipe.json", "match.cube", "report.1001-1001.html"])
def test_killed_while_it_writes_a_side_file(
    tmp_path: Path, recipe: Path, wanted: dict[str, bytes], name: str
) -> None:
    script = (
        "import os, sys; from pathlib import Path; from answerprint.cli import main\n"
        "real = os.replace\n"
        "def dying(a, b):\n"
        f"    if str(b).endswith('/{name}'): os.kill(os.getpid(), 9)\n"
        "    real(a, b)\n"
        "os.replace = dying\n"
        "main(['run', sys.argv[1], '--out', sys.argv[2], '--frames', '1001'])"
    )
    out = tmp_path / "out"
    ended = subprocess.run([sys.executable, "-c", script, str(recipe), str(out)], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert not (out / name).exists()
    (left,) = leftovers(out)
    assert left.startswith(f".{name}.tmp-")
    assert shots.call("run", recipe, "--out", out, "--frames", "1001").returncode == 0
    assert leftovers(out) == []
    assert results(out) == {"match.1001.exr": wanted["match.1001.exr"]}


# --- no room, no right ---------------------------------------------------------------------


@NO_MOUNTS
def test_a_disk_that_fills_up_keeps_what_was_finished(
    tmp_path: Path, recipe: Path, wanted: dict[str, bytes]
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    page = 4096
    before = ("match.*", "recipe.json")  # what is written before the last frame
    files = [p for each in before for p in recipe.parent.glob(each) if p.suffix != ".exr"]
    frame = -(-len(wanted["match.1001.exr"]) // page)
    room = page * (sum(-(-p.stat().st_size // page) for p in files) + FRAMES // 2 * frame)
    ended = shots.on_small_disk(
        disk, f"size={room}", shots.command("run", recipe, "--out", disk, "--json")
    )
    assert ended.returncode == 2, ended.stderr
    answer = json.loads(ended.stdout.splitlines()[0])
    assert "could not be written: the disk or its quota is full." in answer["error"]["title"]
    assert "finished frames are kept" in answer["error"]["hint"]
    kept = results(shots.kept(disk))
    assert 0 < len(kept) < FRAMES
    assert kept.items() <= wanted.items()
    assert leftovers(shots.kept(disk)) == []


@NO_MOUNTS
@pytest.mark.parametrize(
    ("options", "title"),
    [("ro", "Results cannot be written to {}."), ("size=200k", "{}/match.cube cannot be written.")],
)
def test_a_disk_that_takes_nothing(tmp_path: Path, recipe: Path, options: str, title: str) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    ended = shots.on_small_disk(
        disk, options, shots.command("run", recipe, "--out", disk, "--json")
    )
    assert ended.returncode == 2, ended.stderr
    answer = json.loads(ended.stdout.splitlines()[0])
    assert answer["error"]["title"] == title.format(disk)
    assert answer["error"]["hint"]
    assert "Traceback" not in ended.stderr
    assert leftovers(shots.kept(disk)) == []


def at_most(size: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def test_a_quota_on_a_file(tmp_path: Path, recipe: Path) -> None:
    out = tmp_path / "out"
    ended = shots.call("run", recipe, "--out", out, preexec_fn=at_most(50_000))
    assert ended.returncode == 2, ended.stderr
    assert ended.stderr.splitlines()[-3:] == [
        f"{out}/match.cube cannot be written.",
        "File too large",
        "Make space or choose another folder. (--out)",
    ]
    assert leftovers(out) == []


def test_a_quota_on_a_frame(tmp_path: Path, recipe: Path) -> None:
    """Side files fit and one frame does; those full of grain do not."""
    pair = shots.plate_and_hero(tmp_path / "shots", size=(360, 1280))
    for number in (1002, 1003):
        save(Path(pair[0] % number), plate(360, 1280), **shots.TAGS)
    out = tmp_path / "out"
    words = ["match", pair[0], "--reference", pair[1], "--out", out, "--method", "palette"]
    words += ["--source-frame", "1001", "--json"]
    ended = shots.call(*words, preexec_fn=at_most(1_300_000))
    assert ended.returncode == 2, ended.stderr
    error = json.loads(ended.stdout)["error"]
    assert error["title"].startswith("match.100")
    assert "could not be written" in error["title"]
    assert error["hint"].endswith("finished frames are kept.")
    assert results(out).keys() <= {"match.1001.exr"}
    assert all(shots.whole(path) for path in out.glob("*.exr"))
    assert leftovers(out) == []


# --- twice at once -------------------------------------------------------------------------


def test_two_processes_on_one_folder(
    tmp_path: Path, recipe: Path, wanted: dict[str, bytes]
) -> None:
    out = tmp_path / "out"
    both = [
        subprocess.Popen(
            shots.command("run", recipe, "--out", out, "--json"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    ends = [(*each.communicate(), each.returncode) for each in both]
    for said, err, status in ends:
        assert status == 0, err
        frames = json.loads(said)["report"]["frames"]
        assert frames["kept"] + frames["written"] == FRAMES
    assert results(out) == wanted
    assert leftovers(out) == []
    for name in ("recipe.json", "match.ccc", "match.cube"):
        assert (out / name).read_bytes() == (recipe.parent / name).read_bytes()


# --- memory --------------------------------------------------------------------------------

PEAK = """
import resource, sys
from answerprint.cli import main
main(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
def test_memory_does_not_grow_with_the_length(tmp_path: Path) -> None:
    pair = shots.plate_and_hero(tmp_path / "shots", size=(540, 960))
    lengthen(pair[0], 240)
    peaks = []
    for last in (1012, 1240):
        words: list[Any] = ["match", pair[0], "--reference", pair[1], "--frames", f"1001-{last}"]
        words += ["--out", tmp_path / str(last), "--method", "palette", "--source-frame", "1001"]
        ended = subprocess.run(
            [sys.executable, "-c", PEAK, *map(str, words)],
            capture_output=True,
            text=True,
            check=True,
        )
        peaks.append(int(ended.stdout))
    grown = (peaks[1] - peaks[0]) * 1024
    frame = 540 * 960 * 3 * 2
    assert grown < 12 * frame, f"{grown / frame:.0f} frames more for a shot 228 frames longer"
