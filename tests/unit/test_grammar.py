"""Grammar: which cuts are flagged, and which look alike and must not be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from seen import shot, study, taken
from soundstage.room import BEHIND, Camera

from answerprint.check import grammar
from answerprint.check.model import Relation, Scene, Study
from answerprint.edit.media import Media

GREY = [np.full((9, 16, 3), 0.18, np.float32)]
SUBJECT = (0.3, -0.2, 2.6)
BLUE, RED = [0.2, 0.3, 0.5, 0.1, 0.1, 0.3], [0.5, 0.2, 0.2, 0.3, 0.1, 0.1]


def round_(degrees: float, focal: float = 1.1) -> Camera:
    """A camera on a circle around the subject, looking at it."""
    x, z = 3.2 * np.sin(np.radians(degrees)), 3.2 * np.cos(np.radians(degrees))
    eye = (SUBJECT[0] + x, 0.2, SUBJECT[2] - z)
    return Camera(eye, (SUBJECT[0], -0.1, SUBJECT[2]), focal)


def moving(direction: float | None = None, colour=BLUE, travel: float | None = None, **camera):
    """A passport: somebody moves, to a side or to and fro."""
    subject = {"box": [0.4, 0.2, 0.6, 0.9], "colour": colour}
    gone = travel if travel is not None else (direction or 0.0) * 0.3
    told = {"value": direction, "uncertainty": 0.05, "travel": gone}
    return {
        "camera": {"kind": "static", **camera},
        "direction": told,
        "subjects": [] if direction is None else [subject],
    }


def filmed(*cameras: Camera, passport=None) -> Study:
    """Consecutive shots of the room, matched as a check matches them."""
    shots = [
        shot(f"s{turn}", turn, taken(each, (2 * turn, 2 * turn + 1), 640), passport or moving(0.0))
        for turn, each in enumerate(cameras)
    ]
    return study(shots)


def told(*passports, relation: Relation | None = None, scene: str | None = None) -> Study:
    """Shots a, b, c ... of one scene (or of those named) with relations as given."""
    names = "abcdef"[: len(passports)]
    shots = [
        shot(name, turn, GREY, passport)
        for turn, (name, passport) in enumerate(zip(names, passports, strict=True))
    ]
    relations = {(relation.first, relation.second): relation} if relation else {}
    made = Scene("scene 1", tuple(scene or names), ((names[0],),))
    return replace(study(shots), relations=relations, scenes=(made,))


def kinds(made: Study) -> list[str]:
    return [each.kind for each in grammar.find(made)]


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (round_(0), ["jump_cut"]),
        (round_(7), ["jump_cut"]),
        (round_(21), ["thirty_degrees"]),
        (round_(48), []),
        (round_(0, 2.4), []),  # from the same spot, but much closer
        (round_(21, 2.3), []),  # a change of size excuses it
        (BEHIND, []),
    ],
    ids=["same", "7", "21", "48", "closer", "21 closer", "elsewhere"],
)
def test_a_view_that_hardly_changes_is_flagged(second, expected):
    found = grammar.find(filmed(round_(0), second))
    assert [each.kind for each in found] == expected
    for each in found:
        assert each.shots == ("s0", "s1")
        assert each.frame == 24
        assert 0.6 <= each.confidence <= 1
        assert "structures show it" in each.text


def test_the_angle_is_measured_round_the_subject():
    (flag,) = grammar.find(filmed(round_(0), round_(21)))
    assert flag.value == pytest.approx(21, abs=6)
    assert flag.uncertainty is not None
    assert abs(flag.value - 21) < 2 * flag.uncertainty


def test_a_set_that_turns_more_than_its_subject_is_another_wall_of_one_pattern():
    made = filmed(round_(0), round_(7))
    ((key, relation),) = made.relations.items()
    turned = replace(relation, kind="place", angle=40.0, angle_error=2.0)
    assert kinds(replace(made, relations={key: turned})) == []
    unsure = replace(turned, angle_error=25.0)
    assert kinds(replace(made, relations={key: unsure})) == ["jump_cut"]


def test_walls_that_only_look_alike_have_no_angle():
    made = filmed(round_(0), round_(7))
    ((key, relation),) = made.relations.items()
    pairs = relation.evidence.pairs
    lit = np.random.default_rng(2).normal(0, 0.02, pairs.group.max() + 1)[pairs.group, None]
    other = replace(relation.evidence, pairs=replace(pairs, reference=pairs.reference + lit))
    assert kinds(made) == ["jump_cut"]
    assert kinds(replace(made, relations={key: replace(relation, evidence=other)})) == []


def test_what_goes_on_over_a_cut_is_no_jump():
    made = filmed(round_(0), round_(0))
    media = Media("t.mov", "movie", 1, 500, None, None, False, "", 640, 360, 1.0, ("R",), "")
    one, other = (
        replace(each, event=replace(each.event, media=media, frames=frames))
        for each, frames in zip(made.shots, ((101, 124), (125, 148)), strict=True)
    )
    assert kinds(replace(made, shots=(one, other))) == []
    later = replace(other, event=replace(other.event, frames=(160, 183)))
    assert kinds(replace(made, shots=(one, later))) == ["jump_cut"]


def test_a_cut_nobody_sees_is_no_jump():
    assert kinds(filmed(round_(0), round_(0), passport=moving())) == []


def test_an_insert_between_two_takes_of_a_setup_keeps_the_rules():
    assert kinds(filmed(round_(0), BEHIND, round_(0))) == []


def test_a_gap_is_no_cut():
    made = filmed(round_(0), round_(0))
    apart = replace(made.shots[1], cut=(40, 64))
    assert kinds(replace(made, shots=(made.shots[0], apart))) == []


def place(scale: float, kind: str = "setup", structures: int = 80, turned: bool = False):
    first, second = ("b", "a") if turned else ("a", "b")
    return Relation(first, second, kind, structures, scale=scale, angle=0.0)


@pytest.mark.parametrize("scale", [6.5, 1 / 6.5])
def test_a_leap_in_size_is_flagged(scale):
    (flag,) = grammar.find(told(moving(0.0), moving(0.0), relation=place(scale)))
    assert flag.kind == "shot_size"
    assert flag.value == pytest.approx(scale, rel=1e-3)


def test_a_relation_told_the_other_way_round_is_turned():
    (flag,) = grammar.find(told(moving(0.0), moving(0.0), relation=place(6.5, turned=True)))
    assert flag.value == pytest.approx(1 / 6.5, rel=1e-2)


@pytest.mark.parametrize(
    "relation", [place(3.0), place(6.5, "palette"), place(6.5, structures=8), None]
)
def test_a_usual_change_of_size_or_a_guess_is_not(relation):
    assert kinds(told(moving(0.0), moving(0.0), relation=relation)) == []


def test_a_subject_that_turns_round_is_flagged():
    (flag,) = grammar.find(told(moving(0.9), moving(-0.8)))
    assert flag.kind == "screen_direction"
    assert "to the right in a goes to the left in b" in flag.text


@pytest.mark.parametrize(
    ("passports", "why"),
    [
        ((moving(0.9), moving(0.8)), "the same direction"),
        ((moving(0.9), moving(0.05), moving(-0.9)), "a neutral shot between"),
        ((moving(0.9), moving(-0.9, RED)), "somebody else"),
        ((moving(0.9), moving(-0.9, travel=-0.01)), "it hardly goes anywhere"),
        ((moving(0.9), moving(None)), "nobody moves"),
        ((moving(0.9), {}), "nothing was measured"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_other_directions_are_not(passports, why):
    assert kinds(told(*passports)) == [], why


def test_another_scene_is_no_reversal():
    assert kinds(told(moving(0.9), moving(-0.9), scene="a")) == []


def test_an_exposure_between_the_shots_does_not_hide_the_subject():
    brighter = [value + 0.05 for value in BLUE]
    assert kinds(told(moving(0.9), moving(-0.9, brighter))) == ["screen_direction"]


@pytest.mark.parametrize(("relation", "expected"), [("palette", ["screen_direction"]), (None, [])])
def test_a_place_that_looks_alike_lets_the_subject_look_less_so(relation, expected):
    paler = [*[value + 0.11 for value in BLUE[:3]], *BLUE[3:]]
    shots = [shot("a", 0, GREY, moving(0.9)), shot("b", 1, GREY, moving(-0.9, paler))]
    made = tuple(Scene(names, tuple(names), ((names[0],),)) for names in ("ac", "b"))
    relations = {("a", "b"): Relation("a", "b", relation)} if relation else {}
    assert kinds(replace(study(shots), relations=relations, scenes=made)) == expected


def dialogue(left, right, background=(0.2, 0.2, 0.2), tall=0.6) -> list[np.ndarray]:
    """Two people in coats of plain cloth, in uneven light, before a wall."""
    random = np.random.default_rng(4)
    picture = np.full((90, 160, 3), background) * random.uniform(0.7, 1.3, (90, 160, 1))
    for x, coat in ((30, left), (105, right)):
        folds = np.linspace(0.4, 1.6, 25)[None, :, None]
        picture[90 - round(90 * tall) :, x : x + 25] = np.array(coat) * folds
    return [picture.astype(np.float32)]


WINE, NAVY, ASH = (0.3, 0.05, 0.2), (0.04, 0.1, 0.4), (0.2, 0.2, 0.2)


def talking(one, other, relation=None, scenes=("ab",)) -> list[str]:
    shots = [shot("a", 0, one, moving(0.0)), shot("b", 1, other, moving(0.0))]
    made = tuple(Scene(names, tuple(names), ((names[0],),)) for names in scenes)
    relations = {("a", "b"): relation} if relation else {}
    return kinds(replace(study(shots), relations=relations, scenes=made))


def test_who_changes_sides_was_filmed_from_over_the_line():
    assert talking(dialogue(WINE, NAVY), dialogue(NAVY, WINE)) == ["axis_crossed"]


def test_dull_coats_are_told_from_a_wall_in_warm_light():
    warm, wine, navy = np.array((1.0, 0.75, 0.5)), (0.3, 0.12, 0.3), (0.1, 0.2, 0.3)
    one = dialogue(warm * wine, warm * navy, warm * 0.2)
    assert talking(one, dialogue(warm * navy, warm * wine, warm * 0.2)) == ["axis_crossed"]
    ash = warm * 0.1  # of the wall's own colour, in the shade
    assert talking(dialogue(warm * wine, ash), dialogue(ash, warm * wine, warm * 0.2)) == []


def test_a_striped_coat_is_one_coat():
    def striped(left, right):
        (picture,) = dialogue(left, right)
        for top in range(36, 90, 12):
            picture[top : top + 5, 30:55] = (0.2, 0.2, 0.2)
        return [picture]

    assert talking(striped(WINE, NAVY), dialogue(NAVY, WINE)) == ["axis_crossed"]


def coat(tall: float, wide: float, x: float = 0.5, colour=WINE) -> list[np.ndarray]:
    """Somebody in a coat, of this size in the picture, in the middle of its height."""
    random = np.random.default_rng(5)
    picture = np.full((90, 160, 3), 0.2) * random.uniform(0.7, 1.3, (90, 160, 1))
    top, left = round(45 - 45 * tall), round(160 * x - 80 * wide)
    picture[top : top + round(90 * tall), left : left + round(160 * wide)] = colour
    return [picture.astype(np.float32)]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (coat(0.13, 0.08), coat(0.9, 0.6), ["shot_size"]),
        (coat(0.9, 0.6), coat(0.13, 0.08), ["shot_size"]),
        (coat(0.3, 0.2), coat(0.9, 0.6), []),
        (coat(0.13, 0.08, x=0.97), coat(0.9, 0.6), []),
        (coat(0.13, 0.08, colour=NAVY), coat(0.9, 0.6), []),
        (coat(0.13, 0.08, colour=ASH), coat(0.9, 0.6, colour=ASH), []),
    ],
    ids=["nearer", "farther", "a usual change", "an arm at the rim", "another coat", "grey"],
)
def test_a_coat_tells_a_leap_in_size(one, other, expected):
    assert [each for each in talking(one, other) if each == "shot_size"] == expected


def test_a_shot_of_an_unknown_place_may_be_from_over_the_line():
    one, other = dialogue(WINE, NAVY), dialogue(NAVY, WINE, (0.3, 0.2, 0.1))
    assert talking(one, other, scenes=("ac", "b")) == ["axis_crossed"]
    assert talking(one, other, scenes=("ac", "bd")) == [], "a cross-cut"


@pytest.mark.parametrize(
    ("one", "other", "relation"),
    [
        (dialogue(WINE, NAVY), dialogue(WINE, NAVY), None),
        (dialogue(WINE, ASH), dialogue(ASH, WINE), None),
        (dialogue(WINE, WINE), dialogue(WINE, WINE), None),
        (dialogue(WINE, NAVY, tall=0.12), dialogue(NAVY, WINE, tall=0.12), None),
        (dialogue(WINE, NAVY), dialogue(NAVY, WINE), place(1.0, "setup")),
    ],
    ids=["they stay", "one wears grey", "both wear the same", "things, not people", "they moved"],
)
def test_who_stays_or_is_not_known_did_not(one, other, relation):
    assert "axis_crossed" not in talking(one, other, relation)
