"""The evened cut as files: `even.ccc`, `even.otio`, `even.edl` (a further track: `even.V2.edl`).

Every shot has its CDL in each of them, a neutral one where it stays as it is; the ids of the `.ccc`
are the events' names. What the edit had on a shot is in the numbers (`even.py`), and a shot that
was not looked at keeps its own. The numbers are for ACEScct. Checked again, `even.otio` and
`even.edl` are seen through them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import opentimelineio as otio

from answerprint.check.even import Even
from answerprint.edit.cut import Cut
from answerprint.edit.lines import cdls_of
from answerprint.edit.locators import Lists, write_locators
from answerprint.edit.marked import write_marked
from answerprint.edit.timeline import Document
from answerprint.frames.gradefiles import collection_text
from answerprint.frames.text import write_text

NAME = "even"


def write_corrected(
    made: Even, cut: Cut, document: Document, clips: Sequence[otio.schema.Clip], folder: Path
) -> Lists:
    """Write the files into `folder`; each is there whole or not at all. Raises CannotWrite."""
    cdls = {**cdls_of(cut), **made.cdls}
    write_text(folder / f"{NAME}.ccc", collection_text(cdls, about="in ACEScct"))
    said = write_marked(cut, document, clips, (), folder / f"{NAME}.otio", cdls)
    lists = write_locators(cut, document, clips, (), folder, NAME, cdls)
    return Lists((f"{NAME}.ccc", f"{NAME}.otio", *lists.files), (*said, *lists.warnings))
