"""What a person reads of a finding: how the shot to mend stands; a row has second minus first."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from answerprint.check import light
from answerprint.check.apart import Apart
from answerprint.check.beside import Pair
from answerprint.check.model import Relation
from answerprint.check.page import value_of


def row(kind, value, uncertainty, mend):
    told = {"kind": kind, "shots": ["a", "b"], "mend": mend}
    return {**told, "value": value, "uncertainty": uncertainty}


@pytest.mark.parametrize(
    ("kind", "value", "uncertainty", "mend", "said"),
    [
        ("exposure", 0.5, 0.02, "b", "+0.5 ± 0.02 stop"),
        ("exposure", 0.5, 0.02, "a", "-0.5 ± 0.02 stop"),
        ("grain", 1.0, 0.2, "b", "+100 ± 20 %"),
        ("grain", 1.0, 0.2, "a", "-50 ± 5 %"),
        ("saturation", -0.2, None, "a", "+25 %"),
        ("gap", 1, 0, "b", "1 frame"),
        ("thing", 30.0, 1.5, "a", "30 ± 1.5 px"),
        ("key_light", None, None, "b", ""),
    ],
)
def test_the_page_tells_the_shot_to_mend(kind, value, uncertainty, mend, said):
    assert value_of(row(kind, value, uncertainty, mend)) == said


@pytest.mark.parametrize(
    ("kind", "mend", "value", "error", "said"),
    [
        ("saturation", 1, 0.6931, 0.1, "100 ± 20% more saturated"),
        ("saturation", 0, 0.6931, 0.1, "50 ± 5% less saturated"),
        ("exposure", 0, 0.5, 0.02, "0.50 ± 0.02 stops darker"),
        ("white_balance", 1, 20.0, 2.0, "30 ± 3 mired warmer"),
    ],
)
def test_the_text_of_a_finding_and_its_uncertainty_are_of_the_shot_to_mend(
    kind, mend, value, error, said
):
    shots = [SimpleNamespace(name=name, cut=(0, 10)) for name in "ab"]
    pair = Pair(0, 1, Relation("a", "b", "setup", 90), SimpleNamespace(from_white=lambda _: 1.5))
    found = light._finding(kind, shots, Apart(mend, 1 - mend, value, error, 0.06), pair)
    assert said in found.text
    assert found.mend == "ab"[mend]
