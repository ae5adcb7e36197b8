"""Who may import whom: the layers of the core, and what may enter a host's Python.

The rule is read from the sources (ast), so an import inside a function counts like any other.
The bridges run in hosts that have nothing of ours but the bridge, and Pythons older than ours.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# What each part of the suite may import of the suite. Its own files always; `errors`, `tool`
# and `events` (declarations, no more) where they are named; the bridge: all over the core.
LEAVES = {"errors", "events", "tool", "bridge"}
FRAMES = LEAVES | {"frames"}
VISION = FRAMES | {"vision"}
TOOLS = VISION | {"nets", "tools", "edit", "show", "trust"}
MAY = {
    "errors": set(),
    "tool": {"errors"},
    "events": {"errors"},
    "bridge": set(),
    "frames": LEAVES,
    "vision": FRAMES,
    "nets": VISION,
    "edit": VISION,
    "show": VISION | {"edit"},
    "trust": FRAMES,
    "check": VISION | {"edit", "show", "trust"},
    "tools": TOOLS,
    "review": VISION | {"edit", "show"},  # reads a check's report as a file
    "worker": TOOLS | {"check", "review"},
    "cli": TOOLS
    | {"catalogue", "cli_check", "cli_review", "cli_show", "panel", "terminal", "worker"},
    "cli_check": LEAVES | {"check", "verbs", "worker"},
    "cli_review": LEAVES | {"review", "verbs"},
    "cli_show": TOOLS | {"check", "verbs", "worker"},
    "terminal": {"events"},
    "verbs": set(),
    "catalogue": {"errors", "frames", "tool", "tools", "trust"},
    "__main__": {"cli"},
    "__init__": set(),
    "panel": {"bridge"},
    "nuke_bridge": {"bridge", "panel"},  # its dock shows the panel
    "resolve_bridge": {"bridge"},
    "blender_bridge": {"bridge"},
}
OUTSIDE = {  # modules of others -> the only parts that may import them
    ("torch", "torchvision"): {"frames", "vision", "nets", "tools", "worker"},
    ("PySide2", "PySide6", "PyQt5", "PyQt6", "shiboken2", "shiboken6", "qtpy"): {"panel"},
    ("nuke", "nukescripts", "hiero"): {"nuke_bridge"},
    ("DaVinciResolveScript", "fusionscript", "BlackmagicFusion"): {"resolve_bridge"},
    ("bpy", "bpy_extras", "bl_ui", "bmesh", "gpu", "mathutils", "aud"): {"blender_bridge"},
}
OWNER = {module: parts for modules, parts in OUTSIDE.items() for module in modules}
IN_HOSTS = {"bridge", "panel", "nuke_bridge", "resolve_bridge", "blender_bridge"}


def part_of(module: str) -> str:
    """The part of the suite that a module belongs to, '' where it is none of ours.

    Copies inside hosts have names of their own: `answerprint_nuke` is `nuke_bridge`.
    """
    top, _, rest = module.partition(".")
    if top == "answerprint":
        return rest.partition(".")[0] or "__init__"
    if top in ("nuke_bridge", "resolve_bridge", "blender_bridge"):
        return top
    name = top.removeprefix("answerprint_")
    if name == top:
        return ""
    return name if name in ("bridge", "panel") else f"{name}_bridge"


def sources(root: Path) -> Iterator[tuple[Path, str]]:
    """Every Python file of the suite, with its module's name (a package's: with `__init__`)."""
    for folder, package in (("plugin/answerprint", "answerprint"), ("host_bridges", "")):
        for path in sorted((root / folder).rglob("*.py")):
            words = path.relative_to(root / folder).with_suffix("").parts
            if not package:
                words = ("answerprint_bridge", *words[1:]) if words[0] == "bridge" else words
            yield path, ".".join((package, *words) if package else words)


def imported(tree: ast.Module, module: str, names: set[str]) -> Iterator[tuple[int, str]]:
    """Line and full name of every module that is imported, by statement or by a call."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = module.split(".")[: -node.level] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                full = f"{base}.{alias.name}"
                yield node.lineno, full if full in names else base
        elif isinstance(node, ast.Call) and node.args:
            called = node.func.attr if isinstance(node.func, ast.Attribute) else None
            called = node.func.id if isinstance(node.func, ast.Name) else called
            told = node.args[0]
            if called in ("import_module", "__import__") and isinstance(told, ast.Constant):
                yield node.lineno, str(told.value)


