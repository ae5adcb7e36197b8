"""What things in the set are made of: wood, glaze, cloth, paint, skin, all procedural."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import bpy
import numpy as np


class Shader:
    """A surface under construction: nodes are added by what they are fed with."""

    def __init__(self, name: str) -> None:
        self.material = bpy.data.materials.new(name)
        self.material.use_nodes = True
        self.tree = self.material.node_tree
        self.surface = self.tree.nodes["Principled BSDF"]
        self.output = self.tree.nodes["Material Output"]
        self.coordinates = self.tree.nodes.new("ShaderNodeTexCoord").outputs

    def node(self, kind: str, inputs: Mapping[Any, Any] | None = None, **settings: Any) -> Any:
        """A node of `kind`; an input is a value, or the socket it is fed from."""
        made = self.tree.nodes.new(f"ShaderNode{kind}")
        for name, value in settings.items():
            setattr(made, name, value)
        self.feed(made, inputs or {})
        return made

    def feed(self, node: Any, inputs: Mapping[Any, Any]) -> None:
        for name, value in inputs.items():
            if isinstance(value, bpy.types.NodeSocket):
                self.tree.links.new(value, node.inputs[name])
            else:
                socket = node.inputs[name]
                colour = getattr(socket, "type", "") == "RGBA" and len(value) == 3
                socket.default_value = (*value, 1.0) if colour else value

    def finish(self, **inputs: Any) -> bpy.types.Material:
        """Sets the principled surface: `Base_Color` is its input 'Base Color'."""
        self.feed(self.surface, {k.replace("_", " "): v for k, v in inputs.items()})
        return self.material

    def stretched(self, space: str, scale: tuple[float, float, float], shift: Any = None) -> Any:
        """Coordinates of `space` ('Object', 'Generated'), scaled, moved by a socket's value."""
        inputs = {"Vector": self.coordinates[space], "Scale": scale}
        if shift is not None:
            inputs["Location"] = shift
        return self.node("Mapping", inputs).outputs["Vector"]

    def noise(self, vector: Any, scale: float, detail: float = 4.0, distortion: float = 0.0) -> Any:
        values = {"Vector": vector, "Scale": scale, "Detail": detail, "Distortion": distortion}
        return self.node("TexNoise", values).outputs["Fac"]

    def ramp(self, factor: Any, *stops: tuple[float, tuple[float, float, float]]) -> Any:
        made = self.node("ValToRGB", {"Fac": factor})
        elements = made.color_ramp.elements
        while len(elements) < len(stops):
            elements.new(0.5)
        for element, (position, colour) in zip(elements, stops, strict=True):
            element.position, element.color = position, (*colour, 1.0)
        return made.outputs["Color"]

    def mix(self, factor: Any, a: Any, b: Any, blend: str = "MIX") -> Any:
        made = self.node("MixRGB", {"Fac": factor, "Color1": a, "Color2": b}, blend_type=blend)
        return made.outputs["Color"]

    def bump(self, height: Any, depth: float, strength: float = 1.0) -> Any:
        """Normals from a height; depth in metres."""
        values = {"Height": height, "Distance": depth, "Strength": strength}
        return self.node("Bump", values).outputs["Normal"]

    def picture(self, pixels: np.ndarray, vector: Any) -> Any:
        """The colour of a picture made by `patterns`, looked up by x and y of `vector`."""
        height, width, _ = pixels.shape
        image = bpy.data.images.new(self.material.name, width, height, float_buffer=True)
        image.colorspace_settings.name = "Non-Color"
        rgba = np.ones((height, width, 4), np.float32)
        rgba[..., :3] = pixels
        image.pixels.foreach_set(rgba.ravel())
        image.pack()
        return self.node("TexImage", {"Vector": vector}, image=image).outputs["Color"]

    def facing(self, axes: str) -> Any:
        """Generated coordinates (0 to 1 over the object) in another order, such as 'xz'."""
        split = self.node("SeparateXYZ", {0: self.coordinates["Generated"]}).outputs
        pairs = dict(zip("XY", (split[axis.upper()] for axis in axes), strict=True))
        return self.node("CombineXYZ", pairs).outputs["Vector"]


