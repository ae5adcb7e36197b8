"""Opens Answerprint in DaVinci Resolve: Workspace > Scripts > Answerprint.

install.py puts this file into Resolve's Scripts/Utility and names in FOLDER where the bridge
is. Resolve gives a script of its menu `resolve`, and no `__file__`.
"""

import sys

FOLDER = ""  # install.py writes the folder that holds answerprint_resolve


def start() -> None:
    if not FOLDER:
        print("Answerprint: this script was copied by hand. Run install.py install.")
        return
    if sys.version_info < (3, 8):
        print("Answerprint: Resolve runs Python %d.%d here." % sys.version_info[:2])
        print("Install Python 3.10 or newer from python.org, then start Resolve again.")
        return
    if FOLDER not in sys.path:
        sys.path.insert(0, FOLDER)
    from answerprint_resolve import agent

    given = globals()
    found = given.get("resolve") or given["bmd"].scriptapp("Resolve")
    agent.main(found, FOLDER)


start()
