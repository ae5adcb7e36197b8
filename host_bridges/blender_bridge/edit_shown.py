# SPDX-License-Identifier: GPL-3.0-or-later
"""Which frame of its files a strip shows at each frame of the scene, as pieces of steady speed.

Trims, holds, gaps in the numbers, reversal, retiming and speed effects are all followed frame by
frame and come out as pieces: of image strips Blender itself names the file of every frame. Of a
movie it tells no number: these are worked out from its lengths. Movies with retiming keys inside,
and speed effects with curves, cannot be followed; `Shown.lost` says so.

Numbers of a movie count from 0 here: whoever reads the edit knows what its first is called.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Callable, Dict, Iterator, Sequence, Set, Tuple

import bpy

from . import compat, files

Named = Tuple[str, int]
"""A pattern and a number of it, or a path and 0."""
Held = Dict[str, Tuple[int, int]]
STEPS = (-1, 0, 1)


@dataclass(frozen=True)
class Piece:
    """`frames` frames of the scene that show `taken` frames of the files from `low` on.

    path    a printf pattern, or one file: then it is a still or a movie.
    turn    1 forwards, -1 backwards, 0 where one frame stands.
    """

    path: str
    low: int
    taken: int
    frames: int
    turn: int


@dataclass(frozen=True)
class Shown:
    """held: first and last number that the strip has of each path, shown or not. rate: of a movie.
    lost: what cannot be followed, or ''."""

    pieces: Tuple[Piece, ...]
    held: Held
    rate: Fraction | None = None
    lost: str = ""


def of(strip: Any, first: int, end: int, speed: Any = None) -> Shown:
    """What an image or movie strip shows from a frame of the scene to before another.

    speed   the speed effect that stands over it, or None.
    """
    frames: Sequence[int] = range(first, end)
    keys = [int(key.timeline_frame) for key in getattr(strip, "retiming_keys", ())]
    if strip.type == "MOVIE":
        rate, length = _movie(strip)
        named, steady, held = _of_movie(strip, length)
        lost = "retiming keys" if len(keys) > 2 else ""
    else:
        rate, steady, lost = None, not keys, ""
        named, held = _of_images(strip)
    if speed is not None:
        moved, why = _sped(strip, speed)
        frames, steady, lost, keys = [moved(each) for each in frames], False, lost or why, []
    rows = [named(frame) for frame in frames]
    reach = _same_steps if steady else _same_speed
    found = _pieces(rows, {key - first for key in keys}, reach, held)
    return Shown(tuple(found), held, rate, lost)


# Which file


def _of_images(strip: Any) -> Tuple[Callable[[int], Named], Held]:
    """Its file at each frame of the scene, and the numbers that it has."""
    folder = os.path.abspath(bpy.path.abspath(strip.directory))
    several, held = len(strip.elements) > 1, dict[str, Tuple[int, int]]()

    def name(element: Any) -> Named:
        path = os.path.join(folder, element.filename)
        return (several and files.pattern_of(path)) or (path, 0)

    for path, number in map(name, strip.elements):
        low, high = held.get(path, (number, number))
        held[path] = min(low, number), max(high, number)
    return lambda frame: name(strip.strip_elem_from_frame(frame)), held


def _movie(strip: Any) -> Tuple[Fraction | None, int]:
    """Rate and frames of a movie's file; (None, 0) where it is not there."""
    path = os.path.abspath(bpy.path.abspath(strip.filepath))
    if not os.path.isfile(path):
        return None, 0
    clip = bpy.data.movieclips.load(path, check_existing=False)
    length, fps = int(clip.frame_duration), float(clip.fps)
    bpy.data.movieclips.remove(clip)
    return Fraction(fps).limit_denominator(1001) if fps > 0 else None, length


def _of_movie(strip: Any, length: int) -> Tuple[Callable[[int], Named], bool, Held]:
    """Its frame at each of the scene's, whether it plays frame by frame, its numbers."""
    path = os.path.abspath(bpy.path.abspath(strip.filepath))
    cut = int(strip.animation_offset_start), int(strip.animation_offset_end)
    lasts = max(int(strip.frame_duration), 1)  # frames of the scene
    there = max(length - sum(cut), 1) if length else lasts  # frames of the file
    steady = abs(there - lasts) <= 1  # a container may count one more than it holds
    begin, speed = int(strip.frame_start), Fraction(1) if steady else Fraction(there, lasts)

    def named(frame: int) -> Named:
        turn = min(max(int((frame - begin) * speed), 0), there - 1)
        return path, cut[0] + (there - 1 - turn if strip.use_reverse_frames else turn)

    return named, steady, {path: (0, there + sum(cut) - 1)}


