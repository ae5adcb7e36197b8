"""Which shots make a scene: by what they verifiably share, never by palette alone."""

from __future__ import annotations

import numpy as np
from seen import shot

from answerprint.check.model import Relation
from answerprint.check.scenes import scenes

GREY = np.full((9, 16, 3), 0.18, np.float32)


def grouped(names: str, *related: tuple[str, str, str]):
    shots = [shot(name, turn, [GREY]) for turn, name in enumerate(names)]
    relations = {
        (first, second): Relation(first, second, kind, 100 - at, why=f"{first}{second} {kind}.")
        for at, (first, second, kind) in enumerate(related)
    }
    return scenes(shots, relations)


def test_a_return_to_a_setup_joins_its_scene() -> None:
    made = grouped("abxc", ("a", "b", "place"), ("b", "c", "setup"))
    assert [scene.shots for scene in made] == [("a", "b", "c"), ("x",)]
    assert made[0].setups == (("a",), ("b", "c"))
    assert made[0].why == ("ab place.", "bc setup.")


def test_scenes_stand_in_the_order_of_their_first_shots() -> None:
    made = grouped("dcba", ("d", "a", "setup"), ("c", "b", "place"))
    assert [scene.shots for scene in made] == [("d", "a"), ("c", "b")]
    assert [scene.name for scene in made] == ["scene 1", "scene 2"]


def test_a_palette_joins_nothing_and_is_told() -> None:
    made = grouped("abc", ("a", "b", "palette"), ("b", "c", "none"))
    assert [scene.shots for scene in made] == [("a",), ("b",), ("c",)]
    assert made[0].why == ("ab palette. It was left out.",)
    assert made[1].why == ()


def test_a_palette_joins_what_the_cut_weaves_together() -> None:
    """The other side of a dialogue: between two shots of a set-up, and of their colours."""
    made = grouped("abcd", ("a", "b", "palette"), ("c", "d", "palette"))
    assert [scene.shots for scene in made] == [("a",), ("b",), ("c",), ("d",)]
    woven = grouped("abcd", ("a", "c", "setup"), ("a", "b", "palette"), ("c", "d", "palette"))
    assert [scene.shots for scene in woven] == [("a", "b", "c"), ("d",)]
    assert "ab palette." in woven[0].why


def test_half_a_palette_joins_a_shot_to_the_one_before() -> None:
    def joined(first: str, second: str, overlap: float) -> list[tuple[str, ...]]:
        shots = [shot(name, turn, [GREY]) for turn, name in enumerate("abc")]
        like = Relation(first, second, "palette", why="Alike.", overlap=overlap)
        return [scene.shots for scene in scenes(shots, {(first, second): like})]

    assert joined("a", "b", 0.52) == [("a", "b"), ("c",)]
    assert joined("a", "b", 0.48) == [("a",), ("b",), ("c",)]
    assert joined("a", "c", 0.52) == [("a",), ("b",), ("c",)]


def test_every_shot_is_in_one_scene_and_one_setup() -> None:
    made = grouped("abcdef", ("a", "c", "setup"), ("c", "f", "place"), ("b", "e", "setup"))
    assert sorted(name for scene in made for name in scene.shots) == list("abcdef")
    for scene in made:
        assert sorted(name for setup in scene.setups for name in setup) == sorted(scene.shots)
