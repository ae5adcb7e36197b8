"""The Blender extension: which files it is made of, and its zip.

The bridge lies inside the extension as a package of its own: Blender wants an extension to keep
its modules below its own name, and to leave `sys.path` alone. So the one line that differs from
the checkout is written here: `from answerprint_bridge` becomes `from .answerprint_bridge`.
"""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

ID = "answerprint"
BRIDGE = "answerprint_bridge"
_IMPORT = re.compile(rf"^(\s*)from {BRIDGE}\b", re.MULTILINE)
_OTHER = re.compile(rf"^\s*import {BRIDGE}\b|import_module\(.{BRIDGE}", re.MULTILINE)
_TIME = (1980, 1, 1, 0, 0, 0)  # the oldest a zip can tell: the same files make the same zip


def files(root: Path, python: Path | str) -> dict[str, bytes]:
    """Name in the extension -> contents.

    root     a checkout of Answerprint, or what has its folders.
    python   the Python of the core, for `core.json`.

    Raises ValueError where a file imports the bridge in a way that is not rewritten.
    """
    ours = root / "host_bridges/blender_bridge"
    found = {path.name: _own(path) for path in sorted(ours.glob("*.py"))}
    for name in ("blender_manifest.toml", "LICENSE"):
        found[name] = (ours / name).read_bytes()
    for path in sorted((root / "host_bridges/bridge").glob("*.py")):
        found[f"{BRIDGE}/{path.name}"] = path.read_bytes()
    found[f"{BRIDGE}/LICENSE"] = (root / "LICENSE").read_bytes()
    found["catalogue.json"] = (root / "resources/catalogue.json").read_bytes()
    core = {"python": str(python), "suite": _version(found["blender_manifest.toml"])}
    found["core.json"] = (json.dumps(core, indent=1) + "\n").encode()
    return found


def build(root: Path, out: Path, python: Path | str) -> Path:
    """Write the extension's zip into the folder `out`; its path."""
    made = files(root, python)
    path = out / f"{ID}-{json.loads(made['core.json'])['suite']}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, contents in sorted(made.items()):
            entry = zipfile.ZipInfo(name, _TIME)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            zipped.writestr(entry, contents)
    return path


def _version(manifest: bytes) -> str:
    told = re.search(r'^version = "(.+)"$', manifest.decode(), re.MULTILINE)
    if not told:
        raise ValueError("blender_manifest.toml names no version.")
    return told[1]


def _own(path: Path) -> bytes:
    """A file of the bridge to Blender, with the import of the bridge made relative."""
    text = path.read_bytes().decode("utf-8")
    if other := _OTHER.search(text):
        raise ValueError(f"{path}: write '{other[0].strip()}' as 'from {BRIDGE}... import ...'.")
    return _IMPORT.sub(rf"\1from .{BRIDGE}", text).encode()
