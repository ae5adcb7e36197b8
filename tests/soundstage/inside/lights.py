"""The lights of the sets: key, fill, rim, what stands in the picture, and the sky.

Each belongs to a group of its name, so that a rendering can be taken apart by light.
"""

from __future__ import annotations

from math import cos, radians, sin

import bpy
from mathutils import Vector

GROUPS = ("key", "fill", "rim", "practical", "sky")
WARM, WHITE, COOL = (1.0, 0.82, 0.62), (1.0, 0.96, 0.90), (0.80, 0.90, 1.0)


def _aim(lamp: bpy.types.Object, at, target) -> None:
    lamp.location = at
    way = Vector(target) - Vector(at)
    lamp.rotation_euler = way.to_track_quat("-Z", "Y").to_euler()


def _lamp(name: str, kind: str, group: str, watt: float, colour, size: float = 0.3):
    data = bpy.data.lights.new(name, kind)
    data.energy, data.color = watt, colour
    if kind == "AREA":
        data.shape, data.size = "DISK", size
    elif kind == "SUN":
        data.angle = radians(1.5)
    else:
        data.shadow_soft_size = size
    lamp = bpy.data.objects.new(name, data)
    lamp.visible_camera = False
    lamp.visible_glossy = False
    lamp.lightgroup = group
    bpy.context.scene.collection.objects.link(lamp)
    return lamp


def rig(set_name: str, told: dict) -> dict[str, bpy.types.Object]:
    """Light a set.

    told   {"ratio": key over fill, "warmth": 0 cool .. 1 warm, "strength": factor of all}.
    """
    outside = set_name == "courtyard"
    warmth, strength = told["warmth"], told["strength"]
    key_colour = [c * (1 - warmth) + w * warmth for c, w in zip(WHITE, WARM, strict=True)]
    if outside:
        lamps = {"key": _lamp("key", "SUN", "key", 3.2 * strength, key_colour)}
    else:
        lamps = {"key": _lamp("key", "AREA", "key", 210 * strength, key_colour, 0.6)}
        fill = 210 * strength / told["ratio"]
        lamps["fill"] = _lamp("fill", "AREA", "fill", fill, WHITE, 2.2)
        lamps["rim"] = _lamp("rim", "AREA", "rim", 40 * strength, COOL, 0.5)
        _aim(lamps["rim"], (0.9, 1.9, 2.5), (0, 0, 1.0))
        practical = _lamp("practical", "POINT", "practical", 22 * strength, WARM, 0.07)
        practical.location = (0, 0, 1.96 if set_name == "kitchen" else 2.12)
        if set_name == "office":
            practical.location = (-1.0, 1.7, 2.3)
        window = _lamp("window", "AREA", "sky", 45 * strength, COOL, 1.2)
        _aim(window, (-3.1, 0.2, 1.6), (0, 0, 1.0))
    world = bpy.data.worlds.new("world")
    world.use_nodes = True
    sky = world.node_tree.nodes["Background"]
    # indoors it is what the walls give back: the renderer takes it in place of further bounces
    colour = (0.52, 0.66, 0.95) if outside else (0.90, 0.86, 0.80)
    sky.inputs["Color"].default_value = (*colour, 1.0)
    sky.inputs["Strength"].default_value = (0.55 if outside else 0.20) * strength
    world.light_settings.distance = 3.0
    world.lightgroup = "sky"
    bpy.context.scene.world = world
    for thing in bpy.data.objects:
        if thing.name.startswith("window."):
            thing.lightgroup = "sky"
    return lamps


def point_key(lamps: dict[str, bpy.types.Object], key: dict) -> None:
    """Put the key where a shot has it.

    key   {"azimuth": degree around the table, 0 = from +x, 90 = from +y (behind the set),
           "height": degree}; the fill stands across from it.
    """
    turn, lift = radians(key["azimuth"]), radians(key["height"])
    way = Vector((cos(turn) * cos(lift), sin(turn) * cos(lift), sin(lift)))
    if lamps["key"].data.type == "SUN":
        _aim(lamps["key"], way * 10, (0, 0, 0))
        return
    _aim(lamps["key"], Vector((0, 0, 1.0)) + way * 2.5, (0, 0, 1.05))
    across = Vector((-way.x, way.y, 0)).normalized()
    _aim(lamps["fill"], Vector((0, 0, 1.7)) + across * 2.7, (0, 0, 1.0))
