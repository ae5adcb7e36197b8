"""The contract inside Nuke itself: `nuke -t nuke_live.py`, as `test_nuke_live` starts it.

It has never run in a real Nuke: there is none where this is written. On the double it runs, so
the harness works; what Nuke says is for whoever has one. No conftest: this file is all of it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE)]

import nuke  # noqa: E402
import OpenImageIO as oiio  # noqa: E402
import pytest  # noqa: E402
import test_contract  # noqa: E402

from answerprint_bridge.host import FrameSet, Item  # noqa: E402
from answerprint_bridge.results import KINDS  # noqa: E402
from answerprint_nuke import adapter  # noqa: E402

vars().update({n: case for n, case in vars(test_contract).items() if n.startswith("test_")})


class Rig:
    """See `memory_host.Rig`."""

    keeps = frozenset({"windows", "pixel aspect"})
    becomes = alone = {kind: kind for kind in KINDS} | {"take": "frames", "markers": "note"}

    def __init__(self, project: Path) -> None:
        nuke.scriptClear()
        self.project, self.turn, self.stop, self.heard = project, 0, None, []
        root = nuke.root()
        root["name"].setValue(str(project / "sc010.nk"))
        root["fps"].setValue(23.976)
        root["colorManagement"].setValue("OCIO")
        self.host = adapter.NukeHost()
        nuke.nodes.BackdropNode(label="plates")
        rig = self

        class Task:
            """Nuke's, that can be cancelled without a hand."""

            def __init__(self, title=""):
                rig.turn = 0

            def isCancelled(self):
                rig.turn += 1
                return rig.stop == rig.turn - 1

            def setProgress(self, i):
                pass

            def setMessage(self, s):
                pass

        nuke.ProgressTask = Task
        nuke.tprint = lambda *words: self.heard.append(" ".join(map(str, words)))

    def rendered(self, pictures, frames):
        """A Dot under a Read of these pictures: what has to be rendered."""
        folder = self.project / f"plates {len(nuke.allNodes())}"
        folder.mkdir()
        for number, light in pictures.items():
            high, wide, count = light.shape
            spec = oiio.ImageSpec(wide, high, count, "float")
            spec.x, spec.y = frames.data[:2]
            spec.full_width, spec.full_height = frames.display[2:]
            spec.attribute("PixelAspectRatio", frames.pixel_aspect)
            buffer = oiio.ImageBuf(spec)
            buffer.set_pixels(buffer.roi, light)
            assert buffer.write(str(folder / f"plate.{number}.exr"))
        read = self._read(f"{folder}/plate.%04d.exr", frames.first, frames.last)
        read["raw"].setValue(True)
        dot = nuke.nodes.Dot()
        dot.setInput(0, read)
        return Item(dot.fullName(), "image", dot.name())

    def on_disk(self, frames):
        read = self._read(frames.pattern, frames.first, frames.last)
        return Item(read.fullName(), "image", read.name())

    def _read(self, pattern, first, last):
        read = nuke.nodes.Read()
        read["file"].setValue(pattern)
        for knob, value in (("first", first), ("last", last)):
            read[knob].setValue(value)
            read[f"orig{knob}"].setValue(value)
        return read

    def pixels(self, ref, number):
        """As Nuke computes it, by a Write of its own."""
        write = nuke.nodes.Write()
        write.setInput(0, nuke.toNode(ref))
        path = self.project / f"seen.{number}.exr"
        for knob, value in (
            ("file", str(path)),
            ("file_type", "exr"),
            ("channels", "all"),
            ("raw", True),
            ("datatype", "32 bit float"),
        ):
            write[knob].setValue(value)
        nuke.execute(write, number, number)
        nuke.delete(write)
        return oiio.ImageBuf(str(path)).get_pixels("float")

    def frames(self, ref):
        read = nuke.toNode(ref)
        first, last = int(read["first"].value()), int(read["last"].value())
        told = FrameSet(read["file"].value(), first, last)
        gone = tuple(n for n in range(first, last + 1) if not os.path.isfile(told.path(n)))
        return FrameSet(told.pattern, first, last, gone)

    def data(self, ref):
        return {name: knob.value() for name, knob in nuke.toNode(ref).knobs().items()}

    def snapshot(self):
        flags = nuke.WRITE_ALL | nuke.WRITE_USER_KNOB_DEFS
        told = {"": nuke.root().writeKnobs(flags)}
        for node in nuke.allNodes(group=nuke.root(), recurseGroups=True):
            if node.Class() != "BackdropNode":
                inputs = [n if n is None else n.fullName() for n in map(node.input, range(3))]
                told[node.fullName()] = f"{node.Class()} {inputs}\n{node.writeKnobs(flags)}"
        return told

    def remove(self, ref):
        nuke.delete(nuke.toNode(ref))

    def cancel_at(self, turn):
        self.stop = turn

    def said(self):
        return self.heard


@pytest.fixture
def rig(tmp_path):
    project = tmp_path / "Größe 100%" / "sc010 映画"
    project.mkdir(parents=True)
    made = Rig(project)
    yield made
    made.host.shutdown()


@pytest.fixture
def host(rig):
    return rig.host


if __name__ == "__main__":
    words = ["--noconftest", "-q", "-rA", "-p", "no:cacheprovider", *sys.argv[1:]]
    sys.exit(pytest.main([__file__, *words]))