def reason(part: str, module: str) -> str:
    """Why this part may not import that module; '' where it may."""
    theirs, top = part_of(module), module.partition(".")[0]
    if theirs:
        allowed = MAY[part] | {part}
        ok = theirs in allowed or (theirs == "__init__" and part not in IN_HOSTS)
        return "" if ok else f"it may import {', '.join(sorted(MAY[part])) or 'nothing of ours'}"
    if top in OWNER:
        return "" if part in OWNER[top] else f"only {', '.join(sorted(OWNER[top]))} may"
    if part in IN_HOSTS and top not in sys.stdlib_module_names:
        return "in a host there is the standard library and the host's own module"
    return ""


def breaches(root: Path) -> list[str]:
    """Every import that breaks the rule, and every file an older Python could not read."""
    found = []
    files = list(sources(root))
    words = [name.removesuffix(".__init__").split(".") for _, name in files]
    names = {".".join(each[:n]) for each in words for n in range(1, len(each) + 1)}
    for path, module in files:
        where = path.relative_to(root)
        part = part_of(module)
        if part not in MAY:
            found.append(f"{where}: '{part}' is no part that this rule knows; add it to MAY")
            continue
        oldest = (3, 10) if part in IN_HOSTS else (3, 11)
        if where.name in ("messages.py", "process.py", "wire.py") and part == "bridge":
            oldest = (3, 8)
        try:
            text = path.read_text("utf-8")
            tree = ast.parse(text, feature_version=oldest)
        except SyntaxError as error:
            found.append(f"{where}:{error.lineno}: not Python {oldest[0]}.{oldest[1]}: {error.msg}")
            continue
        for line, name in imported(tree, module, names):
            if why := reason(part, name):
                found.append(f"{where}:{line}: {part} imports {name}; {why}")
    for folder in ("plugin", "host_bridges"):
        for path in (root / folder).rglob("nuke"):
            found.append(f"{path.relative_to(root)}: this name hides the host's own module")
    return found


def test_every_import_keeps_to_the_rule():
    assert breaches(ROOT) == []


def test_the_rule_sees_every_source():
    seen = {name for _, name in sources(ROOT)}
    assert {"answerprint.errors", "answerprint.frames.frame", "answerprint_bridge.__init__"} <= seen


def tree_with(tmp_path: Path, path: str, text: str) -> Path:
    """A suite of one file (and what that file may name)."""
    for each in ("frames/frame", "vision/flow", "tools/match", "worker/jobs", "tool", "__init__"):
        made = tmp_path / "plugin/answerprint" / f"{each}.py"
        made.parent.mkdir(parents=True, exist_ok=True)
        made.touch()
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text(text, "utf-8")
    return tmp_path


