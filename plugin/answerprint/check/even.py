"""Even the scene: a CDL for each shot, with which what its shots share looks alike.

    done = even(study, "s020", told)      # to a hero, or to what is nearest to the scene's median

The scene's pairs are those that findings of light rest on (`beside.py`): surfaces that two shots
both show, verifiably. All shots are solved at once (`joint.py`). A shot is changed only where it
stands further from the shot it comes to than the measurement can tell, and only in what does: a
shot that is a little warm gets no other contrast. One that shares nothing verifiable with it stays
as it is, and so does one that is lit from another side: no grade mends that.

Convention
    cdl      in ACEScct, of everything: what the edit has on the shot already is in it.
    over     what of that is done over what the edit has.
    values   what the change does to middle grey: stops, and mired (positive is warmer).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from answerprint.check import joint
from answerprint.check.apart import Measure, levels
from answerprint.check.beside import Pair, lit_apart, measured
from answerprint.check.joint import Joint, Link
from answerprint.check.light import SEEN, SIGMAS, standard_error
from answerprint.check.model import Scene, Shot, Study
from answerprint.frames import colour, primaries
from answerprint.frames.curves import acescct, acescct_inverse
from answerprint.frames.grade import MIDDLE_GREY, Cdl
from answerprint.vision import fit, refit
from answerprint.vision.compare import cct_and_duv
from answerprint.vision.correspond import LUMINANCE
from answerprint.vision.levels import error
from answerprint.vision.shift import GREY, NAMES

MOVES = {
    "exposure": (0, 1, 2),
    "white_balance": (0, 1, 2),
    "tint": (0, 1, 2),
    "contrast": (0, 1, 2, 3, 4, 5),
    "black_level": (0, 1, 2, 3, 4, 5, 6),
    "saturation": (0, 1, 2, 9),
}
"""Which numbers of a CDL a shot may use that stands apart in these (`fit.NAMES`)."""
UNHEARD = 0.25
"""Say of a pair under which it is told as one that was left out."""
UNKNOWN = 1e4
"""Standard error of what a pair does not tell: no white balance is that far."""
DARKEST, GREYS = 0.012, 8
"""The darkest grey, scene-linear, and how many, on which lifted blacks are undone."""
OWN_COLOURS = 1500
"""Pixels of a shot on which its two CDLs become one."""
_WHITE = primaries.to_xyz(primaries.KNOWN["ACEScg"])


@dataclass(frozen=True)
class Evened:
    """A shot, and what was done to it. to: the shot that it comes to, '' where none is known.

    apart   CIEDE2000 from the shots it was compared with, before and after; None where with none.
    why     in a sentence, what was done or why nothing was.
    """

    shot: str
    scene: str
    to: str
    cdl: Cdl
    over: Cdl
    why: str
    stops: float = 0.0
    mired: float = 0.0
    apart: tuple[float, float] | None = None

    @property
    def changed(self) -> bool:
        return not self.over.neutral

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        cdls = {"cdl": self.cdl.as_dict(), "over": self.over.as_dict()}
        apart = [round(each, 3) for each in self.apart] if self.apart else None
        numbers = {"stops": round(self.stops, 4), "mired": round(self.mired, 2), "apart": apart}
        return {**vars(self), **cdls, **numbers, "changed": self.changed}


@dataclass(frozen=True)
class Even:
    """shots: in the order of the record. said: pairs that were left out, CDLs that became one."""

    shots: tuple[Evened, ...]
    said: tuple[str, ...]

    @property
    def cdls(self) -> dict[str, Cdl]:
        return {each.shot: each.cdl for each in self.shots}

    @property
    def sentence(self) -> str:
        count = sum(each.changed for each in self.shots)
        alone = sum(not each.to for each in self.shots)
        told = f"{count or 'No'} {'shot' if count == 1 else 'shots'} evened"
        return f"{told}, {alone} left without a comparison." if alone else f"{told}."


def even(study: Study, hero: str | None, told: Callable[[int, int], None]) -> Even:
    """Even every scene: the hero's to the hero, others to what is nearest to their median.

    told   is called with (done, total) between steps, and may raise to stop.
    """
    made, said = dict[str, Evened](), list[str]()
    for done, scene in enumerate(study.scenes):

        def step(done: int = done) -> None:
            told(done, len(study.scenes))

        step()
        for each in _scene(study, scene, hero, step, said):
            made[each.shot] = each
    told(len(study.scenes), len(study.scenes))
    shots = tuple(_with_own(shot, made[shot.name], said) for shot in study.shots)
    return Even(shots, tuple(said))


def _scene(
    study: Study, scene: Scene, hero: str | None, told: Callable[[], None], said: list[str]
) -> list[Evened]:
    shots = [study.shot(name) for name in scene.shots]
    pairs = measured(scene, study)
    alike = [pair for pair in pairs if not lit_apart(pair)]
    made = []
    for group in _joined(len(shots), alike):
        here = [pair for pair in alike if pair.first in group]
        held = next((turn for turn in group if shots[turn].name == hero), None)
        if len(group) == 1:
            made.append(_left(scene, shots, group[0], hero, pairs))
            continue
        if held is None and hero in scene.shots:
            names = ", ".join(shots[turn].name for turn in group)
            said.append(f"{names} share no surface with {hero}: evened among themselves.")
        made += _group(scene, shots, group, here, held, told, said)
    return made


def _left(
    scene: Scene, shots: Sequence[Shot], turn: int, hero: str | None, pairs: Sequence[Pair]
) -> Evened:
    name = shots[turn].name
    whom = hero if hero in scene.shots else "another shot"
    why = f"It shares no surface with {whom} that could be verified."
    if any(lit_apart(pair) and turn in (pair.first, pair.second) for pair in pairs):
        why = f"It is lit from another side than {whom}; no grade mends that."
    if name == hero or len(shots) == 1:
        why = "It is the only shot of its scene." if len(shots) == 1 else "It is the hero."
    return Evened(name, scene.name, "", Cdl(), Cdl(), why)


def _joined(count: int, pairs: Sequence[Pair]) -> list[tuple[int, ...]]:
    """Shots by how they hang together."""
    group = {turn: {turn} for turn in range(count)}
    for pair in pairs:
        both = group[pair.first] | group[pair.second]
        group |= dict.fromkeys(both, both)
    return sorted({tuple(sorted(each)) for each in group.values()})


# --- shots that hang together ----------------------------------------------------------------


def _group(
    scene: Scene,
    shots: Sequence[Shot],
    group: Sequence[int],
    pairs: Sequence[Pair],
    held: int | None,
    told: Callable[[], None],
    said: list[str],
) -> list[Evened]:
    place = {turn: at for at, turn in enumerate(group)}
    links = [_link(pair, place) for pair in pairs]
    stands = {kind: _stands(kind, shots, pairs, place) for kind in NAMES}
    hold = _nearest_to_all(stands) if held is None else place[held]
    free = np.zeros((len(group), 10), bool)
    for kind, (level, sigma) in stands.items():
        away = np.abs(level - level[hold]) > SIGMAS * sigma[hold]
        free[np.ix_(away, MOVES[kind])] = True
    found = joint.joint(len(group), links, free, told)
    for pair, say in zip(pairs, found.say, strict=True):
        if say < UNHEARD:
            names = f"{shots[pair.first].name} and {shots[pair.second].name}"
            said.append(
                f"What {names} share contradicts the rest of {scene.name}; it was left out."
            )
    to = shots[group[hold]].name
    return [
        _evened(scene, shots[turn].name, to, place[turn], held is not None, links, found)
        for turn in group
    ]


def _link(pair: Pair, place: Mapping[int, int]) -> Link:
    """What both show; where blacks are lifted, darker greys too than any that both show, as the
    lift that was measured has them: it is one for the whole picture."""
    assert pair.relation.evidence
    found = pair.relation.evidence.pairs
    rows = [found.source, found.reference, found.weight, found.group]
    contrast, lift = (float(pair.shift.value[NAMES.index(n)]) for n in ("contrast", "black_level"))
    if abs(lift) > SEEN["black_level"]:
        darkest = np.percentile(acescct_inverse(found.source).max(1), 1)
        greys = np.geomspace(DARKEST, max(darkest, 2 * DARKEST), GREYS)[:, None] * np.ones(3)
        there = GREY * (greys / GREY) ** np.exp(contrast) * pair.shift.gain + lift
        kept = (there > 0).all(1)
        more = [acescct(greys[kept]), acescct(there[kept]), np.ones(kept.sum())]
        more.append(found.group.max() + 1 + np.arange(kept.sum()))
        rows = [np.concatenate(two) for two in zip(rows, more, strict=True)]
    return joint.link(place[pair.first], place[pair.second], *rows)


def _stands(
    kind: str, shots: Sequence[Shot], pairs: Sequence[Pair], place: Mapping[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """The level of each shot in one kind, and the standard error (shots, shots) of the difference
    of two, over all ways round."""
    edges, sure = [], np.zeros((len(place), len(place)))
    for pair in pairs:
        value, sigma = float(pair.shift.value[NAMES.index(kind)]), UNKNOWN
        if np.isfinite(value):
            sigma = standard_error(kind, shots, pair, None)
        value = value if np.isfinite(value) else 0.0
        one, two = place[pair.first], place[pair.second]
        edges.append((one, two, Measure(one, two, value, sigma, 0.0)))
        line = np.zeros(len(place))
        line[one], line[two] = -1, 1
        sure += np.outer(line, line) / sigma**2
    covariance = np.linalg.pinv(sure, hermitian=True)
    return levels(len(place), edges), np.sqrt(np.maximum(_differences(covariance), 0))


def _differences(covariance: np.ndarray) -> np.ndarray:
    """Variance of the difference of every two."""
    own = np.diag(covariance)
    return own[:, None] + own[None] - 2 * covariance


def _nearest_to_all(stands: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> int:
    """The shot that the others stand apart from least, as an eye sees it; of equals the one that
    is known best, then the earliest."""
    away = np.zeros(len(stands["exposure"][0]))
    for kind, (level, sigma) in stands.items():
        off = np.abs(level[:, None] - level[None])
        away += np.where(off > SIGMAS * sigma, off, 0).sum(0) / SEEN[kind]
    least = np.flatnonzero(away <= away.min() * 1.02 + 1e-9)
    doubt = stands["exposure"][1].sum(0)[least]
    return int(least[doubt <= doubt.min() * (1 + 1e-6)][0])


def _evened(
    scene: Scene, name: str, to: str, at: int, heroic: bool, links: Sequence[Link], found: Joint
) -> Evened:
    theta = found.theta[at]
    apart = _apart(at, links, found)
    if not theta.any():
        why = f"It stands with {to} as far as can be measured."
        if name == to:
            why = (
                "It is the hero." if heroic else "The others come to it: it is nearest to them all."
            )
        return Evened(name, scene.name, to, Cdl(), Cdl(), why, apart=apart)
    gain = acescct_inverse(fit.apply(theta, np.full((1, 3), MIDDLE_GREY)))[0] / 0.18
    kelvins = [cct_and_duv(_WHITE @ each)[0] for each in (gain, np.ones(3))]
    warmer, white = (1e6 / each if each else np.nan for each in kelvins)
    stops = float(np.log2(gain @ LUMINANCE))
    mired = float(warmer - white) if np.isfinite(warmer - white) else 0.0
    why = f"Changed to stand with {to}: {_moves(theta, stops, mired)}."
    cdl = fit.cdl(theta)
    return Evened(name, scene.name, to, cdl, cdl, why, stops, mired, apart)


def _moves(theta: np.ndarray, stops: float, mired: float) -> str:
    contrast, saturation = 100 * np.expm1(theta[[3, 9]])
    told = [
        (stops, 0.005, f"{stops:+.2f} stops"),
        (mired, 0.5, f"{mired:+.0f} mired"),
        (contrast, 0.5, f"contrast {contrast:+.0f} %"),
        (theta[6], 0.005, "blacks"),
        (saturation, 0.5, f"saturation {saturation:+.0f} %"),
    ]
    return ", ".join(words for value, least, words in told if abs(value) >= least) or "a trace"


def _apart(at: int, links: Sequence[Link], found: Joint) -> tuple[float, float]:
    """Mean CIEDE2000 of what a shot shares, from the other shots, before and after."""
    sums, total = np.zeros(2), 0.0
    for each, say in zip(links, found.say, strict=True):
        if at in (each.first, each.second):
            here, there = found.theta[each.first], found.theta[each.second]
            after = fit.apply(here, each.a), fit.apply(there, each.b)
            sums += say * np.array([each.weight @ error(*two) for two in ((each.a, each.b), after)])
            total += say * float(each.weight.sum())
    before, after_ = sums / total
    return float(before), float(after_)


# --- with what the edit has ------------------------------------------------------------------


def _with_own(shot: Shot, made: Evened, said: list[str]) -> Evened:
    """The shot's CDL, with the one that the edit has on it before it."""
    if shot.event.cdl is None:
        return made
    own = Cdl.of(dict(shot.event.cdl))
    if not made.changed:
        return replace(made, cdl=own)
    numbers = (np.array(own.slope), np.array(own.offset), np.array(own.power), own.saturation)
    if min(own.slope) <= 0 or min(own.power) <= 0 or own.saturation <= 0:
        said.append(f"{shot.name} keeps the edit's CDL, which leaves nothing to even.")
        return replace(made, cdl=own, over=Cdl(), why="The edit's own CDL cannot be undone.")
    light = np.concatenate([rgb[valid] for rgb, valid in shot.pictures().values()])
    some = np.random.default_rng(0).integers(0, len(light), OWN_COLOURS)
    codes = acescct(light[some].astype(np.float64))
    plate = joint.before(*numbers, codes)
    both = refit.refit(plate, made.cdl(codes), np.ones(len(codes)), colour.space("ACEScct"))
    said.append(
        f"{shot.name} had a CDL in the edit; the new one holds both, within "
        f"{both.percentile_95:.1f} CIEDE2000 on its colours."
    )
    return replace(made, cdl=both.cdl)
