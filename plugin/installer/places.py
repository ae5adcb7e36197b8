"""Where each system keeps what concerns us. Names only: nothing here touches a disk.

All follows from platform, environment and home, so the rules of one system can be asked on
another (with `PureWindowsPath` for a home, say). Sources: Foundry's installation guide,
Blackmagic's scripting README, Blender's manual.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from .words import SetUpError

OURS = "answerprint"


@dataclass(frozen=True)
class Machine:
    """A user's account on a machine. `root` stands before paths that begin at the disk's root."""

    platform: str
    home: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    root: Path = Path("/")

    @property
    def windows(self) -> bool:
        return self.platform == "win32"

    @property
    def mac(self) -> bool:
        return self.platform == "darwin"

    def named(self, variable: str, otherwise: PurePath) -> Path:
        """The folder that a variable names; `otherwise` where it is not set."""
        told = self.environ.get(variable)
        return type(self.home)(told or otherwise)

    def at(self, path: str) -> Path:
        """A path from the root of the disk."""
        return self.root / path.lstrip("/")

    @property
    def data(self) -> Path:
        """The folder for what programs keep for one user."""
        if self.windows:
            return self.named("LOCALAPPDATA", self.home / "AppData/Local")
        return self.home / ("Library/Application Support" if self.mac else ".local/share")

    @property
    def roaming(self) -> Path:
        return self.named("APPDATA", self.home / "AppData/Roaming")

    @property
    def prefix(self) -> Path:
        return self.data / OURS

    @property
    def nuke(self) -> Path:
        """Nuke's folder of the user; on Windows HOME goes before the profile."""
        return (self.named("HOME", self.home) if self.windows else self.home) / ".nuke"

    @property
    def resolve(self) -> Path:
        """Resolve's folder of the user, in which `Fusion/Scripts` is."""
        if self.windows:
            return self.roaming / "Blackmagic Design/DaVinci Resolve/Support"
        if self.mac:
            return self.data / "Blackmagic Design/DaVinci Resolve"
        return self.data / "DaVinciResolve"

    @property
    def resolve_scripts(self) -> Path:
        """*Workspace > Scripts*: what lies in Utility is there on every page."""
        return self.resolve / "Fusion/Scripts/Utility"

    @property
    def blender(self) -> Path:
        """Blender's folder of the user, with one folder for each version below it."""
        if self.windows:
            return self.roaming / "Blender Foundation/Blender"
        if self.mac:
            return self.data / "Blender"
        return self.named("XDG_CONFIG_HOME", self.home / ".config") / "blender"

    def extensions(self, version: str) -> Path:
        return self.blender / version / "extensions/user_default"

    @property
    def program_folders(self) -> list[Path]:
        """Where programs are, for all users: never written to."""
        if self.windows:
            names = ("ProgramFiles", "ProgramFiles(x86)", "ProgramData", "SystemRoot")
            return [type(self.home)(self.environ[n]) for n in names if self.environ.get(n)]
        mac = ("/Applications", "/Library", "/System")
        unix = ("/usr", "/opt", "/bin", "/sbin", "/lib", "/etc", "/boot", "/snap")
        return [self.at(each) for each in (unix + mac if self.mac else unix)]


def this_machine() -> Machine:
    """The one we run on. Raises SetUpError where the account has no home."""
    variable = "USERPROFILE" if sys.platform == "win32" else "HOME"
    home = os.environ.get(variable) or os.path.expanduser("~")
    if not os.path.isabs(home):
        raise SetUpError(
            f"{variable} is '{home}', which is no folder.",
            f"Let {variable} name your home folder, then start install.py again.",
        )
    return Machine(sys.platform, Path(os.path.realpath(home)), os.environ)


def refuse_admin(machine: Machine, user: int | None, owner: int | None) -> str:
    """A notice for whoever installs as root; '' for everybody else. Raises SetUpError.

    What root writes into a user's home, that user can neither change nor remove. Where the
    home is root's own (a container, a single-user machine) there is no other user to harm.

    user    our user number; 0 for an administrator of Windows, None where it is not known.
    owner   of the home.
    """
    if user != 0:
        return ""
    if machine.windows or machine.environ.get("SUDO_USER") or owner != 0:
        raise SetUpError(
            f"install.py was started as administrator, for the home {machine.home}.",
            "Start it as the user who will work with it, without sudo.",
        )
    return f"this is for root alone, whose home is {machine.home}."


def account() -> int | None:
    """Our user number, 0 for an administrator."""
    if sys.platform == "win32":
        import ctypes

        return 0 if ctypes.windll.shell32.IsUserAnAdmin() else None
    return os.geteuid()
