"""Screen plates whose matte, foreground and screen are known: a figure with hair before a screen.

Nothing is photographed and nothing is taken from a picture: shapes, hair, cloth and light are drawn
from a seed, and the same seed gives the same plates, bit for bit. Tests, training and measuring use
seeds of their own (`TRAINING` and over is for training).

Convention
    light      (H, W, 3) float32 scene-linear ACEScg, unbounded: highlights of up to 64.
    alpha      (H, W) float32, 0..1: how much of a pixel, and of the time that the shutter is open,
               the figure covers.
    plate      foreground * alpha + screen * (1 - alpha), then grain and what a codec does.
    foreground straight, with the screen's spill on it; 0 where alpha is.

Source: compositing after Porter and Duff 1984; noise of photons and of reading (Foi et al. 2008);
chroma at half size as cameras and codecs store it (ITU-R BT.601, 4:2:0).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

TRAINING = 1_000_000
FINE = 4
"""Times finer than the plate that shapes are drawn."""
Colour = Literal["green", "blue", "red", "grey", "led"]
PAINTS: dict[Colour, tuple[float, float, float]] = {
    "green": (0.10, 0.34, 0.08),
    "blue": (0.06, 0.10, 0.36),
    "red": (0.36, 0.06, 0.05),
    "grey": (0.22, 0.24, 0.23),
    "led": (0.16, 0.30, 0.42),
}
REC709_Y = np.array([0.2126, 0.7152, 0.0722], np.float32)


@dataclass(frozen=True)
class Look:
    """What a plate has. Strengths are 0 for none.

    uneven     how far the screen's light goes up and down, as a share.
    wrinkles   how far folds do.
    markers    crosses on the screen.
    shadow     how much light the figure's shadow takes from the screen.
    spill      light of the screen on the figure, as a share of the screen's.
    hair       strands on the head.
    fur        strands all around, of the figure's own light.
    smoke      greatest alpha of smoke.
    glass      a pane in the figure's hand: alpha low, highlights high.
    holes      gaps in the figure through which the screen is seen.
    blur       pixels that the figure moves while the shutter is open.
    focus      radius of its circle of confusion, pixels.
    noise      standard deviation at 0.18, light.
    chroma     4:2:0, of codes of eight bits.
    highlight  light of its brightest points.
    paint      how far the screen's colour and brightness stray from the usual.
    """

    colour: Colour = "green"
    uneven: float = 0.2
    wrinkles: float = 0.03
    markers: int = 0
    shadow: float = 0.0
    spill: float = 0.08
    hair: int = 400
    fur: int = 0
    smoke: float = 0.0
    glass: bool = False
    holes: int = 0
    blur: float = 0.0
    focus: float = 0.0
    noise: float = 0.004
    chroma: bool = False
    highlight: float = 4.0
    paint: float = 0.0


@dataclass(frozen=True)
class Screened:
    """One frame, as above."""

    plate: np.ndarray
    alpha: np.ndarray
    foreground: np.ndarray
    screen: np.ndarray


def drawn_look(seed: int) -> Look:
    """A look by chance: all that a plate may have, in the shares that shoots have it."""
    random = np.random.default_rng([seed, 7])
    chance = random.random
    return Look(
        colour=("green", "green", "blue", "red", "grey", "led")[int(random.integers(6))],
        uneven=float(random.uniform(0, 0.35)),
        wrinkles=float(random.uniform(0, 0.08)) * (chance() < 0.7),
        markers=int(random.integers(0, 9)) * (chance() < 0.4),
        shadow=float(random.uniform(0, 0.5)) * (chance() < 0.4),
        spill=float(random.uniform(0, 0.25)),
        hair=int(random.integers(0, 900)),
        smoke=float(random.uniform(0, 0.6)) * (chance() < 0.2),
        glass=bool(chance() < 0.2),
        holes=int(random.integers(0, 5)) * (chance() < 0.4),
        blur=float(random.uniform(0, 24)) * (chance() < 0.4),
        focus=float(random.uniform(0, 5)) * (chance() < 0.5),
        noise=float(np.exp(random.uniform(np.log(5e-4), np.log(0.02)))),
        chroma=bool(chance() < 0.4),
        highlight=float(np.exp(random.uniform(0, np.log(64)))),
        fur=int(random.integers(0, 3000)) * (chance() < 0.4),
        paint=float(random.uniform(0, 1)) * (chance() < 0.6),
    )


def screened(seed: int, size: tuple[int, int], look: Look, frame: int = 0) -> Screened:
    """The plate of a seed, (height, width), at a frame of its shot; the figure sways and turns."""
    shape, colour = _figure(seed, size, look, frame)
    moved = _opened(np.dstack([colour * shape[..., None], shape]), seed, look, frame)
    alpha = np.clip(moved[..., 3], 0, 1)
    premultiplied = moved[..., :3]
    screen = _screen(seed, size, look, alpha)
    spilled = _spilled(alpha, screen, look) * alpha[..., None]
    premultiplied = premultiplied + spilled
    foreground = np.where(
        alpha[..., None] > 1e-5, premultiplied / np.maximum(alpha, 1e-5)[..., None], 0
    )
    plate = premultiplied + screen * (1 - alpha[..., None])
    plate = _grained(plate, np.random.default_rng([seed, 3, frame]), look.noise)
    if look.chroma:
        plate = _subsampled(plate)
    made = (plate, alpha, foreground, screen)
    return Screened(*(np.ascontiguousarray(each, np.float32) for each in made))


def clouds(random: np.random.Generator, size: tuple[int, int], cells: float) -> np.ndarray:
    """Smooth noise (H, W) of about so many cells across, mean 0, deviation 1."""
    tall, wide = size
    grid = max(2, round(tall / wide * cells) + 2), max(2, round(cells) + 2)
    coarse = random.standard_normal(grid).astype(np.float32)
    made: np.ndarray = cv2.resize(coarse, (wide, tall), interpolation=cv2.INTER_CUBIC)
    return made


# --- the screen ------------------------------------------------------------------------------


def _screen(seed: int, size: tuple[int, int], look: Look, alpha: np.ndarray) -> np.ndarray:
    tall, wide = size
    random = np.random.default_rng([seed, 1])
    y, x = np.mgrid[0:tall, 0:wide].astype(np.float32)
    x, y = x / wide - 0.5, y / tall - 0.5
    way = random.uniform(0, 2 * math.pi)
    slope = x * math.cos(way) + y * math.sin(way)
    middle = random.uniform(-0.3, 0.3, 2)
    falls = -((x - middle[0]) ** 2 + (y - middle[1]) ** 2)
    light = slope + 1.5 * falls
    light = 1 + look.uneven * 2 * (light - light.mean()) / max(float(np.ptp(light)), 1e-6)
    light *= 1 + look.wrinkles * _folds(random, size)
    warm = 1 + 0.15 * look.uneven * np.outer(random.uniform(-1, 1, 3), [1]).ravel()
    tint = np.array(PAINTS[look.colour], np.float32) * random.uniform(0.8, 1.25)
    stray = random.normal(0, 0.2, 3) + random.uniform(-0.7, 0.7)
    tint = tint * np.exp(look.paint * stray)
    field = light[..., None] * (tint * (1 + (warm - 1) * slope[..., None]))
    field = _marked(field, random, look.markers)
    if look.shadow:
        reach = max(2.0, wide / 30)
        shift = np.array([[1, 0, wide / 15], [0, 1, tall / 40]])
        fallen = cv2.GaussianBlur(cv2.warpAffine(alpha, shift, (wide, tall)), (0, 0), reach)
        field = field * (1 - look.shadow * fallen[..., None])
    return np.asarray(field, np.float32)


def _folds(random: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Cloth: bright and dark stripes that bend and end."""
    tall, wide = size
    y, x = np.mgrid[0:tall, 0:wide].astype(np.float32) / wide
    made = np.zeros(size, np.float32)
    for _ in range(4):
        way, pace = random.uniform(-0.4, 0.4), random.uniform(6, 22)
        bent = x * math.cos(way) + y * math.sin(way) + 0.02 * clouds(random, size, 5)
        made += np.sin(2 * math.pi * pace * bent) * np.clip(clouds(random, size, 3), 0, 1)
    return made


