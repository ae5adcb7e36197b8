"""Stills of the Gallery, as heroes: exported to a file when they are used.

A still has no id of its own; it is found by album, place and label, and looked at again. What
comes out is the picture as it was graded, in the timeline's output space.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Iterator, Tuple

from answerprint_bridge.host import ExportSpec, FrameSet, Item

from . import pages
from .facts import refused

FORMAT = "tif"  # the only one of Resolve's that is 16 bit and that our decoder opens


def every(project: Any) -> Iterator[Tuple[Item, Any, Any]]:
    """Item, album and still, of every still of the project."""
    gallery = project.GetGallery()
    for number, album in enumerate((gallery.GetGalleryStillAlbums() if gallery else None) or ()):
        name = gallery.GetAlbumName(album)
        for place, still in enumerate(album.GetStills() or ()):
            label = album.GetLabel(still) or str(place + 1)
            yield Item(f"still:{number}:{place}:{label}", "still", f"{name}: {label}"), album, still


def find(project: Any, ref: str) -> Tuple[Item, Any, Any]:
    for found in every(project):
        if found[0].ref == ref:
            return found
    hint = "Stills were grabbed or deleted since: choose it again from the list."
    raise refused(f"There is no '{ref}' in the Gallery.", hint)


def export(resolve: Any, project: Any, ref: str, spec: ExportSpec, space: str) -> FrameSet:
    """A still as one file, frame 1; the page is the artist's again afterwards."""
    item, album, still = find(project, ref)
    with pages.kept(resolve):
        resolve.OpenPage("color")  # elsewhere the export does nothing
        album.ExportStills([still], spec.folder, spec.name, FORMAT)
    there = [Path(spec.folder, name) for name in os.listdir(spec.folder)]
    made = [each for each in there if each.suffix == f".{FORMAT}"]
    for each in there:
        if each.suffix == ".drx":
            each.unlink()  # the grade, which comes along unasked
    if len(made) != 1:
        hint = "Open the Gallery on the Color page, then try again; or export it there by hand."
        raise refused(f"Resolve exported no file of the still '{item.label}'.", hint)
    os.replace(made[0], Path(spec.folder, f"{spec.name}.0001.{FORMAT}"))
    return FrameSet(f"{spec.folder}/{spec.name}.%04d.{FORMAT}", 1, 1, space=space)
