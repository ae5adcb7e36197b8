"""The frames beside a hole in a shot, looked at small: is there a cut, how surely do they go on.

Convention
    as in `flow.py`. Frames are numbers of a clip; pictures are at most WIDTH pixels wide, of the
    whole display window.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import cv2
import numpy as np

from answerprint.errors import BadInput
from answerprint.frames.clip import Clip, shown
from answerprint.vision.boundaries import Boundaries
from answerprint.vision.onward import Onward

WIDTH = 480


def pictures(clip: Clip, numbers: Sequence[int], needed: Collection[int]) -> dict[int, np.ndarray]:
    """Those frames that can be read (H, W, 3), of one size. Raises BadInput for one of `needed`."""
    found = {}
    for number, picture in clip.pictures(numbers, WIDTH):
        if not isinstance(picture, BadInput):
            found[number] = _on_display(clip, number, picture[0])
        elif number in needed:
            raise BadInput(
                f"Frame {number} of {clip.name}, beside frames that are missing, cannot be used. "
                f"{picture.title}",
                f"Rebuild it too: --replace {number}.",
                picture.detail,
            )
    return found


def area(clip: Clip, number: int) -> int:
    """Pixels of the data window of a frame's picture."""
    with clip.open(number) as frame:
        data = frame.parts[shown(frame, f"Frame {number} of {clip.name}")[0]].data
    return data.width * data.height


def is_cut(seen: Mapping[int, np.ndarray], after: int) -> bool:
    """Whether another shot begins at that frame; the pictures are at even steps on either side."""
    return after in _begins(seen)


def same_shot(clip: Clip, there: Collection[int], start: int, by: int, most: int) -> list[int]:
    """`start` and up to `most` frames on from it, by 1 or -1, until one is missing or another
    shot begins."""
    numbers = [start]
    while len(numbers) <= most and numbers[-1] + by in there:
        numbers.append(numbers[-1] + by)
    seen = pictures(clip, sorted(numbers), (start,))
    begins = _begins(seen)
    for at, number in enumerate(numbers[1:], 1):
        if number not in seen or max(number, numbers[at - 1]) in begins:
            return numbers[:at]
    return numbers


def onward(clip: Clip, rests: Sequence[int], steps: int) -> float:
    """How surely the frame so many steps on can be made of these, the nearest first."""
    seen = pictures(clip, rests[:2], rests[:2])
    return float(Onward(lambda back: seen[rests[back]], 1).at(steps).sure.mean())


def _begins(seen: Mapping[int, np.ndarray]) -> set[int]:
    watch, numbers = Boundaries(), sorted(seen)
    for number in numbers:
        watch.see(seen[number])
    return {numbers[c.frame] for c in watch.told() if c.kind == "cut"}


def _on_display(clip: Clip, number: int, picture: np.ndarray) -> np.ndarray:
    """A picture of what a data window has of the display window, on all of that."""
    with clip.open(number) as frame:
        part, _, box = shown(frame)
        data, display = frame.parts[part].data, frame.parts[part].display
    if (box.width, box.height) == (display.width, display.height):
        return picture
    zoom = min(1.0, WIDTH / display.width)
    x, y = (round(zoom * v) for v in (data.x + box.x - display.x, data.y + box.y - display.y))
    wide, tall = (max(1, round(zoom * v)) for v in (box.width, box.height))
    size = (round(zoom * display.height) + 1, round(zoom * display.width) + 1, 3)
    laid = np.zeros(size, np.float32)
    laid[y : y + tall, x : x + wide] = cv2.resize(picture, (wide, tall))
    return laid
