"""Put a new background behind a figure, and let it move, look and grain as the plate does.

The camera is tracked behind the figure; the background is laid on the first frame and goes with the
track; it is brought towards the light of the figure, made as soft as the plate and blurred as far
as the camera moves while the shutter is open; its light goes round the figure's edge; and what the
plate has of grain is laid on it.

Convention
    source       the plate: scene-linear or decoded to it by its own word; any size. Its own alpha
                 is the matte where no other is given; it is premultiplied then.
                 Without both only the track is made.
    matte        the figure's alpha. What `key` made has the foreground too, and it is used; else
                 that is parted from the screen that is seen, or from what else is behind.
    background   a still, a sequence of the plate's numbers, or a wider plate; it stood still.
    reference    the first frame of the range: there the background is laid.
    corners      where the background's corners go on it: bottom left, bottom right, top right, top
                 left; each `x,y` in pixels, lower left origin.
    result       in the plate's space and depth: the composite in R, G, B, alpha 1, all other
                 channels as they were; and `_plate`, the background alone, graded, moved, blurred
                 and grained, to be composed by hand.
    track        in the report, 3x3 for each frame: source pixel of it to that of the reference, top
                 left origin, pixel centres at .5. With `error` and `residual` in pixels.

Holds, and tests/tools/test_background.py pins it:
    a background that was laid behind comes out moved by the plate's own track;
    where alpha is 1 away from an edge the plate is untouched, where it is 0 there is no plate;
    wrap, match, grain and shutter at 0 leave plain over;
    highlights over 1 and light under 0 stay; the wrap's light is bounded;
    backgrounds that are too small, empty mattes, mattes of another size, plates in which nothing
    behind the figure can be tracked are refused in words; one frame needs no track;
    without a matte there are no frames, and the track is told all the same.

Source: `vision/behind.py`, `vision/placed.py`, `vision/seated.py`; the match is `match`'s, held to
balance, exposure and black.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from answerprint.errors import BadInput, BadParameter
from answerprint.frames import charts, colour
from answerprint.frames.clip import Clip, open_clip
from answerprint.frames.frame import Part
from answerprint.frames.grade import Cdl, Grade
from answerprint.frames.layers import Layers
from answerprint.frames.redone import redone
from answerprint.frames.view import png
from answerprint.tool import Flag, Input, Names, Num, tool
from answerprint.tools import tracked
from answerprint.tools.figure import Figures
from answerprint.tools.job import Job, Picture, Plan, Timed, Whole
from answerprint.vision import behind, matching, placed, seated
from answerprint.vision.flow import motions
from answerprint.vision.regrain import Grain, measured
from answerprint.vision.resampled import doubled

SAMPLES, WIDE = 5, 480
LEAST = 0.01
"""Alpha under which a matte is empty."""
MOST = 2.0
"""Times that a background may be enlarged; over SOFT it is said."""
SOFT = 1.1
REACH = 0.006
"""Of the wrap, in picture widths."""
NO_MATTE = (
    "Only the camera was tracked: the plate has no alpha, and no matte was given. Run key first "
    "(answerprint key PLATE), and give its result as --matte."
)
OPEN = 0.001
"""Share of a frame that a background may leave uncovered: rounding."""


@dataclass(frozen=True)
class Background:
    """Put a new background behind a figure, moved and lit like the plate."""

    follow: Annotated[
        bool, Flag(help="Move the background with the camera; off where the camera stands")
    ] = True
    corners: Annotated[
        tuple[str, ...],
        Names(
            help="Where its corners go on the first frame: four x,y in pixels from the lower left; "
            "bottom left first, against the clock. None: it fills the picture",
            live=True,
        ),
    ] = ()
    match: Annotated[
        float, Num(0, 1, help="Balance, exposure and black brought towards the figure's light")
    ] = 0.0
    soften: Annotated[bool, Flag(help="As soft as the plate is at its sharpest")] = True
    focus: Annotated[
        float,
        Num(0, 100, " px", help="Radius of the circle by which it is out of focus", live=True),
    ] = 0.0
    shutter: Annotated[
        float,
        Num(0, 360, " degrees", help="How long the shutter is open: blur of the move", live=True),
    ] = 180.0
    wrap: Annotated[
        float, Num(0, 1, help="Light of the background round the figure's edge", live=True)
    ] = 0.3
    grain: Annotated[float, Num(0, 1, help="The plate's grain on it", live=True)] = 1.0
    despill: Annotated[
        float, Num(0, 1, help="Takes the light of a screen off the figure", live=True)
    ] = 1.0


INPUTS = {
    "background": Input("What stands behind: a still, a sequence or a wider plate", required=True),
    "matte": Input("The figure's alpha, best what key made of the plate; else the plate's own"),
}


@tool("background", "Background", Background, policy="background_replace", inputs=INPUTS)
def background(job: Job, p: Background) -> Plan:
    clip = job.clips["source"]
    figures = Figures(job)
    solved = job.solved or _solve(job, p, figures)
    there = tuple(n for n in clip.frames if n in {*clip.there})
    display = clip.parts[0].display
    size = (display.width, display.height)
    behind_size = _size(job.clips["background"])
    track = [np.array(each["matrix"]) for each in solved["track"]]
    to_background, enlarged = _placed(job, p, behind_size, size, track, solved["numbers"])
    lay = seated.Laid(tuple(solved["numbers"]), np.stack(track), to_background, p.shutter)
    maker = _Maker(job, p, solved, figures, lay)
    timed = Timed(there, lambda n: (n,), maker.make, also=maker.also, beside=("plate",))
    notes = list(solved["notes"])
    if enlarged > SOFT:
        notes.append(
            f"The background is enlarged {enlarged:.2f} times to fill what the camera shows: it is "
            "softer than it could be."
        )
    results = tracked.results(solved, lay, behind_size, size)
    if not figures.known:
        results.append({"kind": "note", "text": NO_MATTE})
        notes.append(NO_MATTE)
    return Plan(
        solved=solved,
        report={
            "track": tracked.told(solved),
            "light": solved["light"],
            "softened": solved["soft"],
        },
        sentence=_sentence(job, solved),
        looked_at={"source": there},
        results=results,
        timed=timed if figures.known else None,
        pictures=lambda: _pictures(job, there if figures.known else ()),
        warnings=notes,
    )


def _size(clip: Clip) -> tuple[int, int]:
    """(width, height) of its pictures."""
    part = next((each for each in clip.parts if each.colour), clip.parts[0])
    return part.display.width, part.display.height


def _number(clip: Clip, frame: int) -> int:
    """The background's frame behind one of the plate: a still's one, or the same number's."""
    if len(clip.frames) == 1:
        return clip.frames[0]
    if frame not in clip.there:
        raise BadInput(
            f"The background {clip.name} has no frame {frame}.",
            "Give it the frames of the plate, or one still for all of them.",
            about="background",
        )
    return frame


