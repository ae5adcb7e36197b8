"""Answerprint in Nuke's menus and panes. Read after init.py, where Nuke has windows."""

import nuke

try:
    from answerprint_nuke import menus

    menus.build()
except Exception as why:  # noqa: BLE001 - a plug-in must not stop Nuke
    nuke.tprint("Answerprint has no menu: %r. Run its 'install.py repair'." % why)
