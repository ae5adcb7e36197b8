"""Grammar of the cut: flags where a rule of continuity editing is broken, with the evidence.

Only cuts between neighbours of one scene are looked at, and only where it was measured how their
cameras stand to each other, or that the same people are in both: a camera that crosses the line
sees none of the set that was seen before. A cutaway, an insert and a cross-cut are no such cuts.
A flag is never a verdict: films break these rules on purpose.

    jump_cut          the view changes by less than JUMP degrees and hardly in size.
    thirty_degrees    by less than THIRTY degrees, and not enough in size to excuse it.
    shot_size         one view, much nearer or farther at once.
    screen_direction  what moved to one side moves to the other, and no neutral shot lies between.
    axis_crossed      who stood left stands right: the camera went over the line of action.

Convention
    a rule is broken where it is likelier than SURE that the measure, with its error, is beyond the
    limit; the likelihood is the finding's confidence.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from answerprint.check.model import Finding, Relation, Shot, Study
from answerprint.check.sides import Sides
from answerprint.frames.curves import acescct_inverse
from answerprint.vision import lens
from answerprint.vision.clothes import COLOURS, Picture, larger, sides
from answerprint.vision.pairs import ENOUGH
from answerprint.vision.shift import shift
from answerprint.vision.turned import SAME_SPOT, Turned, around

JUMP, THIRTY = 15.0, 30.0
"""Degrees of view under which a cut jumps, and under which it is too like the one before."""
SAME_SIZE, LIKE_SIZE, LARGE = 1.35, 1.7, 5.0
"""Ratios of scale up to which a size is the same, is like the other, and from which it leaps."""
SIZE_ERROR = 0.06
"""Of a ratio of scale, as a part of it."""
COAT_ERROR = 0.25
"""The same where it is told by a coat: whoever wears it turns, and the frame cuts it off."""
SURE = 0.6
GOES, FAR = 0.5, 0.04
"""Of a direction (-1 to 1), and widths travelled in a shot, from which a subject goes somewhere."""
AGREE = 2
"""Answers (`clothes.COLOURS`) that have to say that two have changed sides."""
ALIKE = 0.09
"""ACEScct code within which the colours of two movers may be one subject's: a stop and a half."""
UNEVEN = 0.12
"""Stops by which parts of the picture may differ after one grade, where both are of one wall."""
KNOWN, PERHAPS, UNKNOWN = 1.0, 0.75, 0.5
"""How much of that is let pass in one scene, between two like palettes, and without either."""


@dataclass(frozen=True)
class _Cut:
    """Two neighbours and what is known of their views: how far round the subject the second
    stands, and how much larger it shows things; None where it is not known.

    known    whether it was found that they are of one scene; a camera that looks the other way
             sees nothing of what the first saw, and stands in no scene.
    """

    known: bool
    first: Shot
    second: Shot
    relation: Relation | None
    turned: Turned | None
    scale: float | None


def find(study: Study) -> list[Finding]:
    """Every rule that a cut of a scene breaks, in the order of the record."""
    found: list[Finding] = []
    stand = Sides(study)
    for cut in _cuts(study):
        view = _view(cut) if cut.known else None
        told = view, _size(cut), _direction(cut), _axis(cut, stand)
        found += [each for each in told if each]
    return found


def _cuts(study: Study) -> Iterator[_Cut]:
    scene_of = {name: scene for scene in study.scenes for name in scene.shots}
    for first, second in zip(study.shots, study.shots[1:], strict=False):
        one, other = scene_of.get(first.name), scene_of.get(second.name)
        if one is None or other is None:
            continue
        if one is not other and min(len(one.shots), len(other.shots)) > 1:
            continue  # two scenes, each with shots of its own: a cross-cut
        if second.cut[0] > first.cut[1] or first.event.track != second.event.track:
            continue  # something lies between them, or over them
        if _goes_on(first, second):
            continue
        relation = study.relation(first.name, second.name)
        yield _Cut(one is other, first, second, relation, *_views(relation, first, second))


def _goes_on(first: Shot, second: Shot) -> bool:
    """Whether one take goes on over the cut: nobody sees it."""
    one, other = first.event, second.event
    if one.media is None or other.media is None or one.media.path != other.media.path:
        return False
    if one.frames is None or other.frames is None:
        return False
    return abs(other.frames[0] - one.frames[1] - 1) <= 1