def paint(
    name: str, colour: tuple[float, float, float], roughness: float = 0.5, **more: Any
) -> Any:
    """An even coat, with the slight unevenness of a hand."""
    shader = Shader(name)
    uneven = shader.noise(shader.coordinates["Object"], 14.0)
    darker = tuple(0.82 * c for c in colour)
    colours = shader.ramp(uneven, (0.3, darker), (0.7, colour))
    return shader.finish(Base_Color=colours, Roughness=roughness, **more)


def wood(name: str, dark: Any, light: Any, roughness: float = 0.38, along: str = "x") -> Any:
    """Grain along an axis, cut anew for each object (so planks of one table differ)."""
    shader = Shader(name)
    chance = shader.node("ObjectInfo").outputs["Random"]
    shift = shader.node("Math", {0: chance, 1: 37.0}, operation="MULTIPLY").outputs[0]
    rings = [7.0 if axis != along else 0.55 for axis in "xyz"]
    fibres = [260.0 if axis != along else 6.0 for axis in "xyz"]
    grown = shader.stretched("Object", tuple(rings), shift)
    warped = shader.noise(grown, 2.6, 6.0, 1.1)
    bands = shader.node("Math", {0: warped, 1: 9.0}, operation="MULTIPLY").outputs[0]
    bands = shader.node("Math", {0: bands, 1: 0.5}, operation="PINGPONG").outputs[0]
    fibre = shader.noise(shader.stretched("Object", tuple(fibres), shift), 1.0, 3.0)
    middle = tuple((a + b) / 2 for a, b in zip(dark, light, strict=True))
    colour = shader.ramp(bands, (0.05, dark), (0.22, middle), (0.5, light))
    colour = shader.mix(
        0.75, colour, shader.ramp(fibre, (0.3, (0.45,) * 3), (0.62, (1,) * 3)), "MULTIPLY"
    )
    board = shader.ramp(chance, (0.0, (0.72, 0.70, 0.68)), (1.0, (1.0, 1.0, 1.0)))
    colour = shader.mix(1.0, colour, board, "MULTIPLY")
    worn = shader.noise(shader.coordinates["Object"], 5.0)
    gloss = shader.ramp(worn, (0.35, (roughness - 0.1,) * 3), (0.7, (roughness + 0.18,) * 3))
    return shader.finish(Base_Color=colour, Roughness=gloss, Normal=shader.bump(fibre, 0.0006))


def glaze(name: str, colour: Any, speck: Any, roughness: float = 0.14) -> Any:
    """Stoneware: a speckled glaze that breaks paler where it runs thin."""
    shader = Shader(name)
    at = shader.coordinates["Object"]
    specks = shader.ramp(shader.noise(at, 420.0, 1.0), (0.66, (0, 0, 0)), (0.70, (1, 1, 1)))
    run = shader.noise(shader.stretched("Object", (1, 1, 0.25)), 22.0)
    pale = tuple(min(0.85, 1.35 * c + 0.03) for c in colour)
    body = shader.ramp(run, (0.35, colour), (0.72, pale))
    thrown = shader.noise(shader.stretched("Object", (0.5, 0.5, 60.0)), 4.0, 1.0)
    return shader.finish(
        Base_Color=shader.mix(specks, body, speck),
        Roughness=roughness,
        Normal=shader.bump(thrown, 0.0008, 0.5),
        Coat_Weight=0.3,
    )


def printed(name: str, pixels: np.ndarray, axes: str, roughness: float, weave: float = 0) -> Any:
    """Something printed or woven; `weave` is the thread count of its relief, 0 for none."""
    shader = Shader(name)
    colour = shader.picture(pixels, shader.facing(axes))
    relief = {}
    if weave:
        thread = shader.noise(shader.coordinates["Object"], weave, 2.0)
        colour = shader.mix(
            0.6, colour, shader.ramp(thread, (0.3, (0.5,) * 3), (0.6, (1,) * 3)), "MULTIPLY"
        )
        relief = {"Normal": shader.bump(thread, 0.002)}
    return shader.finish(Base_Color=colour, Roughness=roughness, **relief)


