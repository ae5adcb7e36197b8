"""report.html: what was found and done, as a page a person would want to look at.

One file; pictures lie in it, so that it can be sent. No scripts, no fonts, no network.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2

from answerprint.frames.text import write_text
from answerprint.tool import Tool
from answerprint.tools.job import Picture

_TEMPLATE = Path(__file__).parent / "report.html.j2"


def write(path: Path, tool: Tool, report: dict[str, Any], pictures: Sequence[Picture]) -> None:
    """Write the page of a report. Raises CannotWrite where the disk does not take it."""
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["combine"] = lambda a, b: a | b
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    shown = [
        {"caption": p.caption, "data": base64.b64encode(p.path.read_bytes()).decode()}
        for p in pictures
    ]
    write_text(path, template.render(tool=tool, report=report, pictures=shown))
