"""What holds for every tool by its declaration alone, so that a new one arrives with its tests."""

from __future__ import annotations

import dataclasses
import inspect
import json
import typing
from typing import Any

import pytest

from answerprint.cli import parsers
from answerprint.errors import BadParameter
from answerprint.tool import Flag, Num, Pick, Tool
from answerprint.tools import TOOLS, every, find
from answerprint.trust.disclosure import disclosure, kind

ALL = pytest.mark.parametrize("tool", every(), ids=lambda tool: tool.name)


@ALL
def test_is_described(tool: Tool) -> None:
    assert tool.label
    assert len(tool.summary) > 8
    assert tool.run.__module__ == f"answerprint.tools.{tool.name}"
    for name, (_, _, control) in tool.controls().items():
        assert len(control.help) > 8, f"{tool.name}.{name} needs a help text"
        assert not control.help.endswith("."), f"{tool.name}.{name}: one line, no full stop"
    for name, each in tool.inputs.items():
        assert len(each.help) > 8, f"{tool.name}: the input {name} needs a help text"


@ALL
def test_its_file_says_what_it_does_and_holds(tool: Tool) -> None:
    what, *parts = tool.contract.split("\n\n")
    assert len(what) > 8
    for part in ("Convention", "Holds", "Source"):
        assert any(each.startswith(part) for each in parts), f"{tool.name} lacks '{part}'"


@ALL
def test_function_takes_a_job_and_its_own_params(tool: Tool) -> None:
    hints = typing.get_type_hints(tool.run)
    first, second = inspect.signature(tool.run).parameters
    assert hints[first].__name__ == "Job"
    assert hints[second] is tool.params
    assert hints["return"].__name__ == "Plan"
    assert dataclasses.is_dataclass(tool.params)
    assert tool.params.__dataclass_params__.frozen  # type: ignore[attr-defined]


@ALL
def test_defaults_pass_their_own_check_and_survive_json(tool: Tool) -> None:
    values = json.loads(json.dumps(dataclasses.asdict(tool.params()), allow_nan=False))
    assert tool.parse(values) == tool.params()


@ALL
def test_refuses_values_out_of_range_and_says_which(tool: Tool) -> None:
    checked = 0
    for name, (_, _, control) in tool.controls().items():
        wrong: list[Any] = [None, {}]
        if isinstance(control, Num):
            wrong += [control.high + 1, control.low - 1, float("inf"), "1", True]
        elif isinstance(control, Pick):
            wrong += ["no such choice", 0]
        elif isinstance(control, Flag):
            wrong += [0, "true"]
        for value in wrong:
            with pytest.raises(BadParameter) as refused:
                tool.parse({name: value})
            assert refused.value.title.startswith(f"{tool.label}: {name} is ")
            assert refused.value.hint
            checked += 1
    assert checked


@ALL
def test_ends_and_choices_are_taken(tool: Tool) -> None:
    for name, (of, _, control) in tool.controls().items():
        taken: tuple[Any, ...] = ()
        if isinstance(control, Num):
            taken = (of(control.low), of(control.high))
        elif isinstance(control, Pick):
            taken = typing.get_args(of)
        for value in taken:
            assert getattr(tool.parse({name: value}), name) == value


@ALL
def test_what_it_does_is_in_the_policy(tool: Tool) -> None:
    assert not kind(tool.policy).get("blocked")
    assert disclosure(tool.policy, {})["kind"] == tool.policy


@ALL
def test_every_parameter_and_input_is_a_flag_of_the_command_line(tool: Tool) -> None:
    _, verbs = parsers()
    words = ["plate.exr", "--out", "results"]
    asked = vars(verbs[tool.name].parse_args(words))
    assert {*tool.inputs, *(f"{name}_colourspace" for name in tool.inputs)} <= asked.keys()
    helped = verbs[tool.name].format_help()
    for name in tool.controls():
        assert f"--{name.replace('_', '-')}" in helped


def test_the_list_and_the_files_agree() -> None:
    assert [tool.name for tool in every()] == list(TOOLS)
    assert len(set(TOOLS)) == len(TOOLS)
    assert all(find(name.replace("_", "-")).name == name for name in TOOLS)
