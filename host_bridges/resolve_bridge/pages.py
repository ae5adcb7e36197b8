"""Some calls do nothing but on their own page: the artist's page and playhead are kept."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Iterator

from . import clips


@contextmanager
def kept(resolve: Any) -> Iterator[None]:
    """The artist's page is open again afterwards, and the playhead where it was."""
    line, page = clips.timeline(resolve), resolve.GetCurrentPage()
    playhead = line.GetCurrentTimecode()
    try:
        yield
    finally:
        resolve.OpenPage(page)
        line.SetCurrentTimecode(playhead)  # which a change of pages may move
