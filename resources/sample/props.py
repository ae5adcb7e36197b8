"""What stands on the table and hangs on the wall. Each prop is made on z = 0, at its own origin."""

from __future__ import annotations

import bpy
import materials
import numpy as np
import patterns
from shapes import box, group, mesh, mm, place, tube, turned


def table(length: float, depth: float, height: float):
    top = materials.wood("oak", (0.085, 0.034, 0.014), (0.30, 0.145, 0.062))
    planks = 6
    width = depth / planks
    parts = []
    for each in range(planks):
        plank = box(f"plank{each}", (length, width - 0.0015, 0.032), top, 0.003)
        parts.append(place(plank, (0, (each - (planks - 1) / 2) * width, height - 0.032)))
    frame = materials.wood("oak frame", (0.07, 0.03, 0.014), (0.22, 0.11, 0.05), 0.5)
    for side in (-1, 1):
        rail = box("rail", (length - 0.16, 0.025, 0.09), frame)
        parts.append(place(rail, (0, side * (depth / 2 - 0.06), height - 0.122)))
        for end in (-1, 1):
            leg = box("leg", (0.06, 0.06, height - 0.032), frame, 0.008)
            parts.append(place(leg, (end * (length / 2 - 0.08), side * (depth / 2 - 0.06), 0)))
    return group("table", *parts)


def poster(seed: int, width: float, height: float):
    """A framed print that faces -y, centred on its origin."""
    frame = materials.wood("frame", (0.016, 0.010, 0.007), (0.05, 0.03, 0.02), 0.3)
    sheet = materials.printed("print", patterns.poster(seed), "xz", 0.55)
    parts = [place(box("sheet", (width, 0.004, height), sheet, 0), (0, 0, -height / 2))]
    rim = 0.022
    for side in (-1, 1):
        upright = box("stile", (rim, 0.026, height + 2 * rim), frame, 0.003)
        parts.append(place(upright, (side * (width + rim) / 2, -0.008, -height / 2 - rim)))
        across = box("rail", (width, 0.026, rim), frame, 0.003)
        level = height / 2 if side > 0 else -height / 2 - rim
        parts.append(place(across, (0, -0.008, level)))
    return group("poster", *parts)


def book(seed: int, cloth: str, size: tuple[float, float, float]):
    """A bound book (thickness, depth, height) that stands with its back towards -y."""
    thick, deep, high = size
    back = materials.printed(f"spine{seed}", patterns.spine(seed, cloth), "xz", 0.7, 700.0)
    board = materials.felt(f"cloth{seed}", patterns.INK[cloth])
    paper = materials.paint("paper", (0.66, 0.58, 0.44), 0.8)
    parts = [
        place(
            box("pages", (thick - 0.005, deep - 0.008, high - 0.008), paper, 0.001), (0, 0, 0.004)
        )
    ]
    parts.append(place(box("back", (thick, 0.004, high), back, 0.0018), (0, -deep / 2, 0)))
    for side in (-1, 1):
        cover = box("cover", (0.0028, deep, high), board, 0.001)
        parts.append(place(cover, (side * (thick / 2 - 0.0014), 0, 0)))
    return group(f"book{seed}", *parts)


def shelf_of_books(seed: int, cloths: str):
    """Books in a row along x, the last one leaning."""
    draw = np.random.default_rng(seed)
    row, x = [], 0.0
    for number, cloth in enumerate(cloths.split()):
        thick, high = draw.uniform(0.022, 0.045), draw.uniform(0.19, 0.265)
        made = book(seed + number, cloth, (thick, 0.15, high))
        row.append(place(made, (x + thick / 2, draw.uniform(-0.008, 0.008), 0)))
        x += thick + 0.001
    lean = 11.0
    high = 0.225
    leaning = book(seed + 99, "teal", (0.028, 0.15, high))
    shift = high * np.sin(np.radians(lean)) + 0.016
    row.append(place(leaning, (x + shift, 0, 0.003), (0, -lean, 0)))
    return group("books", *row)


def pile_of_books(seed: int, cloths: str):
    """Books lying on each other, backs towards -y, none quite square to the next."""
    draw = np.random.default_rng(seed)
    pile, z = [], 0.0
    for number, cloth in enumerate(cloths.split()):
        thick, high = draw.uniform(0.026, 0.042), 0.25 - 0.02 * number
        made = book(seed + number, cloth, (thick, 0.17, high))
        turn = (0, 90, 0)
        holder = group("lying", place(made, (-high / 2, 0, thick / 2), turn))
        pile.append(place(holder, (0, 0, z), (0, 0, draw.uniform(-14, 14))))
        z += thick
    return group("pile", *pile), z


