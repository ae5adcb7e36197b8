"""`show forget`: nothing of a clip stays but that it was forgotten."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import rushes

from answerprint.errors import BadInput
from answerprint.show import learn, ledger, roots, stamp, store
from answerprint.show.add import add
from answerprint.show.fingerprint import fingerprints
from answerprint.show.forget import forget
from answerprint.show.ledger import keyed
from answerprint.show.listing import listed
from answerprint.show.shelf import Shelf
from answerprint.show.store import Show, make_show, open_show
from answerprint.show.verify import verify

CAMERA = {"cameraMake": ("string", "Zenith"), "cameraModel": ("string", "Q7")}


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("learned")
    media = folder / "media"
    rushes.sequence(media / "a", "quixotic", 1)
    rushes.sequence(media / "b", "windmill", 2, size=(135, 240), grain=0.05, **CAMERA)
    rushes.sequence(media / "c", "windmill", 3)
    add(make_show(folder / "show"), [str(media)])
    return folder / "show", media


@pytest.fixture
def show(learned: tuple[Path, Path], tmp_path: Path) -> Show:
    return open_show(shutil.copytree(learned[0], tmp_path / "show"))


def every_byte(folder: Path) -> bytes:
    """All files below a show, their names before them."""
    found = sorted(folder.rglob("*"))
    names = "\n".join(str(path.relative_to(folder)) for path in found).encode()
    return names + b"".join(path.read_bytes() for path in found if path.is_file())


def traces(show: Show, name: str) -> dict[str, bytes]:
    """All that could tell of a clip, by what it is."""
    with show.reading() as db:
        row = db.execute(
            "SELECT id, path, stamp, secret, structures FROM clip WHERE name = ?", (name,)
        ).fetchone()
        clip, path, stamp, secret, structures = row
        looks = db.execute(
            "SELECT frame, sketch, palette, thumb FROM look JOIN shot ON shot.id = shot "
            "WHERE clip = ?",
            (clip,),
        ).fetchall()
        passports = db.execute("SELECT passport FROM shot WHERE clip = ?", (clip,)).fetchall()
    found: dict[str, Any] = {"name": name, "path": path, "stamp": stamp, "structures": structures}
    found = {what: value.encode() for what, value in found.items()}
    found |= {"secret": secret, "passport": passports[0][0]}
    arrays = show.folder / "arrays" / f"{clip}.npz"
    found["arrays"] = arrays.read_bytes()[-400:]
    for frame, drawn, palette, thumb in looks:
        picture = (show.folder / "thumbs" / clip / f"{frame}.jpg").read_bytes()
        of_look = {"sketch": drawn, "palette": palette, "thumb": thumb.encode(), "picture": picture}
        found |= {f"{what} {frame}": value for what, value in of_look.items()}
    for number in (1001, 1002, 1003):
        frame = Path(path % number)
        found[f"hash {number}"] = hashlib.sha256(frame.read_bytes()).hexdigest().encode()
    return found


def test_not_a_byte_of_it_is_left(show: Show, learned: tuple[Path, Path]) -> None:
    Shelf(show).put("key of a part", str(learned[1] / "a/quixotic.%04d.exr"), {"a": [1, 2, 3]})
    told = traces(show, "quixotic")
    before = every_byte(show.folder)
    there = {what for what, value in told.items() if value in before}
    assert there == {what for what in told if not what.startswith("hash")}
    gone = forget(show, "quixotic")
    after = every_byte(show.folder)
    assert [what for what, value in told.items() if value in after] == []
    assert b"key of a part" not in after
    looks = sum(what.startswith("sketch") for what in told)
    assert (gone.shots, gone.looks, gone.thumbnails) == (1, looks, looks)
    assert (gone.arrays, gone.passports) == (1, 1)
    found = verify(show.folder)
    assert (found.clips, found.damages, found.strays) == (2, (), 0)


def test_the_ledger_says_that_it_was_forgotten(show: Show) -> None:
    with show.reading() as db:
        (clip,) = db.execute("SELECT id FROM clip WHERE name = 'quixotic'").fetchone()
    forget(show, clip)
    *_, last = ledger.lines(show.folder)
    assert (last["what"], last["clip"]) == ("forgotten", clip)


def test_it_is_not_added_again_unless_asked(show: Show, learned: tuple[Path, Path]) -> None:
    path = str(learned[1] / "a/quixotic.%04d.exr")
    forget(show, path)
    made = add(show, [str(learned[1])])
    assert (made.left, made.learned, made.known) == ([path], [], 2)
    made = add(show, [path], again=True)
    assert ([each["name"] for each in made.learned], made.left) == (["quixotic"], [])
    assert add(show, [path]).known == 1


def test_it_may_be_forgotten_while_it_is_measured(
    learned: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    media = shutil.copytree(learned[1] / "a", tmp_path / "media")
    show = make_show(tmp_path / "show")
    add(show, [str(media)])
    measure = learn.measure

    def meanwhile(*asked: Any) -> Any:
        forget(open_show(show.folder), "quixotic")
        return measure(*asked)

    monkeypatch.setattr(learn, "measure", meanwhile)
    made = add(show, [str(media)], again=True)
    assert ([Path(each).name for each in made.left], made.learned) == (["quixotic.%04d.exr"], [])
    found = verify(show.folder)
    assert (found.clips, found.damages, found.strays) == (0, (), 0)


def test_under_another_name_it_is_known_as_forgotten(
    learned: tuple[Path, Path], tmp_path: Path
) -> None:
    media = shutil.copytree(learned[1] / "a", tmp_path / "media")
    show = make_show(tmp_path / "show")
    add(show, [str(media)])
    forget(show, "quixotic")
    media.rename(tmp_path / "elsewhere")
    assert len(add(show, [str(tmp_path / "elsewhere")]).left) == 1


def test_a_name_of_several_is_refused_with_the_list(show: Show, learned: tuple[Path, Path]) -> None:
    with pytest.raises(BadInput, match="2 clips are called 'windmill'") as refused:
        forget(show, "windmill")
    for folder in "bc":
        assert str(learned[1] / folder / "windmill.%04d.exr") in refused.value.hint
    forget(show, str(learned[1] / "b/windmill.####.exr"))
    forget(show, "windmill")


def test_what_is_not_there_is_refused(show: Show) -> None:
    with pytest.raises(BadInput, match="no clip 'nobody'"):
        forget(show, "nobody")


def test_its_say_in_fingerprints_goes(show: Show, learned: tuple[Path, Path]) -> None:
    with show.reading() as db:
        names = list(fingerprints(db))
    mine = [name for name in names if name.startswith("Zenith Q7")]
    assert mine == ["Zenith Q7, 240 x 135"]
    gone = forget(show, str(learned[1] / "b/windmill.%04d.exr"))
    assert gone.fingerprints == tuple(mine)
    with show.reading() as db:
        assert list(fingerprints(db)) == [name for name in names if name not in mine]


def test_the_list_of_what_was_added_names_it_no_more(tmp_path: Path) -> None:
    one = rushes.sequence(tmp_path / "media", "quixotic", 1, count=1)
    two = rushes.sequence(tmp_path / "more", "other", 2, count=1)
    show = make_show(tmp_path / "show")
    add(show, [one, str(tmp_path / "more")])
    forget(show, "quixotic")
    assert [each.path for each in roots.read(show.folder).every] == [str(tmp_path / "more")]
    shutil.rmtree(tmp_path / "more")
    forget(show, two)
    assert roots.read(show.folder).every == ()


def test_passports_of_a_forgotten_clip_are_not_kept(show: Show, learned: tuple[Path, Path]) -> None:
    path = str(learned[1] / "a/quixotic.%04d.exr")
    shelf = Shelf(show)
    shelf.put("k1", path, {"passport": 1})
    assert shelf.get("k1") == {"passport": 1}
    forget(show, path)
    shelf.put("k2", path, {"passport": 2})
    assert (shelf.get("k1"), shelf.get("k2")) == (None, None)
    assert json.dumps(shelf.get("k2")) == "null"


# --- what nobody can tell any more ------------------------------------------------------------


@pytest.fixture
def alone(learned: tuple[Path, Path], tmp_path: Path) -> tuple[Show, Path]:
    """A show of one clip, and the folder of its media."""
    media = shutil.copytree(learned[1] / "a", tmp_path / "media")
    show = make_show(tmp_path / "show")
    add(show, [str(media)])
    return show, media


def test_a_guess_of_its_path_can_be_tested_nowhere(alone: tuple[Show, Path]) -> None:
    """The salt stays in the show's folder: nothing that is keyed with it may be of a path."""
    show, media = alone
    path = str(media / "quixotic.%04d.exr")
    forget(show, "quixotic")
    assert len(add(show, [str(media)], again=True).learned) == 1
    (show.folder / "claims" / f"{keyed(_salt(show), path)}.lock").touch()  # of a killed process
    forget(show, "quixotic")
    guesses = [
        keyed(_salt(show), *told)
        for told in ((path,), ("path", path), ("media", path), ("stamp", path), ("quixotic",))
    ]
    left = every_byte(show.folder)
    assert [each for each in guesses if each.encode() in left] == []


