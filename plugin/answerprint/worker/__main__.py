"""What the worker offers, and its start: `python -I -u -X utf8 -m answerprint.worker`.

Nothing here imports torch, OpenCV or OpenImageIO before a request needs them.
"""

from __future__ import annotations

import itertools
import os
import platform
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

from answerprint import tools
from answerprint.errors import BadInput, BadParameter
from answerprint.events import Events
from answerprint.worker.cache import cache_folder
from answerprint.worker.review import review_decide, review_list, review_movie
from answerprint.worker.serve import Handler, serve
from answerprint.worker.show import show_add, show_find, show_forget, show_gaps, show_list
from answerprint_bridge.messages import LINE_LIMIT, encode

VIEWS = 64  # pictures kept for one host; the oldest gives its place to the newest
VIEW_PARAMS: dict[str, type | tuple[type, ...]] = {
    "path": str,
    "frame": int,
    "exposure": (int, float),
    "display": str,
    "size": int,
}
VIEW_HINT = "Give path and display as texts, frame, exposure and size as numbers."
VIEW_SECONDS = 24 * 3600  # after which a picture of some earlier session is removed

_turns = itertools.count()


def tool_list(params: dict[str, Any], events: Events) -> list[dict[str, Any]]:
    """Name, label, summary and version of every tool."""
    keys = ("name", "label", "summary", "version")
    return [{key: spec[key] for key in keys} for spec in (each.spec() for each in tools.every())]


def tool_describe(params: dict[str, Any], events: Events) -> dict[str, Any]:
    """{tool} -> its whole declaration: all that a panel is built from."""
    return tools.find(_text(params, "tool")).spec()


def device_list(params: dict[str, Any], events: Events) -> list[dict[str, Any]]:
    """Where work can run: {id, name, vram}; vram in bytes, None for the CPU. Loads torch."""
    import torch

    found: list[dict[str, Any]] = [{"id": "cpu", "name": platform.machine(), "vram": None}]
    for number in range(torch.cuda.device_count()):
        card = torch.cuda.get_device_properties(number)
        found.append({"id": f"cuda:{number}", "name": card.name, "vram": card.total_memory})
    return found


def models() -> tuple[str, ...]:
    """Ids of the models that have a card. None ships yet: every tool solves from the shots."""
    return ()


def model(params: dict[str, Any], events: Events) -> NoReturn:
    """`model.status`, `model.ensure`, `model.unload`: {id}. Refuses an id that has no card."""
    known = ", ".join(models()) or "none; no tool needs one"
    raise BadParameter(f"There is no model '{_text(params, 'id')}'.", f"There is: {known}.")


def job_run(params: dict[str, Any], events: Events) -> dict[str, Any]:
    """Run a tool: a request (`order.from_request`) -> {status, results, outputs, report}."""
    from answerprint.worker.jobs import run_request

    return run_request(params, events)


def clip_describe(params: dict[str, Any], events: Events) -> dict[str, Any]:
    """{path, frames?, colourspace?} -> what the shot's headers say: see `describe`."""
    from answerprint.worker.describe import describe

    frames, space = (_optional(params, name) for name in ("frames", "colourspace"))
    return describe(_text(params, "path"), frames or "", space)


def view_render(params: dict[str, Any], events: Events) -> dict[str, str]:
    """{path, frame, exposure, display, size, space?} -> {path} of a PNG, good until 64 more
    are made. space: the colour space of the file, where somebody says."""
    for name, kind in VIEW_PARAMS.items():
        value = params.get(name)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise BadParameter(f"A picture was asked for with {name} {value!r}.", VIEW_HINT)
    from answerprint.frames.view import render_view

    folder = cache_folder("views")
    turn = next(_turns)
    if turn == 0:
        _clear(folder)
    out = folder / f"view-{os.getpid()}-{turn % VIEWS:02}.png"
    asked = {name: params[name] for name in VIEW_PARAMS}
    space = _optional(params, "space")
    return {"path": render_view(**asked, out_path=str(out), space=space)}


def edit_read(params: dict[str, Any], events: Events) -> dict[str, Any]:
    """{path, media?, rate?, colourspace?} -> the cut in a file (`edit.cut`), and the spaces that
    its grades can be for."""
    from answerprint.edit.cut import read_cut
    from answerprint.frames.colour import camera_spaces

    cut = {**read_cut(_text(params, "path"), **_of_cut(params)).plain(), "spaces": camera_spaces()}
    if len(encode({"result": cut})) > LINE_LIMIT - 1000:
        title = f"{cut['name']} is too long to be handed over: {len(cut['events'])} events."
        raise BadInput(title, "Export it reel by reel.")
    return cut


