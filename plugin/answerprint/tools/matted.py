"""Pictures of a result with an alpha, for the report."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from answerprint.errors import BadInput
from answerprint.frames import charts, colour
from answerprint.frames.clip import open_clip
from answerprint.frames.layers import Layers
from answerprint.frames.view import png
from answerprint.tools.job import Job, Picture

WIDTH, MOST = 960, 3
GROUND = 0.18
"""Light that the foreground is shown over."""


def pictures(job: Job, numbers: Sequence[int]) -> list[Picture]:
    """Of a few of the frames: the plate, its matte, and the foreground over grey."""
    folder, made = job.out / "report", list[Picture]()
    clip = job.clips["source"]
    chosen = sorted({numbers[round(i)] for i in np.linspace(0, len(numbers) - 1, MOST)})
    for number in chosen:
        path = job.out / f"{job.name}.{number:04d}.exr"
        if not path.exists():
            continue  # it was not made: the report says why
        with open_clip(str(path), colourspace=clip.space.name) as result:
            layers = Layers(result)
            frame, (index, _) = layers.frame(result.there[0]), layers.picture(result.there[0])
            alpha = frame.layers[index][..., frame.parts[index].channels.index("A")]
            light = layers.light(result.there[0])[0]
        cover = np.clip(alpha.astype(np.float32), 0, 1)[..., None]
        over = light + GROUND * (1 - cover)
        try:
            plate = clip.picture(number, WIDTH)[0]
        except BadInput:
            continue
        row = [colour.through_view(plate), np.repeat(cover, 3, axis=-1), colour.through_view(over)]
        folder.mkdir(exist_ok=True)
        shown = folder / f"{job.name}_{number:04d}.png"
        png(str(shown), charts.beside(row))
        made.append(Picture(shown, f"Frame {number}: the plate, its matte, and over grey."))
    return made
