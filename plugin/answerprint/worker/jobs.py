"""Run a tool: open its inputs, let it plan, make the frames, write recipe and report.

The command line and the worker's `job.run` both come here. Beside the frames a run leaves
`recipe.json` (what was done, repeatable), `report.json` (what was found) and `report.html`
(the same to look at).
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from answerprint import __version__
from answerprint.errors import AnswerprintError, BadInput, BadParameter, CannotWrite
from answerprint.events import Events
from answerprint.frames import colour
from answerprint.frames.clip import READERS, Clip, open_clip
from answerprint.frames.config import config_name
from answerprint.frames.device import choose, device_class
from answerprint.frames.sequence import ranges
from answerprint.frames.still import Still
from answerprint.frames.text import write_json
from answerprint.review.signed import spare
from answerprint.tool import Tool, frame_numbers
from answerprint.tools import find
from answerprint.tools.job import Job, Plan
from answerprint.trust.disclosure import disclosure, source_type
from answerprint.worker import page, preview, render, timed
from answerprint.worker.leases import lease
from answerprint.worker.order import Order, digest, from_request, solution_of, to_recipe


@dataclass(frozen=True)
class Outcome:
    """How a job ended: `status` is 'done' or 'partial'."""

    status: str
    report: dict[str, Any]
    results: list[dict[str, Any]]
    outputs: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        return {
            "status": self.status,
            "results": self.results,
            "outputs": self.outputs,
            "report": self.report,
        }


def run_request(request: dict[str, Any], events: Events) -> dict[str, Any]:
    """A `job.run` of the wire: its result, or an AnswerprintError."""
    return run(from_request(request), events).as_dict()


def run(order: Order, events: Events, repeat: bool = False) -> Outcome:
    """Do what the order says.

    repeat   the order comes from a recipe: inputs that changed since are refused, not measured
             anew.

    Raises an AnswerprintError where nothing can be done; a frame that cannot be made is in the
    report instead, and the outcome is 'partial'.
    """
    started = time.monotonic()
    tool = find(order.tool)
    params = tool.parse({**_offered(order, tool, events), **order.params}, order.version)
    order = replace(
        order,
        params=_plain(params),
        version=tool.version,
        name=_name(order, tool),
        out=Path(os.path.abspath(order.out.expanduser())),
    )
    device = choose(order.device)
    if repeat:
        _same_config(order)
    else:
        live = {name for name, (_, _, control) in tool.controls().items() if control.live}
        order = solution_of(order, live, config_name())
    with contextlib.ExitStack() as stack:
        stack.enter_context(lease(device, events))
        clips = {n: stack.enter_context(c) for n, c in _open(order, tool).items()}
        _spare_inputs(order, clips)
        order = _still_holds(order, clips, repeat)
        spare(order.out)
        _make_folder(order.out)
        job = Job(clips, order.out, order.name, device, events, order.solved)
        plan: Plan = tool.run(job, params)
        solved_after = time.monotonic() - started
        shown, unseen = _preview(order, clips["source"], plan, events)
        previewed_after = time.monotonic() - started
        facts = {
            "looked_at": {n: _hashes(clips[n], frames) for n, frames in plan.looked_at.items()},
            "colour": _colour(clips),
            "models": dict(plan.models),
            "device_class": device_class(device),
            "solved": plan.solved,
            "ranges": {n: _present(c) for n, c in clips.items()},
            "frame_hashes": order.frame_hashes,
        }
        recipe = to_recipe(order, facts)
        spare(order.out)  # solving takes its time
        write_json(order.out / "recipe.json", recipe)
        source = clips["source"]
        if order.part and plan.timed is None:
            asked = order.inputs["source"]
            source = stack.enter_context(open_clip(asked.path, order.part, asked.colourspace))
        made = _frames(order, tool, plan, source, recipe, events)
        part = frame_numbers(order.part)
        told = f"report.{part[0]}-{part[-1]}" if part else "report"
        if made is not None and not order.part:
            facts["frame_hashes"] = made.sources
            write_json(order.out / "recipe.json", to_recipe(order, facts))
        status = "partial" if made is not None and made.partial else "done"
        report = {
            "schema": "answerprint.report/1",
            "answerprint": __version__,
            "status": status,
            "tool": tool.name,
            "version": tool.version,
            "parameters": dict(order.params),
            "part": order.part or None,
            "sentence": plan.sentence,
            **plan.report,
            **(plan.afterwards(made.told) if made is not None and made.told else {}),
            "colour": facts["colour"],
            "frames": render.summary(made) if made is not None else None,
            "files": [str(f) for f in plan.files],
            "solved": "by this run" if order.solved is None else "by an earlier run",
            "warnings": [*_notes(clips), *plan.warnings, *unseen],
            "timings": {
                "solve_seconds": round(solved_after, 3),
                "preview_seconds": round(previewed_after - solved_after, 3),
                "total_seconds": round(time.monotonic() - started, 3),
            },
            "machine": {"device": device, "python": platform.python_version()},
            "disclosure": disclosure(tool.policy, {}),
        }
        outputs: dict[str, Any] = {
            "dir": str(order.out),
            "recipe": str(order.out / "recipe.json"),
            "report": str(order.out / f"{told}.json"),
        }
        if shown:
            outputs["preview"] = shown
        results = list(plan.results)
        if made is not None:
            rate = plan.timed.rate if plan.timed and plan.timed.rate else source.rate
            outputs["frames"] = _frame_set(order, source, made, rate)
            results.append({**plan.frames_as, **outputs["frames"]})
        write_json(order.out / f"{told}.json", report)
        if order.page:
            page.write(order.out / f"{told}.html", tool, report, plan.pictures())
            outputs["page"] = str(order.out / f"{told}.html")
    return Outcome(status, report, results, outputs)


def _offered(order: Order, tool: Tool, events: Events) -> dict[str, list[str]]:
    """What the host offers for parameters that nobody set: spaces that we know too."""
    controls, offered = tool.controls(), {}
    for name, spaces in order.from_host.items():
        if name in order.params or name not in controls:
            continue
        known = []
        for each in spaces:
            try:
                colour.space(each)
            except BadParameter as unknown:
                events.log("warning", f"Nothing is made for a space of the host's. {unknown.title}")
            else:
                known.append(each)
        offered[name] = known
    return offered


def _preview(
    order: Order, clip: Clip, plan: Plan, events: Events
) -> tuple[dict[str, Any] | None, list[str]]:
    """What there is to see, told as soon as it is there; else why there is nothing."""
    if order.preview is None:
        return None, []
    try:
        shown = preview.write(clip, plan, order.preview, order.out, order.name)
    except BadInput as refused:  # the frames say so too, and the others go on
        return None, [f"No preview. {refused}"]
    if shown:
        events.preview(**shown)
    return shown, []


def _plain(params: Any) -> dict[str, Any]:
    return {n: list(v) if isinstance(v, tuple) else v for n, v in vars(params).items()}


def _name(order: Order, tool: Tool) -> str:
    name = order.name or tool.name
    if name.startswith(".") or any(c in name for c in '/\\:*?"<>|\0') or not name.isprintable():
        raise BadParameter(
            f"name is '{name}'.",
            "Use a file name without folders, special characters and a point at its start.",
        )
    return name


def _make_folder(out: Path) -> None:
    try:
        str(out).encode()
    except UnicodeEncodeError as cause:
        raise CannotWrite(
            f"The name of the folder {os.fsencode(out)!r} is not UTF-8.", "Choose another folder."
        ) from cause
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass  # only whether the folder takes files
    except OSError as cause:
        raise CannotWrite(
            f"Results cannot be written to {out}.",
            "Choose another folder, or ask for the right to write there.",
            cause.strerror or str(cause),
            about="out",
        ) from cause


def _open(order: Order, tool: Tool) -> dict[str, Clip]:
    known = {"source", *tool.inputs}
    for name in order.inputs:
        if name not in known:
            raise BadParameter(
                f"{tool.label} has no input '{name}'.", f"It takes: {', '.join(sorted(known))}."
            )
    for name, each in tool.inputs.items():
        if each.required and name not in order.inputs:
            raise BadParameter(
                f"{tool.label} needs a {name}.", f"Choose a {name}. {each.help}.", about=name
            )
    clips: dict[str, Clip] = {}
    for name in sorted(order.inputs, key=lambda n: n != "source"):  # the others lie beside it
        source = order.inputs[name]
        if not source.path:
            raise BadParameter(f"The {name} is ''.", "Name a sequence, a file or a movie.")
        frames = order.frames if name == "source" else source.frames
        beside = clips.get("source")
        try:
            clips[name] = open_clip(source.path, frames, source.colourspace, beside)
        except AnswerprintError as refused:
            if refused.about == "colourspace" and name != "source":
                refused.about = f"{name}_colourspace"
            raise
    return clips


def _spare_inputs(order: Order, clips: Mapping[str, Clip]) -> None:
    """Results never take the place of what they are made from."""
    for name, clip in clips.items():
        there = () if clip.kind == "movie" else sorted({*clip.frames} - {*clip.missing})
        for number in there:  # the first that opens speaks for all
            result = render.frame_path(order.out, order.name, number)
            with contextlib.suppress(BadInput), clip.open(number) as frame:
                if isinstance(frame, Still) and _same_file(frame.path, result):
                    raise BadParameter(
                        f"{result} is a frame of the {name}: the result would take its place.",
                        "Choose another folder or another name.",
                        about="out",
                    )
                break


def _same_file(one: str, other: Path) -> bool:
    return other.exists() and os.path.samefile(one, other)


def _same_config(order: Order) -> None:
    """Raises BadInput where the recipe's colours would be others under today's configuration."""
    if order.config != config_name():
        raise BadInput(
            f"The recipe was made under the colour configuration {order.config}, "
            f"and {config_name()} is in force.",
            "Set OCIO to the configuration of the recipe, or run the tool anew.",
        )


def _still_holds(order: Order, clips: Mapping[str, Clip], repeat: bool) -> Order:
    """The order, without its solution where the frames behind it are no longer the same.

    Where frames were added or taken away, others may have to be measured: not for a repeat,
    which makes what the recipe says.
    """
    if not repeat and any(_present(clips[n]) != before for n, before in order.ranges.items()):
        return replace(order, solved=None, looked_at={}, ranges={})
    for name, hashes in order.looked_at.items():
        for number, before in hashes.items():
            try:
                now = _hashes(clips[name], (int(number),))[number]
            except BadInput:
                now = ""
            if now == before:
                continue
            if repeat:
                raise BadInput(
                    f"Frame {number} of {clips[name].name} is not the one the recipe rests on.",
                    f"Bring back the {name} the recipe was made from, or run {order.tool} anew.",
                )
            return replace(order, solved=None, looked_at={})
    return order


def _hashes(clip: Clip, frames: tuple[int, ...]) -> dict[str, str]:
    with ThreadPoolExecutor(READERS) as pool:
        return dict(zip(map(str, frames), pool.map(clip.sha256, frames), strict=True))


def _colour(clips: Mapping[str, Clip]) -> dict[str, Any]:
    return {
        "config": config_name(),
        "working": "ACEScg",
        "view": colour.view_name(),
        "spaces": {n: {"name": c.space.name, "said_by": c.space.said_by} for n, c in clips.items()},
    }


def _notes(clips: Mapping[str, Clip]) -> Iterator[str]:
    for name, clip in clips.items():
        for note in clip.notes:
            yield f"The {name}: {note}"
        if clip.space.said_by == "assumed":
            yield f"The {name}: where that is wrong, name its colour space."
        try:
            if log := clip.looks_like_log():
                yield f"The {name} may be camera log: {log}. If so, name its colour space."
        except BadInput as unreadable:
            yield f"Whether the {name} is camera log cannot be told. {unreadable}"


def _frames(
    order: Order,
    tool: Tool,
    plan: Plan,
    clip: Clip,
    recipe: Mapping[str, Any],
    events: Events,
) -> render.Made | None:
    if (plan.pixels is None and plan.timed is None) or not order.write_frames:
        return None
    identity = digest(
        {
            "tool": tool.name,
            "version": tool.version,
            "solved": plan.solved,
            "parameters": recipe["parameters"],
            "space": {"name": clip.space.name, "matrix": clip.space.matrix},
            "config": recipe["colour"]["config"],
            "device_class": recipe["device_class"],
        }
        | ({"models": dict(plan.models)} if plan.models else {})  # frames made before keep theirs
    )
    kind = source_type(tool.policy)

    def header(source: str) -> dict[str, str]:
        spare(order.out)  # somebody may have approved what is there since the run began
        said = render.provenance(tool.name, tool.version, identity, source, plan.models)
        return {render.PROVENANCE: said} | ({render.SOURCE_TYPE: kind} if kind else {})

    if plan.timed is not None:
        part = _part(order, plan.timed.numbers) if order.part else None
        asked = timed.Ordered(
            order.out, order.name, header, order.frame_hashes, _counted(order.out), part
        )
        return timed.render_timed(clip, plan.timed, asked, events)
    return render.render(
        clip,
        plan,
        order.out,
        order.name,
        header,
        events,
        order.frame_hashes,
        _counted(order.out),
    )


def _part(order: Order, numbers: Sequence[int]) -> frozenset[int]:
    """The numbers of a result that are asked for. BadParameter where it has none of them."""
    try:
        asked = frozenset(frame_numbers(order.part))
    except ValueError as cause:
        raise BadParameter(f"frames is '{order.part}'.", str(cause), about="frames") from cause
    if not asked & {*numbers}:
        hint = f"It makes {ranges(numbers)}."
        raise BadParameter(
            f"frames is '{order.part}': the recipe makes none.", hint, about="frames"
        )
    return asked


def _counted(out: Path) -> dict[str, list[int]]:
    """What earlier runs in the folder, parts too, counted in their frames, by their hash."""
    counted: dict[str, list[int]] = {}
    for report in out.glob("report*.json"):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):  # it says nothing then
            frames = json.loads(report.read_text(encoding="utf-8"))["frames"]
            for number, counts in frames["counts"].items():
                counted[frames["result_sha256"][number]] = [int(v) for v in counts]
    return counted


def _present(clip: Clip) -> str:
    return ranges(n for n in clip.frames if n not in set(clip.missing))


def _frame_set(
    order: Order, clip: Clip, made: render.Made, rate: Fraction | None
) -> dict[str, Any]:
    """HOSTS E3: what a host needs to read the frames back."""
    there = sorted([*made.written, *made.kept])
    part = clip.parts[0]
    return {
        "pattern": str(order.out / f"{order.name}.%04d.exr"),
        "first": there[0] if there else None,
        "last": there[-1] if there else None,
        "frames_missing": sorted(made.failed),
        "frames_made_anew": sorted(made.told),
        "width": part.display.width,
        "height": part.display.height,
        "pixel_aspect": part.pixel_aspect,
        "fps": str(rate) if rate else None,
        "colorspace": {"name": made.space},
        "premultiplied": True,
    }
