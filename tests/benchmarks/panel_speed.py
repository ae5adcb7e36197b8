"""How long an artist waits: from the click to the first picture, from a knob to the next one.

    python tests/benchmarks/panel_speed.py --footage DIR --work DIR [--rounds 3]

Two shots are made of frames of a movie (in 2K and in 4K half EXR with grain, kept in --work):
the hero, and the shot under a known grade. Then a real worker is asked as a panel asks it,
through `Session.look` and `view.render`, on a host that is in memory. A picture counts when
its PNG is on disk. The least of the rounds is told, of the clock and of the worker's CPU;
`--drop` (root, Linux) empties the disk's cache before each.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "contract"))
import memory_host

from answerprint.frames import colour
from answerprint.frames.clip import open_clip
from answerprint.frames.frame import Part, Window
from answerprint.frames.grade import Cdl, Grade
from answerprint.frames.writer import FrameWriter
from answerprint_bridge.host import FrameSet
from answerprint_bridge.session import Session
from answerprint_bridge.wire import command

SIZES = {"2K": (2048, 1152), "4K": (4096, 2304)}
FRAMES, APART, VIEW, OPEN = 24, 40, 960, 5
GRADE = Grade(Cdl((1.15, 1.0, 0.85), (0.02, 0.0, -0.01), (1.05, 1.0, 0.97), 0.9))


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--footage", required=True, type=Path)
    asked.add_argument("--work", required=True, type=Path)
    asked.add_argument("--movie", default="04_coffee.mp4")
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--drop", action="store_true", help="empty the disk's cache before cold")
    given = asked.parse_args()
    print("| plates | what is waited for | s | of the worker's CPU, s |")
    print("|---|---|---|---|")
    for name, size in SIZES.items():
        shots = made(given.footage / "movies" / given.movie, given.work / name, size)
        found = [measured(shots, given.drop) for _ in range(given.rounds)]
        for what in found[0]:
            wall, cpu = (min(each[what][k] for each in found) for k in (0, 1))
            print(f"| {name} | {what} | {wall:.2f} | {cpu:.2f} |", flush=True)
    return 0


def measured(shots: dict[str, FrameSet], drop: bool) -> dict[str, tuple[float, float]]:
    """What is waited for -> seconds, and seconds of CPU in the worker."""
    at = shots["source"].first + FRAMES // 2
    told: dict[str, tuple[float, float]] = {}
    with Panel(drop) as panel:

        def cold() -> None:
            panel.session.tools()
            panel.look(shots, at)

        told["the first picture, from a click that starts the worker"] = panel.timed(cold)
    with Panel(drop) as panel:
        told["the form of a tool, from the start of the worker"] = panel.timed(panel.session.tools)
        until = time.monotonic() + OPEN
        while time.monotonic() < until:
            panel.session.pump(0.1)
        for what, wait in (
            (f"the first picture, the panel being open for {OPEN} s", {}),
            ("the next, a live knob being turned", {"strength": 0.7}),
            ("the next, measured anew on the same frames", {"method": "correspondence"}),
        ):
            told[what] = panel.timed(partial(panel.look, shots, at, **wait))
        told["nodes, by a run after a look"] = panel.timed(
            lambda: panel.session.run("match", {"method": "correspondence"}, shots).wait()
        )
    return told


class Panel:
    """A host in memory, its session, and what a viewer does."""

    def __init__(self, drop: bool) -> None:
        if drop:
            subprocess.run(["sync"], check=True)
            Path("/proc/sys/vm/drop_caches").write_text("3")
        self._folder = tempfile.TemporaryDirectory()
        os.environ["ANSWERPRINT_CACHE"] = f"{self._folder.name}/cache"
        host = memory_host.whole(Path(self._folder.name)).host
        self.session = Session(host, command(sys.executable))

    def __enter__(self) -> Panel:
        return self

    def __exit__(self, *exc: object) -> None:
        self.session.close()
        self._folder.cleanup()

    def timed(self, work: Callable[[], object]) -> tuple[float, float]:
        before, begun = self._cpu(), time.monotonic()
        work()
        return time.monotonic() - begun, self._cpu() - before

    def _cpu(self) -> float:
        """Seconds of CPU that the worker has spent; 0 where the system does not say it."""
        stat = Path(f"/proc/{self.session.worker.pid}/stat")
        if not stat.exists():
            return 0.0
        fields = stat.read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def look(self, shots: dict[str, FrameSet], at: int, **params: Any) -> None:
        run = self.session.look("match", params, shots, at, VIEW).wait()
        assert run.picture
        asked = {"frame": at, "exposure": 0.0, "display": "", "size": VIEW}
        self.session.worker.call("view.render", {"path": run.picture["path"], **asked})


def made(movie: Path, folder: Path, size: tuple[int, int]) -> dict[str, FrameSet]:
    """The two shots as half EXR of R, G, B, written where they are not there yet."""
    shots = {}
    with open_clip(str(movie)) as clip:
        for name, start in (("source", 0), ("reference", APART)):
            (folder / name).mkdir(parents=True, exist_ok=True)
            pattern = str(folder / name / f"{name}.%04d.exr")
            for number in range(FRAMES):
                path = pattern % (1001 + number)
                if not os.path.exists(path):
                    light, _ = clip.picture(clip.frames[start + number])
                    light = cv2.resize(light, size, interpolation=cv2.INTER_CUBIC)
                    grain = np.random.default_rng(number).normal(0, 0.004, light.shape)
                    light = (light + grain).astype(np.float32)
                    write(path, GRADE.light(light) if name == "source" else light)
            shots[name] = FrameSet(pattern, 1001, 1000 + FRAMES, space="ACEScg")
    return shots


def write(path: str, light: np.ndarray) -> None:
    window = Window(0, 0, light.shape[1], light.shape[0])
    part = Part("", ("R", "G", "B"), ("half",) * 3, window, window, 1.0, ((0, 1, 2),))
    with FrameWriter(path, [part], {}) as writer:
        writer.put(0, 0, colour.from_acescg(np.asarray(light, np.float32), colour.ACESCG))


if __name__ == "__main__":
    sys.exit(main())
