"""Shot boundaries: ours and PySceneDetect's four detectors on the same movies, by seed.

    python tests/benchmarks/shot_boundaries.py --footage DIR --work DIR --seeds 1 2 3 4 [--peer PY]

--work takes the edits that `composed.py` makes from the footage; those that are there are not made
again. --peer names the Python of a venv with `scenedetect[opencv]`. --labels adds movies that were
labelled by hand: a JSON file {path: [{"kind", "frame", "first", "last"}]}.

A cut is found where a boundary of kind cut is at most one frame away. A gradual one is found where
an interval of ours shares a frame with it; the peer tells one frame for everything, so that of its
frames those count that lie in the interval or TOLERANCE beside it. What is left over is false:
cuts for the F1 of cuts, dissolves and fades for the gradual ones; a peer's frame in or beside a
gradual one is neither. Times are those of this process and of the peer's, decoding included.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from composed import Edit, compose, load

from answerprint.check.cutting import boundaries
from answerprint.events import Events
from answerprint.frames.clip import open_clip

TOLERANCE = 3
PEER = """
import json, sys, time
import scenedetect
from scenedetect import detectors
told = {}
for name in ("AdaptiveDetector", "ContentDetector", "HashDetector", "HistogramDetector"):
    began = time.monotonic()
    found = scenedetect.detect(sys.argv[1], getattr(detectors, name)())
    frames = [scene[0].frame_num for scene in found[1:]]
    told[name.removesuffix("Detector")] = (frames, time.monotonic() - began)
print(json.dumps(told))
"""
Row = dict[str, Any]


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--footage", required=True, type=Path)
    asked.add_argument("--work", required=True, type=Path)
    asked.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4])
    asked.add_argument("--peer", help="Python of a venv that has scenedetect")
    asked.add_argument("--labels", type=Path, help="movies labelled by hand, as JSON")
    asked.add_argument("--each", action="store_true", help="what every movie missed, too")
    given = asked.parse_args()
    totals: dict[str, np.ndarray] = {}
    for edit in _edits(given):
        for name, found, seconds in _detected(edit, given.peer):
            counts, said = score(found, edit.truth, whole=name != "answerprint")
            row = np.array([*counts, seconds, edit.seconds / 60])
            totals[name] = totals.get(name, 0) + row
            if given.each and said:
                print(f"{edit.path.name} {name}: {said}", file=sys.stderr, flush=True)
    print(table(totals))
    return 0


def _edits(given: argparse.Namespace) -> Iterator[Edit]:
    sources: list[np.ndarray] = []

    def once(footage: Path) -> list[np.ndarray]:
        sources.extend([] if sources else load(footage))
        return sources

    for seed in given.seeds:
        kept = given.work / f"seed_{seed}.json"
        if not kept.exists():
            made = list(compose(once(given.footage), seed, given.work))
            rows = [[str(edit.path), edit.truth, edit.seconds] for edit in made]
            kept.write_text(json.dumps(rows), encoding="utf-8")
        for path, truth, seconds in json.loads(kept.read_text("utf-8")):
            yield Edit(Path(path), truth, seconds)
    if given.labels:
        for path, truth in json.loads(given.labels.read_text("utf-8")).items():
            with open_clip(path) as clip:
                yield Edit(Path(path), truth, len(clip.frames) / float(clip.rate or 24))


def _detected(edit: Edit, peer: str | None) -> Iterator[tuple[str, list[Row], float]]:
    began = time.monotonic()
    with open_clip(str(edit.path)) as clip:
        found = [vars(each) for each in boundaries(clip, Events())[0]]
    yield "answerprint", found, time.monotonic() - began
    if peer:
        words = [peer, "-c", PEER, str(edit.path)]
        told = json.loads(subprocess.run(words, check=True, stdout=subprocess.PIPE).stdout)
        for name, (frames, seconds) in told.items():
            rows = [{"kind": "any", "frame": at, "first": at, "last": at} for at in frames]
            yield name, rows, seconds


def score(found: list[Row], truth: list[Row], whole: bool) -> tuple[list[int], str]:
    """[cuts, found, false, gradual, found, false], and what went wrong.

    whole   the finder tells one frame for a boundary of any kind.
    """
    cuts = [row for row in truth if row["kind"] == "cut"]
    slow = [row for row in truth if row["kind"] != "cut"]
    left = sorted(found, key=lambda row: int(row["frame"]))
    sharp = [row for row in left if whole or row["kind"] == "cut"]
    got = _matched(cuts, sharp, lambda t, f: abs(f["frame"] - t["frame"]) <= 1)
    used = {id(row) for _, row in got}
    gradual = [r for r in left if id(r) not in used and (whole or r["kind"] != "cut")]
    reach = TOLERANCE if whole else 0

    def meets(true: Row, row: Row) -> bool:
        return row["first"] <= true["last"] + reach and row["last"] >= true["first"] - reach

    seen = _matched(slow, gradual, meets)
    used |= {id(row) for _, row in seen}
    false = [row for row in sharp if id(row) not in used]
    if whole:
        false = [row for row in false if not any(meets(true, row) for true in slow)]
    wrong = [] if whole else [row for row in gradual if id(row) not in used]
    missed = [t for t in cuts if not any(t is true for true, _ in got)]
    unseen = [t for t in slow if not any(t is true for true, _ in seen)]
    said = [
        f"{what} {[(row['kind'], row['first'], row['last']) for row in rows]}"
        for what, rows in (("missed", missed + unseen), ("false", false + wrong))
        if rows
    ]
    counts = [len(cuts), len(got), len(false), len(slow), len(seen), len(wrong)]
    return counts, ", ".join(said)


def _matched(
    truth: list[Row], found: list[Row], meets: Callable[[Row, Row], bool]
) -> list[tuple[Row, Row]]:
    """Pairs of a true boundary and the first one found that meets it, each used once."""
    pairs: list[tuple[Row, Row]] = []
    for true in truth:
        free = (r for r in found if meets(true, r) and all(r is not used for _, used in pairs))
        if (row := next(free, None)) is not None:
            pairs.append((true, row))
    return pairs


def table(totals: dict[str, np.ndarray]) -> str:
    lines = ["            cuts      P      R     F1  gradual  false  s per minute"]
    for name, (cuts, got, false, slow, seen, wrong, seconds, minutes) in totals.items():
        precise, recall = got / max(got + false, 1), got / max(cuts, 1)
        both = 2 * got / max(cuts + got + false, 1)
        lines.append(
            f"{name:12}{cuts:4.0f}  {precise:.3f}  {recall:.3f}  {both:.3f}  "
            f"{seen:3.0f}/{slow:<3.0f}  {wrong:5.0f}  {seconds / minutes:12.1f}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
