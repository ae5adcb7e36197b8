"""Who moves in a shot besides the camera: where, which way across the screen, how large.

    subjects = Subjects(camera)             # after its CameraMotion in the list of watchers
    subjects.see(number, picture, valid)
    subjects.told()["direction"]["value"]

Two frames a moment apart are laid on each other by the camera's own movement; what
is left over moves by itself. Nobody is recognised: a mover may be a person, a car or a curtain,
and a person who stands still is not seen.

Convention
    places      0..1 of the picture, [x0, y0, x1, y1], origin top left.
    direction   -1 where all that moves goes to picture left, 1 right, near 0 to and fro.
    colour      of a mover's upper and lower half, ACEScct of linear ACEScg, three each.

Source: Kroeger et al., Fast optical flow using dense inverse search, ECCV 2016, through OpenCV.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from answerprint.frames.curves import acescct
from answerprint.vision.camera import CameraMotion
from answerprint.vision.measured import brief, measured
from answerprint.vision.steps import Step

WIDTH = 240
PAUSES = (1 / 12, 0.4)
"""Seconds between the two frames of a look: who walks, and who only sways."""
MOVES = 0.004
"""Widths between two looks from which something moves, and ..."""
BEYOND = 4.0
"""... how many times the usual rest of the picture that has to be."""
PLAIN, LEVELS = 1.3, 6.0
"""How much worse, as a ratio and in levels of 8 bit, two pictures of a mover agree if it stood."""
AREA = 0.004
"""Of the picture, from which a mover counts."""
MOST = 4
"""Movers of a look that are kept, the largest."""
MEETS, SAME = 0.1, 0.5
"""Overlap from which a mover is the one of the look before, and from which two are one."""
LEAST_LOOKS, PARTS = 3, 8
PRESENT = 0.25
"""Share of the looks that a mover has to be in."""
CUT_OFF, FEET, HEAD, UPRIGHT = 0.97, 0.6, 0.35, 1.4
"""Where a figure ends that the bottom cuts off, where feet and a head may be, height to width."""
SHOULDERS = 0.30
"""Width of a standing figure with its arms, in its heights: what tells how large one is that the
frame cuts off. From the proportions of the body as artists draw it, and not sharp."""
SIZES = (
    (0.25, "extreme long"),
    (0.70, "long"),
    (1.15, "full"),
    (2.30, "medium"),
    (5.00, "close"),
    (math.inf, "extreme close"),
)
"""Height of the whole figure in picture heights, up to which a shot has a size."""


@dataclass
class _Mover:
    """A mover at one look: its box, its speed in widths a second, its share of the picture; the
    picture's width in heights."""

    look: int
    box: np.ndarray
    speed: np.ndarray
    area: float
    colour: np.ndarray
    aspect: float


class Subjects:
    """Sees a shot; keeps a few numbers of each look."""

    def __init__(self, camera: CameraMotion) -> None:
        self._camera = camera
        self._looks = [_Looks(camera.rate, pause) for pause in PAUSES]

    def see(self, number: int, picture: np.ndarray, valid: np.ndarray) -> None:
        step = self._camera.step
        if step is None or step.number != number:
            raise ValueError(f"The camera has not seen frame {number} before its subjects.")
        for each in self._looks:
            each.see(step, picture, valid)

    def told(self) -> dict[str, Any]:
        """{"direction", "shot_size", "subjects"}."""
        quick, slow = self._looks
        tracks = quick.lasting()
        boxes = [_box(track) for track in tracks]
        late = [t for t in slow.lasting() if all(_overlap(_box(t), b) < SAME for b in boxes)]
        looks = quick if tracks or not late else slow
        rows = [quick.row(track) for track in tracks] + [slow.row(track) for track in late]
        return {
            "direction": _direction(tracks or late, len(looks.numbers)),
            "shot_size": _size(tracks + late),
            "subjects": rows[:MOST],
        }


