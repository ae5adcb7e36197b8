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


def listed(show: Show) -> dict[str, Any]:
    """{show, clips, cameras, sentence}: each clip with its facts, the number of its shots and its
    thumbnails by frame. Raises Damaged."""
    thumbs = defaultdict[str, dict[str, str]](dict)
    with show.reading() as db:
        rows = db.execute(f"SELECT {', '.join(COLUMNS)} FROM clip ORDER BY name, path").fetchall()
        shots = dict(db.execute("SELECT clip, count(*) FROM shot GROUP BY clip").fetchall())
        looks = db.execute("SELECT clip, frame FROM look JOIN shot ON shot.id = look.shot")
        for clip, frame in looks:
            thumbs[clip][str(frame)] = str(show.folder / THUMBS / clip / f"{frame}.jpg")
        cameras = fingerprints(db)
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
        "sentence": f"{len(clips)} clips, {frames} frames, {len(cameras)} cameras.",
    }
