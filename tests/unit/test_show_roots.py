"""What was added: which space a clip has, what follows media that move, what a rebuild makes."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import rushes

from answerprint.show import learn, ledger, roots, status
from answerprint.show.add import add
from answerprint.show.forget import forget
from answerprint.show.rebuild import rebuild
from answerprint.show.roots import Root, Roots
from answerprint.show.status import Status, record, said
from answerprint.show.store import DATABASE, Show, make_show, open_show
from answerprint.show.verify import verify


def spaces(show: Show) -> dict[str, str]:
    return {name: said.get("colourspace", "") for name, said in rushes.cameras(show).items()}


def again(show: Show) -> Show:
    """The show after its database was lost."""
    (show.folder / DATABASE).write_bytes(b"")
    assert rebuild(show.folder).failed == {}
    return open_show(show.folder)


# --- the list ----------------------------------------------------------------------------------


def of(*told: tuple[str, str]) -> Roots:
    return Roots("00").with_([Root(path, (), space) for path, space in told])


@pytest.mark.parametrize(
    ("told", "space"),
    [
        ([("/day", "")], ""),
        ([("/day", "A")], "A"),
        ([("/day", "A"), ("/day/cam", "B")], "B"),
        ([("/day", "A"), ("/day/cam", "B"), ("/day", "")], "B"),
        ([("/day", "A"), ("/day/cam", "B"), ("/day", "C")], "C"),
        ([("/day/cam", "B"), ("/day", "")], "B"),
        ([("/daylight", "A"), ("/day/cam2", "B")], ""),
    ],
)
def test_the_last_that_names_a_space_counts(told: Sequence[tuple[str, str]], space: str) -> None:
    assert of(*told).space_of("/day/cam/wall.mov") == space


def test_what_was_said_of_a_folder_follows_its_clips() -> None:
    before = Roots("00", (Root("/day", ("/a.ale",), "A"), Root("/day/cam", (), "B"), Root("/new")))
    pairs = [("/day/cam/x.mov", "/new/old/day/cam/x.mov"), ("/day/y.mov", "/new/old/day/y.mov")]
    assert before.followed(pairs, ["/new/old/day/cam/x.mov", "/new/old/day/y.mov"]).every == (
        Root("/new/old/day", ("/a.ale",), "A"),
        Root("/new/old/day/cam", (), "B"),
        Root("/new"),
    )
    assert (
        before.followed(pairs[:1], ["/new/old/day/cam/x.mov", "/day/y.mov"]).every[0]
        == (before.every[0])
    ), "a clip of it is still there"


def test_what_was_renamed_follows_by_itself_and_never_above_what_was_added() -> None:
    before = Roots("00", (Root("/day", (), "A"), Root("/new/cam")))
    renamed = before.followed([("/day/x.mov", "/new/cam/z.mov")], ["/new/cam/z.mov"])
    assert renamed.every == (Root("/new/cam/z.mov", (), "A"), Root("/new/cam"))
    below = before.followed([("/day/cam/x.mov", "/new/cam/x.mov")], ["/new/cam/x.mov"])
    assert below.every == (Root("/new/cam", (), "A"),)


# --- a rebuild makes what there was ------------------------------------------------------------


@pytest.fixture
def media(tmp_path: Path) -> Path:
    rushes.sequence(tmp_path / "media/cam", "inner", 1, count=1)
    rushes.sequence(tmp_path / "media", "outer", 2, count=1)
    return tmp_path / "media"


def test_a_folder_that_is_added_again_does_not_take_back_what_was_named(
    media: Path, tmp_path: Path
) -> None:
    show = make_show(tmp_path / "show")
    add(show, [str(media)], colourspace="ACEScct")
    add(show, [str(media / "cam")], colourspace="ACES2065-1")
    add(show, [str(media)])
    assert spaces(show) == {"inner": "ACES2065-1", "outer": "ACEScct"}
    assert spaces(again(show)) == spaces(show)


def test_what_comes_later_has_the_space_of_its_folder(media: Path, tmp_path: Path) -> None:
    show = make_show(tmp_path / "show")
    add(show, [str(media / "cam")], colourspace="ACEScct")
    rushes.sequence(media / "cam", "later", 3, count=1)
    add(show, [str(media)])
    assert spaces(show) == {"inner": "ACEScct", "later": "ACEScct", "outer": ""}
    assert spaces(again(show)) == spaces(show)


def test_media_that_moved_keep_their_space_and_are_no_loss(media: Path, tmp_path: Path) -> None:
    show = make_show(tmp_path / "show")
    add(show, [str(media)], colourspace="ACEScct")
    media.rename(tmp_path / "archive")
    made = add(show, [str(tmp_path)])
    assert (len(made.moved), made.learned) == (2, [])
    assert spaces(again(show)) == {"inner": "ACEScct", "outer": "ACEScct"}


def test_a_stop_amid_a_move_loses_no_space(
    media: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    show, write = make_show(tmp_path / "show"), roots.write
    add(show, [str(media)], colourspace="ACEScct")
    media.rename(tmp_path / "archive")

    def stopped(*given: Any) -> None:
        write(*given)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(roots, "write", stopped)
        with pytest.raises(KeyboardInterrupt):
            add(show, [str(tmp_path / "archive")])
    assert len(add(show, [str(tmp_path / "archive")]).moved) == 2
    assert spaces(again(show)) == {"inner": "ACEScct", "outer": "ACEScct"}


def test_a_space_that_is_named_with_the_move_is_taken(media: Path, tmp_path: Path) -> None:
    show = make_show(tmp_path / "show")
    add(show, [str(media)])
    media.rename(tmp_path / "archive")
    made = add(show, [str(tmp_path / "archive")], colourspace="ACEScct")
    assert (len(made.moved), len(made.learned)) == (2, 2)
    assert spaces(show) == {"inner": "ACEScct", "outer": "ACEScct"}
    assert spaces(again(show)) == spaces(show)


def test_approvals_follow_media_that_move(media: Path, tmp_path: Path) -> None:
    show, before = make_show(tmp_path / "show"), str(media / "outer.%04d.exr")
    add(show, [str(media)])
    with show.writing() as desk:
        place, other = status.key_of(desk.db, before), status.key_of(desk.db, "/result.%04d.exr")
        approved = Status("3f2a90c1b7de", "approved", "result", by="Ines", version=1)
        record(desk, Status(**vars(approved) | {"places": (place, other)}))
    media.rename(tmp_path / "archive")
    add(show, [str(tmp_path / "archive")])
    for each in (show, again(show)):
        with each.reading() as db:
            here = status.key_of(db, str(tmp_path / "archive/outer.%04d.exr"))
            assert [known.places for known in said(db).values()] == [(here, other)]
    assert [each.path for each in roots.read(show.folder).every] == [str(tmp_path / "archive")]


# --- what `forget` leaves of it ----------------------------------------------------------------


def listed(show: Show) -> list[str]:
    return [each.path for each in roots.read(show.folder).every]


def test_a_folder_whose_clips_are_all_forgotten_keeps_its_space(
    media: Path, tmp_path: Path
) -> None:
    show = make_show(tmp_path / "show")
    add(show, [str(media)], colourspace="ACEScct")
    for name in ("inner", "outer"):
        forget(show, name)
    assert listed(show) == [str(media)]
    rushes.sequence(media, "later", 3, count=1)
    add(show, [str(media / "later.%04d.exr")])
    assert spaces(show) == {"later": "ACEScct"}


def test_what_is_forgotten_while_others_are_added_takes_no_folder_out(
    media: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`outer` is the only clip that has a row yet."""
    show, measure = make_show(tmp_path / "show"), learn.measure

    def meanwhile(path: str, *more: Any) -> Any:
        if "inner" in path:
            forget(open_show(show.folder), "outer")
        return measure(path, *more)

    monkeypatch.setattr(learn, "measure", meanwhile)
    add(show, [str(media)], colourspace="ACEScct")
    assert (listed(show), spaces(show)) == ([str(media)], {"inner": "ACEScct"})
    monkeypatch.undo()
    assert spaces(again(show)) == {"inner": "ACEScct"}


