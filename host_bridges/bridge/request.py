"""What a session asks the worker for, and what tells one job from another."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Any, Dict, Mapping, Sequence

from . import exports, versions
from .exports import Input
from .host import Host, Item
from .messages import Message, WireError
from .scene import plain

BAD_PARAMETER = -32602


@dataclass(frozen=True)
class Asked:
    """A job whose inputs are written.

    message    the params of `job.run`, without its outputs. root: of the tool's versions.
    told       what tells it from another job. digest: of that.
    measured   digest of what its solution rests on: `told` without what is live.
    """

    message: Message
    root: str
    told: Dict[str, Any]
    digest: str
    measured: str

    @property
    def record(self) -> Dict[str, Any]:
        return {"digest": self.digest, "measured": self.measured, **self.told}


def ask(
    host: Host,
    template: str,
    spec: Mapping[str, Any],
    params: Mapping[str, Any],
    inputs: Mapping[str, Input],
    first: int | None,
    last: int | None,
    graded: bool,
) -> Asked:
    """Write the inputs. WireError where the scene is not saved or an input cannot be had."""
    scene, tool = host.context(), spec["name"]
    source = inputs.get("source")
    if isinstance(source, Item) and (shot := host.describe(source.ref).shot):
        scene = replace(scene, shot=shot)
    root, kept = (versions.root(template, scene, name) for name in (tool, "in"))
    message: Message = {
        "tool": tool,
        "params": dict(params),
        "from_host": _from_host(host, spec, params),
        "context": plain(scene),
    }
    if isinstance(source, str) and (first, last) != (None, None):
        if first is None or last is None:
            title = f"The range from {first} to {last} lacks an end."
            raise WireError(BAD_PARAMETER, title, "Give its first and its last frame.")
        message["frames"] = f"{first}-{last}"
    files = {}
    for name, each in inputs.items():
        span = (first, last) if name == "source" else (None, None)
        files[name] = exports.files(host, kept, name, each, *span, graded)
    message["inputs"] = {n: f if isinstance(f, str) else f.wire() for n, f in files.items()}
    told = {
        "tool": tool,
        "version": spec["version"],
        "params": _all(spec, message),
        "inputs": {name: exports.identity(each) for name, each in files.items()},
        "frames": message.get("frames", ""),
        "graded": graded and any(isinstance(each, Item) for each in inputs.values()),
    }
    return _whole(spec, message, root, told)


def again(before: Asked, spec: Mapping[str, Any], params: Mapping[str, Any]) -> Asked:
    """The same job with other parameters, on the inputs as they were written."""
    message = {**before.message, "params": dict(params)}
    return _whole(spec, message, before.root, {**before.told, "params": _all(spec, message)})


def _all(spec: Mapping[str, Any], message: Message) -> Dict[str, Any]:
    """Every parameter: as it was given, else as the host fills it in, else as it is by default."""
    usual = {row["name"]: row["default"] for row in spec["params"]}
    return {**usual, **message["from_host"], **message["params"]}


def _whole(spec: Mapping[str, Any], message: Message, root: str, told: Dict[str, Any]) -> Asked:
    live = {row["name"] for row in spec["params"] if row["live"]}
    kept_params = {name: value for name, value in told["params"].items() if name not in live}
    measured = versions.digest({**told, "params": kept_params})
    return Asked(message, root, told, versions.digest(told), measured)


def _from_host(
    host: Host, spec: Mapping[str, Any], params: Mapping[str, Any]
) -> Dict[str, list[str]]:
    """Parameters that the host fills in where the caller leaves them out."""
    offers = {"grade_spaces": host.grade_spaces}
    rows = (r for r in spec["params"] if r.get("from_host") in offers and r["name"] not in params)
    return {row["name"]: list(offers[row["from_host"]]()) for row in rows}


def earlier(asked: Asked, looks: Sequence[str]) -> str:
    """The newest run that measured the same, '' where there is none.

    Whether its solution holds today, the worker says.
    """
    for folder in (*looks, *versions.numbered(asked.root).values()):
        record = versions.read(folder, versions.REQUEST) or {}
        recipe = os.path.join(folder, versions.RECIPE)
        if record.get("measured") == asked.measured and os.path.isfile(recipe):
            return folder
    return ""
