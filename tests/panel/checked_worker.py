"""The core's worker, with the check of an edit that takes no time: see `small_worker`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "contract"))

from small_worker import edit_check, edit_waive

from answerprint.worker.__main__ import HANDLERS
from answerprint.worker.serve import serve

if __name__ == "__main__":
    serve({**HANDLERS, "edit.check": edit_check, "edit.waive": edit_waive})
