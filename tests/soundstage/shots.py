"""Shots of the set as files: numbered EXRs that say what colour they are in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import OpenImageIO as oiio

ACESCG = (0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767)
MADE = "2000:01:01 00:00:00"
"""What a file says of its time: the writer would put its clock, and no two files were alike."""


def save_shot(
    folder: Path, pictures: Mapping[int, np.ndarray], kind: str = "half", tagged: bool = True
) -> str:
    """Write frames as folder/NAME.####.exr, NAME the folder's; the pattern.

    kind     'half' or 'float'.
    tagged   whether the files carry the chromaticities of ACEScg.
    """
    folder.mkdir(parents=True)
    for number, picture in pictures.items():
        height, width, channels = picture.shape
        spec = oiio.ImageSpec(width, height, channels, kind)
        spec.channelnames = ("R", "G", "B", "A")[:channels]
        spec.attribute("compression", "zips")
        spec.attribute("DateTime", MADE)
        if tagged:
            spec.attribute("chromaticities", oiio.TypeDesc("float[8]"), ACESCG)
        path = folder / f"{folder.name}.{number:04d}.exr"
        out = oiio.ImageOutput.create(str(path))
        assert out.open(str(path), spec), out.geterror()
        assert out.write_image(np.ascontiguousarray(picture, np.float32)), out.geterror()
        assert out.close(), out.geterror()
    return str(folder / f"{folder.name}.####.exr")


def load(path: Path | str) -> np.ndarray:
    """(H, W, C) float32 of an EXR, in the order of its file."""
    picture = oiio.ImageInput.open(str(path))
    assert picture, oiio.geterror()
    pixels = picture.read_image("float")
    assert pixels is not None, picture.geterror()
    picture.close()
    return np.asarray(pixels)
