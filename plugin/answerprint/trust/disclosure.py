"""What a later disclosure needs to know of a result: kind of operation, models, records, sign-off.

The table behind it is `policy.json`: an engineering reading of clients' and unions' published
rules, no legal advice; a production's own contract goes before it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from answerprint.errors import InternalError

IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"


@lru_cache(maxsize=1)
def policy() -> dict[str, Any]:
    """The policy table: records, operations, modifiers, invariants."""
    text = (Path(__file__).parent / "policy.json").read_text(encoding="utf-8")
    table: dict[str, Any] = json.loads(text)
    return table


def kind(name: str) -> dict[str, Any]:
    """The table's row of a kind of operation.

    Raises InternalError for a kind that is blocked or not in the table: no tool may declare it.
    """
    row: dict[str, Any] | None = policy()["ops"].get(name)
    if row is None or row.get("blocked"):
        raise InternalError(f"'{name}' is no kind of operation that a tool may have.")
    return row


def source_type(name: str) -> str:
    """IPTC's digital source type of such a result, as the URL its vocabulary uses; '' if none."""
    short = kind(name)["dst"]
    return IPTC + short if short else ""


def disclosure(name: str, models: Mapping[str, str]) -> dict[str, Any]:
    """What report.json says for a kind of operation and the models (name -> sha256) it used.

    `signed_off` is empty: only a person fills it.
    """
    row = kind(name)
    return {
        "kind": name,
        "generative": row["generative"],
        "digital_source_type": source_type(name),
        "c2pa_action": row["c2pa"],
        "models": dict(models),
        "trained_on_inputs": False,
        "records_needed": list(row["base"]),
        "records": {},
        "signed_off": None,
        "policy_version": policy()["version"],
    }
