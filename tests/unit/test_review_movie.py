"""The review: exactly the frames that were wanted, seen through the view, with words around."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import av
import movies
import numpy as np
import pytest
from pictures import save
from reviewed import SIZE, TAGS, check, light, plate, result

from answerprint.errors import BadInput, BadParameter, Cancelled, CannotWrite
from answerprint.events import Events
from answerprint.frames import colour
from answerprint.review import codec as codecs
from answerprint.review.decide import decide
from answerprint.review.movie import review
from answerprint.review.pictures import Canvas, shortened, split, wrapped
from answerprint.review.sides import fitted

WIDTH = 320
SLATE = 24
FRAMES = [1001, 1002, 1003, 1004]


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No show is near but those of the tests."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return result(plate(tmp_path / "sc010", FRAMES), tmp_path / "out")


def decoded(path: str | Path) -> list[np.ndarray]:
    """The frames as R, G, B, 0..255."""
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def shown(value: float) -> np.ndarray:
    flat = np.full((1, 1, 3), value, np.float16).astype(np.float32)
    return colour.through_view(flat)[0, 0] * 255


def panels(frame: np.ndarray, layout: str = "side", aspect: float = 16 / 9) -> list[np.ndarray]:
    """Mean colour in the middle of each half of the picture."""
    canvas = Canvas(layout, frame.shape[1], aspect)
    picture = frame[canvas.bar : canvas.bar + canvas.box[1]].astype(float)
    middle = picture[len(picture) // 4 : -len(picture) // 4]
    across = frame.shape[1]
    return [middle[:, a * across // 8 : b * across // 8].mean((0, 1)) for a, b in ((1, 3), (5, 7))]


def made(folder: Path, **how: Any) -> tuple[Any, list[np.ndarray]]:
    told = review(folder, width=WIDTH, **how)
    return told, decoded(told.outputs["movie"])


# --- frames ------------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [8, 10])
def test_every_frame_is_there_in_order_through_the_view(out: Path, bits: int) -> None:
    told, frames = made(out, bits=bits)
    assert len(frames) == SLATE + len(FRAMES)
    for number, frame in zip(FRAMES, frames[SLATE:], strict=True):
        before, after = panels(frame)
        half = float(np.float16(light(number)))
        np.testing.assert_allclose(before, shown(half), atol=3, err_msg=str(number))
        np.testing.assert_allclose(after, shown(2 * half), atol=3, err_msg=str(number))
    assert str(bits) in told.codec


def test_colours_stay_what_they_are(tmp_path: Path) -> None:
    folder = tmp_path / "red"
    folder.mkdir()
    for number in FRAMES:
        save(
            folder / f"red.{number}.exr", np.full((*SIZE, 3), (0.4, 0.05, 0.02), np.float16), **TAGS
        )
    result(str(folder / "red.%04d.exr"), tmp_path / "out")
    for bits in (8, 10):
        _, frames = made(tmp_path / "out", bits=bits)
        expected = colour.through_view(np.array([[[0.4, 0.05, 0.02]]], np.float32))[0, 0] * 255
        np.testing.assert_allclose(panels(frames[-1])[0], expected, atol=4)


def test_a_wipe_has_before_on_its_left(out: Path) -> None:
    _, frames = made(out, layout="wipe")
    assert len(frames) == SLATE + len(FRAMES)
    assert [split(320, s) for s in (0, 1, 2, 3, 4)] == [0, 160, 320, 160, 0]
    half = float(np.float16(light(FRAMES[0])))
    np.testing.assert_allclose(panels(frames[SLATE], "wipe")[1], shown(2 * half), atol=3)


def test_a_and_b_take_turns(tmp_path: Path) -> None:
    numbers = list(range(1001, 1051))
    source = tmp_path / "flat"
    source.mkdir()
    for number in numbers:
        save(source / f"flat.{number}.exr", np.full((*SIZE, 3), 0.1, np.float16), **TAGS)
    result(str(source / "flat.%04d.exr"), tmp_path / "out")
    _, frames = made(tmp_path / "out", layout="ab")
    bright = [panels(frame, "ab")[0].mean() for frame in frames[SLATE:]]
    once, twice = shown(0.1).mean(), shown(0.2).mean()
    assert [bool(abs(b - once) < 3) for b in bright] == [True] * 24 + [False] * 24 + [True] * 2
    assert all(min(abs(b - once), abs(b - twice)) < 3 for b in bright)


def test_what_is_missing_is_said_in_its_place(tmp_path: Path) -> None:
    """1002 has no plate, 1003 no result: the frame is there, a dark panel with words."""
    source = plate(tmp_path / "sc010", FRAMES)
    folder = result(source, tmp_path / "out")
    (tmp_path / "sc010/sc010.1002.exr").unlink()
    (folder / "r.1003.exr").unlink()
    _, frames = made(folder)
    assert len(frames) == SLATE + len(FRAMES)
    whole, no_plate, no_result = (panels(frames[SLATE + n]) for n in (0, 1, 2))
    for good, bad, number in ((1, 0, 1002), (0, 1, 1003)):
        pair = (no_plate, no_result)[bad]
        expected = shown(float(np.float16(light(number))) * (1 + good))
        np.testing.assert_allclose(pair[good], expected, atol=3)
    assert abs(no_plate[0] - whole[0]).max() > 3
    picture = frames[SLATE + 1][20:110, :158]
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 20, "words stand in it"


def test_a_frame_that_is_damaged_is_said_in_its_place(tmp_path: Path) -> None:
    folder = result(plate(tmp_path / "sc010", FRAMES), tmp_path / "out")
    whole = (folder / "r.1003.exr").read_bytes()
    (folder / "r.1003.exr").write_bytes(whole[: len(whole) - 20])
    (folder / "r.1004.exr").write_bytes(b"no picture")
    _, frames = made(folder)
    assert len(frames) == SLATE + len(FRAMES)
    for turn in (2, 3):
        after = panels(frames[SLATE + turn])[1]
        assert abs(after - shown(2 * float(np.float16(light(FRAMES[turn]))))).max() > 20


def test_the_plate_may_be_a_movie(tmp_path: Path) -> None:
    source = movies.make(tmp_path / "take.mkv", movies.plain(5, (36, 64)))
    folder = result(source, tmp_path / "out")
    told, frames = made(folder)
    assert [row.frames for row in told.rows] == ["1001-1005"]
    assert len(frames) == SLATE + 5
    before, after = panels(frames[-1])
    assert after.mean() > before.mean() + 10


def test_a_result_whose_plate_is_gone_still_has_its_movie(tmp_path: Path) -> None:
    source = plate(tmp_path / "sc010", FRAMES)
    folder = result(source, tmp_path / "out")
    for path in (tmp_path / "sc010").iterdir():
        path.unlink()
    _, frames = made(folder)
    assert len(frames) == SLATE + len(FRAMES)
    after = panels(frames[SLATE])[1]
    np.testing.assert_allclose(after, shown(2 * float(np.float16(light(1001)))), atol=3)


@pytest.mark.parametrize("size", [(17, 31), (31, 17), (9, 64)])
def test_odd_sizes_are_padded_and_nothing_is_cut_off(tmp_path: Path, size: tuple[int, int]) -> None:
    result(plate(tmp_path / "sc010", FRAMES, size), tmp_path / "out")
    _, frames = made(tmp_path / "out")
    height, width, _ = frames[0].shape
    assert (height % 2, width % 2) == (0, 0)
    canvas = Canvas("side", WIDTH, size[1] / size[0])
    wide, tall = fitted(size[1] / size[0], canvas.box)
    assert wide == canvas.box[0] or tall == canvas.box[1]
    left, top = (canvas.box[0] - wide) // 2, canvas.bar + (canvas.box[1] - tall) // 2
    picture = frames[SLATE][top + 3 : top + tall - 3, left + 3 : left + wide - 3].astype(float)
    expected = shown(float(np.float16(light(1001))))
    assert abs(picture - expected).max() < 8, "up to its edges"


def test_two_sizes_in_one_movie(tmp_path: Path) -> None:
    result(plate(tmp_path / "a", FRAMES), tmp_path / "out/a")
    result(plate(tmp_path / "b", FRAMES, (32, 32)), tmp_path / "out/b")
    told, frames = made(tmp_path / "out")
    assert len(frames) == 2 * (SLATE + len(FRAMES))
    assert [row.shot for row in told.rows] == ["a", "b"]
    last = frames[-1].astype(float)
    assert last[60, 4:20].mean() < 4, "a square has black beside it"


def test_a_data_window_stays_where_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "crop"
    folder.mkdir()
    for number in FRAMES:
        inner = np.full((9, 16, 3), 0.18, np.float16)
        save(folder / f"crop.{number}.exr", inner, at=(16, 9), display=(0, 0, 32, 18), **TAGS)
    result(str(folder / "crop.%04d.exr"), tmp_path / "out")
    _, frames = made(tmp_path / "out")
    canvas = Canvas("side", WIDTH, 32 / 18)
    picture = frames[SLATE][canvas.bar :][: canvas.box[1], : canvas.box[0]].astype(float)
    tall, wide = picture.shape[0] // 2, picture.shape[1] // 2
    assert picture[: tall - 2].max() < 8
    assert picture[:, : wide - 2].max() < 8
    np.testing.assert_allclose(picture[tall + 4 :, wide + 4 :].mean((0, 1)), shown(0.18), atol=3)


def test_memory_does_not_grow_with_the_number_of_frames(tmp_path: Path) -> None:
    """Ten times the frames of the same plate: the same memory, but for what a library keeps."""
    script = (
        "import resource, sys\n"
        "from answerprint.review.movie import review\n"
        "review(sys.argv[1], width=640)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    most = []
    for count in (6, 60):
        folder = tmp_path / str(count)
        result(plate(folder / "sc010", list(range(1001, 1001 + count))), folder / "out")
        words = [sys.executable, "-c", script, str(folder / "out")]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        most.append(int(done.stdout))
    assert most[1] - most[0] < 20_000, f"{most} KiB"


# --- list and page -----------------------------------------------------------------------------


class Page(HTMLParser):
    """Words of a page, and what its pictures and links are."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words, self.sources = "", list[str]()
        self.feed(text)

    def handle_data(self, data: str) -> None:
        self.words += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]


