"""The lines in Nuke's init.py, as install, repair and uninstall leave them."""

from __future__ import annotations

import pytest
from installer import block, manifest, plan
from installer.words import SetUpError

HALF = b"import nuke\n" + block.FIRST + b"\ntry:\n    pass\n"
LEFT = "lines of Answerprint's are left in it: delete them"


def refused(act, **more) -> SetUpError:
    with pytest.raises(SetUpError) as why:
        act(**more)
    return why.value


def test_changed_lines_in_init_py_stay_and_are_told(account):
    account.install()
    text = account.block_file.read_bytes().replace(b"tprint", b"message")
    account.block_file.write_bytes(text)
    assert refused(account.install).detail == str(account.block_file)
    done = account.uninstall()
    assert f"kept {account.block_file}: you changed it" in done.notes
    assert account.block_file.read_bytes() == text


@pytest.mark.parametrize("dry_run", [True, False])
def test_half_a_block_is_refused_before_anything_is_written(account, dry_run):
    account.block_file.write_bytes(HALF)
    before = account.tree()
    why = refused(account.install, dry_run=dry_run)
    assert why.title == f"{account.block_file} has half a block of Answerprint's."
    assert "Delete its lines" in why.hint
    assert account.tree() == before
    assert account.install(hosts=("resolve",)).status == "installed"


def test_half_a_block_is_refused_by_repair_and_named_by_uninstall(account):
    account.install()
    account.block_file.write_bytes(HALF)
    assert "half a block" in refused(account.repair).title
    assert f"kept {account.block_file}: {LEFT}" in account.uninstall().notes
    assert account.block_file.read_bytes() == HALF


def test_a_second_copy_of_the_lines_is_named_by_uninstall(account):
    account.install()
    whole = account.block_file.read_bytes()
    account.block_file.write_bytes(whole + whole)
    for dry_run in (True, False):
        done = account.uninstall(dry_run=dry_run)
        assert f"kept {account.block_file}: {LEFT}" in done.notes
    assert account.block_file.read_bytes() == b"import nuke\n# my own\n" + whole


def test_lines_between_half_a_block_and_a_whole_one_are_the_users(account):
    account.install()
    whole = account.block_file.read_bytes()
    account.block_file.write_bytes(HALF + b"mine = 1\n" + whole)
    account.repair()
    assert account.block_file.read_bytes() == HALF + b"mine = 1\n" + whole
    account.uninstall()
    assert account.block_file.read_bytes() == HALF + b"mine = 1\nimport nuke\n# my own\n"


@pytest.mark.parametrize(
    ("now", "do"), [(b"tprint", "take lines out of"), (b"message", "keep"), (b"", "")]
)
def test_lines_that_are_not_wanted_any_more_go_unless_they_were_changed(account, now, do):
    account.install()
    whole = account.block_file.read_bytes()
    account.block_file.write_bytes(whole.replace(b"tprint", now) if now else b"")
    there = manifest.read(account.prefix)
    steps = plan.compare(plan.Wanted({}), there)
    assert [each.do for each in steps if each.path == account.block_file] == [do] * bool(do)


def test_repair_renews_changed_lines_in_their_place(account):
    account.install()
    whole = account.block_file.read_bytes()
    account.block_file.write_bytes(whole.replace(b"tprint", b"message") + b"later = 1\n")
    account.repair()
    assert account.block_file.read_bytes() == whole + b"later = 1\n"
    account.uninstall()
    assert account.block_file.read_bytes() == b"import nuke\n# my own\nlater = 1\n"
