"""What `show.gaps` answers for a host's edit, made without the core: a hole after its end."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cut_text
import memory_host
from scenes import picture, plate

from answerprint_bridge.host import Host

WORDS = "An alternate take of shot one. It may need a match to one."


def takes(folder: Path, names: Sequence[str]) -> list[str]:
    """Takes of five frames from 1001 on; their patterns."""
    made = []
    for name in names:
        (folder / name).mkdir()
        frames = plate(pattern=str(folder / name / f"{name}.%04d.exr"), last=1005)
        for number in frames.numbers:
            memory_host._write(frames, number, picture(number))
        made.append(frames.pattern)
    return made


def gaps_of(host: Host, folder: Path, names: Sequence[str] = ("take_a", "take_b")) -> dict:
    """Frames 1002 and 1003 of each take for one hole of two frames; the first needs a match to the
    edit's first shot."""
    path = host.export_timeline(str(folder / "edit.otio"))
    document = json.loads(Path(path).read_text("utf-8"))
    spans = host.edit()
    end = max(span.last for span in spans) + 1
    beside = min(spans, key=lambda span: span.first)
    rows: list[dict[str, Any]] = []
    for turn, (name, pattern) in enumerate(zip(names, takes(folder, names), strict=True), 1):
        row = {"id": f"gap_1.{turn}", "track": turn, "at": end, "frames": 2, "words": WORDS}
        row |= {"kind": "alternate", "clip": pattern, "name": name, "reel": "", "speed": 1.0}
        row |= {"first": 1002, "last": 1003, "reframe": None, "confidence": 1 / (1 + turn)}
        needs = {"needs": ["match"], "reference": "one"} if turn == 1 else {"needs": []}
        rows.append({"reference": None, "why": WORDS, **row, **needs})
        document["tracks"]["children"].append(_track(turn, end, row))
    made = folder / "gaps.otio"
    made.write_text(json.dumps(document), "utf-8")
    hole = {"id": "gap_1", "kind": "gap", "what": "slug", "range": [end, end + 1], "frames": 2}
    shot = {"name": "one", "clip": beside.name, "cut": [beside.first, beside.last]}
    shot |= {"track": beside.track, "timecode": "01:00:00:00"}
    hole |= {"timecode": "01:00:00:08", "proposals": rows}
    return {"status": "done", "cut": str(made), "holes": [hole], "shots": {"one": shot}}


def _track(number: int, at: int, row: dict[str, Any]) -> dict[str, Any]:
    """As the core lays a proposal."""
    file = row["clip"].replace("%04d", "[1001-1005]")
    clip = cut_text.clip(f"{row['id']} {row['name']}", file, 1001, 5)
    told = {"answerprint": {"id": row["id"], "hole": "gap_1"}}
    one = cut_text.span(row["first"], 1)
    marker = {"OTIO_SCHEMA": "Marker.2", "name": "alternate 0.50", "marked_range": one}
    marker |= {"color": "CYAN", "comment": row["words"], "metadata": told}
    clip |= {"enabled": False, "metadata": told, "markers": [marker]}
    clip["source_range"] = cut_text.span(row["first"], row["frames"])
    gap = {"OTIO_SCHEMA": "Gap.1", "name": "", "source_range": cut_text.span(0, at)}
    track = {"OTIO_SCHEMA": "Track.1", "name": f"AUDITION {number}", "kind": "Video"}
    told = {"answerprint": {"audition": number}}
    return {**track, "metadata": told, "children": [gap, clip]}
