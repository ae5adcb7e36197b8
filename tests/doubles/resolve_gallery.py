"""Resolve's double: the Gallery and the media storage."""

from __future__ import annotations

import os
from pathlib import Path

from .resolve_clips import Thing, World


class GalleryStill(Thing):
    def __init__(self, world: World, label: str, picture: bytes) -> None:
        super().__init__(world)
        self._label, self._picture = label, picture


class GalleryStillAlbum(Thing):
    def __init__(self, world: World, name: str) -> None:
        super().__init__(world)
        self._name, self._stills = name, []

    def GetStills(self):
        return list(self._stills)

    def GetLabel(self, galleryStill):
        return galleryStill._label

    def ExportStills(self, galleryStills, folderPath, filePrefix, format):
        """Writes only where the Gallery is seen; a grade comes along with each picture."""
        if self._w.page != "color" or not os.access(folderPath, os.W_OK):
            return False
        for number, each in enumerate(galleryStills, 1):
            name = Path(folderPath, f"{filePrefix}_1.{number}.1")
            name.with_name(f"{name.name}.{format}").write_bytes(each._picture)
            name.with_name(f"{name.name}.drx").write_text("a grade")
        return True


class Gallery(Thing):
    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._albums = [GalleryStillAlbum(world, "Stills 1")]

    def GetGalleryStillAlbums(self):
        return list(self._albums)

    def GetAlbumName(self, galleryStillAlbum):
        return galleryStillAlbum._name


class MediaStorage(Thing):
    def AddClipMattesToMediaPool(self, mediaPoolItem, paths, stereoEye=None):
        """A sequence is named by '#'; it is listed by its first frame and its range."""
        for path in paths:
            folder, name = os.path.split(os.path.join(self._w.cwd, path))
            start, end = name.split("#")[0], name.rsplit("#")[-1]
            there = os.listdir(folder) if os.path.isdir(folder) else []
            if not any(each.startswith(start) and each.endswith(end) for each in there):
                return False
            mediaPoolItem._mattes.append(os.path.join(folder, name))
        return True
