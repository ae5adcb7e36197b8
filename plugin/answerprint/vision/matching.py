"""Solve a shot match: choose the evidence, solve the levels, say how far to trust it.

`solve` measures, once; its result is plain JSON that a recipe keeps. `outcome` turns that into
a grade at a level and a strength, as often as the artist likes, without measuring again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import cv2
import numpy as np

from answerprint.frames import colour
from answerprint.frames.curves import acescct_inverse
from answerprint.frames.grade import Cdl, Grade
from answerprint.vision import compare, fit, levels, pairs, palette, ramp, refit
from answerprint.vision.levels import Pairs
from answerprint.vision.pairs import Pictures

NO_EVIDENCE = "no evidence"
LEAST_OVERLAP = 0.27
"""Overlap of two palettes (`palette.Shared.overlap`) from which they may be of one scene. Halves
of one picture have more in 98 of 100 cases, pictures of different scenes less in 91 of 100 (92
pairs each)."""
RAMP_TURNS, FAR = 3, 12.0
"""Turns between ramp and grade; CIEDE2000 from which a pair is no part of a ramp."""
AGREE = 3.0
"""CIEDE2000 within which a pair agrees with the solution."""
LEAST_AGREEMENT = 0.35
LEAST_COLOURS = 50
"""Cells of a palette under which it says too little: a card, a title, a few pixels."""
SURE = 0.4
"""Confidence under which shared surfaces give way to shared palettes: alike things, such as two
cups of one set, are found in both shots without being one surface in one light."""
PALETTE_WIDTH = 200
KEPT_PAIRS, DRAWN = 1200, 120


def solve(
    source: Pictures,
    reference: Pictures,
    method: str,
    with_ramp: bool,
    told: Callable[[int, int], None],
) -> dict[str, Any]:
    """All that was measured and solved, as plain JSON.

    method   'auto', 'correspondence' or 'palette'.
    told     is called with (done, total) as the work goes on, and may raise to stop.
    """
    source, reference = pairs.usable(source), pairs.usable(reference)
    why = []
    surfaces: dict[str, Any] = {}
    if method in ("auto", "correspondence"):
        evidence = pairs.shared_surfaces(source, reference, told, with_ramp)
        surfaces, reason = _from_surfaces(evidence, source, with_ramp)
        if surfaces and (method == "correspondence" or surfaces["confidence"] >= SURE):
            return surfaces
        why += [reason] if reason else []
    if method in ("auto", "palette"):
        solved, reason = _from_palettes(source, reference)
        if solved:
            solved["notes"] += [f"It rests on the palettes the shots share. {w}" for w in why]
            if with_ramp:
                solved["notes"].append(
                    "A ramp needs surfaces that both shots show; one exposure was solved."
                )
            return solved
        why.append(reason)
    if surfaces:
        surfaces["notes"].append("Few surfaces agree on the grade. Look at it before you trust it.")
        return surfaces
    return {"method": method, "verdict": NO_EVIDENCE, "why": " ".join(why), "notes": []}


# --- surfaces ------------------------------------------------------------------------------


def _from_surfaces(
    evidence: pairs.Evidence, source: Pictures, with_ramp: bool
) -> tuple[dict[str, Any], str]:
    if evidence.structures < pairs.ENOUGH:
        return {}, (
            f"The shots share {evidence.structures} recognisable structures; "
            f"{pairs.ENOUGH} are needed."
        )
    measured, found, notes = evidence.pairs, evidence.pairs, []
    regions = len(np.unique(found.group))
    if regions < levels.FOLDS:
        return {}, (
            f"The {evidence.structures} structures that the shots share lie in {regions} of the "
            f"picture's {pairs.REGIONS[0] * pairs.REGIONS[1]} parts; {levels.FOLDS} are needed."
        )
    points = _ramp(evidence) if with_ramp else []
    if points:
        found = _exposed(found, evidence.where[:, 0], points)
    elif with_ramp:
        notes.append("No exposure ramp was found; one exposure was solved for the shot.")
    solution = levels.solve(found)
    after = levels.graded(found.source, "saturation", solution.theta, solution.cube)
    agree = levels.error(after, found.reference) < AGREE
    agreement = float((found.weight * agree).sum() / found.weight.sum())
    if agreement < LEAST_AGREEMENT:
        return {}, (
            f"{evidence.structures} structures look alike, but only {agreement:.0%} of what was "
            "measured on them agrees on one grade."
        )
    enough = evidence.structures / (evidence.structures + 25)
    shot = palette.palette(_small(source))
    cover = _cover(shot, found)
    solved = _as_json("correspondence", solution, measured, shot, evidence.where[:, 0])
    if points:
        notes.append(
            "The exposure ramps: CDL and cube hold the grade without the ramp, frames carry both."
        )
    solved |= {
        "confidence": round(enough * agreement * (0.6 + 0.4 * cover), 3),
        "structures": evidence.structures,
        "shares": None,
        "drawn": _drawn(evidence),
        "ramp": points,
        "notes": notes,
    }
    return solved, ""


def _ramp(evidence: pairs.Evidence) -> list[tuple[int, float]]:
    """The ramp, found beside one grade for the whole shot and refined twice with it."""
    frames, weight = evidence.where[:, 0], evidence.pairs.weight
    points: list[tuple[int, float]] = []
    for turn in range(RAMP_TURNS):
        found = _exposed(evidence.pairs, frames, points)
        eye = fit.to_the_eye(found.reference)
        theta = fit.fit(found.source, found.reference, found.weight, eye).theta
        grade = partial(fit.apply, theta)
        near = levels.error(grade(found.source), found.reference) < FAR
        if not near.any():
            return []
        stops = ramp.wanted(found.source[near], found.reference[near], grade)
        if turn:
            points = ramp.refined(points, frames[near], stops, weight[near])
        else:
            points = ramp.ramp(frames[near], stops, weight[near])
        if not points:
            return []
    return points


def _exposed(found: Pairs, frames: np.ndarray, points: Sequence[Sequence[float]]) -> Pairs:
    return replace(found, source=_lit(found.source, frames.astype(int).tolist(), points))


def _cover(shot: palette.Palette, found: Pairs) -> float:
    """Share of the shot's colours that lie near a measured one."""
    apart = ((shot.code[:, None] - found.source[None, ::8]) ** 2).sum(-1).min(1)
    return float(shot.weight[np.sqrt(apart) < 0.06].sum())


