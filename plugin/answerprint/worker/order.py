"""What a job is to do: all of it in one dataclass, which is also what a recipe stores."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from answerprint.errors import BadInput, BadParameter

SCHEMA = "answerprint.recipe/1"


@dataclass(frozen=True)
class Source:
    """An input: where it is, and its colour space where somebody says."""

    path: str
    colourspace: str | None = None


@dataclass(frozen=True)
class Order:
    """One run of a tool.

    tool, version, params   the tool's name, the version the values are of (None: today's).
    inputs                  'source' and whatever else the tool takes, by name.
    out, name               folder and base name of the results; name '' is the tool's.
    frames                  range to work on, '' for all.
    device                  'auto', 'cpu' or 'cuda'.
    write_frames            False: side files only.
    solved, looked_at       from a recipe: the solution, and hashes of the frames it rests on.
    """

    tool: str
    inputs: Mapping[str, Source]
    out: Path
    params: Mapping[str, Any] = field(default_factory=dict)
    version: int | None = None
    name: str = ""
    frames: str = ""
    device: str = "auto"
    write_frames: bool = True
    solved: dict[str, Any] | None = None
    looked_at: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def canonical(value: Any) -> str:
    """JSON that is the same text for the same value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(value: Any) -> str:
    """sha256 of a JSON value, first 32 digits: enough to tell recipes apart."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:32]


def to_recipe(order: Order, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The order as recipe.json. facts: colour, models, device_class, looked_at, solved."""
    return {
        "schema": SCHEMA,
        "tool": order.tool,
        "version": order.version,
        "parameters": dict(order.params),
        "inputs": {
            name: {
                "path": os.path.abspath(source.path),
                "colourspace": source.colourspace,
                "sha256": dict(facts["looked_at"].get(name, {})),
            }
            for name, source in order.inputs.items()
        },
        "frames": order.frames,
        "name": order.name,
        "write_frames": order.write_frames,
        "colour": facts["colour"],
        "models": facts["models"],
        "seed": 0,
        "device_class": facts["device_class"],
        "solved": facts["solved"],
    }


def from_recipe(path: Path, out: Path | None = None, frames: str | None = None) -> Order:
    """The order in a recipe.json, with another folder or range where asked for.

    Raises BadInput where the file is no recipe.
    """
    recipe = read_recipe(path)
    try:
        order = Order(
            tool=recipe["tool"],
            version=recipe["version"],
            params=recipe["parameters"],
            inputs={
                name: Source(each["path"], each["colourspace"])
                for name, each in recipe["inputs"].items()
            },
            out=out or path.parent,
            name=recipe["name"],
            frames=recipe["frames"] if frames is None else frames,
            device={"cpu": "cpu", "cuda": "cuda"}[recipe["device_class"]],
            write_frames=recipe["write_frames"],
            solved=recipe["solved"],
            looked_at={name: each["sha256"] for name, each in recipe["inputs"].items()},
        )
    except (KeyError, TypeError, AttributeError) as cause:
        raise BadInput(
            f"{path} is not a whole recipe: {cause} is missing or of another kind.",
            "Run the tool again to make one.",
        ) from cause
    return order


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
            f"{path} is a {recipe['schema']}, this version reads {SCHEMA}.",
            "Install the version of Answerprint that wrote it.",
        )
    return recipe


def from_request(request: Mapping[str, Any]) -> Order:
    """The order in the params of a `job.run` request (HOSTS E2).

    inputs are paths, or objects with `pattern` (or `path`), `first`, `last` and `colorspace`.
    Raises BadParameter where something is missing.
    """
    try:
        outputs = request["outputs"]
        inputs = {name: _source(each) for name, each in request["inputs"].items()}
        source = request["inputs"]["source"]
        frames = str(request.get("frames") or "")
        if not frames and isinstance(source, Mapping) and "first" in source:
            frames = f"{source['first']}-{source['last']}"
        return Order(
            tool=request["tool"],
            params=request.get("params", {}),
            version=request.get("version"),
            inputs=inputs,
            out=Path(outputs["dir"]),
            name=outputs.get("base", ""),
            frames=frames,
            device=request.get("device", "auto"),
            write_frames=outputs.get("write_frames", True),
        )
    except (KeyError, TypeError, AttributeError) as cause:
        raise BadParameter(
            f"The job's request is not whole: {cause} is missing or of another kind.",
            "It needs tool, params, inputs with a source, and outputs with a dir.",
        ) from cause


def _source(each: Any) -> Source:
    if isinstance(each, str):
        return Source(each)
    space = each.get("colorspace")
    if isinstance(space, Mapping):
        space = space.get("name")
    return Source(each["pattern"] if "pattern" in each else each["path"], space or None)


def solution_of(order: Order, live: set[str]) -> Order:
    """The order with the solution of an earlier run in the same folder, where it still holds.

    It holds when tool, version, inputs, range and all parameters but the live ones are the same.
    """
    path = order.out / "recipe.json"
    if order.solved is not None or not path.exists():
        return order
    try:
        earlier = read_recipe(path)
        before, now = from_recipe(path), to_recipe(order, _NO_FACTS)
    except BadInput:
        return order  # what stands there is replaced by this run's own recipe

    def measured(recipe: Mapping[str, Any]) -> dict[str, Any]:
        kept = {n: v for n, v in recipe["parameters"].items() if n not in live}
        paths = {n: (s["path"], s["colourspace"]) for n, s in recipe["inputs"].items()}
        return {"params": kept, "paths": paths, "frames": recipe["frames"]} | {
            n: recipe[n] for n in ("tool", "version")
        }

    if canonical(measured(earlier)) != canonical(measured(now)) or before.solved is None:
        return order
    return replace(order, solved=before.solved, looked_at=before.looked_at)


_NO_FACTS: dict[str, Any] = {
    "looked_at": {},
    "colour": {},
    "models": {},
    "device_class": "cpu",
    "solved": None,
}
