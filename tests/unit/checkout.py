"""A checkout for tests of install.py."""

from __future__ import annotations

import shutil
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "install.py"


def copy_installer(root: Path) -> None:
    """install.py and what it is made of, and nothing else of the suite."""
    shutil.copy(SOURCE, root)
    modules = SOURCE.parent / "plugin/installer"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(modules, root / "plugin/installer", ignore=ignored)
