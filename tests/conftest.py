"""Helpers beside this file, such as `soundstage`, can be imported by all tests below it.

`installer`, what install.py is made of, is no package of the suite's environment; install.py
finds it as this does.
"""

import os
import sys
from pathlib import Path

if "PYTEST_XDIST_WORKER" in os.environ:  # as many processes as cores: a thread each
    for library in ("OMP", "OPENBLAS", "MKL"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")

sys.path.append(str(Path(__file__).parents[1] / "plugin"))