CORE, HOSTS = "plugin/answerprint", "host_bridges"


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        (f"{CORE}/frames/exr.py", "import answerprint.vision", "frames imports"),
        (f"{CORE}/frames/exr.py", "from answerprint import vision", "frames imports"),
        (f"{CORE}/frames/exr.py", "from answerprint.vision.flow import flow", "frames imports"),
        (f"{CORE}/frames/exr.py", "from ..vision import flow", "frames imports"),
        (f"{CORE}/frames/exr.py", "from .. import vision", "frames imports"),
        (f"{CORE}/frames/exr.py", "def f():\n    import answerprint.worker", ":2: frames"),
        (f"{CORE}/vision/flow.py", "from answerprint.tools import match", "vision imports"),
        (f"{CORE}/vision/flow.py", "from answerprint.trust import policy", "vision imports"),
        (f"{CORE}/nets/unet.py", "from answerprint.tools import match", "nets imports"),
        (f"{CORE}/tools/grain.py", "from answerprint.worker import jobs", "tools imports"),
        (f"{CORE}/worker/jobs.py", "import answerprint.cli", "worker imports"),
        (f"{CORE}/trust/policy.py", "from answerprint.vision import flow", "trust imports"),
        (f"{CORE}/edit/cut.py", "from answerprint.tools import match", "edit imports"),
        (f"{CORE}/edit/cut.py", "import torch", "edit imports torch"),
        (f"{CORE}/cli.py", "import torch.nn", "cli imports torch.nn"),
        (f"{CORE}/cli.py", "import importlib\nimportlib.import_module('torch')", ":2: cli"),
        (f"{CORE}/errors.py", "from answerprint import tool", "nothing of ours"),
        (f"{CORE}/tool.py", "from answerprint.frames.frame import Frame", "tool imports"),
        (f"{CORE}/panel/form.py", "from answerprint.errors import BadInput", "panel imports"),
        (f"{CORE}/panel/form.py", "import numpy", "panel imports numpy"),
        (f"{CORE}/worker/serve.py", "from PySide6 import QtCore", "only panel may"),
        (f"{CORE}/frames/exr.py", "__import__('bpy')", "only blender_bridge may"),
        (f"{HOSTS}/bridge/wire.py", "from answerprint.errors import BadInput", "nothing of ours"),
        (f"{HOSTS}/bridge/wire.py", "import numpy", "standard library"),
        (f"{HOSTS}/bridge/wire.py", "match 1:\n    case 1: pass", "not Python 3.8"),
        (f"{HOSTS}/bridge/host.py", "try: pass\nexcept* OSError: pass", "not Python 3.10"),
        (f"{HOSTS}/nuke_bridge/ui.py", "import bpy", "only blender_bridge may"),
        (f"{HOSTS}/nuke_bridge/ui.py", "from PySide2 import QtCore", "only panel may"),
        (f"{HOSTS}/blender_bridge/ui.py", "import answerprint", "blender_bridge imports"),
        (f"{HOSTS}/blender_bridge/ui.py", "import answerprint_nuke", "blender_bridge imports"),
        (f"{HOSTS}/resolve_bridge/agent.py", "import requests", "standard library"),
        (f"{HOSTS}/nuke/menu.py", "", "add it to MAY"),
        (f"{CORE}/vision/nuke/flow.py", "", "hides the host's own module"),
        (f"{CORE}/magic/wand.py", "", "'magic' is no part"),
    ],
)
def test_a_breach_is_found(tmp_path, path, text, said):
    found = breaches(tree_with(tmp_path, path, text))
    assert len(found) >= 1, "the rule let it pass"
    assert all(path.rpartition("/")[0] in each for each in found)
    assert any(said in each for each in found), found


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (
            f"{CORE}/frames/exr.py",
            "import torch, numpy\nfrom answerprint.tool import frame_numbers",
        ),
        (f"{CORE}/frames/exr.py", "from . import frame\nfrom ..errors import BadInput"),
        (f"{CORE}/frames/exr.py", "from answerprint import __version__, errors"),
        (f"{CORE}/vision/fill.py", "from answerprint.frames.frame import Frame\nimport cv2"),
        (f"{CORE}/tools/grain.py", "from answerprint import edit, show, trust, nets, vision"),
        (f"{CORE}/worker/serve.py", "from answerprint.tools import match\nimport torch"),
        (f"{CORE}/cli.py", "import answerprint_bridge.wire\nfrom answerprint.worker import jobs"),
        (
            f"{CORE}/panel/form.py",
            "from PySide6 import QtCore\nfrom answerprint_bridge import wire",
        ),
        (f"{HOSTS}/bridge/wire.py", "import json\nfrom . import results"),
        (f"{HOSTS}/bridge/host.py", "match 1:\n    case 1: pass"),
        (f"{HOSTS}/nuke_bridge/ui.py", "import nuke\nfrom answerprint_bridge import wire"),
        (f"{HOSTS}/nuke_bridge/ui.py", "from . import adapter\nimport answerprint_nuke.entry"),
        (f"{HOSTS}/blender_bridge/ui.py", "import bpy, mathutils, os"),
    ],
)
def test_what_is_allowed_passes(tmp_path, path, text):
    assert breaches(tree_with(tmp_path, path, text)) == []