def edit_grades(params: dict[str, Any], events: Events) -> dict[str, Any]:
    """{path, place, media?, rate?, colourspace?} -> what was written: `edit.grades.Written`."""
    from answerprint.edit.grades import write_grades

    written = write_grades(_text(params, "path"), _text(params, "place"), **_of_cut(params))
    return {name: list(refs) for name, refs in vars(written).items()}


def edit_check(params: dict[str, Any], events: Events) -> dict[str, Any]:
    """{path, out, media?, rate?, colourspace?, rules?, previous?, hero?, earlier?, show?} ->
    {status, report, page, cut, findings, sentence}: paths of what was written, how many findings,
    what to say first."""
    from answerprint.check.run import check
    from answerprint.worker.review import spared

    made = check(
        _text(params, "path"),
        spared(_text(params, "out")),
        **_of_cut(params),
        rules=_optional(params, "rules"),
        previous=_optional(params, "previous"),
        hero=_optional(params, "hero"),
        keep=cache_folder("passports"),
        earlier=_optional(params, "earlier"),
        show=_optional(params, "show"),
        events=events,
    )
    paths = {name: made.outputs[name] for name in ("report", "page", "cut")}
    told = {"findings": len(made.report["findings"]), "sentence": made.report["sentence"]}
    return {"status": made.status, **paths, **told}


def _of_cut(params: dict[str, Any]) -> dict[str, Any]:
    """What a host may know of a cut that its file does not say."""
    return {name: _optional(params, name) for name in ("media", "rate", "colourspace")}


def edit_waive(params: dict[str, Any], events: Events) -> dict[str, str]:
    """{report, id, why, rules, by?} -> {waived, rules}: leave a finding of the check in the folder
    `report` from now on. It is written into the file of rules, which may not be there yet."""
    from answerprint.check import report, rules

    folder, finding, why = (_text(params, name) for name in ("report", "id", "why"))
    told = report.last(Path(folder))
    if told is None:
        title = f"There is no report of a check in {folder}."
        raise BadInput(title, "Check the edit again.", about="report")
    by = _optional(params, "by") or None
    made = rules.waive(Path(_text(params, "rules")), told, finding, why, by)
    return {"waived": made.id, "rules": params["rules"]}


HANDLERS: dict[str, Handler] = {
    "tool.list": tool_list,
    "tool.describe": tool_describe,
    "device.list": device_list,
    "model.status": model,
    "model.ensure": model,
    "model.unload": model,
    "job.run": job_run,
    "clip.describe": clip_describe,
    "view.render": view_render,
    "edit.read": edit_read,
    "edit.grades": edit_grades,
    "edit.check": edit_check,
    "edit.waive": edit_waive,
    "show.add": show_add,
    "show.list": show_list,
    "show.find": show_find,
    "show.gaps": show_gaps,
    "show.forget": show_forget,
    "review.list": review_list,
    "review.decide": review_decide,
    "review.movie": review_movie,
}


def main() -> NoReturn:
    """Serve a host over stdin and stdout. A crash leaves no core: it would hold the shot."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    serve(HANDLERS, warm)


def warm() -> None:
    """Load what the first job and the first picture need: libraries, colours, a device."""
    import numpy as np

    from answerprint.frames import colour, device
    from answerprint.worker import jobs as jobs

    tools.every()
    colour.through_view(np.zeros((1, 1, 3), np.float32))
    device.choose()


def _text(params: dict[str, Any], name: str) -> str:
    value = params.get(name)
    if not isinstance(value, str) or not value:
        raise BadParameter(f"'{name}' is {value!r}.", f"Give '{name}' as a text.")
    return value


def _optional(params: dict[str, Any], name: str) -> str | None:
    return _text(params, name) if params.get(name) else None


def _clear(folder: Path) -> None:
    """Remove pictures of sessions long gone: nobody else would, and they show the shot."""
    for old in folder.glob("view-*.png"):
        try:
            if time.time() - old.stat().st_mtime > VIEW_SECONDS:
                old.unlink()
        except FileNotFoundError:
            continue  # another worker was faster


if __name__ == "__main__":
    main()
