"""What a line may hold, which versions talk, and what the worker inherits."""

import ast
import os
from pathlib import Path

import pytest

import answerprint
from answerprint_bridge import messages, wire

NAN = float("nan")


def test_a_message_comes_back_as_it_was():
    message = {"id": 3, "result": {"path": "/shots/Ünï 拍\udcff%#.exr", "x": -0.25}}
    line = messages.encode(message)
    assert line.isascii()
    assert line.count(b"\n") == 1
    assert messages.decode(line) == {"jsonrpc": "2.0", **message}


@pytest.mark.parametrize("value", [NAN, float("inf"), -float("inf")])
def test_numbers_that_are_none_are_not_sent(value):
    with pytest.raises(ValueError, match="not JSON compliant"):
        messages.encode({"params": [value]})


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_none_are_not_taken(text):
    with pytest.raises(ValueError, match="a line holds"):
        messages.decode(b'{"id": 1, "result": %s}\n' % text.encode())


@pytest.mark.parametrize("line", [b"1\n", b"[]\n", b'"id"\n', b"{\n", b"\xff\xfe\n", b"\n"])
def test_a_line_that_is_no_object_is_refused(line):
    with pytest.raises(ValueError):  # noqa: PT011 - the texts differ, the kind is the contract
        messages.decode(line)


def test_the_limit_is_one_mebibyte_with_its_newline():
    room = messages.LINE_LIMIT - len(messages.encode({"x": ""}))
    assert len(messages.encode({"x": "y" * room})) == messages.LINE_LIMIT
    assert messages.decode(messages.encode({"x": "y" * room}))["x"] == "y" * room
    with pytest.raises(ValueError, match="Write a file"):
        messages.encode({"x": "y" * (room + 1)})
    with pytest.raises(ValueError, match="longer than"):
        messages.decode(b" " + messages.encode({"x": "y" * room}))


def test_the_smaller_minor_is_spoken():
    assert messages.agree([1, 7]) == [1, 0]
    assert messages.agree([1, 0, "rc1"]) == [1, 0]


@pytest.mark.parametrize("major", [0, 2])
def test_another_major_is_refused_with_the_remedy(major):
    with pytest.raises(messages.WireError) as refused:
        messages.agree([major, 0])
    assert refused.value.code == -32010
    assert f"protocol {major}.0" in refused.value.title
    assert "install.py" in refused.value.hint


@pytest.mark.parametrize("version", [None, [], [1], ["1", "0"], [True, 0], "1.0"])
def test_what_is_no_version_is_said_to_be_none(version):
    with pytest.raises(ValueError, match="not a protocol version"):
        messages.agree(version)


def test_the_worker_inherits_nothing_that_bends_it(monkeypatch):
    dropped = ["PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "QT_PLUGIN_PATH", "LD_PRELOAD"]
    dropped += ["LD_LIBRARY_PATH", "DYLD_INSERT_LIBRARIES", "QML2_IMPORT_PATH"]
    kept = ["OCIO", "CUDA_VISIBLE_DEVICES", "HTTPS_PROXY", "no_proxy", "ANSWERPRINT_CACHE"]
    for name in dropped + kept:
        monkeypatch.setenv(name, "host")
    made = wire.environment()
    assert not set(dropped) & set(made)
    assert {name: made[name] for name in kept} == dict.fromkeys(kept, "host")
    assert made["PYTHONNOUSERSITE"] == "1"
    assert made["HOME"] == os.environ["HOME"]


def test_the_client_is_of_the_worker_s_version():
    assert answerprint.__version__ == wire.SUITE


def test_the_client_is_readable_by_python_3_8():
    for name in ("messages.py", "process.py", "wire.py"):
        each = Path(wire.__file__).with_name(name)
        ast.parse(each.read_text(encoding="utf-8"), feature_version=(3, 8))
