"""What a reference stands for, and what is remembered of it.

clip:ID, media:ID, marker:NUMBER, version:CLIP:NAME, take:CLIP:MEDIA and matte:MEDIA:PATH, with
Resolve's own unique ids: they hold as long as the project does.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, Mapping

from answerprint_bridge.host import Host
from answerprint_bridge.messages import WireError

from . import clips, grades, markers, pool, tags
from .facts import refused


class Found(Host):
    """The part of the adapter that finds things again and takes half of a thing back."""

    resolve: Any

    def __init__(self) -> None:
        super().__init__()
        self._undo: List[pool.Undo] = []  # steps that take back what was added, oldest first
        self._depth = 0

    @contextmanager
    def undo_group(self, label: str) -> Iterator[None]:
        """No step of undo, which scripts have not; what fails half way is taken back."""
        outer = self._undo if self._depth else []
        self._undo, self._depth = [], self._depth + 1
        try:
            yield
        except BaseException:
            self._take_all_back(label)
            raise
        finally:
            self._depth -= 1
            self._undo = outer + self._undo if self._depth else []

    def _take_all_back(self, label: str) -> None:
        steps, left = self._undo[::-1], []
        self._undo = []
        for step in steps:
            try:
                left += [] if step() else ["Resolve did not do it"]
            except WireError as why:
                left.append(str(why))
        if left:
            title = f"{len(left)} of {len(steps)} steps of '{label}' could not be taken back."
            look = "Look for versions and bins named after it and Answerprint. "
            self.message("error", title, look + " ".join(left))

    def tag(self, ref: str, key: str, value: Mapping[str, Any]) -> None:
        if ref.startswith("marker:"):
            if not markers.keep(clips.timeline(self.resolve), ref, key, value):
                raise refused(f"There is no '{ref}' in the timeline.", "Place it again.")
            return
        source = self._source(ref)
        kept, before = tags.read(source), tags.read(source)
        kept.setdefault(ref, {})[key] = dict(value)
        self._undo.append(lambda: tags.write(source, before))
        tags.write(source, kept)

    def read_tag(self, ref: str, key: str) -> Dict[str, Any] | None:
        return self.tagged(key).get(ref)

    def tagged(self, key: str) -> Dict[str, Dict[str, Any]]:
        line = clips.timeline(self.resolve)
        found = {ref: kept["tags"] for ref, _, kept in markers.ours(line)}
        there = self._there()
        for source in self._pool():
            found.update({ref: t for ref, t in tags.read(source).items() if ref in there})
        refs = sorted(found, key=lambda ref: ref.partition(":")[0])  # as they were placed
        return {ref: found[ref][key] for ref in refs if key in found[ref]}

    def _clip(self, ref: str) -> Any:
        """The clip of a reference to it, to a version of it or to a take of it."""
        wanted = ref.split(":")[1] if ref.startswith(("clip:", "version:", "take:")) else ""
        for each in clips.every(self.resolve):
            if each.GetUniqueId() == wanted:
                return each
        hint = "Open the timeline that it is in, or choose another clip."
        raise refused(f"There is no '{ref}' in the timeline.", hint)

    def _near(self, ref: str) -> Any:
        """The clip that results are for; none named: the one under the playhead."""
        return self._clip(ref) if ref else clips.under_playhead(self.resolve)

    def _media(self, ref: str) -> Any:
        for each in self._pool():
            if f"media:{each.GetUniqueId()}" == ref:
                return each
        raise refused(f"There is no '{ref}' in the media pool.", "Place it again.")

    def _source(self, ref: str) -> Any:
        """The media that keeps the tags of a reference."""
        kind, _, rest = ref.partition(":")
        if kind in ("media", "matte"):
            return self._media(f"media:{rest.partition(':')[0]}")
        clip = self._clip(ref)
        with pool.own_take(clip):
            return clips.media(clip)

    def _artists(self, clip: Any) -> Dict[str, Any]:
        """The artist's version of a clip: the one it shows, or where that is ours, the one before.

        Where the artist deleted his, ours is all he has, and his from then on.
        """
        now = grades.current(clip)
        ref = f"version:{clip.GetUniqueId()}:{now['versionName']}"
        told = self.read_tag(ref, "before") if now["versionType"] == grades.LOCAL else None
        names = clip.GetVersionNameList(told["versionType"]) if told else ()
        return told if told and told["versionName"] in (names or ()) else now

    def _pool(self) -> Iterator[Any]:
        return pool.every(clips.project(self.resolve).GetMediaPool().GetRootFolder())

    def _there(self) -> set[str]:
        """References of all that exists now."""
        media_pool, found = clips.project(self.resolve).GetMediaPool(), set()
        for each in self._pool():
            mattes = media_pool.GetClipMatteList(each) or ()
            found.add(f"media:{each.GetUniqueId()}")
            found |= {f"matte:{each.GetUniqueId()}:{path}" for path in mattes}
        for clip in clips.every(self.resolve):
            number = clip.GetUniqueId()
            names = clip.GetVersionNameList(grades.LOCAL) or ()
            found |= {f"clip:{number}", *(f"version:{number}:{name}" for name in names)}
            found |= {f"take:{number}:{each.GetUniqueId()}" for _, each in pool.takes(clip)}
        return found
