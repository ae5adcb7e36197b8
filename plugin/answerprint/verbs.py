"""Commands of the shell as a table: what a line of it says, and how it comes to the parser."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Answer = tuple[int, dict[str, Any] | None]
"""Exit status, and the object of --json; None where that has none."""


@dataclass(frozen=True)
class Verb:
    """help is its line in the list, words what it says of itself (as help where ''); flags adds
    what it takes to its parser."""

    help: str
    flags: Callable[[argparse.ArgumentParser], None]
    run: Callable[..., Answer]
    words: str = ""


def parsers(
    verbs: Mapping[str, Verb],
    add: Callable[..., argparse.ArgumentParser],
    **common: tuple[str, str],
) -> None:
    """Add the verbs by `add`, `add_parser` of those above; common: flag -> (metavar, help)."""
    for name, verb in verbs.items():
        parser = add(name, help=verb.help, description=verb.words or verb.help, allow_abbrev=False)
        verb.flags(parser)
        for flag, (metavar, text) in common.items():
            parser.add_argument(f"--{flag}", metavar=metavar, help=text)
        parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
