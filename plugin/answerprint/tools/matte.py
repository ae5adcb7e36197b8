"""Cut out what a trimap, a few strokes or a rough mask point at, hair and blur included.

Marked frames are solved by what is known in them; between them, and beyond, the matte travels with
the motion of the shot, both ways, and is solved again on every frame. Frames of which the matte is
doubtful are listed, so that a stroke goes where it helps most.

Convention
    source    a shot of anything: scene-linear or decoded to it by its own word; any size.
    trimap    white (over 0.9) is foreground, black (under 0.02, as light) background, all between
              is unknown. An alpha that is not 1 all over is read in place of the colours.
    mask      a rough cut-out, 0..1: `band` on both sides of its edge becomes unknown.
    strokes   painted marks: white or green is foreground, black or red background. Where the
              picture is transparent, or of another colour (mid-grey), nothing is said. A frame
              with marks of both kinds stands alone; beside a trimap or mask, or where another
              frame has thrice as many marks, they correct what is carried to the frame.
    frames    of each of these any frames of the plate, by their numbers; a single still without
              one of them belongs to the plate's first frame.
    result    R, G, B and A are all the alpha, over the plate's data window in its depth: no other
              channel of the plate is kept. Soft edges stay soft; nothing is choked.
    _qc       `confidence.Y`, 0..1.
    foreground  writes `<name>_foreground` too: premultiplied R, G, B, A, and the straight layer
              `foreground`, unbounded.

Holds, and tests/tools/test_matte.py pins it:
    alpha is within 0..1, and the trimap's where that is known;
    a frame that is not marked gets its matte from those around it, in any part of the range;
    a stroke on one frame changes nothing beyond the marked frames next to it;
    highlights of 64 and light under 0 stay in the foreground;
    what cannot be solved is refused in words.

Source: `vision/matting.py`, `vision/strokes.py`, `vision/unmixed.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

import cv2
import numpy as np

from answerprint.errors import BadInput
from answerprint.frames import colour
from answerprint.frames.clip import Clip
from answerprint.frames.frame import Part
from answerprint.frames.layers import Decoded, Layers
from answerprint.frames.redone import own
from answerprint.frames.still import Metadata
from answerprint.tool import Flag, Input, Num, tool
from answerprint.tools.given import Given
from answerprint.tools.job import Job, Plan, Timed, Whole
from answerprint.tools.matted import pictures
from answerprint.vision.matting import Matted, checked, matted, reduced_trimap
from answerprint.vision.strokes import Shot, banded, corrected, opened, read_marks, settled_marks
from answerprint.vision.unmixed import unmixed

SMALL = 480
"""Pixels of the longer side at which mattes travel."""
FOREGROUND, BACKGROUND = 0.9, 0.02
"""Of a trimap, as light: what is surely which."""
ALONE = 1 / 3
"""Share of the most marked frame's marks from which another stands alone."""
LISTED = 12
KEPT = ("smpte:TimeCode", "framesPerSecond", "reelName")


@dataclass(frozen=True)
class Matte:
    """Cut out what a trimap, strokes or a rough mask point at."""

    band: Annotated[
        float, Num(0.1, 20, unit=" %", help="Of the width, unknown on both sides of a mask's edge")
    ] = 1.5
    foreground: Annotated[
        bool, Flag(help="Write the foreground too, free of what was behind it", live=True)
    ] = False


INPUTS = {
    "trimap": Input("White is foreground, black background, grey unknown; for one frame or more"),
    "strokes": Input("White or green marks foreground, black or red background; the rest is open"),
    "mask": Input("A rough cut-out, the edge of which is looked for; for one frame or more"),
}


