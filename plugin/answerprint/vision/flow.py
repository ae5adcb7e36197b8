"""Dense motion between two frames, both ways, and how sure it is.

Convention
    light     (H, W, 3) float32 scene-linear ACEScg, unbounded; the frames have one size.
    flow      (H, W, 2) float32: where a pixel of the first frame lies in the second, x right and y
              down, in pixels; the point (x, y) is seen again at (x, y) + flow[y, x].
    sure      (H, W) float32, 0..1: 1 where going there and back ends at the start, 0 where the
              second frame does not show it.
    What is compared is a logarithm of light with sign and a limit (`encoded`), and patches by what
    they show beside their mean: an exposure change, a highlight and grain steer it little.
    A value that is no number counts as black.

quality   "default": dense inverse search. Where a thing is hidden in the second frame its flow is
          that of whatever looks most like it there.
          "best": that flow is kept as `apparent`, beside two more that are found otherwise; `flow`
          takes what is hidden from the neighbours of its brightness, and is nearer to how things
          really moved.

Source: dense inverse search (Kroeger et al. 2016) and variational refinement (Brox et al. 2004) as
OpenCV has them; forward-backward check after Sundaram et al. 2010.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal, TypeVar

import cv2
import numpy as np

from answerprint.vision.settled import settled
from answerprint.vision.toned import HIGHEST, split

Quality = Literal["default", "best"]
Given = TypeVar("Given")
Made = TypeVar("Made")

LUMA = np.array([0.2722, 0.6741, 0.0537], np.float32)
"""Of ACEScg (AP1): the Y row of its primaries' matrix."""
KNEE = 0.02
"""Light around which the logarithm turns into a straight line: deep shadow of a plate."""
LARGE = 3000 * 2000
"""Pixels above which motion is searched for at half the size, and once: memory."""
LEAST = 12
"""Pixels a side that the search needs; smaller frames are searched inside a repeated border."""

SEEN, FAR, CLEARLY = 480, 0.06, 0.7
"""Pixels of the longer side at which a shift of the whole frame is looked for, and the share of the
frame that it has to exceed and of the difference that it may leave, to count."""


@dataclass(frozen=True)
class Motion:
    """From one frame to another.

    apparent   flows (H, W, 2) that make the frames alike, whether or not things moved so: found in
               several codings of light, before the flow was settled. None where it was not.
    """

    flow: np.ndarray
    sure: np.ndarray
    apparent: tuple[np.ndarray, ...] = ()


def encoded(light: np.ndarray) -> np.ndarray:
    """The luma of light as a code (H, W) float32: a logarithm, odd around 0 and straight there."""
    luma = np.nan_to_num(light @ LUMA, posinf=HIGHEST, neginf=-HIGHEST)
    code: np.ndarray = np.arcsinh(luma / KNEE).astype(np.float32)
    return code


def motions(
    first: np.ndarray, second: np.ndarray, quality: Quality = "default", device: str = "cpu"
) -> tuple[Motion, Motion]:
    """From the first frame to the second, and back. Light as above. device: 'cpu' or one of
    torch's, which does the default quality; the best is found on the CPU."""
    if first.shape != second.shape:
        raise ValueError(f"the frames have {first.shape} and {second.shape}")
    if device != "cpu" and quality == "default":
        from answerprint.vision import torch_flow  # torch is loaded where it is needed

        return torch_flow.motions(first, second, device)
    one, other = _codes(*spread(encoded, (first, second)))
    there, back = dense(one, other), dense(other, one)
    if quality == "default":
        return Motion(there, agreement(there, back)), Motion(back, agreement(back, there))
    forward, backward = [there], [back]
    if one.size <= LARGE:
        roots = _codes(*(split(frame @ LUMA)[0] for frame in (first, second)))
        for search in (dense, _turned):
            forward.append(search(*roots))
            backward.append(search(*roots[::-1]))
    true, again = there, back
    for _ in range(ROUNDS):
        true, again = _true(one, other, true, again), _true(other, one, again, true)
    sure = agreement(true, again), agreement(again, true)
    return Motion(true, sure[0], tuple(forward)), Motion(again, sure[1], tuple(backward))


