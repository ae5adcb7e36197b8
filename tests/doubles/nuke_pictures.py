"""Pictures of the double of `nuke`: what a node shows, and files that a Write leaves."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import OpenImageIO as oiio


def image(node: Any, number: int) -> np.ndarray:
    """What a node shows: (H, W, C) float32 in the working space. RuntimeError as Nuke's."""
    if node.pictures is not None:
        if number not in node.pictures:
            raise RuntimeError(f"{node.name()}: no picture at frame {number}")
        return node.pictures[number]
    if node.Class() == "Read":
        space = node["colorspace"].value()
        light = "ACES - ACEScg" in space or "linear" in space
        if not node["raw"].value() and not light:
            raise RuntimeError(f"{node.name()}: this double does not convert from {space}")
        return _open(node["file"].evaluate(number))
    if node.Class() in ("Dot", "Blur") and node.input(0) is not None:
        return image(node.input(0), number)
    raise RuntimeError(f"{node.name()}: this double cannot compute a {node.Class()}")


def _open(path: str) -> np.ndarray:
    buffer = oiio.ImageBuf(path)
    if buffer.has_error:
        raise RuntimeError(f"{path}: {buffer.geterror()}")
    return np.asarray(buffer.get_pixels("float"))


def header(read: Any) -> Any:
    """What the first file of a Read is, None where there is none."""
    for number in range(read.firstFrame(), read.lastFrame() + 1):
        if opened := oiio.ImageInput.open(read["file"].evaluate(number)):
            spec = opened.spec()
            return SimpleNamespace(
                width=spec.full_width,
                height=spec.full_height,
                pixel_aspect=spec.getattribute("PixelAspectRatio") or 1.0,
                data=(spec.x, spec.y, spec.width, spec.height),
            )
    oiio.geterror()  # it was asked for, and is nobody's error
    return None


def save(write: Any, number: int, pixels: np.ndarray, proxy: bool, stamp: str) -> None:
    """The file of a frame. stamp: what Nuke writes into a header, another one each time."""
    asked = write["channels"].value()
    count = {"rgb": 3, "rgba": 4, "all": pixels.shape[2]}[asked]
    shape, box = write.input(0).format(), write.input(0).bbox()
    step = 2 if proxy else 1
    light = pixels[::step, ::step, :count]
    if not write["raw"].value():
        light = np.clip(light, 0, 1) ** (1 / 2.2)
    kind = {"16 bit half": "half", "32 bit float": "float"}[write["datatype"].value()]
    spec = oiio.ImageSpec(light.shape[1], light.shape[0], count, kind)
    spec.channelnames = tuple("RGBA"[:count])
    spec.x, spec.y = box.x(), shape.height() - box.y() - box.h()
    spec.full_width, spec.full_height = shape.width() // step, shape.height() // step
    zips = write["compression"].value() == "Zip (1 scanline)"
    spec.attribute("compression", "zips" if zips else "none")
    spec.attribute("DateTime", stamp)
    spec.attribute("nuke/node_hash", stamp * 2)
    spec.attribute("PixelAspectRatio", shape.pixelAspect())
    path = write["file"].evaluate(number)
    out = oiio.ImageOutput.create(path)
    if not (out and out.open(path, spec)):
        raise RuntimeError(f"{write.name()}: {path} cannot be opened")
    if not (out.write_image(np.ascontiguousarray(light)) and out.close()):
        raise RuntimeError(f"{write.name()}: {out.geterror()}")
