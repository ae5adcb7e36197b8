"""doctor: what it finds, what it calls bad, and the remedy it names. The core is a stand-in here;
`test_end_to_end.py` asks the real one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from installer import doctor
from scratch import Account

WELL = {
    "hello": {"suite": "0.1.0", "python": "3.11.7", "torch": "2.13.0", "seconds": 0.2},
    "devices": {"devices": [{"id": "cuda:0", "name": "RTX A4000", "vram": 16 << 30}]},
    "job": {"frames": 1, "sentence": "it is brighter.", "seconds": 1.0},
    "panel": {"qt": "6.8.3"},
}


@pytest.fixture
def core(monkeypatch) -> dict:
    """What the core finds of itself, and says to a host's hello; a test may change it."""
    told = {"core": json.loads(json.dumps(WELL)), "hello": {"suite": "0.1.0", "core": "0.1.0"}}
    monkeypatch.setattr(doctor, "_ask", lambda c: told["hello" if "-c" in c else "core"])
    monkeypatch.delenv("ANSWERPRINT_PYTHON", raising=False)
    return told


def rows(account: Account, root: Path | None = None) -> dict[str, doctor.Row]:
    found = doctor.examine(root or account.download, account.prefix, account.machine)
    return {row.topic: row for row in found}


def bad(account: Account) -> dict[str, doctor.Row]:
    return {topic: row for topic, row in rows(account).items() if row.state == doctor.BAD}


def test_all_is_well_after_an_install(anyone, core):
    anyone.install()
    assert bad(anyone) == {}
    told = rows(anyone)
    assert told["Nuke copy"].text == "fits, 11 files"
    assert told["Blender to core"].text == "0.1.0 understands 0.1.0"
    assert told["Device"].text == "cuda:0: RTX A4000, 16 GiB"
    assert told["Job of 64x64"].text == "1 frame in 1.0 s: it is brighter."
    assert "Suite's copy" in told


def test_hosts_without_an_install_are_told_the_way(account, core):
    told = bad(account)
    assert told["Installed"].remedy == "install.py install"
    assert told["Core"].text == f"{account.download / '.venv/bin/python'} is not there"
    assert told["Core"].remedy == "install.py"


@pytest.mark.parametrize(
    ("do", "said", "remedy"),
    [
        (lambda a: (a.nuke / "menu.py").write_text("# mine"), "changed", "install.py repair"),
        (lambda a: (a.nuke / "menu.py").unlink(), "not whole", "install.py repair"),
        (lambda a: a.block_file.write_bytes(b""), "not whole", "install.py repair"),
        (
            lambda a: (a.download / "host_bridges/nuke_bridge/adapter.py").write_text("# new"),
            "older",
            "install.py install",
        ),
    ],
)
def test_a_copy_that_does_not_fit_is_named(account, core, do, said, remedy):
    account.install()
    do(account)
    row = bad(account)["Nuke copy"]
    assert row.text.startswith(said)
    assert row.remedy == remedy
    assert str(account.machine.nuke) in row.text


def test_a_changed_file_of_an_older_version_is_a_note(account, core):
    source = account.write(account.download / "host_bridges/nuke_bridge/old.py", b"# 1\n")
    account.install()
    old = account.nuke / "answerprint_nuke/old.py"
    old.write_bytes(b"# mine\n")
    source.unlink()
    account.install()
    assert bad(account) == {}
    found = doctor.examine(account.download, account.prefix, account.machine)
    copy = [(row.state, row.text) for row in found if row.topic == "Nuke copy"]
    kept = f"{old}: changed, of an older version"
    assert copy == [(doctor.NOTE, kept), (doctor.OK, "fits, 11 files")]


def test_another_version_is_told_with_both_numbers(account, core):
    account.install()
    project = account.download / "pyproject.toml"
    project.write_text(project.read_text().replace("0.1.0", "0.2.0"))
    row = bad(account)["Installed"]
    assert row.text == f"0.1.0 in {account.prefix}; this install.py is of 0.2.0"
    assert row.remedy == "install.py install"