def _sped(strip: Any, effect: Any) -> Tuple[Callable[[int], int], str]:
    """Which frame of the scene the input stands at while a speed effect shows it."""
    begin, how = int(effect.frame_final_start), effect.speed_control
    lasts = int(effect.frame_final_end) - begin
    rest = int(strip.frame_duration) - int(strip.frame_offset_start)
    speed, start = Fraction(1), 0
    if how == "STRETCH":
        speed = Fraction(rest, max(lasts, 1))
    elif how == "MULTIPLY":
        speed = Fraction(float(effect.speed_factor)).limit_denominator(1000)
    else:
        start = int(effect.speed_frame_number)
        start = int(effect.speed_length / 100 * rest) if how == "LENGTH" else start
        speed = Fraction(0)
    name = bpy.utils.escape_identifier(effect.name)
    motion = effect.id_data.animation_data
    curves = compat.curves(motion.action) if motion and motion.action else []
    moved = any(f'["{name}"].speed_' in curve.data_path for curve in curves)

    def at(frame: int) -> int:
        return begin + min(max(start + int((frame - begin) * speed), 0), max(rest - 1, 0))

    return at, "a speed effect with keys" if moved else ""


# Pieces


def _pieces(
    rows: Sequence[Named],
    breaks: Set[int],
    reach: Callable[[Sequence[int]], int],
    held: Held,
) -> Iterator[Piece]:
    """reach: how many numbers from the first on are one piece; none goes over a break."""
    at = 0
    while at < len(rows):
        path, end = rows[at][0], at + 1
        while end < len(rows) and rows[end][0] == path and end not in breaks:
            end += 1
        numbers = [number for _, number in rows[at:end]]
        numbers = numbers[: reach(numbers)]
        first, turn = numbers[0], (numbers[-1] > numbers[0]) - (numbers[-1] < numbers[0])
        low, high = held[path]
        most = high - first + 1 if turn > 0 else first - low + 1
        taken = _taken([abs(each - first) for each in numbers], most) if turn else 1
        begin = first - taken + 1 if turn < 0 else first
        yield Piece(path, begin, taken, len(numbers), turn if len(numbers) > 1 else 1)
        at += len(numbers)


def _taken(gone: Sequence[int], most: int) -> int:
    """How many frames a steady piece takes: the number that gives each of its frames, where one
    does; the last of them lies between what is shown at the end and what would be next."""
    least, count = gone[-1] + 1, len(gone)
    for taken in range(least, min(most, least + least // count + 1) + 1):
        if all(turn * taken // count == each for turn, each in enumerate(gone)):
            return taken
    return least


def _same_steps(numbers: Sequence[int]) -> int:
    """As long as they go on by one, back by one, or stand; or each stands as long (on twos)."""
    plain = _same_step(numbers)
    if (held := _same_holds(numbers)) > plain:
        return held
    repeats = 1 < plain < len(numbers) and numbers[plain] == numbers[plain - 1] != numbers[0]
    if repeats and _same_holds(numbers[plain - 1 :]):
        return plain - 1  # the last of these is the first of the held ones
    return plain


def _same_holds(numbers: Sequence[int]) -> int:
    """How many show three pictures or more, in steps of one and each as long; else 0."""
    first = numbers[0]
    hold = next((t for t, each in enumerate(numbers) if each != first), len(numbers))
    if hold < 2 or hold == len(numbers) or (step := numbers[hold] - first) not in STEPS:
        return 0
    wanted = (first + step * (turn // hold) for turn in range(len(numbers)))
    other = (turn for turn, (a, b) in enumerate(zip(numbers, wanted, strict=True)) if a != b)
    count = next(other, len(numbers))
    return count if count > 2 * hold else 0


def _same_step(numbers: Sequence[int]) -> int:
    """As long as they go on by one, back by one, or stand."""
    if len(numbers) < 2 or (step := numbers[1] - numbers[0]) not in STEPS:
        return 1
    turns = range(2, len(numbers))
    return next((t for t in turns if numbers[t] - numbers[t - 1] != step), len(numbers))


def _same_speed(numbers: Sequence[int]) -> int:
    """As long as some speed, rounded down to whole frames, gives them: from a whole frame on, or,
    where that makes a much longer piece, from anywhere within one."""
    gone = [abs(each - numbers[0]) for each in numbers]
    whole, within = _line(gone, 0), _line(gone, 1)
    return whole if whole >= within - 2 else within


def _line(gone: Sequence[int], loose: int) -> int:
    """How many of these a line through 0 gives; loose: how far before them it may lie."""
    low, high = Fraction(0), Fraction(10**9)
    for turn in range(1, len(gone)):
        low = max(low, Fraction(gone[turn] - loose, turn))
        high = min(high, Fraction(gone[turn] + 1, turn))
        if low >= high:
            return turn
    return len(gone)
