"""The names that Resolve's scripting has in each version, from the published stubs.

    pip download --no-deps --dest DIR fusionscript-stubs==21.0.0    (and each other of VERSIONS)
    python tests/doubles/resolve_names.py DIR

writes resolve_names.json beside this file: which methods there are in each version, and how
their parameters are called. The stubs are made from the README that comes with Resolve.
"""

from __future__ import annotations

import ast
import json
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

VERSIONS = (
    *("18.5.0", "18.6.0", "18.6.6", "19.0", "19.1"),
    *("20.0", "20.1", "20.2", "20.2.2", "21.0.0"),
)
NAMES = Path(__file__).with_suffix(".json")


def methods(stub: str) -> Iterator[tuple[str, list[str]]]:
    """'Class.Method' and the names of its parameters, for each of its forms."""
    for group in ast.parse(stub).body:
        if not isinstance(group, ast.ClassDef):
            continue
        for each in group.body:
            if isinstance(each, ast.FunctionDef):
                told = each.args
                names = [arg.arg for arg in told.args[1:]]
                yield (
                    f"{group.name}.{each.name}",
                    names + ([f"*{told.vararg.arg}"] if told.vararg else []),
                )
            elif group.name == "Resolve" and isinstance(each, ast.AnnAssign):
                yield f"Resolve.{ast.unparse(each.target)}", []


def table(folder: Path) -> dict[str, Any]:
    """Method -> {version: its forms}: versions where they changed, None where it went away."""
    found: dict[str, dict[str, Any]] = {}
    now: dict[str, Any] = {}
    for version in VERSIONS:
        (wheel,) = folder.rglob(f"fusionscript_stubs-{version}-*.whl")
        with zipfile.ZipFile(wheel) as files:
            stub = files.read("fusionscript-stubs/fusionscript.pyi").decode()
        before, now = now, {}
        for name, parameters in methods(stub):
            now.setdefault(name, []).append(parameters)
        for name in sorted(before.keys() | now.keys()):
            if before.get(name) != now.get(name):
                found.setdefault(name, {})[version] = now.get(name)
    return {"versions": VERSIONS, "names": dict(sorted(found.items()))}


def known(version: tuple[int, int], told: dict[str, Any]) -> dict[str, list[list[str]]]:
    """'Class.Method' -> its forms, of the newest table that is not newer than a version."""
    version, found = max(version, (18, 5)), {}
    for name, changes in told["names"].items():
        forms = None
        for at, each in changes.items():
            forms = each if tuple(map(int, at.split(".")[:2])) <= version else forms
        if forms is not None:
            found[name] = forms
    return found


if __name__ == "__main__":
    text = json.dumps(table(Path(sys.argv[1])), separators=(",", ":"))
    NAMES.write_text(text.replace('},"', '},\n"') + "\n", "utf-8")
