"""The hosts under contract, one line each: name -> project folder -> its rig."""

import sys
from pathlib import Path

import memory_host
import nuke_rig
import pytest
import resolve_rig

from answerprint_bridge import wire
from answerprint_bridge.session import Session

HOSTS = {
    "memory": memory_host.whole,
    "memory-bare": memory_host.bare,
    "nuke": nuke_rig.Rig,
    "resolve": resolve_rig.newest,
}
SMALL = [*wire.command(sys.executable)[:-2], str(Path(__file__).parent / "small_worker.py")]


@pytest.fixture(params=HOSTS)
def rig(request, tmp_path):
    """A host in a project whose path has a space and is not ASCII, with something in its scene."""
    project = tmp_path / "Größe 100% #2" / "sc010 映画"
    project.mkdir(parents=True)
    made = HOSTS[request.param](project)
    yield made
    made.host.shutdown()


@pytest.fixture
def host(rig):
    return rig.host


@pytest.fixture
def session(host, tmp_path, monkeypatch):
    """session(command=SMALL) -> Session of the host; its worker is ended afterwards."""
    monkeypatch.setenv("ANSWERPRINT_CACHE", str(tmp_path / "cache"))
    made = []

    def begin(command=SMALL):
        made.append(Session(host, command))
        return made[-1]

    yield begin
    for each in made:
        each.worker.kill()
