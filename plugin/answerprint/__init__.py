"""Answerprint's core: measures shots and prepares their correction."""

import os

__version__ = "0.1.0"

# its threads spin longer than our small matrices take; it is read when numpy loads
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
