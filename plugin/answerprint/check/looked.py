"""What the takes of a show have in common with the shots of a cut, by looking at both."""

from __future__ import annotations

from answerprint.check.proposals import Sight
from answerprint.edit.cut import Event
from answerprint.errors import AnswerprintError
from answerprint.frames.clip import open_clip
from answerprint.show.find import find
from answerprint.show.propose import takes
from answerprint.show.store import Show
from answerprint.vision.watch import WIDE

FOUND = 40
"""Takes that are asked for what one shot shows."""


class Looked:
    """takes: of the show. said: shots that could not be looked at, as sentences."""

    def __init__(self, show: Show) -> None:
        self.show, self.takes = show, takes(show)
        self.said = list[str]()
        self._by = {each.key: each for each in self.takes}

    def sights(self, event: Event) -> list[Sight]:
        """Takes that see what the middle of a shot shows; none where it cannot be read."""
        if event.media is None or event.frames is None:
            return []
        try:
            with open_clip(event.media.path, colourspace=event.media.named or None) as clip:
                picture = clip.picture(sum(event.frames) // 2, WIDE)
        except AnswerprintError as why:
            self.said.append(f"{event.id} was not looked at: {why.title}")
            return []
        return [
            Sight(
                self._by[key],
                hit.kind,
                hit.structures,
                hit.confidence,
                hit.scale,
                hit.region,
                hit.why,
            )
            for hit in find(self.show, [picture], most=FOUND, told=self.said.append)
            if (key := (hit.clip, hit.shot[0])) in self._by
        ]
