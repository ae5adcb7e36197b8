"""What the knobs and buttons of an Answerprint node do. Called by the scripts in its knobs.

A live parameter (level, strength) is taken up by itself, a moment after the last change, with
the solution that is there: the nodes inside get other values, in one step of undo. All else
waits for Update. In a terminal knobs change nothing; there a node is baked as it was saved.

Not run in Nuke itself (see the package).
"""

from __future__ import annotations

import contextlib
import threading
from typing import Any, Dict, Mapping, Tuple

import nuke

from answerprint_bridge.host import Item, Progress
from answerprint_bridge.messages import CANCELLED, WireError
from answerprint_bridge.run import Run

from . import baking, frames, group, home, knobs, recipe, script, work

REST = 0.3  # seconds a knob rests before it is taken up
_waiting: Dict[str, threading.Timer] = {}
_running: Dict[str, Tuple[Run, bool]] = {}  # node -> its newest run, and whether of an update


def update(node: Any) -> None:
    """Run the tool again on what is wired to the node, with its knobs as they are."""
    work.tell(lambda: _start(str(node.fullName()), wired=True))


def bake(node: Any) -> None:
    """Ask for a range, write its frames, put a Read below the node."""
    work.tell(lambda: _bake(node))


def show(node: Any) -> None:
    """Show the node's tool, inputs and settings in the panel."""
    work.tell(lambda: _show(node))


def changed(node: Any) -> None:
    """A knob of ours has another value: take it up when it rests."""
    if not nuke.GUI:
        return
    name = str(node.fullName())
    if name in _waiting:
        _waiting[name].cancel()
    timer = threading.Timer(REST, nuke.executeInMainThread, (_rested, (name,)))
    timer.daemon = True
    _waiting[name] = timer
    timer.start()


def _rested(name: str) -> None:
    _waiting.pop(name, None)
    if script.found(name) is not None:  # it may be gone by now
        work.tell(lambda: _start(name, wired=False))


def _start(name: str, wired: bool) -> None:
    """Run the node's tool; wired: on its inputs, else live knobs only, on the files it knows."""
    node = script.node(name)
    kept = recipe.of(node)
    before, updating = _running.get(name, (None, False))
    if before and before.ended:
        before, updating = None, False
    now = knobs.changed(node, kept["rows"], kept["params"])
    whole = wired or updating  # a newer wish does not drop the update that it stops
    params = {**kept["params"], **{n: v for n, v in now.items() if whole or n in _live(kept)}}
    if not wired and params == (before.params if before else kept["params"]):
        return
    if before:
        before.cancel()
    inputs: Dict[str, Any] = dict(recipe.files(kept))
    first = last = wire = None
    if whole:
        now_wired = _wired(node)
        inputs.update(now_wired)
        first, last = _range(kept, now_wired.get("source"))
        wire = now_wired["source"].ref if "source" in now_wired else None
    ends, hear = contextlib.ExitStack(), {}
    if whole:
        bar = ends.enter_context(work.host().progress(f"Updating {node.name()}"))
        hear["on_progress"] = lambda told: _tell(bar, told, name)

    def done(run: Run) -> None:
        ends.close()
        work.tell(lambda: _took(name, run, wire))

    try:
        run = work.session().run(
            kept["tool"],
            params,
            inputs,
            first,
            last,
            near=name,
            on_done=done,
            place=False,
            **hear,
        )
    except BaseException:
        ends.close()
        raise
    _running[name] = (run, whole)
    work.follow(run)


def _tell(bar: Progress, told: Mapping[str, Any], name: str) -> None:
    """Show how far an update is; Cancel in Nuke's bar ends it."""
    try:
        bar.tell(told["done"], told["total"], told["stage"])
    except WireError:
        _running[name][0].cancel()


def _range(kept: Mapping[str, Any], source: Item | None) -> Tuple[int | None, int | None]:
    """The range the node was run with; none where another shot is wired to it now."""
    told = kept["inputs"]["source"][0]
    if not isinstance(told, Mapping):
        return None, None  # one file
    if source is not None:
        own = frames.own_files(script.node(source.ref))
        same = own.pattern == told["pattern"] if own else kept.get("wired") in (None, source.ref)
        if not same:
            return None, None
    return told["first"], told["last"]


def _took(name: str, run: Run, wire: str | None) -> None:
    if run.error:
        if run.error.code == CANCELLED:
            return  # for a newer wish
        raise run.error
    node = script.found(name)
    if node is not None:
        work.refused(name, group.take_up(work.host(), node, run.folder, run.results, wire))
        for said in run.results:
            if said["kind"] == "note":  # it stands inside, where nobody looks
                work.host().message("info", f"{run.tool}:", said["text"])


def _bake(node: Any) -> None:
    kept = recipe.of(node)
    asked = nuke.getFramesAndViews("Bake", baking.span(kept))
    if asked is not None:
        baking.bake(work.host(), node, str(asked[0]))


def _show(node: Any) -> None:
    from . import dock  # Qt: in no terminal, and only where it is asked for

    tool, params, inputs = _settings(node)
    there = {row["name"] for row in home.spec(tool)["params"]}
    gone = [name for name in params if name not in there]
    dock.show(tool, {name: value for name, value in params.items() if name in there}, inputs)
    if gone:
        title = f"{node.name()} was made with another version of {tool}."
        told = ", ".join(f"{name} = {params[name]}" for name in gone)
        work.host().message("warning", title, f"The panel has no {told}.")


def _settings(node: Any) -> tuple[str, Dict[str, Any], Dict[str, Any]]:
    """Tool, parameters and inputs of a node, for the panel."""
    kept = recipe.of(node)
    inputs = {**recipe.files(kept), **_wired(node)}
    found = {name: [each] for name, each in inputs.items()}
    return kept["tool"], knobs.values(node, kept["rows"]), found


def _wired(node: Any) -> Dict[str, Item]:
    """What is wired to the node, by the tool's names of its inputs."""
    found = {}
    for number, entry in enumerate(group.entries(node)):
        if (above := node.input(number)) is not None:
            found[str(entry.name())] = Item(str(above.fullName()), "image", str(above.name()))
    return found


def _live(kept: Mapping[str, Any]) -> set[str]:
    return {row["name"] for row in kept["rows"] if row["live"]}
