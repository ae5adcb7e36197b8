"""The Answerprint node: a Group that holds a recipe, the tool's knobs, and the look inside.

Not run in Nuke itself (see the package). Its inputs are the tool's, its output is the source
through the nodes that stand for the results. All nodes in it are Nuke's own, so a script opens
and renders where Answerprint is not installed.
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence, Tuple

import nuke

from answerprint_bridge import versions
from answerprint_bridge.host import TAG, FrameSet, Item, tag_of
from answerprint_bridge.messages import HOST_REFUSED, WireError
from answerprint_bridge.results import LOOK, Answer, CannotPlace, Form, Refs, settle

from . import frames, home, knobs, looks, recipe, script
from .building import TINT, Building, free

Placed = List[Tuple[Form, Refs]]


def make(
    host: Building, folder: str, near: str = "", inputs: Mapping[str, Any] | None = None
) -> Tuple[str, List[Answer]]:
    """A node for a version, under the plate: its name, and what became of the results in it.

    inputs   name -> Item, where somebody knows; else the Reads of the same files are wired.
    """
    stored = versions.read(folder, versions.RESULTS)
    if stored is None:
        raise WireError(HOST_REFUSED, f"{folder} has no results.", "Run the tool to its end.")
    results, tool = stored["results"], str((versions.read(folder, versions.REQUEST) or {})["tool"])
    spec = home.spec(tool)
    rows = [row for row in spec["params"] if not row.get("from_host")]
    kept = recipe.version(folder, rows)
    label = _label(tool, folder)
    with host.undo_group(label), host.progress(label) as progress:
        progress.tell(0, 1, "node")
        wires = _wires(host, spec, kept, inputs or {})
        plate = script.node(near) if near else wires["source"]
        with script.group_of(plate):
            group = host.new("Group", label, tile_color=TINT)
            group.setName(f"Answerprint_{tool}")
            group.setXYpos(*free(plate, 1, 1, [group]))
        wires["source"] = plate
        with group:
            ins = [host.new("Input", "") for _ in spec["inputs"]]
            out = host.new("Output", "")
        for number, (entry, each) in enumerate(zip(ins, spec["inputs"], strict=True)):
            entry.setName(each["name"])
            group.setInput(number, wires[each["name"]])
        knobs.add(group, rows, kept["params"])
        placed, answers = _place(host, results, ins[0], label)
        out.setInput(0, _end(placed, ins[0]))
        kept["wired"] = "" if plate is None else str(plate.fullName())
        _keep(group, kept, placed, near)
    return str(group.fullName()), answers


def take_up(
    host: Building,
    group: Any,
    folder: str,
    results: Sequence[Mapping[str, Any]],
    wired: str | None = None,
) -> List[Answer]:
    """Set the node to another version: its look in place where it is of the same nodes, else
    the nodes for the results take the place of those that are there. One step of undo.

    wired   what the version was measured on, where that is another node than before.

    What became of the results; WireError, and the look that stands, where nothing of theirs can.
    """
    before = recipe.of(group)
    source = before.get("wired") if wired is None else wired
    kept = {**recipe.version(folder, before["rows"]), "wired": source}
    label = _label(kept["tool"], folder)
    entry = entries(group)[0]
    out = next(each for each in group.nodes() if each.Class() == "Output")
    forms, answers = _forms(host, results)
    _stands(group, label, answers)  # before there is a step of undo
    with host.undo_group(label), group:
        ours = _ours(group)
        near = script.tags(ours[0])[TAG].get("near", "") if ours else ""
        alone = len(forms) == 1 and forms[0].kind in LOOK
        if alone and looks.in_place(ours, looks.steps(forms[0], entry)):
            for node in ours:
                script.put(node, "label", script.spoken(label))
            _keep(group, kept, [(forms[0], tuple(str(node.fullName()) for node in ours))], near)
        else:
            placed, answers = _place(host, results, entry, label)
            _stands(group, label, answers)
            _keep(group, kept, placed, near)
            out.setInput(0, _end(placed, entry))
            for node in ours:  # late: what cannot be built leaves the look that stands
                nuke.delete(node)
        script.put(group, "label", script.spoken(label))
    return answers


def entries(group: Any) -> List[Any]:
    """The group's Inputs, in the order they are wired in."""
    found = [each for each in group.nodes() if each.Class() == "Input"]
    return sorted(found, key=lambda each: int(each["number"].value()))


