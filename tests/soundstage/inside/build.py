"""Builds things in Blender: materials of a picture or a colour, boxes, limbs, props' parts.

Metres, z up. A material's picture is laid on from all sides at a scale in metres, so that a box
of any size shows the same texture; `flat` pictures fill a plane instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import pi

import bmesh
import bpy
import numpy as np
from mathutils import Euler, Matrix, Vector

Point = Sequence[float]


def image(name: str, picture: np.ndarray) -> bpy.types.Image:
    tall, wide = picture.shape[:2]
    made = bpy.data.images.new(name, wide, tall, float_buffer=True)
    made.colorspace_settings.name = "Non-Color"  # the numbers are linear light as they stand
    full = np.ones((tall, wide, 4), np.float32)
    full[..., :3] = picture[::-1]
    made.pixels.foreach_set(full.ravel())
    made.update()
    made.pack()
    return made


def material(
    name: str,
    surface: np.ndarray | Point,
    metres: float | None = 1.0,
    rough: float = 0.65,
    light: float = 0.0,
    metal: float = 0.0,
) -> bpy.types.Material:
    """A material of a picture, (h, w, 3), or a colour.

    metres   what a picture's side covers; None: it fills the plane it is on.
    light    how strongly it shines by itself; it then reflects nothing.
    """
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    nodes, link = made.node_tree.nodes, made.node_tree.links.new
    nodes.clear()
    out = nodes.new("ShaderNodeOutputMaterial")
    if light:
        shader = nodes.new("ShaderNodeEmission")
        shader.inputs["Strength"].default_value = light
        colour = shader.inputs["Color"]
    else:
        shader = nodes.new("ShaderNodeBsdfPrincipled")
        shader.inputs["Roughness"].default_value = rough
        shader.inputs["Metallic"].default_value = metal
        shader.inputs["Specular IOR Level"].default_value = 0.3
        colour = shader.inputs["Base Color"]
    link(shader.outputs[0], out.inputs["Surface"])
    if np.ndim(surface) == 1:
        colour.default_value = (*surface, 1.0)
        return made
    texture = nodes.new("ShaderNodeTexImage")
    texture.image = image(name, surface)
    link(texture.outputs["Color"], colour)
    place = nodes.new("ShaderNodeTexCoord")
    if metres is None:
        link(place.outputs["UV"], texture.inputs["Vector"])
        return made
    texture.projection = "BOX"
    texture.projection_blend = 0.05
    scale = nodes.new("ShaderNodeMapping")
    scale.inputs["Scale"].default_value = (1 / metres,) * 3
    link(place.outputs["Object"], scale.inputs["Vector"])
    link(scale.outputs["Vector"], texture.inputs["Vector"])
    return made


def add(name: str, mesh: bpy.types.Mesh, matter: bpy.types.Material | None) -> bpy.types.Object:
    if matter is not None:
        mesh.materials.append(matter)
    thing = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(thing)
    return thing


def empty(name: str, at: Point = (0, 0, 0), parent: bpy.types.Object | None = None):
    """A joint, or what holds the parts of a prop."""
    thing = bpy.data.objects.new(name, None)
    bpy.context.scene.collection.objects.link(thing)
    thing.parent = parent
    thing.location = at
    return thing


def _mesh(name: str, form: bmesh.types.BMesh, smooth: bool) -> bpy.types.Mesh:
    mesh = bpy.data.meshes.new(name)
    if smooth:
        for face in form.faces:
            face.smooth = True
    form.to_mesh(mesh)
    form.free()
    return mesh


def box(
    name: str,
    at: Point,
    size: Point,
    matter: bpy.types.Material,
    parent: bpy.types.Object | None = None,
    turn: float = 0.0,
    bevel: float = 0.008,
) -> bpy.types.Object:
    """A box that stands on `at`: the middle of its underside."""
    form = bmesh.new()
    bmesh.ops.create_cube(form, size=1.0)
    bmesh.ops.scale(form, vec=size, verts=form.verts)
    bmesh.ops.translate(form, vec=(0, 0, size[2] / 2), verts=form.verts)
    edge = min(bevel, min(size) / 4)
    if edge > 0:
        bmesh.ops.bevel(form, geom=form.edges, offset=edge, segments=1, affect="EDGES")
    thing = add(name, _mesh(name, form, False), matter)
    thing.parent = parent
    thing.location = at
    thing.rotation_euler = (0, 0, turn)
    return thing


def sheet(
    name: str,
    at: Point,
    size: tuple[float, float],
    turn: Point,
    matter: bpy.types.Material,
    parent: bpy.types.Object | None = None,
) -> bpy.types.Object:
    """An upright picture around `at`, looking towards -y before it is turned about z by turn[2]."""
    wide, tall = size
    mesh = bpy.data.meshes.new(name)
    corners = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    mesh.from_pydata([(x * wide / 2, 0, z * tall / 2) for x, z in corners], [], [(0, 1, 2, 3)])
    layer = mesh.uv_layers.new()
    for number, (x, z) in enumerate(corners):
        layer.data[number].uv = ((x + 1) / 2, (z + 1) / 2)
    thing = add(name, mesh, matter)
    thing.parent = parent
    thing.location = at
    thing.rotation_euler = Euler(turn)
    return thing


def limb(
    name: str,
    radii: Point,
    length: float,
    matter: bpy.types.Material,
    parent: bpy.types.Object | None = None,
    at: Point = (0, 0, 0),
    squeeze: Point = (1, 1),
    rings: int = 12,
) -> bpy.types.Object:
    """A rounded, tapered body that hangs from `at`: radius above, radius below, and length."""
    form = bmesh.new()
    bmesh.ops.create_uvsphere(form, u_segments=16, v_segments=rings, radius=1.0)
    for vert in form.verts:
        upper = vert.co.z >= 0
        radius = radii[0] if upper else radii[1]
        vert.co = Vector(
            (
                vert.co.x * radius * squeeze[0],
                vert.co.y * radius * squeeze[1],
                vert.co.z * radius + (0 if upper else -length),
            )
        )
    thing = add(name, _mesh(name, form, True), matter)
    thing.parent = parent
    thing.location = at
    return thing


def lathe(
    name: str,
    profile: Sequence[tuple[float, float]],
    matter: bpy.types.Material,
    parent: bpy.types.Object | None = None,
    at: Point = (0, 0, 0),
    sides: int = 20,
) -> bpy.types.Object:
    """A turned body: (radius, height) from below to above."""
    corners, faces = [], []
    for radius, height in profile:
        for side in range(sides):
            angle = 2 * pi * side / sides
            corners.append(Matrix.Rotation(angle, 3, "Z") @ Vector((max(radius, 1e-4), 0, height)))
    for ring in range(len(profile) - 1):
        for side in range(sides):
            one, other = ring * sides + side, ring * sides + (side + 1) % sides
            faces.append((one, other, other + sides, one + sides))
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(corners, [], faces)
    for face in mesh.polygons:
        face.use_smooth = True
    thing = add(name, mesh, matter)
    thing.parent = parent
    thing.location = at
    return thing
