"""Truth beside the picture: mattes, depth, flow and light, as EXR in <shot>/passes.

alpha   a channel for each figure and prop, by name: how much of the pixel it covers.
depth   Z: metres along the camera's axis.
flow    forward.x, forward.y to the next frame, backward.x, backward.y to the one before: where a
        point of this frame is in that one, in pixels, y down.
light   R, G, B of each light group, scene-linear ACEScg; they add up to the picture before
        lens, faults and grain, but for its denoising.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import OpenImageIO as oiio
from soundstage.colour import TO_ACESCG
from soundstage.plan import FIRST
from soundstage.raw import read_raw
from soundstage.shots import MADE

NAMES = ("alpha", "depth", "flow", "light")
GROUPS = ("key", "fill", "rim", "practical", "sky")


def write(name: str, plan, shot, folder: Path, out: Path, order: list[int], gain: float) -> None:
    target = out / shot["name"] / "passes"
    target.mkdir(exist_ok=True)
    for place, index in enumerate(order):
        source = folder / f"{index:04d}.exr"
        pixels, places = read_raw(source)
        channels = MAKERS[name](pixels, places, source, plan, gain)
        path = target / f"{shot['name']}.{name}.{FIRST + place:04d}.exr"
        save(path, channels)


def save(path: Path, channels: dict[str, np.ndarray]) -> None:
    tall, wide = next(iter(channels.values())).shape
    spec = oiio.ImageSpec(wide, tall, len(channels), "float")
    spec.channelnames = tuple(channels)
    spec.attribute("compression", "zips")
    spec.attribute("DateTime", MADE)
    out = oiio.ImageOutput.create(str(path))
    pixels = np.stack(list(channels.values()), -1).astype(np.float32)
    if not (
        out.open(str(path), spec) and out.write_image(np.ascontiguousarray(pixels)) and out.close()
    ):
        raise OSError(f"{path} cannot be written: {out.geterror()}")


def _named(places: dict[str, int], ending: str) -> int:
    return next(place for name, place in places.items() if name.endswith(ending))


def depth(pixels, places, source, plan, gain) -> dict[str, np.ndarray]:
    return {"Z": pixels[..., _named(places, "Depth.Z")]}


def flow(pixels, places, source, plan, gain) -> dict[str, np.ndarray]:
    """The renderer has forward in X and Y, backward reversed in Z and W, both y up (measured:
    a test holds it against depth and cameras)."""
    x, y, z, w = (pixels[..., _named(places, f"Vector.{axis}")] for axis in "XYZW")
    return {"forward.x": x, "forward.y": -y, "backward.x": -z, "backward.y": w}


def light(pixels, places, source, plan, gain) -> dict[str, np.ndarray]:
    found = {}
    for group in GROUPS:
        picked = [_named(places, f"Combined_{group}.{c}") for c in "RGB"]
        shone = pixels[..., picked] @ TO_ACESCG.T.astype(np.float32) * np.float32(gain)
        found |= {f"{group}.{c}": shone[..., n] for n, c in enumerate("RGB")}
    return found


def alpha(pixels, places, source, plan, gain) -> dict[str, np.ndarray]:
    """Cryptomatte by asset: rank pairs of a name's hash and its cover."""
    names = [each["name"] for each in plan["figures"]]
    names += [f"prop.{each['name']}" for each in plan["props"]]
    ranks = [name[:-2] for name in places if "CryptoAsset" in name and name.endswith((".r", ".R"))]
    found = {name: np.zeros(pixels.shape[:2], np.float32) for name in names}
    for rank in ranks:
        r, g, b, a = (_any(places, rank, c) for c in "rgba")
        for key, cover in ((r, g), (b, a)):
            keys = np.ascontiguousarray(pixels[..., key]).view(np.uint32)
            for name in names:
                found[name] += np.where(keys == hash_of(name), pixels[..., cover], 0)
    return found


def _any(places: dict[str, int], rank: str, channel: str) -> int:
    name = f"{rank}.{channel}"
    return places[name if name in places else f"{rank}.{channel.upper()}"]


def hash_of(name: str) -> int:
    """Cryptomatte's id of a name: MurmurHash3, 32 bits, with the exponent kept from 0 and 255."""
    data, value = name.encode(), 0
    for start in range(0, len(data) - 3, 4):
        value ^= _mixed(int.from_bytes(data[start : start + 4], "little"))
        value = _turned(value, 13) * 5 + 0xE6546B64 & 0xFFFFFFFF
    if rest := data[len(data) & ~3 :]:
        value ^= _mixed(int.from_bytes(rest, "little"))
    value ^= len(data)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, 1)):
        value = (value ^ value >> shift) * factor & 0xFFFFFFFF
    if value >> 23 & 255 in (0, 255):
        value ^= 1 << 23
    return value


def _turned(value: int, by: int) -> int:
    return (value << by | value >> 32 - by) & 0xFFFFFFFF


def _mixed(word: int) -> int:
    return _turned(word * 0xCC9E2D51 & 0xFFFFFFFF, 15) * 0x1B873593 & 0xFFFFFFFF


MAKERS = {"alpha": alpha, "depth": depth, "flow": flow, "light": light}