def test_a_folder_that_is_gone_or_empty_is_taken_out(media: Path, tmp_path: Path) -> None:
    show = make_show(tmp_path / "show")
    add(show, [str(media / "cam"), str(media / "outer.%04d.exr")])
    for each in (media / "cam").iterdir():
        each.unlink()
    forget(show, "inner")
    assert listed(show) == [str(media / "outer.%04d.exr")]


KILLED = """
import os, signal, sys
from answerprint.show import forget, roots
from answerprint.show.store import open_show
folder, clip, where = sys.argv[1:]
write = roots.write
def killed(*given):
    if where == "within":
        write(*given)
    os.kill(os.getpid(), signal.SIGKILL)
if where == "within":
    roots.write = killed
else:
    forget.remove_files = killed
forget.forget(open_show(folder), clip)
"""


@pytest.mark.parametrize("where", ["within", "after"])
def test_after_a_kill_its_path_is_not_there_for_ever(
    media: Path, tmp_path: Path, where: str
) -> None:
    """Killed just before the row is gone, then asked again; or before its files are gone."""
    show, path = make_show(tmp_path / "show"), str(media / "outer.%04d.exr")
    add(show, [path, str(media / "cam")])
    asked = [sys.executable, "-c", KILLED, str(show.folder), path, where]
    assert subprocess.run(asked, check=False).returncode == -signal.SIGKILL
    if where == "within":
        assert spaces(show) == {"inner": "", "outer": ""}, "its row is taken back"
        forget(open_show(show.folder), path)
    assert add(open_show(show.folder), [str(media / "cam")]).known == 1
    assert listed(show) == [str(media / "cam")]
    assert b"outer" not in b"".join(each.read_bytes() for each in files(show.folder))
    assert verify(show.folder).strays == 0


