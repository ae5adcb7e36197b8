"""Edits that travel with their media, whole (`.otioz`) and as a folder (`.otiod`)."""

import shutil
import stat
import zipfile
from pathlib import Path

import pytest
from edits import clip, external, movie, saved, span

from answerprint.edit import bundle
from answerprint.edit.cut import read_cut
from answerprint.errors import BadInput, CannotWrite


@pytest.fixture
def content(tmp_path):
    """An edit whose media is `media/a.mov` of the same bundle, and that movie."""
    shot = clip("one", external("media/a.mov", 0, 24), span(4, 8))
    path = saved(tmp_path / "made" / "content.otio", shot) if _folder(tmp_path / "made") else ""
    return Path(path), Path(movie(tmp_path / "made" / "a.mov"))


def _folder(path):
    path.mkdir(parents=True)
    return True


def packed(path, content, *more, method=zipfile.ZIP_STORED):
    edit, media = content
    with zipfile.ZipFile(path, "w") as made:
        made.write(edit, "content.otio", zipfile.ZIP_DEFLATED)
        made.writestr("version.txt", "1.0.0")
        made.write(media, "media/a.mov")
        for entry, data in more:
            made.writestr(entry, data, method)
    return str(path)


def test_media_of_a_zip_is_found(tmp_path, content):
    path = packed(tmp_path / "reel.otioz", content)
    (event,) = read_cut(path).events
    assert event.why == ""
    assert event.frames == (1005, 1012)
    assert Path(event.media.path) == tmp_path / "answerprint" / "reel" / "media" / "a.mov"
    assert Path(event.media.path).read_bytes() == content[1].read_bytes()


def test_it_is_unpacked_once_and_again_where_it_was_changed(tmp_path, content):
    path = packed(tmp_path / "reel.otioz", content)
    place = tmp_path / "cache"
    (event,) = read_cut(path, unpacked=str(place)).events
    made = Path(event.media.path)
    assert made == place / "media" / "a.mov"
    before = made.stat().st_ino
    read_cut(path, unpacked=str(place))
    assert made.stat().st_ino == before, "it stands, and is not written again"
    made.write_bytes(b"half of it")
    (event,) = read_cut(path, unpacked=str(place)).events
    assert made.read_bytes() == content[1].read_bytes()
    assert [each.name for each in made.parent.iterdir()] == ["a.mov"], "nothing half is left"


def test_a_folder_is_used_as_it_is(tmp_path, content):
    place = tmp_path / "reel.otiod"
    (place / "media").mkdir(parents=True)
    shutil.copy(content[0], place)
    shutil.copy(content[1], place / "media")
    cut = read_cut(f"{place}/")
    assert cut.name == "reel"
    assert Path(cut.events[0].media.path) == place / "media" / "a.mov"
    assert not (tmp_path / "answerprint").exists()


def link():
    entry = zipfile.ZipInfo("media/b.mov")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("../b.mov", "which leads out of it"),
        ("media/../../b.mov", "which leads out of it"),
        ("/etc/b.mov", "which leads out of it"),
        ("C:/b.mov", "which leads out of it"),
        ("media\\..\\b.mov", "which leads out of it"),
        ("media/A.MOV", "twice"),
        (link(), "a link"),
    ],
)
def test_a_zip_with_one_entry_of_another_kind_is_refused_whole(tmp_path, content, entry, said):
    path = packed(tmp_path / "reel.otioz", content, (entry, b"x"))
    with pytest.raises(BadInput, match=r"reel\.otioz holds") as refused:
        read_cut(path)
    assert said in refused.value.title
    assert sorted(each.name for each in tmp_path.iterdir()) == ["made", "reel.otioz"]


def test_a_zip_that_grows_beyond_what_media_does_is_refused(tmp_path, content):
    path = packed(
        tmp_path / "reel.otioz",
        content,
        ("media/bomb.exr", bytes(bundle.SMALL + 1)),
        method=zipfile.ZIP_DEFLATED,
    )
    with pytest.raises(BadInput, match="unpacks to more than it is"):
        read_cut(path)


def test_a_zip_whose_entries_lie_over_each_other_is_refused(tmp_path, content):
    path = Path(packed(tmp_path / "reel.otioz", content, ("media/b.exr", bytes(9))))
    raw = bytearray(path.read_bytes())
    at = raw.rindex(b"PK\x01\x02")  # the last entry of the list: let it begin where the file does
    raw[at + 42 : at + 46] = bytes(4)
    path.write_bytes(raw)
    with pytest.raises(BadInput, match=r"unpacks to more than it is|cannot be read"):
        read_cut(str(path))


@pytest.mark.parametrize("raw", [b"", b"PK\x03\x04 no zip", b"\x00" * 400])
def test_what_is_no_zip_is_refused(tmp_path, raw):
    (tmp_path / "reel.otioz").write_bytes(raw)
    with pytest.raises(BadInput, match=r"reel\.otioz cannot be read"):
        read_cut(str(tmp_path / "reel.otioz"))


def test_a_bundle_without_an_edit_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "reel.otioz", "w") as made:
        made.writestr("media/a.mov", b"x")
    (tmp_path / "reel.otiod").mkdir()
    for name in ("reel.otioz", "reel.otiod"):
        with pytest.raises(BadInput, match=rf"{name} (holds no|cannot be read)"):
            read_cut(str(tmp_path / name))


def test_media_that_is_broken_inside_the_zip_is_said(tmp_path, content):
    path = Path(packed(tmp_path / "reel.otioz", content))
    raw = bytearray(path.read_bytes())
    at = raw.index(b"media/a.mov") + 200
    raw[at] ^= 0xFF
    path.write_bytes(raw)
    with pytest.raises(BadInput, match=r"Media of reel\.otioz cannot be unpacked"):
        read_cut(str(path))
    assert not list((tmp_path / "answerprint" / "reel" / "media").iterdir())


def test_a_folder_with_a_link_is_refused(tmp_path, content):
    place = tmp_path / "reel.otiod"
    (place / "media").mkdir(parents=True)
    shutil.copy(content[0], place)
    (place / "media" / "a.mov").symlink_to(content[1])
    with pytest.raises(BadInput, match=r"holds a link, 'a\.mov'"):
        read_cut(str(place))


def test_where_nothing_can_be_written_the_way_out_is_said(tmp_path, content):
    path = packed(tmp_path / "reel.otioz", content)
    (tmp_path / "answerprint").write_text("a file, where the folder should be")
    with pytest.raises(CannotWrite, match=r"Media of reel\.otioz cannot be unpacked to") as refused:
        read_cut(path)
    assert "another folder" in refused.value.hint


def test_a_disk_without_room_is_said_before_anything_is_written(tmp_path, content, monkeypatch):
    path = packed(tmp_path / "reel.otioz", content)
    monkeypatch.setattr(bundle, "SPARE", 1 << 60)
    with pytest.raises(CannotWrite, match="MB left"):
        read_cut(path)
    assert not (tmp_path / "answerprint").exists()
