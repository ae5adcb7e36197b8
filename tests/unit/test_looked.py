"""What a show's takes and the shots of a cut have in common, and how their light differs."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from soundstage import room
from soundstage.shots import save_shot

from answerprint.check import looked
from answerprint.check.audition import words
from answerprint.check.coverage import Coverage
from answerprint.check.looked import Looked
from answerprint.check.unlike import told
from answerprint.edit.cut import Cut, Event
from answerprint.edit.media import Library
from answerprint.show.add import add
from answerprint.show.propose import Proposal
from answerprint.show.store import make_show, open_show

RATE = Fraction(24)
WARM = np.float32((1.12, 1.0, 0.84))
TAKES = {
    "A1": (room.BEHIND, 1.0),
    "A2": (room.BEHIND, 1.0),
    "A3": (room.BEHIND, 0.5),
    "A4": (room.BEHIND, WARM),
    "B1": (room.WIDE, 1.0),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("looked")
    for turn, (name, (camera, gain)) in enumerate(TAKES.items()):
        pictures = {
            1001 + n: (room.render(camera, 5 * turn + n, 240, 135) * gain).astype(np.float32)
            for n in range(2)
        }
        save_shot(place / "dailies" / name, pictures)
    add(make_show(place / "show"), [str(place / "dailies")])
    return place


def shot(folder, name, frames=(1001, 1001)):
    media = Library().open(str(folder / f"dailies/{name}/{name}.%04d.exr"))
    source = frames[0], frames[1] + 1
    return Event(1, name, name, 1, "", (0, 1), source, RATE, media=media, frames=frames)


def lit(folder, name, reference="A1", needs=("match",)):
    """A proposal of a take beside a shot of A1."""
    event = shot(folder, reference)
    eyes = Looked(open_show(folder / "show"))
    take = next(each for each in eyes.takes if each.name == name)
    cover = Coverage(eyes.takes, Cut("", "cut", RATE, False, 0, (event,), ()), eyes.sights)
    given = Proposal(
        "alternate", take, 1001, 1002, needs=needs, why="Why.", reference=reference
    )  # fmt: skip
    return eyes.lit(given, cover)


def test_a_shot_of_a_take_is_not_decoded_again(folder, monkeypatch):
    eyes = Looked(open_show(folder / "show"))
    decoded = eyes._decoded(shot(folder, "A1"))

    def opened(*_, **__):
        raise AssertionError("It was decoded.")

    monkeypatch.setattr(looked, "open_clip", opened)
    sights = eyes.sights(shot(folder, "A1"))
    setups = {each.take.name for each in sights if each.setup}
    assert setups >= {"A2", "A3", "A4"}
    assert "B1" not in setups
    with pytest.raises(AssertionError, match="decoded"):
        eyes.sights(shot(folder, "A1", (1009, 1010)))
    assert decoded is not None


def test_takes_are_compared_by_what_is_kept_of_them(folder):
    eyes = Looked(open_show(folder / "show"))
    of = {each.name: each for each in eyes.takes}
    same = eyes.compare(of["A1"], of["A2"])
    assert same is not None
    assert same.setup
    assert same.take == of["A2"]
    other = eyes.compare(of["A1"], of["B1"])
    assert other is None or not other.setup


def test_a_take_in_the_same_light_needs_no_match(folder):
    found = lit(folder, "A2", needs=("match", "retime"))
    assert found.needs == ("retime",)
    assert abs(found.light["exposure"]["value"]) < 0.05
    assert "Beside A1 it is lit alike." in words(found)


def test_a_take_in_half_the_light_needs_a_stop(folder):
    found = lit(folder, "A3")
    assert found.needs == ("match",)
    assert found.light["exposure"]["value"] == pytest.approx(-1, abs=0.05)
    assert found.light["exposure"]["unit"] == "stop"
    assert "stop darker: it needs a match." in words(found)
    assert "warmer" not in words(found)


def test_a_warmer_take_needs_a_match_too(folder):
    found = lit(folder, "A4")
    assert found.needs == ("match",)
    assert found.light["white_balance"]["value"] > 15
    assert "mired warmer" in words(found)


def test_of_another_set_up_nothing_is_told(folder):
    found = lit(folder, "B1")
    assert (found.light, found.needs) == (None, ("match",))
    assert "It may need a match to A1." in words(found)


def test_what_needs_no_match_is_not_measured(folder):
    assert lit(folder, "A3", needs=()).light is None


def test_differences_in_words():
    def said(stops, mired, duv):
        values = {"exposure": stops, "white_balance": mired, "tint": duv}
        return told({kind: {"value": value} for kind, value in values.items()})

    assert said(0.5, -12, 0.004) == "0.50 stop lighter, 12 mired cooler, 0.0040 Duv greener"
    assert said(-0.25, 2, -0.005) == "0.25 stop darker, 0.0050 Duv more magenta"
    assert said(0.02, 1, 0.0001) == ""