@tool("matte", "Matte", Matte, policy="key_matte", inputs=INPUTS)
def matte(job: Job, p: Matte) -> Plan:
    clip = job.clips["source"]
    there = tuple(n for n in clip.frames if n in {*clip.there})
    maker = _Maker(job, p, there)
    solved = job.solved or maker.solve()
    doubtful = solved["doubtful"]
    told = ", ".join(str(n) for n in solved["marked"])
    sentence = f"{clip.name} cut out by what is marked on {told}."
    if doubtful:
        sentence += f" Look at {doubtful[0]['frame']} first: {doubtful[0]['why']}."
    return Plan(
        solved=solved,
        report={"marked": solved["marked"], "doubtful": doubtful},
        sentence=sentence,
        looked_at={"source": there},
        timed=Timed(
            there,
            maker.rests_on,
            maker.make,
            also=maker.also,
            beside=("qc", *(("foreground",) if p.foreground else ())),
        ),
        pictures=lambda: pictures(job, there),
        frames_as={"kind": "matte", "name": job.name},
    )


# --- what is marked --------------------------------------------------------------------------


class _Marked:
    """The trimaps and marks of a job, at the plate's size."""

    def __init__(self, job: Job, p: Matte, there: Sequence[int]) -> None:
        self._clip, self._band, self._there = job.clips["source"], p.band, there
        self.given = {n: Given(n, job.clips[n], self._clip) for n in INPUTS if n in job.clips}
        if not self.given:
            raise BadInput(
                f"Nothing says what is to be cut out of {self._clip.name}.",
                "Give a trimap, strokes or a rough mask, of one frame or more.",
                about="trimap",
            )
        if "trimap" in self.given and "mask" in self.given:
            raise BadInput(
                "Both a trimap and a mask are given.",
                "Give one of them; strokes can correct either.",
                about="mask",
            )
        self._clips = {n: job.clips[n] for n in self.given}
        self._layers = {n: Layers(clip) for n, clip in self._clips.items()}
        self._parts = Layers(self._clip)
        self.frames = {n: self._frames(n) for n in self.given}

    def _frames(self, name: str) -> list[int]:
        """The plate's frames that an input marks."""
        clip = self._clips[name]
        found = [n for n in self._there if n in {*clip.there}]
        if not found and len(clip.there) == 1:
            found = [self._there[0]]
        if not found:
            first, last = clip.there[0], clip.there[-1]
            raise BadInput(
                f"The {name} {clip.name} has no frame of the range {self._there[0]}-"
                f"{self._there[-1]}: it has {first}-{last}.",
                "Name its files by the plate's frame numbers, or widen the range.",
                about=name,
            )
        return found

    def sha256(self, number: int) -> list[str]:
        return [self.given[n].sha256(number) for n, f in self.frames.items() if number in f]

    def part(self, number: int) -> Part:
        return self._parts.frame(number).parts[self._parts.picture(number)[0]]

    def base(self, number: int) -> np.ndarray | None:
        """The trimap that a trimap or mask makes; None where there is none of the frame."""
        name = "trimap" if "trimap" in self.given else "mask"
        if name not in self.given or number not in self.frames[name]:
            return None
        plane = self.given[name].matte(number, self.part(number))
        if name == "mask":
            return self._of_mask(plane, number)
        return np.where(plane > FOREGROUND, 1, np.where(plane < BACKGROUND, 0, 0.5)).astype(
            np.float32
        )

    def _of_mask(self, plane: np.ndarray, number: int) -> np.ndarray:
        share = float((plane > 0.5).mean())
        if share == 0 or share == 1:
            what = "empty" if share == 0 else "full"
            raise BadInput(
                f"The mask {self._clips['mask'].name} is {what} at frame {number}.",
                "Give a rough cut-out of what is to stay: white on black.",
                about="mask",
            )
        made = banded(plane, self._band / 100 * plane.shape[1])
        checked(made, f"The mask {self._clips['mask'].name}, its edge opened,")
        return made

    def strokes(self, number: int) -> np.ndarray | None:
        if "strokes" not in self.given or number not in self.frames["strokes"]:
            return None
        given, layers = self.given["strokes"], self._layers["strokes"]
        part = self.part(number)
        theirs = layers.frame(given.number(number))
        names = theirs.parts[0].channels
        alpha = None
        if "A" in names and not (theirs.layers[0][..., names.index("A")] == 1).all():
            alpha = given.matte(number, part)
        return read_marks(given.light(number, part), alpha)


