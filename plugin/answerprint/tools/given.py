"""What a tool is given beside its source, frame by frame: plates and mattes.

Convention
    A still serves every frame of the source; a sequence or movie serves those of its numbers.
    light   as `Layers.light`.
    matte   (H, W) float32 over the source's data window: the alpha, or what else the file holds
            one of: a single channel, or the mean of R, G, B where the alpha is 1 all over. Nothing
            clamps; what is no number is 0.
"""

from __future__ import annotations

import numpy as np

from answerprint.errors import BadInput
from answerprint.frames.canvas import common, cut, onto
from answerprint.frames.clip import Clip
from answerprint.frames.frame import Part, Window
from answerprint.frames.layers import Layers


class Given:
    """One further input of a tool. name: as the tool declares it. BadInput where its size is not
    the source's."""

    def __init__(self, name: str, clip: Clip, source: Clip) -> None:
        self.name, self._clip, self._source = name.replace("_", " "), clip, source
        self._layers = Layers(clip)
        self._still = len(clip.frames) == 1
        self._check(clip.parts[0], source.parts[0])

    def number(self, frame: int) -> int:
        """Its frame that belongs to one of the source. BadInput where it has none."""
        if self._still:
            return self._clip.frames[0]
        if frame not in self._clip.there:
            raise BadInput(
                f"The {self.name} {self._clip.name} has no frame {frame}.",
                "Give it the frames of the plate, or one still for all of them.",
            )
        return frame

    def sha256(self, frame: int) -> str:
        return self._clip.sha256(self.number(frame))

    def light(self, frame: int, part: Part) -> np.ndarray:
        """(H, W, 3) over the data window of the source's part."""
        number = self.number(frame)
        theirs = self._layers.frame(number).parts[self._layers.picture(number)[0]]
        return self._laid(self._layers.light(number)[0], theirs, part)

    def matte(self, frame: int, part: Part) -> np.ndarray:
        number = self.number(frame)
        whole = self._layers.frame(number)
        theirs, layer = whole.parts[0], whole.layers[0]
        names = list(theirs.channels)
        plane = layer[..., names.index("A")] if "A" in names else None
        if plane is None or (len(names) > 1 and (plane == 1).all()):
            colour = [names.index(n) for n in ("R", "G", "B") if n in names] or [0]
            plane = layer[..., colour].astype(np.float32).mean(axis=-1)
        values = np.nan_to_num(plane.astype(np.float32), posinf=1.0, neginf=0.0)
        return self._laid(values, theirs, part)

    def _laid(self, pixels: np.ndarray, theirs: Part, part: Part) -> np.ndarray:
        """Over the window of the source's part; 0 outside of its own."""
        self._check(theirs, part)
        x, y = part.display.x - theirs.display.x, part.display.y - theirs.display.y
        own = Window(theirs.data.x + x, theirs.data.y + y, theirs.data.width, theirs.data.height)
        both = common((own, part.data))
        return np.ascontiguousarray(cut(onto(pixels, own, both), both, part.data))

    def _check(self, theirs: Part, part: Part) -> None:
        size, wanted = ((p.display.width, p.display.height) for p in (theirs, part))
        if size != wanted:
            raise BadInput(
                f"The {self.name} {self._clip.name} is {size[0]} x {size[1]}, "
                f"the plate {self._source.name} is {wanted[0]} x {wanted[1]}.",
                "Give one of the plate's size.",
            )