class _Looks:
    """Pairs of frames a pause apart, and what moved between them."""

    def __init__(self, rate: float, pause: float) -> None:
        self.numbers: list[int] = []
        self._rate, self._stride = rate, max(1, round(pause * rate))
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        self._then: np.ndarray | None = None
        self._since, self._warp = 0, np.eye(3)
        self._tracks: list[list[_Mover]] = []

    def see(self, step: Step, picture: np.ndarray, valid: np.ndarray) -> None:
        if step.warp is not None and self._then is not None:
            self._warp = step.warp @ self._warp
            self._since += 1
            if self._since < self._stride:
                return
            self._follow(self._movers(step, picture, valid))
        self._then, self._since, self._warp = step.grey, 0, np.eye(3)

    def lasting(self) -> list[list[_Mover]]:
        """Movers that were there for a good part of the looks, the largest first."""
        least = max(LEAST_LOOKS, PRESENT * len(self.numbers))
        tracks = [track for track in self._tracks if len(track) >= least]
        return sorted(tracks, key=lambda track: -sum(each.area for each in track))

    def row(self, track: list[_Mover]) -> dict[str, Any]:
        few = max(1, min(3, len(track) // 2))
        boxes = np.array([each.box for each in track])
        colours = np.array([each.colour for each in track])
        colours = colours[np.isfinite(colours).all(1)]
        return {
            "first": self.numbers[track[0].look],
            "last": self.numbers[track[-1].look],
            "box": _brief(np.median(boxes, axis=0)),
            "start": _brief(np.median(boxes[:few], axis=0)),
            "end": _brief(np.median(boxes[-few:], axis=0)),
            "speed": _brief(np.mean([each.speed for each in track], axis=0)),
            "colour": _brief(np.median(colours, axis=0)) if len(colours) else None,
        }

    def _movers(self, step: Step, picture: np.ndarray, valid: np.ndarray) -> list[_Mover]:
        assert self._then is not None
        height, width = step.grey.shape
        small = (WIDTH, max(16, round(height * WIDTH / width)))
        sized = np.diag([small[0] / width, small[1] / height, 1.0])
        warp = sized @ self._warp @ np.linalg.inv(sized)
        then, now = (
            cv2.resize(g, small, interpolation=cv2.INTER_AREA) for g in (self._then, step.grey)
        )
        laid = cv2.warpPerspective(then, warp, small, borderMode=cv2.BORDER_REPLICATE)
        inside = cv2.warpPerspective(np.ones_like(then), warp, small) > 0
        flow = np.asarray(self._flow.calc(laid, now, np.zeros((*laid.shape, 2), np.float32)))
        speed = np.linalg.norm(flow, axis=-1)
        usual = float(np.median(speed[inside])) if inside.any() else 0.0
        real = _explained(laid, now, flow)
        moving = (inside & real & (speed > max(MOVES * WIDTH, BEYOND * usual))).astype(np.uint8)
        moving = cv2.morphologyEx(moving, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        moving = cv2.morphologyEx(moving, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
        self.numbers.append(step.number)
        count, labels, boxes, _ = cv2.connectedComponentsWithStats(moving, connectivity=8)
        found = []
        for label in sorted(range(1, count), key=lambda k: -boxes[k, cv2.CC_STAT_AREA])[:MOST]:
            area = boxes[label, cv2.CC_STAT_AREA] / moving.size
            if area < AREA:
                break
            mask = labels == label
            x, y, w, h = (int(v) for v in boxes[label, :4])
            going = np.median(flow[mask], axis=0) / WIDTH * self._rate / self._since
            found.append(
                _Mover(
                    len(self.numbers) - 1,
                    np.array([x, y, x + w, y + h]) / (*small, *small),
                    going,
                    float(area),
                    _colour(mask, picture, valid),
                    width / height,
                )
            )
        return found

    def _follow(self, found: list[_Mover]) -> None:
        """Each to the track whose last box it meets most; else a track of its own."""
        look = len(self.numbers) - 1
        free = [track for track in self._tracks if track[-1].look >= look - LEAST_LOOKS]
        for mover in found:
            near = max(free, key=lambda t: _overlap(t[-1].box, mover.box), default=None)
            if near is not None and _overlap(near[-1].box, mover.box) > MEETS:
                near.append(mover)
                free = [track for track in free if track is not near]
            else:
                self._tracks.append([mover])


def _direction(tracks: list[list[_Mover]], looks: int) -> dict[str, Any]:
    if looks < LEAST_LOOKS:
        return measured(None, None, "", f"{looks} looks at the movement are too few")
    if not tracks:
        return measured(None, None, "", "nothing moves for long besides the camera")
    seen = [each for track in tracks for each in track]
    across = np.array([each.speed[0] * each.area for each in seen])
    whole = np.array([float(np.hypot(*each.speed)) * each.area for each in seen])
    part = np.array([each.look * PARTS // looks for each in seen])
    value = float(across.sum() / whole.sum())
    # looks that are neighbours are not independent: one part of the shot is left out at a time
    left = [
        across[part != k].sum() / whole[part != k].sum()
        for k in np.unique(part)
        if (part != k).any()
    ]
    error = math.sqrt((len(left) - 1) * np.var(left)) if len(left) > 1 else 1.0
    main = tracks[0]
    middles = [(each.box[0] + each.box[2]) / 2 for each in (main[0], main[-1])]
    areas = [each.area for each in seen]
    speed = float(np.average([each.speed[0] for each in seen], weights=areas))
    how = f"what the camera leaves over of the movement, {len(tracks)} movers in {looks} looks"
    more = {"speed": brief(speed), "travel": brief(float(middles[1] - middles[0]))}
    return measured(value, error, "", how, **more)


def _box(track: list[_Mover]) -> np.ndarray:
    return np.asarray(np.median([each.box for each in track], axis=0))


def _explained(then: np.ndarray, now: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """Where a flow is seen, not only filled in from beside: without it the pictures differ."""
    height, width = then.shape
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    there = cv2.remap(
        now, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    stood, moved = (
        cv2.blur(cv2.absdiff(then, each).astype(np.float32), (7, 7)) for each in (now, there)
    )
    return np.asarray(stood > PLAIN * moved + LEVELS)


def _overlap(a: np.ndarray, b: np.ndarray) -> float:
    """What two boxes share, of the smaller of them."""
    shared = np.prod(np.maximum(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0))
    return float(shared / max(min(np.prod(a[2:] - a[:2]), np.prod(b[2:] - b[:2])), 1e-9))


def _colour(mask: np.ndarray, picture: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """(6,) code of a mover's upper and lower half, NaN where nothing of it counts."""
    small = cv2.resize(picture, mask.shape[::-1], interpolation=cv2.INTER_AREA)
    good = cv2.resize(valid.astype(np.uint8), mask.shape[::-1], interpolation=cv2.INTER_NEAREST)
    rows, columns = np.nonzero(mask & (good > 0))
    if not len(rows):
        return np.full(6, np.nan)
    code = acescct(small[rows, columns].astype(np.float64))
    middle = (rows.min() + rows.max()) / 2
    halves = [code[rows <= middle], code[rows > middle]]
    return np.concatenate([np.median(h, axis=0) if len(h) else np.full(3, np.nan) for h in halves])


def _brief(values: np.ndarray) -> list[float | None]:
    return [brief(float(value)) for value in values]


def _size(tracks: list[list[_Mover]]) -> dict[str, Any]:
    """How large a standing figure would be that moves: a guess, for none is recognised.

    A mover that is cut off by the bottom of the picture is measured by its width.
    """
    figures = []
    for track in tracks:
        x0, y0, x1, y1 = _box(track)
        wide, tall = (x1 - x0) * track[0].aspect, y1 - y0
        if y1 > CUT_OFF and y0 < HEAD:
            figures.append(
                (max(tall, wide / SHOULDERS), 0.35, "cut off by the frame, by its width")
            )
        elif FEET < y1 <= CUT_OFF and tall > UPRIGHT * wide:
            figures.append((tall, 0.5, "seen whole, by its height"))
    unit, how = "", "nothing upright moves for long"
    if not figures:
        return {"value": None, "confidence": 0.0, "figure": None, "unit": unit, "how": how}
    figure, sure, how = max(figures)
    value = next(name for most, name in SIZES if figure <= most)
    how = f"the largest mover, {how}, if it is a standing figure; one size either way is likely"
    return {"value": value, "confidence": sure, "figure": brief(figure), "unit": unit, "how": how}
