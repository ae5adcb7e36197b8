"""What differs between two takes, cut into things; what is somebody is left out."""

from __future__ import annotations

import numpy as np

from answerprint.vision.pieces import regions

SIZE = (270, 480)
PERSON = np.s_[40:220, 60:130]
Part = tuple[slice, slice]


def kept(*parts: Part, moving: Part | None = None) -> list[tuple[tuple[int, int], bool]]:
    """Top left corner of what counts as a thing, and whether it is beside somebody."""
    left, sigma = np.zeros((*SIZE, 3)), np.full((*SIZE, 3), 0.002)
    for part in parts:
        left[part] = 0.1
    stirs = np.zeros(SIZE, bool)
    if moving is not None:
        stirs[moving] = True
    found = regions(left, sigma, np.ones(SIZE, bool), stirs)
    assert found is not None
    corners = [tuple(int(at.min()) for at in np.nonzero(mask)) for mask, _ in found]
    return [((y, x), beside) for (y, x), (_, beside) in zip(corners, found, strict=True)]


def test_a_thing_alone_is_kept():
    assert kept(np.s_[150:170, 300:320]) == [((150, 300), False)]


def test_a_thing_that_a_shoulder_touches_is_kept_and_told_apart():
    ((corner, beside),) = kept(np.s_[219:250, 122:144], moving=PERSON)
    assert beside
    assert corner[0] >= 219


def test_what_lies_along_somebody_is_theirs():
    assert kept(np.s_[100:130, 132:142], moving=PERSON) == []


def test_a_small_change_right_beside_somebody_is_theirs():
    assert kept(np.s_[224:230, 100:107], moving=PERSON) == []


def test_pieces_all_over_a_body_are_somebody():
    body = [
        np.s_[y : y + 12, x : x + 10] for y, x in ((60, 200), (90, 222), (120, 198), (160, 210))
    ]
    assert kept(*body) == []
    assert len(kept(*body[:3])) == 3


def test_what_is_most_of_the_change_around_it_is_a_thing():
    bits = [np.s_[y : y + 6, x : x + 6] for y, x in ((60, 200), (90, 222), (118, 198), (146, 230))]
    assert kept(np.s_[160:190, 200:224], *bits) == [((160, 200), False)]


def test_what_reaches_the_end_of_the_picture_is_left_out():
    assert kept(np.s_[250:270, 300:320]) == []
