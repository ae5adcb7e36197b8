"""report.json of a check: what was measured and found, as plain data.

schema     "answerprint.check/1"
shots      every event of the cut in the order of the record: where it lies, its media, its
           passport, or why it has none (`why`)
scenes     shots of one place, their set-ups, and the evidence
relations  pairs that have something in common, with the evidence
findings   the worst first; `waived` those that somebody leaves
statuses   with a show: what was decided on findings, by id (`show/status.py`)
references with a show: takes to match shots to that stand alone in the cut; rows of missing shots
           have `alternates`, what the show has for them (`check/alternates.py`)
approvals  with a show: approved fixes that no longer cover what the cut shows; else null
"""

from __future__ import annotations

import json
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from answerprint.check.known import Known
from answerprint.check.model import Relation, Scene, Study
from answerprint.edit.cut import Cut, Event
from answerprint.frames.gradefiles import timecode

SCHEMA = "answerprint.check/1"
Row = dict[str, Any]


def shots(study: Study, failed: Mapping[str, str], known: Mapping[str, Known]) -> list[Row]:
    measured = {each.name: each for each in study.shots}
    rows = []
    for event in study.cut.events:
        found = measured.get(event.id)
        rows.append(
            {
                **of_event(study.cut, event),
                "known": {"key": known[event.id].key, "source": list(known[event.id].source)},
                "size": list(found.size) if found else None,
                "passport": dict(found.passport) if found else None,
                "why": failed.get(event.id, ""),
                "hidden": bool(study.lay and event.id in study.lay.hidden),
            }
        )
    return rows


def of_event(cut: Cut, event: Event) -> Row:
    media = event.media
    return {
        "name": event.id,
        "number": event.number,
        "clip": event.name,
        "cut": [event.record[0] - cut.start, event.record[1] - cut.start - 1],
        "timecode": timecode(event.record[0], cut.rate, cut.drop),
        "track": event.track,
        "reel": event.reel,
        "media": media.path if media else None,
        "colourspace": media.named if media else "",
        "frames": list(event.frames) if event.frames else None,
        "head": event.head,
        "tail": event.tail,
        "handles": list(event.handles),
        "rate": str(event.rate),
        "speed": event.speed,
        "cdl": dict(event.cdl) if event.cdl else None,
    }


def of_cut(cut: Cut) -> Row:
    first = min((each.record[0] for each in cut.events), default=cut.start)
    end = max((each.record[1] for each in cut.events), default=cut.start)
    return {
        "path": cut.path,
        "name": cut.name,
        "rate": str(cut.rate),
        "drop": cut.drop,
        "start": timecode(cut.start, cut.rate, cut.drop),
        "first": first - cut.start,
        "frames": end - cut.start,
        "events": len(cut.events),
    }


def scene(each: Scene) -> Row:
    return {
        "name": each.name,
        "shots": list(each.shots),
        "setups": [list(setup) for setup in each.setups],
        "why": list(each.why),
    }


def relation(each: Relation) -> Row:
    return {
        "shots": [each.first, each.second],
        "kind": each.kind,
        "structures": int(each.structures),
        "angle": None if each.angle is None else round(float(each.angle), 2),
        "angle_uncertainty": round(float(each.angle_error), 2),
        "scale": None if each.scale is None else round(float(each.scale), 4),
        "why": each.why,
    }


def sentence(
    shots: Sequence[Row], scenes: Sequence[Scene], findings: Sequence[Row], lost: int
) -> str:
    """What a person wants to know first."""
    counts = Counter(row["kind"] for row in findings if row["level"] == "warn")
    notes = len(findings) - counts.total()
    seen = sum(1 for each in shots if each["passport"])
    where = _many(seen, "shot")
    where += f" in {_many(len(scenes), 'scene')}" if scenes else ""
    said = "nothing to mend" if seen else "nothing to look at"
    if counts:
        listed = [f"{kind.replace('_', ' ')} {count}" for kind, count in counts.most_common(4)]
        listed += ["..."] if len(counts) > 4 else []
        said = f"{_many(counts.total(), 'finding')} ({', '.join(listed)})"
    said += f" and {_many(notes, 'note')}" if notes else ""
    told = f"{where}: {said}."
    if lost:
        told += f" {_many(lost, 'shot')} could not be measured."
    return told


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def command(row: Mapping[str, Any], of: Mapping[str, Row]) -> str:
    """The fix of a finding as a command line, '' where it has none. of: the shots by name."""
    fix = row["fix"]
    if not fix:
        return ""
    words = ["answerprint", fix["tool"]]
    for name, shot in fix["inputs"].items():
        media, (first, last) = of[shot]["media"], of[shot]["frames"]
        flag = "-" if name == "source" else f"--{name.replace('_', '-')}"
        words += [media] if name == "source" else [flag, media]
        words += [f"{flag}-frames", f"{first}-{last}"]
        if space := of[shot]["colourspace"]:
            words += [f"{flag}-colourspace", space]
    for name, value in fix.get("params", {}).items():
        words += [f"--{name.replace('_', '-')}", str(value)]
    return shlex.join([*words, "--out", f"fixes/{row['mend']}"])


def markers(findings: Iterable[Row]) -> list[Row]:
    """What the writers of markers and locators take."""
    return [
        {
            "id": each["id"],
            "frame": each["frame"],
            "length": each["range"][1] - each["frame"] + 1,
            "colour": each["colour"],
            "name": each["kind"].replace("_", " "),
            "text": each["text"],
        }
        for each in findings
    ]


def last(out: Path) -> Row | None:
    """The report of an earlier check in this folder, None where there is none of ours."""
    try:
        told: Row = json.loads((out / "report.json").read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return told if isinstance(told, dict) and told.get("schema") == SCHEMA else None
