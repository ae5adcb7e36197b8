"""One small frame of a result, for a viewer: before the frames are made, or instead of them.

The plate is reduced first and the tool's own pixels run on that, so that it costs as much as
the picture is large. Averaging and grading change places only nearly: on edges the picture
lies beside the reduced full frame by what the grade is not straight over the pixels averaged.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from answerprint.errors import BadParameter, CannotWrite
from answerprint.frames import colour
from answerprint.frames.clip import Clip
from answerprint.frames.frame import Part, Window
from answerprint.frames.still import Metadata
from answerprint.frames.view import LARGEST, reduced
from answerprint.frames.writer import FrameWriter
from answerprint.tools.job import Plan
from answerprint.worker.order import Preview

FOLDER = ".preview"


def write(clip: Clip, plan: Plan, wanted: Preview, out: Path, name: str) -> dict[str, Any] | None:
    """{frame, path} of `<out>/.preview/<name>.<frame>.exr`: half, ACEScg, R, G, B.

    The nearest frame where the one that is wanted is not there. None where the plan makes no
    frames. Raises BadInput where the plate cannot be read, CannotWrite.
    """
    if not 1 <= wanted.size <= LARGEST:
        hint = f"Use a whole number from 1 to {LARGEST}."
        raise BadParameter(f"A preview of {wanted.size} pixels was asked for.", hint)
    if plan.pixels is None:
        return None
    gone = set(clip.missing)
    number = min((n for n in clip.frames if n not in gone), key=lambda n: abs(n - wanted.frame))
    light, _ = clip.picture(number, reduced(clip.parts[0].display, wanted.size))
    if pixels := plan.pixels(number, colour.ACESCG, colour.ACESCG):
        light, _ = pixels(light)
    path = out / FOLDER / f"{name}.{number:04d}.exr"
    try:
        path.parent.mkdir(exist_ok=True)
    except OSError as cause:
        hint = "Choose another folder, or ask for the right to write there."
        raise CannotWrite(f"{path.parent} cannot be made.", hint, str(cause)) from cause
    with FrameWriter(str(path), [_part(clip, *light.shape[:2])], {}) as writer:
        writer.put(0, 0, light)
    return {"frame": number, "path": str(path)}


def _part(clip: Clip, height: int, width: int) -> Part:
    window = Window(0, 0, width, height)
    said = Metadata({}, {}).with_(
        "chromaticities", colour.chromaticities(colour.ACESCG), "float[8]"
    )
    aspect = clip.parts[0].pixel_aspect
    return Part("", ("R", "G", "B"), ("half",) * 3, window, window, aspect, ((0, 1, 2),), said)