def papered(pixels: np.ndarray, repeat: float) -> Any:
    """Wallpaper on an old wall: one repeat is `repeat` metres wide; damp has been there."""
    shader = Shader("wallpaper")
    split = shader.node("SeparateXYZ", {0: shader.stretched("Object", (1 / repeat,) * 3)}).outputs
    flat = shader.node("CombineXYZ", {"X": split["X"], "Y": split["Z"]}).outputs["Vector"]
    colour = shader.picture(pixels, flat)
    damp = shader.noise(shader.coordinates["Object"], 1.7, 7.0, 0.6)
    stain = shader.ramp(damp, (0.3, (0.62, 0.60, 0.54)), (0.62, (1, 1, 1)))
    rough = shader.noise(shader.coordinates["Object"], 55.0, 3.0)
    return shader.finish(
        Base_Color=shader.mix(0.9, colour, stain, "MULTIPLY"),
        Roughness=0.75,
        Normal=shader.bump(rough, 0.0015, 0.5),
    )


def fruit(name: str, skin: Any, blush: Any, pores: float = 0.0, roughness: float = 0.33) -> Any:
    """Peel that ripened on one side; `pores` is the depth of an orange's pits in metres."""
    shader = Shader(name)
    chance = shader.node("ObjectInfo").outputs["Random"]
    at = shader.stretched("Object", (1, 1, 1), chance)
    side = shader.noise(at, 9.0, 2.0)
    streak = shader.noise(shader.stretched("Object", (110, 110, 9), chance), 1.0, 3.0)
    ripe = shader.mix(0.3, side, streak)
    colour = shader.ramp(ripe, (0.38, skin), (0.60, blush))
    pits = shader.noise(at, 320.0 if pores else 60.0, 1.0)
    return shader.finish(
        Base_Color=colour,
        Roughness=roughness,
        Normal=shader.bump(pits, pores or 0.0004),
        Subsurface_Weight=0.12,
        Subsurface_Radius=(1.0, 0.35, 0.12),
        Subsurface_Scale=0.006,
    )


def skin() -> Any:
    """A shop-window head, painted in a skin tone."""
    shader = Shader("skin")
    at = shader.coordinates["Object"]
    tone = shader.ramp(
        shader.noise(at, 16.0, 5.0), (0.3, (0.47, 0.235, 0.155)), (0.7, (0.58, 0.32, 0.225))
    )
    return shader.finish(
        Base_Color=tone,
        Roughness=0.42,
        Normal=shader.bump(shader.noise(at, 260.0, 2.0), 0.0004),
        Subsurface_Weight=0.25,
        Subsurface_Radius=(1.0, 0.4, 0.2),
        Subsurface_Scale=0.008,
    )


def felt(name: str, colour: Any) -> Any:
    shader = Shader(name)
    hair = shader.noise(shader.coordinates["Object"], 240.0, 4.0)
    body = shader.ramp(hair, (0.3, tuple(0.6 * c for c in colour)), (0.7, colour))
    return shader.finish(
        Base_Color=body, Roughness=0.95, Normal=shader.bump(hair, 0.0015), Sheen_Weight=0.35
    )


def shade() -> Any:
    """A linen lampshade: half of the light goes through."""
    shader = Shader("shade")
    thread = shader.noise(shader.stretched("Object", (260, 260, 60)), 1.0, 2.0)
    linen = shader.ramp(thread, (0.3, (0.62, 0.50, 0.36)), (0.65, (0.82, 0.72, 0.56)))
    front = shader.node("BsdfDiffuse", {"Color": linen}).outputs[0]
    through = shader.node("BsdfTranslucent", {"Color": linen}).outputs[0]
    both = shader.node("MixShader", {0: 0.5, 1: front, 2: through}).outputs[0]
    shader.feed(shader.output, {"Surface": both})
    return shader.material


def leaf() -> Any:
    shader = Shader("leaf")
    vein = shader.noise(shader.coordinates["Object"], 35.0, 3.0)
    green = shader.ramp(vein, (0.3, (0.12, 0.185, 0.125)), (0.7, (0.24, 0.31, 0.225)))
    return shader.finish(Base_Color=green, Roughness=0.5, Subsurface_Weight=0.05)


def brass() -> Any:
    return paint("brass", (0.62, 0.42, 0.17), 0.28, Metallic=1.0)
