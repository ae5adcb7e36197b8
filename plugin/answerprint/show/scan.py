"""Which few of a show's shots are worth a look, told by the sketches and palettes of all.

Everything is read once, some looks at a time, and only the best are kept: memory does not grow
with the show. Four cues are asked: landmarks, edges, light and colours. Each counts by how far it
is beyond what is usual in this show, in spreads (median and its absolute deviation over the first
looks read); a cue that is less than usual counts nothing, for a picture that was reframed has
another composition and is still of the place. The sum is the evidence. No weight was fitted.

Convention
    look       a row of the table; evidence in spreads, from 0.
    pictures   readings and palettes of what is looked for (`Asked`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np

from answerprint.show.take import palette_of
from answerprint.vision import sketch
from answerprint.vision.palette import Palette

CHUNK = 4096
"""Looks that are read at a time; the first ones tell what is usual."""
SPREADS = {"words": 0.02, "edges": 0.15, "light": 0.2, "colours": 0.1}
"""Least spread of a cue: unrelated pictures of all kinds differ by that."""
USUAL = 256
"""Palettes that tell what is usual."""
NEAR, CHROMA = 0.06, 3.0
"""Difference of ACEScct code at which two colours count as alike by 0.6, and how many times more a
difference of colour counts than one of light."""

Key = tuple[str, int]
_OPPONENT = np.array([(0.27, 0.67, 0.06), (CHROMA, -CHROMA, 0), (0, -CHROMA, CHROMA)])


@dataclass(frozen=True)
class Asked:
    """A picture that is looked for: its sketches (`sketch.readings`; the first is of all of it),
    and its palette, None where nothing of it counts."""

    readings: Sequence[np.ndarray]
    palette: Palette | None


@dataclass(frozen=True)
class Seen:
    """A look that may be meant. evidence: its cues together; of `by_look`, likeness 0 to 1."""

    look: int
    shot: int
    frame: int
    evidence: float


def by_place(
    db: sqlite3.Connection, asked: Sequence[Asked], most: int, without: Collection[int]
) -> list[Seen]:
    """The looks with most evidence, of `most` shots, the best shot first."""
    usual: list[_Usual] = []

    def evidence(kept: Sequence[bytes]) -> np.ndarray:
        sketches = np.frombuffer(b"".join(kept), np.int8).reshape(-1, sketch.SIZE)
        cues = [_cues(each, sketches) for each in asked]
        if not usual:
            some = db.execute(
                "SELECT palette FROM (SELECT id, palette FROM look ORDER BY id LIMIT ?) "
                "ORDER BY id * 7919 % 10007, id LIMIT ?",  # some of all
                (CHUNK, USUAL),
            )
            palettes = [row[0] for row in some]
            usual.extend(
                _Usual.of(told, each, palettes) for told, each in zip(cues, asked, strict=True)
            )
        return np.asarray(
            np.max([each.beyond(told) for each, told in zip(usual, cues, strict=True)], axis=0)
        )

    best = _best(db, "sketch", evidence, most, without)
    told = dict(
        db.execute(
            f"SELECT id, palette FROM look WHERE id IN ({','.join('?' * len(best))})",
            [each.look for each in best],
        )
    )
    coloured = [
        Seen(
            each.look,
            each.shot,
            each.frame,
            each.evidence
            + max(u.coloured(a, told[each.look]) for u, a in zip(usual, asked, strict=True)),
        )
        for each in best
    ]
    return sorted(coloured, key=lambda each: (-each.evidence, each.look))


def by_look(
    db: sqlite3.Connection, asked: Sequence[Asked], most: int, without: Collection[int]
) -> list[Seen]:
    """The looks whose colours are most alike, of `most` shots, the best first."""
    palettes = [each.palette for each in asked if each.palette is not None]
    if not palettes:
        return []

    def near(kept: Sequence[bytes]) -> np.ndarray:
        here = np.array([_moments(palette_of(each)) if each else np.full(6, 9.0) for each in kept])
        far = [np.abs(here - _moments(each)).sum(1) for each in palettes]
        return -np.min(far, axis=0)

    best = _best(db, "palette", near, 4 * most, without)
    found = []
    for each in best:
        kept = db.execute("SELECT palette FROM look WHERE id = ?", (each.look,)).fetchone()[0]
        if kept:
            alike = max(look_alike(palette_of(kept), one) for one in palettes)
            found.append(Seen(each.look, each.shot, each.frame, alike))
    found.sort(key=lambda each: (-each.evidence, each.look))
    first = {each.shot: each for each in reversed(found)}
    return sorted(first.values(), key=lambda each: (-each.evidence, each.look))[:most]


def look_alike(first: Palette, second: Palette) -> float:
    """0 to 1: how much two palettes are alike, half of it as they are, half up to a grade."""
    return (_alike(first, second) + _alike(_level(first), _level(second))) / 2


# --- cues ----------------------------------------------------------------------------------


def _cues(asked: Asked, sketches: np.ndarray) -> np.ndarray:
    """(N, 2 + readings): edges, light, and the words of each reading."""
    if not asked.readings:
        return np.zeros((len(sketches), 2))
    form = sketch.likeness(sketches, asked.readings[0])
    words = [form[:, 2], *(sketch.words_alike(sketches, each) for each in asked.readings[1:])]
    return np.column_stack([form[:, :2], *words])


@dataclass(frozen=True)
class _Usual:
    """Of each column of `_cues`, what is usual and how far that spreads; of the colours too."""

    middle: np.ndarray
    spread: np.ndarray
    colour: np.ndarray
    colour_spread: np.ndarray

    @classmethod
    def of(cls, cues: np.ndarray, asked: Asked, palettes: Sequence[bytes]) -> _Usual:
        middle = np.median(cues, axis=0)
        spread = 1.4826 * np.median(np.abs(cues - middle), axis=0)
        least = [SPREADS["edges"], SPREADS["light"], *[SPREADS["words"]] * (cues.shape[1] - 2)]
        colours = np.array([_colours(asked, each) for each in palettes])
        usual = np.median(colours, axis=0)
        apart = 1.4826 * np.median(np.abs(colours - usual), axis=0)
        apart = np.maximum(apart, SPREADS["colours"])
        return cls(middle, np.maximum(spread, least), usual, apart)

    def beyond(self, cues: np.ndarray) -> np.ndarray:
        """(N,) evidence of all but the colours; of the readings the best one counts."""
        far = np.maximum((cues - self.middle) / self.spread, 0)
        words = far[:, 2:].max(1) if far.shape[1] > 2 else 0
        return np.asarray(far[:, 0] + far[:, 1] + words)

    def coloured(self, asked: Asked, palette: bytes) -> float:
        """Evidence of the colours, as they are or up to a grade: the better of both counts."""
        far = (_colours(asked, palette) - self.colour) / self.colour_spread
        return float(max(0.0, far.max()))


def _colours(asked: Asked, palette: bytes) -> np.ndarray:
    """(2,) 0 to 1: how much palettes are alike, as they are and up to a grade."""
    if asked.palette is None or not palette:
        return np.zeros(2)
    kept = palette_of(palette)
    return np.array([_alike(asked.palette, kept), _alike(_level(asked.palette), _level(kept))])


def _level(cells: Palette) -> Palette:
    return Palette(cells.code - cells.weight @ cells.code, cells.place, cells.weight)


def _alike(first: Palette, second: Palette) -> float:
    return _shared(first, second) / max(
        np.sqrt(_shared(first, first) * _shared(second, second)), 1e-12
    )


def _shared(first: Palette, second: Palette) -> float:
    one, two = (each.code @ _OPPONENT.T for each in (first, second))
    far = ((one[:, None] - two[None]) ** 2).sum(-1)
    return float(first.weight @ np.exp(far / (-2 * NEAR**2)) @ second.weight)


def _moments(cells: Palette) -> np.ndarray:
    """(6,) mean and spread of light and the two differences of colour."""
    code = cells.code @ _OPPONENT.T
    mean = cells.weight @ code
    return np.concatenate([mean, np.sqrt(cells.weight @ (code - mean) ** 2)])


# --- reading -------------------------------------------------------------------------------


def _best(
    db: sqlite3.Connection,
    column: str,
    evidence: Callable[[Sequence[bytes]], np.ndarray],
    most: int,
    without: Collection[int],
) -> list[Seen]:
    """The look with most evidence of each of the `most` best shots."""
    best: dict[int, Seen] = {}
    rows = db.execute(f"SELECT id, shot, frame, {column} FROM look ORDER BY id")
    while chunk := rows.fetchmany(CHUNK):
        told = evidence([row[3] for row in chunk])
        new: set[int] = set()
        for at in np.argsort(-told, kind="stable"):
            look, shot, frame, _ = chunk[at]
            if shot in without or shot in new:
                continue
            new.add(shot)
            if shot not in best or told[at] > best[shot].evidence:
                best[shot] = Seen(look, shot, frame, float(told[at]))
            if len(new) == most:
                break
        if len(best) > most:
            kept = sorted(best.values(), key=lambda each: (-each.evidence, each.look))[:most]
            best = {each.shot: each for each in kept}
    return sorted(best.values(), key=lambda each: (-each.evidence, each.look))
