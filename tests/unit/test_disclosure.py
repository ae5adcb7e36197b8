"""What a report says for a later disclosure, and that the table behind it is sound."""

from __future__ import annotations

import json

import pytest

from answerprint.errors import InternalError
from answerprint.trust.disclosure import disclosure, kind, policy, source_type

IPTC_TYPES = {  # http://cv.iptc.org/newscodes/digitalsourcetype/, those in use here
    "algorithmicallyEnhanced",
    "humanEdits",
    "compositeCapture",
    "compositeSynthetic",
    "compositeWithTrainedAlgorithmicMedia",
    "trainedAlgorithmicMedia",
    "algorithmicMedia",
}
OPS = policy()["ops"]


def test_a_match_is_said_whole() -> None:
    assert disclosure("color_match", {"net": "ab" * 32}) == {
        "kind": "color_match",
        "generative": False,
        "digital_source_type": (
            "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicallyEnhanced"
        ),
        "c2pa_action": "c2pa.color_adjustments",
        "models": {"net": "ab" * 32},
        "trained_on_inputs": False,
        "records_needed": ["human_signoff"],
        "records": {},
        "signed_off": None,
        "policy_version": policy()["version"],
    }


def test_it_is_plain_json_and_nobodys_to_change() -> None:
    said = disclosure("color_match", {})
    assert json.loads(json.dumps(said, allow_nan=False)) == said
    said["records_needed"].append("more")
    assert disclosure("color_match", {})["records_needed"] == ["human_signoff"]


def test_measuring_has_no_source_type() -> None:
    assert source_type("analyze") == ""


@pytest.mark.parametrize(
    "name", ["colour_match", "", *(n for n, row in OPS.items() if row.get("blocked"))]
)
def test_kinds_that_no_tool_may_have(name: str) -> None:
    with pytest.raises(InternalError, match=f"'{name}' is no kind of operation"):
        kind(name)


@pytest.mark.parametrize("name", [n for n, row in OPS.items() if not row.get("blocked")])
def test_every_row_is_whole(name: str) -> None:
    row = kind(name)
    assert isinstance(row["generative"], bool)
    assert row["dst"] is None or row["dst"] in IPTC_TYPES
    assert row["c2pa"] is None or row["c2pa"].startswith("c2pa.")
    assert set(row["base"]) <= set(policy()["records"])
    if row["dst"]:
        assert "human_signoff" in row["base"], "a result that somebody has to sign for"


def test_something_is_blocked() -> None:
    assert any(row.get("blocked") for row in OPS.values())
