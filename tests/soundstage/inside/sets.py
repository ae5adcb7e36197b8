"""Four sets around one table: kitchen, office, workshop, courtyard.

The table stands at the origin; who talks sits or stands to its left and right (-x and +x), the
audience is at -y. All four sides are dressed, so a camera may stand anywhere. Colours, pictures
and what stands where come from the seed.
"""

from __future__ import annotations

from collections.abc import Callable
from math import pi

import bpy
import numpy as np

from . import textures
from .build import box, lathe, limb, material, sheet
from .props import place

Random = np.random.Generator
HIGH = 2.75


def build(name: str, seed: int, props: list[dict]) -> dict[str, bpy.types.Object]:
    """Build a set and what stands on it; the props by name."""
    random = np.random.default_rng([seed, *name.encode()])
    SETS[name](random)
    return {
        each["name"]: place(each["name"], each["kind"], tuple(each["at"]), seed) for each in props
    }


def _tone(random: Random, low: float = 0.16, high: float = 0.42, colourful: float = 0.16):
    return np.clip(random.uniform(low, high) * np.exp(random.normal(0, colourful, 3)), 0.02, 0.7)


def _timber(random: Random, low: float = 0.12, high: float = 0.40) -> np.ndarray:
    """The brown of wood, or now and then a coat of paint."""
    if random.random() < 0.2:
        return _tone(random, low, high, 0.3)
    return _tone(random, low, high, 0.05) * (1.35, 0.92, 0.55)


def _wall(side: str, along: float, high: float, room: tuple[float, float, float, float]):
    """A place on a wall and the turn that faces the room: `along` it from its middle."""
    left, right, front, back = room
    return {
        "back": ((along, back - 0.02, high), 0.0),
        "front": ((along, front + 0.02, high), pi),
        "left": ((left + 0.02, along, high), pi / 2),
        "right": ((right - 0.02, along, high), -pi / 2),
    }[side]


def _shell(random: Random, walls, floor, room, ceiling: bool = True) -> None:
    """Floor, four walls and a ceiling; `walls` is one material, or four for each side."""
    left, right, front, back = room
    wide, deep = right - left, back - front
    middle = ((left + right) / 2, (front + back) / 2)
    walls = walls if isinstance(walls, list) else [walls] * 4
    box("floor", (*middle, -0.1), (wide, deep, 0.1), floor, bevel=0)
    box("wall.back", (middle[0], back + 0.05, 0), (wide, 0.1, HIGH), walls[0], bevel=0)
    box("wall.right", (right + 0.05, middle[1], 0), (0.1, deep, HIGH), walls[1], bevel=0)
    box("wall.front", (middle[0], front - 0.05, 0), (wide, 0.1, HIGH), walls[2], bevel=0)
    box("wall.left", (left - 0.05, middle[1], 0), (0.1, deep, HIGH), walls[3], bevel=0)
    if ceiling:
        white = material("ceiling", textures.plaster(random, (0.62, 0.61, 0.58)), 3.0)
        box("ceiling", (*middle, HIGH), (wide, deep, 0.1), white, bevel=0)
        skirt = material("skirting", _tone(random, 0.1, 0.5), rough=0.4)
        for side, size in (("back", wide), ("front", wide), ("left", deep), ("right", deep)):
            at, turn = _wall(side, 0, 0, room)
            box(f"skirting.{side}", at, (size, 0.03, 0.10), skirt, turn=turn)


def _pictures(random: Random, room, spots: list[tuple[str, float, float]]) -> None:
    """Framed pictures: side, along, height of the middle."""
    for number, (side, along, high) in enumerate(spots):
        at, turn = _wall(side, along, high, room)
        wide, tall = random.uniform(0.35, 0.75), random.uniform(0.35, 0.75)
        frame = material(f"frame{number}", _tone(random, 0.03, 0.3), rough=0.35)
        size = (wide + 0.06, 0.04, tall + 0.06)
        box(f"frame{number}", (at[0], at[1], high - tall / 2 - 0.03), size, frame, turn=turn)
        print_ = material(f"picture{number}", textures.poster(random), metres=None)
        nearer = {"back": (0, -0.03), "front": (0, 0.03), "left": (0.03, 0), "right": (-0.03, 0)}
        x, y = nearer[side]
        sheet(f"picture{number}", (at[0] + x, at[1] + y, high), (wide, tall), (0, 0, turn), print_)


