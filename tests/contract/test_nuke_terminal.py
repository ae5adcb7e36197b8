"""The contract again for Nuke in a terminal (`nuke -t`): no undo, no menus, nobody to ask."""

import nuke_rig
import pytest
import test_contract

vars().update({n: case for n, case in vars(test_contract).items() if n.startswith("test_")})


@pytest.fixture
def rig(tmp_path):
    project = tmp_path / "Größe 100% #2" / "sc010 映画"
    project.mkdir(parents=True)
    made = nuke_rig.terminal(project)
    yield made
    made.host.shutdown()


def test_this_is_a_terminal(rig):
    assert not rig.host.info().gui
    assert "undo" not in rig.host.capabilities()
