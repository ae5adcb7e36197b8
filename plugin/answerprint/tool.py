"""How an artist tool is declared: once, as a dataclass, and read by everything else.

A tool is one file in `tools/` that holds a module docstring (its contract), a frozen
dataclass of parameters annotated with the controls below, and one function under `@tool`.
Command line, panels, host knobs, `resources/catalogue.json`, the reference page, the
tests' strategies and the recipe are all read from it; there is no second list.

Standard library only: reading a declaration must not cost an import of torch.
"""

from __future__ import annotations

import dataclasses
import difflib
import inspect
import math
import re
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from answerprint.errors import BadParameter


@dataclass(frozen=True, kw_only=True)
class Control:
    """What is common to all controls.

    help   one line an artist can use.
    live   True when a change of it needs no new measuring: what was solved still holds.
    """

    help: str
    live: bool = False

    def check(self, value: Any, kind: Any, default: Any) -> Any:
        """The value as the parameter stores it.

        Raises ValueError(hint) where it does not fit; it never clamps.
        """
        raise TypeError(f"{type(self).__name__} is not a control of its own")

    def row(self, kind: Any) -> dict[str, Any]:
        """What a panel needs beside name, kind, default and help."""
        return {}


@dataclass(frozen=True)
class Num(Control):
    """A number in [low, high], both ends included; whole where the field is an int."""

    low: float
    high: float
    unit: str = ""

    def check(self, value: Any, kind: Any, default: Any) -> Any:
        whole = kind is int
        right = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
        if not right or not math.isfinite(value) or not self.low <= value <= self.high:
            raise ValueError(
                f"Use {'a whole number' if whole else 'a number'} from {self.low:g} to "
                f"{self.high:g}{self.unit} (default {default:g})."
            )
        return kind(value)

    def row(self, kind: Any) -> dict[str, Any]:
        return {"low": self.low, "high": self.high, "unit": self.unit, "whole": kind is int}


@dataclass(frozen=True)
class Pick(Control):
    """One of a fixed set; the set is the field's Literal type."""

    def check(self, value: Any, kind: Any, default: Any) -> Any:
        if value not in typing.get_args(kind):
            raise ValueError(f"Use one of: {', '.join(typing.get_args(kind))}.")
        return value

    def row(self, kind: Any) -> dict[str, Any]:
        return {"choices": list(typing.get_args(kind))}


@dataclass(frozen=True)
class Flag(Control):
    """On or off."""

    def check(self, value: Any, kind: Any, default: Any) -> Any:
        if not isinstance(value, bool):
            raise ValueError("Use true or false.")
        return value


@dataclass(frozen=True)
class Frames(Control):
    """Frame numbers as artists write them: '1001', '1001-1010', '1001,1050'; '' is none."""

    def check(self, value: Any, kind: Any, default: Any) -> Any:
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str):
            raise ValueError("Use frame numbers such as 1001, 1001-1010 or 1001,1050.")
        frame_numbers(value)
        return value


@dataclass(frozen=True, kw_only=True)
class Names(Control):
    """Any number of names, in order.

    from_host   what a host gives where nobody names any: 'grade_spaces', the colour spaces it
                takes grades in. Panels do not ask for it; a shell may.
    """

    from_host: Literal["", "grade_spaces"] = ""

    def check(self, value: Any, kind: Any, default: Any) -> Any:
        if isinstance(value, str):
            value = (value,)
        if not isinstance(value, list | tuple) or not all(isinstance(v, str) and v for v in value):
            raise ValueError("Use a list of names.")
        return tuple(value)

    def row(self, kind: Any) -> dict[str, Any]:
        return {"from_host": self.from_host} if self.from_host else {}


@dataclass(frozen=True)
class Input:
    """A shot or picture a tool takes beside its source."""

    help: str
    required: bool = False


MOST_FRAMES = 1_000_000  # eleven hours at 24: beyond it is a slip of the finger
_RANGE = re.compile(r"(?P<first>-?[0-9]+)(-(?P<last>-?[0-9]+)(x(?P<step>[0-9]+))?)?")