# --- solving ---------------------------------------------------------------------------------


def _solve(job: Job, p: Background, figures: Figures) -> dict[str, Any]:
    clip, new = job.clips["source"], job.clips["background"]
    there = [n for n in clip.frames if n in {*clip.there}]
    plate, mine = _size(clip), _size(new)
    if mine[0] < plate[0] or mine[1] < plate[1]:
        raise BadInput(
            f"The background {new.name} is {mine[0]} x {mine[1]}, smaller than the plate "
            f"{clip.name}, {plate[0]} x {plate[1]}.",
            "Give a larger one, or enlarge it on purpose before.",
            about="background",
        )
    track, seen = _tracked(job, p, figures, there)
    if not seen:
        raise BadInput(
            "The matte is empty: no frame has a figure in it.",
            "Look whether it is the right file, and whether black and white are exchanged.",
            about="matte",
        )
    numbers = sorted({there[int(i)] for i in np.linspace(0, len(there) - 1, SAMPLES)})
    light, notes = _matched(job, p, figures, numbers)
    if track is not None and track.parallax > 0.2:
        notes.append(
            f"In {track.parallax:.0%} of the frames what is behind the figure does not move as one "
            "plane: the camera passes things at other depths, and the background will slide there."
        )
    if track is not None and track.lost:
        notes.append(f"{len(track.lost)} frames cannot be tracked; the move goes on between them.")
    rows = []
    for at, number in enumerate(there):
        row: dict[str, Any] = {"frame": number, "matrix": np.eye(3).tolist()}
        if track is not None:
            row["matrix"] = np.round(track.matrices[at], 10).tolist()
            row["error"] = round(float(min(track.error[at], 999)), 4)
            row["residual"] = round(float(track.residual[at]), 4)
        rows.append(row)
    return {
        "numbers": there,
        "track": rows,
        "model": track.model if track is not None else "static",
        "lens": track.lens if track is not None else None,
        "parallax": round(track.parallax, 3) if track is not None else 0.0,
        "tint": figures.tint(there[len(there) // 2]),
        "light": light,
        "soft": _softness(job, p, numbers) if p.soften else 0.0,
        "notes": notes,
    }


def _tracked(
    job: Job, p: Background, figures: Figures, there: Sequence[int]
) -> tuple[behind.Track | None, bool]:
    """The track, None where there is nothing to follow; and whether there is a figure at all."""
    clip = job.clips["source"]
    wanted = p.follow and len(there) > 1
    camera, seen = behind.Behind(), False
    for done, number in enumerate(there, 1):
        job.events.check()
        light, valid, alpha = figures.whole(number)
        seen |= not figures.known or bool((alpha > LEAST).any())
        if wanted:
            camera.see(number, light, valid, alpha if figures.known else None)
        elif seen:
            break
        job.events.progress("track", done, len(there), f"frame {number}")
    if not wanted or not seen:
        return None, seen
    track = camera.track()
    if track is None or len(track.lost) > len(there) // 2:
        raise BadInput(
            f"Nothing behind the figure in {clip.name} can be followed: it is flat, or hidden.",
            "Give the plate before it was keyed, and its matte; or use --no-follow where the "
            "camera stands.",
            about="follow",
        )
    return track, seen


def _matched(
    job: Job, p: Background, figures: Figures, numbers: Sequence[int]
) -> tuple[dict[str, Any] | None, list[str]]:
    """The grade of the background towards the plate, as plain numbers: towards the figure alone
    where the rest is a screen."""
    if not p.match:
        return None, []
    new = job.clips["background"]
    hero, screen = {}, figures.tint(numbers[0]) is not None
    for number in numbers:
        light, valid, alpha = figures.whole(number)
        hero[number] = (light, valid & (alpha > seated.SURE) if screen else valid)
    shot = {m: new.picture(m, WIDE) for m in {_number(new, n) for n in numbers}}

    def told(done: int, total: int) -> None:
        job.events.check()
        job.events.progress("match", done, total)

    solved = matching.solve(shot, hero, "auto", False, told)
    outcome = matching.outcome(solved, "balance", p.match, [])
    if outcome.refused:
        return None, [f"The background's light is left as it is. {solved['why']}"]
    return outcome.grade.cdl.as_dict(), list(outcome.warnings)


def _softness(job: Job, p: Background, numbers: Sequence[int]) -> float:
    """How far (sigma, px) the background has to be blurred to be as soft as the plate."""
    clip, new = job.clips["source"], job.clips["background"]
    plates = [seated.softness(clip.picture(n)[0]) for n in numbers]
    known = [each for each in plates if each is not None]
    theirs = seated.softness(new.picture(_number(new, numbers[0]))[0])
    if not known or theirs is None:
        return 0.0
    scale = max(a / b for a, b in zip(_size(clip), _size(new), strict=True))
    more = min(known) ** 2 - (theirs * scale) ** 2
    return round(float(np.sqrt(max(more, 0.0))), 3)


def _placed(
    job: Job,
    p: Background,
    mine: tuple[int, int],
    size: tuple[int, int],
    track: Sequence[np.ndarray],
    numbers: Sequence[int],
) -> tuple[np.ndarray, float]:
    """From the reference frame's pixel to the background's, and how far it is enlarged."""
    if p.corners:
        try:
            matrix = placed.pinned(mine, _corners(p.corners, size[1]))
        except ValueError:
            raise BadParameter(
                f"Background: corners is {' '.join(p.corners)!r}, which crosses itself.",
                "Give them round the picture: bottom left, bottom right, top right, top left.",
            ) from None
        enlarged = 0.0
    else:
        matrix, enlarged = placed.filling(mine, size, track)
        if enlarged > MOST:
            wide, tall = (round(n * enlarged) for n in mine)
            raise BadInput(
                f"The camera moves so far that the background {job.clips['background'].name} would "
                f"have to be enlarged {enlarged:.1f} times.",
                f"Give one of about {wide} x {tall}, or corners of your own.",
                about="background",
            )
    to_background = np.linalg.inv(matrix)
    for number, each in zip(numbers, track, strict=True):
        lacking = placed.beyond(to_background @ each, mine, size)
        if lacking > OPEN:
            raise BadInput(
                f"The background {job.clips['background'].name} leaves {lacking:.1%} of frame "
                f"{number} uncovered.",
                "Move its corners outwards, or give a larger one.",
                about="corners",
            )
    return to_background, enlarged


def _corners(given: Sequence[str], tall: int) -> np.ndarray:
    words = " ".join(given).split()
    pairs = [re.fullmatch(r"(-?[\d.]+),(-?[\d.]+)", word) for word in words]
    try:
        at = np.array([[float(v) for v in pair.groups()] for pair in pairs if pair])
    except ValueError:
        at = np.zeros((0, 2))
    if len(words) != 4 or at.shape != (4, 2):
        raise BadParameter(
            f"Background: corners is {' '.join(given)!r}.",
            'Give four places, such as "0,0 1920,0 1920,1080 0,1080".',
        )
    return np.stack([at[:, 0] - 0.5, tall - at[:, 1] - 0.5], axis=1)


# --- frames ----------------------------------------------------------------------------------


class _Maker:
    """Makes the frames, each from itself, its matte and what is behind."""

    def __init__(
        self,
        job: Job,
        p: Background,
        solved: Mapping[str, Any],
        figures: Figures,
        lay: seated.Laid,
    ) -> None:
        self._p, self._figures, self._lay = p, figures, lay
        self._new, self._soft = job.clips["background"], solved["soft"]
        self._tint = None if solved["tint"] is None else np.array(solved["tint"], np.float32)
        self._grade = Grade(Cdl.of(solved["light"])) if solved["light"] else None
        self._fine: tuple[int, np.ndarray, np.ndarray] | None = None
        self._numbers = solved["numbers"]
        self._grain: Grain | None = None
        self._measured = False

    def also(self, number: int) -> list[str]:
        return [*self._figures.also(number), self._new.sha256(_number(self._new, number))]

    def make(self, number: int, layers: Layers) -> Whole:
        frame, picture = layers.frame(number), layers.picture(number)
        part = frame.parts[picture[0]]
        p = self._p
        alpha = self._figures.alpha(number, part)
        front = self._figures.front(number, part, alpha, self._tint, p.despill)
        back = self._behind(number, part)
        grain = self._grain_of(layers) if p.grain else None
        around = seated.wrapped(back, alpha, p.wrap, REACH * part.display.width)
        light = front + back * (1 - alpha)[..., None] + around
        light = seated.grained(light, alpha, grain, p.grain, number)
        alone = seated.grained(back, np.zeros_like(alpha), grain, p.grain, number)
        parts, made = redone(frame, picture, light, {"A": np.ones_like(alpha)})
        rgb = colour.from_acescg(alone, frame.space)
        return Whole(
            made, parts=parts, beside={"plate": {c: rgb[..., i] for i, c in enumerate("RGB")}}
        )

    def _behind(self, number: int, part: Part) -> np.ndarray:
        """The background over the part's data window, without grain."""
        fine, reduced = self._doubled(_number(self._new, number))
        data, display = part.data, part.display
        looks = self._lay.looks(number, (display.width, display.height))
        shift = (data.x - display.x, data.y - display.y)
        size = (data.width, data.height)
        light = seated.laid(fine, [reduced @ each for each in looks], size, shift)
        return seated.softened(light, self._soft, self._p.focus)

    def _doubled(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """The background for looking up, and the matrix from its pixels to that picture's."""
        if self._fine is None or self._fine[0] != number:
            scale = np.sqrt(abs(np.linalg.det(self._lay.to_background[:2, :2])))
            wide = self._new.parts[0].display.width
            narrow = max(1, round(wide / max(scale, 1.0)))  # finer than shown, it would crawl
            light = self._new.picture(number, narrow)[0]
            if self._grade:
                light = np.asarray(self._grade.light(light), np.float32)
            zoom = light.shape[1] / wide, light.shape[0] / self._new.parts[0].display.height
            matrix = np.diag([*zoom, 1.0])
            matrix[:2, 2] = (np.array(zoom) - 1) / 2
            self._fine = number, doubled(light, bounded=True), matrix
        return self._fine[1:]

    def _grain_of(self, layers: Layers) -> Grain | None:
        """The plate's grain, by two neighbours in the middle of the shot."""
        if not self._measured:
            self._measured = True
            at = max(1, len(self._numbers) // 2)
            pair = self._numbers[at - 1 : at + 1]
            if len(pair) == 2:
                one, other = (self._figures.whole(n)[0] for n in pair)
                self._grain = measured(one, other, motions(one, other)[0].flow)
        return self._grain


# --- saying ----------------------------------------------------------------------------------


def _sentence(job: Job, solved: Mapping[str, Any]) -> str:
    source, new = job.clips["source"].name, job.clips["background"].name
    if solved["model"] == "static":
        return f"{new} stands behind the figure of {source}."
    errors = [row["error"] for row in solved["track"] if "error" in row]
    return (
        f"{new} stands behind the figure of {source} and moves with its camera ({solved['model']}, "
        f"corners known to {np.median(errors):.3f} px)."
    )


def _pictures(job: Job, numbers: Sequence[int]) -> list[Picture]:
    """Of the first, the middle and the last frame: the plate, and what became of it."""
    folder, made = job.out / "report", list[Picture]()
    clip = job.clips["source"]
    for number in sorted({*numbers[:1], *numbers[-1:], *numbers[len(numbers) // 2 :][:1]}):
        path = job.out / f"{job.name}.{number:04d}.exr"
        if not path.exists():
            continue  # it was not made: the report says why
        with open_clip(str(path), colourspace=clip.space.name) as result:
            after = result.picture(result.there[0], 2 * WIDE)[0]
        try:
            before = clip.picture(number, 2 * WIDE)[0]
        except BadInput:
            continue
        folder.mkdir(exist_ok=True)
        shown = folder / f"{job.name}_{number:04d}.png"
        png(str(shown), charts.beside([colour.through_view(each) for each in (before, after)]))
        made.append(Picture(shown, f"Frame {number}: the plate, and over the new background."))
    return made
