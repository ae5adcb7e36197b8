"""The clips of the current timeline: found, named, described, and the files they are made of.

Frame numbers are the source's: those of an image sequence's files; a movie's from its timecode,
or from 1001 where that is zero. What Resolve calls a clip's left offset counts from there (its
own source start frame is off by one on some clips).
"""

from __future__ import annotations

import os
import re
from typing import Any, Iterator, Tuple

from answerprint_bridge.host import FrameSet, Item, ItemInfo

from .facts import NAMES, has, rate, refused

STILLS = (".exr", ".dpx", ".cin", ".tif", ".tiff", ".png", ".jpg", ".jpeg")
MOVIES = (".mov", ".mp4", ".webm", ".mkv", ".mxf")
_RANGE = re.compile(r"\[(?P<first>[0-9]+)-(?P<last>[0-9]+)\](?=\.[^.]+$)")
_TIMECODE = re.compile(r"(\d\d):(\d\d):(\d\d)([:;])(\d\d)")


def timeline(resolve: Any) -> Any:
    """The open timeline. WireError -32020 where there is none."""
    found = project(resolve).GetCurrentTimeline()
    if not found:
        raise refused("No timeline is open.", "Open the timeline with the shots.")
    return found


def opened(resolve: Any) -> Any:
    """The open project, None where there is none. WireError -32020 where Resolve has gone."""
    if not has(resolve, "GetProjectManager"):
        raise refused("Resolve has gone.", "Start it again, and Answerprint from its menu.")
    manager = resolve.GetProjectManager()
    return manager.GetCurrentProject() if manager else None


def project(resolve: Any) -> Any:
    """The open project. WireError -32020 where there is none."""
    if not (found := opened(resolve)):
        raise refused("No project is open.", "Open one, and close Resolve's dialogs.")
    return found


def every(resolve: Any) -> Iterator[Any]:
    """Every clip of the timeline's video tracks, track by track."""
    line = timeline(resolve)
    for track in range(1, int(line.GetTrackCount("video")) + 1):
        yield from line.GetItemListInTrack("video", track) or ()


def item(clip: Any) -> Item:
    return Item(f"clip:{clip.GetUniqueId()}", "clip", str(clip.GetName()))


def under_playhead(resolve: Any) -> Any:
    found = timeline(resolve).GetCurrentVideoItem()
    if not found:
        raise refused("There is no clip under the playhead.", "Move the playhead onto the shot.")
    return found


def coloured(resolve: Any, colour: str) -> list[Any]:
    """The clips that have this clip colour or flag."""
    return [
        clip
        for clip in every(resolve)
        if clip.GetClipColor() == colour or colour in (clip.GetFlagList() or ())
    ]


def media(clip: Any) -> Any:
    """What a clip is made of. WireError -32020 for a title or generator."""
    found = clip.GetMediaPoolItem()
    if not found:
        hint = "Choose a clip that comes from a file."
        raise refused(f"'{clip.GetName()}' has no media: it is a title or generator.", hint)
    return found


def span(clip: Any) -> Tuple[int, int]:
    """First and last source frame of a clip, both included, without handles."""
    first = _start(media(clip)) + int(clip.GetLeftOffset())
    return first, first + int(clip.GetDuration()) - 1


def describe(clip: Any) -> ItemInfo:
    """Size, range, rate and handles; file: '' where only Resolve can make its frames.

    The frames of a retimed clip are those of the timeline, numbered on from its first.
    """
    source, (first, last) = media(clip), span(clip)
    width, height = size(source)
    head = int(clip.GetLeftOffset())
    tail = int(source.GetClipProperty("Frames")) - head - (last - first + 1)
    other_speed = retimed(clip)
    return ItemInfo(
        width,
        height,
        first,
        last,
        ("R", "G", "B"),
        "" if other_speed else pattern(source),
        space(source),
        rate(source.GetClipProperty("FPS")),
        handles=(0, 0) if other_speed else (head, tail),
        shot=shot(clip),
    )


def retimed(clip: Any) -> bool:
    """Whether the timeline shows its frames otherwise than one for one. Told from 19.0 on.

    Two frames more or less say nothing: Resolve's source frames are off by one on some clips,
    and whether the last one is included is not documented.
    A change of speed that ends where it would have ended anyway is not seen.
    """
    if not has(clip, "GetSourceEndFrame"):
        return False
    first, last = clip.GetSourceStartFrame(), clip.GetSourceEndFrame()
    return abs(int(last) - int(first) - int(clip.GetDuration())) > 2


def shot(clip: Any) -> str:
    """A clip's name as that of a folder: 'A001_C003.[1001-1100].exr' is A001_C003."""
    name, ending = os.path.splitext(str(clip.GetName()))
    name = name if ending.lower() in STILLS + MOVIES else name + ending
    name = re.sub(r"[._ -]*\[[0-9]+-[0-9]+\]$", "", name)
    return re.sub(r'[/\\:*?"<>|%\0]', "_", name).strip(". ")


def size(source: Any) -> Tuple[int, int]:
    width, height = str(source.GetClipProperty("Resolution")).split("x")
    return int(width), int(height)


def space(source: Any) -> str:
    """The colour space a media's values are in, by our config's name; '': its file says so."""
    return NAMES.get(str(source.GetClipProperty("Input Color Space")), "")


def unknown_space(clip: Any) -> str:
    """What Resolve calls a clip's colour space, where that is no name of ours; else ''."""
    name = str(media(clip).GetClipProperty("Input Color Space") or "")
    return "" if name in NAMES else name


def pattern(source: Any) -> str:
    """The media's own file or printf pattern, '' where it is not one that we can read.

    Camera raw is not; Resolve renders it.
    """
    path = str(source.GetClipProperty("File Path") or "")
    ending = os.path.splitext(path)[1].lower()
    raw = "raw" in str(source.GetClipProperty("Video Codec") or "").lower()
    if raw or ending not in STILLS + MOVIES:
        return ""
    folder, name = os.path.split(path)
    found = _RANGE.search(name)
    if found:
        name = f"{name[: found.start()]}%0{len(found['first'])}d{name[found.end() :]}"
    return os.path.join(folder, name)


def in_place(clip: Any, first: int, last: int) -> FrameSet | None:
    """The clip's own files as frames, with those that are not there; None: not readable."""
    info = describe(clip)
    if not info.file:
        return None
    frames = FrameSet(
        info.file, first, last, width=info.width, height=info.height, space=info.space, fps=info.fps
    )
    gone = tuple(n for n in frames.numbers if not os.path.isfile(frames.path(n)))
    return FrameSet(**{**vars(frames), "missing": gone})


def _start(source: Any) -> int:
    """The number of a media's first frame; a movie's is the one our decoder gives it."""
    path = str(source.GetClipProperty("File Path") or "").lower()
    if not path.endswith(MOVIES):
        return int(source.GetClipProperty("Start"))
    told = _TIMECODE.fullmatch(str(source.GetClipProperty("Start TC") or ""))
    if not told or not any(int(told[i]) for i in (1, 2, 3, 5)):
        return 1001
    hours, minutes, seconds, frames = (int(told[i]) for i in (1, 2, 3, 5))
    base = round(rate(source.GetClipProperty("FPS")))
    minutes += 60 * hours
    dropped = base // 15 * (minutes - minutes // 10) if told[4] == ";" else 0
    return (minutes * 60 + seconds) * base + frames - dropped