def _marked(field: np.ndarray, random: np.random.Generator, count: int) -> np.ndarray:
    """Crosses of tape, brighter or darker than the paint."""
    tall, wide = field.shape[:2]
    field = field.copy()
    for _ in range(count):
        x, y = random.uniform(0, wide), random.uniform(0, tall)
        arm, thick = wide * random.uniform(0.01, 0.025), max(1.0, wide * 0.004)
        drawn = np.zeros((tall, wide), np.uint8)
        for dx, dy in ((arm, 0), (0, arm)):
            ends = [(round((x - dx) * 16), round((y - dy) * 16))]
            ends += [(round((x + dx) * 16), round((y + dy) * 16))]
            cv2.line(drawn, ends[0], ends[1], 255, max(1, round(thick)), cv2.LINE_AA, 4)
        share = (drawn / np.float32(255))[..., None]
        tape = field.mean(axis=(0, 1)) * random.choice([0.5, 1.6])
        field = field * (1 - share) + tape * share
    return field


# --- the figure ------------------------------------------------------------------------------


def _figure(
    seed: int, size: tuple[int, int], look: Look, frame: int
) -> tuple[np.ndarray, np.ndarray]:
    """Its coverage and straight light, before the lens and the shutter."""
    tall, wide = size
    random = np.random.default_rng([seed, 2])
    sway = _pose(random, wide, frame)
    scale = tall * random.uniform(0.85, 1.1)
    head = np.array([wide * random.uniform(0.35, 0.65), tall * random.uniform(0.3, 0.42)])
    radius = scale * random.uniform(0.13, 0.17)
    body = _body(random, head, radius, tall)
    strands = _strands(random, head, radius, look.hair)
    fine = (tall * FINE, wide * FINE)
    solid = np.zeros(fine, np.uint8)
    for outline in body:
        cv2.fillPoly(solid, [_fine(_posed(outline, sway, head))], 255)
    for _ in range(look.holes):
        at = head + np.array([random.uniform(-0.8, 0.8), random.uniform(1.6, 3)]) * radius
        gap = random.uniform(0.03, 0.1) * radius
        spot = _fine(_posed(at[None], sway, head))[0, 0]
        cv2.circle(solid, (int(spot[0]), int(spot[1])), round(gap * FINE), 0, -1)
    cover = _reduced(solid, size)
    light = _cloth(random, size, sway, look.highlight)
    furred, lit = _hair(_fur(random, body, radius, look.fur), sway, head, fine, size, random)
    tuft = light * (0.6 + 0.7 * lit[..., None])
    light = light * (cover * (1 - furred))[..., None] + tuft * furred[..., None]
    cover = furred + cover * (1 - furred)
    pale = random.uniform() ** 3
    hair_tint = np.array([0.05, 0.03, 0.02]) * random.uniform(0.5, 8) * (1 - pale) + 0.7 * pale
    combed, shine = _hair(strands, sway, head, fine, size, random)
    hair = hair_tint * (0.4 + 1.2 * shine[..., None])
    hair = hair + (shine[..., None] > 0.97) * look.highlight * 0.5
    over = combed + cover * (1 - combed)
    mixed = hair * combed[..., None] + light * (1 - combed)[..., None]
    if look.smoke:
        smoke = look.smoke * np.clip(clouds(random, size, 6) * 0.4 + 0.3, 0, 1)
        smoke *= np.clip(clouds(random, size, 3) * 0.6 + 0.5, 0, 1)
        mixed = mixed + 0.6 * (smoke * (1 - over))[..., None]
        over = over + smoke * (1 - over)
    if look.glass:
        pane, glint = _pane(random, head, radius, fine, size, look.highlight, sway)
        mixed = mixed + glint * (1 - over)[..., None]
        over = over + pane * (1 - over)
    straight = mixed / np.maximum(over, 1e-6)[..., None]
    return over.astype(np.float32), straight.astype(np.float32)


