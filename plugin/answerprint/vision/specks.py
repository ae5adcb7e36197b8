"""Dust, dirt and sparkle: small things that are in one frame only.

A frame is compared with the two beside it along the motion between them. What is brighter, or
darker, than everything that either of them shows in a pixel's neighbourhood, both along the motion
and at the same place, and where the two agree with each other, is in this frame alone. What is
alone in its frame but has its like near by in the next ones is no dust: it is a spark, a drop of
rain, a finger that moved too fast (`alone`). Each picture is looked at twice, as it is and blurred:
what is a pixel small is a matter of sampling as long as the motion has parts of a pixel.

Convention
    code     (H, W) float32: `flow.encoded` light. Changes of it are shares of light, nearly.
    flow     as in `flow.py`: from the frame to the one before and to the one after.
    reach    largest things that are looked for: a share of the picture.

Source: the rank-ordered differences of Nadenau and Mitra 1997 and the double test of both
directions, Kokaram, Motion Picture Restoration, 1998; hysteresis after Canny 1986.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from answerprint.vision.flow import pulled

CLEAR, CLEARER = 2.5, 6.0
"""Times the disagreement of the two neighbours by which a speck stands out: where they are to both
sides, and where to one."""
FLOOR = 0.015
"""Disagreement that grain and codecs leave everywhere, code."""
FINE = 480
"""Pixels across of a picture whose motion is known to a pixel; of a wider one, to so many more."""
AROUND = 7
"""Pixels across, there, of the neighbourhood in which the neighbours have to agree."""
EVEN, CELLS = (0.4, 0.1), 54
"""Pixels, and share of the way, by which the flows to both sides may be less opposite than around;
and cells across the picture, of which those surroundings are five by five."""
EDGE, FAINT = 0.4, 0.03
"""The same for a speck's soft edge; and the least change that is one, code."""
SHARP = 0.5
"""How much of a picture's finest detail is taken for chance: sampling shows it now and then."""
POINTED = 0.5
"""Share of a point's height that it may be higher where it falls on one pixel."""
RING, MARGIN = (0.2, 0.1), 3
"""Share of a speck's height by which what lies around it, so many pixels, may be unlike; the
second where the neighbours are to one side, and around large specks."""
AREA, LARGE, THICK = 2e-3, 3e-3, 0.02
"""Largest speck: share of the picture, and where the neighbours are to both sides; and share of its
width what its half thickness may be. A hand that moved too fast is larger than dust, mostly."""
TAPER = 0.1
"""Share of its height that a speck which is too large has down to its edge: it may have run into
what is a little unlike around it."""
SMALL = (80, 5.0)
"""The same in pixels, which a speck may always have."""
LINE = 5.0
"""Times as long as wide from which a speck is a fibre."""
AHEAD = 4
"""Frames to either side in which a speck's like is looked for."""
NEAR = (0.02, 0.08)
"""Share of the width that things move in a frame: how far away its like may be."""
ALIKE = 3.0
"""Most that two things' contrasts, and the square of it their areas, are apart."""
CHANCE = 3e-3
"""Likelihood of so many by chance under which they are no dust."""
TRACKS = ((-1, 1), (1, 2), (-1, -2), (2, 3), (-2, -3), (1, 3), (-1, -3))
"""Frames in which what flies straight on is seen with its like."""
FARTHEST, STRAY = 0.25, (0.01, 0.15)
"""Share of the width that it flies in a frame, at most; how far it may be from the straight line,
as a share of the width and of its way."""
SHOWER, STREAK, ONE_WAY = 24, 2.0, 0.75
"""That many specks, so many times as long as wide, that point one way as surely as this: rain."""


