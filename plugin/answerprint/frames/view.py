"""Pictures for people: a frame through the show's SDR view, as a PNG.

Panels and reports show these, so that neither needs to know of colour.
"""

from __future__ import annotations

import os
import tempfile

import cv2
import numpy as np

from answerprint.errors import BadParameter, CannotWrite
from answerprint.frames import colour
from answerprint.frames.clip import open_clip
from answerprint.frames.frame import Window

LARGEST = 16384
"""Pixels of a picture's longer side at most."""


def reduced(window: Window, size: int) -> int:
    """The width at which the window's longer side has `size` pixels; never more than it has."""
    return max(1, round(window.width * min(1.0, size / max(window.width, window.height))))


def render_view(
    path: str,
    frame: int,
    exposure: float,
    display: str,
    size: int,
    out_path: str,
    space: str | None = None,
) -> str:
    """A frame as a PNG of 8 bits, and the path it was written to.

    path        a sequence, still or movie.
    exposure    in stops, applied to the scene-linear picture before the view.
    display     a display of the config, with its default view; '' is the show's SDR view.
    size        of the longer side in pixels at most; a picture is never enlarged.
    space       colour space of the file, where somebody says.

    NaN is shown as black. Raises BadInput for a frame that cannot be read, BadParameter for an
    exposure, size or display that cannot be meant, CannotWrite where the PNG cannot be.
    """
    if not -32 <= exposure <= 32:
        raise BadParameter(f"Exposure is {exposure} stops.", "Use a number from -32 to 32.")
    if not 1 <= size <= LARGEST:
        raise BadParameter(f"Size is {size} pixels.", f"Use a whole number from 1 to {LARGEST}.")
    with open_clip(path, colourspace=space) as clip:
        rgb, _ = clip.picture(frame, reduced(clip.parts[0].display, size))
    return png(out_path, colour.through_view(rgb * np.float32(2.0**exposure), display))


def png(path: str, code_values: np.ndarray) -> str:
    """Write (H, W, 3) display code values, 0..1, as a PNG of 8 bits; the path.

    Values outside are held at the ends, NaN becomes black. The file is whole or absent.
    Raises CannotWrite.
    """
    code = np.clip(np.nan_to_num(np.asarray(code_values, np.float32), nan=0.0), 0.0, 1.0)
    whole, coded = cv2.imencode(".png", np.rint(code[..., ::-1] * 255).astype(np.uint8))
    if not whole:
        raise CannotWrite(f"{path} could not be encoded as a PNG.", "Use a smaller size.")
    folder = os.path.dirname(os.path.abspath(path))
    temporary = ""
    try:
        descriptor, temporary = tempfile.mkstemp(".part", ".view-", folder)
        with os.fdopen(descriptor, "wb") as file:
            file.write(coded.tobytes())
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as cause:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)
        raise CannotWrite(
            f"The picture {path} could not be written.",
            "Check that its folder exists, can be written to and has space.",
            str(cause),
        ) from cause
    return path