def test_a_core_of_another_version_is_told_to_each_host(account, core):
    account.install()
    core["hello"] = {"suite": "0.1.0", "core": "0.2.0"}
    told = bad(account)
    assert {"Nuke to core", "DaVinci Resolve to core", "Blender to core"} <= set(told)
    assert told["Nuke to core"].text == f"{account.nuke} is of 0.1.0, the core of 0.2.0"
    assert "repair" in told["Nuke to core"].remedy


def test_a_refused_hello_keeps_its_own_remedy(account, core):
    account.install()
    core["hello"] = {"fault": "They are of different versions.", "hint": "Restart the host."}
    row = bad(account)["Nuke to core"]
    assert (row.text, row.remedy) == ("They are of different versions.", "Restart the host.")


def test_what_the_core_lacks_is_named(account, core):
    account.install()
    core["core"]["job"] = {"fault": "No frame.", "hint": "Free some space.", "seconds": 1}
    library = "ImportError: libEGL.so.1: cannot open shared object file: No such file"
    core["core"]["panel"] = {"fault": library, "seconds": 1}
    told = bad(account)
    assert told["Job of 64x64"].remedy == "Free some space."
    assert "apt install libegl1" in told["Panel"].remedy
    core["core"] = {"fault": "it does not start"}
    assert bad(account)["Core"].remedy == "install.py repair"


def test_an_interrupted_install_is_told(account, core):
    account.install()
    manifest = account.prefix / "manifest.json"
    told = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(told | {"complete": False}))
    assert "ended half way" in bad(account)["Installed"].text
    shutil.rmtree(account.nuke)
    assert "Nuke to core" not in rows(account), "there is nothing yet that could say hello"


def test_no_gpu_is_a_note_and_a_card_without_a_build_is_told(account, core, monkeypatch):
    account.install()
    core["core"]["devices"] = {"devices": [{"id": "cpu", "name": "x86_64", "vram": None}]}
    monkeypatch.setattr(doctor.shutil, "which", lambda name: None)
    row = rows(account)["Device"]
    assert (row.state, row.remedy) == (doctor.NOTE, "")
    monkeypatch.setattr(doctor.shutil, "which", lambda name: f"/bin/{name}")
    assert "--torch-index" in rows(account)["Device"].remedy


def test_a_full_disk_is_bad(account, core, monkeypatch):
    account.install()
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda f: SimpleNamespace(free=1e8))
    assert set(bad(account)) == {"Disk", "Temporary"}
    assert "0.1 GB free" in bad(account)["Disk"].text


def test_an_init_py_that_nuke_cannot_read_is_told(account, core):
    account.install()
    broken = b"print 'Python 2'\n" + account.block_file.read_bytes()
    account.block_file.write_bytes(broken)
    assert "cannot be read by Python" in bad(account)["Nuke start"].text
    assert any("Nuke cannot read" in note for note in account.install(dry_run=True).notes)


def test_a_python_that_a_variable_names_is_told(account, core, monkeypatch):
    account.install()
    monkeypatch.setenv("ANSWERPRINT_PYTHON", str(account.tmp / "other"))
    found = doctor.examine(account.download, account.prefix, account.machine)
    texts = [row.text for row in found if row.topic == "Core"]
    assert texts[0].startswith(f"ANSWERPRINT_PYTHON names {account.tmp / 'other'}")
    assert texts[1] == f"{account.tmp / 'other'} is not there"


def test_the_exit_status_and_the_two_forms(account, core, capsys):
    account.install()
    assert doctor.run(account.download, account.prefix, account.machine, as_json=True) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["well"] is True
    assert {"state", "topic", "text", "remedy"} == set(told["rows"][0])
    (account.nuke / "menu.py").unlink()
    assert doctor.run(account.download, account.prefix, account.machine, as_json=False) == 1
    text = capsys.readouterr().out
    assert "!!  Nuke copy" in text
    assert "-> install.py repair" in text
    assert "To mend: 1" in text


def test_a_program_that_says_nothing_is_a_fault(tmp_path):
    account = Account("linux", tmp_path)
    assert "ended with 0: nothing" in doctor._ask([str(account.python)])["fault"]
    assert "does not answer" in doctor._ask([str(tmp_path / "none")])["fault"]
