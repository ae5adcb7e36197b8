"""What of the show can stand where a shot is missing: which takes, which of their frames.

Convention
    ranges     frames of a take as the core numbers them, first and last, both included. Frames
               beyond a cut inside a movie belong to another take and are never offered with it.
    length     of what is missing, in frames of the take at its own rate: a second stays a second.
    speed      frames of the take for one that it would show at its own speed: 0.8 is slower.
    reframe    {"scale": s, "offset": [x, y]}: the picture is enlarged s times around its middle and
               moved; offset in parts of the frame's width and height, right and down positive.
    needs      of NEEDS, in their order.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from answerprint.edit.media import Library, name_of
from answerprint.edit.timecode import carried
from answerprint.frames.clip import Clip
from answerprint.show.store import Show

NEEDS = ("match", "reframe", "retime")
KINDS = ("same", "alternate", "head", "tail", "wider")
SLOWEST = 0.5
"""Speed under which a slowed take shows every frame twice."""
CLOSEST = 2.0
"""Enlargement beyond which a punch-in is soft in a finished picture."""
OWN = "of the clip itself"
WIDER = 1.05
"""Enlargement under which two pictures show as much."""

Range = tuple[int, int]


@dataclass(frozen=True)
class Take:
    """A shot of a clip in the show.

    key      the clip's id and the first frame: of this take alone.
    start    count of the timecode of its first frame, None where the file says none.
    rate     frames a second, None where the file says none.
    whole    first and last frame of the clip that it is a shot of.
    place    its turn in the order of shooting, as far as reels and names tell it.
    scene    that logs or slates name, '12', or ''; `slate` with the letter of the set-up, '12A', or
             '' where they name none; `camera` the letter of its camera.
    focal    length of the lens in mm, None where nobody says it.
    space    colour space that its looks were kept from.
    """

    key: tuple[str, int]
    path: str
    name: str
    reel: str
    first: int
    last: int
    start: int | None
    rate: Fraction | None
    size: tuple[int, int]
    whole: Range
    place: int = 0
    scene: str = ""
    slate: str = ""
    camera: str = ""
    focal: float | None = None
    space: str = ""

    @property
    def frames(self) -> int:
        return self.last - self.first + 1

    @property
    def middle(self) -> int:
        return (self.first + self.last) // 2


@dataclass(frozen=True)
class Proposal:
    """Something to lay into a hole, and what it would need there.

    kind         of KINDS: the very clip that the edit names, an alternate take, an unused head or
                 tail of a clip that the cut has, a wider take to punch into.
    take         whose frames `first` to `last` are meant.
    confidence   0..1 that an editor would have it here.
    reference    the shot of the cut that a match would have as its reference, '' for none.
    light        how its light stands to that shot's, by kind {value, uncertainty, unit}, the take
                 minus the shot; None where nothing tells.
    """

    kind: str
    take: Take
    first: int
    last: int
    speed: float = 1.0
    reframe: dict[str, Any] | None = None
    needs: tuple[str, ...] = ()
    confidence: float = 0.0
    why: str = ""
    reference: str = ""
    light: dict[str, dict[str, Any]] | None = None

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "kind": self.kind,
            "clip": self.take.path,
            "name": self.take.name,
            "reel": self.take.reel,
            "first": self.first,
            "last": self.last,
            "speed": round(self.speed, 4),
            "reframe": self.reframe,
            "needs": list(self.needs),
            "confidence": round(self.confidence, 3),
            "why": self.why,
            "reference": self.reference or None,
            "light": self.light,
        }


def needed(*wanted: str) -> tuple[str, ...]:
    """What a proposal needs, once each, in the order of NEEDS."""
    return tuple(each for each in NEEDS if each in wanted)


# --- takes ---------------------------------------------------------------------------------


def takes(show: Show) -> list[Take]:
    """Every take of the show, in the order of shooting. Memory: a few hundred bytes a take."""
    with show.reading() as db:
        rows = db.execute(
            "SELECT clip.id, clip.path, clip.name, clip.reel, clip.first, clip.last, clip.start,"
            " clip.rate, clip.width, clip.height, shot.first, shot.last,"
            " clip.camera, clip.space"
            " FROM shot JOIN clip ON clip.id = shot.clip"
        ).fetchall()
    rows.sort(key=lambda row: (_natural(row[3]), _natural(row[2]), _natural(row[1]), row[10]))
    return [_take(row, place) for place, row in enumerate(rows)]


def _take(row: Sequence[Any], place: int) -> Take:
    clip, path, name, reel, begin, end, start, rate, width, height, first, last, *more = row
    begun = None if start is None else start + first - begin
    told = Fraction(rate) if rate else None
    camera, space = more
    said = json.loads(camera)
    scene, slate = slated(str(said.get("scene", "")), name)
    return Take(
        (clip, first), path, name, reel, first, last, begun, told, (width, height), (begin, end),
        place, scene, slate, str(said.get("camera", ""))[:1].upper(), said.get("focal_length"),
        space,
    )  # fmt: skip


def slated(scene: str, name: str) -> tuple[str, str]:
    """The scene and the slate of a take: what a log calls its scene, else a clip that is named by
    its slate. '12A' and '12A-3' are set-up A of scene 12; a scene without a letter names no set-up.

        slated("12A", "A001C004")       ("12", "12A")
        slated("", "12A_T3")            ("12", "12A")
        slated("", "A001C004")          ("", "")
    """
    said = scene.strip()
    if not said:
        found = _SLATE.match(name)
        said = (found["scene"] or found["lettered"]) if found else ""
    said = said.upper()
    parts = _SETUP.match(said)
    return (parts["scene"], parts["scene"] + parts["setup"]) if parts else (said, "")


_SLATE = re.compile(
    r"(?:sc(?:ene)?|s)?[ _-]?(?P<scene>\d{1,4}[a-z]{0,2})[ _-]*(?:t|tk|take)[ _-]?\d{1,3}(?!\d)"
    r"|(?P<lettered>\d{1,4}[a-z]{1,2})[ _-]\d{1,3}(?!\d)",
    re.IGNORECASE,
)
_SETUP = re.compile(r"(?P<scene>.*\d)[ _-]?(?P<setup>[A-Z]{1,2})$")


def _natural(name: str) -> list[tuple[int, str]]:
    """Numbers in a name by their value: A9 comes before A10."""
    return [
        (int(part), "") if part.isdecimal() else (-1, part.casefold())
        for part in re.split(r"(\d+)", name)
    ]


def take_of(every: Iterable[Take], path: str, first: int, last: int) -> Take | None:
    """The take that has these frames of a clip, most of them where a cut lies between."""
    here = os.path.abspath(os.path.expanduser(path))
    best, most = None, 0
    for each in every:
        common = min(last, each.last) - max(first, each.first) + 1
        if common > most and each.path == here:
            best, most = each, common
    return best


# --- frames --------------------------------------------------------------------------------


def free(take: Take, used: Collection[Range]) -> list[Range]:
    """What of a take no range of `used` has."""
    found, at = list[Range](), take.first
    for first, last in sorted(used):
        if first > at:
            found.append((at, min(first - 1, take.last)))
        at = max(at, last + 1)
    if at <= take.last:
        found.append((at, take.last))
    return [each for each in found if each[0] <= each[1]]


@dataclass(frozen=True)
class Real:
    """Frames that were shot, for one side of a shot that is to be longer, or within it.

    side    'head', 'tail' or 'within'.
    path    where they are: the clip itself, or the take that it was pulled from.
    """

    side: str
    path: str
    first: int
    last: int
    why: str


def real_frames(show: Show, clip: Clip, head: int, tail: int) -> list[Real]:
    """Frames that were shot before and after those of `clip`, up to `head` and `tail` of them.

    The clip's own frames beyond those that were asked for come first; then those of a take of the
    same reel or name whose timecode covers them. They adjoin the clip; of each side the longest.
    """
    first, last = clip.frames[0], clip.frames[-1]
    found = _same(show, clip)
    sides = list[Real]()
    for side, wanted in (("head", head), ("tail", tail)):
        best: Real | None = None
        for take, away, why in found:
            if side == "head":
                span = (max(take.first, first + away - wanted), first + away - 1)
            else:
                span = (last + away + 1, min(take.last, last + away + wanted))
            longest = best.last - best.first + 1 if best else 0
            if span[1] - span[0] + 1 > longest:
                best = Real(side, take.path, *span, why)
        if best:
            sides.append(best)
    return sides


def real_within(show: Show, clip: Clip, first: int, last: int) -> list[Real]:
    """Frames that were shot where `first` to `last` of `clip` are gone or spoiled: of takes of the
    same reel or name whose timecode covers the clip; never its own."""
    return [
        Real("within", take.path, first + away, last + away, why)
        for take, away, why in _same(show, clip)
        if why != OWN
    ]


def _same(show: Show, clip: Clip) -> list[tuple[Take, int, str]]:
    """What was shot with the clip: takes that hold all of it, by how much their frames are numbered
    higher, and how that is known; the clip itself first."""
    every = takes(show)
    first, last = clip.frames[0], clip.frames[-1]
    media = Library().open(clip.source)
    found = list[tuple[Take, int, str]]()
    own = take_of(every, media.path, first, last)
    if own:
        found.append((own, 0, OWN))
    if media.start is not None and media.rate is not None:
        names = (name_of(os.path.basename(media.path)), clip.name)
        for each in every:
            if own and each.key == own.key:
                continue
            if each.rate != media.rate or each.start is None:
                continue
            if not _alike(each, names, media.reel):
                continue
            away = each.first - each.start + media.start - media.first
            if each.first <= first + away and last + away <= each.last:
                found.append((each, away, f"of {each.name}, by its timecode"))
    return found


def fitted(spans: Iterable[Range], length: int) -> tuple[Range, float]:
    """The frames to show for `length` frames, and the speed that stretches what is too short: the
    middle of the longest of the spans. ValueError where there are none."""
    first, last = max(spans, key=lambda span: span[1] - span[0])
    there = last - first + 1
    if there <= length:
        return (first, last), there / length
    begin = first + (there - length) // 2
    return (begin, begin + length - 1), 1.0


# --- the very clip -------------------------------------------------------------------------


def very(
    every: Iterable[Take],
    names: Collection[str],
    reel: str,
    source: Range,
    rate: Fraction,
    speed: float = 1.0,
    shown: Fraction | None = None,
) -> list[Proposal]:
    """The clip that an edit means, by its name or reel and its timecode; the surest first.

    names    of the clip and its files, as the edit has them.
    source   counts of its timecode, the end excluded, at `rate`; `speed` has been applied.
    speed    frames of source for one of record; 0 a freeze, below 0 backwards.
    shown    the cut's rate, None for that of the source.

    A take of that name which says no timecode is counted by its file numbers, else from its first.
    """
    spelt = [name_of(os.path.basename(each)).casefold() for each in names if each]
    found = list[Proposal]()
    for take in every:
        by = _alike(take, spelt, reel)
        if not by:
            continue
        own = take.rate or rate
        first = carried(source[0], rate, own)
        length = max(1, round((source[1] - source[0]) * own / rate))
        if take.start is not None:
            begins = [take.first + first - take.start]
        else:
            begins = [first, take.first + first]
        inside = [n for n in begins if take.first <= n and n + length - 1 <= take.last]
        if not inside:
            continue
        sure = (0.9 if by == ["reel"] else 0.97) if take.start is not None else 0.7
        sure = min(0.99, sure + 0.02 * (len(by) - 1))
        told = "timecode covers" if take.start is not None else "frame numbers cover"
        why = f"The edit names it: its {' and '.join(by)} agree, and its {told} the shot."
        why = why if len(by) > 1 else why.replace(" agree,", " agrees,")
        last = inside[0] + length - 1
        needs = needed(*(["retime"] if speed != 1 or own != (shown or rate) else []))
        found.append(Proposal("same", take, inside[0], last, speed, None, needs, sure, why))
    return sorted(found, key=lambda each: -each.confidence)


def _alike(take: Take, names: Iterable[str], reel: str) -> list[str]:
    """What of an edit's words a take goes by: 'name', 'reel'."""
    own = {take.name.casefold(), name_of(os.path.basename(take.path)).casefold()}
    named = any(name.casefold() in own for name in names)
    wanted = _bare(reel)
    reels = {_bare(take.reel), *map(_bare, own)} - {""}
    return [*(["name"] if named else []), *(["reel"] if wanted in reels else [])]


def _bare(name: str) -> str:
    return re.sub(r"[\W_]", "", name).casefold()


# --- punch-ins -----------------------------------------------------------------------------


def reframed(
    region: tuple[float, float, float, float], size: tuple[int, int]
) -> dict[str, Any] | None:
    """How a take is enlarged to show a region of it; None beyond CLOSEST, or where nothing is.

    region   x0, y0, x1, y1 in pixels of the take, of `size`.
    """
    x0, y0, x1, y1 = region
    if x1 <= x0 or y1 <= y0:
        return None
    scale = min(size[0] / (x1 - x0), size[1] / (y1 - y0))
    if not WIDER < scale <= CLOSEST:
        return None
    most = (scale - 1) / 2
    middle = ((x0 + x1) / 2 / size[0], (y0 + y1) / 2 / size[1])
    offset = [round(min(most, max(-most, (0.5 - at) * scale)), 4) for at in middle]
    return {"scale": round(scale, 4), "offset": offset}
