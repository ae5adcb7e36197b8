"""What a panel shows of a shot on disk before anything is done with it: its headers only."""

from __future__ import annotations

from typing import Any

from answerprint.errors import BadInput
from answerprint.frames.clip import Clip, open_clip
from answerprint.frames.frame import Part

MOST_MISSING = 50_000  # as many numbers as a message holds


def describe(path: str, frames: str = "", colourspace: str | None = None) -> dict[str, Any]:
    """{name, kind, first, last, frames, missing, width, height, pixel_aspect, channels, fps,
    timecode, reel, space: {name, said_by}, notes} of a sequence, still or movie.

    frames      how many there are; missing: the numbers of the range that have none.
    fps         as '24000/1001', '' where nothing says. timecode, reel: of the first frame.
    said_by     'user', 'file' or 'assumed'.

    Raises BadInput where there is nothing to read, BadParameter for a bad range or space.
    """
    with open_clip(path, frames, colourspace) as clip:
        if len(clip.missing) > MOST_MISSING:
            raise BadInput(
                f"{len(clip.missing)} of the frames {clip.frames[0]} to {clip.frames[-1]} of "
                f"{clip.name} are missing.",
                "Look for a stray file with a far number, or name a range.",
            )
        return _told(clip)


def _told(clip: Clip) -> dict[str, Any]:
    part = next((each for each in clip.parts if each.colour), clip.parts[0])
    return {
        "name": clip.name,
        "kind": clip.kind,
        "first": clip.frames[0],
        "last": clip.frames[-1],
        "frames": len(clip.frames) - len(clip.missing),
        "missing": list(clip.missing),
        "width": part.display.width,
        "height": part.display.height,
        "pixel_aspect": part.pixel_aspect,
        "channels": [name for each in clip.parts for name in each.channels],
        "fps": str(clip.rate) if clip.rate else "",
        "timecode": _timecode(part),
        "reel": str(part.metadata.get("reelName") or ""),
        "space": {"name": clip.space.name, "said_by": clip.space.said_by},
        "notes": list(clip.notes),
    }


def _timecode(part: Part) -> str:
    """An EXR's `timeCode` as people write it: its digits lie in the bits, whatever the rate."""
    packed = part.metadata.get("smpte:TimeCode")
    if not packed:
        return ""
    bits = int(packed[0])
    fields = ((24, 3), (16, 7), (8, 7), (0, 3))
    hour, minute, second, frame = (
        (bits >> at & 15) + 10 * (bits >> at + 4 & tens) for at, tens in fields
    )
    mark = ";" if bits >> 6 & 1 else ":"
    return f"{hour:02}:{minute:02}:{second:02}{mark}{frame:02}"
