"""What became of each result, in words."""

import pytest

from answerprint.panel.outcome import in_words, numbers_of
from answerprint_bridge.results import Answer


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer("cdl", "done", "cdl", items=("Grade1",)), "CDL: done."),
        (
            Answer("frames", "done", "frames", items=("/r/m.%04d.exr",)),
            "Frames: done (m.%04d.exr).",
        ),
        (
            Answer("cdl", "degraded", "lut", "its numbers are for ACEScct."),
            "CDL: placed as cube. its numbers are for ACEScct.",
        ),
        (
            Answer("lut", "spare", why="The same look stands."),
            "Cube: not needed. The same look stands.",
        ),
        (Answer("camera", "refused", why="no place."), "Camera: not placed. no place."),
        (Answer("corner_pin", "done", "corner_pin"), "Corner pin: done."),
    ],
)
def test_an_answer_in_words(answer, said):
    assert in_words(answer) == said


def test_numbers_are_told_with_the_space_they_are_for():
    assert in_words(Answer("cdl", "done", "cdl"), "ACEScct") == "CDL in ACEScct: done."


def test_numbers_of_nested_reports_keep_their_names():
    tree = {"delta_e": {"mean": 2.5}, "gain": [1, 2, 3], "two": [4, 5], "ok": True, "why": "x"}
    assert list(numbers_of(tree)) == [
        ("delta_e mean", 2.5),
        ("gain R", 1),
        ("gain G", 2),
        ("gain B", 3),
        ("two 1", 4),
        ("two 2", 5),
    ]
