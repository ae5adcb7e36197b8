"""Bake an Answerprint node: its recipe run by the core, its frames read back below it.

The recipe is in the node, with the solution, so nothing is measured again: a farm may bake a
shot in pieces, each by its own `nuke -t`, and all frames are of one grade. They go into the
version the node stands for; where somebody signed that off, into a folder beside it.

Not run in Nuke itself (see the package). No Qt, and no panel.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import re
import subprocess
import threading
from typing import Any, Dict, Iterable, List, Mapping, Tuple

from answerprint_bridge import versions
from answerprint_bridge.host import FrameSet, Host, Progress
from answerprint_bridge.messages import CANCELLED, HOST_REFUSED, WireError
from answerprint_bridge.process import environment

from . import home, knobs, recipe, script

BAKED = "answerprint_baked"  # the tag of a Read that a bake made: {node, pattern}
COUNT = re.compile(r"(\d+)/(\d+)")
ASK = 0.1  # seconds between two looks at whether somebody cancels


def span(kept: Mapping[str, Any]) -> str:
    """The range the node was made for: '1001-1100'."""
    source = kept["inputs"]["source"][0]
    if isinstance(source, Mapping):
        return f"{source['first']}-{source['last']}"
    return str(kept["recipe"]["frames"] or kept["recipe"]["inputs"]["source"]["range"])


def bake(host: Host, node: Any, frames: str) -> Tuple[str, FrameSet]:
    """Write the frames, those that are there already left as they are; their Read, and they.

    frames   '1001-1100', or any range that the core reads.

    WireError where the knobs say something else than the recipe, or frames could not be made.
    """
    kept = recipe.of(node)
    for name, value in knobs.changed(node, kept["rows"], kept["params"]).items():
        was = kept["params"][name]
        title = f"{node.name()}: {name} is {value}, and the recipe was run with {was}."
        raise WireError(HOST_REFUSED, title, "Press Update, then bake.")
    folder = _folder(kept)
    with host.progress(f"Baking {node.name()}") as progress:
        told = _made(_recipe(folder, kept), folder, frames, progress)
    if told["outputs"].get("frames", {}).get("first") is None:
        title = f"{node.name()}: no frame of {frames} could be made."
        why = "\n".join(
            each["reason"] for each in (told["report"]["frames"] or {}).get("failed", ())
        )
        raise WireError(HOST_REFUSED, title, "Look at the files of the recipe.", why)
    made = FrameSet.of(told["outputs"]["frames"])
    ref = _read(host, node, made)
    if made.missing:
        gone = ", ".join(map(str, made.missing))
        host.message("warning", f"{node.name()}: no frame could be made for {gone}.")
    return ref, made


def _folder(kept: Mapping[str, Any]) -> str:
    folder = recipe.folder(kept)
    if os.path.isdir(folder):
        if versions.approved(folder):
            return versions.make(f"{folder}_frames")
        there = versions.read(folder, versions.RECIPE)
        if there is not None and versions.recipe_digest(folder) != kept["digest"]:
            title = f"{folder} holds another recipe than the node."
            raise WireError(HOST_REFUSED, title, "Press Update, then bake.")
    return versions.make(folder)


def _recipe(folder: str, kept: Mapping[str, Any]) -> str:
    """The node's recipe as a file that asks for frames. The same for every piece of a farm."""
    there = versions.read(folder, versions.RECIPE)
    if there is None or not there["write_frames"]:
        wanted = {**(there or kept["recipe"]), "write_frames": True}
        versions.write(folder, versions.RECIPE, wanted)
    return os.path.join(folder, versions.RECIPE)


def _made(path: str, folder: str, frames: str, progress: Progress) -> Dict[str, Any]:
    """What `answerprint run` says at its end. WireError where it refused or was cancelled."""
    words = ["run", path, "--out", folder, "--frames", frames, "--json"]
    core: Any = subprocess.Popen(
        [home.python(), "-I", "-X", "utf8", "-m", "answerprint", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        encoding="utf-8",
        errors="replace",
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    lines: queue.Queue[str] = queue.Queue()
    said: List[str] = []
    readers = [
        threading.Thread(target=lambda: said.append(core.stdout.read()), daemon=True),
        threading.Thread(target=lambda: _listen(core.stderr, lines), daemon=True),
    ]
    for reader in readers:
        reader.start()
    heard: List[str] = []
    try:
        while core.poll() is None:
            with contextlib.suppress(queue.Empty):  # nothing new; it may still be cancelled
                heard.append(lines.get(timeout=ASK))
            _tell(progress, heard[-1] if heard else "")
    except BaseException:
        core.terminate()  # frames are whole or not there: nothing is left half
        core.wait()
        raise
    for reader in readers:
        reader.join()
    heard += list(lines.queue)
    return _answer(core.returncode, said[0], heard)


def _listen(stream: Iterable[str], lines: "queue.Queue[str]") -> None:
    for line in stream:
        lines.put(line.rstrip())


def _tell(progress: Progress, line: str) -> None:
    count = COUNT.search(line)
    done, total = (int(count[1]), int(count[2])) if count else (0, 1)
    progress.tell(min(done, total), total, line)


def _answer(status: int, said: str, heard: List[str]) -> Dict[str, Any]:
    try:
        told = json.loads(said)
    except ValueError as why:
        title = f"The core ended with exit {status} and no answer."
        hint = "Run 'install.py doctor' of Answerprint."
        raise WireError(HOST_REFUSED, title, hint, "\n".join(heard[-10:])) from why
    if "error" in told:
        error = told["error"]
        code = CANCELLED if error["code"] == CANCELLED else HOST_REFUSED
        raise WireError(code, error["title"], error.get("hint", ""), error.get("detail", ""))
    return dict(told)


def _read(host: Host, node: Any, frames: FrameSet) -> str:
    """The Read of the frames below the node: the one that is there, longer now, or a new one.

    One step of undo."""
    label = f"{node.name()} baked"
    with host.undo_group(label):
        return _below(host, node, frames, label)


def _below(host: Host, node: Any, frames: FrameSet, label: str) -> str:
    tag = {"node": str(node.fullName()), "pattern": frames.pattern}
    for ref, told in host.tagged(BAKED).items():
        if told == tag:
            read = script.node(ref)
            for knob, better, number in (
                ("first", min, frames.first),
                ("last", max, frames.last),
            ):
                for each in (knob, f"orig{knob}"):
                    read[each].setValue(better(int(read[each].value()), number))
            read["reload"].execute()
            return ref
    (ref,) = host.import_frames(frames, str(node.fullName()), label)
    host.tag(ref, BAKED, tag)
    return ref
