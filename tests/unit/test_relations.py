"""From one spot, of one place, or neither: cameras of a known room, and deceiving pictures."""

from __future__ import annotations

import numpy as np
import pytest
from seen import never, shot, taken
from soundstage.room import BEHIND, CLOSE, SIDE, WIDE, Camera

from answerprint.check import relations
from answerprint.check.model import Relation
from answerprint.check.relations import relate
from answerprint.errors import Cancelled

PAN = Camera(WIDE.eye, (0.6, 0.1, 5.0), 0.95)
TIGHTER = Camera(WIDE.eye, (0.3, 0.1, 5.0), 1.3)
CAMERAS = {
    "wide": WIDE, "side": SIDE, "close": CLOSE, "behind": BEHIND,
    "again": WIDE, "pan": PAN, "tighter": TIGHTER,
}  # fmt: skip
COMMON = np.array([0.2, -0.2, 4.6])
"""What all cameras but one look at."""


@pytest.fixture(scope="module")
def found() -> dict[tuple[str, str], Relation]:
    shots = [
        shot(name, turn, taken(camera, (turn,), 400))
        for turn, (name, camera) in enumerate(CAMERAS.items())
    ]
    return relate(shots, never)


def true_angle(one: str, two: str) -> float:
    a, b = (COMMON - CAMERAS[name].eye for name in (one, two))
    return float(np.degrees(np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b))))


@pytest.mark.parametrize("pair", [("wide", "again"), ("wide", "pan"), ("wide", "tighter")])
def test_a_camera_that_turns_or_zooms_is_one_setup(found, pair) -> None:
    relation = found[pair]
    assert relation.kind == "setup"
    assert relation.angle == 0
    assert relation.homography is not None


@pytest.mark.parametrize("pair", [("wide", "side"), ("side", "close"), ("wide", "close")])
def test_another_camera_is_one_place_and_its_angle_is_known(found, pair) -> None:
    relation = found[pair]
    assert relation.kind == "place"
    assert relation.angle is not None
    assert abs(relation.angle - true_angle(*pair)) < 2 * relation.angle_error + 2
    assert relation.angle_error < 20


def test_scale_is_how_much_larger_the_second_is(found) -> None:
    scale = found["wide", "tighter"].scale
    assert scale == pytest.approx(1.3 / 0.95, rel=0.03)
    larger = found["wide", "close"].scale
    apart = [np.linalg.norm(COMMON - CAMERAS[name].eye) for name in ("wide", "close")]
    assert larger == pytest.approx(apart[0] / apart[1] * 1.25 / 0.95, rel=0.15)


def test_the_other_side_of_the_room_is_no_relation(found) -> None:
    kinds = {relation.kind for pair, relation in found.items() if "behind" in pair}
    assert kinds <= {"none", "palette"}


def test_the_homography_lays_one_picture_on_the_other(found) -> None:
    """In pixels of the samples, of the frames it names."""
    relation = found["wide", "tighter"]
    assert relation.frames is not None
    zoom = 1.3 / 0.95
    there = relation.homography @ (199.5, 112, 1)
    x, y = there[:2] / there[2]
    assert y == pytest.approx(112, abs=1.5)
    # the camera turned to the right by atan(0.3 / 6.2): the old middle is left of the new one
    assert x == pytest.approx(199.5 - 0.3 / 6.2 * 1.3 * 400, abs=2.5)
    corner = relation.homography @ (0, 0, 1)
    middle = np.array([x, y])
    assert np.linalg.norm(corner[:2] / corner[2] - middle) == pytest.approx(
        zoom * np.hypot(199.5, 112), rel=0.06
    )


def test_evidence_holds_colours_of_the_first_and_the_second() -> None:
    shots = [
        shot("a", 0, taken(WIDE, (0,), 320)),
        shot("b", 1, [2 * picture for picture in taken(WIDE, (1,), 320)]),
    ]
    evidence = relate(shots, never)["a", "b"].evidence
    assert evidence is not None
    assert len(evidence.where) <= relations.KEPT
    code = np.median(evidence.pairs.reference - evidence.pairs.source)
    assert code == pytest.approx(1 / 17.52, abs=0.003)  # a stop, in ACEScct