@dataclass(frozen=True)
class Speck:
    """One thing in one frame.

    x, y       of the mask's top left.
    mask       (h, w) bool.
    contrast   code by which it is brighter (darker: below 0) at its core.
    score      times the neighbours' disagreement that this is.
    """

    x: int
    y: int
    mask: np.ndarray
    contrast: float
    score: float

    @property
    def middle(self) -> tuple[float, float]:
        rows, columns = np.nonzero(self.mask)
        return self.x + float(columns.mean()), self.y + float(rows.mean())

    @property
    def area(self) -> int:
        return int(self.mask.sum())

    @property
    def along(self) -> tuple[float, float]:
        """Times as long as wide, and the direction of its length, radians."""
        rows, columns = np.nonzero(self.mask)
        spread = np.cov(np.stack([columns, rows])) if len(rows) > 2 else np.eye(2)
        size, axes = np.linalg.eigh(spread + np.eye(2) / 12)
        return math.sqrt(size[1] / size[0]), math.atan2(axes[1, 1], axes[0, 1])


def specks(
    here: np.ndarray,
    before: np.ndarray,
    after: np.ndarray,
    to_before: np.ndarray,
    to_after: np.ndarray,
    usable: np.ndarray,
    large: Sequence[np.ndarray] = (),
) -> list[Speck]:
    """What is in one frame's code and in neither neighbour's. usable: (H, W) bool of it. large: the
    three frames in the size that the specks are told in, where it is another one."""
    flows = steadied(to_before, to_after)
    found = _strange(here, (before, after), flows, usable, True)
    return [enlarged(each, large, flows) for each in found] if large else found


def first_specks(
    here: np.ndarray,
    after: np.ndarray,
    then: np.ndarray,
    to_after: np.ndarray,
    on: np.ndarray,
    usable: np.ndarray,
    large: Sequence[np.ndarray] = (),
) -> list[Speck]:
    """What is in the code of a shot's first frame and in neither of the next two. on: the flow of
    the second to the third. The last frame of a shot is the first of it run backwards."""
    to_after = steadied(-pulled(on, to_after), to_after)[1]
    flows = to_after, to_after + pulled(on, to_after)
    found = _strange(here, (after, then), flows, usable, False)
    return [enlarged(each, large, flows) for each in found] if large else found


def enlarged(speck: Speck, large: Sequence[np.ndarray], flows: Sequence[np.ndarray]) -> Speck:
    """A speck of reduced pictures as it is in the large ones (H, W): a frame's code and that of
    the two it was told from. flows: to these, reduced too."""
    (tall, wide), small = large[0].shape, flows[0].shape[:2]
    scale = np.array([wide / small[1], tall / small[0]], np.float32)
    top, left = max(0, speck.y - MARGIN), max(0, speck.x - MARGIN)
    own: np.ndarray = np.zeros(small, np.uint8)
    own[speck.y :, speck.x :][: speck.mask.shape[0], : speck.mask.shape[1]] = speck.mask
    cut = np.s_[
        top : speck.y + speck.mask.shape[0] + MARGIN, left : speck.x + speck.mask.shape[1] + MARGIN
    ]
    own = own[cut]
    x, y = (round(float(v)) for v in np.array([left, top]) * scale)
    end = np.array([left + own.shape[1], top + own.shape[0]]) * scale
    size = (round(float(end[0])) - x, round(float(end[1])) - y)
    lent = []
    for other, flow in zip(large[1:], flows, strict=True):
        there = cv2.resize(np.ascontiguousarray(flow[cut]), size) * scale
        columns = (there[..., 0] + np.arange(x, x + size[0])).astype(np.float32)
        rows = (there[..., 1] + np.arange(y, y + size[1])[:, None]).astype(np.float32)
        border = cv2.BORDER_REPLICATE
        lent.append(cv2.remap(other, columns, rows, cv2.INTER_LINEAR, borderMode=border))
    reach = (2 * math.ceil(float(scale.max())) + 1,) * 2
    grown = cv2.resize(own, size, interpolation=cv2.INTER_NEAREST)
    around = cv2.dilate(grown, np.ones(reach, np.uint8)) > 0
    here = large[0][y : y + size[1], x : x + size[0]] * np.sign(speck.contrast)
    over = [here - each * np.sign(speck.contrast) for each in lent]
    change = cv2.blur(np.min(over, axis=0), (3, 3))
    mask = around & (change > np.maximum(EDGE * np.abs(lent[0] - lent[1]), FAINT))
    return replace(speck, x=x, y=y, mask=mask if mask.any() else around)


