"""What a show knows, as lists: its clips and their looks, and the cameras' fingerprints."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from answerprint.show.fingerprint import fingerprints
from answerprint.show.store import THUMBS, Show

COLUMNS = (
    *("id", "path", "name", "kind", "first", "last", "rate", "start", "reel"),
    *("width", "height", "space", "camera"),
)


def held(show: Show) -> dict[str, Any]:
    """{show, sentence}: how much it holds, for a panel; of any size in a line. Raises Damaged."""
    with show.reading() as db:
        clips, frames = db.execute(
            "SELECT count(*), coalesce(sum(last - first + 1), 0) FROM clip"
        ).fetchone()
        cameras = len(fingerprints(db))
    return {"show": str(show.folder), "sentence": _sentence(clips, frames, cameras)}


def listed(show: Show) -> dict[str, Any]:
    """{show, clips, cameras, checked, sentence}: each clip with its facts, the number of its shots
    and its thumbnails by frame; media that are no clip, of which checks keep passports, with the
    number of these. Raises Damaged."""
    thumbs = defaultdict[str, dict[str, str]](dict)
    with show.reading() as db:
        rows = db.execute(f"SELECT {', '.join(COLUMNS)} FROM clip ORDER BY name, path").fetchall()
        shots = dict(db.execute("SELECT clip, count(*) FROM shot GROUP BY clip").fetchall())
        looks = db.execute("SELECT clip, frame FROM look JOIN shot ON shot.id = look.shot")
        for clip, frame in looks:
            thumbs[clip][str(frame)] = str(show.folder / THUMBS / clip / f"{frame}.jpg")
        cameras = fingerprints(db)
        checked = db.execute(
            "SELECT path, count(*) FROM measured WHERE path NOT IN (SELECT path FROM clip) "
            "GROUP BY path ORDER BY path"
        ).fetchall()
    clips = []
    for row in rows:
        told = dict(zip(COLUMNS, row, strict=True))
        told["camera"] = json.loads(told["camera"])
        name = told["id"]
        clips.append({**told, "shots": shots.get(name, 0), "thumbs": thumbs[name]})
    frames = sum(each["last"] - each["first"] + 1 for each in clips)
    return {
        "show": str(show.folder),
        "clips": clips,
        "cameras": cameras,
        "checked": [{"path": path, "passports": count} for path, count in checked],
        "sentence": _sentence(len(clips), frames, len(cameras)),
    }


def _sentence(clips: int, frames: int, cameras: int) -> str:
    return f"{clips} clips, {frames} frames, {cameras} cameras."