def cup():
    clay = materials.glaze("cup", (0.60, 0.52, 0.40), (0.10, 0.05, 0.025))
    outer = mm("0 0, 24 0, 27 4, 36 20, 41 45, 42 78")
    inner = mm("40.5 80.5, 39 78, 38 45, 32 20, 0 12")
    body = turned("cup", outer + inner, clay, closed=False)
    bend = np.linspace(-0.45, 1.05, 24) * np.pi
    path = np.stack(
        [0.040 + 0.022 * np.cos(bend - 0.3), 0 * bend, 0.045 + 0.024 * np.sin(bend - 0.3)], -1
    )
    handle = tube("handle", path[path[:, 0] > 0.037], 0.0042, clay)
    coffee = materials.paint("coffee", (0.018, 0.008, 0.004), 0.06)
    drink = turned("coffee", mm("0 62, 38.5 62"), coffee, smooth=False, closed=False)
    dish = mm("0 1, 35 0, 52 8, 69 17, 68 19.5, 50 12, 30 6, 0 6")
    saucer = turned("saucer", dish, clay, closed=False)
    for part in (body, handle, drink):
        part.location.z = 0.006
    return group("cup and saucer", body, handle, drink, saucer)


def apple(radius: float, skin):
    unit = mm("0 -760, 220 -900, 500 -800, 860 -350, 1000 150, 900 600, 550 860, 250 820, 0 600")
    profile = [(radius * across, radius * up) for across, up in unit]
    r = radius
    body = turned("apple", profile, skin)
    bark = materials.paint("stalk", (0.09, 0.05, 0.025), 0.8)
    rise = np.linspace(0, 1, 8)
    path = np.stack([0.16 * r * rise**2, 0.05 * r * rise, r * (0.6 + 0.55 * rise)], -1)
    return group("apple", body, tube("stalk", path, 0.0016, bark, 8))


def ball(radius: float, skin, tip: float = 0.0):
    """An orange, or with a tip a lemon lying along its own z."""
    t = np.linspace(-np.pi / 2, np.pi / 2, 28)
    shape = np.cos(t) ** (1.0 + tip)
    height = np.sin(t) * (1 + 0.45 * tip)
    return turned(
        "fruit", list(zip(radius * shape, radius * height, strict=True)), skin, smooth=False
    )


def bowl_of_fruit():
    clay = materials.glaze("bowl", (0.035, 0.085, 0.145), (0.45, 0.36, 0.25), 0.18)
    outer = mm("0 4, 50 0, 58 0, 58 12, 85 28, 125 58, 148 94")
    inner = mm("147 96.5, 143 94, 120 61, 80 33, 0 22")
    parts = [turned("bowl", outer + inner, clay, 96, closed=False)]
    red = materials.fruit("red apple", (0.56, 0.30, 0.055), (0.36, 0.018, 0.018))
    green = materials.fruit("green apple", (0.27, 0.40, 0.05), (0.42, 0.44, 0.09))
    orange = materials.fruit("orange", (0.74, 0.235, 0.018), (0.80, 0.30, 0.03), 0.0016, 0.38)
    lemon = materials.fruit("lemon", (0.80, 0.56, 0.045), (0.82, 0.62, 0.07), 0.0012, 0.36)
    parts += [
        place(apple(0.043, red), (-0.062, -0.045, 0.082), (14, -10, 40)),
        place(ball(0.042, orange), (0.030, -0.067, 0.082)),
        place(apple(0.041, green), (0.078, 0.012, 0.084), (-8, 16, 120)),
        place(ball(0.043, orange), (-0.052, 0.052, 0.084)),
        place(apple(0.044, red), (0.036, 0.068, 0.085), (10, 12, 220)),
        place(apple(0.042, red), (0.0, -0.002, 0.128), (-16, 8, 80)),
        place(ball(0.031, lemon, 0.35), (-0.004, -0.052, 0.128), (78, 0, 64)),
    ]
    return group("bowl of fruit", *parts), orange, lemon