def _window(random: Random, room, side: str, along: float, size=(1.3, 1.2), shine=2.2) -> None:
    at, turn = _wall(side, along, 1.55, room)
    outside = material(f"outside.{side}{along}", textures.landscape(random), None, light=shine)
    sheet(f"window.{side}{along}", at, size, (0, 0, turn), outside)
    wood = material(f"sash.{side}{along}", (0.55, 0.53, 0.48), rough=0.4)
    wide, tall = size
    low = 1.55 - tall / 2
    c, s = np.cos(turn), np.sin(turn)
    for number, (x, z, w, h) in enumerate((
        (-wide / 2, low, 0.06, tall), (wide / 2, low, 0.06, tall), (0, low, 0.04, tall),
        (0, low - 0.03, wide + 0.1, 0.06), (0, low + tall - 0.03, wide + 0.1, 0.06),
        (0, low + tall * 0.6, wide, 0.04),
    )):  # fmt: skip
        place_ = (at[0] + x * c, at[1] + x * s, z)
        box(f"sash.{side}{along}.{number}", place_, (w, 0.08, h), wood, turn=turn)


def _door(random: Random, room, side: str, along: float) -> None:
    at, turn = _wall(side, along, 0, room)
    leaf = material(f"door.{side}", textures.wood(random, _timber(random, 0.08, 0.4), 5), 1.1, 0.45)
    box(f"door.{side}", at, (0.9, 0.06, 2.05), leaf, turn=turn)
    panel = material(f"door.{side}.panel", _tone(random, 0.06, 0.3), rough=0.4)
    c, s = np.cos(turn), np.sin(turn)
    for x, z in ((-0.2, 0.2), (0.2, 0.2), (-0.2, 1.1), (0.2, 1.1)):
        box("door.panel", (at[0] + x * c, at[1] + x * s, z), (0.28, 0.09, 0.75), panel, turn=turn)


def _table(random: Random, size=(1.0, 0.75), high: float = 0.74, cloth: bool = False) -> None:
    top = material("table.top", textures.wood(random, _timber(random, 0.10, 0.30), 5), 0.9, 0.4)
    legs = material("table.legs", _tone(random, 0.04, 0.2), rough=0.45)
    box("table.top", (0, 0, high - 0.04), (*size, 0.04), top)
    for x in (-1, 1):
        for y in (-1, 1):
            at = (x * (size[0] / 2 - 0.06), y * (size[1] / 2 - 0.06), 0)
            box("table.leg", at, (0.06, 0.06, high - 0.04), legs)
    if cloth:
        check = textures.weave(random, _tone(random, 0.3, 0.6), _tone(random, 0.05, 0.3), "check")
        runner = material("runner", check, 0.5)
        box("runner", (0, 0, high - 0.001), (size[0] * 0.98, 0.36, 0.004), runner, bevel=0)


def _chair(random: Random, at: tuple[float, float], facing: float, number: int) -> None:
    wood = material(
        f"chair{number}", textures.wood(random, _timber(random, 0.06, 0.3), 4), 0.5, 0.45
    )
    root = bpy.data.objects.new(f"chair{number}", None)
    bpy.context.scene.collection.objects.link(root)
    root.location, root.rotation_euler = (*at, 0), (0, 0, facing)
    box(f"chair{number}.seat", (0, 0, 0.43), (0.44, 0.44, 0.04), wood, root)
    for x in (-0.19, 0.19):
        for y in (-0.19, 0.19):
            box(f"chair{number}.leg", (x, y, 0), (0.04, 0.04, 0.43), wood, root)
        box(f"chair{number}.post", (x, -0.20, 0.45), (0.04, 0.04, 0.48), wood, root)
    for high in (0.60, 0.74, 0.86):
        box(f"chair{number}.slat", (0, -0.20, high), (0.38, 0.02, 0.07), wood, root)


