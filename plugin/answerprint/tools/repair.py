"""Find damaged frames and parts of frames, and mend them from the frames around them.

Frames that stand twice, flash or are black are rebuilt between their neighbours; a jump where a
frame was dropped is spread over the steps around it. Dust, dirt, sparkle, stuck pixels of a
sensor, scratches, lost macroblocks and half-exposed rows are replaced where they are, along the
motion, and nothing else of the frame is touched.

Convention
    source   a shot, or a few: scene-linear or decoded to it by its own word; any size.
    result   the range, in the source's own space and depth, as many frames as before. Frames in
             which nothing was found are bit-identical; of the others all pixels outside of the
             finds' soft masks, and every channel but R, G, B of the first view. Nothing clamps.
    finds    frame, kind, region (x, y, width, height from the top left of the display window)
             and confidence; all of them stand in the report and in the recipe. Those under `sure`
             are told and not mended.
    kinds    whole frames: duplicate, dropped, flash, black; parts: half, dust (bright), dirt
             (dark), sparkle (a bright point), hot, dead, scratch, block.
    _qc      mask.Y: what was made anew, soft; confidence.Y.
    sides    the first and the last frame of a shot are searched for dust beside the two next to
             them; what is not beyond doubt is left there: it may be something that is then hidden.
             Scratches and stuck pixels are searched for in all frames; lost blocks are not in these
             two. In a shot of two frames there is no dust to be told. Over a cut nothing is mended.

Holds, and tests/tools/test_repair.py pins it:
    each kind is found where it was put, and a clean shot has no finds and gets no frames;
    outside of the masks all pixels and channels are bit-identical;
    what was put on the shot is gone, highlights of 60 and shadows of -0.05 stay;
    any part of the range gives the same frames;
    what moves, flies or rains is no dust;
    one frame, alpha only, and an unknown kind are refused in words.

Source: the files under vision/ name theirs; `faulty.py` finds whole frames, as for the check.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import cv2
import numpy as np

from answerprint.errors import BadInput, BadParameter
from answerprint.frames import charts, colour
from answerprint.frames.canvas import common, cut, onto
from answerprint.frames.clip import Clip, picture_of, shown
from answerprint.frames.frame import Window
from answerprint.frames.layers import Layers
from answerprint.frames.sequence import ranges
from answerprint.frames.still import open_still
from answerprint.frames.view import png
from answerprint.tool import Flag, Names, Num, frame_numbers, tool
from answerprint.tools.job import Job, Picture, Plan, Timed, Whole
from answerprint.tools.shown import Mark, markers
from answerprint.vision.between import middle
from answerprint.vision.damage import moved, neighbours, parts, starts_and_spoiled
from answerprint.vision.finds import KINDS, PARTS, WHOLE, Find, mask_of, of_dict, part
from answerprint.vision.mended import GUESSED, Lender, closed, mended
from answerprint.vision.rebuild import Around

LONGEST = 8
"""Spoiled frames in a row that are rebuilt; more would be a guess, which `fill` makes by order."""
STAYS, LENDERS = ("scratch", "hot", "dead"), 4
"""Damage that is in the frames beside as well, and how many to each side are asked then."""
RIM = 0.5
"""How much of a pixel right beside a find is replaced."""
SHOWN, WIDE = 3, 960
LARGEST = 65504.0
"""Half float's."""
CERTAIN = {"duplicate": 0.95, "dropped": 0.8, "flash": 0.9, "black": 0.9, "half": 0.85}


@dataclass(frozen=True)
class Repair:
    """Find and mend damaged frames, dust, scratches and lost blocks."""

    detect_only: Annotated[
        bool, Flag(help="List what is damaged and make no frames", live=True)
    ] = False
    sure: Annotated[
        float, Num(0, 1, help="Mend what is found with at least this confidence", live=True)
    ] = 0.5
    kinds: Annotated[
        tuple[str, ...], Names(help="Look for these kinds of damage only; all where none is named")
    ] = ()


@tool("repair", "Repair", Repair, policy="frame_repair_retime")
def repair(job: Job, p: Repair) -> Plan:
    unknown = [k for k in p.kinds if k not in KINDS]
    if unknown:
        raise BadParameter(
            f"Repair: kinds is '{unknown[0]}', which is no kind of damage.",
            f"There is: {', '.join(KINDS)}.",
            about="kinds",
        )
    solved = job.solved or _solve(job, p.kinds or KINDS)
    finds = [of_dict(each) for each in solved["finds"]]
    mender = _Mender(job.clips["source"], solved, [f for f in finds if f.confidence >= p.sure])
    mending = bool(mender.numbers) and not p.detect_only
    sentence = _sentence(job.clips["source"].name, finds, mender, p.detect_only)
    there = tuple(n for n in job.clips["source"].frames if n in {*job.clips["source"].there})
    return Plan(
        solved=solved,
        report=_report(finds, mender, mending, solved),
        sentence=sentence,
        looked_at={"source": tuple(solved["looked_at"])},
        results=_results(finds, mender if mending else None, sentence),
        timed=Timed(there, mender.rests_on, mender.make) if mending else None,
        pictures=lambda: _pictures(job, finds, mending),
        warnings=[f"Not searched: frame {n}. {why}" for n, why in solved["failed"].items()],
    )


