"""What may be written, where: links, programs, protected files, root."""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from installer import commands, guard, manifest, perform, plan
from installer.guard import Guard
from installer.places import Machine, refuse_admin
from installer.words import SetUpError
from scratch import Account, snapshot


def refused(act, *words, **more) -> SetUpError:
    with pytest.raises(SetUpError) as why:
        act(*words, **more)
    return why.value


def replace_by_link(path: Path, target: Path) -> None:
    path.rename(target)
    path.symlink_to(target)


def test_a_linked_nuke_folder_is_refused(account):
    elsewhere = account.tmp / "elsewhere"
    replace_by_link(account.machine.nuke, elsewhere)
    before = {each.name: each.read_bytes() for each in elsewhere.iterdir()}
    why = refused(account.install)
    assert str(elsewhere) in why.title
    assert "--hosts" in why.hint
    assert {each.name: each.read_bytes() for each in elsewhere.iterdir()} == before
    assert not account.prefix.exists()


def test_a_link_above_a_folder_of_ours_may_stay_in_the_home(account):
    before = account.tree()
    dotfiles = account.home / "dotfiles"
    replace_by_link(account.home / ".config", dotfiles)
    account.install()
    assert (dotfiles / "blender/4.5/extensions/user_default/answerprint/core.json").exists()
    account.uninstall()
    (account.home / ".config").unlink()
    dotfiles.rename(account.home / ".config")
    assert account.tree() == before


def test_a_link_above_a_folder_of_ours_may_not_leave_the_home(account):
    outside = account.tmp / "outside"
    replace_by_link(account.home / ".config", outside)
    before = snapshot(outside)
    assert "outside the home" in refused(account.install).title
    assert snapshot(outside) == before
    assert not account.prefix.exists()


def test_a_link_out_of_the_home_stops_only_the_host_behind_it(account):
    """The remedy that is named: `--hosts`. What leads to a share concerns nobody else."""
    before = account.tree()
    facility = account.tmp / "facility"
    replace_by_link(account.machine.nuke, facility)
    theirs = snapshot(facility)
    why = refused(account.install)
    assert why.title.startswith(f"{account.machine.nuke} leads to {facility}, outside the home")
    assert "--hosts" in why.hint
    assert account.install(hosts=("blender",)).status == "installed"
    account.write(account.download / "host_bridges/bridge/wire.py", b"# of the next version\n")
    assert account.install(hosts=("blender",)).status == "installed"
    assert account.repair().status == "nothing to do"
    assert account.uninstall().status == "uninstalled"
    assert snapshot(facility) == theirs
    account.machine.nuke.unlink()
    facility.rename(account.machine.nuke)
    assert account.tree() == before


def test_a_link_that_came_after_the_install_holds_up_that_host_alone(account):
    before = account.tree()
    account.install()
    facility = account.tmp / "facility"
    replace_by_link(account.machine.nuke, facility)
    theirs = snapshot(facility)
    assert account.install().status == "nothing to do"
    account.uninstall(hosts=("blender",))
    assert not (account.machine.extensions("4.5") / "answerprint").exists()
    all_of_it = account.tree()
    assert "outside the home" in refused(account.uninstall).title
    assert account.tree() == all_of_it, "refused before anything is removed"
    assert snapshot(facility) == theirs
    account.machine.nuke.unlink()
    facility.rename(account.machine.nuke)
    account.uninstall()
    assert account.tree() == before


def test_an_empty_folder_of_ours_that_a_link_leads_to_is_refused_before_all_else(account):
    account.install()
    shutil.rmtree(account.machine.extensions("4.5") / "answerprint")
    outside = account.tmp / "outside"
    replace_by_link(account.home / ".config", outside)
    before, theirs = account.tree(), snapshot(outside)
    assert "outside the home" in refused(account.uninstall).title
    assert (account.tree(), snapshot(outside)) == (before, theirs)


