"""What a show has for a hole, ranked, on sights that are given."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from answerprint.check.coverage import Coverage, Sight
from answerprint.check.holes import Missing
from answerprint.check.proposals import proposals
from answerprint.edit.cut import Cut, Event
from answerprint.edit.media import Media
from answerprint.show.propose import Take

RATE = Fraction(24)


class Scene:
    """A show of takes 'A1', 'A2', 'B1', ... 100 frames each; a letter is a set-up."""

    def __init__(self, *names, rate=RATE, frames=100, apart=1):
        self.takes = [
            Take((each, 1001), f"/dailies/{each}.mov", each, "A001", 1001, 1000 + frames,
                 86400, rate, (1920, 1080), (1001, 1000 + frames), place * apart)
            for place, each in enumerate(names)
        ]  # fmt: skip
        self.of = {each.name: each for each in self.takes}

    def shot(self, name, turn, frames=(1041, 1060), speed=1.0):
        take = self.of[name]
        media = Media(
            take.path, "movie", take.first, take.last, 86400, take.rate, False, "",
            1920, 1080, 1.0, ("R", "G", "B"), "ACEScg",
        )  # fmt: skip
        source = (86400 + frames[0] - 1001, 86400 + frames[1] - 1000)
        record = (86400 + 20 * turn, 86420 + 20 * turn)
        return Event(
            turn + 1, name, f"{name}_{turn}", 1, "", record, source, RATE, speed=speed,
            media=media, frames=frames,
        )  # fmt: skip

    def asked(self, told, sights=None, **more):
        """Proposals for the '_' among the takes that the cut shows one after the other."""
        words = told.split()
        at = words.index("_")
        shots = [self.shot(w, n, **more) for n, w in enumerate(words) if w != "_"]
        cut = Cut("", "cut", RATE, False, 86400, tuple(shots), ())
        cover = Coverage(self.takes, cut, sights or self.setups)
        hole = Missing(
            "gap_1", "gap", "gap", (20 * at, 20 * at + 19),
            tuple(shots[:at][::-1]), tuple(shots[at:]),
        )  # fmt: skip
        return proposals(hole, cover)

    def setups(self, event):
        """Every other take of the set-up, as geometry would find it."""
        return [Sight(t, "setup", 50) for t in self.takes if t.name[0] == event.name[0]]

    def log(self, **told):
        """What the camera report says, by the name of a take: scene, slate, focal."""
        self.takes = [replace(each, **told.get(each.name, {})) for each in self.takes]
        self.of = {each.name: each for each in self.takes}


def told(found):
    return [(each.kind, each.take.name) for each in found]


def test_the_set_up_that_the_rhythm_asks_for_comes_first():
    scene = Scene("A1", "A2", "B1", "B2", "C1")
    best = scene.asked("A1 B1 A1 _ A1 B1")[0]
    assert (best.kind, best.take.name) == ("alternate", "B2")
    assert (best.first, best.last, best.speed) == (1041, 1060, 1.0)
    assert best.needs == ("match",)
    assert best.reference == "B1_1"
    assert best.confidence > 0.6
    assert "set-up of B1" in best.why
    assert "does not use" in best.why


def test_what_is_switched_off_uses_no_frames():
    scene = Scene("A1", "B1", frames=60)
    shots = [scene.shot(name, turn) for turn, name in enumerate(("A1", "B1"))]
    cut = Cut("", "cut", RATE, False, 86400, (shots[0], replace(shots[1], enabled=False)), ())
    assert set(Coverage(scene.takes, cut, scene.setups).used) == {("A1", 1001)}


def test_a_take_in_the_cut_gives_what_of_it_is_not_used():
    found = Scene("A1", "B1").asked("A1 B1 A1 _ A1 B1")
    best = found[0]
    assert best.take.name == "B1"
    assert best.kind in ("head", "tail")
    assert best.last < 1041 or best.first > 1060
    assert best.last - best.first == 19


def test_frames_that_the_cut_shows_come_after_those_it_does_not():
    scene = Scene("A1", "B1", "B2", frames=60)
    found = scene.asked("A1 B1 A1 _ A1 B1", frames=(1001, 1060))
    by_name = {each.take.name: each for each in found}
    assert by_name["B1"].confidence == pytest.approx(0.3 * by_name["B2"].confidence)
    assert "already" in by_name["B1"].why


def test_the_neighbours_own_set_up_would_jump():
    found = Scene("A1", "A2", "B1", "B2", "C1", "C2").asked("A1 B1 C1 _ A1 C1 B1")
    assert found[0].take.name == "B2"
    jumps = [each for each in found if each.take.name in ("A2", "C2")]
    assert all(each.confidence < 0.3 * found[0].confidence for each in jumps)


def test_the_first_are_of_several_set_ups():
    found = Scene("A1", "B1", "B2", "B3", "B4", "C1", "C2").asked("A1 B1 A1 _ A1 C1 A1 B1")
    assert len({each.take.name[0] for each in found[:2]}) == 2


def test_neighbours_go_on_with_the_frames_beside_theirs():
    found = Scene("A1", "B1", "C1").asked("A1 _ B1 C1")
    tail = next(each for each in found if each.take.name == "A1")
    head = next(each for each in found if each.take.name == "B1")
    assert (tail.kind, tail.first, tail.last, tail.needs) == ("tail", 1061, 1080, ())
    assert (head.kind, head.first, head.last, head.needs) == ("head", 1021, 1040, ())
    assert (tail.reference, head.reference) == ("A1_0", "B1_2")


def test_a_neighbour_that_runs_backwards_goes_on_backwards():
    found = Scene("A1", "B1").asked("A1 _ B1", speed=-1.0)
    tail = next(each for each in found if each.take.name == "A1")
    assert (tail.kind, tail.first, tail.last, tail.speed) == ("tail", 1021, 1040, -1.0)


def test_a_short_tail_is_slowed_and_a_shorter_one_is_none():
    short = Scene("A1", "B1", frames=75).asked("A1 _ B1")
    tail = next(each for each in short if each.take.name == "A1")
    assert (tail.first, tail.last, tail.speed) == (1061, 1075, 0.75)
    assert tail.needs == ("retime",)
    shorter = Scene("A1", "B1", frames=69).asked("A1 _ B1")
    assert not [each for each in shorter if each.take.name == "A1"]


def test_a_take_of_another_rate_plays_in_its_own_time():
    found = Scene("A1", "B1", "B2", rate=Fraction(48)).asked("A1 B1 A1 _ A1 B1")
    best = next(each for each in found if each.take.name == "B2")
    assert best.last - best.first + 1 == 40
    assert best.speed == 1.0
    assert best.needs == ("match", "retime")


def test_a_wider_take_is_punched_into():
    scene = Scene("A1", "B1", "M1", frames=60)

    def sights(event):
        wide = Sight(scene.of["M1"], "setup", 60, 1.0, 0.625, (480, 270, 1680, 945))
        return [wide] if event.name == "B1" else []

    found = scene.asked("A1 B1 A1 _ A1 B1", sights, frames=(1001, 1060))
    punched = next(each for each in found if each.kind == "wider")
    assert punched.take.name == "M1"
    assert punched.needs == ("match", "reframe")
    assert punched.reframe == {"scale": 1.6, "offset": [-0.1, -0.1]}
    assert punched.reference == "B1_1"


def test_far_wider_takes_are_not():
    scene = Scene("A1", "B1", "M1", frames=60)

    def sights(event):
        return [Sight(scene.of["M1"], "setup", 60, 1.0, 0.47, (0, 0, 900, 506))]

    found = scene.asked("A1 B1 A1 _ A1 B1", sights)
    assert not [each for each in found if each.kind == "wider"]


def test_a_false_set_up_does_not_join_what_stands_apart():
    scene = Scene("A1", "B1", "C1")

    def sights(event):
        seen = {
            "A1": [Sight(scene.of["C1"], "setup", 80)],
            "B1": [Sight(scene.of["C1"], "setup", 40), Sight(scene.of["A1"], "place", 60)],
        }
        return seen.get(event.name, [])

    found = scene.asked("A1 B1 A1 _ A1 B1", sights)
    assert found[0].take.name == "B1"  # C1 stands where A1 stands, and would jump
    assert all(each.confidence < 0.1 for each in found if each.take.name == "C1")


def test_takes_shot_beside_those_of_the_scene_come_before_others():
    names = ["X1", "A1", "A2", "B1", "B2", "C1", *(f"Z{n}" for n in range(30))]
    found = Scene(*names).asked("A1 B1 A1 _ A1 B1")
    of = {each.take.name: each.confidence for each in found}
    assert of["C1"] > of.get("Z20", 0)


def test_what_a_cut_comes_back_to_is_of_one_scene_wherever_it_was_shot():
    found = Scene("A1", "B1", "C1", apart=100).asked("A1 B1 A1 B1 _ C1 A1 C1")
    assert found[0].take.name == "A1"


def test_a_show_without_takes_has_nothing():
    scene = Scene("A1", "B1")
    scene.takes = []
    assert scene.asked("A1 _ B1") == []


def test_the_very_clip_comes_first_and_takes_of_its_set_up_next():
    scene = Scene("A1", "B1", "B2", "C1", "C2")
    shots = [scene.shot(name, turn) for turn, name in enumerate(("A1", "C1", "B1", "C1", "A1"))]
    asked = Event(6, "B2", "B2", 1, "", (86500, 86520), (86430, 86450), RATE, why="Gone.")
    cut = Cut("", "cut", RATE, False, 86400, (*shots, asked), ())
    hole = Missing("gap_1", "missing_media", "", (100, 119), tuple(shots[::-1]), (), asked, ("B2",))
    best, *rest = proposals(hole, Coverage(scene.takes, cut, scene.setups))
    assert (best.kind, best.take.name, best.first, best.last) == ("same", "B2", 1031, 1050)
    assert best.needs == ()
    assert best.confidence > 0.9
    assert all(each.take.name != "B2" and each.confidence < 0.1 for each in rest)
    assert rest[0].take.name == "B1"
    assert "set-up of B2, which the edit names" in rest[0].why


@pytest.mark.parametrize(
    ("speed", "counts", "last"), [(2.0, 40, 1070), (-1.0, 20, 1050), (0.0, 1, 1031)]
)
def test_the_very_clip_keeps_the_speed_that_the_edit_has(speed, counts, last):
    scene = Scene("A1", "B2")
    source = (86430, 86430 + counts)
    asked = Event(6, "B2", "B2", 1, "", (86500, 86520), source, RATE, speed=speed, why="Gone.")
    cut = Cut("", "cut", RATE, False, 86400, (scene.shot("A1", 0), asked), ())
    hole = Missing("gap_1", "missing_media", "", (100, 119), (), (), asked, ("B2",))
    best = proposals(hole, Coverage(scene.takes, cut, scene.setups))[0]
    assert (best.kind, best.speed, best.first, best.last) == ("same", speed, 1031, last)
    assert best.needs == ("retime",)


def test_a_few_structures_are_no_wider_view_of_the_same():
    scene = Scene("A1", "B1", "M1", frames=60)

    def sights(event):
        return [Sight(scene.of["M1"], "setup", 20, 1.0, 0.625, (480, 270, 1680, 945))]

    found = scene.asked("A1 B1 A1 _ A1 B1", sights, frames=(1001, 1060))
    assert not [each for each in found if each.kind == "wider"]


def test_a_take_that_shows_more_from_the_same_spot_is_no_alternate():
    scene = Scene("A1", "B1", "M1")

    def sights(event):
        wide = Sight(scene.of["M1"], "setup", 60, 1.0, 0.625, (480, 270, 1680, 945))
        return [wide] if event.name == "B1" else []

    found = scene.asked("A1 B1 A1 _ A1 B1", sights)
    of = {each.kind: each.take.name for each in found if each.confidence > 0.2}
    assert of["wider"] == "M1"
    assert "alternate" not in of


def test_a_take_of_the_scene_by_the_log_comes_before_one_that_was_shot_nearer():
    scene = Scene("A1", "B1", "Z1", *(f"X{n}" for n in range(9)), "C1")
    scene.log(**{name: {"scene": "12"} for name in ("A1", "B1", "C1")}, Z1={"scene": "13"})
    found = [each.take.name for each in scene.asked("A1 B1 A1 _ B1 A1")]
    assert "C1" in found
    assert "Z1" not in found


def test_the_wide_lens_opens_a_scene():
    scene = Scene("A1", "B1", "M1", "I1")
    for wide, other in (("M1", "I1"), ("I1", "M1")):
        lens = {"A1": 50.0, "B1": 50.0, wide: 25.0, other: 60.0}
        scene.log(**{name: {"focal": each} for name, each in lens.items()})
        found = [each.take.name for each in scene.asked("_ A1 B1 A1 B1")]
        assert found[0] == wide
        assert found.index(wide) < found.index(other)


def test_a_set_up_that_is_cut_in_far_away_is_of_this_scene_if_the_log_says_so():
    scene = Scene("A1", "C1", "B1", "M1")
    words = "A1 B1 A1 B1 _ A1 B1"

    def odds(name):
        shots = [scene.shot(w, n) for n, w in enumerate(words.split()) if w != "_"]
        cut = Cut("", "cut", RATE, False, 86400, (*shots, scene.shot("M1", 90)), ())
        hole = Missing("gap_1", "gap", "gap", (80, 99), tuple(shots[:4][::-1]), tuple(shots[4:]))
        listed = proposals(hole, Coverage(scene.takes, cut, scene.setups))
        return max((each.confidence for each in listed if each.take.name == name), default=0.0)

    assert odds("C1") > 2 * odds("M1")
    scene.log(**{name: {"scene": "12"} for name in ("A1", "B1", "M1")})
    assert 2 * odds("M1") > odds("C1")
