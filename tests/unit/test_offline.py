"""No tool calls out: not with a network, not without one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import shots

# An audit hook hears every socket that Python opens, also in libraries, and cannot be undone.
WATCHED = """
import sys
def hear(event, arguments):
    if event.startswith("socket."):
        print("CALLED OUT", event, arguments, file=sys.stderr, flush=True)
        raise SystemExit(86)
sys.addaudithook(hear)
from answerprint.cli import entry
sys.exit(entry())
"""


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    pair = shots.plate_and_hero(tmp_path / "shots")
    return ["match", pair[0], "--reference", pair[1], "--out", str(tmp_path / "out"), "--json"]


def test_a_match_opens_no_socket(tmp_path: Path, words: list[str]) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", WATCHED, *words, "--method", "palette"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "CALLED OUT" not in ended.stderr
    assert json.loads(ended.stdout)["report"]["frames"]["written"] == 3
    assert (tmp_path / "out/report.html").exists()


@pytest.mark.parametrize("call", ["getaddrinfo('localhost', 80)", "create_connection(('::1', 9))"])
def test_the_watch_hears(call: str) -> None:
    script = WATCHED.replace("from answerprint.cli import entry", "import socket")
    script = script.replace("sys.exit(entry())", f"socket.{call}")
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert ended.returncode == 86
    assert b"CALLED OUT socket." in ended.stderr


@pytest.mark.skipif(not shots.can_unshare(), reason="this machine lets nobody unshare a network")
def test_a_match_needs_no_network(tmp_path: Path, words: list[str]) -> None:
    ended = subprocess.run(
        ["unshare", "-rn", *shots.command(*words, "--method", "palette")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert len(shots.results(tmp_path / "out")) == 3
