"""Proposals for the holes of a cut as OTIO: a stack over each hole, for an editor to audition.

Convention
    tracks     of picture above all of the cut's own, named AUDITION 1, 2, ...: the best proposals
               lie in the first. All are switched off, so the cut shows what it showed. Where holes
               of two tracks overlap, the stack of the second lies above that of the first.
    a clip     fills its hole to the frame, names its media by its full path, and has its whole clip
               as the range that is available. A change of speed is OTIO's own LinearTimeWarp. The
               hole's name stands before its own, so that no shot of the cut is called otherwise.
    a marker   on each: what it is, its confidence, what it needs and why, and the same as plain
               values under 'answerprint'. A reframe is told there; no system shares one in OTIO.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio

from answerprint.check import unlike
from answerprint.check.holes import Missing
from answerprint.edit.cut import Cut
from answerprint.edit.lines import external, span
from answerprint.edit.marked import Row, write_marked
from answerprint.edit.timeline import Document
from answerprint.show.propose import Proposal

TRACK = "AUDITION"
COLOURS = {"same": "GREEN", "alternate": "CYAN", "wider": "BLUE", "head": "PINK", "tail": "PINK"}
"""Of markers, by the kind of proposal."""

Found = Sequence[tuple[Missing, Sequence[Proposal]]]


@dataclass(frozen=True)
class Spot:
    """Where a proposal lies.

    id       of the proposal: its hole and its rank from 1, 'gap_2.1'.
    track    of the audition, from 1.
    at       the frame of the cut, from 0 at its first, where it starts; `frames` how many it fills.
    """

    id: str
    track: int
    at: int
    frames: int


def spots(found: Found) -> list[list[Spot]]:
    """Where each proposal lies: of each hole a list, the best first."""
    made, stacks = list[list[Spot]](), list[tuple[int, int, int]]()
    for hole, proposals in found:
        first, last = hole.range
        below = max((top for a, b, top in stacks if a <= last and first <= b), default=0)
        stacks.append((first, last, below + len(proposals)))
        made.append(
            [
                Spot(f"{hole.id}.{turn}", below + turn, first, hole.length)
                for turn in range(1, len(proposals) + 1)
            ]
        )
    return made


def write_audition(
    cut: Cut,
    document: Document,
    clips: Sequence[otio.schema.Clip],
    found: Found,
    rows: Sequence[Row],
    path: Path,
) -> tuple[str, ...]:
    """Write the cut with the proposals above it; what is to be said of it.

    cut, document, clips   of `cut.read_with_clips`; they stay as they are.
    rows                   markers of the holes, as `write_marked` takes them.

    Raises CannotWrite; the file is there whole or not at all.
    """
    made = replace(document, timeline=document.timeline.deepcopy())
    pairs = zip(document.timeline.find_clips(), made.timeline.find_clips(), strict=True)
    became = {id(old): new for old, new in pairs}
    copies = [became[id(clip)] for clip in clips]
    stack = made.timeline.tracks
    top = max((n for n, each in enumerate(stack) if _is_picture(each)), default=-1)
    for turn, track in enumerate(_tracks(cut, found)):
        stack.insert(top + 1 + turn, track)
    return write_marked(cut, made, copies, rows, path)


def _is_picture(item: otio.core.Composable) -> bool:
    return not isinstance(item, otio.schema.Track) or item.kind == otio.schema.TrackKind.Video


def _tracks(cut: Cut, found: Found) -> list[otio.schema.Track]:
    """The tracks of the audition, the lowest first, each proposal at its place."""
    every = list[tuple[Spot, Missing, Proposal]]()
    for (hole, proposals), places in zip(found, spots(found), strict=True):
        every += [(spot, hole, each) for spot, each in zip(places, proposals, strict=True)]
    made = list[otio.schema.Track]()
    for number in range(1, max((spot.track for spot, *_ in every), default=0) + 1):
        track = otio.schema.Track(f"{TRACK} {number}", kind=otio.schema.TrackKind.Video)
        track.metadata["answerprint"] = {"audition": number}
        at = 0
        for spot, hole, each in every:
            if spot.track != number:
                continue
            if spot.at > at:
                track.append(otio.schema.Gap(source_range=span(0, spot.at - at, cut.rate)))
            track.append(_clip(cut, spot, hole, each))
            at = spot.at + spot.frames
        made.append(track)
    return made


def _clip(cut: Cut, spot: Spot, hole: Missing, proposal: Proposal) -> otio.schema.Clip:
    take = proposal.take
    rate = take.rate or cut.rate
    begin = take.whole[0] if take.start is None else take.start - take.first + take.whole[0]
    media = external(take.path, *take.whole, begin, rate)
    lasts = Fraction(spot.frames) * rate / cut.rate
    shown = otio.opentime.TimeRange(
        otio.opentime.RationalTime(begin + proposal.first - take.whole[0], float(rate)),
        otio.opentime.RationalTime(float(lasts), float(rate)),
    )
    made = otio.schema.Clip(f"{spot.id} {take.name}", media, shown)
    made.enabled = False
    if proposal.speed != 1:
        made.effects.append(otio.schema.LinearTimeWarp(name="speed", time_scalar=proposal.speed))
    told = {**asdict(spot), "hole": hole.id, "proposal": _plain(proposal)}
    made.metadata["answerprint"] = told
    made.markers.append(_marker(proposal, shown, told))
    return made


def _plain(proposal: Proposal) -> Mapping[str, object]:
    return {name: each for name, each in proposal.as_dict().items() if each is not None}


def _marker(
    proposal: Proposal, shown: otio.opentime.TimeRange, told: Mapping[str, object]
) -> otio.schema.Marker:
    name = f"{proposal.kind} {proposal.confidence:.2f}"
    text = words(proposal)
    metadata = {"answerprint": told, "Resolve_OTIO": {"Keywords": [], "Note": text}}
    one = otio.opentime.RationalTime(1, shown.start_time.rate)
    at = otio.opentime.TimeRange(shown.start_time, one)
    return otio.schema.Marker(name, at, COLOURS[proposal.kind], metadata, text)


def words(proposal: Proposal) -> str:
    """What a proposal is and what it needs, in sentences."""
    said = [proposal.why]
    if proposal.light:
        apart = unlike.told(proposal.light)
        beside = f"Beside {proposal.reference} it is"
        said.append(f"{beside} {apart}: it needs a match." if apart else f"{beside} lit alike.")
    elif "match" in proposal.needs:
        beside = f" to {proposal.reference}" if proposal.reference else ""
        said.append(f"It may need a match{beside}.")
    if proposal.reframe:
        scale, (x, y) = proposal.reframe["scale"], proposal.reframe["offset"]
        said.append(f"It needs a reframe: {scale:.2f} times, moved by {x:+.3f}, {y:+.3f}.")
    if "retime" in proposal.needs:
        at = f" to {100 * proposal.speed:.0f} %" if proposal.speed != 1 else ""
        said.append(f"It needs a retime{at}.")
    return " ".join(said)
