"""How the files in a host find the core that they belong to."""

import json
import sys

import pytest

from answerprint_bridge.messages import WORKER_DIED, WireError
from answerprint_bridge.process import core_python


@pytest.fixture(autouse=True)
def unset(monkeypatch):
    monkeypatch.delenv("ANSWERPRINT_PYTHON", raising=False)


def told(folder, value):
    (folder / "core.json").write_text(value if isinstance(value, str) else json.dumps(value))
    return str(folder)


def test_core_json_names_it(tmp_path):
    assert core_python(told(tmp_path, {"python": sys.executable, "suite": "9"})) == sys.executable


def test_the_environment_wins(tmp_path, monkeypatch):
    (tmp_path / "python").touch()
    monkeypatch.setenv("ANSWERPRINT_PYTHON", str(tmp_path / "python"))
    assert core_python(told(tmp_path, {"python": sys.executable})) == str(tmp_path / "python")
    assert core_python(str(tmp_path / "nowhere")) == str(tmp_path / "python")
    monkeypatch.setenv("ANSWERPRINT_PYTHON", str(tmp_path / "gone"))
    with pytest.raises(WireError, match=r"gone.*, which ANSWERPRINT_PYTHON names"):
        core_python(str(tmp_path))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, r"there is no .*core\.json"),
        ('{"pyth', r"core\.json does not say where"),
        ({"suite": "0.1.0"}, r"core\.json does not say where"),
        (["python"], r"core\.json does not say where"),
        ({"python": "/gone/python"}, r"not at '/gone/python', which .*core\.json names"),
        ({"python": 3}, r"not at '3', which .*core\.json names"),
        ({"python": ""}, r"not at '', which .*core\.json names"),
    ],
)
def test_what_is_wrong_is_said_with_the_remedy(tmp_path, value, said):
    if value is not None:
        told(tmp_path, value)
    with pytest.raises(WireError, match=said) as refused:
        core_python(str(tmp_path))
    assert refused.value.code == WORKER_DIED
    assert "Run install.py install" in refused.value.hint
