"""The client under every Python from 3.8 on that this machine has: hosts bring their own."""

import functools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from wire_helpers import HERE

from answerprint_bridge import messages, wire

ASK = "import platform; print(platform.python_version())"


@functools.cache
def pythons():
    """(major, minor) -> an interpreter that starts, from PATH and pyenv's folder."""
    found = {sys.version_info[:2]: sys.executable}
    for python in _candidates():
        run = subprocess.run([python, "-c", ASK], capture_output=True, text=True, check=False)
        if run.returncode == 0:  # pyenv's shims exist for versions that are not chosen
            version = tuple(int(n) for n in run.stdout.split(".")[:2])
            if version >= (3, 8):
                found.setdefault(version, python)
    return dict(sorted(found.items()))


def _candidates():
    root = Path(os.environ.get("PYENV_ROOT") or "~/.pyenv").expanduser()
    yield from sorted(map(str, root.glob("versions/3.*/bin/python3")))
    for minor in range(8, 30):
        if python := shutil.which(f"python3.{minor}"):
            yield python


@pytest.mark.parametrize("version", pythons(), ids=lambda version: "{}.{}".format(*version))
def test_the_client_does_a_session(version, record_property, cache):
    args = [wire.__file__, sys.executable, str(HERE / "served.py")]
    run = subprocess.run(
        [pythons()[version], "-I", "-S", str(HERE / "old_host.py"), *args],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    seen = json.loads(run.stdout.splitlines()[-1])
    record_property("wire client ran under Python", seen["python"])
    assert tuple(int(n) for n in seen["python"].split(".")[:2]) == version
    assert seen["protocol"] == list(messages.PROTOCOL)
    assert seen["job"] == {"steps": 5}
    assert seen["progress"][-1] == 5
    assert seen["answer"] == {"imported": "a.%04d.exr"}
    assert seen["threads"] == [True]
    assert seen["cancel"] == -32800
    assert seen["died"] == [-32099, True]