def _turned(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The flow, searched for with rows as columns: the search errs otherwise there."""
    flow = dense(np.ascontiguousarray(one.T), np.ascontiguousarray(other.T))
    return np.ascontiguousarray(flow.transpose(1, 0, 2)[..., ::-1])


def _true(one: np.ndarray, other: np.ndarray, flow: np.ndarray, back: np.ndarray) -> np.ndarray:
    return _refined(one, other, settled(flow, exact(flow, back), one))


ROUNDS = 2
"""Settling both flows makes the next check of one against the other truer; a third adds nothing."""


def straightened(
    first: np.ndarray, second: np.ndarray, to_first: np.ndarray, to_second: np.ndarray
) -> np.ndarray:
    """What is still apart (H, W, 2) between both frames of light, looked up by these flows."""
    codes = _codes(encoded(first), encoded(second))
    one, other = (
        pulled(code, flow, cv2.INTER_CUBIC)
        for code, flow in zip(codes, (to_first, to_second), strict=True)
    )
    half: np.ndarray = (dense(one, other) - dense(other, one)) * np.float32(0.5)
    return half


def spread(work: Callable[[Given], Made], items: Iterable[Given]) -> list[Made]:
    """The work done on all items, on as many threads as OpenCV uses; numpy lets others run."""
    with ThreadPoolExecutor(max(1, cv2.getNumThreads())) as pool:
        return list(pool.map(work, items))


def agreement(there: np.ndarray, back: np.ndarray) -> np.ndarray:
    """How well going there and back ends at the start (H, W), 0..1; long ways may miss by more."""
    again = pulled(back, there)
    apart = _length(there + again) / (0.5 + 0.05 * (_length(there) + _length(again)))
    sure: np.ndarray = np.exp(-apart * apart)
    return sure * _inside(there)


def exact(there: np.ndarray, back: np.ndarray) -> np.ndarray:
    """The same for a pixel's tolerance, whatever the length."""
    apart = _length(there + pulled(back, there))
    sure: np.ndarray = np.exp(-apart * apart)
    return sure * _inside(there)


def _length(flow: np.ndarray) -> np.ndarray:
    x, y = flow[..., 0], flow[..., 1]
    long: np.ndarray = np.sqrt(x * x + y * y)
    return long


def pulled(
    picture: np.ndarray, flow: np.ndarray, how: int = cv2.INTER_LINEAR, top: int = 0, left: int = 0
) -> np.ndarray:
    """The picture (H, W[, C]) looked up at (x, y) + flow: what the second frame shows there.

    flow may be a part of the frame, whose corner is (left, top); the picture is always whole.
    Two channels, a flow, are looked up one by one: OpenCV rounds their places to 1/32 pixel.
    """
    tall, wide = flow.shape[:2]
    x = flow[..., 0] + np.arange(left, left + wide, dtype=np.float32)
    y = flow[..., 1] + np.arange(top, top + tall, dtype=np.float32)[:, None]
    planes = cv2.split(picture) if picture.shape[2:] == (2,) else [picture]
    found = [cv2.remap(each, x, y, how, borderMode=cv2.BORDER_REPLICATE) for each in planes]
    return np.asarray(cv2.merge(found) if len(found) > 1 else found[0])


def dense(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Flow from one picture of bytes (H, W) to another."""
    tall, wide = one.shape
    if one.size > LARGE:
        half = (-(-wide // 2), -(-tall // 2))
        small = [cv2.resize(p, half, interpolation=cv2.INTER_AREA) for p in (one, other)]
        found = cv2.resize(dense(small[0], small[1]), (wide, tall), interpolation=cv2.INTER_LINEAR)
        return np.asarray(found * np.array([wide / half[0], tall / half[1]], np.float32))
    lack = [(max(0, LEAST - n) + 1) // 2 for n in (tall, wide)]
    if any(lack):
        sides = (lack[0], lack[0], lack[1], lack[1])
        one, other = (cv2.copyMakeBorder(p, *sides, cv2.BORDER_REPLICATE) for p in (one, other))
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    search.setFinestScale(0)
    search.setVariationalRefinementIterations(3)  # its 5 take a sixth longer and give no more
    flow: np.ndarray = search.calc(one, other, _panned(one, other))  # type: ignore[arg-type]
    return np.ascontiguousarray(flow[lack[0] : lack[0] + tall, lack[1] : lack[1] + wide])


def _panned(one: np.ndarray, other: np.ndarray) -> np.ndarray | None:
    """One shift of the whole frame to start from, where that makes the two clearly more alike.

    The search goes from coarse to fine, and loses a far motion of fine texture.
    """
    zoom = min(1.0, SEEN / max(one.shape))
    size = [max(1, round(n * zoom)) for n in one.shape[::-1]]
    small = [cv2.resize(p, size, interpolation=cv2.INTER_AREA) for p in (one, other)]
    tall, wide = small[0].shape
    a, b = (p.astype(np.float32) for p in small)
    window = cv2.createHanningWindow((max(wide, 2), max(tall, 2)), cv2.CV_32F)
    (x, y), _ = cv2.phaseCorrelate(a.copy(), b.copy(), window)  # it writes into what it is given
    dx, dy = round(x), round(y)
    if not (FAR < abs(dx) / wide < 0.5 or FAR < abs(dy) / tall < 0.5):
        return None
    here = a[max(0, -dy) : tall - max(0, dy), max(0, -dx) : wide - max(0, dx)]
    there = b[max(0, dy) : tall + min(0, dy), max(0, dx) : wide + min(0, dx)]
    if np.abs(here - there).mean() > CLEARLY * np.abs(a - b).mean():
        return None
    return np.full((*one.shape, 2), (dx / zoom, dy / zoom), np.float32)


def _refined(one: np.ndarray, other: np.ndarray, flow: np.ndarray) -> np.ndarray:
    if min(one.shape) < LEAST:
        return flow
    refine = cv2.VariationalRefinement.create()
    found: np.ndarray = refine.calc(one, other, flow)
    return found


def _inside(flow: np.ndarray) -> np.ndarray:
    tall, wide = flow.shape[:2]
    x = flow[..., 0] + np.arange(wide, dtype=np.float32)
    y = flow[..., 1] + np.arange(tall, dtype=np.float32)[:, None]
    return (x > -0.5) & (y > -0.5) & (x < wide - 0.5) & (y < tall - 0.5)


def _codes(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both as bytes over their common range."""
    low, high = np.percentile(np.concatenate([one[::4, ::4], other[::4, ::4]]), (0.1, 99.9))
    scale = 255 / max(float(high - low), 1e-6)
    made = [np.clip((each - low) * scale, 0, 255).astype(np.uint8) for each in (one, other)]
    return made[0], made[1]
