# SPDX-License-Identifier: GPL-3.0-or-later
"""The tools' declarations, from a file: registering waits for no worker.

The file is `catalogue.json` beside this one in an installed extension, the one of `resources`
in a checkout. `python -m answerprint.catalogue` makes it from the tools.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any, Dict, List

HERE = Path(__file__).parent
PLACES = (HERE / "catalogue.json", HERE.parents[1] / "resources/catalogue.json")

Spec = Dict[str, Any]


@functools.lru_cache(maxsize=1)
def read() -> List[Spec]:
    """Every tool's declaration, in the catalogue's order. FileNotFoundError where there is none."""
    there = next((path for path in PLACES if path.is_file()), PLACES[0])
    tools: List[Spec] = json.loads(there.read_text(encoding="utf-8"))["tools"]
    return tools


def find(name: str) -> Spec:
    """The declaration of a tool that is in the catalogue."""
    return next(spec for spec in read() if spec["name"] == name)


def live(spec: Spec) -> List[str]:
    """Names of the parameters whose change needs no new measuring."""
    return [row["name"] for row in spec["params"] if row["live"]]
