"""A small suite to install, and homes of three systems to install it into."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from installer import commands
from installer.places import Machine

SYSTEMS = ("linux", "darwin", "win32")
ROOT = Path(__file__).parents[2]

SUITE = {
    "LICENSE": "of the suite\n",
    "README.md": "# Answerprint\n",
    "constraints.txt": "numpy==2.4.6\n",
    "install.py": "# starts the installer\n",
    "pyproject.toml": '[project]\nname = "answerprint"\nversion = "0.1.0"\n',
    "resources/catalogue.json": "{}\n",
    "resources/docs/install.md": "# Install\n",
    "resources/docs/nuke.md": "# Nuke\n",
    "plugin/answerprint/__init__.py": '__version__ = "0.1.0"\n',
    "plugin/answerprint/panel/panel.py": "from answerprint_bridge import wire\n",
    "plugin/answerprint/panel/icons/run.svg": "<svg/>\n",
    "host_bridges/bridge/__init__.py": "",
    "host_bridges/bridge/wire.py": 'SUITE = "0.1.0"\n',
    "host_bridges/nuke_bridge/__init__.py": "",
    "host_bridges/nuke_bridge/adapter.py": "import nuke\n",
    "host_bridges/nuke_bridge/startup/init.py": "print('init')\n",
    "host_bridges/nuke_bridge/startup/menu.py": "print('menu')\n",
    "host_bridges/resolve_bridge/Answerprint.py": 'FOLDER = ""  # install.py writes it\n',
    "host_bridges/resolve_bridge/agent.py": "def main(resolve, folder): ...\n",
    "host_bridges/blender_bridge/__init__.py": "from answerprint_bridge import wire\n",
    "host_bridges/blender_bridge/blender_manifest.toml": 'version = "0.1.0"\n',
    "host_bridges/blender_bridge/LICENSE": "GPL\n",
}


class Account:
    """Somebody's home with his own files in it, a suite he downloaded, and the core's Python."""

    def __init__(self, system: str, tmp: Path) -> None:
        self.tmp, self.disk = tmp, tmp / "disk"
        self.home = tmp / "homes" / "Jörg Ünal"
        self.download, self.python = tmp / "down load", tmp / "core/python"
        environ = {}
        if system == "win32":
            environ = {
                "LOCALAPPDATA": str(self.home / "AppData/Local"),
                "APPDATA": str(self.home / "AppData/Roaming"),
                "ProgramFiles": str(self.disk / "Program Files"),
            }
        self.machine = Machine(system, self.home, environ, self.disk)
        self.write(self.machine.nuke / "init.py", b"import nuke\n# my own\n")
        self.write(self.machine.nuke / "menu.py", b"# my own menu\n")
        self.write(self.machine.resolve / "Fusion/Scripts/Utility/Mine.py", b"# mine\n")
        self.write(self.machine.blender / "4.5/config/userpref.blend", b"\0prefs")
        self.write(self.machine.blender / "3.6/config/userpref.blend", b"\0old")
        self.write(self.python, b"#!/bin/sh\nexit 0\n").chmod(0o755)
        for name, text in SUITE.items():
            self.write(self.download / name, text.encode())

    @property
    def prefix(self) -> Path:
        return self.machine.prefix

    @property
    def block_file(self) -> Path:
        return self.machine.nuke / "init.py"

    @property
    def nuke(self) -> Path:
        return self.machine.nuke / "answerprint"

    def write(self, path: Path, data: bytes) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def asked(self, command: str, **more: object) -> commands.Asked:
        python = None if command == "uninstall" else self.python
        return commands.Asked(command, **{"python": python, **more})  # type: ignore[arg-type]

    def install(self, root: Path | None = None, **more: object) -> commands.Outcome:
        return commands.install(self.asked("install", **more), root or self.download, self.machine)

    def repair(self, root: Path | None = None, **more: object) -> commands.Outcome:
        return commands.install(self.asked("repair", **more), root or self.download, self.machine)

    def uninstall(self, root: Path | None = None, **more: object) -> commands.Outcome:
        return commands.uninstall(
            self.asked("uninstall", **more), root or self.download, self.machine
        )

    def tree(self) -> dict[str, object]:
        return snapshot(self.tmp / "homes")


def snapshot(folder: Path) -> dict[str, object]:
    """Every path below a folder: what it is, its permissions and its bytes."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        mode = stat.S_IMODE(os.lstat(path).st_mode)
        if path.is_symlink():
            told: object = ("link", os.readlink(path))
        elif path.is_dir():
            told = ("folder", mode)
        else:
            told = (mode, path.read_bytes())
        found[path.relative_to(folder).as_posix()] = told
    return found


def new_paths(before: dict[str, object], after: dict[str, object]) -> set[str]:
    return set(after) - set(before)
