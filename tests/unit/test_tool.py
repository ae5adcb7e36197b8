"""The declaration of a tool: what it takes, what it refuses, and in which words."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerprint.errors import BadParameter
from answerprint.tool import (
    MOST_FRAMES,
    Control,
    Flag,
    Frames,
    Input,
    Names,
    Num,
    Pick,
    Tool,
    frame_numbers,
    tool,
)
from answerprint.tools import TOOLS, find


@dataclass(frozen=True)
class Grain:
    """Put grain back.

    More that nobody sees in a list.
    """

    amount: Annotated[float, Num(0, 1, help="How much of it", live=True)] = 0.5
    passes: Annotated[int, Num(1, 8, help="How often", unit=" times")] = 2
    stock: Annotated[Literal["fine", "coarse"], Pick(help="Which stock")] = "fine"
    moving: Annotated[bool, Flag(help="Another grain on every frame")] = True
    at: Annotated[str, Frames(help="Measure it at these frames")] = ""
    layers: Annotated[tuple[str, ...], Names(help="Which layers")] = ()


def renamed(values: dict[str, Any]) -> dict[str, Any]:
    return {"amount" if name == "strength" else name: v for name, v in values.items()}


def in_percent(values: dict[str, Any]) -> dict[str, Any]:
    return values | ({"amount": values["amount"] / 100} if "amount" in values else {})


@tool(
    "grain",
    "Grain",
    Grain,
    policy="denoise",
    inputs={"plate": Input("Where the grain is from")},
    version=3,
    upgrades={1: renamed, 2: in_percent},
)
def grain(job: Any, p: Grain) -> Any: ...


def refusal(**values: Any) -> tuple[str, str]:
    with pytest.raises(BadParameter) as refused:
        grain.parse(values)
    return refused.value.title, refused.value.hint


# --- values --------------------------------------------------------------------------------


def test_defaults_and_values() -> None:
    assert grain.parse({}) == Grain()
    made = grain.parse(
        {"amount": 1, "passes": 8, "stock": "coarse", "moving": False, "at": 1001, "layers": "rgb"}
    )
    assert made == Grain(1.0, 8, "coarse", False, "1001", ("rgb",))
    assert isinstance(made.amount, float)
    assert grain.parse({"layers": ["b", "a"]}).layers == ("b", "a")


def test_hyphen_and_underscore_are_the_same() -> None:
    given = find("match").parse({"source-frame": "1001", "reference_frame": "1050"})
    assert (given.source_frame, given.reference_frame) == ("1001", "1050")


@pytest.mark.parametrize(
    ("values", "title", "hint"),
    [
        ({"amount": 1.4}, "Grain: amount is 1.4.", "Use a number from 0 to 1 (default 0.5)."),
        ({"amount": -0.1}, "Grain: amount is -0.1.", "Use a number from 0 to 1 (default 0.5)."),
        (
            {"amount": float("nan")},
            "Grain: amount is nan.",
            "Use a number from 0 to 1 (default 0.5).",
        ),
        ({"amount": True}, "Grain: amount is True.", "Use a number from 0 to 1 (default 0.5)."),
        ({"amount": "1"}, "Grain: amount is '1'.", "Use a number from 0 to 1 (default 0.5)."),
        (
            {"passes": 9},
            "Grain: passes is 9 times.",
            "Use a whole number from 1 to 8 times (default 2).",
        ),
        (
            {"passes": 2.0},
            "Grain: passes is 2.0 times.",
            "Use a whole number from 1 to 8 times (default 2).",
        ),
        ({"stock": "Fine"}, "Grain: stock is 'Fine'.", "Use one of: fine, coarse."),
        ({"stock": ["fine"]}, "Grain: stock is ['fine'].", "Use one of: fine, coarse."),
        ({"moving": 1}, "Grain: moving is 1.", "Use true or false."),
        (
            {"at": "ten"},
            "Grain: at is 'ten'.",
            "'ten' is not a frame range. Use 1001, 1001-1010, 1001-1010x2 or 1001,1050.",
        ),
        (
            {"at": 10.5},
            "Grain: at is 10.5.",
            "Use frame numbers such as 1001, 1001-1010 or 1001,1050.",
        ),
        ({"layers": ["a", ""]}, "Grain: layers is ['a', ''].", "Use a list of names."),
        ({"layers": 5}, "Grain: layers is 5.", "Use a list of names."),
        ({"ammount": 1}, "Grain has no parameter 'ammount'.", "Did you mean 'amount'?"),
        (
            {"zzz": 1},
            "Grain has no parameter 'zzz'.",
            "It has: amount, passes, stock, moving, at, layers.",
        ),
    ],
)
def test_refusals_name_the_value_and_the_way_out(
    values: dict[str, Any], title: str, hint: str
) -> None:
    assert refusal(**values) == (title, hint)


def test_both_ends_of_a_range_are_in_it() -> None:
    for amount in (0, 0.0, 1):
        assert grain.parse({"amount": amount}).amount == amount


# --- versions ------------------------------------------------------------------------------


def test_older_values_are_upgraded_version_by_version() -> None:
    assert grain.parse({"strength": 40}, version=1) == Grain(amount=0.4)
    assert grain.parse({"amount": 40}, version=2) == Grain(amount=0.4)
    assert grain.parse({"amount": 0.4}, version=3) == Grain(amount=0.4)
    assert grain.parse({"amount": 0.4}) == Grain(amount=0.4)


def test_upgrading_leaves_what_was_given_alone() -> None:
    given = {"strength": 40}
    grain.parse(given, version=1)
    assert given == {"strength": 40}


@pytest.mark.parametrize("version", [0, 4])
def test_a_version_from_elsewhere_is_refused(version: int) -> None:
    with pytest.raises(BadParameter) as refused:
        grain.parse({}, version=version)
    assert refused.value.title == f"Grain: the recipe is of version {version}, this is version 3."
    assert refused.value.hint == "Install the newer Answerprint, or make the recipe again."


@pytest.mark.parametrize("upgrades", [{}, {2: renamed}, {1: renamed, 2: renamed, 3: renamed}])
def test_a_version_without_its_upgrade_cannot_be_declared(
    upgrades: dict[int, Callable[..., Any]],
) -> None:
    with pytest.raises(TypeError, match="grain is version 3 and needs an upgrade from each"):
        tool("grain", "Grain", Grain, policy="denoise", version=3, upgrades=upgrades)(print)


def test_a_default_out_of_its_own_range_cannot_be_declared() -> None:
    @dataclass(frozen=True)
    class Off:
        """Off."""

        amount: Annotated[float, Num(0, 1, help="How much of it")] = 2.0

    with pytest.raises(BadParameter, match="amount is 2"):
        tool("off", "Off", Off, policy="denoise")(print)


def test_a_bare_control_is_none() -> None:
    with pytest.raises(TypeError):
        Control(help="nothing").check(1, int, 1)


# --- the declaration as data ---------------------------------------------------------------


def test_spec_is_plain_json_and_complete() -> None:
    spec = grain.spec()
    assert json.loads(json.dumps(spec, allow_nan=False)) == spec
    assert spec["summary"] == "Put grain back."
    assert (spec["name"], spec["label"], spec["version"]) == ("grain", "Grain", 3)
    assert spec["inputs"] == [
        {"name": "source", "required": True, "help": "The shot to work on"},
        {"name": "plate", "required": False, "help": "Where the grain is from"},
    ]
    amount, passes, stock, moving, at, layers = spec["params"]
    assert amount == {
        "name": "amount",
        "kind": "num",
        "default": 0.5,
        "low": 0,
        "high": 1,
        "unit": "",
        "whole": False,
        "live": True,
        "help": "How much of it",
    }
    assert (passes["whole"], passes["unit"], passes["live"]) == (True, " times", False)
    assert stock["choices"] == ["fine", "coarse"]
    assert (moving["kind"], at["kind"]) == ("flag", "frames")
    assert (layers["kind"], layers["default"]) == ("names", [])
    assert "from_host" not in layers


def test_what_a_host_fills_in_is_said() -> None:
    rows = {row["name"]: row for row in find("match").spec()["params"]}
    assert {n: row["from_host"] for n, row in rows.items() if "from_host" in row} == {
        "cdl_space": "grade_spaces"
    }
    assert rows["cdl_space"]["live"], "another host's spaces are no reason to measure again"


def test_the_contract_is_the_docstring_of_the_file() -> None:
    assert isinstance(grain, Tool)
    assert grain.contract == __doc__.strip()


def test_finding_a_tool() -> None:
    assert find("match").name == "match"
    with pytest.raises(BadParameter) as refused:
        find("mtach")
    assert refused.value.title == "There is no tool 'mtach'."
    assert refused.value.hint == "Did you mean 'match'?"
    with pytest.raises(BadParameter) as refused:
        find("os")
    assert refused.value.hint == f"There is: {', '.join(TOOLS)}."


# --- frame numbers -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("", []),
        ("1001", [1001]),
        ("0", [0]),
        ("0001", [1]),
        ("1001-1003", [1001, 1002, 1003]),
        ("1001-1001", [1001]),
        ("1001-1008x3", [1001, 1004, 1007]),
        ("1050,1001", [1001, 1050]),
        (" 1001 , 1001-1002 ", [1001, 1002]),
        ("-5", [-5]),
        ("-5--2", [-5, -4, -3, -2]),
        ("-1-1", [-1, 0, 1]),
        ("-4-4x4", [-4, 0, 4]),
    ],
)
def test_frame_numbers(text: str, numbers: list[int]) -> None:
    assert frame_numbers(text) == numbers


@pytest.mark.parametrize(
    "text",
    ["a", "1-", "-", "--5", "1001-1010x", "1001x2", "1.5", "1_000", "+5", "1 2", ",", "1,,2", "٣"],
)
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a frame range\. Use 1001, 1001-1010, "):
        frame_numbers(text)


@pytest.mark.parametrize("text", ["1010-1001", "-2--5", "1-5x0"])
def test_ranges_that_run_backwards_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f"'{text}' runs backwards"):
        frame_numbers(text)


def test_a_digit_too_many_does_not_eat_the_memory() -> None:
    with pytest.raises(ValueError, match=r"'1-99999999999' is longer than any shot\."):
        frame_numbers("1-99999999999")
    assert len(frame_numbers(f"1-{MOST_FRAMES}")) == MOST_FRAMES


@given(st.integers(-2000, 2000), st.integers(0, 300), st.integers(1, 9))
def test_every_range_is_what_it_says(first: int, length: int, step: int) -> None:
    last = first + length
    assert frame_numbers(f"{first}-{last}x{step}") == list(range(first, last + 1, step))
