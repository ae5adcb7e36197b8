"""The host and the session of this Nuke: one each, made at the first need.

The panel's widgets come and go, a node's button may be pressed without any panel; the session
and its worker outlive both. A run that no panel pumps is pumped from a thread that asks Nuke's
main thread to do it, as long as it lasts. A terminal has no such thread: there a run is waited for.
"""

from __future__ import annotations

import threading
import time
from typing import Any, Callable, Dict, Sequence

import nuke

from answerprint_bridge.messages import WireError
from answerprint_bridge.process import command
from answerprint_bridge.results import Answer
from answerprint_bridge.run import Run
from answerprint_bridge.session import Session

from . import home
from .adapter import NukeHost

TICK = 0.03  # seconds between two looks at what has arrived
_made: Dict[str, Any] = {}


def host() -> NukeHost:
    if "host" not in _made:
        _made["host"] = NukeHost()
    found: NukeHost = _made["host"]
    return found


def session() -> Session:
    """The session; its worker starts with the first question. WireError where there is no core."""
    if "session" not in _made:
        _made["session"] = Session(host(), command(home.python()))
    found: Session = _made["session"]
    return found


def known() -> Session | None:
    """The session, if there is one already."""
    return _made.get("session")


def close() -> None:
    """End the session, if there is one."""
    if "session" in _made:
        _made.pop("session").close()


def follow(run: Run) -> None:
    """See a run to its end: in a terminal by waiting, else while the artist goes on working."""
    if not nuke.GUI:
        run.wait()
    elif not run.ended:
        threading.Thread(target=_pump, args=(run,), name="answerprint run", daemon=True).start()


def _pump(run: Run) -> None:
    while not run.ended and (open_one := known()):
        nuke.executeInMainThreadWithResult(open_one.pump)
        time.sleep(TICK)


def refused(what: str, answers: Sequence[Answer]) -> None:
    """Tell the artist which results found no place, and why."""
    whys = [each.why for each in answers if each.status == "refused"]
    if whys:
        host().message("warning", f"{what}: not all of it could be placed.", "\n".join(whys))


def tell(act: Callable[[], object]) -> None:
    """Do what a menu or a button asks; what is refused is shown to the artist."""
    try:
        act()
    except WireError as refused:
        said = " ".join(each for each in (refused.hint, refused.detail) if each)
        host().message("error", refused.title, said)
