"""The hosts under contract, one line each: name -> project folder -> its rig."""

import sys

import pytest
from cores import CORE, SMALL

from answerprint_bridge.session import Session

if "bpy" in sys.modules:  # inside Blender there is nothing of the others
    import blender_rig

    HOSTS = blender_rig.HOSTS
else:
    import edit_rig
    import memory_host
    import nuke_rig
    import resolve_rig

    HOSTS = {
        "edit": edit_rig.Rig,
        "memory": memory_host.whole,
        "memory-bare": memory_host.bare,
        "nuke": nuke_rig.Rig,
        "resolve": resolve_rig.newest,
        "resolve-remote": resolve_rig.RemoteRig,
    }


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
def core():
    """How the worker is started."""
    return CORE


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
