"""`python -m answerprint`: the command line."""

import sys

from answerprint.cli import entry

sys.exit(entry())
