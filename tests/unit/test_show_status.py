"""Statuses: who may say what, what the ledger keeps of it, and what a check changes by itself."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from reviewed import plate

from answerprint.errors import BadParameter
from answerprint.show import decided, ledger, status
from answerprint.show.rebuild import rebuild
from answerprint.show.status import WORDS, Status, decision, record, said, settled, uncovered
from answerprint.show.store import DATABASE, Damaged, Show, make_show, open_show

ID = "3f2a90c1b7de"


@pytest.fixture
def show(tmp_path: Path) -> Show:
    return make_show(tmp_path / "show")


def say(show: Show, word: str, by: str = "Ines", **more: str) -> Status:
    with show.writing() as desk:
        made = decision(Status(ID, word, by=by, note="why", **more), status.last(desk.db, ID))
        record(desk, made)
    return made


def stands(show: Show) -> dict[str, Status]:
    with show.reading() as db:
        return said(db)


# --- a person decides ------------------------------------------------------------------------


@pytest.mark.parametrize("before", WORDS)
@pytest.mark.parametrize("after", WORDS)
def test_a_person_may_say_any_word_after_any_other(before: str, after: str) -> None:
    was = decision(Status(ID, before, by="Ines", note="why"))
    made = decision(Status(ID, after, by="Ada", note="why"), was)
    assert (made.word, made.by, made.owner) == (after, "Ada", "Ines")
    assert made.at


def test_the_last_word_counts_and_every_word_is_kept(show: Show) -> None:
    made = [say(show, word, "Ada") for word in ("noted", "approved", "rejected")]
    assert stands(show) == {ID: made[-1]}
    assert [line["word"] for line in ledger.lines(show.folder)] == ["noted", "approved", "rejected"]


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("by", ["", "  ", "\n"])
def test_nobody_is_guessed(word: str, by: str) -> None:
    with pytest.raises(BadParameter, match=f"Nobody is named who says that {ID} is {word}"):
        decision(Status(ID, word, by=by, note="why"))


@pytest.mark.parametrize("word", ["rejected", "waived"])
def test_a_no_needs_a_reason(word: str) -> None:
    with pytest.raises(BadParameter, match=f"Nobody says why {ID} is {word}"):
        decision(Status(ID, word, by="Ines", note=" \n"))
    assert decision(Status(ID, "approved", by="Ines")).note == ""


@pytest.mark.parametrize("by", ["I\x1b[31m", "a\nb", "x" * 201])
def test_a_name_is_one_a_person_has(by: str) -> None:
    with pytest.raises(BadParameter, match="Use a name of one line"):
        decision(Status(ID, "noted", by=by))


def test_a_word_that_is_none_is_refused() -> None:
    with pytest.raises(BadParameter, match="There is no status 'final'"):
        Status(ID, "final")


def test_a_check_cannot_sign() -> None:
    with pytest.raises(BadParameter, match="A check approves nothing"):
        decision(Status(ID, "approved", by=status.CHECK.upper()))


def test_the_owner_stays_until_another_is_named(show: Show) -> None:
    assert say(show, "noted", "Ines").owner == "Ines"
    assert say(show, "fixed", "Ada").owner == "Ines"
    assert say(show, "open", "Ada", owner="Bo").owner == "Bo"
    assert say(show, "fixed", "Ada").owner == "Bo"


# --- what is kept ----------------------------------------------------------------------------


def test_the_ledger_has_who_when_what_version_and_which_frames(show: Show) -> None:
    digest = hashlib.sha256(b"frames").hexdigest()
    note = "Größe stimmt — 日本語 \U0001f39e\n=HYPERLINK"
    made = Status(ID, "approved", "result", "Inés", note=note, tool="match", version=3)
    with show.writing() as desk:
        record(desk, decision(replace(made, frames="1001-1048", digest=digest)))
    (line,) = ledger.lines(show.folder)
    assert line["what"] == "decided"
    told = {name: line[name] for name in ("id", "of", "word", "by", "note", "tool", "version")}
    assert told == {"id": ID, "of": "result", "word": "approved", "by": "Inés", "note": note} | {
        "tool": "match",
        "version": 3,
    }
    assert (line["frames"], line["digest"]) == ("1001-1048", digest)
    assert line["at"].endswith("Z")
    assert stands(show)[f"{ID} v3"].note == note


def test_a_version_does_not_hide_what_was_said_of_another(show: Show) -> None:
    for word, version in (("approved", 3), ("rejected", 4), ("noted", 4)):
        with show.writing() as desk:
            made = Status(ID, word, "result", by="Ines", note="why", version=version)
            record(desk, decision(made, status.last(desk.db, ID, version)))
    assert {key: each.word for key, each in stands(show).items()} == {
        f"{ID} v3": "approved",
        f"{ID} v4": "noted",
    }
    with show.reading() as db:
        assert status.last(db, ID) is None


def test_the_table_is_made_again_from_the_ledger(show: Show) -> None:
    say(show, "noted")
    say(show, "rejected")
    with show.writing() as desk:
        record(desk, decision(Status("other", "fixed", by="Ada")))
        desk.note("learned", clip="x")
    before = stands(show)
    with show.writing() as desk:
        desk.db.execute("DELETE FROM status")
        desk.db.execute("INSERT INTO status VALUES ('stray', 0, 'approved', '{}')")
    with show.writing() as desk:
        assert decided.replay(desk.db, ledger.lines(show.folder)) == 2
    assert stands(show) == before
    assert before[ID].word == "rejected"


def test_a_show_that_is_made_anew_says_the_same(show: Show, tmp_path: Path) -> None:
    pattern = plate(tmp_path / "sc010", [1001])
    with show.reading() as db:
        place = status.key_of(db, pattern)
    for word in ("noted", "approved"):
        say(show, word)
    before, lines = stands(show), list(ledger.lines(show.folder))
    path = show.folder / DATABASE
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(Damaged):
        open_show(show.folder)
    rebuild(show.folder)
    again = open_show(show.folder)
    assert stands(again) == before
    assert list(ledger.lines(show.folder))[: len(lines)] == lines
    with again.reading() as db:
        assert status.key_of(db, pattern) == place, "or nobody would find the results of a clip"


def test_places_are_keyed_and_one_clip_has_one_however_it_is_named(
    show: Show, tmp_path: Path
) -> None:
    pattern = plate(tmp_path / "sc010", [1001, 1002])
    names = [pattern, str(tmp_path / "sc010"), pattern.replace("%04d", "####")]
    names.append(pattern.replace("%04d", "1002"))
    with show.reading() as db:
        keys = {status.key_of(db, each) for each in names}
        assert len(keys) == 1
        assert status.key_of(db, str(tmp_path / "sc020.mov")) not in keys
    assert keys != {hashlib.sha256(pattern.encode()).hexdigest()}
    with make_show(tmp_path / "another").reading() as db:
        assert status.key_of(db, pattern) not in keys


def test_other_frames_are_not_what_was_decided_on() -> None:
    approved = Status(ID, "approved", "result", "Ines", "2026-11-20T10:00:00Z", digest="a")
    assert approved.about("a") is approved
    assert (approved.about("b").word, approved.about("b").by) == ("open", "")
    assert "not the frames that were approved by Ines on 2026-11-20" in approved.about("b").note
    assert Status(ID, "noted").about("b").word == "noted", "a finding has no frames"


# --- a check -----------------------------------------------------------------------------------


def changes(
    before: str, shown: bool = False, waived: bool = False, gone: bool = False
) -> list[str]:
    known = {ID: Status(ID, before, by="Ines", at="2026-11-20T10:00:00Z", owner="Bo")}
    row = {"id": ID, "by": "Ada", "why": "on purpose"}
    made = settled(known, [ID] * shown, [row] * waived, [ID] * gone)
    assert all(each.owner == "Bo" for each in made)
    return [each.word for each in made]


def test_what_is_gone_is_fixed_and_never_approved() -> None:
    gone = {word: changes(word, gone=True) for word in WORDS}
    assert gone == {
        "open": ["fixed"],
        "noted": ["fixed"],
        "fixed": [],
        "approved": [],
        "rejected": [],
        "waived": [],
    }
    (never_seen,) = settled({}, [], [], [ID])
    assert (never_seen.word, never_seen.by) == ("fixed", status.CHECK)
    assert never_seen.owner == "", "it is nobody's matter yet"


def test_what_is_found_again_is_open() -> None:
    again = {word: changes(word, shown=True) for word in WORDS}
    assert {word for word, made in again.items() if made == ["open"]} == {"fixed", "waived"}
    assert sum(map(len, again.values())) == 2


def test_rules_and_statuses_agree() -> None:
    assert changes("waived", waived=True) == []
    assert changes("open", waived=True) == ["waived"]
    (made,) = settled({}, [], [{"id": ID, "by": "Ada", "why": "on purpose"}], [])
    assert (made.by, made.note) == ("Ada", "on purpose")
    row = {"id": ID, "by": "Ada", "why": "on purpose", "date": "2026-11-02"}
    assert [each.at for each in settled({}, [], [row], [])] == ["2026-11-02"]
    assert changes("approved", waived=True) == [], "a person took it"


def test_no_way_of_a_check_leads_to_approved() -> None:
    for before in WORDS:
        for shown in (False, True):
            for waived in (False, True):
                for gone in (False, True):
                    assert "approved" not in changes(before, shown, waived, gone)


# --- what an approval covers -------------------------------------------------------------------


def approval(frames: str, at: str = "2026-11-20", tool: str = "match") -> Status:
    return Status(frames, "approved", "result", "Ines", at, tool=tool, frames=frames)


@pytest.mark.parametrize(
    ("frames", "lacks"),
    [
        ("1001-1048", []),
        ("990-1100", []),
        ("1001-1047", [1048]),
        ("1003-1048", [1001, 1002]),
        ("1001-1020,1022-1048", [1021]),
    ],
)
def test_frames_that_nobody_approved_are_told(frames: str, lacks: list[int]) -> None:
    assert [each for _, each in uncovered([approval(frames)], (1001, 1048))] == (
        [lacks] if lacks else []
    )


def test_an_approval_of_another_part_of_the_take_is_another_matter() -> None:
    assert uncovered([approval("2001-2048")], (1001, 1048)) == []


def test_the_approval_that_covers_most_counts_for_each_tool() -> None:
    both = [approval("1001-1010"), approval("1001-1040"), approval("1001-1030", tool="denoise")]
    told = {each.tool: (each.frames, lacks[0]) for each, lacks in uncovered(both, (1001, 1048))}
    assert told == {"match": ("1001-1040", 1041), "denoise": ("1001-1030", 1031)}
    same = [approval("1001-1040", "2026-11-20"), approval("1001-1040", "2026-11-21")]
    assert [each.at for each, _ in uncovered(same, (1001, 1048))] == ["2026-11-21"]