def _views(
    relation: Relation | None, first: Shot, second: Shot
) -> tuple[Turned | None, float | None]:
    if relation is None or relation.kind not in ("setup", "place") or relation.structures < ENOUGH:
        return None, None
    scale = relation.scale
    if scale and relation.first != first.name:
        scale = 1 / scale
    if relation.kind == "setup":
        return SAME_SPOT, scale
    turned = _around(relation, first, second)
    if turned is None or _contradicts(relation, turned) or not _even(relation):
        return None, scale
    return turned, scale


def _contradicts(relation: Relation, turned: Turned) -> bool:
    """Whether the set turned more than the subject, who stands before it: then it is no view of
    one set, but two walls of one pattern."""
    if relation.angle is None:
        return False
    return relation.angle - turned.value > 2 * math.hypot(turned.error, relation.angle_error)


def _even(relation: Relation) -> bool:
    """Whether one grade explains what both show: bricks that only look alike are lit otherwise."""
    if relation.evidence is None:
        return False
    pairs = relation.evidence.pairs
    one, other = acescct_inverse(pairs.source), acescct_inverse(pairs.reference)
    stands = shift(one, other, pairs.weight, pairs.group)
    return stands is not None and stands.uneven < UNEVEN


def _around(relation: Relation, first: Shot, second: Shot) -> Turned | None:
    """Round the subject, from the places that both shots show and the lines of the set."""
    if relation.evidence is None or not relation.frames:
        return None
    where = relation.evidence.where
    where = where[(where[:, 0] == relation.frames[0]) & (where[:, 3] == relation.frames[1])]
    both = (first, second) if relation.first == first.name else (second, first)
    a, b = (
        (at - 0.5) * (1.0, shot.size[1] / shot.size[0])
        for at, shot in zip((where[:, 1:3], where[:, 4:6]), both, strict=True)
    )
    one, two = (
        lens.usual() + lens.likely(*shot.pictures()[frame])
        for shot, frame in zip(both, relation.frames, strict=True)
    )
    return around(*_apart(a, b), (one, two))


def _apart(a: np.ndarray, b: np.ndarray, cell: float = 0.01) -> tuple[np.ndarray, np.ndarray]:
    """One match of each small cell: the areas of a structure are not independent."""
    _, rows = np.unique(np.floor(a / cell), axis=0, return_index=True)
    return a[rows], b[rows]


# --- the rules -----------------------------------------------------------------------------


def _view(cut: _Cut) -> Finding | None:
    """A jump cut, or a view too like the one before."""
    if cut.turned is None or cut.scale is None or not _something_moves(cut):
        return None
    ratio = max(cut.scale, 1 / cut.scale)
    same = _under(ratio, SIZE_ERROR * ratio, SAME_SIZE)
    like = _under(ratio, SIZE_ERROR * ratio, LIKE_SIZE)
    jumps = cut.turned.under(JUMP) * same
    near = cut.turned.under(THIRTY) * like
    angle, error = cut.turned.value, cut.turned.error
    view = f"{angle:.0f} ± {error:.0f} degrees round and {_times(cut.scale)}"
    one, other = cut.first.name, cut.second.name
    if jumps >= SURE or (near >= SURE and jumps > near / 2):
        text = f"{one} to {other} jumps: the view changes by {view}."
        return _flag("jump_cut", cut, angle, error, max(jumps, near / 2), text)
    if near >= SURE:
        text = f"{other} shows nearly the view of {one}: {view}; 30 degrees are usual."
        return _flag("thirty_degrees", cut, angle, error, near, text)
    return None


def _size(cut: _Cut) -> Finding | None:
    """Nearer or farther at once: by the structures that both show, else by what somebody wears."""
    scale, error, trust, by = cut.scale, SIZE_ERROR, 1.0, ""
    if scale is None:
        answers = larger(*_beside(cut))
        if len(answers) < len(COLOURS):
            return None
        scale, error = float(np.median(answers)), COAT_ERROR
        trust, by = (0.95 if cut.known else 0.9), " It is told by a colour that somebody wears."
    ratio = max(scale, 1 / scale)
    sure = trust * (1 - _under(ratio, error * ratio, LARGE))
    if sure < SURE:
        return None
    text = (
        f"{cut.second.name} shows what {cut.first.name} shows {_times(scale)} at once, with no "
        f"size between them.{by}"
    )
    return _flag("shot_size", cut, scale, error * scale, sure, text)


