"""Camera reports (ALE): which clips they speak of, and what counts where several speak."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import edits
import pytest
import rushes

from answerprint.show.add import add
from answerprint.show.rebuild import rebuild
from answerprint.show.store import Show, make_show, open_show

COLUMNS = ("Name", "Tracks", "Start", "End", "Tape", "Scene", "Take", "Camera", "Lens", "ASC_SOP")
SOP = "(1.1 1.0 0.9)(0.01 0.0 -0.01)(1.0 1.0 1.0)"


def log(path: Path, *rows: tuple[str, ...]) -> str:
    lines = [
        "Heading",
        "FIELD_DELIM\tTABS",
        "FPS\t24",
        "",
        "Column",
        "\t".join(COLUMNS),
        "",
        "Data",
    ]
    path.write_text("\n".join([*lines, *("\t".join(row) for row in rows)]) + "\n", "utf-8")
    return str(path)


def row(name: str, start: str = "01:00:00:00", end: str = "01:00:10:00", **more: str) -> Any:
    told = {"Name": name, "Tracks": "V", "Start": start, "End": end, **more}
    return tuple(told.get(each, "") for each in COLUMNS)


@pytest.fixture
def show(tmp_path: Path) -> Show:
    """With the clip `wall`, which says its ISO itself."""
    rushes.sequence(tmp_path / "media", "wall", 1, count=1, isoSpeed=("float", 800.0))
    show = make_show(tmp_path / "show")
    add(show, [str(tmp_path / "media")])
    return show


def wall(show: Show) -> Any:
    said = rushes.cameras(show)["wall"]
    return {name: value for name, value in said.items() if name != "reel of it"}


# --- which clips -----------------------------------------------------------------------------


def test_a_log_beside_the_media_joins_by_name(tmp_path: Path) -> None:
    media = tmp_path / "media"
    rushes.sequence(media, "A001C003", 1, count=1)
    rushes.sequence(media, "A001C004", 2, count=1)
    told = row("a001c003", Scene="12", Take="3", Camera="A", Lens="32", ASC_SOP=SOP, Tape="A001")
    log(media / "day.ale", told)
    show = make_show(tmp_path / "show")
    add(show, [str(media)])
    said = rushes.cameras(show)
    assert (said["A001C003"]["scene"], said["A001C003"]["take"]) == ("12", "3")
    assert said["A001C003"]["cdl"]["slope"] == [1.1, 1.0, 0.9]
    assert said["A001C003"]["reel of it"] == "A001"
    assert said["A001C004"] == {"reel of it": ""}


def test_a_log_that_is_named_later_joins_what_is_known(tmp_path: Path) -> None:
    edits.sequence(tmp_path / "media", "plate", timecode=24 * 3605)
    path = log(
        tmp_path / "day.ale",
        row("other", "01:00:00:00", "01:00:04:00", Tape="R7", Scene="1"),
        row("mine", "01:00:04:00", "01:00:09:00", Tape="R7", Scene="2"),
    )
    show = make_show(tmp_path / "show")
    add(show, [str(tmp_path / "media")])
    with show.writing() as desk:
        desk.db.execute("UPDATE clip SET reel = 'R7'")
    made = add(show, [str(tmp_path / "media")], logs=[path])
    assert (made.known, made.learned, rushes.cameras(show)["plate"]["scene"]) == (1, [], "2")


def test_lines_that_contradict_each_other_say_nothing_of_it(tmp_path: Path) -> None:
    rushes.sequence(tmp_path / "media", "wall", 1, count=1)
    log(tmp_path / "media/a.ale", row("wall", Scene="1", Take="2"))
    log(tmp_path / "media/b.ale", row("wall", Scene="1", Take="3"))
    show = make_show(tmp_path / "show")
    add(show, [str(tmp_path / "media")])
    assert rushes.cameras(show)["wall"] == {"scene": "1", "reel of it": ""}


def test_a_log_that_is_none_is_told(tmp_path: Path) -> None:
    rushes.sequence(tmp_path / "media", "wall", 1, count=1)
    (tmp_path / "media/bad.ale").write_text("no log")
    made = add(make_show(tmp_path / "show"), [str(tmp_path / "media")])
    assert (list(made.failed), len(made.learned)) == ([str(tmp_path / "media/bad.ale")], 1)


# --- a report is as it is now ----------------------------------------------------------------


def test_a_corrected_report_is_taken_with_the_next_add(show: Show, tmp_path: Path) -> None:
    media, day = str(tmp_path / "media"), tmp_path / "media/day.ale"
    log(day, row("wall", Scene="12", Take="3", Tape="A001"))
    add(show, [media])
    assert wall(show) == {"iso": 800.0, "scene": "12", "take": "3", "reel": "A001"}
    log(day, row("wall", Scene="14", Tape="B002"))
    made = add(show, [media])
    assert (made.known, made.learned) == (1, [])
    assert rushes.cameras(show)["wall"] == {
        **{"iso": 800.0, "scene": "14", "reel": "B002", "reel of it": "B002"}
    }
    log(day, row("other", Scene="14"))
    add(show, [media])
    assert wall(show) == {"iso": 800.0}


def test_a_report_that_was_named_once_is_read_again(show: Show, tmp_path: Path) -> None:
    media, day = str(tmp_path / "media"), tmp_path / "day.ale"
    add(show, [media], logs=[log(day, row("wall", Scene="12"))])
    log(day, row("wall", Scene="13"))
    add(show, [media])
    assert wall(show)["scene"] == "13"
    day.unlink()
    made = add(show, [media])
    assert (made.failed, wall(show)["scene"]) == ({}, "13")


def test_what_the_media_say_goes_before_and_is_not_lost(show: Show, tmp_path: Path) -> None:
    path = tmp_path / "media/day.ale"
    path.write_text(
        "Heading\nFIELD_DELIM\tTABS\nFPS\t24\n\nColumn\nName\tTracks\tStart\tEnd\tISO\n\nData\n"
        "wall\tV\t01:00:00:00\t01:00:10:00\t1600\n",
        "utf-8",
    )
    add(show, [str(tmp_path / "media")])
    assert wall(show)["iso"] == 800.0
    path.unlink()
    add(show, [str(tmp_path / "media")], again=True)
    assert wall(show)["iso"] == 800.0


def test_a_report_that_is_not_read_this_time_counts_on(show: Show, tmp_path: Path) -> None:
    one, other = tmp_path / "a.ale", tmp_path / "b.ale"
    media = str(tmp_path / "media")
    add(show, [media], logs=[log(one, row("wall", Scene="1", Take="2"))])
    one.unlink()
    add(show, [media], logs=[log(other, row("wall", Scene="1", Take="3", Lens="32"))])
    assert wall(show) == {"iso": 800.0, "scene": "1", "lens": "32"}, "they differ on the take"


def test_what_reports_say_outlives_new_frames(show: Show, tmp_path: Path) -> None:
    media = tmp_path / "media"
    add(show, [str(media)], logs=[log(tmp_path / "day.ale", row("wall", Scene="12"))])
    (tmp_path / "day.ale").unlink()
    pattern = rushes.sequence(media, "wall", 1, count=2)
    assert len(add(show, [pattern]).learned) == 1
    assert wall(show) == {"scene": "12"}


def test_of_a_show_of_version_1_the_media_are_asked_who_said_what(
    show: Show, tmp_path: Path
) -> None:
    with show.writing() as desk:
        said = '{"iso": 800.0, "scene": "12"}'
        desk.db.execute("UPDATE clip SET camera = ?, sources = NULL", (said,))
    log(tmp_path / "media/day.ale", row("wall", Scene="14"))
    add(show, [str(tmp_path / "media")])
    assert wall(show) == {"iso": 800.0, "scene": "14"}


def test_reports_in_a_folder_of_their_own_outlive_a_rebuild(show: Show, tmp_path: Path) -> None:
    day = tmp_path / "reports/day.ale"
    day.parent.mkdir()
    log(day, row("wall", Scene="12"))
    add(show, [str(day.parent)])
    assert wall(show)["scene"] == "12"
    (show.folder / "show.db").write_bytes(b"")
    assert rebuild(show.folder).failed == {}
    assert wall(open_show(show.folder))["scene"] == "12"