def lamp(power: float):
    metal = materials.brass()
    foot = mm("0 0, 75 0, 78 6, 72 14, 30 22, 12 34, 8.5 60, 13 130, 20 165, 12 200, 8 240")
    foot += mm("8 330, 0 335")
    base = turned("foot", foot, metal)
    cloth = mm("148 300, 86 475")
    shade = turned("shade", cloth, materials.shade(), 96, smooth=False, closed=False)
    rim = materials.felt("rim", (0.30, 0.20, 0.11))
    trims = []
    for radius, height in cloth:
        angle = np.linspace(0, 2 * np.pi, 97)
        ring = np.stack([radius * np.cos(angle), radius * np.sin(angle), 0 * angle + height], -1)
        trims.append(tube("trim", ring, 0.003, rim, 8))
    light = bpy.data.lights.new("bulb", "POINT")
    light.energy, light.shadow_soft_size = power, 0.028
    light.color = warm()
    bulb = bpy.data.objects.new("bulb", light)
    bpy.context.scene.collection.objects.link(bulb)
    bulb.location.z = 0.385
    return group("lamp", base, shade, *trims, bulb)


def warm() -> tuple[float, float, float]:
    """Linear Rec.709 of a household bulb, about 2750 K (Planckian locus, green at 0.5)."""
    return (1.0, 0.50, 0.155)


def vase():
    """A stoneware vase with eucalyptus."""
    draw = np.random.default_rng(11)
    clay = materials.glaze("vase", (0.33, 0.15, 0.075), (0.06, 0.03, 0.02), 0.3)
    wall = mm("0 0, 45 0, 62 40, 70 90, 55 150, 28 190, 26 220, 33 238, 29 236, 22 210")
    parts = [turned("vase", wall, clay, closed=False)]
    green, bark = materials.leaf(), materials.paint("twig", (0.14, 0.085, 0.05), 0.8)
    for turn in draw.uniform(0, 2 * np.pi, 7) + np.arange(7) * 0.9:
        rise = np.linspace(0, 1, 26)
        out = draw.uniform(0.06, 0.19) * rise**1.7
        sway = 0.02 * np.sin(rise * 5 + turn)
        reach = draw.uniform(0.24, 0.36)
        path = np.stack(
            [np.cos(turn) * out + sway, np.sin(turn) * out * 0.7, 0.18 + reach * rise], -1
        )
        parts.append(tube("twig", path, 0.0022 - 0.0012 * rise, bark, 8))
        for at in range(7, 26):
            for side in (-1, 1):
                size = draw.uniform(0.014, 0.024) * (1.15 - 0.5 * rise[at])
                parts.append(
                    _leaf(path[at], turn + side * 1.4 + draw.normal(0, 0.4), size, draw, green)
                )
    return group("vase", *parts)


def _leaf(root, heading: float, size: float, draw, material):
    t = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    flat = np.stack(
        [size * (1 - np.cos(t)), 0.72 * size * np.sin(t), 0.25 * size * np.sin(t) ** 2], -1
    )
    pitch, roll = draw.uniform(-0.9, 0.3), draw.normal(0, 0.6)
    flat = flat @ _turn(0, roll).T @ _turn(1, pitch).T @ _turn(2, heading).T + root
    return mesh("leaf", flat, [tuple(range(14))], material)


def _turn(axis: int, angle: float) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    i, j = ((1, 2), (2, 0), (0, 1))[axis]
    made = np.eye(3)
    made[i, i], made[i, j], made[j, i], made[j, j] = c, -s, s, c
    return made


def pencil():
    """A six-sided pencil, lying along x."""
    red = materials.paint("lacquer", (0.42, 0.05, 0.03), 0.2)
    bare = materials.paint("bare wood", (0.55, 0.36, 0.20), 0.7)
    lead = materials.paint("lead", (0.03, 0.03, 0.032), 0.4)
    parts = []
    for name, profile, material in (
        ("shaft", mm("3.7 0, 3.7 150"), red),
        ("cone", mm("3.7 150, 1.3 164"), bare),
        ("point", mm("1.3 164, 0.3 170"), lead),
    ):
        part = turned(name, profile, material, 6, smooth=False)
        parts.append(place(part, (0, 0, 0.0035), (0, 90, 0)))
    return group("pencil", *parts)


def grey_card(width: float = 0.15, height: float = 0.20):
    """An 18 % card with a white and a black chip; it faces -y and leans back."""
    parts = []
    for name, level, across in (("grey", 0.18, 0), ("white", 0.84, -0.26), ("black", 0.03, 0.26)):
        whole = name == "grey"
        surface = materials.Shader(f"card {name}").finish(
            Base_Color=(level,) * 3, Roughness=0.9, Specular_IOR_Level=0.0
        )
        size = (width, 0.003, height) if whole else (0.3 * width, 0.001, 0.16 * height)
        at = (0, 0, 0) if whole else (across * width, -0.002, 0.78 * height)
        parts.append(place(box(f"card {name}", size, surface, 0), at))
    board = place(group("card", *parts), (0, 0, 0.001), (-14, 0, 0))
    return group("grey card", board)