def _drawn(evidence: pairs.Evidence) -> list[list[float]]:
    """Some of the places found in both, of the two frames that have most in common."""
    _, which, count = np.unique(
        evidence.where[:, [0, 3]], axis=0, return_inverse=True, return_counts=True
    )
    mine = evidence.where[which.ravel() == count.argmax()]
    _, first = np.unique(np.floor(mine[:, 1:3] * 40), axis=0, return_index=True)
    some = np.sort(first)[np.linspace(0, len(first) - 1, min(DRAWN, len(first))).astype(int)]
    return [[round(float(v), 4) for v in row] for row in mine[some]]


# --- palettes ------------------------------------------------------------------------------


def _from_palettes(source: Pictures, reference: Pictures) -> tuple[dict[str, Any], str]:
    shot, hero = (palette.palette(_small(p)) for p in (source, reference))
    fewest = min(len(shot.code), len(hero.code))
    if not fewest:
        return {}, "A shot has no pixel between clipping and noise."
    if fewest < LEAST_COLOURS:
        return {}, f"A shot has {fewest} colours to compare; {LEAST_COLOURS} are needed."
    shared = palette.match(shot, hero)
    if shared.overlap < LEAST_OVERLAP:
        return {}, (
            f"The shots' palettes overlap by {shared.overlap:.0%}; {LEAST_OVERLAP:.0%} are needed."
        )
    theta = {
        name: _cautious(palette.match(shot, hero, free).fit) for name, free in fit.LEVELS.items()
    }
    found = _laid_together(shot, hero, theta["saturation"])
    cube = np.zeros((2, 2, 2, 3), np.float32)
    error = {
        name: float(
            (
                levels.error(levels.graded(found.source, name, theta, cube), found.reference)
                * found.weight
            ).sum()
            / found.weight.sum()
        )
        for name in levels.NAMES[:4]
    }
    solution = levels.Solution(theta, cube, error, "saturation")
    solved = _as_json("palette", solution, found, shot)
    solved |= {
        "confidence": round(min(0.6, shared.overlap), 3),
        "structures": 0,
        "shares": [round(shared.source_share, 3), round(shared.reference_share, 3)],
        "drawn": [],
        "ramp": [],
        "notes": ["A match of palettes is a proposal. Look at it before you trust it."],
    }
    return solved, ""


def _cautious(found: fit.Fit) -> np.ndarray:
    """Less of a solution that its own uncertainty does not tell from doing nothing."""
    free = np.flatnonzero(np.diag(found.covariance) > 0)
    part = found.theta[free]
    sure = float(part @ np.linalg.solve(found.covariance[np.ix_(free, free)], part))
    return np.asarray(found.theta * (sure / (sure + 1)))


def _laid_together(shot: palette.Palette, hero: palette.Palette, theta: np.ndarray) -> Pairs:
    """The cells that lie on each other after the match, as pairs."""
    moved = fit.apply(theta, shot.code)
    apart = ((moved[:, None] - hero.code[None]) ** 2).sum(-1)
    nearest = apart.argmin(1)
    close = np.sqrt(apart[np.arange(len(moved)), nearest]) < 2 * palette.CELL
    if not close.any():
        close[:] = True
    return Pairs(
        shot.code[close],
        hero.code[nearest][close],
        shot.weight[close],
        np.arange(int(close.sum())),
    )


