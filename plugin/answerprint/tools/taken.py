"""Frames of another clip that stand in for those of a shot, found by the production's show."""

from __future__ import annotations

from collections.abc import Sequence

from answerprint.errors import BadInput
from answerprint.frames.clip import Clip, open_clip
from answerprint.frames.layers import Decoded, Layers
from answerprint.show.propose import Real
from answerprint.tools.job import Whole
from answerprint.vision.rebuild import as_of, differs


def usable(clip: Clip, real: Real, notes: list[str]) -> bool:
    """Whether frames of a take can stand in a shot; `notes` gets the reason where they cannot."""
    try:
        with open_clip(real.path) as take:
            lost = [n for n in range(real.first, real.last + 1) if n not in set(take.there)]
            why = f"{take.name} lacks frame {lost[0]}." if lost else differs(clip, take)
    except BadInput as refused:
        why = str(refused)
    if why:
        notes.append(f"Frames {real.first}-{real.last} {real.why} are not used: {why}")
    return not why


def digests(path: str, numbers: Sequence[int]) -> list[str]:
    """Of those frames' files, for a plan that rests on them."""
    with open_clip(path) as take:
        return [take.sha256(n) for n in numbers]


def whole(like: Decoded, take: Layers, number: int, digest: str) -> Whole:
    """A take's frame with the channels and in the space of the shot's frame `like`.

    Raises BadInput where it is not the one of that digest any more.
    """
    found = take.frame(number)
    if found.sha256 != digest:
        raise BadInput(
            f"Frame {number} of {take.clip.source} is not the one the plan was made with.",
            "Bring that one back, or run the tool anew.",
        )
    return Whole(as_of(like, found))