def files(folder: Path) -> list[Path]:
    return [each for each in folder.rglob("*") if each.is_file()]


@pytest.mark.parametrize("damage", [None, "{}"])
def test_forget_makes_a_list_that_is_lost_anew(
    media: Path, tmp_path: Path, damage: str | None
) -> None:
    show = make_show(tmp_path / "show")
    add(show, [str(media)], colourspace="ACEScct")
    (show.folder / roots.FILE).unlink()
    if damage:
        (show.folder / roots.FILE).write_text(damage)
    assert forget(show, "outer").shots == 1
    assert listed(show) == [str(media / "cam/inner.%04d.exr")]
    assert verify(show.folder).damages == ()
    assert spaces(again(show)) == {"inner": "ACEScct"}


# --- what the ledger says of it ----------------------------------------------------------------


def test_no_line_ties_a_clip_to_a_place_that_can_be_guessed(media: Path, tmp_path: Path) -> None:
    """The places of results are keyed with the show's salt, which outlives a clip's secret."""
    show, names = make_show(tmp_path / "show"), {"outer": "outer", "inner": "cam/inner"}
    add(show, [str(media)])
    with show.writing() as desk:
        for turn, name in enumerate(names.values()):
            place = status.key_of(desk.db, str(media / f"{name}.%04d.exr"))
            word = Status(f"{turn}f2a90c1b7de", "approved", "result", by="Ines", version=1)
            record(desk, Status(**vars(word) | {"places": (place,)}))
    media.rename(tmp_path / "archive")
    add(show, [str(tmp_path / "archive")])
    with show.reading() as db:
        keys = {
            status.key_of(db, str(folder / f"{name}.%04d.exr"))
            for folder in (media, tmp_path / "archive")
            for name in names.values()
        }
    moved = [line for line in ledger.lines(show.folder) if line["what"] == "moved"]
    assert [("clip" in line, "places" in line) for line in moved] == [
        *[(True, False)] * 2,
        *[(False, True)] * 2,
    ]
    assert {key for line in moved for key in line.get("places", ())} == keys
    assert not keys & {line.get("path") for line in moved}


def test_a_move_that_an_older_show_told_in_one_line_counts(tmp_path: Path) -> None:
    show, word = make_show(tmp_path / "show"), Status("3f2a90c1b7de", "approved", "result", by="I")
    with show.writing() as desk:
        desk.note("decided", **word.plain() | {"places": ["before", "other"]})
        desk.note("moved", clip="0f", path="ab", places=["before", "now"])
    with again(show).reading() as db:
        assert [known.places for known in said(db).values()] == [("now", "other")]