def _small(pictures: Pictures) -> list[tuple[np.ndarray, np.ndarray]]:
    small = []
    for rgb, valid in pictures.values():
        wide = min(PALETTE_WIDTH, rgb.shape[1])
        size = (wide, max(1, round(rgb.shape[0] * wide / rgb.shape[1])))
        weight = cv2.resize(valid.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        light = cv2.resize(np.where(valid[..., None], rgb, 0), size, interpolation=cv2.INTER_AREA)
        small.append((light / np.maximum(weight, 1e-6)[..., None], weight > 0.5))
    return small


# --- the solution as data ------------------------------------------------------------------


def _as_json(
    method: str,
    solution: levels.Solution,
    found: Pairs,
    shot: palette.Palette,
    frames: np.ndarray | None = None,
) -> dict[str, Any]:
    keep = np.arange(len(found.source))
    if len(keep) > KEPT_PAIRS:
        keep = np.sort(np.random.default_rng(0).choice(keep, KEPT_PAIRS, replace=False))
    made: dict[str, Any] = {
        "verdict": "match",
        "method": method,
        "chosen": solution.chosen,
        "levels": {
            name: {
                "cdl": (
                    fit.cdl(solution.theta["saturation" if name == "lut" else name])
                    if name != "none"
                    else Cdl()
                ).as_dict(),
                "unseen_delta_e": round(error, 4),
            }
            for name, error in solution.error.items()
        },
        "residual": None,
        "pairs": {
            "source": _listed(found.source[keep]),
            "reference": _listed(found.reference[keep]),
            "weight": _listed(found.weight[keep]),
            "frame": [] if frames is None else frames[keep].astype(int).tolist(),
            "count": len(found.source),
        },
        "colours": {"code": _listed(shot.code), "weight": _listed(shot.weight, 7)},
    }
    if "lut" in solution.error:
        made["residual"] = _listed(solution.cube)
    return made


def _listed(values: np.ndarray, digits: int = 5) -> list[Any]:
    listed: list[Any] = np.round(values.astype(np.float64), digits).tolist()
    return listed


@dataclass(frozen=True)
class Outcome:
    """A solution at a level and a strength.

    refused     there was no evidence: identity, no frames.
    level       the level in force; 'none' where the shots stand together already.
    grade       what is done to the shot.
    spaces      CDL numbers for other working spaces, by name.
    """

    refused: bool
    level: str
    grade: Grade
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    residual: dict[str, float] = field(default_factory=dict)
    spaces: dict[str, refit.Refit] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def outcome(
    solved: dict[str, Any], level: str, strength: float, spaces: Sequence[colour.Space]
) -> Outcome:
    """The grade of a solution at a level ('auto' for the one that was chosen) and a strength."""
    if solved["verdict"] == NO_EVIDENCE:
        return Outcome(True, "none", Grade(), warnings=list(solved["notes"]))
    warnings = list(solved["notes"])
    level = solved["chosen"] if level == "auto" else level
    if level not in solved["levels"]:
        warnings.append(f"There is no evidence for level '{level}'; 'saturation' is used.")
        level = "saturation"
    cube = np.array(solved["residual"], np.float32) if level == "lut" else None
    grade = Grade(Cdl.of(solved["levels"][level]["cdl"]), cube).at(strength)
    found = {name: np.array(solved["pairs"][name]) for name in ("source", "reference", "weight")}
    source, reference, weight = found["source"], found["reference"], found["weight"]
    wanted = acescct_inverse(reference)
    points = [(n, stops * strength) for n, stops in solved["ramp"]]
    lit = _lit(source, solved["pairs"]["frame"], points)
    codes, shares = (np.array(solved["colours"][n]) for n in ("code", "weight"))
    return Outcome(
        False,
        level,
        grade,
        compare.difference(acescct_inverse(source), wanted, weight),
        compare.difference(acescct_inverse(grade.code(lit)), wanted, weight),
        _cdl_against(grade, codes, shares),
        {s.name: refit.refit(codes, grade.code(codes), shares, s) for s in spaces},
        warnings,
    )


def _lit(codes: np.ndarray, frames: Sequence[int], points: Sequence[Sequence[float]]) -> np.ndarray:
    """Codes with the ramp of their frames taken out."""
    if not points:
        return codes
    stops = np.array([ramp.stops_at(points, n) for n in frames])
    return np.asarray(colour.acescct(acescct_inverse(codes) * np.exp2(stops)[:, None]))


def _cdl_against(grade: Grade, codes: np.ndarray, weight: np.ndarray) -> dict[str, float]:
    """How far the CDL alone, in ACEScct, lands from the whole grade on the shot's colours."""
    apart = levels.error(grade.cdl(codes), grade.code(codes))
    return {
        "mean": round(float(np.average(apart, weights=weight)), 4),
        "percentile_95": round(compare.quantile(apart, weight, 0.95), 4),
    }