@pytest.mark.parametrize("inside", [True, False])
def test_a_linked_init_py_is_refused(account, inside):
    real = (account.home if inside else account.tmp) / "dotfiles.py"
    replace_by_link(account.block_file, real)
    before = real.read_bytes()
    why = refused(account.install)
    assert why.title == f"{account.block_file} is a link (to {real})."
    assert real.read_bytes() == before
    assert account.install(hosts=("resolve",)).status == "installed"


def test_a_link_in_a_folder_of_ours_is_refused_on_every_way(account):
    account.install()
    outside = account.tmp / "outside"
    replace_by_link(account.nuke / "answerprint_bridge", outside)
    (outside / "wire.py").unlink()
    assert "is a link" in refused(account.repair).title
    assert not (outside / "wire.py").exists()
    assert "is a link" in refused(account.uninstall).title
    assert (outside / "__init__.py").exists()


FOLDER, JUNCTION = stat.S_IFDIR | 0o755, 0x410
TOLD = {
    "folder": ({"st_mode": FOLDER}, False),
    "link": ({"st_mode": stat.S_IFLNK | 0o777}, True),
    "folder of Windows": ({"st_mode": FOLDER, "st_file_attributes": 0x10}, False),
    "junction of Windows": ({"st_mode": FOLDER, "st_file_attributes": JUNCTION}, True),
}


def let_lstat_tell(monkeypatch, path: Path, told: dict[str, int]) -> None:
    """As another system would of that one path: a junction is a folder in its mode."""
    real = os.lstat
    monkeypatch.setattr(
        guard.os, "lstat", lambda p, **k: SimpleNamespace(**told) if p == path else real(p, **k)
    )


@pytest.mark.parametrize(("told", "link"), TOLD.values(), ids=TOLD)
def test_what_a_link_is(tmp_path, monkeypatch, told, link):
    let_lstat_tell(monkeypatch, tmp_path, told)
    assert guard.is_link(tmp_path) is link
    assert not guard.is_link(tmp_path / "none")


def test_a_junction_is_refused_as_a_link_is(account, monkeypatch):
    account.install()
    folder = account.nuke / "answerprint_bridge"
    (folder / "wire.py").unlink()
    before = account.tree()
    let_lstat_tell(monkeypatch, folder, TOLD["junction of Windows"][0])
    assert refused(account.repair).title.startswith(f"{folder} is a link")
    assert "is a link" in refused(account.uninstall).title
    assert account.tree() == before


def test_a_link_that_appears_after_the_plan_is_refused(account, monkeypatch):
    outside, real = account.tmp / "outside", perform.check
    outside.mkdir()

    def plant(guard, steps):
        real(guard, steps)
        account.nuke.symlink_to(outside)

    monkeypatch.setattr(perform, "check", plant)
    assert "is a link" in refused(account.install).title
    assert list(outside.iterdir()) == []


def test_a_manifest_that_names_other_files_harms_none(account):
    account.install()
    victim = account.write(account.home / "thesis.txt", b"years of work")
    path = account.prefix / "manifest.json"
    told = json.loads(path.read_text())
    row = next(row for row in told["entries"] if row["path"].endswith("menu.py"))
    row |= {"path": str(victim), "sha256": manifest.sum_of(b"years of work")}
    path.write_text(json.dumps(told))
    assert "outside the folders" in refused(account.uninstall).title
    assert victim.read_bytes() == b"years of work"


def test_a_home_behind_a_link_is_its_real_self(account, monkeypatch):
    from installer import places

    link = account.tmp / "link"
    link.symlink_to(account.home)
    monkeypatch.setenv("HOME", str(link))
    monkeypatch.setattr(sys, "platform", "linux")
    assert places.this_machine().home == account.home