# --- finding -------------------------------------------------------------------------------


def _solve(job: Job, kinds: Sequence[str]) -> dict[str, Any]:
    clip = job.clips["source"]
    there = [n for n in clip.frames if n in {*clip.there}]
    if len(there) < 3:
        raise BadInput(
            f"{clip.name} has {len(there)} frame{'s' * (len(there) > 1)} in the range.",
            "Damage is told from the frames around it: give at least three.",
        )

    def told(what: str, done: int, total: int) -> None:
        job.events.check()
        job.events.progress(what, done, total)

    seen = starts_and_spoiled(clip, there, told)
    failed: dict[int, str] = seen["failed"]
    if len(failed) == len(there):
        raise BadInput(
            f"None of the frames {ranges(there)} of {clip.name} can be searched.",
            "Give frames that have a picture.",
            failed[there[0]],
        )
    finds = _whole(seen) + [_half(clip, n, half) for n, half in seen["halves"].items()]
    spoiled = {f.frame for f in finds if f.kind != "dropped"}
    finds = [f for f in finds if f.kind in kinds]
    good = [n for n in there if n not in spoiled and n not in failed]
    if {*kinds} & {*PARTS} - {"half"}:
        finds += parts(Layers(clip), good, seen["starts"], kinds, told)
    finds.sort(key=lambda f: (f.frame, f.kind, f.region or ()))
    return {
        "finds": [f.as_dict() for f in finds],
        "starts": seen["starts"],
        "good": ranges(good) if good else "",
        "jumps": seen["jumps"],
        "cadence": seen["cadence"],
        "failed": {str(n): why for n, why in failed.items()},
        "looked_at": [n for n in there if n not in failed],
    }


def _whole(seen: Mapping[str, Any]) -> list[Find]:
    notes = {n: f"{light:+.1f} stop" for n, light in seen["flash_light"].items()}
    meant = {*seen["faded"]}
    found = [
        *(("duplicate", n, f"as {group[0]}") for group in seen["duplicates"] for n in group[1:]),
        *(("dropped", n, f"{seen['jumps'][str(n)]:.1f} times as far") for n in seen["dropped"]),
        *(("flash", n, notes[str(n)]) for n in seen["flashes"]),
        *(("black", n, "") for n in seen["blacks"] if n not in meant),
    ]
    return [Find(n, kind, CERTAIN[kind], note=note) for kind, n, note in found]


def _half(clip: Clip, number: int, half: Any) -> Find:
    with clip.open(number) as frame:
        index, _, box = shown(frame)
        own = frame.parts[index]
        first, last = (round(share * box.height) for share in half.rows)
        at = (own.data.x - own.display.x + box.x, own.data.y - own.display.y + box.y + first)
    mask = np.ones((last - first, box.width), bool)
    return part(number, "half", CERTAIN["half"], at, mask, f"{half.stops:+.1f} stop")


# --- mending -------------------------------------------------------------------------------


