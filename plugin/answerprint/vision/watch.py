"""Watch a shot once, from its first frame to its last: the passport, and pictures to compare.

Every frame is decoded once and reduced on the way; watchers see it in order and keep little. What
needs the full size (noise, sharpness) sees the same few places of a few pairs of frames. Cost and
memory: linear in frames, and constant.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np

from answerprint.errors import BadInput
from answerprint.frames.clip import Clip, picture_of
from answerprint.frames.frame import Frame
from answerprint.vision import passport
from answerprint.vision.camera import CameraMotion
from answerprint.vision.close import CloseUp
from answerprint.vision.faulty import Faulty
from answerprint.vision.flicker import Flicker
from answerprint.vision.noise import Noise
from answerprint.vision.pairs import Pictures
from answerprint.vision.sharpness import Sharpness
from answerprint.vision.subjects import Subjects

WIDE, PACE = 960, 480
"""Most pixels across: of the samples, and of what watchers see of every frame."""
SAMPLES, LOOKS = 7, 6
"""Samples of a shot, and pairs of frames that are looked at in full size."""
AGAIN = "Render or copy them again."
RATE = 24
"""Frames per second where a clip does not say."""
AHEAD = 2
"""Stills that are decoded at a time, each 200 MB at 8K."""

Picture = tuple[np.ndarray, np.ndarray]
Look = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Sight:
    """A frame as it is seen. pace: at most PACE wide; wide: makes it at most WIDE wide.

    Of a movie few frames are wanted so large, and to make them is most of what a frame costs.
    """

    pace: Picture
    wide: Callable[[], Picture]


Seen = Callable[[int, Sight | None], None]


class Watcher(Protocol):
    """Sees every frame of a shot once, in order."""

    def see(self, number: int, picture: np.ndarray, valid: np.ndarray) -> None:
        """picture (h, w, 3) float32 scene-linear ACEScg, at most PACE wide; valid (h, w) bool.

        The arrays are shared with the other watchers: not to be changed, and kept only as a
        copy. Frames that cannot be had are left out.
        """
        ...

    def told(self) -> dict[str, Any]:
        """Its part of the passport, plain JSON."""
        ...


@dataclass(frozen=True)
class Watched:
    """passport: plain JSON (`passport.py`). pictures: a few samples, at most WIDE wide."""

    passport: dict[str, Any]
    pictures: Pictures


def watch(
    clip: Clip,
    frames: tuple[int, int],
    told: Callable[[int, int], None],
    look: Look | None = None,
    seen: Seen = lambda number, picture: None,
) -> Watched:
    """What the frames from first to last (both included) of a clip show.

    told   is called with (done, total) after each frame, and may raise to stop.
    look   what is done to scene-linear ACEScg (..., 3) before it is seen: an edit's grade. It is
           done to area averages, which is not quite the average of what was graded.
    seen   is called with each frame's number and the sight of it, or None where it cannot be had:
           for what else wants all frames, so that they are decoded once. Not to be kept.

    A frame that cannot be had is in the passport, with the reason; raises BadInput where none can.
    """
    first, last = frames
    numbers = range(first, last + 1)
    faulty = Faulty()
    camera = CameraMotion(float(clip.rate or RATE))
    watchers: list[Watcher] = [faulty, Flicker(), camera, Subjects(camera)]
    posts = _Posts(numbers)
    noise, sharpness = Noise(coded=clip.kind == "movie"), Sharpness()
    failed: dict[int, str] = {}
    size = (0, 0)
    with closing(_looks(clip, numbers, look)) as looks:
        for done, (number, found) in enumerate(looks, 1):
            if isinstance(found, BadInput):
                failed[number] = str(found)
                seen(number, None)
            else:
                size = size if size[0] else found.size
                seen(number, found.sight)
                for each in watchers:
                    each.see(number, *found.sight.pace)
                posts.offer(number, found.sight.wide, faulty.dark)
                if found.close is not None:
                    noise.see(number, found.close)
                    sharpness.see(found.close)
            told(done, len(numbers))
    if len(failed) == len(numbers):
        raise BadInput(
            f"None of the frames {first}-{last} of {clip.name} can be read.",
            AGAIN,
            failed[first],
        )
    parts: dict[str, Any] = {}
    for each in watchers:
        parts.update(each.told())
    pictures = posts.chosen(set(parts["flashes"]) | set(parts["blacks"]))
    small = {number: _reduced(picture) for number, picture in pictures.items()}
    head = {
        "frames": {
            "first": first,
            "last": last,
            "count": len(numbers),
            "failed": {str(number): why for number, why in failed.items()},
        },
        "rate": float(clip.rate) if clip.rate else None,
        "size": list(size),
    }
    return Watched({**head, **passport.of(small, noise, sharpness), **parts}, pictures)


# --- reading -------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Look:
    """One frame: the sight of it, the size it has in the file, and its close-up where wanted."""

    sight: Sight
    size: tuple[int, int]
    close: np.ndarray | None


def _looks(
    clip: Clip, numbers: Sequence[int], through: Look | None
) -> Generator[tuple[int, _Look | BadInput], None, None]:
    """Every frame in order; stills are decoded ahead while the one before is looked at."""
    wanted = _close_ones(numbers)

    def look(number: int) -> _Look | BadInput:
        try:
            with clip.open(number) as frame:
                seen = CloseUp(frame, number in wanted)
                name = f"Frame {number} of {clip.name}"
                if clip.kind == "movie" and through is None and number not in wanted:
                    return _Look(_sight(frame, clip, name), seen.size, None)
                rgb, valid = picture_of(seen, clip.space, WIDE, name)
                if not valid.any():
                    return BadInput(f"{name} holds no light: its values are no numbers.", AGAIN)
                close = seen.light(clip.space)
                if through is not None:
                    rgb, close = through(rgb), None if close is None else through(close)
                return _Look(_whole((rgb, valid)), seen.size, close)
        except BadInput as refused:
            return refused

    if clip.kind == "movie":
        yield from ((number, look(number)) for number in numbers)
        return
    with ThreadPoolExecutor(AHEAD) as pool:
        coming: deque[tuple[int, Future[_Look | BadInput]]] = deque()
        try:
            for number in numbers:
                coming.append((number, pool.submit(look, number)))
                if len(coming) > AHEAD:
                    at, future = coming.popleft()
                    yield at, future.result()
            while coming:
                at, future = coming.popleft()
                yield at, future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _sight(frame: Frame, clip: Clip, name: str) -> Sight:
    """Of a movie's frame, which stays in memory as long as somebody may ask for it."""
    pace = picture_of(frame, clip.space, PACE, name)
    return Sight(pace, lambda: picture_of(frame, clip.space, WIDE, name))


