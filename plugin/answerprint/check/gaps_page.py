"""gaps.html: a contact sheet for each hole of a cut, its neighbours and what the show has for it.

One file; the pictures lie in it once each, through the show's view. No scripts, no network.
Pictures are those that the show keeps, the nearest to the middle of the frames that are meant.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import jinja2
import numpy as np

from answerprint.check.holes import Missing
from answerprint.edit.cut import Event
from answerprint.frames.text import write_text
from answerprint.show.propose import Proposal, Take, take_of, takes
from answerprint.show.store import THUMBS, Show

WIDE = 320
"""Pixels across, of a picture."""
_TEMPLATE = Path(__file__).parent / "gaps.html.j2"

Found = Sequence[tuple[Missing, Sequence[Proposal]]]


def write(path: Path, report: Mapping[str, Any], show: Show, found: Found) -> None:
    """Write the page of a report. Raises CannotWrite where the disk does not take it."""
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    sheet = _Sheet(show)
    sides = {hole.id: (sheet.shot(hole.before), sheet.shot(hole.after)) for hole, _ in found}
    pictures = {hole.id: [sheet.proposal(each) for each in listed] for hole, listed in found}
    write_text(path, template.render(report=report, sides=sides, pictures=pictures, wide=WIDE))


class _Sheet:
    """The small pictures of a show, as data of JPEGs; '' where there is none."""

    def __init__(self, show: Show) -> None:
        self.show = show

    @cached_property
    def takes(self) -> list[Take]:
        return takes(self.show)

    def shot(self, events: Sequence[Event]) -> str:
        """Of the nearest shot of a cut, by the take that it is from."""
        for event in events[:1]:
            if event.media and event.frames:
                take = take_of(self.takes, event.media.path, *event.frames)
                if take:
                    return _coded(self._picture(take, sum(event.frames) // 2))
        return ""

    def proposal(self, each: Proposal) -> str:
        """As it would be seen: enlarged where it needs that."""
        picture = self._picture(each.take, (each.first + each.last) // 2)
        if picture is None or not each.reframe:
            return _coded(picture)
        height, width = picture.shape[:2]
        scale, (right, down) = each.reframe["scale"], each.reframe["offset"]
        move = np.array(
            [
                [scale, 0, width * (0.5 + right) - scale * width / 2],
                [0, scale, height * (0.5 + down) - scale * height / 2],
            ]
        )
        return _coded(cv2.warpAffine(picture, move, (width, height), flags=cv2.INTER_CUBIC))

    def _picture(self, take: Take, frame: int) -> np.ndarray | None:
        """The kept picture of a take that is nearest to a frame, (h, w, 3) uint8."""
        folder = self.show.folder / THUMBS / take.key[0]
        frames = sorted(int(each.stem) for each in folder.glob("*.jpg") if each.stem.isdigit())
        frames = [each for each in frames if take.first <= each <= take.last]
        if not frames:
            return None
        nearest = min(frames, key=lambda each: abs(each - frame))
        return cv2.imread(str(folder / f"{nearest}.jpg"))


def _coded(picture: np.ndarray | None) -> str:
    if picture is None:
        return ""
    height, width = picture.shape[:2]
    if width > WIDE:
        picture = cv2.resize(picture, (WIDE, round(height * WIDE / width)))
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 85])
    return base64.b64encode(data.tobytes()).decode()