@pytest.mark.parametrize("folder", ["/usr/local/answerprint", "/opt/ap", "/usr"])
def test_program_folders_are_refused(account, folder):
    target = account.disk / folder.lstrip("/")
    assert "where programs are kept" in refused(account.install, prefix=target).title
    assert "where programs are kept" in refused(Guard, account.machine, target, []).title
    assert not account.disk.exists()


def test_program_folders_are_refused_on_windows_and_behind_a_link(tmp_path):
    account = Account("win32", tmp_path)
    programs = account.disk / "Program Files"
    programs.mkdir(parents=True)
    assert "programs" in refused(account.install, prefix=programs / "Answerprint").title
    link = account.home / "shortcut"
    link.symlink_to(programs)
    why = refused(account.install, prefix=link / "Answerprint")
    assert str(programs / "Answerprint") in why.title
    assert list(programs.iterdir()) == []


def test_what_lies_above_a_root_or_outside_is_refused(account):
    guard = Guard(account.machine, account.prefix, [account.machine.nuke])
    assert guard(account.machine.nuke / "init.py")
    for path in (
        account.home / ".bashrc",
        account.machine.nuke / "../.bashrc",
        account.prefix.parent / "other/file",
        account.tmp / "x",
    ):
        assert "outside the folders" in refused(guard, path).title
    assert guard.folder(account.prefix.parent), "a folder above that we made may go when empty"
    assert "outside" in refused(guard.folder, account.tmp / "x").title


def test_a_read_only_init_py_is_refused(account):
    account.block_file.chmod(0o444)
    before = account.tree()
    assert refused(account.install).title == f"{account.block_file} is read-only."
    assert account.tree() == before
    account.block_file.chmod(0o644)


def test_a_read_only_folder_is_refused(account, monkeypatch):
    """Asked of the system, and answered here: root, who may run this, can write to any folder."""
    monkeypatch.setattr(plan.os, "access", lambda path, mode: Path(path) != account.machine.nuke)
    before = account.tree()
    assert str(account.machine.nuke) in refused(account.install).title
    assert account.tree() == before
    assert account.install(hosts=("resolve",)).status == "installed"


def test_the_permissions_of_init_py_stay(account):
    account.block_file.chmod(0o600)
    account.install()
    assert account.block_file.stat().st_mode & 0o777 == 0o600
    account.uninstall()
    assert account.block_file.stat().st_mode & 0o777 == 0o600


def test_a_file_where_a_folder_should_be_is_refused(account):
    account.write(account.nuke, b"a file")
    assert "not written by Answerprint" in refused(account.install).title


def test_root_may_install_for_root_only(tmp_path):
    linux = Machine("linux", tmp_path)
    assert refuse_admin(linux, 1000, 1000) == ""
    assert "root alone" in refuse_admin(linux, 0, 0)
    assert "without sudo" in refused(refuse_admin, linux, 0, 1000).hint
    sudo = Machine("linux", tmp_path, {"SUDO_USER": "ann"})
    assert "as administrator" in refused(refuse_admin, sudo, 0, 0).title
    windows = Machine("win32", tmp_path)
    assert refuse_admin(windows, None, None) == ""
    assert "as administrator" in refused(refuse_admin, windows, 0, None).title


@pytest.mark.parametrize("command", ["install", "repair", "uninstall"])
def test_root_is_refused_before_anything_is_read(account, monkeypatch, command):
    machine = replace(account.machine, environ={"SUDO_USER": "ann"})
    monkeypatch.setattr(commands, "account", lambda: 0)
    before = account.tree()
    why = refused(commands.run, account.asked(command), account.download, machine)
    assert "without sudo" in why.hint
    assert account.tree() == before


def test_windows_cannot_remove_the_python_it_runs_with(tmp_path, monkeypatch):
    account = Account("win32", tmp_path)
    account.install()
    python = account.prefix / "suite/.venv/Scripts/python.exe"
    monkeypatch.setattr(commands.sys, "executable", str(python))
    assert "would have to remove" in refused(account.uninstall).title