def _whole(picture: Picture) -> Sight:
    return Sight(_reduced(picture), lambda: picture)


def _close_ones(numbers: Sequence[int]) -> set[int]:
    """Frames that are looked at in full size: pairs of neighbours, spread over the shot."""
    count = len(numbers)
    pairs = min(LOOKS, (count + 1) // 2)
    starts = [int((turn + 0.5) * count / pairs - 0.5) for turn in range(pairs)]
    return {numbers[min(at + step, count - 1)] for at in starts for step in (0, 1)}


def _reduced(picture: Picture) -> Picture:
    """A WIDE picture at PACE."""
    rgb, valid = picture
    height, width = valid.shape
    if width <= PACE:
        return picture
    size = (PACE, max(1, round(height * PACE / width)))
    small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.float32)
    if valid.all():
        return small, np.ones(small.shape[:2], bool)
    weight = cv2.resize(valid.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    kept = weight > 0.5
    small[kept] /= weight[kept][:, None]
    small[~kept] = 0
    return small, kept


class _Posts:
    """Two posts in each part of the shot; each keeps the frame next to it that is not black."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self._first, self._count = numbers[0], len(numbers)
        self._posts = min(2 * SAMPLES, self._count)
        self._held: dict[int, tuple[int, Picture]] = {}
        self._post, self._best = -1, (True, 2.0)
        self._next: tuple[int, Callable[[], Picture]] | None = None

    def offer(self, number: int, wide: Callable[[], Picture], black: bool) -> None:
        place = (number - self._first + 0.5) / self._count * self._posts
        post = min(int(place), self._posts - 1)
        rank = (black, abs(place - post - 0.5))
        if post != self._post:
            self._keep()
            self._post, self._best = post, (True, 2.0)
        if rank < self._best:
            self._best, self._next = rank, (number, wide)

    def _keep(self) -> None:
        """Make the picture of the post that is passed: of the others none is asked for."""
        if self._next is not None:
            number, wide = self._next
            self._held[self._post] = (number, wide())
            self._next = None

    def chosen(self, faulty: set[int]) -> Pictures:
        """At most SAMPLES pictures, from all over the shot; faulty ones where there is no other."""
        self._keep()
        there = dict(self._held.values())
        good = sorted(set(there) - faulty) or sorted(there)
        steps = np.linspace(0, len(good) - 1, min(SAMPLES, len(good)))
        return {good[round(at)]: there[good[round(at)]] for at in steps}