class _Mender:
    """Makes the frames that have finds.

    numbers   those it makes anew. left: number -> why a find of it is not mended.
    whole     number -> the kinds of damage for which it is rebuilt as a whole.
    """

    def __init__(self, clip: Clip, solved: Mapping[str, Any], finds: Sequence[Find]) -> None:
        self._starts: list[int] = solved["starts"]
        self._jumps: dict[str, float] = solved["jumps"]
        self._good = {*frame_numbers(solved["good"])} & {*clip.there}
        self._parts: dict[int, list[Find]] = {}
        self._between: dict[int, tuple[int, int, float]] = {}
        self.left: dict[int, str] = {}
        self.whole: dict[int, set[str]] = {}
        for find in finds:
            if find.kind in PARTS:
                self._parts.setdefault(find.frame, []).append(find)
            elif find.kind == "dropped":
                self._spread(find)
            else:
                self._rebuild(find)
        self._parts = {n: each for n, each in self._parts.items() if n not in self._between}
        self.numbers = tuple(sorted({*self._between, *self._parts}))

    def rests_on(self, number: int) -> tuple[int, ...]:
        if number in self._between:
            before, after, t = self._between[number]
            return (before, after) if t <= 0.5 else (after, before)
        if number in self._parts:
            return (number, *self._beside(number))
        return (number,)

    def make(self, number: int, layers: Layers) -> Whole | None:
        if number in self._between:
            return self._as_a_whole(number, layers)
        if number in self._parts:
            return self._in_parts(number, layers)
        return None

    def takes(self, find: Find) -> bool:
        """Whether a find is gone from what it makes."""
        return find.frame in self._between or find in self._parts.get(find.frame, ())

    def mark(self, number: int, finds: Sequence[Find]) -> Mark:
        """What becomes of a frame with these finds."""
        gone = {f.kind for f in finds if self.takes(f)} | self.whole.get(number, set())
        left = sorted({f.kind for f in finds if not self.takes(f)})
        told = ", ".join(sorted(gone))
        if number in self._between:
            before, after, _ = self._between[number]
            return Mark(number, number, "rebuilt", f"{told}, from {before} and {after}")
        if not gone:
            return Mark(number, number, "damaged", ", ".join(left))
        more = f"; left: {', '.join(left)}" if left else ""
        return Mark(number, number, "mended", told + more)

    def _rebuild(self, find: Find) -> None:
        number = find.frame
        before, after = neighbours(number, self._good, self._starts, LONGEST)
        if before is None or after is None or after - before > LONGEST + 1:
            self.left[number] = "It has no sound frame of its shot near by on both sides."
        else:
            self._between[number] = (before, after, (number - before) / (after - before))
            self.whole.setdefault(number, set()).add(find.kind)

    def _spread(self, find: Find) -> None:
        """Both frames beside a jump are moved so that three steps are of one length."""
        before, number = find.frame - 1, find.frame
        if before not in self._good or number not in self._good:
            self.left[number] = "A frame beside the jump is damaged itself."
            return
        jump = max(self._jumps[str(number)], 1.0)
        t = (jump - 1) / (3 * jump)
        self._between[before] = (before, number, t)
        self._between[number] = (before, number, 1 - t)
        for each in (before, number):
            self.whole.setdefault(each, set()).add(find.kind)

    def _beside(self, number: int) -> list[int]:
        """The frames that can lend, the nearest first; more where they are damaged alike."""
        stays = any(f.kind in STAYS for f in self._parts.get(number, ()))
        found: list[int] = []
        sides = [number, number]
        for _ in range(LENDERS if stays else 1):
            for side in (0, 1):
                next_one = neighbours(sides[side], self._good, self._starts)[side]
                if next_one is not None:
                    sides[side] = next_one
                    found.append(next_one)
        return found

    def _as_a_whole(self, number: int, layers: Layers) -> Whole:
        before, after, t = self._between[number]
        around = Around(layers, before, after, self.rests_on(number)[0])
        first, second = (around.light(n)[0] for n in (before, after))
        made = around.frame(middle(first, second, t, around.motions), number)
        told: dict[str, Any] = {"repaired": "whole", "from": [before, after], "at": round(t, 3)}
        told["confidence"] = round(float(made.sure.mean()), 3)
        return Whole(
            made.layers, {"mask.Y": np.ones_like(made.sure), "confidence.Y": made.sure}, told
        )

    def _in_parts(self, number: int, layers: Layers) -> Whole:
        frame = layers.frame(number)
        index, view = layers.picture(number)
        light = layers.light(number)[0]
        mask = self._mask(number, layers)
        bad = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        whole = closed(light, bad)
        lenders: list[Lender] = []
        asked = self._beside(number)
        for count, other in enumerate(asked, 1):
            lent, hurt = self._laid(other, layers, frame.parts[index].data)
            lent = closed(lent, hurt)
            lenders.append(Lender(lent, hurt, moved(whole, lent)[0].flow))
            if count % 2 == 0 and not (mended(light, bad, lenders)[1][bad] <= GUESSED).any():
                break  # everything is lent by one frame at least
        made, sure = mended(light, bad, lenders)
        share = np.where(mask, 1.0, np.where(bad, RIM, 0.0)).astype(np.float32)
        mixed = light[bad] + (made[bad] - light[bad]) * share[bad][:, None]
        code = colour.from_acescg(mixed, frame.space)
        result = list(frame.layers)
        fits = not code.size or float(np.abs(code).max()) <= LARGEST
        result[index] = result[index].copy() if fits else result[index].astype(np.float32)
        result[index][np.nonzero(bad)[0][:, None], np.nonzero(bad)[1][:, None], list(view)] = code
        kinds = Counter(f.kind for f in self._parts[number])
        told: dict[str, Any] = {"repaired": dict(sorted(kinds.items()))}
        told["from"] = asked[: len(lenders)]
        told["confidence"] = round(float(sure[bad].mean()), 3) if bad.any() else 1.0
        return Whole(result, {"mask.Y": share, "confidence.Y": sure}, told)

    def _laid(self, number: int, layers: Layers, window: Window) -> tuple[np.ndarray, np.ndarray]:
        """A neighbour's light and what it cannot lend, over another frame's data window."""
        light, valid = layers.light(number)
        own = layers.frame(number).parts[layers.picture(number)[0]].data
        hurt = self._mask(number, layers) | ~valid
        both = common((own, window))
        lit, sound = onto(light, own, both), onto(~hurt, own, both)
        return np.ascontiguousarray(cut(lit, both, window)), ~cut(sound, both, window)

    def _mask(self, number: int, layers: Layers) -> np.ndarray:
        own = layers.frame(number).parts[layers.picture(number)[0]]
        at = (own.data.x - own.display.x, own.data.y - own.display.y)
        return mask_of(self._parts.get(number, ()), (own.data.height, own.data.width), at)