# --- frames ----------------------------------------------------------------------------------


class _Maker:
    """Makes the frames, each from itself and the marked ones around it."""

    def __init__(self, job: Job, p: Matte, there: tuple[int, ...]) -> None:
        self._job, self._p, self._there = job, p, there
        self._clip: Clip = job.clips["source"]
        self._marked = _Marked(job, p, there)
        self._layers = Layers(self._clip)
        self._trimaps, self._marks, alone = self._read()
        part = self._marked.part(there[0])
        zoom = min(1.0, SMALL / max(part.data.width, part.data.height))
        self._size = (max(1, round(part.data.width * zoom)), max(1, round(part.data.height * zoom)))
        trimaps = {n: reduced_trimap(t, self._size) for n, t in self._trimaps.items()}
        marks = {n: reduced_trimap(m, self._size) for n, m in self._marks.items()}
        for number in alone:
            trimaps[number] = settled_marks(self._small(number), marks.pop(number))
        self._shot = Shot(self._small, trimaps, marks)
        self._alone = {*self._trimaps, *alone}

    def _read(self) -> tuple[dict[int, np.ndarray], dict[int, np.ndarray], list[int]]:
        """Trimaps, marks of further frames, and which of those stand alone."""
        marked = self._marked
        trimaps, marks = dict[int, np.ndarray](), dict[int, np.ndarray]()
        for number in sorted({n for frames in marked.frames.values() for n in frames}):
            base, strokes = marked.base(number), marked.strokes(number)
            if base is not None:
                trimaps[number] = base if strokes is None else corrected(base, base, strokes)
                checked(trimaps[number], f"What is marked on frame {number}")
            elif strokes is not None and (strokes != 0.5).any():
                marks[number] = strokes
        alone = [] if trimaps else _alone(marks)
        if not trimaps and not alone:
            raise BadInput(
                "No frame of the strokes has marks of foreground and of background.",
                "On one frame at least, paint white or green over what is to stay and black or "
                "red over what is not; leave the rest transparent or mid-grey.",
                about="strokes",
            )
        for number in alone:
            checked(marks[number], f"What is painted on frame {number}")
        return trimaps, marks, alone

    def _small(self, number: int) -> np.ndarray:
        light, valid = self._layers.light(number)
        return cv2.resize(
            np.where(valid[..., None], light, 0), self._size, interpolation=cv2.INTER_AREA
        )

    def solve(self) -> dict[str, Any]:
        """Which frames are marked, and which are doubtful, the worst first."""
        found = []
        for done, number in enumerate(self._there, 1):
            self._job.events.check()
            try:
                found.append(self._doubt(number))
            except BadInput:
                continue  # the frame fails when it is made, with its reason
            self._job.events.progress("propagate", done, len(self._there), f"frame {number}")
        found.sort(key=lambda each: -each["doubt"])
        return {
            "marked": sorted({*self._trimaps, *self._marks}),
            "doubtful": [each for each in found if each["doubt"] >= 0.01][:LISTED],
        }

    def _doubt(self, number: int) -> dict[str, Any]:
        told, made = self._shot.expected(number), self._shot.solved(number)
        trimap = self._shot.trimap(number)
        band = (trimap > 0) & (trimap < 1)
        if not band.any():
            return {"frame": number, "doubt": 0.0, "why": ""}
        sides = self._shot.sides(number)
        nearest = min(sides, key=lambda k: abs(k - number))
        reasons = {
            "foreground and background look alike at its edges": 1 - made.sure[band].mean(),
            "motion is lost at its edges, " + _told_away(number, nearest): (
                1 - told.trust[band].mean() if sides != [number] else 0.0
            ),
        }
        if len(sides) == 2:
            both = f"the mattes that come from {sides[0]} and {sides[1]} differ"
            reasons[both] = 2 * told.apart[band].mean()
        wide = band.mean() / max(float((trimap > 0).mean()), 1e-6)
        doubt = float(sum(reasons.values())) * min(1.0, 0.2 + float(wide))
        why = max(reasons, key=lambda name: reasons[name])
        return {"frame": number, "doubt": round(doubt, 4), "why": why}

    def rests_on(self, number: int) -> tuple[int, ...]:
        if number in self._alone:
            return (number,)
        sides = self._shot.sides(number, corrections=False)
        first, last = min(*sides, number), max(*sides, number)
        others = (n for n in self._there if first <= n <= last and n != number)
        return (number, *others)

    def also(self, number: int) -> list[str]:
        rests = {*self.rests_on(number)}
        keys = sorted({*self._trimaps, *self._marks} & rests)
        return [digest for key in keys for digest in self._marked.sha256(key)]

    def make(self, number: int, layers: Layers) -> Whole:
        frame, (index, _) = layers.frame(number), layers.picture(number)
        light, valid = layers.light(number)
        found = self._matted(number, light)
        alpha, sure = found.alpha, found.sure * valid
        part = frame.parts[index]
        beside = {}
        if self._p.foreground:
            straight, _ = unmixed(light, alpha)
            beside["foreground"] = _foreground(frame, straight, alpha)
        return Whole(
            [np.repeat(alpha[..., None], 4, axis=-1)],
            {"confidence.Y": sure},
            parts=(_lone(part),),
            beside=beside,
        )

    def _matted(self, number: int, light: np.ndarray) -> Matted:
        if number in self._trimaps:
            return matted(light, self._trimaps[number])
        told, trimap = self._shot.expected(number), self._shot.trimap(number)
        tall, wide = light.shape[:2]
        small = self._shot.solved(number)
        expected, trust = (
            cv2.resize(each, (wide, tall), interpolation=cv2.INTER_LINEAR)
            for each in (small.alpha, told.trust)
        )
        zoom = wide / self._size[0]
        whole = opened(expected, np.ones_like(trust), reach=2 * zoom)
        known = cv2.resize(trimap, (wide, tall), interpolation=cv2.INTER_LINEAR)
        whole = np.where((known <= 0) | (known >= 1), known, whole).astype(np.float32)
        if number in self._marks:
            marks = self._marks[number]
            whole = np.where(marks != 0.5, marks, whole).astype(np.float32)
        return matted(light, whole, expected, trust)


