"""Frames out of Nuke: a Read's own files, or any node rendered to EXR as the script computes it.

Not run in Nuke itself (see the package). One view is written, see `script.view`.
"""

from __future__ import annotations

import os
import re
import struct
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any, Iterator

import nuke

from answerprint_bridge.host import ExportSpec, FrameSet, Progress
from answerprint_bridge.messages import CANCELLED, HOST_REFUSED, WireError

from . import exr, paths, script

STILLS = (".exr", ".dpx", ".cin", ".tif", ".tiff", ".png", ".jpg", ".jpeg", ".hdr", ".tga", ".sgi")
HASHES = re.compile("#+")
NUMBER = re.compile("%0?[0-9]*d")
MAIN = ("rgba.red", "rgba.green", "rgba.blue", "rgba.alpha")
FAILED = (RuntimeError, getattr(nuke, "CancelledError", RuntimeError))


def about(node: Any) -> FrameSet:
    """What a node's frames are, as it would render them; they have no files yet."""
    shape, box = node.format(), node.bbox()
    width, height = int(shape.width()), int(shape.height())
    left, wide, high = int(box.x()), int(box.w()), int(box.h())
    return FrameSet(
        "",
        int(node.firstFrame()),
        int(node.lastFrame()),
        width=width,
        height=height,
        pixel_aspect=float(shape.pixelAspect()),
        display=(0, 0, width, height),
        data=(left, height - int(box.y()) - high, wide, high),  # Nuke counts from the bottom
        channels=tuple(_plain(each) for each in node.channels()),
        space=script.light(),
        fps=script.rate(),
    )


def own_files(node: Any) -> FrameSet | None:
    """The files of a Read, where they are exactly what it shows; None where it must be rendered.

    It must for movies, expressions in the path, a shifted frame range and a disabled Read. Its
    `space` is '' where the colour space it is set to is known to Nuke alone.
    """
    if node.Class() != "Read" or node["disable"].value() or node["frame"].value():
        return None
    file = pattern(node)
    if not os.path.isabs(file) or not file.lower().endswith(STILLS):
        return None
    if not NUMBER.search(os.path.basename(file)) and node["first"].value() != node["last"].value():
        return None
    space = script.light() if node["raw"].value() else script.read_space(node["colorspace"])
    first, last = int(node["first"].value()), int(node["last"].value())
    return replace(about(node), pattern=file, first=first, last=last, space=space)


def export(node: Any, spec: ExportSpec, progress: Progress) -> FrameSet:
    """A Read's own files, or new ones in the folder of `spec`: working space, nothing clamped.

    WireError -32020 where a Read is set to a colour space that only Nuke knows.
    """
    own = own_files(node)
    if own and not own.space:
        title = (
            f"{node.name()} is read as '{script.chosen(node['colorspace'])}', which is Nuke's own."
        )
        hint = f"Set it to {', '.join(script.OWN)}, or choose OCIO in Project Settings > Color."
        raise WireError(HOST_REFUSED, title, hint)
    whole = own or replace(about(node), pattern=f"{spec.folder}/{spec.name}.%04d.exr")
    first = whole.first if spec.first is None else spec.first
    last = whole.last if spec.last is None else spec.last
    frames = replace(whole, first=first, last=last)
    if own is None:
        _render(node, frames, spec.bits, progress)
    gone = tuple(n for n in frames.numbers if not os.path.isfile(frames.path(n)))
    frames = replace(frames, missing=gone)
    return frames if own else replace(frames, digest=_digest(frames))


def _digest(frames: FrameSet) -> str:
    """Of the pictures: the same render is the same input, whatever Nuke wrote round it."""
    try:
        return exr.contents(frames)
    except (OSError, EOFError, struct.error) as why:
        title = f"What was rendered to {frames.pattern} cannot be read."
        raise WireError(HOST_REFUSED, title, "Look whether the disk is full.", str(why)) from why


def _render(node: Any, frames: FrameSet, bits: int, progress: Progress) -> None:
    """Frame by frame, so that one that fails does not take the others along."""
    failed = {}
    with _temporary_write(node, frames.pattern, bits) as write:
        for turn, number in enumerate(frames.numbers):
            progress.tell(turn, len(frames.numbers), f"frame {number}")
            if why := _one(write, number):
                failed[number] = why
                if os.path.isfile(frames.path(number)):
                    os.unlink(frames.path(number))  # what is there of it is not whole
    for number, why in failed.items():
        nuke.warning(f"Answerprint: frame {number} of {node.name()} could not be rendered: {why}")
    if failed and len(failed) == len(frames.numbers):
        number, why = next(iter(failed.items()))
        title = f"None of the {len(failed)} frames of {node.name()} could be rendered."
        hint = "Mend the node until it shows a picture."
        raise WireError(HOST_REFUSED, title, hint, f"Frame {number}: {why}")


def _one(write: Any, number: int) -> str:
    """Render one frame; why it could not be, or ''. WireError -32800 where it was cancelled.

    Foundry's reference of `nuke.execute` promises a "'cancelled' error" and names no class; the
    API of 16 has `CancelledError`, older scripts catch RuntimeError. So both, and the text.
    """
    try:
        nuke.execute(write, number, number, 1, [script.view()])
    except FAILED as why:
        if type(why).__name__ == "CancelledError" or "cancelled" in str(why).lower():
            raise WireError(CANCELLED, f"Cancelled at frame {number}.") from why
        return str(why) or type(why).__name__
    return ""


@contextmanager
def _temporary_write(node: Any, pattern: str, bits: int) -> Iterator[Any]:
    """A Write under a node, gone afterwards whatever happens; proxy off meanwhile; no undo."""
    proxy = nuke.root()["proxy"]
    with ExitStack() as after:
        nuke.Undo.disable()
        after.callback(nuke.Undo.enable)
        after.callback(proxy.setValue, proxy.value())
        proxy.setValue(False)
        with script.group_of(node):
            write = nuke.nodes.Write()
        after.callback(nuke.delete, write)
        write.setInput(0, node)
        for knob, value in (
            ("file", paths.quoted(pattern)),
            ("file_type", "exr"),  # before those of exr: they do not exist until then
            ("channels", "all"),
            ("raw", True),
            ("datatype", "32 bit float" if bits == 32 else "16 bit half"),
            ("compression", "Zip (1 scanline)"),
            ("metadata", "all metadata"),
            ("autocrop", False),
        ):
            script.put(write, knob, value)
        yield write


def _plain(channel: str) -> str:
    """'R' of 'rgba.red', as it is called in an EXR; others keep their layer."""
    return "RGBA"[MAIN.index(channel)] if channel in MAIN else channel


def pattern(read: Any) -> str:
    """A Read's path as a printf pattern, of the view that is worked on; '' where it is computed."""
    folder, name = os.path.split(paths.literal(str(read["file"].value())) or "")
    name = HASHES.sub(lambda m: f"%0{len(m[0])}d", name)
    view = script.view()
    return os.path.join(folder, name).replace("%V", view).replace("%v", view[:1])
