"""Where the three systems keep things, and which hosts are found there."""

from __future__ import annotations

import plistlib
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from installer import hosts
from installer.places import Machine
from scratch import Account

ANN = PureWindowsPath(r"D:\Profiles\Ann")


def machine(platform, home, **environ) -> Machine:
    return Machine(platform, home, environ)


def test_linux():
    here = machine("linux", PurePosixPath("/h/ann"))
    assert str(here.prefix) == "/h/ann/.local/share/answerprint"
    assert str(here.nuke) == "/h/ann/.nuke"
    assert str(here.resolve_scripts) == "/h/ann/.local/share/DaVinciResolve/Fusion/Scripts/Utility"
    assert str(here.extensions("4.5")) == "/h/ann/.config/blender/4.5/extensions/user_default"
    moved = machine("linux", PurePosixPath("/h/ann"), XDG_CONFIG_HOME="/h/ann/etc")
    assert str(moved.blender) == "/h/ann/etc/blender"


def test_mac():
    here = machine("darwin", PurePosixPath("/h/ann"))
    support = "/h/ann/Library/Application Support"
    assert str(here.prefix) == f"{support}/answerprint"
    assert str(here.nuke) == "/h/ann/.nuke"
    scripts = f"{support}/Blackmagic Design/DaVinci Resolve/Fusion/Scripts/Utility"
    assert str(here.resolve_scripts) == scripts
    assert str(here.extensions("5.0")) == f"{support}/Blender/5.0/extensions/user_default"


def test_windows():
    local, roaming = rf"{ANN}\AppData\Local", rf"{ANN}\AppData\Roaming"
    here = machine("win32", ANN)
    assert str(here.prefix) == rf"{local}\answerprint"
    assert str(here.nuke) == rf"{ANN}\.nuke"
    scripts = r"Blackmagic Design\DaVinci Resolve\Support\Fusion\Scripts\Utility"
    assert str(here.resolve_scripts) == rf"{roaming}\{scripts}"
    extensions = r"Blender Foundation\Blender\4.2\extensions\user_default"
    assert str(here.extensions("4.2")) == rf"{roaming}\{extensions}"


def test_windows_names_its_folders_by_variables():
    here = machine("win32", ANN, LOCALAPPDATA=r"E:\L", APPDATA=r"E:\R", HOME=r"E:\Home")
    assert str(here.prefix) == r"E:\L\answerprint"
    assert str(here.blender) == r"E:\R\Blender Foundation\Blender"
    assert str(here.nuke) == r"E:\Home\.nuke", "Nuke looks there first"


def programs(account: Account) -> list[tuple[str, str, str, str]]:
    found = [each for each in hosts.found(account.machine) if each.note != "its settings"]
    return [(each.host, each.version, each.python, each.qt) for each in found if each.version]


def test_programs_on_linux(account):
    for name in (
        "usr/local/Nuke15.1v3",
        "opt/Nuke16.0v2",
        "usr/local/NukeStudio",
        "opt/Nuke12.2v9",
    ):
        (account.disk / name).mkdir(parents=True)
    (account.home / "Nuke17.0v2").mkdir()
    account.write(account.disk / "opt/resolve/docs/Welcome.txt", b"DaVinci Resolve Studio 20.1.2\n")
    account.write(account.disk / "opt/blender-5.1.0-linux-x64/5.1/scripts/x.py", b"")
    account.write(account.disk / "usr/share/blender/4.5/scripts/x.py", b"")
    account.write(account.disk / "usr/bin/blender", b"")
    assert programs(account) == [
        ("nuke", "15.1v3", "3.10", "PySide2"),
        ("nuke", "12.2v9", "", ""),
        ("nuke", "16.0v2", "3.11", "PySide6"),
        ("nuke", "17.0v2", "3.11", "PySide6"),
        ("resolve", "20.1.2", "the system's", "none of its own"),
        ("blender", "5.1", "3.13", "none"),
        ("blender", "4.5", "3.11", "none"),
        ("blender", "3.6", "", "none"),
    ]
    assert hosts.blender_program(account.machine, "4.5") == account.disk / "usr/bin/blender"
    assert hosts.blender_program(account.machine, "5.1") is None, "the program is not there"


def test_programs_on_windows(tmp_path):
    account = Account("win32", tmp_path)
    there = account.disk / "Program Files"
    (there / "Nuke16.0v3").mkdir(parents=True)
    (there / "Blackmagic Design/DaVinci Resolve").mkdir(parents=True)
    blender = there / "Blender Foundation/Blender 4.5"
    account.write(blender / "blender.exe", b"")
    (blender / "4.5").mkdir()
    assert ("nuke", "16.0v3", "3.11", "PySide6") in programs(account)
    assert ("blender", "4.5", "3.11", "none") in programs(account)
    assert there / "Blackmagic Design/DaVinci Resolve" in {
        each.where for each in hosts.found(account.machine)
    }
    assert hosts.blender_program(account.machine, "4.5") == blender / "blender.exe"


def test_programs_on_a_mac(tmp_path):
    account = Account("darwin", tmp_path)
    there = account.disk / "Applications"
    (there / "Nuke15.0v8").mkdir(parents=True)
    told = plistlib.dumps({"CFBundleShortVersionString": "18.1.4"})
    account.write(there / "DaVinci Resolve/DaVinci Resolve.app/Contents/Info.plist", told)
    (there / "Blender.app/Contents/Resources/4.2").mkdir(parents=True)
    account.write(there / "Blender.app/Contents/MacOS/Blender", b"")
    assert ("nuke", "15.0v8", "3.10", "PySide2") in programs(account)
    assert ("blender", "4.2", "3.11", "none") in programs(account)
    resolve = next(e for e in hosts.found(account.machine) if e.version == "18.1.4")
    assert "too old" in resolve.note
    program = there / "Blender.app/Contents/MacOS/Blender"
    assert hosts.blender_program(account.machine, "4.2") == program


def test_settings_alone_are_found_too(account):
    told = {(each.host, each.version, each.note) for each in hosts.found(account.machine)}
    assert told == {
        ("nuke", "", "its settings"),
        ("resolve", "", "its settings"),
        ("blender", "4.5", "its settings"),
        ("blender", "3.6", "too old: 4.2 is the oldest"),
    }
    (account.machine.blender / "10.1").mkdir()
    assert hosts.configured(account.machine) == ["4.5", "10.1"]


@pytest.mark.parametrize("system", ["linux", "darwin", "win32"])
def test_an_empty_machine_has_no_hosts(system, tmp_path):
    assert hosts.found(Machine(system, tmp_path, {}, tmp_path / "disk")) == []


def test_versions_are_sorted_as_numbers():
    names = ["4.10", "4.2", "10.0", "5.0"]
    assert sorted(names, key=hosts.numbers) == ["4.2", "4.10", "5.0", "10.0"]
    assert hosts.numbers("16.0v3") == (16, 0, 3)