def _strange(
    here: np.ndarray,
    others: tuple[np.ndarray, np.ndarray],
    flows: tuple[np.ndarray, np.ndarray],
    usable: np.ndarray,
    both: bool,
) -> list[Speck]:
    """What neither of two frames shows, neither along the motion nor at its place. both: they are
    to both sides."""
    lent, apart = lending(others, flows)
    ways = [(flow, surroundings(flow)) for flow in flows]
    broad = (2 * _astray(here) + 1,) * 2  # a second look, in which sampling hardly counts
    soft_ones = [cv2.blur(other, broad) for other in others]
    blurred = cv2.blur(here, broad), soft_ones, lending(soft_ones, flows)[1]
    near = np.abs(lent[0] - lent[1])
    unlike = np.min([np.abs(here - each) for each in lent], axis=0)
    found = []
    for sign in (1.0, -1.0):
        looks = _over(sign, here, others, apart, ways), _over(sign, *blurred, ways)
        score = np.maximum(*looks)
        seeds = (score > (CLEAR if both else CLEARER)) & usable
        if seeds.any():
            change = np.min([sign * (here - each) for each in lent], axis=0)
            soft = (change > np.maximum(EDGE * near, FAINT)) & usable
            found += _grown(seeds & soft, soft, sign * change, score, unlike, both)
    return found


def _over(
    sign: float,
    here: np.ndarray,
    others: Sequence[np.ndarray],
    apart: np.ndarray,
    ways: Sequence[tuple[np.ndarray, np.ndarray]],
) -> np.ndarray:
    """Times their disagreement by which a frame is over all that the others show near by."""
    cross = np.ones((2 * _astray(here) + 1, 2 * _astray(here) + 1), np.uint8)
    core = np.full_like(here, np.inf)
    for other, both in zip(others, ways, strict=True):
        most = cv2.dilate(sign * other + POINTED * _fine(other), cross)
        for there in (sign * other, *(pulled(most, flow) for flow in both)):
            core = np.minimum(core, sign * here - there)
    return np.asarray(core / apart)


def lending(
    others: Sequence[np.ndarray], flows: Sequence[np.ndarray]
) -> tuple[list[np.ndarray], np.ndarray]:
    """Two frames' code along the motion, and how far apart they are around each pixel (H, W)."""
    wide = (_astray(others[0]) * AROUND | 1,) * 2
    lent, fine = (
        [pulled(each, flow) for each, flow in zip(pictures, flows, strict=True)]
        for pictures in (others, [_fine(other) for other in others])
    )
    apart = cv2.blur(np.abs(lent[0] - lent[1]) + SHARP * np.maximum(*fine), wide) + FLOOR
    return lent, apart


def _astray(code: np.ndarray) -> int:
    """Pixels by which motion may be wrong."""
    return max(1, round(code.shape[1] / FINE))


def _fine(code: np.ndarray) -> np.ndarray:
    """How much of a picture is finer than moving it by parts of a pixel keeps."""
    return np.asarray(np.abs(code - cv2.blur(code, (3, 3))))


def steadied(
    to_before: np.ndarray, to_after: np.ndarray, cells: int = CELLS
) -> tuple[np.ndarray, np.ndarray]:
    """Both flows without what a speck does to them.

    A speck draws the motion of its place to whatever looks like it, to one thing before and to
    another after. Where the two are not opposite, and are so around, that of the surroundings
    stands for it. cells: across the picture, of which those surroundings are five by five.
    """
    around = [surroundings(flow, cells) for flow in (to_before, to_after)]
    odd = np.linalg.norm(to_before + to_after - around[0] - around[1], axis=-1)
    keeps = odd < EVEN[0] + EVEN[1] * np.linalg.norm(to_before, axis=-1)
    one, other = (
        np.where(keeps[..., None], flow, calm)
        for flow, calm in zip((to_before, to_after), around, strict=True)
    )
    return one, other


