"""What the worker offers of a show: `show.add`, `show.list`, `show.forget` and, beside them, more.

`show` is the show's folder; `show.add` makes it where it is not there yet.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from answerprint.errors import BadInput, BadParameter
from answerprint.events import Events
from answerprint_bridge.messages import LINE_LIMIT, encode


def show_add(params: dict[str, Any], events: Events) -> dict[str, Any]:
    """{show, paths, workers?, logs?, colourspace?, again?} -> `show.add.Added` as JSON."""
    from answerprint.show.add import add, begin

    workers = params.get("workers", os.cpu_count() or 1)
    if not isinstance(workers, int) or isinstance(workers, bool) or workers < 1:
        raise BadParameter(f"workers is {workers!r}.", "Use 1 or more.")
    again = _flag(params, "again")
    paths, logs = _texts(params, "paths"), _texts(params, "logs", needed=False)
    space = _text(params, "colourspace") if params.get("colourspace") else ""
    show = begin(_text(params, "show"), paths, space)
    return add(show, paths, events, workers, logs, space, again).as_dict()


def show_list(params: dict[str, Any], events: Events) -> dict[str, Any]:
    """{show, brief?} -> {show, clips, cameras, sentence}: `show.listing.listed`; brief: {show,
    sentence}, whatever the show's size."""
    from answerprint.show.listing import held, listed
    from answerprint.show.store import open_show

    show = open_show(Path(_text(params, "show")))
    if _flag(params, "brief"):
        return held(show)
    told = listed(show)
    if _too_long(told):
        title = f"The show has {len(told['clips'])} clips: too many to be listed here."
        raise BadInput(title, "Ask for `brief`, or list it in a terminal: answerprint show list.")
    return told


def show_find(params: dict[str, Any], events: Events) -> dict[str, Any]:
    """{show, path, frame?, by?, most?, mirrored?, colourspace?} -> {hits, notes, sentence}:
    `show.find.search`; by is any, place or look."""
    from answerprint.show.find import BY, search
    from answerprint.show.store import open_show

    frame, most = params.get("frame"), params.get("most", 20)
    for name, value in (("frame", frame), ("most", most)):
        if isinstance(value, bool) or not isinstance(value, int | None):
            raise BadParameter(f"{name} is {value!r}.", "Use a whole number.")
    by, mirrored = params.get("by", "any"), _flag(params, "mirrored")
    if by not in BY:
        raise BadParameter(f"by is {by!r}.", f"Use {', '.join(BY)}.")
    space = _text(params, "colourspace") if params.get("colourspace") else None
    show, path = open_show(Path(_text(params, "show"))), _text(params, "path")
    most = 20 if most is None else most
    return search(show, path, frame, by, most, mirrored, space, events)


def show_gaps(params: dict[str, Any], events: Events) -> dict[str, Any]:
    """{show, path, out, media?, rate?, colourspace?} -> {status, report, page, cut, holes, shots,
    sentence}: paths of what was written, every hole with its proposals, and the shots of the cut
    that they may have to match (`check.gaps`)."""
    from answerprint.check.gaps import gaps
    from answerprint.worker.review import spared

    names = ("media", "rate", "colourspace")
    media, rate, space = (_text(params, n) if params.get(n) else None for n in names)
    path, show, out = (_text(params, name) for name in ("path", "show", "out"))
    made = gaps(path, show, spared(out), media, rate, space, events)
    paths = {name: made.outputs[name] for name in ("report", "page", "cut")}
    told = {name: made.report[name] for name in ("holes", "shots", "sentence")}
    answer = {"status": made.status, **paths, **told}
    if _too_long(answer):
        title = f"{len(told['holes'])} missing shots are too many to be shown here."
        raise BadInput(title, f"Read {paths['page']}, or look for them reel by reel.")
    return answer


def show_forget(params: dict[str, Any], events: Events) -> dict[str, Any]:
    """{show, clip} -> what was removed: `show.forget.Gone` as JSON."""
    from answerprint.show.forget import forget
    from answerprint.show.store import open_show

    return forget(open_show(Path(_text(params, "show"))), _text(params, "clip")).as_dict()


def _too_long(answer: dict[str, Any]) -> bool:
    return len(encode({"result": answer})) > LINE_LIMIT - 1000


def _flag(params: dict[str, Any], name: str) -> bool:
    value = params.get(name, False)
    if not isinstance(value, bool):
        raise BadParameter(f"{name} is {value!r}.", "Use true or false.")
    return value


def _text(params: dict[str, Any], name: str) -> str:
    value = params.get(name)
    if not isinstance(value, str) or not value:
        raise BadParameter(f"'{name}' is {value!r}.", f"Give '{name}' as a text.")
    return value


def _texts(params: dict[str, Any], name: str, needed: bool = True) -> list[str]:
    value = params.get(name, [])
    good = isinstance(value, list) and all(isinstance(each, str) and each for each in value)
    if not good or (needed and not value):
        raise BadParameter(f"'{name}' is {value!r}.", f"Give '{name}' as a list of texts.")
    return list(value)