def frame_numbers(text: str) -> list[int]:
    """Frame numbers of '1001-1010x2,1050' and the like, ascending; negatives are numbers.

    Raises ValueError with a hint where the text is not a range.
    """
    found: set[int] = set()
    for piece in text.split(",") if text else ():
        match = _RANGE.fullmatch(piece.strip())
        if match is None:
            raise ValueError(
                f"'{piece}' is not a frame range. Use 1001, 1001-1010, 1001-1010x2 or 1001,1050."
            )
        start, stride = int(match["first"]), int(match["step"] or 1)
        stop = int(match["last"] or start)
        if stop < start or stride < 1:
            raise ValueError(f"'{piece}' runs backwards. Use a range such as 1001-1010.")
        if stop - start >= MOST_FRAMES:
            raise ValueError(f"'{piece}' is longer than any shot. Look for a digit too many.")
        found.update(range(start, stop + 1, stride))
    return sorted(found)


@dataclass(frozen=True)
class Tool:
    """One effect: what it is called, what it takes, and the function that does it.

    name       stable for ever: saved scripts, knobs and recipes refer to it.
    label      shown to people, free to change.
    run        (job, params) -> `answerprint.tools.job.Plan`.
    params     the frozen dataclass of parameters.
    policy     kind of operation in `trust/policy.json`: what a disclosure needs to know.
    inputs     what it takes beside `source`, by name.
    version    raised when a saved value would mean something else.
    halo       pixels of context that a strip of the picture needs on each side.
    upgrades   version -> function that turns that version's values into the next one's.
    """

    name: str
    label: str
    run: Callable[..., Any]
    params: type
    policy: str
    inputs: Mapping[str, Input] = field(default_factory=dict)
    version: int = 1
    halo: int = 0
    upgrades: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        return (inspect.getdoc(self.params) or "").splitlines()[0]

    @property
    def contract(self) -> str:
        """The module docstring of the tool's file."""
        return inspect.getdoc(inspect.getmodule(self.run)) or ""

    def controls(self) -> dict[str, tuple[Any, Any, Control]]:
        """Field name -> (type, default, control), in declaration order."""
        hints = typing.get_type_hints(self.params, include_extras=True)
        found = {}
        for each in dataclasses.fields(self.params):
            kind, control = typing.get_args(hints[each.name])
            found[each.name] = (kind, each.default, control)
        return found

    def parse(self, values: Mapping[str, Any], version: int | None = None) -> Any:
        """Saved or typed values, of this or an older version, to a checked params object.

        Raises BadParameter naming the parameter, its value and the way out.
        """
        known = self.controls()
        values = {name.replace("-", "_"): value for name, value in values.items()}
        saved = self.version if version is None else version
        if not 1 <= saved <= self.version:
            raise BadParameter(
                f"{self.label}: the recipe is of version {saved}, this is version {self.version}.",
                "Install the newer Answerprint, or make the recipe again.",
            )
        for each in range(saved, self.version):
            values = self.upgrades[each](values)
        for name, value in values.items():
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                raise BadParameter(
                    f"{self.label} has no parameter '{name}'.",
                    f"Did you mean '{near[0]}'?" if near else f"It has: {', '.join(known)}.",
                )
            kind, default, control = known[name]
            try:
                values[name] = control.check(value, kind, default)
            except ValueError as refused:
                unit = getattr(control, "unit", "")
                shown = value if isinstance(value, int | float) else repr(value)
                raise BadParameter(
                    f"{self.label}: {name} is {shown}{unit}.", str(refused)
                ) from None
        return self.params(**values)

    def spec(self) -> dict[str, Any]:
        """The declaration as plain JSON: all that a panel or a host menu ever sees."""
        rows = []
        for name, (kind, default, control) in self.controls().items():
            row = {"name": name, "kind": type(control).__name__.lower(), "default": default}
            if isinstance(default, tuple):
                row["default"] = list(default)
            rows.append(row | control.row(kind) | {"live": control.live, "help": control.help})
        return {
            "name": self.name,
            "label": self.label,
            "summary": self.summary,
            "version": self.version,
            "policy": self.policy,
            "halo": self.halo,
            "inputs": [
                {"name": "source", "required": True, "help": "The shot to work on"},
                *(
                    {"name": name, "required": each.required, "help": each.help}
                    for name, each in self.inputs.items()
                ),
            ],
            "params": rows,
        }


def tool(name: str, label: str, params: type, **more: Any) -> Callable[[Callable[..., Any]], Tool]:
    """Declare the function below as the tool `name`; the name then stands for the Tool."""

    def declare(run: Callable[..., Any]) -> Tool:
        made = Tool(name=name, label=label, run=run, params=params, **more)
        made.parse({each: default for each, (_, default, _) in made.controls().items()})
        if list(made.upgrades) != list(range(1, made.version)):
            raise TypeError(f"{name} is version {made.version} and needs an upgrade from each.")
        return made

    return declare
