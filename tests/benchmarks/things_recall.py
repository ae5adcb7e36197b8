"""Which props a check sees that were added, removed or moved between two takes of a set-up.

    python tests/benchmarks/things_recall.py --footage DIR [--draws 12] [--seed 1] [--out DIR]

Two parts of a locked-off movie are two takes. Into one (or, moved, into both) a prop is laid whose
look is cut from another movie, with a soft edge, a shade and the shadow it stands in; then the
second take is reframed by up to 2 %, exposed up to half a stop off, balanced otherwise and grained
anew. A prop counts as found where a change covers a third of it, or lies wholly in it. Props that
differ from what is behind them by less than a third of a stop are drawn again. Without a prop, the
same takes tell the false findings; a take counts as TAKE seconds of programme. --out gets pictures
of every miss and of every false finding.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from answerprint.frames.clip import open_clip
from answerprint.frames.curves import acescct
from answerprint.vision.empty import empty
from answerprint.vision.pairs import Pictures
from answerprint.vision.things import Compared, compare

TAKE = 3.0
SAMPLES = 6
SIZES = (0.01, 0.02, 0.03, 0.05)
WAYS = ("added", "removed", "moved")
TAKES: dict[str, tuple[tuple[int, int], ...]] = {
    "bottle-detection": ((0, 60), (60, 120), (120, 180)),
    "one-by-one-person-detection": ((0, 40), (300, 340), (700, 740), (1000, 1040), (1350, 1390)),
    "car-detection": ((0, 50), (100, 150), (200, 250), (320, 370)),
    "04_coffee": ((0, 60), (70, 130), (140, 200), (220, 280)),
    "05_default_juggle": ((0, 50), (60, 110), (120, 170), (190, 240)),
}
LOOKS = ("03_blocks", "02_cups", "01_dog", "04_coffee")


@dataclass(frozen=True)
class Prop:
    """A cut-out: light (h, w, 3), cover (h, w, 1), and how wide it is in the picture."""

    light: np.ndarray
    cover: np.ndarray


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--footage", required=True, type=Path)
    asked.add_argument("--draws", type=int, default=12, help="of each size and way")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--out", type=Path)
    given = asked.parse_args()
    random = np.random.default_rng(given.seed)
    folder = given.footage / "movies"
    takes = {name: [_take(folder, name, part) for part in parts] for name, parts in TAKES.items()}
    looks = [_take(folder, name, (0, 200))[n] for name in LOOKS for n in (1001, 1201)]
    if given.out:
        given.out.mkdir(parents=True, exist_ok=True)
    print(f"{'':10}" + "".join(f"{size:>8.0%}" for size in SIZES))
    others = draws = silent = 0
    for way in WAYS:
        row = []
        for size in SIZES:
            found = 0
            for draw in range(given.draws):
                one, two = _two(takes, random)
                one, two, truth = _with_prop(one, two, way, size, looks, random)
                told, first = _compared(one, _other_take(two, random))
                hits = [box for box in truth if any(_covers(c.box, box) for c in told.changes)]
                false = [c for c in told.changes if not any(_covers(c.box, b) for b in truth)]
                found += len(hits) == len(truth)
                others += len(false)
                draws += 1
                silent += bool(told.why)
                if given.out and (len(hits) < len(truth) or false):
                    _draw(given.out / f"{way}_{size:.0%}_{draw}.png", one, two, told, first, truth)
            row.append(found / given.draws)
        print(f"{way:10}" + "".join(f"{share:>8.0%}" for share in row))
    print(f"other changes in takes with a prop: {others} in {draws}; {silent} not compared")
    false = count = failed = 0
    for name, parts in takes.items():
        here = 0
        for one, two in pairwise(parts):
            for _ in range(2):
                told, first = _compared(one, _other_take(two, random))
                here += len(told.changes)
                failed += bool(told.why)
                count += 1
                if given.out and told.changes:
                    _draw(given.out / f"false_{name}_{count}.png", one, two, told, first, [])
        print(f"unchanged {name}: {here}")
        false += here
    rate = false / (count * TAKE / 60)
    print(f"unchanged: {false} in {count} takes, {rate:.2f} a minute; {failed} not compared")
    return 0


def _take(folder: Path, name: str, part: tuple[int, int]) -> Pictures:
    with open_clip(str(folder / f"{name}.mp4")) as clip:
        first = clip.frames[0]
        samples = 2 if part == (0, 200) else SAMPLES
        numbers = [first + int(n) for n in np.linspace(*part, samples)]
        width = min(960, clip.parts[0].display.width)
        found = clip.pictures(numbers, width)
        return {n: told for n, told in found if not isinstance(told, Exception)}


def _two(
    takes: dict[str, list[Pictures]], random: np.random.Generator
) -> tuple[Pictures, Pictures]:
    parts = takes[str(random.choice(list(takes)))]
    at = int(random.integers(len(parts) - 1))
    return parts[at], parts[at + 1]


def _compared(one: Pictures, two: Pictures) -> tuple[Compared, np.ndarray]:
    first, second = empty(one), empty(two)
    assert first
    assert second
    return compare(first, second), one[first.frame][0]


def _with_prop(
    one: Pictures,
    two: Pictures,
    way: str,
    size: float,
    looks: list[tuple[np.ndarray, np.ndarray]],
    random: np.random.Generator,
) -> tuple[Pictures, Pictures, list[tuple[int, int, int, int]]]:
    """Takes with a prop, and where a change is to be found."""
    first = empty(one)
    second = empty(two)
    assert first
    assert second
    height, width = first.known.shape
    free = first.known & second.known & ~first.moving & ~second.moving
    reach = round(size * width * 1.5) + 8
    free = cv2.erode(
        free.astype(np.uint8),
        np.ones((reach, reach)),
        borderType=cv2.BORDER_CONSTANT,
        borderValue=0,
    )
    free[: height // 12] = free[-height // 12 :] = 0
    free[:, : width // 12] = free[:, -width // 12 :] = 0
    rows, columns = np.nonzero(free)
    scale = float(np.percentile(one[first.frame][0], 70))
    for _ in range(200):
        at = int(random.integers(len(rows)))
        x, y = int(columns[at]), int(rows[at])
        prop = _prop(round(size * width), looks, scale, random)
        h, w = prop.cover.shape[:2]
        dx = dy = 0
        if way == "moved":
            angle, far = random.uniform(0, 2 * np.pi), random.uniform(0.7, 2.5) * w
            dx, dy = round(far * np.cos(angle)), round(far * np.sin(angle) * 0.5)
        boxes = [(x, y, x + w, y + h), (x + dx, y + dy, x + dx + w, y + dy + h)]
        if not all(_room(free, box) for box in (boxes if way == "moved" else boxes[:1])):
            continue
        if min(_contrast(one[first.frame][0], prop, box) for box in boxes) >= 0.02:
            break
    else:
        raise SystemExit("No room for a prop.")
    if way == "added":
        return one, _laid(two, prop, boxes[0]), boxes[:1]
    if way == "removed":
        return _laid(one, prop, boxes[0]), two, boxes[:1]
    union = [
        (
            min(boxes[0][0], boxes[1][0]),
            min(boxes[0][1], boxes[1][1]),
            max(boxes[0][2], boxes[1][2]),
            max(boxes[0][3], boxes[1][3]),
        )
    ]
    return _laid(one, prop, boxes[0]), _laid(two, prop, boxes[1]), union


def _room(free: np.ndarray, box: tuple[int, int, int, int]) -> bool:
    x0, y0, x1, y1 = box
    height, width = free.shape
    inside = x0 > 0 and y0 > 0 and x1 < width and y1 < height
    return inside and bool(free[(y0 + y1) // 2, (x0 + x1) // 2])


def _contrast(rgb: np.ndarray, prop: Prop, box: tuple[int, int, int, int]) -> float:
    x0, y0, x1, y1 = box
    behind = rgb[y0:y1, x0:x1]
    if behind.shape != prop.light.shape:
        return 0.0
    inside = prop.cover[..., 0] > 0.9
    return float(np.abs(acescct(prop.light) - acescct(behind))[inside].mean())


def _prop(
    wide: int,
    looks: list[tuple[np.ndarray, np.ndarray]],
    scale: float,
    random: np.random.Generator,
) -> Prop:
    tall = round(wide * random.uniform(0.8, 1.8))
    rgb = looks[int(random.integers(len(looks)))][0]
    h, w = tall * 2, wide * 2
    y, x = int(random.integers(rgb.shape[0] - h)), int(random.integers(rgb.shape[1] - w))
    patch = cv2.resize(rgb[y : y + h, x : x + w], (wide, tall), interpolation=cv2.INTER_AREA)
    patch = np.maximum(patch, 1e-3) * scale / max(float(np.median(rgb)), 1e-3)
    shade = np.linspace(random.uniform(0.6, 1), random.uniform(0.6, 1.2), wide, dtype=np.float32)
    shape = np.zeros((tall * 4, wide * 4), np.float32)
    if random.random() < 0.5:
        cv2.ellipse(shape, (wide * 2, tall * 2), (wide * 2 - 4, tall * 2 - 4), 0, 0, 360, 1.0, -1)
    else:
        cv2.rectangle(shape, (3, 3), (wide * 4 - 4, tall * 4 - 4), 1.0, -1)
    cover = cv2.resize(
        cv2.GaussianBlur(shape, (0, 0), 2.5), (wide, tall), interpolation=cv2.INTER_AREA
    )
    return Prop((patch * shade[None, :, None]).astype(np.float32), cover[..., None])


def _laid(take: Pictures, prop: Prop, box: tuple[int, int, int, int]) -> Pictures:
    """The take with the prop in every sample, and the shadow under it."""
    x0, y0, x1, y1 = box
    told = {}
    for number, (rgb, valid) in take.items():
        new = rgb.copy()
        shadow = np.zeros(rgb.shape[:2], np.float32)
        middle = ((x0 + x1) // 2, y1 - 1)
        cv2.ellipse(shadow, middle, ((x1 - x0) // 2 + 1, (y1 - y0) // 6 + 1), 0, 0, 360, 0.35, -1)
        new *= 1 - cv2.GaussianBlur(shadow, (0, 0), max(1.0, (x1 - x0) / 8))[..., None]
        behind = new[y0:y1, x0:x1]
        new[y0:y1, x0:x1] = behind + (prop.light - behind) * prop.cover
        told[number] = (new, valid)
    return told


def _other_take(take: Pictures, random: np.random.Generator) -> Pictures:
    """As another camera run gives it: reframed, exposed and balanced otherwise, grained anew."""
    height, width = next(iter(take.values()))[1].shape
    turn, size = np.radians(random.uniform(-0.3, 0.3)), 1 + random.uniform(-0.015, 0.015)
    x, y = random.uniform(-0.02, 0.02) * width, random.uniform(-0.02, 0.02) * height
    cos, sin = np.cos(turn) * size, np.sin(turn) * size
    move = np.array([[cos, -sin, x], [sin, cos, y]])
    gain = (2 ** random.uniform(-0.5, 0.5) * 2 ** random.uniform(-0.15, 0.15, 3)).astype(np.float32)
    told = {}
    for number, (rgb, valid) in take.items():
        new = cv2.warpAffine(rgb, move, (width, height), flags=cv2.INTER_CUBIC) * gain
        grain = random.standard_normal(new.shape, np.float32) * np.sqrt(
            np.maximum(new, 0) * 4e-5 + 1e-6
        )
        there = cv2.warpAffine(valid.astype(np.float32), move, (width, height)) > 0.999
        told[number] = ((new + grain).astype(np.float32), there)
    return told


def _covers(found: tuple[int, int, int, int], truth: tuple[int, int, int, int]) -> bool:
    wide = min(found[2], truth[2]) - max(found[0], truth[0])
    tall = min(found[3], truth[3]) - max(found[1], truth[1])
    if wide <= 0 or tall <= 0:
        return False
    areas = [(b[2] - b[0]) * (b[3] - b[1]) for b in (found, truth)]
    return wide * tall >= min(areas[1] / 3, areas[0] * 0.6)


def _draw(
    path: Path,
    one: Pictures,
    two: Pictures,
    told: Compared,
    first: np.ndarray,
    truth: list[tuple[int, int, int, int]],
) -> None:
    sides = [first, sorted(two.items())[len(two) // 2][1][0]]
    drawn = []
    for rgb in sides:
        picture = (
            (np.clip(rgb / max(np.percentile(rgb, 97), 1e-6), 0, 1) ** (1 / 2.2) * 255)
            .astype(np.uint8)[..., ::-1]
            .copy()
        )
        for x0, y0, x1, y1 in truth:
            cv2.rectangle(picture, (x0 - 4, y0 - 4), (x1 + 4, y1 + 4), (0, 255, 0), 1)
        for each in told.changes:
            x0, y0, x1, y1 = each.box
            cv2.rectangle(picture, (x0 - 2, y0 - 2), (x1 + 2, y1 + 2), (0, 0, 255), 1)
            cv2.putText(picture, f"{each.how} {each.sure:.2f}", (x0, y0 - 4), 0, 0.4, (0, 255, 255))
        drawn.append(picture)
    cv2.imwrite(str(path), np.concatenate(drawn, 1))


if __name__ == "__main__":
    raise SystemExit(main())
