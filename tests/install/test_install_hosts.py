"""install, repair and uninstall on three systems: trees before and after, and all that is refused.

Nothing runs here but the installer: the core's Python is a stand-in.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from installer import block, commands, manifest, perform
from installer.words import SetUpError
from scratch import SUITE, Account, new_paths, snapshot

FOREIGN = b"# not Answerprint's\n"


def refused(act, *words, **more) -> SetUpError:
    with pytest.raises(SetUpError) as why:
        act(*words, **more)
    return why.value


def test_all_three_hosts_and_back(anyone):
    before = anyone.tree()
    assert anyone.install().status == "installed"
    after = anyone.tree()
    assert set(before) <= set(after)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {anyone.block_file.relative_to(anyone.tmp / "homes").as_posix()}
    folders = {
        anyone.prefix: {"manifest.json", "suite", "resolve"},
        anyone.nuke: {
            *("init.py", "menu.py", "core.json", "catalogue.json", "nuke.md"),
            *("answerprint_nuke", "answerprint_bridge", "answerprint_panel"),
        },
        anyone.prefix / "resolve": {"answerprint_resolve", "answerprint_bridge", "core.json"},
        anyone.machine.resolve_scripts: {"Mine.py", "Answerprint.py"},
        anyone.machine.extensions("4.5"): {"answerprint"},
        anyone.machine.blender / "3.6": {"config"},
    }
    for folder, names in folders.items():
        assert {each.name for each in folder.iterdir()} == names, folder
    assert (anyone.nuke / "answerprint_panel/icons/run.svg").read_text() == "<svg/>\n"
    assert anyone.uninstall().status == "uninstalled"
    assert anyone.tree() == before


def test_nothing_lies_outside_the_declared_folders(anyone):
    before = anyone.tree()
    anyone.install()
    ours = [anyone.prefix, anyone.nuke, anyone.machine.extensions("4.5") / "answerprint"]
    ours.append(anyone.machine.resolve_scripts / "Answerprint.py")
    homes = anyone.tmp / "homes"
    for name in new_paths(before, anyone.tree()):
        path = homes / name
        assert any(each in (path, *path.parents) or path in each.parents for each in ours), path


def test_the_second_time_there_is_nothing_to_do(anyone):
    anyone.install()
    before = anyone.tree()
    again = anyone.install()
    assert (again.status, list(again.steps)) == ("nothing to do", [])
    assert list(anyone.install(dry_run=True).steps) == []
    assert anyone.tree() == before
    assert anyone.block_file.read_bytes().count(block.FIRST) == 1


def test_a_dry_run_names_every_path_and_writes_nothing(anyone):
    before = anyone.tree()
    planned = anyone.install(dry_run=True)
    assert anyone.tree() == before
    assert planned.status == "planned"
    anyone.install()
    after = anyone.tree()
    files = {n for n in new_paths(before, after) if after[n][0] != "folder"}
    named = {each.path.relative_to(anyone.tmp / "homes").as_posix() for each in planned.steps}
    lines = anyone.block_file.relative_to(anyone.tmp / "homes").as_posix()
    assert named == files | {lines}
    away = anyone.uninstall(dry_run=True)
    assert anyone.tree() == after
    assert sorted(each.path for each in away.steps) == sorted(each.path for each in planned.steps)
    assert {each.do for each in away.steps} == {"remove", "take lines out of"}
    (anyone.download / "host_bridges/nuke_bridge/adapter.py").write_text("import nuke  # 2\n")
    for planned in (anyone.install(dry_run=True), anyone.uninstall(dry_run=True, hosts=("nuke",))):
        assert ("replace", anyone.prefix / "manifest.json") in {
            (e.do, e.path) for e in planned.steps
        }


def test_hosts_that_are_not_asked_for_stay_as_they_are(account):
    before = account.tree()
    account.install(hosts=("resolve",))
    assert not account.nuke.exists()
    assert account.block_file.read_bytes() == b"import nuke\n# my own\n"
    assert not account.machine.extensions("4.5").exists()
    account.install(hosts=("nuke",))
    assert account.nuke.exists()
    assert (account.machine.resolve_scripts / "Answerprint.py").exists()
    account.uninstall(hosts=("nuke",))
    assert not account.nuke.exists()
    assert account.block_file.read_bytes() == b"import nuke\n# my own\n"
    assert (account.prefix / "resolve/core.json").exists()
    assert account.install(hosts=("resolve",)).status == "nothing to do"
    account.uninstall()
    assert account.tree() == before


def test_only_hosts_that_are_there_are_the_default(tmp_path):
    account = Account("linux", tmp_path)
    for name in ("init.py", "menu.py"):
        (account.machine.nuke / name).unlink()
    account.machine.nuke.rmdir()
    account.install()
    assert not account.machine.nuke.exists()
    assert account.machine.extensions("4.5").exists()
    account.install(hosts=("nuke",))
    assert account.block_file.read_bytes() == block.lines(account.nuke).encode()
    account.uninstall()
    assert not account.machine.nuke.exists(), "it was made by the install"


def test_blender_without_settings_is_refused_by_name(account):
    (account.machine.blender / "4.5/config/userpref.blend").unlink()
    (account.machine.blender / "4.5/config").rmdir()
    (account.machine.blender / "4.5").rmdir()
    why = refused(account.install, hosts=("blender",))
    assert "no settings of Blender 4.2 or newer" in why.title
    assert "Start Blender once" in why.hint


def test_the_copies_know_the_core(account):
    account.install()
    for folder in (
        account.nuke,
        account.prefix / "resolve",
        account.machine.extensions("4.5") / "answerprint",
    ):
        told = json.loads((folder / "core.json").read_text())
        assert told == {"python": str(account.python), "suite": "0.1.0"}
    found: dict[str, str] = {}
    script = (account.machine.resolve_scripts / "Answerprint.py").read_text("ascii")
    exec(script, found)
    assert found["FOLDER"] == str(account.prefix / "resolve")
    extension = account.machine.extensions("4.5") / "answerprint"
    assert "from .answerprint_bridge import wire" in (extension / "__init__.py").read_text()


def test_the_manifest_tells_path_kind_and_sum(account):
    account.install()
    told = json.loads((account.prefix / "manifest.json").read_text())
    rows = {row["path"]: row for row in told["entries"]}
    menu = rows[str(account.nuke / "menu.py")]
    assert menu["kind"] == "file"
    assert menu["host"] == "nuke"
    assert menu["sha256"] == manifest.sum_of(b"print('menu')\n")
    assert rows[str(account.block_file)]["kind"] == "block"
    assert told["complete"]


def test_an_upgrade_replaces_and_removes(account):
    before = account.tree()
    account.install()
    (account.download / "host_bridges/nuke_bridge/adapter.py").write_text("import nuke  # 2\n")
    (account.download / "host_bridges/bridge/wire.py").unlink()
    account.write(account.download / "host_bridges/bridge/cable.py", b"# new\n")
    whys = {(each.do, each.path.name): each.why for each in account.install().steps}
    assert whys["replace", "adapter.py"] == "older"
    assert whys["remove", "wire.py"] == "of an older version"
    assert (account.nuke / "answerprint_nuke/adapter.py").read_text() == "import nuke  # 2\n"
    assert not (account.nuke / "answerprint_bridge/wire.py").exists()
    assert (account.nuke / "answerprint_bridge/cable.py").exists()
    assert account.install().status == "nothing to do"
    account.uninstall()
    assert account.tree() == before


def test_what_an_older_version_wrote_and_the_user_changed_is_kept_and_named(account):
    before = account.tree()
    old = account.nuke / "answerprint_nuke/old.py"
    source = account.write(account.download / "host_bridges/nuke_bridge/old.py", b"# 1\n")
    account.install()
    old.write_bytes(b"# 1, and mine\n")
    source.unlink()
    named = f"kept {old}: changed, of an older version"
    upgraded = account.install()
    assert upgraded.status == "installed"
    assert named in upgraded.notes
    for act in (account.install, account.repair):
        again = act()
        assert (again.status, again.notes) == ("nothing to do", [named])
    done = account.uninstall()
    assert f"kept {old}: you changed it" in done.notes
    homes = account.tmp / "homes"
    left = {homes / name for name in new_paths(before, account.tree())}
    assert left == {account.nuke, old.parent, old}


def test_what_an_older_version_wrote_goes_once_it_is_as_it_was(account):
    before = account.tree()
    old = account.nuke / "answerprint_nuke/old.py"
    source = account.write(account.download / "host_bridges/nuke_bridge/old.py", b"# 1\n")
    account.install()
    old.write_bytes(b"# 1, and mine\n")
    source.unlink()
    account.install()
    account.write(source, b"# 2\n")
    assert refused(account.install).detail == str(old), "it is still known as ours"
    source.unlink()
    old.write_bytes(b"# 1\n")
    account.install()
    assert not old.exists()
    account.uninstall()
    assert account.tree() == before


def test_what_the_user_changed_is_refused_kept_and_repaired(anyone):
    anyone.install()
    menu, missing = anyone.nuke / "menu.py", anyone.nuke / "init.py"
    menu.write_text("# mine now\n")
    missing.unlink()
    why = refused(anyone.install)
    assert "changed since" in why.title
    assert why.detail == str(menu)
    assert not missing.exists(), "nothing is done where something is refused"
    repaired = anyone.repair()
    whys = {each.path: each.why for each in repaired.steps}
    listed = {anyone.prefix / "manifest.json": ""}
    assert whys == {menu: "changed", missing: "missing"} | listed
    assert menu.read_text() == "print('menu')\n"
    assert missing.exists()
    assert anyone.repair().status == "nothing to do"


def test_an_uninstall_keeps_what_the_user_changed_and_says_so(anyone):
    before = anyone.tree()
    anyone.install()
    menu, own = anyone.nuke / "menu.py", anyone.nuke / "answerprint_nuke/notes.txt"
    menu.write_text("# mine now\n")
    own.write_text("my notes")
    done = anyone.uninstall()
    assert f"kept {menu}: you changed it" in done.notes
    assert any(str(own.parent) in note for note in done.notes)
    homes = anyone.tmp / "homes"
    left = {homes / name for name in new_paths(before, anyone.tree())}
    assert left == {anyone.nuke, menu, own.parent, own}
    assert anyone.block_file.read_bytes() == b"import nuke\n# my own\n"


def test_what_python_compiled_goes_too(account):
    before = account.tree()
    account.install()
    compiled = account.nuke / "answerprint_nuke/__pycache__"
    account.write(compiled / "adapter.cpython-310.pyc", b"\0")
    account.write(compiled / "adapter.cpython-311.opt-1.pyc", b"\0")
    account.uninstall()
    assert account.tree() == before


def test_somebody_elses_files_are_not_written_over(anyone):
    anyone.write(anyone.nuke / "menu.py", FOREIGN)
    before = anyone.tree()
    why = refused(anyone.install)
    assert "not written by Answerprint" in why.title
    assert why.detail == str(anyone.nuke / "menu.py")
    assert refused(anyone.install, dry_run=True).detail == why.detail
    assert anyone.tree() == before


def test_a_repair_writes_over_nothing_of_somebody_elses(account):
    account.install()
    account.write(account.download / "host_bridges/nuke_bridge/new.py", b"# of the next version\n")
    mine = account.write(account.nuke / "answerprint_nuke/new.py", FOREIGN)
    assert refused(account.repair).detail == str(mine)
    assert mine.read_bytes() == FOREIGN


def test_a_prefix_with_something_in_it_is_refused(account):
    account.write(account.prefix / "thesis.txt", b"years of work")
    before = account.tree()
    assert "thesis.txt" in refused(account.install).title
    assert account.tree() == before


def test_a_lost_manifest_is_no_harm(account):
    before = account.tree()
    account.install()
    whole = account.tree()
    (account.prefix / "manifest.json").rename(account.tmp / "lost")
    (account.prefix / "suite").rename(account.tmp / "gone")
    (account.prefix / "resolve").rename(account.tmp / "gone too")
    account.prefix.rmdir()
    account.install()
    assert {n: v for n, v in account.tree().items() if "manifest" not in n} == {
        n: v for n, v in whole.items() if "manifest" not in n
    }
    account.uninstall()
    left = new_paths(before, account.tree())
    assert all(account.tree()[name][0] == "folder" for name in left), "no file of ours is left"


def test_a_host_that_was_removed_meanwhile_is_no_trouble(account):
    account.install()
    shutil.rmtree(account.machine.blender / "4.5")
    shutil.rmtree(account.machine.nuke)
    before = account.tree()
    assert account.install(dry_run=True).status == "planned"
    assert account.tree() == before
    account.uninstall()
    left = list(account.home.rglob("*answerprint*"))
    assert left == []


def test_a_damaged_manifest_is_named(account):
    account.install()
    (account.prefix / "manifest.json").write_text("{")
    why = refused(account.uninstall)
    assert "manifest.json cannot be read" in why.title
    assert "Bring it back" in why.hint


@pytest.mark.parametrize("at", [1, 2, 12, 24, 32, 43])
def test_an_interrupted_install_is_made_good_or_taken_away(account, monkeypatch, at):
    before = account.tree()
    real, count = perform.put, 0

    def put(guard, path, data):
        nonlocal count
        count += 1
        if count == at:
            account.write(perform.unfinished(path), data[: len(data) // 2])
            raise KeyboardInterrupt
        real(guard, path, data)

    monkeypatch.setattr(perform, "put", put)
    with pytest.raises(KeyboardInterrupt):
        account.install()
    monkeypatch.setattr(perform, "put", real)
    half = snapshot(account.tmp / "homes")
    if at == 1:  # before the manifest: there is an unfinished one, and nothing else
        assert account.install().status == "installed"
        account.uninstall()
        left = new_paths(before, account.tree())
        assert left == {account.prefix.relative_to(account.tmp / "homes").as_posix()}
        return
    assert half != before
    assert not json.loads((account.prefix / "manifest.json").read_text())["complete"]
    account.uninstall()
    assert account.tree() == before
    count = 0
    monkeypatch.setattr(perform, "put", put)
    with pytest.raises(KeyboardInterrupt):
        account.install()
    monkeypatch.setattr(perform, "put", real)
    account.install()
    assert account.install().status == "nothing to do"
    account.uninstall()
    assert account.tree() == before


def test_an_interrupted_upgrade_knows_both_versions(account, monkeypatch):
    before = account.tree()
    account.install()
    for name in ("adapter.py", "startup/menu.py"):
        (account.download / "host_bridges/nuke_bridge" / name).write_text("# version 2\n")
    real, adapter = perform.put, account.nuke / "answerprint_nuke/adapter.py"

    def put(guard, path, data):
        if path == adapter:
            raise KeyboardInterrupt
        real(guard, path, data)

    monkeypatch.setattr(perform, "put", put)
    with pytest.raises(KeyboardInterrupt):
        account.install()
    monkeypatch.setattr(perform, "put", real)
    assert adapter.read_text() == "import nuke\n"
    assert (account.nuke / "menu.py").read_text() == "# version 2\n"
    assert [e for e in account.uninstall(dry_run=True).steps if e.do == "keep"] == []
    account.uninstall()
    assert account.tree() == before


def test_the_download_can_be_deleted(account):
    before = account.tree()
    account.install()
    account.download.rename(account.tmp / "deleted")
    suite = account.prefix / "suite"
    assert account.install(suite, prefix=None).status == "nothing to do"
    (account.nuke / "menu.py").unlink()
    repaired = [each.path.name for each in account.repair(suite).steps]
    assert repaired == ["menu.py", "manifest.json"]
    (suite / "host_bridges/bridge/wire.py").write_text("# changed\n")
    why = refused(account.repair, suite)
    assert why.detail == str(suite / "host_bridges/bridge/wire.py")
    assert "fresh download" in why.hint
    (suite / "host_bridges/bridge/wire.py").write_text(SUITE["host_bridges/bridge/wire.py"])
    account.uninstall(suite)
    assert account.tree() == before


def test_another_prefix_is_found_by_its_own_copy(account):
    before, prefix = account.tree(), account.tmp / "shared disk" / "ap"
    account.install(prefix=prefix)
    assert not account.prefix.exists()
    copy = prefix / "suite"
    assert commands.chosen_prefix(None, copy, account.machine) == prefix
    assert commands.chosen_prefix(None, account.download, account.machine) == account.prefix
    assert account.uninstall(copy).status == "uninstalled"
    assert not (account.tmp / "shared disk").exists()
    assert account.tree() == before


def test_a_repair_adds_no_host(account):
    account.install(hosts=("resolve",))
    assert account.repair().status == "nothing to do"
    assert not account.nuke.exists()


def test_uninstalling_nothing_and_repairing_nothing(account):
    before = account.tree()
    assert account.uninstall().status == "nothing is installed"
    assert "Nothing of Answerprint is installed" in refused(account.repair).title
    assert account.tree() == before


def test_a_python_that_is_none_is_refused(account):
    none = account.write(
        account.tmp / "bad/python", b"#!/bin/sh\necho no answerprint >&2\nexit 1\n"
    )
    none.chmod(0o755)
    assert "does not have Answerprint" in refused(account.install, python=none).title
    missing = account.tmp / "none"
    assert "does not start" in refused(account.install, python=missing).title


def test_the_python_that_was_named_is_remembered(account):
    account.install()
    assert account.install(python=None).status == "nothing to do"
    assert json.loads((account.nuke / "core.json").read_text())["python"] == str(account.python)


def test_the_installed_python_is_that_of_the_prefix(account, monkeypatch):
    """Without a Python named, the suite's own copy gets a venv, and that is taken away whole."""
    before, made = account.tree(), []

    def set_up(root: Path, index: str | None, extra: str, wheels: str) -> Path:
        made.append((root, index, extra, wheels))
        assert (root / "pyproject.toml").exists(), "the copy comes before its venv"
        assert not account.nuke.exists(), "a host never leads to a core that is not there"
        account.write(root / ".venv/bin/python", b"python")
        account.write(root / "answerprint.egg-info/PKG-INFO", b"made by pip")
        return root / ".venv/bin/python"

    monkeypatch.setattr(commands.venvs, "set_up", set_up)
    done = account.install(python=None, wheels="/wheels", torch_index="https://torch/cu")
    suite = account.prefix / "suite"
    assert made == [(suite, "https://torch/cu", "panel", "/wheels")]
    pip = {each.path for each in done.steps if each.do == "set up"}
    assert pip == {suite / ".venv", suite / "answerprint.egg-info"}
    told = json.loads((account.nuke / "core.json").read_text())
    assert told["python"] == str(suite / ".venv/bin/python")
    account.uninstall()
    assert account.tree() == before
