"""The catalogue and the reference page of the tools, made from their declarations.

    python -m answerprint.catalogue      writes resources/catalogue.json and resources/docs/tools.md

A host builds its menu and its panels from the catalogue, a file, and waits for nothing; people
read the page. Neither is edited: a test compares both with the declarations.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from answerprint.errors import AnswerprintError, CannotWrite
from answerprint.frames.text import write_text
from answerprint.tool import Tool
from answerprint.tools import every
from answerprint.trust.disclosure import disclosure

RESOURCES = Path(__file__).parents[2] / "resources"
CATALOGUE, PAGE = "catalogue.json", "docs/tools.md"

_HEAD = """\
# Tools

Made from the declarations in `plugin/answerprint/tools/` by `python -m answerprint.catalogue`.
What all tools take and leave is in [Conventions](conventions.md), what they refuse in
[When something fails](trouble.md).
"""
_LIVE = """\
*Live* parameters change nothing that was measured: a second run into the same folder takes them
up without measuring again.
"""
_VALUES: dict[str, Callable[[dict[str, Any]], str]] = {
    "num": lambda row: (
        f"{'whole number, ' if row['whole'] else ''}{row['low']:g} to {row['high']:g}{row['unit']}"
    ),
    "pick": lambda row: ", ".join(row["choices"]),
    "flag": lambda row: "on or off",
    "frames": lambda row: "frame numbers: 1001, 1001-1010, 1001,1050",
    "names": lambda row: "a name; may be given several times",
}


def catalogue(tools: Iterable[Tool]) -> str:
    """The declarations as JSON text: {"tools": [...]}, as `answerprint tools --json` says it."""
    return json.dumps({"tools": [each.spec() for each in tools]}, indent=1) + "\n"


def page(tools: Sequence[Tool]) -> str:
    """The reference page, Markdown: for each tool how to call it, its controls, its contract."""
    listed = [[f"[`{each.name}`](#{each.name})", each.summary] for each in tools]
    return "\n".join([_HEAD, _table(["Tool", ""], listed), *map(_section, tools)])


def _section(tool: Tool) -> str:
    spec = tool.spec()
    inputs, params = spec["inputs"], spec["params"]
    needed = [f" {_flag(each)} PATH" for each in inputs[1:] if each["required"]]
    said = disclosure(tool.policy, {})
    kind = f"Kind of operation `{said['kind']}`, {'' if said['generative'] else 'not '}generative"
    if said["digital_source_type"]:
        kind += f", digital source type `{said['digital_source_type'].rpartition('/')[2]}`"
    return "\n".join(
        [
            f"## {tool.name}\n",
            f"**{tool.label}**, version {tool.version}.\n",
            f"    answerprint {tool.name} SOURCE{''.join(needed)} --out DIR\n",
            _table(["Input", "", "What it is"], [_input(each) for each in inputs]),
            _table(["Parameter", "Values", "Default", "", "What it does"], map(_param, params)),
            *([_LIVE] if any(each["live"] for each in params) else []),
            f"{kind}. Records it needs: {', '.join(said['records_needed']) or 'none'}.\n",
            f"```text\n{tool.contract.strip()}\n```\n",
        ]
    )


def _input(row: dict[str, Any]) -> list[str]:
    name = "SOURCE" if row["name"] == "source" else _flag(row)
    return [f"`{name}`", "needed" if row["required"] else "", row["help"]]


def _param(row: dict[str, Any]) -> list[str]:
    live = "live" if row["live"] else ""
    return [f"`{_flag(row)}`", _VALUES[row["kind"]](row), _default(row), live, row["help"]]


def _default(row: dict[str, Any]) -> str:
    value = row["default"]
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int | float):
        return f"{value:g}{row['unit']}"
    return ", ".join(value) if isinstance(value, list) else value


def _flag(row: dict[str, Any]) -> str:
    return "--" + str(row["name"]).replace("_", "-")


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    cells = [[cell.replace("|", r"\|").replace("\n", " ") for cell in line] for line in lines]
    return "".join(f"| {' | '.join(line)} |\n" for line in cells)


def write(folder: Path, tools: Sequence[Tool]) -> list[Path]:
    """Write both files into a `resources` folder that exists; their paths. Raises CannotWrite."""
    texts = {CATALOGUE: catalogue(tools), PAGE: page(tools)}
    for name, text in texts.items():
        if not (folder / name).parent.is_dir():
            raise CannotWrite(
                f"There is no folder {(folder / name).parent}.",
                "Run this in a checkout of Answerprint.",
            )
        write_text(folder / name, text)
    return [folder / name for name in texts]


def main() -> int:
    """Write both files of this checkout; the exit status."""
    try:
        for path in write(RESOURCES, every()):
            print(path)
    except AnswerprintError as refused:
        print(refused, file=sys.stderr)
        return refused.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main())
