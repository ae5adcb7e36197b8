"""What a job is to do: all of it in one dataclass, which is also what a recipe stores."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import NoneType
from typing import Any

from answerprint.errors import BadInput, BadParameter

SCHEMA = "answerprint.recipe/1"


@dataclass(frozen=True)
class Source:
    """An input: where it is, its colour space where somebody says, and of another one than the
    source the range of it that counts, '' for all."""

    path: str
    colourspace: str | None = None
    frames: str = ""


@dataclass(frozen=True)
class Preview:
    """One small frame of the result: which, and the pixels of its longer side at most."""

    frame: int
    size: int


@dataclass(frozen=True)
class Order:
    """One run of a tool.

    tool, version, params   the tool's name, the version the values are of (None: today's).
    inputs                  'source' and whatever else the tool takes, by name.
    out, name               folder and base name of the results; name '' is the tool's.
    frames                  range to work on, '' for all.
    part                    of a recipe: make the frames of this range only; '' is the recipe's.
                            What was solved, and the recipe, stay those of its whole range.
    device                  'auto', 'cpu' or 'cuda'.
    write_frames            False: side files only.
    solved, looked_at       from a recipe: the solution, and hashes of the frames it rests on.
    config                  from a recipe: the colour configuration it was made under, else ''.
    frame_hashes            from a recipe: sha256 of the source frames it was run on.
    ranges                  from a recipe: the frames each input had when it was measured.
    earlier                 folder of a run whose solution may be taken, where it still holds.
    preview                 a small frame to show before the frames are made.
    page                    False: no report.html, because nobody will read it.
    from_host               values that a host offers for parameters nobody set.
    """

    tool: str
    inputs: Mapping[str, Source]
    out: Path
    params: Mapping[str, Any] = field(default_factory=dict)
    version: int | None = None
    name: str = ""
    frames: str = ""
    part: str = ""
    device: str = "auto"
    write_frames: bool = True
    solved: dict[str, Any] | None = None
    looked_at: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    config: str = ""
    frame_hashes: Mapping[int, str] = field(default_factory=dict)
    ranges: Mapping[str, str] = field(default_factory=dict)
    earlier: Path | None = None
    preview: Preview | None = None
    page: bool = True
    from_host: Mapping[str, Sequence[str]] = field(default_factory=dict)


def canonical(value: Any) -> str:
    """JSON that is the same text for the same value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(value: Any) -> str:
    """sha256 of a JSON value, first 32 digits: enough to tell recipes apart."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:32]


def to_recipe(order: Order, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The order as recipe.json.

    facts: colour, models, device_class, looked_at, solved, ranges, frame_hashes.
    """
    return {
        "schema": SCHEMA,
        "tool": order.tool,
        "version": order.version,
        "parameters": dict(order.params),
        "inputs": {
            name: {
                "path": os.path.abspath(os.path.expanduser(source.path)),
                "colourspace": source.colourspace,
                "frames": source.frames,
                "sha256": dict(facts["looked_at"].get(name, {})),
                "range": facts["ranges"].get(name, ""),
            }
            for name, source in order.inputs.items()
        },
        "frames": order.frames,
        "name": order.name,
        "write_frames": order.write_frames,
        "colour": facts["colour"],
        "models": facts["models"],
        "seed": 0,
        "frames_sha256": {str(n): h for n, h in sorted(facts["frame_hashes"].items())},
        "device_class": facts["device_class"],
        "solved": facts["solved"],
    }


def from_recipe(
    path: Path, out: Path | None = None, part: str | None = None, device: str | None = None
) -> Order:
    """The order in a recipe.json, with another folder, range or device where asked for.

    Raises BadInput where the file is no recipe.
    """
    recipe = read_recipe(path)
    try:
        inputs = _field(recipe, "inputs", dict)
        hashes = {name: _field(each, "sha256", dict) for name, each in inputs.items()}
        frames = _field(recipe, "frames_sha256", dict)
        for name, each in (*(("sha256", h) for h in hashes.values()), ("frames_sha256", frames)):
            if not all(re.fullmatch("-?[0-9]+", n) for n in each):
                raise _Lacks(f"'{name}'")
        made_on = _field(recipe, "device_class", str)
        if made_on not in ("cpu", "cuda"):
            raise _Lacks("'device_class'")
        return Order(
            tool=_field(recipe, "tool", str),
            version=_field(recipe, "version", int),
            params=_field(recipe, "parameters", dict),
            inputs={
                name: Source(
                    _field(each, "path", str),
                    _field(each, "colourspace", (str, NoneType)),
                    _field(each, "frames", str, ""),  # recipes of 0.1 have none
                )
                for name, each in inputs.items()
            },
            out=out or path.parent,
            name=_field(recipe, "name", str),
            frames=_field(recipe, "frames", str),
            part=part or "",
            device=device or made_on,
            write_frames=_field(recipe, "write_frames", bool),
            solved=_field(recipe, "solved", (dict, NoneType)),
            looked_at=hashes,
            frame_hashes={int(n): str(h) for n, h in _field(recipe, "frames_sha256", dict).items()},
            ranges={name: _field(each, "range", str) for name, each in inputs.items()},
            config=_field(_field(recipe, "colour", dict), "config", str),
        )
    except _Lacks as cause:
        raise BadInput(
            f"{path} is not a whole recipe: {cause} is missing or of another kind.",
            "Run the tool again to make one.",
        ) from cause


