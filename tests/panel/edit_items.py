"""`ItemsHost` with an edit of two of its shots, markers and a playhead."""

import json
import sys
from pathlib import Path

from items_host import ItemsHost

from answerprint_bridge.host import Item, Span

sys.path.insert(0, str(Path(__file__).parents[1] / "contract"))

import checks

CUT = ("hero", "shot_b")


class EditItems(ItemsHost):
    """marks, shown: what was asked of it."""

    def __init__(self, project, shots):
        super().__init__(project, shots)
        self.can |= {"timeline", "edit markers", "playhead"}
        self.marks, self.shown = [], []

    def export_timeline(self, path):
        self.during()
        Path(path).write_text("{}")
        return path

    def edit(self):
        spans, at = [], 0
        for name in CUT:
            _, first, last = self.shots[name]
            spans.append(Span(Item(name, "clip", name), at, at + last - first, 1, name))
            at += last - first + 1
        return spans

    def mark_edit(self, tag, markers):
        self.marks = list(markers)
        return [each.frame for each in markers]

    def show_frame(self, frame):
        self.shown.append(frame)

    def finds(self, findings=checks.FINDINGS, **more):
        """What the next check of it finds."""
        told = checks.report(self.edit(), findings, **more)
        for row, name in zip(told["shots"], CUT, strict=True):
            row["media"] = self.shots[name][0]
        return checks.rules(Path(self.project), told)


def waived(host):
    return json.loads(Path(host.project, "waived.json").read_text("utf-8"))
