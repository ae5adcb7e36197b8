"""Workers and liars to talk to, and what the summary says of the run."""

import sys

import pytest
from wire_helpers import HERE, SERVED

from answerprint_bridge import wire


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ANSWERPRINT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def start(cache):
    """start(command=SERVED, **more) -> Worker, killed afterwards."""
    made = []

    def begin(command=SERVED, **more):
        made.append(wire.Worker(command, **more))
        return made[-1]

    yield begin
    for worker in made:
        worker.kill()


@pytest.fixture
def lie(start):
    """lie(way) -> Worker at the other end of a liar."""
    return lambda way: start([sys.executable, "-I", "-u", str(HERE / "liar.py"), way])


def pytest_terminal_summary(terminalreporter):
    """Figures of the wire that a test recorded: which Pythons ran, how long hello took."""
    told = [
        (name[5:], value)
        for report in terminalreporter.stats.get("passed", [])
        for name, value in report.user_properties
        if name.startswith("wire ")
    ]
    if told:
        terminalreporter.section("wire")
        for name in dict.fromkeys(name for name, _ in told):
            values = ", ".join(str(value) for each, value in told if each == name)
            terminalreporter.write_line(f"{name}: {values}")
