"""The panel in a window of its own: `answerprint panel [SHOT...]`, or with an edit."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence

from answerprint_bridge.host import Host
from answerprint_bridge.messages import WireError
from answerprint_bridge.session import Session
from answerprint_bridge.wire import Worker, command

from .desk import Desk
from .dialogs import Artist
from .edit_host import EditHost, open_cut
from .files_host import FilesHost
from .paths import is_edit
from .qt import QtCore, QtWidgets, run_application
from .window import Window

SCREENS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


def main(python: str = sys.executable, argv: Sequence[str] = ()) -> int:
    """Show the panel until it is closed; the exit status.

    python   the interpreter of the worker's environment.
    argv     shots for the inputs, in their order; or an edit and the folder of its media.
    """
    if sys.platform.startswith("linux") and not any(os.environ.get(name) for name in SCREENS):
        print("There is no screen: DISPLAY and WAYLAND_DISPLAY are empty.", file=sys.stderr)
        print("Start the panel on a desktop; the command line needs no screen.", file=sys.stderr)
        return 2
    application = QtWidgets.QApplication.instance() or QtWidgets.QApplication(["answerprint"])
    artist = Artist()
    paths = [os.path.abspath(os.path.expanduser(path)) for path in argv]
    try:
        host = _host(python, paths, artist)
    except WireError as refused:
        for text in (refused.title, refused.detail, refused.hint):
            if text:
                print(text, file=sys.stderr)
        return 2
    desk = Desk(Session(host, command(python)), write_frames=isinstance(host, FilesHost))
    if isinstance(host, EditHost):
        host.worker = desk.session.worker
    window = artist.parent = Window(desk)
    window.panel.open(paths if isinstance(host, FilesHost) else [])
    for note in host.notes() if isinstance(host, EditHost) else ():
        desk.said.emit(note)
    signal.signal(signal.SIGINT, lambda *_: QtCore.QTimer.singleShot(0, window.close))
    window.show()
    return run_application(application)


def _host(python: str, paths: Sequence[str], artist: Artist) -> Host:
    if not paths or not is_edit(paths[0]):
        return FilesHost(artist)
    with Worker(command(python), host={"name": "Answerprint"}) as reader:
        return open_cut(reader, paths[0], paths[1] if len(paths) > 1 else "", artist)
