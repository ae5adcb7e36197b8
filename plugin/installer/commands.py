"""`install`, `repair` and `uninstall`: what is asked for, planned, said and done."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from . import block, copies, hosts, manifest, perform, venvs
from .guard import Guard
from .manifest import TREE, Entry, Manifest
from .places import OURS, Machine, account, refuse_admin
from .plan import (
    KEEP,
    REMOVE,
    REPLACE,
    SET_UP,
    WRITE,
    Step,
    Wanted,
    compare,
    content,
    recorded,
    refuse,
)
from .words import SetUpError, say


@dataclass(frozen=True)
class Asked:
    """The words of the command line."""

    command: str
    hosts: tuple[str, ...] | None = None
    prefix: Path | None = None
    python: Path | None = None
    wheels: str = ""
    torch_index: str | None = None
    dry_run: bool = False
    as_json: bool = False


@dataclass
class Outcome:
    """What was done, or would be."""

    status: str
    prefix: Path
    steps: Sequence[Step] = ()
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        steps = [{**asdict(each), "path": str(each.path)} for each in self.steps]
        return {**asdict(self), "prefix": str(self.prefix), "steps": steps}


def run(asked: Asked, root: Path, machine: Machine) -> int:
    """Do what was asked and say it; the exit status."""
    owner = None if machine.windows else machine.home.stat().st_uid
    notice = refuse_admin(machine, account(), owner)
    if notice and not asked.dry_run:
        say(notice)
    act = uninstall if asked.command == "uninstall" else install
    outcome = act(asked, root, machine)
    if asked.as_json:
        print(json.dumps(outcome.as_dict()))
        return 0
    if asked.dry_run:
        for step in outcome.steps:
            print(step)
    for (host, do), count in Counter((each.host, each.do) for each in outcome.steps).items():
        say(f"{hosts.LABELS.get(host, host)}: {do}, {count} path{'s' * (count > 1)}")
    for note in outcome.notes:
        say(note)
    say(f"{outcome.status}: {outcome.prefix}")
    return 0


def chosen_prefix(asked: Path | None, root: Path, machine: Machine) -> Path:
    """The folder of the suite: as asked, the one whose copy was started, or the usual one."""
    if asked:
        return Path(os.path.abspath(asked.expanduser()))
    return root.parent if is_installed_copy(root) else machine.prefix


def is_installed_copy(root: Path) -> bool:
    return root.name == "suite" and (root.parent / manifest.NAME).is_file()


def guard_of(machine: Machine, prefix: Path) -> Guard:
    """All that may be written to, for this user."""
    versions = hosts.configured(machine)
    extensions = [machine.extensions(each) for each in versions]
    return Guard(machine, prefix, [machine.nuke, machine.resolve_scripts, *extensions])


def chosen_hosts(asked: tuple[str, ...] | None, there: set[str], machine: Machine) -> list[str]:
    """Those asked for (else those found) and those that have a copy already."""
    versions = hosts.configured(machine)
    if asked and "blender" in asked and not versions:
        raise SetUpError(
            f"There are no settings of Blender 4.2 or newer in {machine.blender}.",
            "Start Blender once, close it, then start install.py again.",
        )
    found = {each.host for each in hosts.found(machine)}
    if not versions:
        found -= {"blender"}
    return [each for each in hosts.HOSTS if each in there | set(found if asked is None else asked)]


def install(asked: Asked, root: Path, machine: Machine) -> Outcome:
    """Make all copies as they should be. `repair` replaces what the user changed, too."""
    prefix, mend = chosen_prefix(asked.prefix, root, machine), asked.command == "repair"
    there = manifest.read(prefix)
    if there is None:
        if mend:
            raise SetUpError(
                f"Nothing of Answerprint is installed in {prefix}.",
                "Run: install.py install (with the --prefix that was used, if any).",
            )
        perform.refuse_foreign(prefix)
        there = Manifest()
    guard = guard_of(machine, prefix)
    chosen = chosen_hosts(() if mend else asked.hosts, there.hosts, machine)
    suite = prefix / "suite"
    python, given = core_python(asked, there, suite)
    wanted = copies.wanted(root, machine, prefix, python, chosen, hosts.configured(machine))
    if root == suite:
        refuse_damaged(there, suite)
    steps = compare(wanted, there, mend)
    trees = () if given else (suite / ".venv", suite / f"{OURS}.egg-info")
    if trees and venv_is_due(root, suite, asked.torch_index):
        steps += [Step(SET_UP, each, "suite", "packages of constraints.txt") for each in trees]
    refuse(steps)
    perform.check(guard, steps)
    new = Manifest(
        suite=copies.suite_version(root),
        python=str(python),
        given=given,
        entries={path: Entry(TREE, "suite") for path in trees},
    )
    due = any(each.do != KEEP for each in steps) or not same(new, there, wanted)
    told = [*steps, listed(prefix)] if due else steps
    left = notes(machine, chosen, wanted, python)
    outcome = Outcome("planned", prefix, told, kept(steps) + left)
    if asked.dry_run:
        return outcome

    def set_up() -> None:
        if not given:
            make = venvs.mend if mend else venvs.set_up
            make(suite, asked.torch_index, "panel", asked.wheels)

    if not due:
        if mend:
            set_up()
        return Outcome("nothing to do", prefix, notes=kept(steps))
    perform.install(guard, prefix, wanted, there, steps, new, set_up)
    outcome.status = "repaired" if mend else "installed"
    return outcome


def listed(prefix: Path, do: str = "") -> Step:
    """What becomes of the list of all that is ours."""
    path = prefix / manifest.NAME
    return Step(do or (REPLACE if path.exists() else WRITE), path, "suite")


def kept(steps: Sequence[Step]) -> list[str]:
    return [f"kept {each.path}: {each.why}" for each in steps if each.do == KEEP]


def same(new: Manifest, there: Manifest, wanted: Wanted) -> bool:
    """Whether the manifest says already what it would say."""
    head = replace(there, entries=new.entries) == new
    entries = {**recorded(wanted, there), **new.entries}
    return head and all(there.entries.get(path) == each for path, each in entries.items())


def core_python(asked: Asked, there: Manifest, suite: Path) -> tuple[Path, bool]:
    """The core's Python, and whether the user named it (now, or the last time)."""
    if asked.python:
        python = Path(os.path.abspath(asked.python.expanduser()))
        try:
            told = subprocess.run(
                [str(python), "-I", "-c", "import answerprint_bridge.wire, answerprint.worker"],
                capture_output=True,
                text=True,
                timeout=60,
            )
        except (OSError, subprocess.TimeoutExpired) as why:
            raise SetUpError(f"{python} does not start.", "Name a Python.", str(why)) from why
        if told.returncode:
            raise SetUpError(
                f"{python} does not have Answerprint.",
                "Name the Python of an environment that install.py made, or leave --python out.",
                told.stderr,
            )
        return python, True
    if there.given:
        return Path(there.python), True
    return venvs.venv_python(suite / ".venv"), False


