"""Find the takes that see what a picture shows, or that look like it.

One order: takes from the same spot, then takes of the same place from elsewhere, both verified by
landmarks that agree with one geometry, most landmarks first; then those with most evidence that is
no proof (`scan.py`).

    hits = find(open_show(folder), [clip.picture(1012, 960)])

Convention
    picture    (rgb (H, W, 3) float32 scene-linear ACEScg, valid (H, W) bool).
    region     x0, y0, x1, y1 in pixels of the take, whose part shows what the picture shows.
    scale      how much larger the take shows what both show: over 1 it is closer, under 1 wider.

Cost: a scan of all sketches, and a few milliseconds for each of the looks that are verified.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from answerprint.errors import BadParameter
from answerprint.events import Events
from answerprint.frames.clip import open_clip
from answerprint.show import stamp
from answerprint.show.dailies import stamp_of
from answerprint.show.scan import Asked, Key, Seen, by_look, by_place
from answerprint.show.store import ARRAYS, Show
from answerprint.show.take import colours, palette_of
from answerprint.vision import sketch
from answerprint.vision.palette import Palette
from answerprint.vision.place import same_place
from answerprint.vision.sketch import Landmarks, landmarks
from answerprint.vision.views import View
from answerprint.vision.watch import WIDE

BY = ("any", "place", "look")
VERIFIED, DEEP, LOOKS = 60, 12, 4
"""Shots that are verified by geometry, by the look that the scan named; the first of them, by so
many looks."""
LOOKED_FOR = 600
"""Landmarks of a picture that is looked for: a take may be closer, and have but its small ones."""
USUAL, SPREAD = 2.0, 1.5
"""Landmarks of unrelated pictures that agree, and how far that spreads: fewer than a proof asks for
are evidence still."""
HALF = 8
"""Landmarks that agree at which a hit is as likely as not."""
SURE = 30.0
"""Evidence, in spreads, at which a hit without proof has half of the confidence it can have."""
ORDER = {"setup": 0, "place": 1, "look": 2}
ALIKE = 1.1
"""Scale under which neither picture is called the closer one."""

Picture = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Hit:
    """A shot of a take.

    clip, path, name   of the clip; shot: its first and last frame; frame: what was recognised.
    kind        'setup': taken from the same spot; 'place': the same things from elsewhere; 'look':
                nothing is verified, it only looks like it.
    structures  landmarks that agree with one geometry.
    confidence  0 to 1: of what was verified, how sure it is; at most 0.5 of what was not.
    why         a sentence.
    """

    clip: str
    path: str
    name: str
    shot: tuple[int, int]
    frame: int
    kind: str
    structures: int
    scale: float | None
    region: tuple[int, int, int, int] | None
    confidence: float
    why: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Known:
    """A picture by what it is found again by; palette None where nothing of it counts."""

    found: Landmarks
    palette: Palette | None

    @classmethod
    def of(cls, picture: Picture) -> Known:
        cells = colours(*picture)
        return cls(landmarks(*picture, LOOKED_FOR), palette_of(cells) if cells else None)


@dataclass(frozen=True)
class _Row:
    clip: str
    path: str
    name: str
    size: tuple[int, int]
    structures: str
    shot: tuple[int, int]
    frames: tuple[int, ...]


def find(
    show: Show,
    pictures: Sequence[Picture | Known],
    by: str = "any",
    most: int = 20,
    without: Collection[str | Key] = (),
    told: Callable[[str], None] = lambda _: None,
    events: Events | None = None,
) -> list[Hit]:
    """The shots that show what any of the pictures shows, the best first, at most `most`.

    by        of BY; 'place': only what is verified, 'look': by colours alone.
    without   clips, by id, and shots, by id of the clip and first frame, that are left out.
    told      is called with a sentence for each take whose landmarks are damaged or gone: it is
              ranked by its looks alone.

    Raises Damaged, Cancelled, and ValueError for another `by`.
    """
    if by not in BY:
        raise ValueError(f"by is {by!r}, not one of {', '.join(BY)}")
    events = events or Events()
    known = [each if isinstance(each, Known) else Known.of(each) for each in pictures]
    found = [each.found for each in known]
    events.check()
    asked = [Asked(sketch.readings(each.found), each.palette) for each in known]
    scan = by_look if by == "look" else by_place
    with show.reading() as db:
        hidden = _hidden(db, without)
        seen = scan(db, asked, most if by == "look" else max(VERIFIED, most), hidden)
        rows = {each.shot: _row(db, each.shot) for each in seen}
    if by == "look":
        return [_looks_alike(rows[each.shot], each) for each in seen]
    hits: list[tuple[int, float, Hit]] = []
    for turn, each in enumerate(seen):
        events.check()
        looks = LOOKS if turn < DEEP else int(turn < VERIFIED)
        kept, wrong = _kept(show.folder, rows[each.shot], each, looks) if looks else ({}, "")
        if wrong:
            told(wrong)
        hit, evidence = _hit(rows[each.shot], each, found, kept)
        if by == "any" or hit.kind != "look":
            hits.append((ORDER[hit.kind], -evidence, hit))
    hits.sort(key=lambda each: each[:2])
    return [hit for _, _, hit in hits[:most]]


def kept(show: Show, path: str, space: str, frames: tuple[int, int], near: int) -> Known | None:
    """What the show keeps of a clip's look among these frames, the nearest to frame `near`.

    None where it has none there, or of media in another colour space, where the media have changed
    since, and where its landmarks are damaged or gone.
    """
    with show.reading() as db:
        row = db.execute(
            "SELECT clip.id, stamp, width, height, structures, frame, sketch, palette FROM look"
            " JOIN shot ON shot.id = look.shot JOIN clip ON clip.id = shot.clip"
            " WHERE path = ? AND space = ? AND frame BETWEEN ? AND ?"
            " ORDER BY ABS(frame - ?), frame LIMIT 1",
            (path, space, *frames, near),
        ).fetchone()
    if row is None:
        return None
    clip, stamped, width, height, digest, frame, told, cells = row
    if not stamp.same(stamped, stamp_of(path)):
        return None
    try:
        found = _landmarks(show.folder, clip, digest, [frame], (width, height))[frame]
    except (OSError, ValueError):
        return None
    form = np.frombuffer(told, np.int8)[sketch.WORDS.stop :]
    return Known(replace(found, form=form), palette_of(cells) if cells else None)


def search(
    show: Show,
    path: str,
    frame: int | None = None,
    by: str = "any",
    most: int = 20,
    mirrored: bool = False,
    colourspace: str | None = None,
    events: Events | None = None,
) -> dict[str, Any]:
    """As `find`, for a file: {hits, notes, sentence}, plain JSON. Raises BadInput, BadParameter,
    Cancelled.

    path       a still, a movie or a sequence; frame: of it, None is the middle one.
    mirrored   it is looked for as a mirror shows it.
    """
    if most < 1:
        raise BadParameter(f"most is {most}.", "Use 1 or more.", about="most")
    with open_clip(path, colourspace=colourspace) as clip:
        there = [number for number in clip.frames if number not in clip.missing]
        at = there[len(there) // 2] if frame is None else frame
        if at not in clip.frames:
            raise BadParameter(
                f"frame is {at}.", f"{clip.name} has {there[0]} to {there[-1]}.", about="frame"
            )
        picture = clip.picture(at, WIDE)
        notes = list(clip.notes)
    if mirrored:
        picture = sketch.mirrored(*picture)
    hits = find(show, [picture], by, most, told=notes.append, events=events)
    sure = sum(hit.kind != "look" for hit in hits)
    sentence = f"{len(hits)} takes, {sure} of them verified."
    if not hits:
        with show.reading() as db:
            takes = db.execute("SELECT 1 FROM shot LIMIT 1").fetchone()
        sentence = "Nothing of the picture counts." if takes else "The show has no takes."
        sentence = "No take shows this place." if by == "place" else sentence
    return {"hits": [hit.as_dict() for hit in hits], "notes": notes, "sentence": sentence}


def _hidden(db: Any, without: Collection[str | Key]) -> set[int]:
    hidden: set[int] = set()
    for each in without:
        clip, first = each if isinstance(each, tuple) else (each, None)
        rows = db.execute("SELECT id, first FROM shot WHERE clip = ?", (clip,))
        hidden |= {shot for shot, begin in rows if first is None or begin == first}
    return hidden


def _row(db: Any, shot: int) -> _Row:
    clip, path, name, width, height, structures, first, last = db.execute(
        "SELECT clip.id, path, name, width, height, structures, shot.first, shot.last "
        "FROM shot JOIN clip ON clip.id = shot.clip WHERE shot.id = ?",
        (shot,),
    ).fetchone()
    frames = tuple(row[0] for row in db.execute("SELECT frame FROM look WHERE shot = ?", (shot,)))
    return _Row(clip, path, name, (width, height), structures, (first, last), frames)


# --- verifying -----------------------------------------------------------------------------


def _kept(folder: Path, row: _Row, seen: Seen, looks: int) -> tuple[dict[int, Landmarks], str]:
    """The landmarks of the look that was seen and of others, by their frames; none where they
    cannot be had, with the reason."""
    others = [at for at in row.frames if at != seen.frame]
    some = np.linspace(0, len(others) - 1, min(looks - 1, len(others))).astype(int)
    frames = [seen.frame, *(others[at] for at in some)]
    try:
        return _landmarks(folder, row.clip, row.structures, frames, row.size), ""
    except OSError as why:
        wrong = f"gone ({why.strerror})"
    except ValueError:
        wrong = "damaged"
    way_out = f"It is ranked by its looks alone: answerprint show verify --show {folder}"
    return {}, f"The landmarks of {row.path} are {wrong}. {way_out}"


def _landmarks(
    folder: Path, clip: str, digest: str, frames: Sequence[int], size: tuple[int, int]
) -> dict[int, Landmarks]:
    """The landmarks of looks, by frame. Raises OSError, and ValueError where they are damaged."""
    data = (folder / ARRAYS / f"{clip}.npz").read_bytes()
    if hashlib.sha256(data).hexdigest() != digest:
        raise ValueError(clip)
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return {at: sketch.of_arrays(arrays, at, size) for at in frames}


def _hit(
    row: _Row, seen: Seen, asked: Sequence[Landmarks], kept: dict[int, Landmarks]
) -> tuple[Hit, float]:
    """The best view of a shot, and what it is ranked by: landmarks of a proof, else evidence."""
    best: tuple[View, int, Landmarks] | None = None
    for frame, there in kept.items():
        for one in asked:
            view = same_place(one, there)
            if best is None or _better(view, best[0]):
                best = view, frame, one
        if best and best[0].kind == "setup":
            break
    mirror = 0
    if best and best[0].kind != "none":
        mirror = same_place(best[2].flipped, kept[best[1]]).structures
    if best is None or best[0].kind == "none" or mirror > best[0].structures:
        agree = best[0].structures if best else 0
        evidence = seen.evidence + max(0.0, (agree - USUAL) / SPREAD)
        sure = 0.5 * evidence / (evidence + SURE)
        why = "Nothing is verified; it looks like it."
        if mirror > agree:
            why = f"It shows the mirror image: {mirror} landmarks agree with that."
        return _of(row, seen.frame, "look", agree, None, None, sure, why), evidence
    view, frame, one = best
    sure = view.structures / (view.structures + HALF)
    region = _region(view, one, row.size) if view.kind == "setup" else None
    told = row, frame, view.kind, view.structures, view.scale, region, sure, _why(view)
    return _of(*told), view.structures


def _better(view: View, other: View) -> bool:
    rank = {"setup": 2, "place": 1, "none": 0}
    return (rank[view.kind], view.structures) > (rank[other.kind], other.structures)


def _of(
    row: _Row,
    frame: int,
    kind: str,
    structures: int,
    scale: float | None,
    region: tuple[int, int, int, int] | None,
    sure: float,
    why: str,
) -> Hit:
    size = round(float(scale), 3) if scale is not None else None
    named = row.clip, row.path, row.name, row.shot
    return Hit(*named, frame, kind, structures, size, region, round(float(sure), 3), why)


def _looks_alike(row: _Row, seen: Seen) -> Hit:
    why = f"Its colours are alike by {100 * seen.evidence:.0f} %."
    return _of(row, seen.frame, "look", 0, None, None, seen.evidence / 2, why)


def _region(
    view: View, asked: Landmarks, size: tuple[int, int]
) -> tuple[int, int, int, int] | None:
    """Where the take shows what the picture shows; None where that is outside of it."""
    if view.homography is None:
        return None
    tall = asked.size[1] / asked.size[0]
    corners = np.array([(0, 0, 1), (1, 0, 1), (1, tall, 1), (0, tall, 1)])
    there = corners @ view.homography.T
    at = there[:, :2] / there[:, 2:] * size[0]
    x0, y0 = np.maximum(np.rint(at.min(0)), 0).astype(int)
    x1, y1 = np.minimum(np.rint(at.max(0)), size).astype(int)
    return (int(x0), int(y0), int(x1), int(y1)) if x0 < x1 and y0 < y1 else None


def _why(view: View) -> str:
    spot = "From the same spot" if view.kind == "setup" else "The same place from elsewhere"
    size = ""
    if view.scale is not None and view.scale > ALIKE:
        size = f", {view.scale:.1f} times closer"
    elif view.scale is not None and view.scale < 1 / ALIKE:
        size = f", {1 / view.scale:.1f} times wider"
    return f"{spot}{size}: {view.structures} landmarks agree."
