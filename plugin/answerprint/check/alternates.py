"""What the show has for the findings of a check: takes for missing shots, references for lone ones.

A row of a missing shot gets `alternates`, the best proposals as `show gaps` gives them, and names
the best in its text. A shot that shares no surface with another one of the cut has nothing that it
could be matched to; takes of its set-up are told in `references`.
"""

from __future__ import annotations

from collections.abc import Sequence

import opentimelineio as otio

from answerprint.check.coverage import SETUP, Coverage, Sight
from answerprint.check.holes import holes
from answerprint.check.looked import Looked
from answerprint.check.model import Study
from answerprint.check.proposals import proposals
from answerprint.check.ranked import Row
from answerprint.events import Events
from answerprint.show.store import Show

MOST = 3
"""Takes that are named for a shot."""
MISSING = ("gap", "missing_media")


def name_alternates(
    show: Show, study: Study, clips: Sequence[otio.schema.Clip], rows: Sequence[Row], events: Events
) -> tuple[list[Row], list[str]]:
    """Tell rows of missing shots what there is for them; the references, and what is to be said.

    clips   of `read_with_clips`, one an event.
    rows    of the report; those of missing shots are changed.
    """
    if study.lay is None:
        return [], []
    looked = Looked(show)
    cover = Coverage(looked.takes, study.cut, looked.sights, looked.compare)
    at = {hole.range: hole for hole in holes(study.cut, clips, study.lay)}
    asked = [row for row in rows if row["kind"] in MISSING and tuple(row["range"]) in at]
    for turn, row in enumerate(asked):
        events.check()
        events.progress("propose", turn, len(asked), row["id"])
        listed = proposals(at[tuple(row["range"])], cover, MOST)
        found = [looked.lit(each, cover) for each in listed]
        row["alternates"] = [each.as_dict() for each in found]
        if found:
            best = found[0]
            frames = f"{best.first}-{best.last}"
            row["text"] += f" The show has {best.take.name} ({best.kind}, {frames})."
    return _references(study, cover, events), looked.said


def _references(study: Study, cover: Coverage, events: Events) -> list[Row]:
    """Takes of the set-ups of shots that stand alone in their scenes."""
    found = list[Row]()
    alone = [each.shots[0] for each in study.scenes if len(each.shots) == 1]
    for name in alone:
        events.check()
        event = study.shot(name).event
        own = cover.own(event)
        seen = [
            each
            for each in cover.sights(event)
            if each.kind == SETUP and (own is None or each.take.key != own.key)
        ]
        if seen:
            found.append({"shot": name, "takes": [_take(each) for each in seen[:MOST]]})
    return found


def _take(sight: Sight) -> Row:
    take = sight.take
    return {
        "clip": take.path,
        "name": take.name,
        "first": take.first,
        "last": take.last,
        "confidence": round(sight.confidence, 3),
        "why": sight.why,
    }