def venv_is_due(root: Path, suite: Path, torch_index: str | None) -> bool:
    """Whether the suite's venv has to be made or made good. Raises SetUpError for another's."""
    noted = venvs.read_state(suite / ".venv")
    wanted = venvs.wanted_state(root, venvs.PINS, noted, torch_index) | {"where": str(suite)}
    return venvs.what_is_due(suite / ".venv", noted, wanted) != "nothing"


def refuse_damaged(there: Manifest, suite: Path) -> None:
    """Raises SetUpError where the suite's own copy is not whole: it cannot mend itself."""
    damaged = [
        str(path)
        for path, each in there.of("suite").items()
        if each.kind == manifest.FILE and manifest.sum_at(path) not in (each.sha256, each.was)
    ]
    if damaged:
        raise SetUpError(
            "These files of the suite's own copy are changed or missing.",
            "Start install.py repair from a fresh download of the same version.",
            "\n".join(damaged),
        )


def notes(machine: Machine, chosen: Sequence[str], wanted: Wanted, python: Path) -> list[str]:
    """What is left for the user to do, and where things are."""
    told = []
    if "nuke" in chosen:
        path = machine.nuke / "init.py"
        fault = block.fault(content(path))
        if fault:
            told.append(f"Nuke cannot read {path} ({fault}); until it can, nothing is loaded.")
        told.append("Nuke: start it again; the menu Answerprint is in its menu bar.")
    if "resolve" in chosen:
        told.append("DaVinci Resolve: Workspace > Scripts > Answerprint.")
    if "blender" in chosen:
        for version in hosts.configured(machine):
            told.append(enable(version, hosts.blender_program(machine, version)))
    told.append(f"Command line: {python.with_name('answerprint' + python.suffix)}")
    return told


ENABLE = (
    "import addon_utils, bpy; addon_utils.extensions_refresh(); "
    f"addon_utils.enable('bl_ext.user_default.{OURS}', default_set=True); "
    "bpy.ops.wm.save_userpref()"
)


def enable(version: str, program: Path | None) -> str:
    """How the extension is switched on: Blender leaves that to its user."""
    if program:
        return f'Blender {version}: to switch it on, run: "{program}" -b --python-expr "{ENABLE}"'
    return (
        f"Blender {version}: switch it on in Edit > Preferences > Add-ons > Answerprint "
        "(Get Extensions > Refresh Local, where it is not in the list)."
    )


def uninstall(asked: Asked, root: Path, machine: Machine) -> Outcome:
    """Take away what was written, for some hosts or all of it."""
    prefix = chosen_prefix(asked.prefix, root, machine)
    there = manifest.read(prefix)
    if there is None:
        return Outcome("nothing is installed", prefix)
    if machine.windows and prefix in Path(sys.executable).parents:
        raise SetUpError(
            f"install.py runs with {sys.executable}, which it would have to remove.",
            "Start it with another Python: py -3 install.py uninstall",
        )
    guard = guard_of(machine, prefix)
    which = set(asked.hosts or (*hosts.HOSTS, "suite"))
    steps = perform.removal(there, which)
    perform.check(guard, steps)
    for folder in perform.folders(there, which):
        guard.folder(folder)
    whole = "suite" in which
    outcome = Outcome("planned", prefix, [*steps, listed(prefix, REMOVE if whole else REPLACE)])
    if not asked.dry_run:
        stay = perform.uninstall(guard, prefix, there, which)
        outcome.status = "uninstalled"
        outcome.notes = [f"kept {path}: there is something in it that is not ours" for path in stay]
    outcome.notes += kept(steps)
    return outcome