Pose = tuple[float, float, float]


def _pose(random: np.random.Generator, wide: int, frame: int) -> Pose:
    """Turn and shift of the figure at a frame."""
    pace, phase = random.uniform(0.1, 0.25), random.uniform(0, 2 * math.pi)
    turn = 0.05 * math.sin(pace * frame + phase)
    return (
        turn,
        wide * 0.03 * math.sin(0.7 * pace * frame + phase),
        wide * 0.01 * math.cos(frame / 9),
    )


def _posed(points: np.ndarray, pose: Pose, about: np.ndarray) -> np.ndarray:
    turn, dx, dy = pose
    c, s = math.cos(turn), math.sin(turn)
    return np.asarray((points - about) @ np.array([[c, s], [-s, c]]) + about + (dx, dy))


def _fine(points: np.ndarray) -> np.ndarray:
    return np.rint(points * FINE).astype(np.int32).reshape(-1, 1, 2)


def _reduced(drawn: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    small = cv2.resize(drawn, size[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(small / np.float32(255))


def _body(
    random: np.random.Generator, head: np.ndarray, radius: float, tall: int
) -> list[np.ndarray]:
    """Outlines: a head, a neck and shoulders, an arm."""
    around = np.linspace(0, 2 * math.pi, 80, endpoint=False)
    wave = 1 + 0.04 * np.sin(3 * around + random.uniform(0, 6))
    face = head + np.stack([np.cos(around) * 0.8 * wave, np.sin(around) * wave], 1) * radius
    broad = random.uniform(1.8, 2.4) * radius
    neck, top = 0.35 * radius, head[1] + 1.35 * radius
    below = tall + 10.0
    side = [(neck, head[1] + 0.7 * radius), (neck, top - 0.2 * radius), (broad, top + 0.5 * radius)]
    side += [(broad * 1.05, below)]
    right = [(head[0] + x, y) for x, y in side]
    left = [(head[0] - x, y) for x, y in reversed(side)]
    start = np.array([head[0] + broad * 0.9, top + 0.8 * radius])
    way = random.uniform(-1.2, 0.3)
    long, thick = random.uniform(1.2, 2.4) * radius, 0.22 * radius
    end = start + long * np.array([math.cos(way), math.sin(way)])
    across = thick * np.array([-math.sin(way), math.cos(way)])
    arm = np.stack([start + across, end + 0.6 * across, end - 0.6 * across, start - across])
    return [face, np.array(right + left), arm]


def _strands(
    random: np.random.Generator, head: np.ndarray, radius: float, count: int
) -> list[tuple[np.ndarray, float]]:
    """Curves of hair, each with its width in pixels."""
    found = []
    for _ in range(count):
        way = random.uniform(-math.pi * 1.05, math.pi * 0.05)
        root = head + radius * np.array([0.78 * math.cos(way), math.sin(way)]) * 0.97
        long = radius * random.gamma(2.5, 0.16)
        curl, fall = random.normal(0, 0.9), random.uniform(0, 0.9)
        steps = np.linspace(0, 1, 14)[:, None]
        out = np.array([math.cos(way), math.sin(way)])
        side = np.array([-out[1], out[0]])
        points = root + long * (steps * out + 0.4 * curl * steps**2 * side)
        points[:, 1] += fall * long * steps[:, 0] ** 2
        points += 0.03 * long * np.sin(steps * random.uniform(3, 9)) * side
        found.append((points, float(random.uniform(0.15, 0.9))))
    return found


def _fur(
    random: np.random.Generator, body: list[np.ndarray], radius: float, count: int
) -> list[tuple[np.ndarray, float]]:
    """Short curves from the outlines outwards, combed one way."""
    starts = np.concatenate(body)
    steps = np.concatenate([np.roll(each, -1, axis=0) - each for each in body])
    turned = [np.full(len(each), np.sign(_area(each))) for each in body]
    out = np.stack([steps[:, 1], -steps[:, 0]], 1) * np.concatenate(turned)[:, None]
    long = np.hypot(*steps.T)
    lean, usual = random.normal(0, 0.6, 2), radius * random.uniform(0.05, 0.3)
    found = []
    for side in random.choice(len(long), count, p=long / long.sum()):
        root = starts[side] + random.uniform() * steps[side]
        way = out[side] / max(long[side], 1e-6) + lean + random.normal(0, 0.25, 2)
        bend = random.normal(0, 0.3, 2)
        at = np.linspace(-0.3, 1, 7)[:, None]
        reach = usual * random.gamma(4, 0.25)
        found.append((root + reach * (at * way + at**2 * bend), float(random.uniform(0.2, 1.2))))
    return found


def _area(outline: np.ndarray) -> float:
    x, y = outline.T
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum() / 2)


def _hair(
    strands: list[tuple[np.ndarray, float]],
    pose: Pose,
    head: np.ndarray,
    fine: tuple[int, int],
    size: tuple[int, int],
    random: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Coverage of the strands and how they shine (H, W), 0..1."""
    cover, shine = np.zeros(fine, np.uint8), np.zeros(fine, np.uint8)
    for points, width in strands:
        line = _fine(_posed(points, pose, head))
        thick = max(1, round(width * FINE))
        cv2.polylines(cover, [line], False, 255, thick)
        cv2.polylines(shine, [line], False, int(random.uniform(20, 255)), thick)
    covered, lit = _reduced(cover, size), _reduced(shine, size)
    return covered, np.where(covered > 0, lit / np.maximum(covered, 1e-3), 0).clip(0, 1)


def _cloth(
    random: np.random.Generator, size: tuple[int, int], pose: Pose, highlight: float
) -> np.ndarray:
    """What the figure is made of: patches of skin, cloth and pattern, and points of light."""
    tall, wide = size
    skin = np.array([0.42, 0.26, 0.18]) * random.uniform(0.15, 1.6)
    other = random.uniform(0.01, 0.9, 3) if random.random() < 0.7 else random.uniform(0.3, 1)
    share = np.clip(clouds(random, size, 4) + 0.5, 0, 1)[..., None]
    made = skin * share + other * (1 - share)
    made = made * (1 + 0.35 * clouds(random, size, 9))[..., None]
    made = made * (1 + 0.15 * clouds(random, size, wide / 6))[..., None]
    shade = 0.35 + 0.65 * np.clip(0.6 + 0.5 * clouds(random, size, 2), 0, 1)
    made = np.maximum(made * shade[..., None], 0.002)
    bright = np.clip(clouds(random, size, 30) - 2.2, 0, 1)[..., None]
    made = made + highlight * bright
    turn, dx, dy = pose
    moved = cv2.getRotationMatrix2D((wide / 2, tall / 2), -math.degrees(turn), 1)
    moved[:, 2] += np.array([dx, dy])
    whole = (wide, tall)
    kept = cv2.warpAffine(made, moved, whole, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(kept, np.float32)


def _pane(
    random: np.random.Generator,
    head: np.ndarray,
    radius: float,
    fine: tuple[int, int],
    size: tuple[int, int],
    highlight: float,
    pose: Pose,
) -> tuple[np.ndarray, np.ndarray]:
    """Glass: its coverage and the light that it throws back (premultiplied)."""
    at = head + radius * np.array([random.uniform(-2, 2), random.uniform(0, 1.5)])
    shape = np.array([(-1, -1), (1, -0.8), (1, 1), (-1, 0.9)])
    corners = at + radius * random.uniform(0.4, 0.9) * shape
    drawn = np.zeros(fine, np.uint8)
    cv2.fillPoly(drawn, [_fine(_posed(corners, pose, head))], 255)
    pane = _reduced(drawn, size) * random.uniform(0.08, 0.3)
    glint = np.clip(clouds(random, size, 12) - 1.2, 0, 1) * highlight
    return pane, (pane * (0.2 + glint))[..., None] * np.ones(3, np.float32)


# --- lens, shutter, sensor -------------------------------------------------------------------


def _opened(layers: np.ndarray, seed: int, look: Look, frame: int) -> np.ndarray:
    """Premultiplied layers (H, W, 4) through a lens out of focus and an open shutter."""
    if look.focus > 0.3:
        side = 2 * math.ceil(look.focus) + 1
        y, x = np.mgrid[0:side, 0:side] - side // 2
        disc = np.clip(look.focus + 0.5 - np.hypot(x, y), 0, 1).astype(np.float32)
        layers = cv2.filter2D(layers, -1, disc / disc.sum(), borderType=cv2.BORDER_REPLICATE)
    if look.blur >= 1:
        way = np.random.default_rng([seed, 4]).uniform(-0.5, 0.5) + 0.1 * math.sin(frame / 5)
        count = math.ceil(look.blur * 2)
        total = np.zeros_like(layers)
        for step in np.linspace(-0.5, 0.5, count):
            dx, dy = step * look.blur * math.cos(way), step * look.blur * math.sin(way)
            shift = np.array([[1, 0, dx], [0, 1, dy]])
            whole = layers.shape[1::-1]
            total += cv2.warpAffine(layers, shift, whole, borderMode=cv2.BORDER_REPLICATE)
        layers = total / count
    return layers


def _spilled(alpha: np.ndarray, screen: np.ndarray, look: Look) -> np.ndarray:
    """Light of the screen on the figure: more at its edges, where it is seen at a grazing angle."""
    wide = alpha.shape[1]
    near = cv2.GaussianBlur(1 - alpha, (0, 0), max(1.0, wide / 60))
    reach = cv2.GaussianBlur(screen, (0, 0), max(1.0, wide / 20))
    return np.asarray(look.spill * reach * (0.25 + 1.5 * near)[..., None], np.float32)


def _grained(light: np.ndarray, random: np.random.Generator, noise: float) -> np.ndarray:
    """Noise of photons, and half as much again of reading."""
    photons = np.sqrt(np.maximum(light, 0) / 0.18) * noise
    size = np.sqrt(photons**2 + (noise / 3) ** 2)
    return np.asarray(light + size * random.standard_normal(light.shape).astype(np.float32))


def _subsampled(light: np.ndarray) -> np.ndarray:
    """As a codec of eight bits keeps it: sRGB codes, chroma at half the size. What is over white
    is lost, as it is there; over 1 nothing is left of the plate's highlights."""
    codes = np.clip(light, 0, 1)
    codes = np.where(codes <= 0.0031308, codes * 12.92, 1.055 * codes ** (1 / 2.4) - 0.055)
    luma = codes @ REC709_Y
    tall, wide = luma.shape
    half = (-(-wide // 2), -(-tall // 2))
    stored = [np.rint(luma * 219) / 219]
    for channel, share in ((2, 1.8556), (0, 1.5748)):
        apart = (codes[..., channel] - luma) / share
        small = cv2.resize(apart.astype(np.float32), half, interpolation=cv2.INTER_AREA)
        small = np.rint(small * 224) / 224
        stored.append(cv2.resize(small, (wide, tall), interpolation=cv2.INTER_LINEAR))
    y, cb, cr = stored
    red, blue = y + 1.5748 * cr, y + 1.8556 * cb
    green = (y - 0.2126 * red - 0.0722 * blue) / 0.7152
    codes = np.clip(np.stack([red, green, blue], -1), 0, 1)
    return np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4)