def _salt(show: Show) -> bytes:
    with show.reading() as db:
        return store.salt(db)


def test_a_copy_of_it_is_left_too(alone: tuple[Show, Path], tmp_path: Path) -> None:
    show, media = alone
    forget(show, "quixotic")
    shutil.rmtree(media)
    rushes.sequence(tmp_path / "copy", "quixotic", 1)
    shutil.copytree(tmp_path / "copy", tmp_path / "later", copy_function=shutil.copyfile)
    assert len(add(show, [str(tmp_path / "later")]).left) == 1


def test_media_that_were_gone_when_it_was_forgotten_are_left(
    alone: tuple[Show, Path], tmp_path: Path
) -> None:
    show, media = alone
    media.rename(tmp_path / "away")
    assert forget(show, "quixotic").marked
    (tmp_path / "away").rename(media)
    assert len(add(show, [str(media)]).left) == 1


@pytest.mark.parametrize("there", [True, False])
def test_a_clip_of_version_1_is_known_when_it_comes_again(
    alone: tuple[Show, Path], tmp_path: Path, there: bool
) -> None:
    show, media = alone
    with show.writing() as desk:
        (kept,) = desk.db.execute("SELECT stamp FROM clip").fetchone()
        desk.db.execute("UPDATE clip SET stamp = ?", (stamp.changed(kept),))
    if not there:
        media.rename(tmp_path / "away")
    forget(show, "quixotic")
    media = media if there else (tmp_path / "away").rename(media)
    assert len(add(show, [str(media)]).left) == 1


