"""Helpers beside this file, such as `soundstage`, can be imported by all tests below it.

`installer`, what install.py is made of, is no package of the suite's environment; install.py
finds it as this does.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "plugin"))
