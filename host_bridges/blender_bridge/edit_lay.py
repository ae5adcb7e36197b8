# SPDX-License-Identifier: GPL-3.0-or-later
"""How strips that lie beside each other become tracks: what is joined by transitions stands on one.

Blender puts a transition on a channel of its own, above two strips that overlap on two others. A
track has them in a row: both are cut in the middle of the transition, which says how far it
reaches to either side.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, Sequence, Tuple

JOINS = ("CROSS", "GAMMA_CROSS", "WIPE")
NO_TRACK = ("SOUND", "ADJUSTMENT")
PICTURES = ("IMAGE", "MOVIE", "META", "SCENE", "MOVIECLIP")


@dataclass
class Laid:
    """A strip as it stands on its track, from a frame of the scene to before another.

    joined    frames before and after its end that a transition reaches; dissolves: of which kind.
    speed     the speed effect over it, or None. effects: names of the others.
    beside    all strips that it lies beside.
    """

    strip: Any
    first: int
    end: int
    joined: Tuple[int, int] | None = None
    dissolves: bool = True
    speed: Any = None
    effects: List[str] = field(default_factory=list)
    next: Laid | None = None
    beside: Sequence[Any] = ()

    def under(self) -> List[Any]:
        """The pictures under it."""
        return [
            each
            for each in self.beside
            if each.type in PICTURES
            and not each.mute
            and each.channel < self.strip.channel
            and each.frame_final_start < self.end
            and each.frame_final_end > self.first
        ]


@dataclass
class Track:
    """kind: 'Video' or 'Audio'. effects: of what is under it."""

    channel: int
    kind: str = "Video"
    laid: List[Laid] = field(default_factory=list)
    effects: List[str] = field(default_factory=list)

    @property
    def end(self) -> int:
        return self.laid[-1].end


def layout(strips: Sequence[Any]) -> List[Track]:
    """The tracks of the picture, from the bottom up."""
    effects = [each for each in strips if inputs(each)]
    stands = [each for each in strips if not inputs(each) and each.type not in NO_TRACK]
    laid = {each.name: of(each, strips) for each in stands if each.frame_final_duration > 0}
    for each in sorted(effects, key=lambda each: each.frame_final_start):
        if not each.mute:
            _apply(each, laid)
    tracks = _tracks(_chains(list(laid.values())))
    for each in strips:
        if each.type == "ADJUSTMENT" and not each.mute and tracks:
            tracks[-1].effects.append(each.name)
    return tracks


def of(strip: Any, beside: Sequence[Any] = ()) -> Laid:
    """A strip as it lies in the scene."""
    first, end = int(strip.frame_final_start), int(strip.frame_final_end)
    return Laid(strip, first, end, beside=beside)


def inputs(strip: Any) -> List[Any]:
    """The strips that an effect shows."""
    found = (getattr(strip, f"input_{number}", None) for number in (1, 2))
    return [each for each in found if each is not None]


def _apply(effect: Any, laid: Dict[str, Laid]) -> None:
    there = [laid[name] for name in map(_shown, inputs(effect)) if name in laid]
    if effect.type in JOINS and len(there) == 2 and _join(effect, *there):
        return
    for each in there[:1]:
        if effect.type == "SPEED" and each.strip.type in ("IMAGE", "MOVIE"):
            each.speed = effect
        else:
            each.effects.append(effect.name)


def _shown(strip: Any) -> str:
    """The strip that an effect shows in the end: effects stand on effects."""
    while found := inputs(strip):
        strip = found[0]
    return str(strip.name)


def _join(effect: Any, one: Laid, other: Laid) -> bool:
    """Cut both in the middle of a transition; whether it leaves something of either."""
    begin, end = int(effect.frame_final_start), int(effect.frame_final_end)
    middle = begin + (end - begin) // 2
    if one.next or one is other or begin >= end or not (one.first < middle < other.end):
        return False
    one.end, other.first, one.next = middle, middle, other
    one.joined, one.dissolves = (middle - begin, end - middle), effect.type != "WIPE"
    return True


def _chains(laid: Sequence[Laid]) -> List[List[Laid]]:
    """What is joined, in its order; what stands alone is a chain of one."""
    later = {id(each.next) for each in laid if each.next}
    found = []
    for each in laid:
        if id(each) not in later:
            chain, link = [each], each.next
            while link:
                chain.append(link)
                link = link.next
            found.append(chain)
    return found


def _tracks(chains: Sequence[List[Laid]]) -> List[Track]:
    """Chains into the lowest track of their channel where they fit."""
    tracks: List[Track] = []
    for chain in sorted(chains, key=lambda chain: chain[0].first):
        channel = min(each.strip.channel for each in chain)
        own = (t for t in tracks if t.channel == channel and t.end <= chain[0].first)
        track = next(own, None)
        if track is None:
            track = Track(channel)
            tracks.append(track)
        track.laid += chain
    return sorted(tracks, key=lambda each: each.channel)
