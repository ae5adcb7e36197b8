"""A movie becomes an edit that `read_cut` reads, frame by frame, and a report."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from pathlib import Path

import cv2
import movies
import numpy as np
import OpenImageIO as oiio
import opentimelineio as otio
import pytest

from answerprint.check.cutting import cut_movie
from answerprint.cli import main
from answerprint.edit.cut import read_cut
from answerprint.errors import BadInput, Cancelled
from answerprint.events import Events

TALL, WIDE = 72, 128


def grey(seed: int, count: int) -> list[np.ndarray]:
    """A shot of a still set as codes of 8 bits; something small moves in it."""
    random = np.random.default_rng(seed)
    whole = np.zeros((TALL, WIDE), np.float32)
    for size in (36, 12, 4):
        rough = random.standard_normal((TALL // size + 2, WIDE // size + 2)).astype(np.float32)
        whole += cv2.resize(rough, (WIDE, TALL))
    made = [np.clip(110 + 35 * whole, 20, 230) for _ in range(count)]
    for turn, each in enumerate(made):
        each[30:40, 10 + turn : 20 + turn] = 235
    return made


def film() -> list[np.ndarray]:
    """A cut at 20, a dissolve over 40 to 51, a fade over 72 to 93 with black from 80 to 85."""
    a, b, c, d = grey(1, 20), grey(2, 32), grey(3, 40), grey(4, 40)
    mixed = [(1 - (turn + 1) / 13) * b[20 + turn] + (turn + 1) / 13 * c[turn] for turn in range(12)]
    away = [16 + (each - 16) * (1 - (turn + 1) / 9) for turn, each in enumerate(c[32:40])]
    back = [16 + (each - 16) * (turn + 1) / 9 for turn, each in enumerate(d[:8])]
    return [
        *a,
        *b[:20],
        *mixed,
        *c[12:32],
        *away,
        *[np.full((TALL, WIDE), 16.0)] * 6,
        *back,
        *d[8:],
    ]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("film")
    half = np.full((TALL // 2, WIDE // 2), 128)
    planes = [[np.rint(each), half, half] for each in film()]
    timecode = {"timecode": "01:00:00:00"}
    movies.make(folder / "film.mov", planes, codec="libx264", rate=Fraction(25), metadata=timecode)
    cut_movie(str(folder / "film.mov"), folder / "out")
    return folder


def test_the_boundaries_are_told(made: Path) -> None:
    told = json.loads((made / "out/report.json").read_text())
    rows = told["boundaries"]
    assert [row["kind"] for row in rows] == ["cut", "dissolve", "fade"]
    assert [sorted(row) for row in rows] == [["confidence", "first", "frame", "kind", "last"]] * 3
    assert rows[0]["frame"] == rows[0]["first"] == rows[0]["last"] == 20
    assert abs(rows[1]["first"] - 40) <= 2 >= abs(rows[1]["last"] - 51)
    assert abs(rows[1]["frame"] - 46) <= 2
    assert abs(rows[2]["first"] - 72) <= 2 >= abs(rows[2]["last"] - 93)
    assert abs(rows[2]["frame"] - 86) <= 1
    assert all(0 < row["confidence"] <= 1 for row in rows)
    assert told["sentence"] == "4 shots: 1 cut, 1 dissolve, 1 fade."


def test_the_edit_is_the_movie_in_its_own_timecode(made: Path) -> None:
    told = json.loads((made / "out/report.json").read_text())
    starts = [0, *(row["frame"] for row in told["boundaries"]), 126]
    cut = read_cut(str(made / "out/cut.otio"))
    assert not cut.warnings
    assert cut.rate == 25
    assert cut.start == 3600 * 25
    assert [event.name for event in cut.events] == [f"shot_{turn:03}" for turn in range(1, 5)]
    for event, first, end in zip(cut.events, starts, starts[1:], strict=False):
        assert event.record == (cut.start + first, cut.start + end)
        assert event.source == event.record
        assert event.media is not None
        assert event.media.path == str(made / "film.mov")
        assert event.frames == (cut.start + first - event.head, cut.start + end - 1 + event.tail)


def test_what_is_gradual_is_a_transition_over_its_frames(made: Path) -> None:
    rows = json.loads((made / "out/report.json").read_text())["boundaries"]
    timeline = otio.adapters.read_from_file(str(made / "out/cut.otio"))
    (track,) = timeline.video_tracks()
    kinds = [type(each).__name__ for each in track]
    assert kinds == ["Clip", "Clip", "Transition", "Clip", "Transition", "Clip"]
    for transition, row in zip([track[2], track[4]], rows[1:], strict=True):
        assert transition.name == row["kind"]
        assert transition.in_offset.value == row["frame"] - row["first"]
        assert transition.out_offset.value == row["last"] + 1 - row["frame"]


def test_the_page_shows_both_sides_of_every_boundary(made: Path) -> None:
    page = (made / "out/report.html").read_text()
    assert page.count('<section class="boundary">') == 3
    first = page.split('<section class="boundary">')[1]
    assert re.findall(r"<figcaption>(\d+)", first) == ["17", "18", "19", "20", "21", "22", "23"]
    assert first.count('class="old') == 3
    assert first.count("data:image/jpeg;base64,") == 7


def test_a_sequence_is_cut_and_a_lost_frame_is_said(tmp_path: Path) -> None:
    for number, picture in enumerate([*grey(1, 12), *grey(2, 12)], 1001):
        if number != 1006:
            light = np.repeat((picture / 255)[..., None] ** 2.2, 3, -1).astype(np.float32)
            still = oiio.ImageBuf(oiio.ImageSpec(WIDE, TALL, 3, "half"))
            still.set_pixels(still.roi, light)
            assert still.write(str(tmp_path / f"plate.{number}.exr"))
    source = str(tmp_path / "plate.%04d.exr")
    outcome = cut_movie(source, tmp_path / "out", "ACEScg")
    assert outcome.status == "partial"
    assert [row["frame"] for row in outcome.report["boundaries"]] == [12]
    assert list(outcome.report["failed"]) == ["1006"]
    assert any("1006" in each for each in outcome.report["warnings"])
    cut = read_cut(str(tmp_path / "out/cut.otio"))
    assert [event.frames for event in cut.events] == [(1001, 1012), (1013, 1024)]


def test_a_shot_of_one_frame_at_the_end_is_a_shot(tmp_path: Path) -> None:
    half = np.full((TALL // 2, WIDE // 2), 128)
    planes = [[np.rint(each), half, half] for each in [*grey(1, 12), *grey(2, 1)]]
    movies.make(tmp_path / "film.mov", planes, codec="libx264", rate=Fraction(25))
    told = cut_movie(str(tmp_path / "film.mov"), tmp_path / "out").report
    assert [row["frame"] for row in told["boundaries"]] == [12]
    assert [(row["first"], row["last"]) for row in told["shots"]] == [(0, 11), (12, 12)]


def test_the_command_line_says_what_it_found(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cut", str(made / "film.mov"), "--out", str(tmp_path / "x"), "--json"]) == 0
    told = capsys.readouterr()
    answer = json.loads(told.out)
    assert answer["report"]["boundaries"][0]["frame"] == 20
    assert answer["outputs"]["cut"] == str(tmp_path / "x/cut.otio")
    assert "4 shots" in told.err


def test_what_cannot_be_cut_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"nothing\.mov"):
        cut_movie(str(tmp_path / "nothing.mov"), tmp_path / "out")
    assert main(["cut", str(tmp_path / "nothing.mov"), "--out", str(tmp_path / "out")]) == 2


def test_it_can_be_stopped(made: Path, tmp_path: Path) -> None:
    class Stop(Events):
        def cancelled(self) -> bool:
            return True

    with pytest.raises(Cancelled):
        cut_movie(str(made / "film.mov"), tmp_path / "out", events=Stop())
    assert not (tmp_path / "out/cut.otio").exists()
