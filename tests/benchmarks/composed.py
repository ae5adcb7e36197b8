"""Edits composed from footage by a seed, so that every cut, dissolve and fade of them is known.

    for edit in compose(load(Path("footage")), seed=1, folder=Path("edits")):
        edit.path, edit.truth          # a movie, and rows of {"kind", "frame", "first", "last"}

Between shots: cuts (to another source, to another part of the same, to another framing of it),
shots of 3 to 10 frames, returns, dissolves of 6 to 60 frames mixed as code or as light, fades
through black and white. Within shots, and no boundaries: flashes, explosions, strobes, whip pans,
things that pass close, titles that dissolve in, doubled frames, light that is switched.

Frames count from 0. first and last are the frames that are mixed; of a cut both are the first
frame of the new shot. A join that nobody could see (a locked-off camera in an empty room) is
drawn again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

SIZE = (512, 288)
MOST = 420
"""Frames of a source that are kept."""
STILLS = 14
"""Photographs that are used at most."""
LENGTH = 1300
"""Frames of an edit, about."""
VISIBLE = 0.02
"""Mean difference (white 1) of two small pictures from which a join can be seen."""
FILM = {"big_buck_bunny_0_30": ((62, 282), (288, 370), (378, 488), (554, 598))}
"""Movies that are edits already: shots of theirs, first and last frame."""

Frames = np.ndarray
Row = dict[str, Any]


@dataclass(frozen=True)
class Edit:
    path: Path
    truth: list[Row]
    seconds: float


def compose(sources: Sequence[Frames], seed: int, folder: Path, edits: int = 2) -> Iterator[Edit]:
    """Write the edits of a seed as movies."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(edits):
        random = np.random.default_rng([seed, number])
        frames, truth = _edit(sources, random)
        rate = int(random.choice([24, 25, 30]))
        path = folder / f"edit_{seed}_{number}{random.choice(['.mp4', '.mp4', '.mov', '.webm'])}"
        encode(path, frames, rate, random)
        yield Edit(path, truth, len(frames) / rate)


# --- sources -------------------------------------------------------------------------------


