"""What hosts and panels ask of a review: the list, a decision, the movie."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from answerprint.errors import BadParameter
from answerprint.events import Events
from answerprint.review.signed import spare

Params = dict[str, Any]


def spared(out: str) -> str:
    """A folder that a check, a cut or proposals are to be written into. Raises BadParameter where
    an approved result lies there, and BadInput where nobody can tell: a report would take the place
    of the result's."""
    spare(Path(out).expanduser())
    return out


def review_list(params: Params, events: Events) -> Params:
    """{dir, show?} -> {rows, warnings, sentence}: what there is to review (`summary.Entry.plain`).
    Nothing is written."""
    from answerprint.review.decide import show_of
    from answerprint.review.summary import counted, entries

    folder = Path(os.path.abspath(_text(params, "dir")))
    rows, warnings = entries(folder, show_of(_text(params, "show", ""), folder))
    told = [each.plain() for each in rows]
    return {"rows": told, "warnings": warnings, "sentence": f"{counted(rows)}."}


def review_decide(params: Params, events: Events) -> Params:
    """{id, word, by, dir, note?, show?, version?, owner?} -> the status; see `review.decide`."""
    from answerprint.review.decide import decide

    return decide(
        _text(params, "id"),
        _text(params, "word"),
        _text(params, "by", ""),
        _text(params, "note", ""),
        _text(params, "dir"),
        _text(params, "show", ""),
        _number(params, "version", None),
        _text(params, "owner", ""),
    )


def review_movie(params: Params, events: Events) -> Params:
    """{dir, out?, show?, layout?, bits?, width?} -> movie, list and page; see `review.movie`."""
    from answerprint.review.movie import WIDTH, review

    made = review(
        _text(params, "dir"),
        _text(params, "out", ""),
        _text(params, "show", ""),
        _text(params, "layout", "side"),
        _number(params, "bits", 8) or 8,
        _number(params, "width", WIDTH) or WIDTH,
        events,
    )
    return made.as_dict()


def _text(params: Params, name: str, *usual: str) -> str:
    value = params.get(name)
    if value is None and usual:
        return usual[0]
    if not isinstance(value, str) or not (value or usual):
        raise BadParameter(f"'{name}' is {value!r}.", f"Give '{name}' as a text.")
    return value


def _number(params: Params, name: str, usual: int | None) -> int | None:
    value = params.get(name)
    if value is None:
        return usual
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadParameter(f"'{name}' is {value!r}.", f"Give '{name}' as a whole number.")
    return value
