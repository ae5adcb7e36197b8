"""Findings as rows: the worst first, rules applied, ids that stay."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from answerprint.check.known import finding_id, known_as
from answerprint.check.model import Finding, Scene, Shot, Study
from answerprint.check.ranked import ranked, towards
from answerprint.check.rules import Rules, Waived
from answerprint.edit.cut import Cut, Event

EVENTS = tuple(
    Event(n, name, name, 1, name, (86400 + 10 * n, 86410 + 10 * n), (0, 10), Fraction(24))
    for n, name in enumerate("abc")
)
CUT = Cut("reel.otio", "reel", Fraction(24), False, 86400, EVENTS, ())
STUDY = Study(CUT, (), {}, ())
KNOWN = known_as(EVENTS, ())


def finding(kind="exposure", value=0.3, confidence=0.9, shots=("a", "b"), frame=10, **more):
    return Finding(kind, shots, frame, (frame, frame + 9), value, 0.02, confidence, "text", **more)


def rows(*findings, rules=None):
    return ranked(STUDY, findings, rules or Rules(), KNOWN)


def test_a_row_is_plain_and_whole():
    fix = {"tool": "match", "params": {}, "inputs": {"source": "b", "reference": "a"}}
    (row,) = rows(finding(region=(1, 2, 30, 40), fix=fix)).shown
    assert row == {
        "id": finding_id(finding(), KNOWN),
        "kind": "exposure",
        "family": "light",
        "colour": "yellow",
        "level": "warn",
        "shots": ["a", "b"],
        "mend": "b",
        "frame": 10,
        "range": [10, 19],
        "timecode": "01:00:00:10",
        "value": 0.3,
        "unit": "stop",
        "uncertainty": 0.02,
        "confidence": 0.9,
        "region": [1, 2, 30, 40],
        "fix": fix,
        "text": "text",
    }


def test_warnings_come_before_notes_and_sure_before_unsure():
    rules = Rules(levels={"grain": "note"})
    order = rows(
        finding("grain", 5.0, 1.0),
        finding("exposure", 0.2, 0.5),
        finding("white_balance", 40, 0.95),
        finding("exposure", 1.0, 0.95, what="other"),
        rules=rules,
    ).shown
    assert [(row["kind"], row["value"]) for row in order] == [
        ("exposure", 1.0),
        ("white_balance", 40),
        ("exposure", 0.2),
        ("grain", 5.0),
    ]


def test_the_sign_of_a_value_does_not_rank():
    order = rows(finding(value=-0.05), finding(value=0.04, what="x")).shown
    assert [row["value"] for row in order] == [-0.05, 0.04]


def test_half_as_much_ranks_as_twice_as_much():
    order = rows(finding("grain", 0.8), finding("grain", -0.5, what="x")).shown
    assert [row["value"] for row in order] == [-0.5, 0.8]


def test_a_kind_that_is_off_is_left_out():
    made = finding("jump_cut", 3.0)
    assert rows(made).shown == []
    assert len(rows(made, rules=Rules(levels={"jump_cut": "note"})).shown) == 1


def test_what_the_show_tolerates_is_counted_and_not_shown():
    rules = Rules(tolerances={"exposure": 0.25})
    found = rows(
        finding(value=-0.24),
        finding(value=-0.25, what="x"),
        finding("white_balance", 9),
        finding("exposure", None, what="y"),
        rules=rules,
    )
    assert found.within == 1
    assert sorted(str(row["value"]) for row in found.shown) == ["-0.25", "9.0", "None"]


def test_a_waived_finding_stays_waived_when_its_value_changes():
    waiver = Waived(finding_id(finding(), KNOWN), "Ines", "On purpose.", "2026-11-20")
    rules = Rules(waived=(waiver, Waived("gone")))
    found = rows(finding(value=0.45, frame=12), finding("contrast", 0.2), rules=rules)
    assert [row["kind"] for row in found.shown] == ["contrast"]
    (row,) = found.waived
    assert (row["value"], row["by"], row["why"]) == (0.45, "Ines", "On purpose.")
    assert found.idle == ["gone"]


def test_a_waiver_of_a_shot_that_could_not_be_measured_is_not_idle():
    waived = tuple(Waived(n, kind="exposure", known=(KNOWN["a"], KNOWN[n])) for n in "bc")
    study = replace(STUDY, failed={"b": "Its frames are damaged."})
    assert ranked(study, [], Rules(waived=waived), KNOWN).idle == ["c"]


def test_a_waiver_of_what_was_not_looked_for_is_not_idle():
    waived = (Waived("one", kind="exposure"), Waived("two", kind="gap"))
    assert rows(rules=Rules(waived=waived).only(["gap"])).idle == ["two"]


def test_the_same_finding_twice_is_one():
    assert len(rows(finding(), finding(value=0.31)).shown) == 1


def fix(source, reference):
    return {"tool": "match", "params": {}, "inputs": {"source": source, "reference": reference}}


def of_scene(*names):
    """A study whose scene has these shots, each of ten frames."""
    shots = tuple(
        Shot(event, (10 * n, 10 * n + 10), (4, 2), {}, dict) for n, event in enumerate(EVENTS)
    )
    return Study(CUT, shots, {}, (Scene("scene 1", names, (names,)),))


def test_a_scene_is_matched_to_its_hero_which_stays():
    before = (
        finding(fix=fix("b", "a"), mend="b"),
        finding("white_balance", 20, shots=("b", "c"), frame=20, fix=fix("c", "b")),
        finding("grain", 0.5, shots=("a", "c"), frame=20, mend="c"),
        finding("thing", 20, shots=("a", "c"), frame=20, mend="c"),
    )
    found = towards(before, "c", of_scene("a", "b", "c"))
    assert [each.fix and each.fix["inputs"] for each in found] == [
        {"source": "b", "reference": "c"},
        {"source": "b", "reference": "c"},
        None,
        None,
    ]
    told = [(each.mend, each.frame, each.range) for each in found]
    assert told == [("b", 10, (10, 19)), ("b", 10, (10, 19)), ("a", 0, (0, 9)), ("c", 20, (20, 29))]
    assert [finding_id(each, KNOWN) for each in found] == [finding_id(e, KNOWN) for e in before]


def test_findings_of_other_scenes_stay():
    made = finding(fix=fix("b", "a"), mend="b")
    assert towards([made], "c", of_scene("b", "c")) == [made]
    assert towards([made], "c", STUDY) == [made]
