"""The part of a host that is an edit: where its items lie, its markers, and takes to audition.

A host without one refuses each of these in words; what it has, it names in `capabilities`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Dict, Mapping, Sequence, Tuple

from .messages import HOST_REFUSED, WireError
from .scene import HostInfo, Marker, Span


class Edits(ABC):
    """Frames count from 0 at the edit's first."""

    @abstractmethod
    def info(self) -> HostInfo: ...

    def edit(self) -> list[Span]:
        """Where its items lie, as it is now; made of nodes: as it was last exported."""
        raise WireError(HOST_REFUSED, f"{self.info().name} has no edit.", "Open the edit's file.")

    def edit_exported(self) -> Dict[str, Any]:
        """What this host has to know of the edit as it was last exported, to lay takes above it
        later: plain JSON, kept with the answer of a search as its 'exported'."""
        return {}

    def edit_then(self, exported: Mapping[str, Any]) -> list[Span]:
        """`edit`, its frames counted as at that export."""
        return self.edit()

    def conform(self) -> Dict[str, str]:
        """{media, rate, colourspace}: a folder of its media, its rate, the space of its media,
        where the edit does not say them."""
        return {}

    def mark_edit(self, tag: str, markers: Sequence[Marker]) -> list[int]:
        """Set these in one step, instead of those of ours that have this tag, where it has 'edit
        markers'; the frame of each: the next free one where it cannot stand on its own."""
        title = f"{self.info().name} has no markers of an edit."
        raise WireError(HOST_REFUSED, title, "The check wrote them to an OTIO and an EDL.")

    def show_frame(self, frame: int) -> None:
        """Move the playhead there, where it has 'playhead'."""
        title = f"{self.info().name} has no playhead of an edit."
        raise WireError(HOST_REFUSED, title, "Go there by its timecode.")

    def lay_auditions(self, gaps: Mapping[str, Any]) -> Dict[str, str]:
        """Lay the proposals of `show.gaps` above the holes of the edit, where it has 'auditions':
        switched off, each with a marker that says what it is, what it needs and how sure it is.

        Returns the item of each: {proposal id: ref}. What is laid already is found again, as it
        was left; what cannot be laid (media that the host does not open) is not in it.
        """
        raise WireError(HOST_REFUSED, *no_auditions(self.info().name, str(gaps.get("cut", ""))))

    def switch(self, ref: str, on: bool) -> None:
        """Show an item of the edit, or mute it, where it has 'auditions'."""
        title = f"{self.info().name} switches nothing of an edit on or off."
        raise WireError(HOST_REFUSED, title, "Switch it in the program that has the edit.")


def no_auditions(name: str, cut: str) -> Tuple[str, str]:
    """What a host says that has no place for takes to choose from, and what to do."""
    where = f"Import {cut}" if cut else "Import the OTIO of the search"
    return f"{name} lays no takes above an edit.", f"{where} in a program that opens cuts as OTIO."
