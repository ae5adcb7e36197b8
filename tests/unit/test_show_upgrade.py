"""A show of an older version is opened: what its tables lacked is made from the ledger.

`data/show_v1.zip` is a show of version 1 as the Answerprint of commit 1c642b8 wrote it, and its
media, two sequences of one frame: `show add /dailies/day1 --colourspace ACEScg`, then
`show forget gone`, then decisions: a result's version 3 approved, its version 4 rejected, a finding
noted.
"""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest
import rushes

from answerprint.errors import CannotWrite
from answerprint.show import ledger, schema
from answerprint.show.add import add
from answerprint.show.listing import listed
from answerprint.show.status import said
from answerprint.show.store import LOCK, Show, open_show
from answerprint.show.verify import verify

OLD = Path(__file__).parent / "data/show_v1.zip"
WRITTEN = 1_760_000_000_000_000_000
"""Time of the media when that show was made, in ns; a ZIP does not keep it."""
ID = "3f2a90c1b7de"


@pytest.fixture
def old(tmp_path: Path) -> Show:
    """The show of version 1, not opened yet; its media lie in `day1` beside it."""
    with zipfile.ZipFile(OLD) as packed:
        packed.extractall(tmp_path)
    for each in (tmp_path / "day1").iterdir():
        os.utime(each, ns=(WRITTEN, WRITTEN))
    return Show(tmp_path / "show")


def test_it_is_of_version_1(old: Show) -> None:
    with old.reading() as db:
        assert schema.version(db) == 1
        assert "sources" not in {row[1] for row in db.execute("PRAGMA table_info(clip)")}


def test_every_version_has_its_last_word_again(old: Show) -> None:
    lines = list(ledger.lines(old.folder))
    show = open_show(old.folder)
    with show.reading() as db:
        assert schema.version(db) == len(schema.STEPS)
        words = {key: each.word for key, each in said(db).items()}
    assert words == {f"{ID} v3": "approved", f"{ID} v4": "rejected", "aa11": "noted"}
    assert list(ledger.lines(show.folder)) == lines


def test_media_that_move_are_followed_and_not_measured_again(old: Show, tmp_path: Path) -> None:
    here = str(tmp_path / "day1/wall.%04d.exr")
    made = add(open_show(old.folder), [str(tmp_path / "day1")])
    assert (made.moved, made.learned) == ([("/dailies/day1/wall.%04d.exr", here)], [])
    assert add(open_show(old.folder), [str(tmp_path / "day1")]).known == 1
    show = open_show(old.folder)
    assert rushes.cameras(show)["wall"]["colourspace"] == "ACEScg"
    assert [each["path"] for each in listed(show)["clips"]] == [here]
    assert verify(show.folder).damages == ()


def test_what_it_forgot_stays_forgotten_unless_asked_for(old: Show, tmp_path: Path) -> None:
    gone = str(tmp_path / "day1/gone.%04d.exr")
    show = open_show(old.folder)
    assert add(show, [gone]).left == [gone]
    assert [each["path"] for each in add(show, [gone], again=True).learned] == [gone]


def test_it_is_upgraded_once(old: Show) -> None:
    open_show(old.folder)
    before = (old.folder / "show.db").read_bytes()
    open_show(old.folder)
    assert (old.folder / "show.db").read_bytes() == before


def test_who_may_not_write_is_told_that_it_has_to_be_upgraded(old: Show) -> None:
    (old.folder / LOCK).mkdir()  # as where the folder may only be read, for any user
    with pytest.raises(CannotWrite, match=r"is of version 1 and has to be upgraded once") as why:
        open_show(old.folder)
    assert "may write" in why.value.hint
    assert "cannot be written" in why.value.detail
    (old.folder / LOCK).rmdir()
    open_show(old.folder)
    (old.folder / LOCK).unlink(missing_ok=True)
    (old.folder / LOCK).mkdir()
    assert len(listed(open_show(old.folder))["clips"]) == 1, "then everybody may read it"