def _stands(group: Any, label: str, answers: Sequence[Answer]) -> None:
    """WireError where nothing of a version would stand in the node, or nothing of its look."""
    said = [each for each in answers if each.kind in LOOK] or answers
    if said and not any(each.became for each in said):
        title = f"{group.name()} keeps the look it has: nothing of {label} can stand in it."
        why = "\n".join(each.why for each in said)
        raise WireError(HOST_REFUSED, title, "Change the settings, and press Update.", why)


def _place(
    host: Building, results: Sequence[Mapping[str, Any]], entry: Any, label: str
) -> Tuple[Placed, List[Answer]]:
    """Place results under a group's Input, whether or not the same stand outside of it."""
    host.framed = False
    placed: Placed = []

    def attempt(form: Form) -> Refs:
        if why := host.accepts(form):
            raise CannotPlace(why)
        refs: Refs = getattr(host, f"place_{form.kind}")(form.data, entry.fullName(), label)
        placed.append((form, refs))
        return refs

    return placed, settle(results, host.grade_spaces(), attempt)


def _forms(host: Building, results: Sequence[Mapping[str, Any]]) -> Tuple[List[Form], List[Answer]]:
    """The forms that results would take here, and what would become of them."""
    found: List[Form] = []

    def attempt(form: Form) -> Refs:
        if why := host.accepts(form):
            raise CannotPlace(why)
        found.append(form)
        return ()

    return found, settle(results, host.grade_spaces(), attempt)


def _end(placed: Placed, entry: Any) -> Any:
    """What the group gives out: the first that changes the plate (looks are placed first), else
    the result's frames, else the plate."""
    ends = [(form.kind, script.node(refs[-1])) for form, refs in placed if refs]
    under = [node for _, node in ends if node.input(0) is not None]
    under += [node for kind, node in ends if kind == "frames"]
    return under[0] if under else entry


def _ours(group: Any) -> List[Any]:
    """The nodes in a group that we placed, as the picture goes through them."""
    ours = [node for node in group.nodes() if TAG in script.tags(node)]
    return sorted(ours, key=_above)


def _above(node: Any) -> int:
    """How many nodes the picture has gone through before."""
    count = 0
    while (node := node.input(0)) is not None:
        count += 1
    return count


def _keep(group: Any, kept: Mapping[str, Any], placed: Placed, near: str) -> None:
    recipe.keep(group, kept)
    for form, refs in placed:
        for ref in refs:
            script.keep(script.node(ref), TAG, tag_of(form, kept["digest"], near))


def _wires(
    host: Building, spec: Mapping[str, Any], kept: Mapping[str, Any], inputs: Mapping[str, Any]
) -> Dict[str, Any]:
    """The node for each input: the one that is named, else a Read of the same files, else None."""
    files = recipe.files(kept)
    reads: Dict[str, Any] = {}
    for item in host.items():
        node = script.node(item.ref)
        if own := frames.own_files(node):
            reads.setdefault(own.pattern, node)
    wires = {}
    for each in spec["inputs"]:
        given, told = inputs.get(each["name"]), files.get(each["name"])
        pattern = told.pattern if isinstance(told, FrameSet) else str(told)
        wires[each["name"]] = (
            script.node(given.ref) if isinstance(given, Item) else reads.get(pattern)
        )
    return wires


def _label(tool: str, folder: str) -> str:
    return f"{tool} {folder.replace(chr(92), '/').rstrip('/').rpartition('/')[2]}"