def _shelf(random: Random, at, size, turn: float, name: str, levels: int = 4, full: str = "books"):
    """A standing shelf with books or boxes on every level."""
    board = material(
        f"{name}.board", textures.wood(random, _timber(random, 0.06, 0.3), 4), 0.8, 0.5
    )
    wide, deep, tall = size
    root = bpy.data.objects.new(name, None)
    bpy.context.scene.collection.objects.link(root)
    root.location, root.rotation_euler = at, (0, 0, turn)
    for x in (-wide / 2, wide / 2):
        box(f"{name}.side", (x, deep / 2, 0), (0.03, deep, tall), board, root)
    box(f"{name}.rear", (0, deep - 0.01, 0), (wide, 0.02, tall), board, root)
    for level in range(levels + 1):
        high = tall * level / levels
        box(f"{name}.level", (0, deep / 2, high - 0.012), (wide, deep, 0.024), board, root)
    room = tall / levels - 0.05
    for level in range(levels):
        low = tall * level / levels + 0.013
        if full == "books":
            spines = material(f"{name}.books{level}", textures.books(random), None)
            sheet(f"{name}.books{level}", (0, 0.06, low + room / 2), (wide - 0.05, room),
                  (0, 0, 0), spines, root)  # fmt: skip
            continue
        along = -wide / 2 + 0.12
        while along < wide / 2 - 0.1:
            tint = material(f"{name}.{level}.{along:.2f}", textures.poster(random, 96, 96), 0.3)
            w, h = random.uniform(0.09, 0.22), room * random.uniform(0.35, 0.95)
            box(f"{name}.thing", (along, deep * 0.45, low), (w, deep * 0.6, h), tint, root)
            along += w + random.uniform(0.02, 0.10)


def _plant(random: Random, at: tuple[float, float], name: str, high: float = 1.1) -> None:
    clay = material(f"{name}.pot", _tone(random, 0.1, 0.35, 0.35), rough=0.6)
    profile = [(0, 0), (0.14, 0), (0.20, 0.30), (0.17, 0.30), (0.16, 0.24), (0, 0.24)]
    lathe(f"{name}.pot", profile, clay, at=(*at, 0))
    for number in range(26):
        green = np.array((0.05, 0.14, 0.035)) * np.exp(random.normal(0, 0.45))
        leaf = material(f"{name}.{number}", np.clip(green, 0.01, 0.5), rough=0.5)
        angle, out = random.uniform(0, 2 * pi), random.uniform(0.03, 0.32)
        spot = (
            at[0] + out * np.cos(angle),
            at[1] + out * np.sin(angle),
            random.uniform(0.35, high),
        )
        blade = limb(f"{name}.leaf{number}", (0.05, 0.05), 0.15, leaf, None, spot, (1, 0.15), 6)
        blade.rotation_euler = tuple(random.uniform(-1.2, 1.2, 3))