def test_list_and_page_say_what_was_decided(tmp_path: Path, out: Path) -> None:
    note = "<b>Größe</b> — 日本語"
    decide(str(out), "rejected", "Inés", note, owner="Ada")
    check(tmp_path / "notes", [{"id": "aa11", "text": "b is <i>darker</i>."}])
    told = review(tmp_path, out=tmp_path / "review.mov", width=WIDTH)
    text = (tmp_path / "review.csv").read_bytes().decode("utf-8-sig")
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(text))}
    first = rows[next(each.id for each in told.rows if each.result)]
    assert (first["shot"], first["tool"], first["version"]) == ("sc010", "double", "1")
    assert (first["frames"], first["status"], first["owner"]) == ("1001-1004", "rejected", "Ada")
    assert (first["note"], first["by"], len(first["date"])) == (note, "Inés", 10)
    assert (rows["aa11"]["status"], rows["aa11"]["timecode out"]) == ("open", "01:00:00:09")
    html = (tmp_path / "review.html").read_text("utf-8")
    page = Page(html)
    assert note in page.words
    assert "<b>Größe" not in html
    assert page.words.index("Rejected") < page.words.index("Open")
    assert len(page.sources) == 2
    assert all(each.startswith("data:image/jpeg;base64,") for each in page.sources)
    assert told.sentence == "1 rejected, 1 open."