# --- saying --------------------------------------------------------------------------------


def _report(
    finds: Sequence[Find], mender: _Mender, mending: bool, solved: Mapping[str, Any]
) -> dict[str, Any]:
    rows = []
    for find in finds:
        told = {k: v for k, v in find.as_dict().items() if k != "mask"}
        rows.append(told | {"mended": mending and mender.takes(find)})
    return {
        "finds": rows,
        "found": dict(sorted(Counter(f.kind for f in finds).items())),
        "mended": list(mender.numbers) if mending else [],
        "left": {str(n): why for n, why in mender.left.items()},
        "cadence": solved["cadence"],
    }


def _sentence(name: str, finds: Sequence[Find], mender: _Mender, only: bool) -> str:
    if not finds:
        return f"{name}: no damage was found, nothing is made."
    counts = Counter(f.kind for f in finds)
    listed = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
    frames = len({f.frame for f in finds})
    told = f"{name}: {listed} in {frames} frame{'s' * (frames > 1)}"
    if only:
        return f"{told}; nothing is made."
    if not mender.numbers:
        return f"{told}; none can be mended."
    return f"{told}; {len(mender.numbers)} made anew."


def _results(finds: Sequence[Find], mender: _Mender | None, sentence: str) -> list[dict[str, Any]]:
    """Markers, one for each run of frames of which the same became; where no frames are made, a
    note that says so."""
    found: dict[int, list[Find]] = {n: [] for n in (mender.numbers if mender else ())}
    for find in finds:
        found.setdefault(find.frame, []).append(find)
    marks: list[Mark] = []
    for number, each in sorted(found.items()):
        mark = Mark(number, number, "damaged", ", ".join(sorted({f.kind for f in each})))
        if mender:
            mark = mender.mark(number, each)
        last = marks[-1] if marks else None
        if last and last.last + 1 == number and last[2:] == mark[2:]:
            marks[-1] = last._replace(last=number)
        else:
            marks.append(mark)
    told = [markers(marks)] if marks else []
    return told if mender else [*told, {"kind": "note", "text": sentence}]


def _pictures(job: Job, finds: Sequence[Find], mending: bool) -> list[Picture]:
    """The frames with the most finds, these marked, and what was made of them."""
    clip = job.clips["source"]
    worst = [n for n, _ in Counter(f.frame for f in finds).most_common(SHOWN)]
    made = []
    for number in sorted(worst):
        row = [_marked(clip, number, [f for f in finds if f.frame == number])]
        path = job.out / f"{job.name}.{number:04d}.exr"
        if mending and path.exists():
            with clip.open(number) as frame, open_still(str(path)) as still:
                light = picture_of(still, clip.result_space(frame), WIDE)[0]
            row.append(colour.through_view(light))
        (job.out / "report").mkdir(exist_ok=True)
        shown_at = job.out / "report" / f"{job.name}_{number:04d}.png"
        png(str(shown_at), charts.beside(row))
        after = ", and as it was made" if len(row) > 1 else ""
        made.append(Picture(shown_at, f"Frame {number}, its finds marked{after}."))
    return made


def _marked(clip: Clip, number: int, finds: Sequence[Find]) -> np.ndarray:
    code = np.ascontiguousarray(colour.through_view(clip.picture(number, WIDE)[0]), np.float32)
    pictured = next(each for each in clip.parts if each.colour)
    scale = code.shape[1] / max(1, min(pictured.data.width, pictured.display.width))
    for find in finds:
        if find.kind in WHOLE or find.region is None:
            continue
        x, y, w, h = find.region
        one = (round((x - 3) * scale), round((y - 3) * scale))
        other = (round((x + w + 3) * scale), round((y + h + 3) * scale))
        cv2.rectangle(code, one, other, (1.0, 0.35, 0.1), 1, cv2.LINE_AA)
    return code
