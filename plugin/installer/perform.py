"""Does what a plan says, one whole file after the other, and takes it away again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from . import block
from .guard import Guard, is_link
from .manifest import BLOCK, FILE, FOLDER, NAME, TREE, Entry, Manifest
from .plan import (
    ADD,
    KEEP,
    REMOVE,
    RENEW,
    REPLACE,
    TAKE_OUT,
    WRITE,
    Step,
    Wanted,
    content,
    sum_now,
)
from .plan import recorded as recorded_entries
from .words import SetUpError


def unfinished(path: Path) -> Path:
    """The name that a file has until it is whole."""
    return path.with_name(f".{path.name}.answerprint-new")


def put(guard: Guard, path: Path, data: bytes) -> None:
    """Write a file whole or not at all. One that is there keeps its permissions."""
    guard(path).parent.mkdir(parents=True, exist_ok=True)
    fresh = guard(unfinished(path))
    try:
        fresh.write_bytes(data)
        if path.exists():
            shutil.copymode(path, fresh)
        os.replace(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)


def drop(guard: Guard, path: Path) -> None:
    """Remove a file of ours, with what Python compiled of it."""
    guard(path).unlink(missing_ok=True)
    if path.suffix == ".py":
        compiled = path.parent / "__pycache__"
        for each in compiled.glob(f"{path.stem}.*.pyc"):
            guard(each).unlink()
        remove_empty(compiled)


def remove_empty(folder: Path) -> None:
    """Remove a folder, unless somebody has put something into it."""
    if folder.is_dir() and not is_link(folder) and not any(folder.iterdir()):
        folder.rmdir()


def missing_folders(paths: Iterable[Path]) -> list[Path]:
    """The folders that have to be made for those paths."""
    return sorted({each for path in paths for each in path.parents if not each.exists()})


def install(
    guard: Guard,
    prefix: Path,
    wanted: Wanted,
    there: Manifest,
    steps: list[Step],
    new: Manifest,
    set_up: Callable[[], None],
) -> None:
    """Make it as wanted. The suite's own files come first, then its venv, then the hosts': a
    host never has a copy that leads to a core which is not there.

    new   the manifest that holds at the end; its entries are added here.
    """
    entries = recorded_entries(wanted, there)
    for folder in missing_folders([prefix / NAME, *wanted.files, *wanted.blocks]):
        inside = [host for path, (host, _) in wanted.files.items() if folder in path.parents]
        entries[folder] = Entry(FOLDER, inside[0] if len({*inside}) == 1 else "suite")
    kept = {path: each for path, each in there.entries.items() if path not in entries}
    for tree, entry in new.entries.items():
        kept.pop(tree, None)
        entries[tree] = entry
    put(guard, prefix / NAME, replace(new, complete=False, entries={**kept, **entries}).text())
    for step in steps:
        if step.host == "suite":
            _do(guard, wanted, there, step)
    set_up()
    for step in steps:
        if step.host != "suite":
            _do(guard, wanted, there, step)
    entries = {path: replace(each, was="") for path, each in entries.items()}
    stays = {each.path for each in steps if each.do == KEEP}
    still = {p: each for p, each in kept.items() if each.kind in (FOLDER, TREE) or p in stays}
    done = replace(new, complete=True, entries={**still, **entries})
    put(guard, prefix / NAME, done.text())


def _do(guard: Guard, wanted: Wanted, there: Manifest, step: Step) -> None:
    path = step.path
    if step.do in (WRITE, REPLACE):
        put(guard, path, wanted.files[path][1])
    elif step.do in (ADD, RENEW):
        put(guard, path, block.added(content(path), wanted.blocks[path][1], str(path)))
    elif step.do == REMOVE:
        drop(guard, path)
    elif step.do == TAKE_OUT:
        _take_out(guard, path, there.entries[path])


def _take_out(guard: Guard, path: Path, entry: Entry) -> None:
    left = block.removed(content(path), entry.joined)
    if left or not entry.made:
        put(guard, path, left)
    else:
        guard(path).unlink()


def removal(there: Manifest, hosts: set[str]) -> list[Step]:
    """The steps that take away what was written for those hosts."""
    steps = []
    for path, entry in there.entries.items():
        if entry.host not in hosts or entry.kind == FOLDER:
            continue
        if entry.kind == TREE:
            steps += [Step(REMOVE, path, entry.host, "all of it")] if path.is_dir() else []
            continue
        now = sum_now(path, entry)
        if now in (entry.sha256, entry.was) and now:
            steps.append(Step(TAKE_OUT if entry.kind == BLOCK else REMOVE, path, entry.host))
        elif now:
            steps.append(Step(KEEP, path, entry.host, "you changed it"))
        if entry.kind == BLOCK and block.strays(content(path)):
            why = "lines of Answerprint's are left in it: delete them"
            steps.append(Step(KEEP, path, entry.host, why))
    return steps


def folders(there: Manifest, hosts: set[str]) -> list[Path]:
    """Those that were made for those hosts, and are there; 'suite' has what several share."""
    ours = [p for p, each in there.entries.items() if each.kind == FOLDER and each.host in hosts]
    return [path for path in ours if path.is_dir()]


def uninstall(guard: Guard, prefix: Path, there: Manifest, hosts: set[str]) -> list[Path]:
    """Take away what was written for those hosts; 'suite' among them: all of it.

    Returns our folders that stay because something of the user's is in them.
    """
    for step in sorted(removal(there, hosts), key=lambda each: each.host == "suite"):
        entry = there.entries[step.path]
        if step.do == TAKE_OUT:
            _take_out(guard, step.path, entry)
        elif step.do == REMOVE and entry.kind == TREE:
            shutil.rmtree(guard(step.path))
        elif step.do == REMOVE:
            drop(guard, step.path)
    left = {path: each for path, each in there.entries.items() if each.host not in hosts}
    for path, entry in there.entries.items():
        if entry.host in hosts and entry.kind == FILE and path.parent.is_dir():
            unfinished(guard(path)).unlink(missing_ok=True)
    if "suite" in hosts:
        guard(prefix / NAME).unlink()
    else:
        made = {path: each for path, each in there.entries.items() if each.kind == FOLDER}
        put(guard, prefix / NAME, replace(there, entries={**left, **made}).text())
    stay = []
    for folder in sorted(folders(there, hosts), key=lambda each: len(each.parts), reverse=True):
        remove_empty(guard.folder(folder))
        if folder.is_dir() and not any(each.parent == folder for each in left):
            stay.append(folder)
    return stay


def check(guard: Guard, steps: Iterable[Step]) -> None:
    """Raises SetUpError where a path of a plan may not be written. Before anything is."""
    for step in steps:
        if step.do != KEEP:
            guard(step.path)


def refuse_foreign(prefix: Path) -> None:
    """Raises SetUpError for a prefix that is somebody else's folder."""
    if prefix.exists() and not prefix.is_dir():
        raise SetUpError(f"{prefix} is a file.", "Choose another --prefix.")
    if prefix.is_dir():
        strangers = set(prefix.iterdir()) - {unfinished(prefix / NAME)}
        if strangers:
            raise SetUpError(
                f"{prefix} is there already, with {min(strangers).name} in it, and has no "
                f"{NAME} of Answerprint's.",
                "Choose another --prefix, or move that folder away.",
            )