class _Lacks(Exception):
    """A field of a recipe or request is missing or of another kind; its name."""


def _field(of: Any, name: str, kind: Any, *default: Any) -> Any:
    if not isinstance(of, Mapping) or (name not in of and not default):
        raise _Lacks(f"'{name}'")
    value = of.get(name, *default)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise _Lacks(f"'{name}'")
    return value


def read_recipe(path: Path) -> dict[str, Any]:
    """recipe.json as it stands. Raises BadInput where it is none, or of a later schema."""
    try:
        recipe = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as cause:
        raise BadInput(f"There is no recipe {path}.", "Name a recipe.json of a run.") from cause
    except (OSError, ValueError) as cause:
        raise BadInput(
            f"{path} cannot be read as a recipe.", "Name a recipe.json of a run.", str(cause)
        ) from cause
    if not isinstance(recipe, dict) or not str(recipe.get("schema", "")).startswith(
        "answerprint.recipe/"
    ):
        raise BadInput(f"{path} is not a recipe of Answerprint.", "Name a recipe.json of a run.")
    if recipe["schema"] != SCHEMA:
        raise BadInput(
            f"{path} is of schema '{recipe['schema']}', this version reads '{SCHEMA}'.",
            "Install the version of Answerprint that wrote it.",
        )
    return recipe


def from_request(request: Mapping[str, Any]) -> Order:
    """The order in the params of a `job.run` request (HOSTS E2).

    inputs      paths, or objects with `pattern` (or `path`), `first`, `last` and `colorspace`.
    outputs     {dir, base?, write_frames?, preview? {frame, size}, page?}.
    and where it helps: frames, part, device, version, earlier (a folder), from_host
    ({parameter: values}), context.

    Raises BadParameter where something is missing.
    """
    try:
        inputs = _field(request, "inputs", dict)
        source = _field(inputs, "source", (str, dict))
        frames = _field(request, "frames", str, "") or _range(source)
        outputs = _field(request, "outputs", dict)
        earlier = _field(request, "earlier", (str, NoneType), None)
        if not _field(outputs, "dir", str):
            raise _Lacks("'dir'")
        return Order(
            tool=_field(request, "tool", str),
            params=_field(request, "params", dict, {}),
            version=_field(request, "version", (int, NoneType), None),
            inputs={
                name: _source(_field(inputs, name, (str, dict)), name != "source")
                for name in inputs
            },
            out=Path(outputs["dir"]),
            name=_field(outputs, "base", str, ""),
            frames=frames,
            part=_field(request, "part", str, ""),
            device=_field(request, "device", str, "auto"),
            write_frames=_field(outputs, "write_frames", bool, True),
            page=_field(outputs, "page", bool, True),
            earlier=Path(earlier) if earlier else None,
            preview=_preview(_field(outputs, "preview", (dict, NoneType), None)),
            from_host=_field(request, "from_host", dict, {}),
        )
    except _Lacks as cause:
        raise BadParameter(
            f"The job's request is not whole: {cause} is missing or of another kind.",
            "It needs tool, params, inputs with a source, and outputs with a dir.",
        ) from cause


def _range(each: str | dict[str, Any]) -> str:
    if isinstance(each, str) or "first" not in each:
        return ""
    return f"{_field(each, 'first', int)}-{_field(each, 'last', int)}"


def _source(each: str | dict[str, Any], ranged: bool) -> Source:
    if isinstance(each, str):
        return Source(each)
    space = _field(each, "colorspace", (str, dict, NoneType), None)
    if isinstance(space, dict):
        space = _field(space, "name", str)
    path = _field(each, "pattern" if "pattern" in each else "path", str)
    return Source(path, space or None, _range(each) if ranged else "")


def _preview(asked: dict[str, Any] | None) -> Preview | None:
    if asked is None:
        return None
    return Preview(_field(asked, "frame", int), _field(asked, "size", int))


def solution_of(order: Order, live: set[str], config: str) -> Order:
    """The order with the solution of a run in the same folder or in `earlier`, where it holds.

    It holds when tool, version, inputs, range, colour configuration and all parameters but the
    live ones are the same.
    """
    for folder in (order.out, order.earlier):
        if order.solved is None and folder and (folder / "recipe.json").exists():
            order = _solved_as(order, folder / "recipe.json", live, config)
    return order


def _solved_as(order: Order, path: Path, live: set[str], config: str) -> Order:
    try:
        earlier = read_recipe(path)
        before, now = from_recipe(path), to_recipe(order, _NO_FACTS)
    except BadInput:
        return order  # no recipe, no solution: it is solved anew

    def measured(recipe: Mapping[str, Any]) -> dict[str, Any]:
        kept = {n: v for n, v in recipe["parameters"].items() if n not in live}
        paths = {
            n: (s["path"], s["colourspace"], s.get("frames", ""))
            for n, s in recipe["inputs"].items()
        }
        return {"params": kept, "paths": paths, "frames": recipe["frames"]} | {
            n: recipe[n] for n in ("tool", "version")
        }

    same = canonical(measured(earlier)) == canonical(measured(now)) and before.config == config
    if not same or before.solved is None:
        return order
    return replace(order, solved=before.solved, looked_at=before.looked_at, ranges=before.ranges)


_NO_FACTS: dict[str, Any] = {
    "looked_at": {},
    "colour": {},
    "models": {},
    "device_class": "cpu",
    "solved": None,
    "ranges": {},
    "frame_hashes": {},
}