def surroundings(flow: np.ndarray, cells: int = CELLS) -> np.ndarray:
    """The median flow of a wide neighbourhood."""
    tall, wide = flow.shape[:2]
    cell = max(8, wide // cells)
    small = (max(1, wide // cell), max(1, tall // cell))
    calm = [
        cv2.medianBlur(cv2.resize(flow[..., axis], small, interpolation=cv2.INTER_AREA), 5)
        for axis in (0, 1)
    ]
    return np.asarray(cv2.resize(np.dstack(calm), (wide, tall), interpolation=cv2.INTER_LINEAR))


def _grown(
    seeds: np.ndarray,
    soft: np.ndarray,
    change: np.ndarray,
    score: np.ndarray,
    unlike: np.ndarray,
    both: bool,
) -> list[Speck]:
    """Specks around seeds: what is soft and joins them, as far as they are large themselves."""
    wide = seeds.shape[1]
    most = (LARGE if both else AREA) * seeds.size
    found = []
    _, labels, stats, _ = cv2.connectedComponentsWithStats(soft.astype(np.uint8))
    for label in np.unique(labels[seeds]):
        x, y, w, h, _ = (int(v) for v in stats[label])
        box = np.s_[y : y + h, x : x + w]
        mask = labels[box] == label
        own = np.where(mask & seeds[box], score[box], 0)
        core = own > 0
        if mask.sum() > 8 * core.sum() + 16:  # it runs into what else is unlike
            span = 2 * round(1.5 + math.sqrt(core.sum())) + 1
            mask &= cv2.dilate(core.astype(np.uint8), np.ones((span, span), np.uint8)) > 0
        height = float(np.abs(change[box][mask]).max())
        if _too_large(mask, wide, most):
            mask &= np.abs(change[box]) > TAPER * height
            if _too_large(mask, wide, most):
                continue
        ring = RING[0 if both and mask.sum() <= max(SMALL[0], AREA * seeds.size) else 1]
        if _unlike_around(x, y, mask, unlike) > ring * height:
            continue
        best = np.unravel_index(own.argmax(), own.shape)
        found.append(Speck(x, y, mask, float(change[box][best]), float(own.max())))
    return found


def _too_large(mask: np.ndarray, wide: int, most: float) -> bool:
    """Whether a mask in a picture so wide has more pixels than a speck, or is thicker."""
    thick = cv2.distanceTransform(np.pad(mask.astype(np.uint8), 1), cv2.DIST_L2, 3).max()
    return bool(mask.sum() > max(SMALL[0], most) or thick > max(SMALL[1], THICK * wide))


def _unlike_around(x: int, y: int, mask: np.ndarray, unlike: np.ndarray) -> float:
    """How much what lies around a mask is unlike the neighbours."""
    top, left = max(0, y - MARGIN), max(0, x - MARGIN)
    box = unlike[top : y + mask.shape[0] + MARGIN, left : x + mask.shape[1] + MARGIN]
    own = np.zeros(box.shape, np.uint8)
    own[y - top :, x - left :][: mask.shape[0], : mask.shape[1]] = mask
    inner, outer = (
        cv2.dilate(own, np.ones((2 * by + 1, 2 * by + 1), np.uint8)) for by in (1, MARGIN)
    )
    ring = box[outer > inner]
    return float(ring.mean()) if ring.size else 0.0


# --- what has its like in other frames is no speck -------------------------------------------


def alone(
    found: Sequence[Sequence[Speck]], size: tuple[int, int], shot: Sequence[int]
) -> list[list[Speck]]:
    """The specks of consecutive frames without those whose like is near by in the next ones.

    size   (height, width). shot   of each frame; others are of no concern.

    Dust falls by chance. What moves through a shot is in frame after frame, where it was or near
    by: more of its like are around it than the number of all of them explains. Where motion is not
    understood there are specks of all kinds in frame after frame.
    """
    places = [np.array([s.middle for s in each]).reshape(-1, 2) for each in found]
    facts = [np.array([(s.contrast, s.area) for s in each]).reshape(-1, 2) for each in found]
    kept: list[list[Speck]] = []
    for at, each in enumerate(found):
        near = {
            n - at: n
            for n in range(max(0, at - AHEAD), min(len(found), at + AHEAD + 1))
            if n != at and shot[n] == shot[at]
        }
        kept.append([])
        for number, speck in enumerate(each):
            here = places[at][number]
            like = {
                by: places[n][_like(facts[at][number], facts[n])] - here for by, n in near.items()
            }
            every = {by: places[n] - here for by, n in near.items()}
            busy = _crowded(every, size, NEAR[:1])
            if min(busy, _crowded(like, size, NEAR), _flying(like, size)) > CHANCE:
                kept[-1].append(speck)
    return _without_rain(kept, shot)


def _like(fact: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Whether others (N, 2) are of the contrast and area of one."""
    ratio = others / fact
    return np.asarray(
        (ratio[:, 0] > 1 / ALIKE)
        & (ratio[:, 0] < ALIKE)
        & (ratio[:, 1] > ALIKE**-2)
        & (ratio[:, 1] < ALIKE**2)
    )


def _crowded(
    like: Mapping[int, np.ndarray], size: tuple[int, int], paces: Sequence[float]
) -> float:
    """How likely as many are near by in other frames by chance. like: frames on -> (N, 2) ways."""
    tall, wide = size
    chances = [1.0]
    for pace in paces:
        count, usual = 0, 0.0
        for by, ways in like.items():
            reach = pace * wide * (1 + abs(by)) / 2
            close = int((np.linalg.norm(ways, axis=1) < reach).sum())
            share = min(0.5, math.pi * reach**2 / (tall * wide))
            count += close
            usual += (len(ways) - close + 0.25) * share / (1 - share)
        chances.append(_at_least(count, usual))
    return min(chances)


def _flying(like: Mapping[int, np.ndarray], size: tuple[int, int]) -> float:
    """How likely by chance two of its like lie on a straight way through it, at an even pace."""
    tall, wide = size
    chances = [1.0]
    for first, second in TRACKS:
        if first not in like or second not in like:
            continue
        reach = FARTHEST * wide * abs(first)
        near = like[first][np.linalg.norm(like[first], axis=1) < reach]
        for way in near:
            there = way * second / first
            stray = STRAY[0] * wide + STRAY[1] * float(np.linalg.norm(way))
            if (np.linalg.norm(like[second] - there, axis=1) < stray).any():
                usual = len(near) * len(like[second]) * math.pi * stray**2 / (tall * wide)
                chances.append(_at_least(1, usual / 4))
    return min(chances)


def _at_least(count: int, usual: float) -> float:
    """How likely that many are where `usual` is the mean of a Poisson distribution."""
    below = sum(math.exp(-usual) * usual**k / math.factorial(k) for k in range(min(count, 60)))
    return max(0.0, 1 - below)


def _without_rain(found: list[list[Speck]], shot: Sequence[int]) -> list[list[Speck]]:
    """Without the streaks of a shot that has many, most of which point one way."""
    streaks: dict[int, list[float]] = defaultdict(list)
    for at, each in enumerate(found):
        streaks[shot[at]] += [way for long, way in (s.along for s in each) if long > STREAK]
    raining = {}
    for of, ways in streaks.items():
        whole = sum(np.exp(2j * np.array(ways))) if ways else 0j
        if len(ways) >= SHOWER and abs(whole) > ONE_WAY * len(ways):
            raining[of] = math.atan2(whole.imag, whole.real) / 2

    def rains(speck: Speck, of: int) -> bool:
        long, way = speck.along
        return of in raining and long > STREAK and math.cos(2 * (way - raining[of])) > 0.8

    return [[s for s in each if not rains(s, shot[at])] for at, each in enumerate(found)]
