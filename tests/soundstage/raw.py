"""What the renderer wrote."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import OpenImageIO as oiio


def read_raw(path: Path) -> tuple[np.ndarray, dict[str, int]]:
    """All channels of a rendered frame, and the place of each."""
    picture = oiio.ImageInput.open(str(path))
    if not picture:
        raise OSError(f"{path} cannot be read: {oiio.geterror()}")
    names = list(picture.spec().channelnames)
    pixels = picture.read_image("float")
    picture.close()
    return np.asarray(pixels), {name: place for place, name in enumerate(names)}