def _direction(cut: _Cut) -> Finding | None:
    """One subject that goes to one side, then to the other."""
    one, other = (_going(shot.passport) for shot in (cut.first, cut.second))
    if one is None or other is None or one[0] * other[0] >= 0:
        return None
    alike = _alike(cut.first.passport, cut.second.passport)
    looks_so = cut.relation is not None and cut.relation.kind == "palette"
    trust = KNOWN if cut.known else PERHAPS if looks_so else UNKNOWN
    if alike is None or alike > ALIKE * trust:
        return None
    ways = ["right" if each[0] > 0 else "left" for each in (one, other)]
    sure = min(one[1], other[1]) * math.exp(-((alike / ALIKE) ** 2) / 2)
    if sure < SURE:
        return None
    text = (
        f"What goes to the {ways[0]} in {cut.first.name} goes to the {ways[1]} in "
        f"{cut.second.name}, and no shot without a direction lies between."
    )
    return _flag("screen_direction", cut, other[0] - one[0], None, sure, text)


def _axis(cut: _Cut, stand: Sides) -> Finding | None:
    """Who stood left stands right: told by those who move, else by coats next to the cut."""
    if cut.relation is not None and cut.relation.kind == "setup":
        return None
    crossed = stand.crossed(cut.first, cut.second)
    told = (crossed, "") if crossed is not None else _coats(cut)
    if told is None or told[0] <= 0:
        return None
    sure = told[0] * (0.9 if cut.known else 0.7)
    if sure < SURE:
        return None
    one, other = cut.first.name, cut.second.name
    text = (
        f"Who stands left in {one}{told[1]} stands right in {other}, and who stands right left: "
        "the camera went over the line between them, if these are the same two. They were told "
        "apart by their colours."
    )
    angle, error = (cut.turned.value, cut.turned.error) if cut.turned else (None, None)
    return _flag("axis_crossed", cut, angle, error, sure, text)


def _coats(cut: _Cut) -> tuple[float, str] | None:
    """How many of the answers agree that two coats changed sides, and where the first hung."""
    answers = [each for each in sides(*_beside(cut)) if each]
    swapped = [each[0] for each in answers if each[0].swapped]
    if len(swapped) < AGREE or len(swapped) < len(answers):
        return None
    return len(swapped) / len(COLOURS), f" (at {min(swapped[0].first):.0%} of its width)"


def _beside(cut: _Cut) -> tuple[Picture, Picture]:
    """The pictures next to the cut."""
    before, after = (shot.pictures() for shot in (cut.first, cut.second))
    return before[max(before)], after[min(after)]


def _going(passport: Mapping[str, Any]) -> tuple[float, float] | None:
    """The direction of what moves, and how sure it goes anywhere; None where it does not."""
    told = passport.get("direction") or {}
    value, error, travel = told.get("value"), told.get("uncertainty"), told.get("travel")
    if value is None or travel is None or abs(value) < GOES or abs(travel) < FAR:
        return None
    if value * travel < 0:
        return None  # it comes back
    return value, 1 - _under(abs(value), max(error or 0.0, 0.05), GOES / 2)


def _alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> float | None:
    """How far the colours of the main movers are apart, their exposure aside."""
    rows = [(p.get("subjects") or [{}])[0].get("colour") for p in (one, other)]
    if any(not row or None in row for row in rows):
        return None
    a, b = (np.array(row, float).reshape(2, 3) for row in rows)
    apart = a - b
    return float(np.abs(apart - apart.mean()).max())


def _something_moves(cut: _Cut) -> bool:
    """A cut between pictures where nothing moves, and the camera does not, is not seen."""
    for shot in (cut.first, cut.second):
        camera = shot.passport.get("camera") or {}
        if shot.passport.get("subjects") or camera.get("kind") != "static":
            return True
    return cut.relation is not None and cut.relation.kind == "place"


# --- in words ------------------------------------------------------------------------------


def _under(value: float, error: float, limit: float) -> float:
    """How likely a value with a standard error is below a limit."""
    return 0.5 * math.erfc((value - limit) / max(error, 1e-6) / math.sqrt(2))


def _times(scale: float) -> str:
    return f"{scale:.2g} times as large" if scale >= 1 else f"{1 / scale:.2g} times smaller"


def _flag(
    kind: str, cut: _Cut, value: float | None, error: float | None, sure: float, text: str
) -> Finding:
    if cut.scale is not None and cut.relation is not None and cut.relation.structures:
        text += f" {cut.relation.structures} structures show it."
    return Finding(
        kind=kind,
        shots=(cut.first.name, cut.second.name),
        frame=cut.second.cut[0],
        range=(cut.second.cut[0], cut.second.cut[0]),
        value=None if value is None else round(value, 3),
        uncertainty=None if error is None else round(error, 3),
        confidence=round(float(min(max(sure, 0.0), 1.0)), 3),
        text=text,
        mend=cut.second.name,
    )
