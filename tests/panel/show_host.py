"""The page *Show* for tests: a host with an edit that takes takes, and a worker whose show takes no
time. Its fixtures are the panel's tests', see `conftest.py`."""

import json
import sys
from pathlib import Path

import pytest
from edit_items import EditItems

from answerprint.panel.desk import Desk
from answerprint.panel.window import Window
from answerprint_bridge.session import Session
from answerprint_bridge.wire import command

SAMPLE = Path(__file__).parents[2] / "resources/sample"
HERO, SHOT_B = str(SAMPLE / "hero/hero.%04d.exr"), str(SAMPLE / "shot_b/shot_b.%04d.exr")
STILL = str(SAMPLE / "hero/hero.1001.exr")
WORKER = [*command(sys.executable)[:-2], str(Path(__file__).parent / "shown_worker.py")]


def hit(name, path, shot, kind, scale, confidence, clip="c1"):
    told = {"clip": clip, "name": name, "path": path, "shot": shot, "frame": shot[0]}
    more = {"kind": kind, "scale": scale, "structures": 40, "region": None}
    return {**told, **more, "confidence": confidence, "why": f"{name} shows 40 structures."}


HITS = [
    hit("A001C002", SHOT_B, [1001, 1003], "setup", 1.0, 0.97),
    hit("A001C009", HERO, [1001, 1001], "place", 0.5, 0.61, "c2"),
]
PROPOSAL = {
    "id": "gap_1.1",
    "track": 1,
    "at": 3,
    "frames": 2,
    "kind": "head",
    "clip": SHOT_B,
    "name": "A001C002",
    "first": 1001,
    "last": 1002,
    "speed": 0.8,
    "needs": ["match", "retime"],
    "confidence": 0.4,
    "words": "The unused head. It needs a retime to 80 %.",
    "reference": "hero",
}
HOLES = [
    {"id": "gap_1", "timecode": "01:00:02:00", "what": "48 frames", "proposals": [PROPOSAL]},
    {"id": "gap_2", "timecode": "01:00:09:00", "what": "12 frames", "proposals": []},
]
SHOTS = {
    "hero": {"name": "hero", "clip": "hero", "cut": [0, 0], "track": 1, "timecode": "01:00:00:00"}
}
SENTENCE = "2 shots are missing; the show has something for 1."
GAPS = {"holes": HOLES, "shots": SHOTS, "sentence": SENTENCE}


class Editing(EditItems):
    """A host that takes frames and takes; what was placed is in `placements`.

    laid   whether each take above the edit is shown, by its reference. opens: the names of those
           that it can lay.
    """

    def __init__(self, project, shots):
        super().__init__(project, shots)
        self.can |= {"result:frames", "result:take", "takes"}
        self.placements, self.laid, self.opens = [], {}, {"A001C002", "A001C009"}

    def import_frames(self, frames, near, label):
        self.placements.append(("frames", frames.first, frames.last, near, label))
        return self._stand("frames", near)

    def place_take(self, data, near, label):
        self.placements.append(("take", data["first"], data["at"], near, label))
        return self._stand("take", near)

    def lay_auditions(self, gaps):
        assert Path(gaps["cut"]).name == "gaps.otio"
        rows = (row for hole in gaps["holes"] for row in hole["proposals"])
        refs = {row["id"]: row["id"] for row in rows if row["name"] in self.opens}
        self.laid = {ref: self.laid.get(ref, False) for ref in refs}
        self.shots |= dict.fromkeys(refs, self.shots["shot_b"])
        return refs

    def switch(self, ref, on):
        self.laid[ref] = on


def write(show, **answers):
    show.mkdir(exist_ok=True)
    (show / "answers.json").write_text(json.dumps({"find": HITS, "gaps": GAPS, **answers}))


def asked(show):
    lines = (show / "asked.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture
def host(tmp_path):
    project = tmp_path / "Größe 100% #2"
    project.mkdir()
    shots = {"shot_b": (SHOT_B, 1001, 1003), "hero": (HERO, 1001, 1001)}
    return Editing(str(project), shots)


@pytest.fixture
def folder(host):
    """The show beside the host's project."""
    found = Path(host.project, "answerprint-show")
    write(found)
    return found


@pytest.fixture
def begin(application, until, tmp_path, monkeypatch):
    """begin(host) -> a window at its page *Show*."""
    monkeypatch.setenv("ANSWERPRINT_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    made = []

    def begun(host):
        made.append(Window(Desk(Session(host, WORKER))))
        made[-1].show()
        made[-1].panel.pages.setCurrentWidget(made[-1].panel.show_page)
        until(lambda: made[-1].panel.show_page.file.isEnabled() and made[-1].desk.specs)
        return made[-1].panel.show_page

    yield begun
    for each in made:
        each.close()
        each.desk.session.worker.kill()
        each.deleteLater()


@pytest.fixture
def page(begin, host, folder, until):
    made = begin(host)
    until(lambda: made.finder.about)
    return made


@pytest.fixture
def found(page, until):
    """The page when a picture was looked for."""
    page.ask_for(STILL)
    until(lambda: page.finder.state == "done")
    return page


def texts(page):
    return [[row.text(n) for n in range(3)] for _, row in page.list.rows]


def choose(page, number):
    page.list.setCurrentItem(page.list.rows[number][1])
