"""What a result of every kind must hold, and that a field which is wrong is named."""

import copy
import json
import math
import re
from pathlib import Path

import pytest
from least import CORNERS, KEY, MOVE, PIN, RESULTS, SHAPE, TRACK

from answerprint_bridge.kinds import KINDS, check
from answerprint_bridge.messages import HOST_REFUSED, WireError

PAGE = Path(__file__).parents[2] / "resources" / "docs" / "conventions.md"


def test_the_least_of_a_kind_is_whole_and_travels():
    assert RESULTS.keys() == KINDS.keys()
    for kind, result in RESULTS.items():
        assert check(result) == kind
        assert check(json.loads(json.dumps(result))) == kind


@pytest.mark.parametrize(("kind", "name"), [(k, name) for k in KINDS for name in KINDS[k]])
def test_a_field_that_is_missing_or_wrong_is_named(kind, name):
    lacking = {k: v for k, v in RESULTS[kind].items() if k != name}
    with pytest.raises(WireError, match=f"'{kind}' lacks '{name}'") as refused:
        check(lacking)
    assert refused.value.code == HOST_REFUSED
    assert "install.py repair" in refused.value.hint
    for wrong in (None, True, "", [], {}, object(), [{}], [[]], [None], -math.inf):
        with pytest.raises(WireError, match=f"'{kind}' has {name} "):
            check({**lacking, name: wrong})


@pytest.mark.parametrize("wrong", [math.nan, math.inf, [1, 2, math.nan], [1, 2], [1, 2, True]])
def test_numbers_are_finite_and_as_many_as_asked(wrong):
    name = "slope" if isinstance(wrong, list) else "saturation"
    with pytest.raises(WireError, match=name):
        check({**RESULTS["cdl"], name: wrong})


@pytest.mark.parametrize("wrong", [{"percentile_95": 1.0}, {"mean": -0.1}, -0.1, math.nan])
def test_a_residual_is_a_distance(wrong):
    with pytest.raises(WireError, match="residual"):
        check({**RESULTS["cdl"], "residual": wrong})


@pytest.mark.parametrize("wrong", [{"kind": "hologram"}, {}, None, "cdl", {"kind": ["cdl"]}])
def test_what_is_no_result_is_refused(wrong):
    with pytest.raises(WireError, match="unknown kind"):
        check(wrong)


MORE_POINTS = {"frame": 1005, "points": KEY["points"] * 2}
COLUMNS = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 2.5, 0, 0, 1]  # the matrix, column by column
WRONG = {
    "roto": [
        {"shapes": [{**SHAPE, "closed": 1}]},
        {"shapes": [{**SHAPE, "name": ""}]},
        {"shapes": [{**SHAPE, "keys": [*SHAPE["keys"], MORE_POINTS]}]},
        {"shapes": [{**SHAPE, "keys": SHAPE["keys"][::-1]}]},
        {"shapes": [{**SHAPE, "keys": [KEY, KEY]}]},
        {"shapes": [{**SHAPE, "keys": [{**KEY, "points": [[4.0, 2.0]]}]}]},
        {"shapes": [SHAPE, {"points": [[0, 0], [1, 0], [1, 1]]}]},
    ],
    "tracks": [
        {"tracks": [{**TRACK, "points": [[1001, 3.5, 4.5]]}]},
        {"tracks": [{**TRACK, "points": [[1001, 3.5, 4.5, 1.01]]}]},
        {"tracks": [{**TRACK, "points": [[1001.5, 3.5, 4.5, 1.0]]}]},
        {"tracks": [{**TRACK, "points": TRACK["points"][::-1]}]},
        {"tracks": [TRACK, {"points": TRACK["points"]}]},
    ],
    "corner_pin": [
        {"from": CORNERS[:3]},
        {"from": [*CORNERS[:3], [1, 2, 3]]},
        {"corners": [{"frame": 1001, "points": CORNERS[:3]}]},
        {"corners": [{**PIN, "frame": 1001.0}]},
        {"corners": [PIN, PIN]},
    ],
    "camera": [
        {"haperture": 0},
        {"vaperture": -18.7},
        {"frames": [{**MOVE, "matrix": COLUMNS}]},
        {"frames": [{**MOVE, "matrix": MOVE["matrix"][:12]}]},
        {"frames": [{**MOVE, "focal": 0}]},
        {"frames": [{"frame": 1001, "matrix": MOVE["matrix"]}]},
        {"frames": [{**MOVE, "frame": 1002}, MOVE]},
    ],
    "retime": [
        {"curve": [[1001, 1001.0], [1001, 1002.0]]},
        {"curve": [[1001]]},
        {"curve": [[1001, math.nan]]},
    ],
    "markers": [{"markers": [{"frame": 1002}]}, {"markers": [{"frame": "1002", "text": "x"}]}],
}


@pytest.mark.parametrize(("kind", "wrong"), [(k, w) for k, each in WRONG.items() for w in each])
def test_what_breaks_a_convention_is_refused_by_its_field(kind, wrong):
    (name,) = wrong
    with pytest.raises(WireError, match=f"'{kind}' has {name} .* which is not "):
        check({**RESULTS[kind], **wrong})


def test_more_than_the_least_is_welcome():
    for result in copy.deepcopy(list(RESULTS.values())):
        assert check({**result, "file": "/show/x.usda", "note": {"of": "the tool"}})
    assert check({**RESULTS["roto"], "shapes": [{**SHAPE, "feather": 2.0}]})


def test_the_conventions_name_every_kind_and_field():
    page = PAGE.read_text("utf-8")
    table = page[page.index("## Results for hosts") : page.index("## Hosts")]
    rows = dict(re.findall(r"^\| (`.+?`) \| (.+) \|$", table, re.MULTILINE))
    told = {}
    for names, text in rows.items():
        for kind in re.findall("`([a-z_]+)`", names):
            told[kind] = set(re.findall("`([a-z_]+)`", text))
    assert told.pop("kind", None) is not None
    told["matte"] |= told["frames"]  # 'the same and'
    told["stmap"] |= told["frames"]
    told["key"] |= told["frames"]
    assert told.keys() == KINDS.keys()
    for kind, fields in KINDS.items():
        assert set(fields) <= told[kind], f"the page leaves out what a {kind} must have"