def test_a_spreadsheet_takes_no_note_for_a_formula(tmp_path: Path, out: Path) -> None:
    decide(str(out), "noted", "Ines", "=HYPERLINK(1)")
    review(out, width=WIDTH)
    (row,) = csv.DictReader(io.StringIO((out / "review.csv").read_text("utf-8-sig")))
    assert row["note"] == "'=HYPERLINK(1)"


def test_timecode_is_the_frames_own(tmp_path: Path) -> None:
    folder = tmp_path / "sc010"
    folder.mkdir()
    for turn, number in enumerate(FRAMES):
        packed = 0x10041200 + turn
        more = {"smpte__TimeCode": ("timecode", (packed, 0))}
        save(folder / f"sc010.{number}.exr", np.full((*SIZE, 3), 0.1, np.float16), **TAGS | more)
    result(str(folder / "sc010.%04d.exr"), tmp_path / "out")
    told = review(tmp_path / "out", width=WIDTH)
    assert told.rows[0].facts.clocks == ("10:04:12:00", "10:04:12:03")


# --- refusals ----------------------------------------------------------------------------------


def test_a_folder_without_results_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="There is no result of a tool and no report of a check"):
        review(tmp_path)
    with pytest.raises(BadInput, match=r"The folder .*/none cannot be read"):
        review(tmp_path / "none")
    (tmp_path / "file").write_text("x")
    with pytest.raises(BadInput, match="cannot be read"):
        review(tmp_path / "file")
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_a_check_without_fixes_has_a_page_and_no_movie(tmp_path: Path) -> None:
    told = review(check(tmp_path, [{"id": "aa11"}]))
    assert set(told.outputs) == {"csv", "page"}
    assert {"review.csv", "review.html", "report.json"} == {p.name for p in tmp_path.iterdir()}


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"layout": "quad"}, "layout is 'quad'"),
        ({"bits": 12}, "bits is 12"),
        ({"width": 10}, "width is 10"),
        ({"out": "review.mkv"}, "A review is a .mov movie"),
    ],
)
def test_what_cannot_be_meant_is_refused(out: Path, how: dict[str, Any], said: str) -> None:
    before = sorted(out.iterdir())
    with pytest.raises(BadParameter, match=said):
        review(out, **how)
    assert sorted(out.iterdir()) == before


