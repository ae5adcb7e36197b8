"""Standard input and output as a wire: taken before anything else can print or read.

Libraries print, and start children that read. After `own_pipes` whatever else writes to stdout
reaches stderr, and whatever else reads stdin finds the null device.
"""

from __future__ import annotations

import os
import sys
from typing import IO, Tuple


def own_pipes() -> Tuple[IO[bytes], IO[bytes]]:
    """(source, sink): this process's stdin and stdout, which from here on are ours alone."""
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return source, sink