def kitchen(random: Random) -> None:
    room = (-3.3, 3.3, -3.5, 2.6)
    wall = material("wall", textures.plaster(random, _tone(random, 0.25, 0.45)), 2.6)
    backsplash = textures.tiles(random, _tone(random, 0.3, 0.6), _tone(random, 0.1, 0.5), 8)
    floor = textures.tiles(random, _tone(random, 0.25, 0.5), _tone(random, 0.05, 0.2), 4)
    _shell(random, wall, material("floor", floor, 1.6, 0.35), room)
    cabinet = material("cabinet", textures.wood(random, _timber(random, 0.12, 0.45), 4), 1.2, 0.45)
    stone = material("counter", textures.stones(random, _tone(random, 0.1, 0.5), 24), 0.8, 0.3)
    knob = material("knob", (0.4, 0.38, 0.35), rough=0.3, metal=0.9)
    for number in range(6):
        x = -2.6 + number * 0.7
        box(f"base{number}", (x, 2.3, 0.08), (0.68, 0.56, 0.80), cabinet)
        box(f"knob{number}", (x + 0.25, 2.0, 0.7), (0.03, 0.04, 0.12), knob)
        if number not in (2, 3):
            box(f"upper{number}", (x, 2.42, 1.55), (0.68, 0.34, 0.75), cabinet)
            box(f"knob.up{number}", (x + 0.25, 2.24, 1.62), (0.03, 0.04, 0.12), knob)
    box("counter", (-0.85, 2.28, 0.88), (4.3, 0.64, 0.04), stone)
    box("splash", (-0.85, 2.58, 0.92), (4.3, 0.02, 0.6), material("splash", backsplash, 0.9, 0.25))
    box("hood", (-0.85, 2.38, 1.75), (0.8, 0.42, 0.5), knob)
    box(
        "fridge",
        (1.75, 2.25, 0),
        (0.75, 0.65, 1.85),
        material("fridge", _tone(random, 0.3, 0.6), rough=0.3),
    )
    for number in range(7):
        note = material(f"note{number}", textures.poster(random, 64, 64), metres=None)
        at = (
            1.50 + 0.13 * (number % 4) + random.uniform(-0.03, 0.03),
            1.918,
            1.1 + 0.17 * (number // 3),
        )
        sheet(f"note{number}", at, (0.11, 0.13), (0, random.normal(0, 0.12), 0), note)
    for number, x in enumerate((-2.7, -2.3, -1.6, -0.1, 0.5, 1.0)):
        kind = ("can", "bottle", "box", "vase", "can", "bowl")[number]
        place(
            f"counter{number}",
            kind,
            (x, 2.2 + random.uniform(-0.05, 0.1), 0.92),
            int(random.integers(9999)),
        )
    _window(random, room, "left", 0.3)
    _door(random, room, "right", -1.6)
    _door(random, room, "front", 1.9)
    _shelf(random, (2.97, 0.7, 0), (1.3, 0.32, 1.9), -pi / 2, "dresser", 4, "things")
    _pictures(random, room, [("right", -0.4, 1.6), ("left", -1.5, 1.6), ("left", 1.9, 1.5),
                             ("front", -1.6, 1.6), ("front", -0.2, 1.7)])  # fmt: skip
    _plant(random, (-2.9, -2.6), "plant", 1.3)
    _table(random, (1.05, 0.75), cloth=True)
    _chair(random, (-0.92, 0), -pi / 2, 0)
    _chair(random, (0.92, 0), pi / 2, 1)
    shade = material("pendant", _tone(random, 0.1, 0.4, 0.4), rough=0.5)
    lathe("pendant", [(0.20, 1.95), (0.07, 2.12), (0.01, 2.14), (0.01, HIGH)], shade)


def office(random: Random) -> None:
    room = (-3.4, 3.4, -3.6, 2.5)
    wall = material("wall", textures.plaster(random, _tone(random, 0.25, 0.45)), 2.8)
    accent = material("accent", textures.plaster(random, _tone(random, 0.08, 0.2, 0.35)), 2.4)
    floor = material("floor", textures.wood(random, _timber(random, 0.12, 0.25), 8), 1.6, 0.4)
    _shell(random, [accent, wall, wall, wall], floor, room)
    rug = material("rug", textures.carpet(random, _tone(random, 0.12, 0.3)), None)
    sheet("rug", (0, 0, 0.006), (3.4, 2.4), (-pi / 2, 0, 0), rug)
    _shelf(random, (-1.9, 2.13, 0), (1.7, 0.34, 2.2), 0, "library", 6)
    _shelf(random, (2.0, 2.13, 0), (1.5, 0.34, 2.2), 0, "archive", 5, "things")
    _shelf(random, (3.05, -1.0, 0), (1.6, 0.34, 1.7), -pi / 2, "files", 5)
    board = material("board", textures.poster(random, 288, 432), metres=None)
    sheet("board", (0.05, 2.46, 1.5), (1.3, 0.9), (0, 0, 0), board)
    _window(random, room, "left", 0.2, (1.8, 1.3))
    _door(random, room, "front", -1.7)
    spots = [
        ("right", 0.7, 1.6), ("right", 1.8, 1.5), ("left", -1.7, 1.6), ("left", 1.9, 1.6),
        ("front", 0.4, 1.6), ("front", 1.7, 1.5),
    ]  # fmt: skip
    _pictures(random, room, spots)
    metal = material("cabinet", _tone(random, 0.08, 0.3), rough=0.35)
    for number in range(3):
        box(f"drawer{number}", (-3.1, 1.5, number * 0.42), (0.5, 0.6, 0.41), metal)
    _plant(random, (2.9, 1.4), "plant", 1.5)
    _plant(random, (-2.9, -2.9), "palm", 1.6)
    _table(random, (1.15, 0.80))
    _chair(random, (-0.95, 0), -pi / 2, 0)
    _chair(random, (0.95, 0), pi / 2, 1)


def workshop(random: Random) -> None:
    room = (-3.5, 3.5, -3.6, 2.7)
    brick = material(
        "brick",
        textures.bricks(random, _tone(random, 0.14, 0.3, 0.15) * (1.5, 0.85, 0.65)),
        1.4,
        0.8,
    )
    worn = material("worn", textures.plaster(random, _tone(random, 0.2, 0.4)), 2.2)
    floor = material("floor", textures.plaster(random, (0.22, 0.21, 0.20)), 1.7, 0.6)
    _shell(random, [brick, worn, brick, worn], floor, room)
    hard = material(
        "pegboard", textures.tiles(random, (0.30, 0.19, 0.09), (0.27, 0.17, 0.08), 20, 0.03), 0.9
    )
    box("pegboard", (-0.6, 2.62, 1.15), (2.4, 0.04, 1.1), hard)
    steel = material("steel", (0.35, 0.35, 0.36), rough=0.35, metal=0.9)
    for number in range(13):
        grip = material(f"grip{number}", _tone(random, 0.05, 0.5, 0.7), rough=0.5)
        x, z = -1.65 + 0.17 * number, 1.45 + random.uniform(0, 0.4)
        tall = random.uniform(0.10, 0.28)
        box(f"tool{number}", (x, 2.57, z), (random.uniform(0.02, 0.08), 0.03, tall), steel)
        box(f"grip{number}", (x, 2.57, z - 0.11), (0.035, 0.04, 0.12), grip)
    plank = material("bench", textures.wood(random, _timber(random, 0.10, 0.25), 5), 1.0, 0.6)
    box("bench", (-0.6, 2.3, 0.82), (2.8, 0.65, 0.07), plank)
    for x in (-1.9, 0.7):
        box("bench.leg", (x, 2.3, 0), (0.1, 0.6, 0.82), plank)
    for number, x in enumerate((-1.8, -1.3, -0.5, 0.0, 0.5)):
        kind = ("can", "box", "can", "bottle", "box")[number]
        place(f"bench{number}", kind, (x, 2.3, 0.89), int(random.integers(9999)))
    _shelf(random, (2.4, 2.3, 0), (1.8, 0.36, 2.1), 0, "stock", 4, "things")
    _shelf(random, (3.1, -0.2, 0), (1.9, 0.36, 2.0), -pi / 2, "boxes", 4, "things")
    drum = material("drum", _tone(random, 0.06, 0.35, 0.7), rough=0.4)
    ribs = [(0, 0), (0.29, 0), (0.29, 0.3), (0.31, 0.32), (0.29, 0.34), (0.29, 0.85), (0, 0.86)]
    for number, at in enumerate(((-2.9, 2.1), (-3.0, -2.2), (2.8, -2.6))):
        lathe(f"drum{number}", ribs, drum, at=(*at, 0))
    for number in range(8):
        rung = 0.25 + 0.27 * number
        box(f"rung{number}", (-3.3, 1.25, rung), (0.03, 0.42, 0.03), plank)
    for y in (1.03, 1.47):
        box("ladder", (-3.3, y, 0), (0.04, 0.05, 2.4), plank)
    _window(random, room, "left", -0.6, (1.4, 1.0))
    _door(random, room, "front", 1.2)
    _pictures(random, room, [("right", 1.8, 1.6), ("right", -2.0, 1.6), ("left", -2.2, 1.5),
                             ("front", -1.2, 1.6), ("front", -0.2, 1.5)])  # fmt: skip
    _table(random, (1.2, 0.8), 0.90)
    for x in (-1, 1):
        box(
            "rack",
            (x * 0.35, 0.1, 0.25),
            (0.3, 0.5, 0.22),
            material("crate", textures.wood(random, _timber(random), 3), 0.4),
        )
    shade = material("lampshade", _tone(random, 0.03, 0.2, 0.5), rough=0.4)
    lathe("lampshade", [(0.26, 2.10), (0.06, 2.28), (0.01, 2.3), (0.01, HIGH)], shade)


def courtyard(random: Random) -> None:
    room = (-4.2, 4.2, -4.4, 3.2)
    stucco = material(
        "stucco",
        textures.plaster(random, _tone(random, 0.25, 0.45, 0.12) * (1.1, 1.0, 0.85)),
        3.0,
        0.8,
    )
    brick = material(
        "brick",
        textures.bricks(random, _tone(random, 0.14, 0.3, 0.15) * (1.5, 0.85, 0.65)),
        1.5,
        0.8,
    )
    ground = material("ground", textures.stones(random, _tone(random, 0.15, 0.28, 0.06)), 1.9, 0.8)
    _shell(random, [stucco, brick, stucco, brick], ground, room, ceiling=False)
    trim = material("trim", _tone(random, 0.15, 0.5), rough=0.6)
    glass = material("glass", (0.03, 0.05, 0.07), rough=0.12)
    shutter = material("shutter", textures.wood(random, _timber(random, 0.05, 0.25), 12), 0.5, 0.6)
    windows = (
        ("back", -2.6), ("back", 1.4), ("left", 1.2), ("right", 0.8),
        ("front", -1.8), ("left", -2.2), ("right", -2.4),
    )  # fmt: skip
    for number, (side, along) in enumerate(windows):
        at, turn = _wall(side, along, 0.95, room)
        c, s = np.cos(turn), np.sin(turn)
        box(f"pane{number}", at, (0.8, 0.06, 1.1), glass, turn=turn)
        box(f"sill{number}", (at[0], at[1], 0.88), (1.0, 0.22, 0.07), trim, turn=turn)
        box(f"lintel{number}", (at[0], at[1], 2.05), (1.0, 0.12, 0.12), trim, turn=turn)
        for x in (-0.02, 0.62, -0.62):
            wide = 0.04 if x == -0.02 else 0.40
            matter = trim if x == -0.02 else shutter
            box(
                f"shutter{number}",
                (at[0] + x * c, at[1] + x * s, 0.95),
                (wide, 0.10, 1.1),
                matter,
                turn=turn,
            )
    _door(random, room, "back", -0.7)
    _door(random, room, "front", 1.4)
    _pictures(
        random,
        room,
        [("back", 2.8, 1.5), ("right", -0.8, 1.6), ("left", -0.5, 1.6), ("front", 0.0, 1.6)],
    )
    for number, at in enumerate(
        ((-3.6, 2.6), (0.5, 2.8), (3.6, 2.5), (3.7, -1.4), (-3.7, -3.4), (3.5, -3.8))
    ):
        _plant(random, at, f"plant{number}", random.uniform(0.9, 1.7))
    slats = material("bench", textures.wood(random, _timber(random, 0.08, 0.3), 4), 0.6, 0.6)
    box("bench", (2.3, 2.75, 0.4), (1.3, 0.4, 0.06), slats)
    box("bench.back", (2.3, 2.97, 0.5), (1.3, 0.05, 0.45), slats)
    for x in (1.75, 2.85):
        box("bench.leg", (x, 2.75, 0), (0.08, 0.36, 0.4), trim)
    for number in range(4):
        crate = material(f"crate{number}", textures.wood(random, _timber(random), 4), 0.45)
        at = (-3.7 + 0.2 * (number == 3), -0.1 + 0.48 * (number % 3), 0.35 * (number == 3))
        box(f"crate{number}", at, (0.5, 0.45, 0.35), crate, turn=random.normal(0, 0.1))
    _table(random, (0.95, 0.75), cloth=True)
    _chair(random, (-0.92, 0), -pi / 2, 0)
    _chair(random, (0.92, 0), pi / 2, 1)


SETS: dict[str, Callable[[Random], None]] = {
    "kitchen": kitchen,
    "office": office,
    "workshop": workshop,
    "courtyard": courtyard,
}
