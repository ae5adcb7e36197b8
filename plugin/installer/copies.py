"""What is put where: the suite's own copy, and what each host loads.

A host's Python cannot see the suite's packages, so it gets copies, under names that are its
alone (`answerprint_bridge` is `host_bridges/bridge`). All of a folder is taken, by rule.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

from . import block, extension
from .places import OURS, Machine
from .plan import Wanted
from .words import SetUpError

SUITE = (  # what the prefix keeps of a download, which can be deleted then
    "LICENSE",
    "README.md",
    "constraints.txt",
    "host_bridges",
    "install.py",
    "models",
    "plugin",
    "pyproject.toml",
    "resources/catalogue.json",
    "resources/docs",
)
NEVER = ("__pycache__", ".venv", ".egg-info", ".pyc", ".answerprint-new", ".DS_Store")


def suite_version(root: Path) -> str:
    told = re.search(r'^version = "(.+)"$', (root / "pyproject.toml").read_text("utf-8"), re.M)
    if not told:
        raise SetUpError(f"{root / 'pyproject.toml'} names no version.", "Download it again.")
    return told[1]


def tree(folder: Path) -> dict[str, bytes]:
    """Every file of a folder, by its path below it; '' is a file itself."""
    if folder.is_file():
        return {"": folder.read_bytes()}
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(p.endswith(NEVER) for p in path.relative_to(folder).parts)
    }


def core(python: Path | str, version: str) -> bytes:
    """`core.json`: where a host's copy finds the core, and the version it was made for."""
    return (json.dumps({"python": str(python), "suite": version}, indent=1) + "\n").encode()


def suite(root: Path) -> dict[str, bytes]:
    """The suite's own copy: enough to run it, to mend hosts and to uninstall."""
    found: dict[str, bytes] = {}
    for part in SUITE:
        found |= _under(part, tree(root / part))
    return found


def nuke(root: Path, python: Path) -> dict[str, bytes]:
    """A folder of Nuke's plug-in path. Nothing is ever written beside it: it can be read-only."""
    bridge = tree(root / "host_bridges/nuke_bridge")
    found = {name.removeprefix("startup/"): bridge[name] for name in bridge if "startup/" in name}
    found |= {f"{OURS}_nuke/{n}": bridge[n] for n in bridge if not n.startswith("startup/")}
    found |= _under(f"{OURS}_bridge", tree(root / "host_bridges/bridge"))
    found |= _under(f"{OURS}_panel", tree(root / "plugin/answerprint/panel"))
    found["nuke.md"] = (root / "resources/docs/nuke.md").read_bytes()
    found["catalogue.json"] = (root / "resources/catalogue.json").read_bytes()
    found["core.json"] = core(python, suite_version(root))
    return found


def resolve(root: Path, python: Path) -> dict[str, bytes]:
    """The folder of the agent, which the script of Resolve's menu starts."""
    bridge = tree(root / "host_bridges/resolve_bridge")
    del bridge[SCRIPT]
    return {
        **_under(f"{OURS}_resolve", bridge),
        **_under(f"{OURS}_bridge", tree(root / "host_bridges/bridge")),
        "core.json": core(python, suite_version(root)),
    }


SCRIPT = "Answerprint.py"


def resolve_script(root: Path, folder: Path) -> bytes:
    """The script of Resolve's menu, which is told where the agent is: it knows no `__file__`."""
    text = (root / "host_bridges/resolve_bridge" / SCRIPT).read_text("utf-8")
    made, times = re.subn(r'^FOLDER = ""', lambda _: f"FOLDER = {str(folder)!a}", text, flags=re.M)
    if times != 1:
        raise SetUpError(f"{SCRIPT} has no line for its folder.", "Download Answerprint again.")
    return made.encode()


def _under(folder: str, files: dict[str, bytes]) -> dict[str, bytes]:
    return {f"{folder}/{name}" if name else folder: data for name, data in files.items()}


def wanted(
    root: Path,
    machine: Machine,
    prefix: Path,
    python: Path,
    hosts: Iterable[str],
    blenders: Iterable[str],
) -> Wanted:
    """All that should be there for those hosts.

    root       of the sources: a download, or the copy in the prefix.
    python     the core's.
    blenders   the versions of Blender that get the extension.
    """
    files = {prefix / "suite" / name: ("suite", data) for name, data in suite(root).items()}
    blocks = {}
    if "nuke" in hosts:
        folder = machine.nuke / OURS
        files |= {folder / name: ("nuke", data) for name, data in nuke(root, python).items()}
        blocks[machine.nuke / "init.py"] = ("nuke", block.lines(folder))
    if "resolve" in hosts:
        agent = prefix / "resolve"
        files |= {agent / name: ("resolve", data) for name, data in resolve(root, python).items()}
        files[machine.resolve_scripts / SCRIPT] = ("resolve", resolve_script(root, agent))
    if "blender" in hosts:
        made = extension.files(root, python)
        for version in blenders:
            folder = machine.extensions(version) / OURS
            files |= {folder / name: ("blender", data) for name, data in made.items()}
    return Wanted(files, blocks)