def test_some_places_are_drawn(found) -> None:
    rows = relations.drawn(found["wide", "side"])
    assert 20 < len(rows) <= relations.DRAWN
    frames = found["wide", "side"].frames
    assert {(row[0], row[3]) for row in rows} == {frames}
    assert all(0 <= row[k] <= 1 for row in rows for k in (1, 2, 4, 5))
    assert relations.drawn(found["close", "behind"]) == []


def noise(seed: int) -> np.ndarray:
    """A picture with nothing of any other in it."""
    random = np.random.default_rng(seed)
    light = np.full((270, 480, 3), 0.2, np.float32)
    for _ in range(400):
        x, y, w, h = (int(v) for v in random.integers((480, 270, 50, 50)))
        light[y : y + h, x : x + w] = random.uniform(0.02, 0.9, 3)
    return light


def test_text_burnt_in_does_not_make_one_place() -> None:
    shots = []
    for turn in range(2):
        picture = noise(turn)
        picture[230:262, 40:440] = noise(99)[230:262, 40:440]
        shots.append(shot(f"s{turn}", turn, [picture]))
    assert relate(shots, never)["s0", "s1"].kind in ("none", "palette")


def test_a_picture_without_structure_is_related_to_nothing() -> None:
    grey = np.full((270, 480, 3), 0.18, np.float32)
    shots = [shot("grey", 0, [grey]), shot("wide", 1, taken(WIDE, (0,))), shot("card", 2, [grey])]
    assert {relation.kind for relation in relate(shots, never).values()} <= {"none"}


def test_one_wall_seen_from_two_spots_is_no_setup_against_better_evidence() -> None:
    """A setup that would join two groups seen to be apart becomes a place."""

    def one(first: str, second: str, kind: str, structures: int) -> Relation:
        angle = 0.0 if kind == "setup" else 20.0
        return Relation(first, second, kind, structures, np.eye(3), angle=angle)

    given = [
        one("a", "b", "setup", 900), one("c", "d", "setup", 800),
        one("a", "c", "place", 400), one("b", "d", "setup", 200), one("a", "e", "setup", 100),
    ]  # fmt: skip
    agreed = relations._agreed({(each.first, each.second): each for each in given})
    assert agreed["b", "d"].kind == "place"
    assert agreed["b", "d"].angle == 20
    assert agreed["b", "d"].homography is None
    assert {agreed[pair].kind for pair in (("a", "b"), ("c", "d"), ("a", "e"))} == {"setup"}


def test_matches_of_a_shot_stay_bounded() -> None:
    """Twelve takes of one set-up: the work grows with the shots, not with their pairs."""
    pictures = [taken(WIDE, (frame,), 160) for frame in range(3)]
    shots = [shot(f"s{turn}", turn, pictures[turn % 3]) for turn in range(12)]
    found = relate(shots, never)
    of_the_last = [pair for pair in found if pair[1] == "s11"]
    assert len(of_the_last) == relations.MATCHED < 11
    assert {("s9", "s11"), ("s10", "s11")} <= set(of_the_last)
    assert all(relation.kind == "setup" for relation in found.values())


def test_a_return_far_down_the_cut_is_found() -> None:
    """Nothing but its words points from the last shot to the first."""
    between = [shot(f"n{seed}", seed, [noise(seed)]) for seed in range(1, relations.NEAR + 3)]
    wide = taken(WIDE, (0, 4), 320)
    shots = [shot("first", 0, wide[:1]), *between, shot("last", len(between) + 1, wide[1:])]
    assert relate(shots, never)["first", "last"].kind == "setup"


def test_who_listens_can_stop_it() -> None:
    shots = [shot(f"s{turn}", turn, taken(WIDE, (turn,), width=240)) for turn in range(2)]
    heard = []

    def stop(done: int, total: int) -> None:
        heard.append((done, total))
        if done == 3:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        relate(shots, stop)
    assert heard == [(1, 4), (2, 4), (3, 4)]