def _alone(marks: Mapping[int, np.ndarray]) -> list[int]:
    """Of marked frames those that hold marks of both kinds, and many."""
    counts = {n: int((m != 0.5).sum()) for n, m in marks.items()}
    both = [n for n, m in marks.items() if (m == 1).any() and (m == 0).any()]
    most = max((counts[n] for n in both), default=0)
    return [n for n in both if counts[n] >= ALONE * most]


def _told_away(number: int, nearest: int) -> str:
    far = abs(number - nearest)
    return f"{far} frame{'s' if far > 1 else ''} from {nearest}"


def _lone(part: Part) -> Part:
    """A part that holds a matte: four channels that are alpha, and none of the colour's words."""
    kind = part.types[part.colour[0][0]]
    metadata: Any = part.metadata
    if isinstance(metadata, Metadata):
        metadata = metadata.only(KEPT)
    return replace(
        part,
        name="",
        channels=("R", "G", "B", "A"),
        types=(kind,) * 4,
        colour=((0, 1, 2),),
        metadata=metadata,
        tile=None,
    )


def _foreground(frame: Decoded, straight: np.ndarray, alpha: np.ndarray) -> dict[str, np.ndarray]:
    rgb = colour.from_acescg(straight * alpha[..., None], frame.space)
    named = {c: rgb[..., i] for i, c in enumerate("RGB")}
    return {**named, **own(frame, {"A": alpha, "foreground": straight})}
