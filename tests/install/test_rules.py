"""What holds for the installer's sources: old Pythons start it, and it stands on nothing."""

from __future__ import annotations

import ast
import sys

import pytest
from scratch import ROOT

SOURCES = [ROOT / "install.py", *sorted((ROOT / "plugin/installer").glob("*.py"))]
CORES = "checkup.py"  # run by the core's Python, as a file
OURS = [path for path in SOURCES if path.name != CORES]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_python_3_10_can_read_it(path):
    ast.parse(path.read_text("utf-8"), feature_version=(3, 10))


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_it_imports_the_standard_library_and_itself(path):
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(str(node.module).partition(".")[0])
    assert found - {"installer"} <= sys.stdlib_module_names


def test_the_checkup_is_only_ever_started():
    """It imports the core, which install.py's own Python has not."""
    assert not [path for path in OURS if "import checkup" in path.read_text("utf-8")]
