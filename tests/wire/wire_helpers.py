"""What the tests of the wire share."""

import sys
import time
from pathlib import Path

from answerprint_bridge import wire

HERE = Path(__file__).parent
SERVED = [*wire.command(sys.executable)[:-2], str(HERE / "served.py")]
PATIENCE = 60.0  # a guard against a test that hangs; nothing is measured against it


def until(condition, *workers):
    """Pump until `condition()` is true."""
    give_up = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < give_up, "it never came"
        for worker in workers:
            worker.pump(0.02)


def error_of(call, worker):
    """The error a call ends with."""
    until(lambda: call.ended, worker)
    assert call.error, f"it ended with {call.result!r}"
    return call.error
