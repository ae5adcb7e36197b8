"""The environments that only tests need: Blender as a module, and Nuke 15's Qt.

They clash with the suite's own packages, so each is a venv of its own below `.venvs`.
"""

from __future__ import annotations

from pathlib import Path

from .packages import explain_pip, pip
from .pythons import PYTHON
from .venvs import Venv, bring
from .words import SetUpError, say

# name -> its requirements, the module that must load, the Python it is made for
RIGS = {
    "bpy45": ("tests/blender/bpy45.txt", "bpy", PYTHON),
    "bpy50": ("tests/blender/bpy50.txt", "bpy", PYTHON),
    "pyside2": ("tests/panel/pyside2.txt", "PySide2.QtWidgets", (3, 10)),
}


def make_rigs(root: Path) -> list[str]:
    """Make each test venv whose requirements are in the checkout; names of those that failed.

    A rig that cannot be made is said in one sentence and stops nothing: the tests that need it
    fail by themselves.
    """
    failed = []
    for name, (requirements, module, python) in RIGS.items():
        if not (root / requirements).is_file():
            continue
        try:
            bring(rig(root, name, requirements, module, python))
        except SetUpError as trouble:
            say(f".venvs/{name} cannot be made. {trouble.title} {trouble.hint}")
            failed.append(name)
    return failed


def rig(root: Path, name: str, requirements: str, module: str, version: tuple[int, int]) -> Venv:
    def install(python: Path, index: str, turn: int) -> None:
        say(f"installing the packages of {requirements}")
        status, said = pip(python, ["-r", requirements], turn, root)
        if status:
            raise explain_pip(status, said)

    return Venv(root / ".venvs" / name, root, (requirements,), install, (module,), version)