def test_a_movie_of_somebody_else_is_not_written_over(tmp_path: Path, out: Path) -> None:
    (tmp_path / "rushes.mov").write_bytes(b"precious")
    with pytest.raises(CannotWrite, match="is no review of ours"):
        review(out, tmp_path / "rushes.mov")
    assert (tmp_path / "rushes.mov").read_bytes() == b"precious"
    review(out, tmp_path / "a.mov", width=WIDTH)
    review(out, tmp_path / "a.mov", width=WIDTH)
    for name in ("b.csv", "c.html"):
        (tmp_path / name).write_text("precious")
        with pytest.raises(CannotWrite, match=f"{name} is there already"):
            review(out, tmp_path / f"{name[0]}.mov", width=WIDTH)
        assert (tmp_path / name).read_text() == "precious"


def test_a_cancel_leaves_nothing(out: Path) -> None:
    class Stop(Events):
        def cancelled(self) -> bool:
            return True

    before = sorted(out.iterdir())
    with pytest.raises(Cancelled):
        review(out, width=WIDTH, events=Stop())
    assert sorted(out.iterdir()) == before


# --- parts -------------------------------------------------------------------------------------


def test_x264_is_never_chosen() -> None:
    assert not any("264" in name and "x264" in name for name in codecs.H264)
    chosen = codecs.choose(8, (320, 180))
    assert chosen.encoder in (*codecs.H264, "mjpeg")
    assert codecs.choose(10, (320, 180)).encoder == "prores_ks"


def test_the_movie_says_what_its_colours_are(out: Path) -> None:
    """1, 13: BT.709's primaries and the curve of sRGB (ITU-T H.273): the usual view's."""
    told = review(out, width=WIDTH, bits=10)
    with av.open(told.outputs["movie"]) as container:
        frame = next(container.decode(video=0))
        found = (frame.colorspace, frame.color_primaries, frame.color_trc, frame.color_range)
    assert tuple(map(int, found)) == (1, 1, 13, 1)
    assert codecs.tags("Rec.1886 Rec.709 - Display") == (1, 1)
    assert codecs.tags("P3-D65 - Display") == (2, 2)


def test_words_that_do_not_fit_are_shortened_and_wrapped() -> None:
    assert shortened("one  two", lambda text: len(text) <= 8) == "one two"
    assert shortened("one two three", lambda text: len(text) <= 10) == "one two..."
    assert shortened("one", lambda text: False) == ""
    assert wrapped("one two three", lambda text: len(text) <= 7) == ["one two", "three"]


@pytest.mark.parametrize("aspect", [0.01, 0.5, 1.0, 16 / 9, 100.0])
def test_a_picture_fits_its_box(aspect: float) -> None:
    wide, tall = fitted(aspect, (160, 90))
    assert 1 <= wide <= 160
    assert 1 <= tall <= 90
    assert wide == 160 or tall == 90