def load(footage: Path) -> list[Frames]:
    """Every shot below a folder: of movies, and camera moves over photographs."""
    found, stills = [], []
    for path in sorted(footage.rglob("*")):
        if path.suffix.lower() in (".mp4", ".webm", ".mov"):
            frames = _decoded(path)
            parts = FILM.get(path.stem, ((0, len(frames) - 1),))
            found += [frames[first : last + 1] for first, last in parts if last < len(frames)]
        elif path.suffix.lower() in (".png", ".jpg"):
            picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
            if picture is not None and min(picture.shape[:2]) >= 300:
                stills.append(picture[..., ::-1])
    some = stills[:: -(-len(stills) // STILLS)] if stills else []
    return found + [_travel(picture, turn) for turn, picture in enumerate(some)]


def _decoded(path: Path) -> Frames:
    with av.open(str(path)) as container:
        kept = []
        for frame in container.decode(video=0):
            kept.append(_fitted(frame.to_ndarray(format="rgb24")))
            if len(kept) >= (MOST if path.stem not in FILM else 10**6):
                break
    return np.stack(kept)


def _fitted(picture: np.ndarray) -> np.ndarray:
    """Cropped to the shape of SIZE, and of that size."""
    height, width = picture.shape[:2]
    tall, wide = min(height, width * SIZE[1] // SIZE[0]), min(width, height * SIZE[0] // SIZE[1])
    top, left = (height - tall) // 2, (width - wide) // 2
    part = picture[top : top + tall, left : left + wide]
    return np.asarray(cv2.resize(part, SIZE, interpolation=cv2.INTER_AREA))


def _travel(picture: np.ndarray, turn: int) -> Frames:
    """A slow camera move over a photograph."""
    random = np.random.default_rng(turn)
    height, width = picture.shape[:2]
    wide = np.linspace(*random.uniform(0.55, 0.9, 2), 120)
    across, down = np.linspace(*random.uniform(0, 1, (2, 2)), 120).T
    kept = []
    for scale, x, y in zip(wide, across, down, strict=True):
        w = scale * min(width, height * SIZE[0] / SIZE[1])
        h = w * SIZE[1] / SIZE[0]
        left, top = x * (width - w), y * (height - h)
        onto = np.float32([[w / SIZE[0], 0, left], [0, h / SIZE[1], top]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        soft = cv2.blur(picture, (max(1, round(w / SIZE[0])),) * 2)
        kept.append(cv2.warpAffine(soft, onto, SIZE, flags=flags))
    return np.stack(kept)


# --- shots ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Setup:
    """How a source is framed and graded: shots that return have the same."""

    source: int
    zoom: float
    at: tuple[float, float]
    gain: tuple[float, float, float]


def _setup(sources: Sequence[Frames], random: np.random.Generator) -> _Setup:
    zoom = float(random.choice([1.0, 1.0, random.uniform(1.1, 1.8)]))
    gain = np.exp2(random.normal(0, 0.25) + random.normal(0, 0.06, 3))
    at = random.uniform(0, 1, 2)
    return _Setup(int(random.integers(len(sources))), zoom, tuple(at), tuple(gain))


def _shot(sources: Sequence[Frames], setup: _Setup, start: int, count: int) -> list[Frames]:
    """float32 frames, code values 0..1."""
    source = sources[setup.source]
    curve = np.clip((np.arange(256) / 255.0) ** 2.2, 0, 1)
    tables = [np.clip(curve * g, 0, 1) ** (1 / 2.2) for g in setup.gain]
    wide, tall = (round(each / setup.zoom) for each in SIZE)
    left, top = (round(a * (s - n)) for a, s, n in zip(setup.at, SIZE, (wide, tall), strict=True))
    made = []
    for number in range(start, start + count):
        turn = number % (2 * len(source) - 2)  # forth and back
        picture = source[turn if turn < len(source) else 2 * len(source) - 2 - turn]
        part = picture[top : top + tall, left : left + wide]
        part = cv2.resize(part, SIZE, interpolation=cv2.INTER_LINEAR) if setup.zoom > 1 else part
        made.append(np.stack([tables[c][part[..., c]] for c in range(3)], -1).astype(np.float32))
    return made


# --- what happens within a shot ------------------------------------------------------------


def _flash(frames: list[Frames], at: int, random: np.random.Generator) -> None:
    height, width = frames[0].shape[:2]
    x, y = random.uniform(0, width), random.uniform(0, height)
    far = np.hypot(np.arange(width) - x, np.arange(height)[:, None] - y) / width
    light = random.uniform(2, 9) * (np.exp(-far * random.uniform(0, 3))[..., None])
    for turn in range(int(random.integers(1, 4))):
        if at + turn < len(frames):
            lit = frames[at + turn] ** 2.2 * (1 + light) + 0.05 * light
            frames[at + turn] = np.clip(lit, 0, 1) ** (1 / 2.2)
        light = light * random.uniform(0.2, 0.9)


def _explosion(frames: list[Frames], at: int, random: np.random.Generator) -> None:
    height, width = frames[0].shape[:2]
    x, y = random.uniform(0.2, 0.8) * width, random.uniform(0.3, 0.8) * height
    clouds = cv2.GaussianBlur(random.uniform(0, 2, (height, width)).astype(np.float32), (0, 0), 9)
    clouds = np.clip(0.5 + 8 * (clouds - 1), 0, 1.2)
    far = np.hypot(np.arange(width) - x, np.arange(height)[:, None] - y) / width
    for turn in range(26):
        if at + turn >= len(frames):
            return
        size = 0.06 + 0.14 * turn**0.6
        burns = 1.6 * min(1, (turn + 1) / 3) * max(0, 1 - turn / 26)
        fire = np.exp(-((far / size) ** 2)) * burns * (0.6 + clouds)
        lit = frames[at + turn] ** 2.2 + fire[..., None] * np.array([1.6, 0.8, 0.25])
        frames[at + turn] = (np.clip(lit, 0, 1) ** (1 / 2.2)).astype(np.float32)


def _strobe(frames: list[Frames], at: int, random: np.random.Generator) -> None:
    every, gain = int(random.integers(2, 5)), random.uniform(0.25, 0.6)
    for turn in range(min(24, len(frames) - at)):
        if turn // every % 2:
            frames[at + turn] = frames[at + turn] * np.float32(gain)


def _whip(frames: list[Frames], at: int, random: np.random.Generator) -> None:
    """A pan over a mirrored row of the picture: fast, with its blur, and back to a stop."""
    count = min(int(random.integers(8, 16)), len(frames) - at)
    way = np.cumsum(np.sin(np.linspace(0, np.pi, count + 2))[1:-1])
    total = 2 * SIZE[0]
    places = np.r_[0, way / way[-1] * total]
    for turn in range(count):
        speed = max(1, round(places[turn + 1] - places[turn]))
        row = np.concatenate([frames[at + turn], frames[at + turn][:, ::-1]] * 2, axis=1)
        row = cv2.blur(row, (speed, 1))
        left = round(places[turn + 1]) % (2 * SIZE[0])
        frames[at + turn] = np.ascontiguousarray(row[:, left : left + SIZE[0]])


def _passing(frames: list[Frames], at: int, random: np.random.Generator) -> None:
    """A dark, soft thing crosses close to the camera."""
    count = min(int(random.integers(6, 16)), len(frames) - at)
    wide = random.uniform(0.4, 1.3) * SIZE[0]
    rough = cv2.resize(random.uniform(0, 0.25, (6, 8, 3)).astype(np.float32), SIZE)
    for turn in range(count):
        middle = -wide + (SIZE[0] + 2 * wide) * (turn + 0.5) / count
        away = np.abs(np.arange(SIZE[0]) - middle)
        cover = np.clip((wide / 2 - away) / 24, 0, 1)[None, :, None].astype(np.float32)
        frames[at + turn] = frames[at + turn] * (1 - cover) + rough * cover


def _title(frames: list[Frames], at: int, random: np.random.Generator) -> None:
    """A title that stands for a while; it comes and goes at once, or over some frames."""
    cover = np.zeros(SIZE[::-1], np.uint8)
    scale = random.uniform(1.0, 3.2)
    place = (int(random.uniform(10, 120)), int(random.uniform(90, 260)))
    cv2.putText(cover, "THE ANSWER", place, 2, scale, 255, max(2, round(2 * scale)), cv2.LINE_AA)
    ease, held = int(random.choice([1, 12, 24])), 40
    for turn in range(min(held + 2 * ease, len(frames) - at)):
        there = min(1, (turn + 1) / ease, (held + 2 * ease - turn) / ease)
        mask = (cover * np.float32(there / 255))[..., None]
        frames[at + turn] = frames[at + turn] * (1 - mask) + 0.95 * mask


def _doubled(frames: list[Frames], at: int, random: np.random.Generator) -> None:
    every = int(random.integers(2, 6))
    for turn in range(at + 1, len(frames)):
        if (turn - at) % every == 0:
            frames[turn] = frames[turn - 1]


def _switched(frames: list[Frames], at: int, random: np.random.Generator) -> None:
    gain = np.float32(random.choice([0.35, 0.5, 0.65]))
    for turn in range(at, len(frames)):
        frames[turn] = frames[turn] * gain


HAPPENS: tuple[Callable[[list[Frames], int, np.random.Generator], None], ...] = (
    _flash,
    _explosion,
    _strobe,
    _whip,
    _passing,
    _title,
    _doubled,
    _switched,
)


# --- the edit ------------------------------------------------------------------------------


def _edit(sources: Sequence[Frames], random: np.random.Generator) -> tuple[list[Frames], list[Row]]:
    made: list[Frames] = []
    truth: list[Row] = []
    seen: list[_Setup] = []
    setup, start, head = _setup(sources, random), int(random.integers(300)), 0
    shot = _shot(sources, setup, start, _length(random) + 40)
    if random.random() < 0.5:
        count = head = int(random.integers(8, 32))
        colour = np.float32(0)
        shot = [*_towards(shot[:count][::-1], colour)[::-1], *shot[count:]]
        held = int(random.integers(0, 10))
        shot = [np.zeros_like(shot[0])] * held + shot
        truth.append({"kind": "fade", "frame": held, "first": 0, "last": held + count - 1})
    while len(made) < LENGTH:
        happens = random.random() < 0.5
        if happens and len(shot) > head + 60:
            what = HAPPENS[int(random.integers(len(HAPPENS)))]
            what(shot, int(random.integers(head + 18, len(shot) - 36)), random)
        for _ in range(50):
            after, begin = _next(sources, setup, start + len(shot), seen, random)
            kind = str(random.choice(["cut", "dissolve", "fade"], p=[0.62, 0.22, 0.16]))
            kind = kind if len(shot) - head >= 36 else "cut"
            short = kind == "cut" and random.random() < 0.25
            count = int(random.integers(3, 11)) if short else _length(random)
            following = _shot(sources, after, begin, count)
            if _differ(shot[-1], following[0]) > VISIBLE:
                break
        seen.append(setup)
        if kind == "dissolve":
            shot, following = _dissolve(made, truth, shot, following, head, random)
            head = 0
        elif kind == "fade":
            shot, following, head = _fade(made, truth, shot, following, random)
        else:
            at, head = len(made) + len(shot), 0
            truth.append({"kind": "cut", "frame": at, "first": at, "last": at})
        made += map(_whole, shot)
        setup, start, shot = after, begin, following
    made += map(_whole, shot)
    return made, truth


def _whole(frame: Frames) -> Frames:
    return np.rint(np.clip(frame, 0, 1) * 255).astype(np.uint8)


def _length(random: np.random.Generator) -> int:
    return int(np.clip(random.lognormal(4.1, 0.5), 30, 180))


def _next(
    sources: Sequence[Frames],
    setup: _Setup,
    end: int,
    seen: list[_Setup],
    random: np.random.Generator,
) -> tuple[_Setup, int]:
    """The next shot: a jump in time, a punch-in, a return, or something else."""
    drawn = random.random()
    if drawn < 0.12:
        return setup, end + int(random.integers(25, 200))
    if drawn < 0.22:
        zoom = setup.zoom * 1.4 if setup.zoom < 1.4 else 1.0
        return _Setup(setup.source, zoom, setup.at, setup.gain), end
    if drawn < 0.4 and seen:
        return seen[int(random.integers(len(seen)))], int(random.integers(600))
    return _setup(sources, random), int(random.integers(600))


def _differ(one: Frames, other: Frames) -> float:
    small = [cv2.resize(each, (64, 36), interpolation=cv2.INTER_AREA) for each in (one, other)]
    return float(np.abs(small[0] - small[1]).mean())


def _dissolve(
    made: list[Frames],
    truth: list[Row],
    shot: list[Frames],
    following: list[Frames],
    head: int,
    random: np.random.Generator,
) -> tuple[list[Frames], list[Frames]]:
    most = min(60, len(shot) - head - 10, len(following) - 10)
    count = int(random.integers(6, most + 1)) if random.random() < 0.5 else min(most, 24)
    power = 2.2 if random.random() < 0.25 else 1.0
    first = len(made) + len(shot) - count
    mixed = []
    for turn in range(count):
        share = np.float32((turn + 1) / (count + 1))
        a, b = shot[len(shot) - count + turn] ** power, following[turn] ** power
        mixed.append(((1 - share) * a + share * b) ** (1 / power))
    row = {"kind": "dissolve", "frame": first + count // 2, "first": first}
    truth.append({**row, "last": first + count - 1})
    return [*shot[:-count], *mixed], following[count:]


def _fade(
    made: list[Frames],
    truth: list[Row],
    shot: list[Frames],
    following: list[Frames],
    random: np.random.Generator,
) -> tuple[list[Frames], list[Frames], int]:
    away, back = (int(random.integers(6, 22)) for _ in range(2))
    held, colour = int(random.integers(0, 14)), np.float32(random.random() < 0.25)
    shot = [*shot[:-away], *_towards(shot[-away:], colour)]
    first = len(made) + len(shot) - away
    frame = len(made) + len(shot) + held
    truth.append({"kind": "fade", "frame": frame, "first": first, "last": frame + back - 1})
    shot += [np.full_like(shot[0], colour)] * held
    return shot, [*_towards(following[:back][::-1], colour)[::-1], *following[back:]], back


def _towards(frames: list[Frames], colour: np.float32) -> list[Frames]:
    count = len(frames)
    shares = [np.float32((turn + 1) / (count + 1)) for turn in range(count)]
    return [f * (1 - s) + colour * s for f, s in zip(frames, shares, strict=True)]


def encode(path: Path, frames: Sequence[Frames], rate: int, random: np.random.Generator) -> None:
    """At an ordinary quality, or a low one; some with grain."""
    codec = "libvpx" if path.suffix == ".webm" else str(random.choice(["libx264", "mpeg4"]))
    grain = float(random.choice([0, 0, 0.015, 0.03]))
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=Fraction(rate))
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        if codec == "libx264":
            stream.options = {"crf": str(random.choice([20, 26, 32])), "preset": "veryfast"}
        else:
            stream.bit_rate = int(random.choice([300_000, 800_000, 2_000_000]))
            if codec == "libvpx":
                stream.options = {"deadline": "realtime", "cpu-used": "8"}
        for each in frames:
            noisy = each
            if grain:
                field = random.standard_normal((SIZE[1] // 2, SIZE[0] // 2), np.float32)
                noisy = _whole(each / np.float32(255) + grain * cv2.resize(field, SIZE)[..., None])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(noisy, format="rgb24")))
        container.mux(stream.encode(None))
