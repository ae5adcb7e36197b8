"""How the contract's workers are started: the whole core, and a small one without torch."""

import os
import sys
from pathlib import Path

from answerprint_bridge import wire

CORE = wire.command(os.environ.get("ANSWERPRINT_PYTHON", sys.executable))
SMALL = [*CORE[:-2], str(Path(__file__).parent / "small_worker.py")]
