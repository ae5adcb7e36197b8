"""The rules of a show: what a file may say, and how a finding is waived."""

from __future__ import annotations

import getpass
import os
import tomllib

import pytest

from answerprint.check.kinds import KINDS
from answerprint.check.rules import NAME, Rules, read_rules, waive
from answerprint.errors import BadInput, BadParameter

REPORT = {
    "shots": [
        {"name": "a", "known": {"key": "a@100", "source": [100, 199]}},
        {"name": "b", "known": {"key": "b", "source": [5, 20]}},
    ],
    "findings": [
        {"id": "abc123", "kind": "exposure", "shots": ["a", "b"]},
        {"id": "abd456", "kind": "gap", "shots": []},
    ],
}


def rules_of(tmp_path, text):
    (tmp_path / NAME).write_text(text, "utf-8")
    return read_rules(str(tmp_path / "reel.otio"))


def test_without_a_file_the_usual_levels_hold(tmp_path):
    rules = read_rules(str(tmp_path / "reel.otio"))
    assert rules == Rules()
    assert {kind: rules.level(kind) for kind in KINDS} == {k.name: k.level for k in KINDS.values()}
    assert rules.level("jump_cut") == "off"


def test_a_file_beside_the_cut_is_read(tmp_path):
    text = (
        'handles = 12\n[levels]\njump_cut = "warn"\ngrain = "off"\n[tolerances]\nexposure = 0.1\n'
    )
    rules = rules_of(tmp_path, text)
    assert rules.path == tmp_path / NAME
    assert (rules.level("jump_cut"), rules.level("grain")) == ("warn", "off")
    assert (rules.handles, dict(rules.tolerances)) == (12, {"exposure": 0.1})


def test_another_file_may_be_named(tmp_path):
    (tmp_path / "strict.toml").write_text("handles = 3\n", "utf-8")
    rules_of(tmp_path, "handles = 12\n")
    assert read_rules(str(tmp_path / "reel.otio"), str(tmp_path / "strict.toml")).handles == 3
    with pytest.raises(BadInput, match="no file of rules"):
        read_rules(str(tmp_path / "reel.otio"), str(tmp_path / "gone.toml"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("handels = 3", "Did you mean 'handles'"),
        ('[levels]\nexposur = "warn"', "Did you mean 'exposure'"),
        ('[levels]\nexposure = "warning"', "Did you mean 'warn'"),
        ("[levels]\nexposure = 1", "There is: off, note, warn"),
        ('[tolerances]\nexposure = "0.1"', "The tolerance of exposure is '0.1'"),
        ("[tolerances]\nexposure = -0.1", "The tolerance of exposure is -0.1"),
        ("[tolerances]\nexposure = nan", "The tolerance of exposure is nan"),
        ("[tolerances]\nscreen_direction = 1", "no value to tolerate"),
        ("handles = -1", "handles is -1"),
        ("handles = true", "handles is True"),
        ("levels = 3", "Begin its table"),
        ("waived = 3", "no list of tables"),
        ('[[waived]]\nwhy = "so"', "has no id"),
        ('[[waived]]\nid = "a"\nwho = "me"', "no key of a waiver 'who'"),
        ('[[waived]]\nid = "a"\nmedia = ["m"]\nsource = []', "do not fit"),
        ('[[waived]]\nid = "a"\nmedia = ["m"]\nsource = ["x"]', "do not fit"),
        ("[levels", "cannot be read"),
    ],
)
def test_what_there_is_not_is_refused(tmp_path, text, said):
    with pytest.raises(BadInput) as refused:
        rules_of(tmp_path, text)
    assert said in str(refused.value)
    assert str(tmp_path / NAME) in str(refused.value)


def test_only_these_kinds(tmp_path):
    rules = rules_of(tmp_path, '[levels]\nexposure = "note"').only(["exposure", "jump_cut", "gap"])
    on = {kind: rules.level(kind) for kind in KINDS if rules.level(kind) != "off"}
    assert on == {"exposure": "note", "jump_cut": "note", "gap": "warn"}
    with pytest.raises(BadParameter, match="Did you mean 'jump_cut'"):
        rules.only(["jump_cuts"])


# --- waiving -------------------------------------------------------------------------------


def test_a_waiver_is_added_and_the_rest_stays(tmp_path):
    before = "# ours\nhandles = 8\n\n[levels]\ngap = 'note' # for now\n"
    rules_of(tmp_path, before)
    made = waive(tmp_path / NAME, REPORT, "abc", 'The "lamp"\nis out \x7f\\.', "Ines")
    text = (tmp_path / NAME).read_text("utf-8")
    assert text.startswith(before)
    row = tomllib.loads(text)["waived"][0]
    assert (row["id"], row["by"], row["why"]) == ("abc123", "Ines", 'The "lamp"\nis out \x7f\\.')
    assert row["date"].isoformat() == made.date
    rules = read_rules(str(tmp_path / "reel.otio"))
    assert rules.handles == 8
    (waived,) = rules.waived
    assert waived.kind == made.kind == "exposure"
    assert [(k.key, k.media, k.source) for k in waived.known] == [
        ("a@100", "a", (100, 199)),
        ("b", "b", (5, 20)),
    ]


def test_the_first_waiver_makes_the_file(tmp_path):
    waive(tmp_path / NAME, REPORT, "abd456", "It comes on Monday.", "")
    assert [each.id for each in read_rules(str(tmp_path / "x.edl")).waived] == ["abd456"]


@pytest.mark.parametrize(
    ("asked", "why", "said"),
    [
        ("zzz", "so", "no finding 'zzz'"),
        ("ab", "so", "2 findings whose id begins with 'ab'"),
        ("", "so", "no finding"),
        ("abc123", " ", "Nobody says why"),
    ],
)
def test_what_cannot_be_waived(tmp_path, asked, why, said):
    with pytest.raises(BadParameter, match=said):
        waive(tmp_path / NAME, REPORT, asked, why, "Ines")
    assert not (tmp_path / NAME).exists()


@pytest.mark.parametrize("why", [KeyError("uid not found: 4711"), OSError("no username")])
def test_a_user_without_a_login_waives_by_number(tmp_path, monkeypatch, why):
    def nobody():
        raise why

    monkeypatch.setattr(getpass, "getuser", nobody)
    made = waive(tmp_path / NAME, REPORT, "abc123", "so", None)
    assert made.by == f"user {os.getuid()}"


def test_nothing_is_waived_twice(tmp_path):
    waive(tmp_path / NAME, REPORT, "abc123", "so", "Ines")
    with pytest.raises(BadParameter, match="waived already"):
        waive(tmp_path / NAME, REPORT, "abc123", "so", "Ines")


def test_a_file_whose_list_of_waivers_cannot_grow_stays_as_it_is(tmp_path):
    rules_of(tmp_path, "waived = []\n")
    with pytest.raises(BadInput, match=r"Begin each of its waivers with \[\[waived\]\]"):
        waive(tmp_path / NAME, REPORT, "abc123", "so", "Ines")
    assert (tmp_path / NAME).read_text("utf-8") == "waived = []\n"
