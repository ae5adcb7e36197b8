"""Answerprint on Nuke's plug-in path: makes its packages importable, in the GUI and on a farm.

No Qt, no menu, nothing started, nothing written, and nothing that could keep Nuke from starting.
"""

import nuke

try:
    import os
    import sys

    folder = os.path.dirname(os.path.abspath(__file__))
    if folder not in sys.path:
        sys.path.append(folder)
except Exception as why:  # noqa: BLE001 - a plug-in must not stop Nuke, on a farm least of all
    nuke.tprint("Answerprint could not be loaded: %r" % why)
