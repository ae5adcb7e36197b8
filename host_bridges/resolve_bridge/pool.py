"""Frames into the media pool: a bin of ours for each result, and takes on a clip."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from functools import partial
from typing import Any, Callable, Iterator, List

from answerprint_bridge.host import FrameSet
from answerprint_bridge.results import CannotPlace

from . import tags
from .facts import refused

BIN = "Answerprint"
Undo = Callable[[], Any]


def every(folder: Any) -> Iterator[Any]:
    """All media of a bin and of those in it."""
    yield from folder.GetClipList() or ()
    for each in folder.GetSubFolderList() or ():
        yield from every(each)


def find_bin(pool: Any, words: List[str], undo: List[Undo]) -> Any:
    """The bin of this path below the root; what of it is not there is made."""
    folder = pool.GetRootFolder()
    for word in words:
        there = [each for each in folder.GetSubFolderList() or () if each.GetName() == word]
        made = there[0] if there else pool.AddSubFolder(folder, word)
        if not made:
            raise refused(f"Resolve made no bin '{word}'.", "Open the project for writing.")
        if not there:
            undo.append(partial(pool.DeleteFolders, [made]))
        folder = made
    return folder


def bring_in(pool: Any, frames: FrameSet, label: str, undo: List[Undo]) -> Any:
    """Frames as a new media pool item in our bin; the artist's bin stays the current one."""
    kept = pool.GetCurrentFolder()
    pool.SetCurrentFolder(find_bin(pool, [BIN, *([label] if label else [])], undo))
    try:
        told = {"FilePath": frames.pattern, "StartIndex": frames.first, "EndIndex": frames.last}
        made = pool.ImportMedia([told]) or []
    finally:
        pool.SetCurrentFolder(kept)
    if len(made) != 1:
        for each in made:
            pool.DeleteClips([each])
        name = os.path.basename(frames.pattern)
        raise CannotPlace(f"Resolve did not import {name} as one clip ({len(made)} came)")
    undo.append(lambda: pool.DeleteClips(made))
    return made[0]


def add_take(clip: Any, source: Any, start: int, end: int) -> None:
    """A take on a clip, chosen; the artist's stays the first. start, end: frames of the media."""
    if not clip.AddTake(source, start, end):
        raise CannotPlace(f"Resolve added no take to '{clip.GetName()}'")
    if not clip.SelectTakeByIndex(int(clip.GetTakesCount())):
        raise CannotPlace(f"Resolve did not choose the new take of '{clip.GetName()}'")


def choose_take(clip: Any, index: int) -> None:
    if not clip.SelectTakeByIndex(index):
        hint = "Choose it in the Take Selector on the Edit page."
        raise refused(f"Resolve did not choose take {index} of '{clip.GetName()}'.", hint)


def add_matte(storage: Any, pool: Any, source: Any, frames: FrameSet) -> str:
    """Frames as a matte of a media; the path that Resolve lists it under."""
    before = set(pool.GetClipMatteList(source) or ())
    name = re.sub("%0?([0-9]*)d", lambda token: "#" * int(token[1] or 1), frames.pattern)
    done = storage.AddClipMattesToMediaPool(source, [name])
    added = [path for path in pool.GetClipMatteList(source) or () if path not in before]
    if not done or len(added) != 1:
        raise CannotPlace(f"Resolve added no matte to '{source.GetName()}'")
    return str(added[0])


def takes(clip: Any) -> Iterator[tuple[int, Any]]:
    """Index (from 1) and media of each take that is not the clip's first."""
    for index in range(2, int(clip.GetTakesCount() or 0) + 1):
        yield index, clip.GetTakeByIndex(index)["mediaPoolItem"]


def chosen(clip: Any) -> int:
    """The index of the take that a clip shows, from 1; 0 where it has no takes."""
    return int(clip.GetSelectedTakeIndex() or 0)


@contextmanager
def own_take(clip: Any) -> Iterator[None]:
    """The artist's take is the chosen one meanwhile, where the clip shows one of ours.

    Whether a clip's media, offset and frames are those of the take it shows is not documented.
    What is measured or counted must be the artist's, never our own result.
    """
    index = chosen(clip)
    if index < 2 or not tags.placed(clip.GetTakeByIndex(index)["mediaPoolItem"]):
        yield
        return
    choose_take(clip, 1)
    try:
        yield
    finally:
        choose_take(clip, index)


def drop_take(clip: Any, source: Any, shown: int) -> bool:
    """Take a media's take off a clip; the one that was chosen before is shown."""
    wanted = source.GetUniqueId()
    for index, each in list(takes(clip)):
        if each.GetUniqueId() == wanted:
            gone = clip.SelectTakeByIndex(1) and clip.DeleteTakeByIndex(index)
            more = int(clip.GetTakesCount()) > 1
            return bool(gone and (clip.SelectTakeByIndex(shown) if more else clip.FinalizeTake()))
    return True  # it never came