def test_what_version_1_forgot_by_its_path_stays_forgotten(alone: tuple[Show, Path]) -> None:
    show, media = alone
    forget(show, "quixotic")
    path = str(media / "quixotic.%04d.exr")
    with show.writing() as desk:
        old = keyed(store.salt(desk.db), "path", path)
        desk.db.execute("UPDATE forgotten SET digest = ?", (old,))
    assert add(show, [str(media)]).left == [path]
    assert len(add(show, [str(media)], again=True).learned) == 1


def test_the_place_that_moved_media_had_goes_too(
    learned: tuple[Path, Path], tmp_path: Path
) -> None:
    media = shutil.copytree(learned[1] / "a", tmp_path / "private")
    show = make_show(tmp_path / "show")
    add(show, [str(media)])
    media.rename(tmp_path / "public")
    assert len(add(show, [str(tmp_path / "public")]).moved) == 1
    assert [each.path for each in roots.read(show.folder).every] == [str(tmp_path / "public")]
    forget(show, "quixotic")
    assert b"private" not in every_byte(show.folder)


def test_a_place_that_an_older_show_kept_of_moved_media_goes_too(alone: tuple[Show, Path]) -> None:
    show, _ = alone
    before = roots.read(show.folder)
    roots.write(show.folder, before.with_([roots.Root("/private/day1")]))
    forget(show, "quixotic")
    assert roots.read(show.folder) == before


# --- media that are no clip of the show -------------------------------------------------------


@pytest.fixture
def checked(show: Show, tmp_path: Path) -> str:
    """A movie that a check of the show has looked at."""
    path = rushes.movie(tmp_path / "secret/vendor.mkv", [7])
    Shelf(show).put("key of vendor", path, {"passport": 1})
    Shelf(show).put("key of its end", path, {"passport": 2})
    return path


def test_passports_of_media_that_are_no_clip_can_be_forgotten(show: Show, checked: str) -> None:
    assert listed(show)["checked"] == [{"path": checked, "passports": 2}]
    gone = forget(show, checked)
    assert (gone.clip, gone.passports, gone.marked) == ("", 2, True)
    assert "no clip of the show; checks had looked at it. Removed: 2 passports" in gone.sentence
    assert b"vendor" not in every_byte(show.folder)
    assert listed(show)["checked"] == []
    assert verify(show.folder).clips == 3
    with pytest.raises(BadInput, match="no clip"):
        forget(show, checked)


def test_they_are_not_kept_again_and_not_added(show: Show, checked: str) -> None:
    forget(show, checked)
    shelf = Shelf(show)
    shelf.put("k", checked, {"passport": 1})
    moved = shutil.copyfile(checked, Path(checked).with_name("renamed.mkv"))
    shelf.put("l", str(moved), {"passport": 1})
    assert (shelf.get("k"), shelf.get("l")) == (None, None)
    assert add(show, [checked]).left == [checked]


def test_where_its_media_are_gone_it_says_that_nothing_will_tell(show: Show, checked: str) -> None:
    Path(checked).unlink()
    gone = forget(show, checked)
    assert (gone.passports, gone.marked) == (2, False)
    assert "nothing tells that it is this" in gone.sentence


def test_parts_that_were_reached_through_a_link_go_with_their_clip(
    show: Show, learned: tuple[Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(learned[1] / "a")
    Shelf(show).put("k", str(tmp_path / "link/quixotic.%04d.exr"), {"passport": 1})
    assert forget(show, "quixotic").passports == 1
    Shelf(show).put("k", str(tmp_path / "link/quixotic.%04d.exr"), {"passport": 1})
    assert Shelf(show).get("k") is None
