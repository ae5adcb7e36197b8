"""The double and the bridge speak of nothing that Nuke's published stubs do not know."""

import ast
import functools
import importlib.metadata
import inspect

import nuke_rig
import pytest
from doubles import nuke_double as nuke
from doubles import nuke_knobs, nuke_roto, nuke_ui

FILES = [
    file.locate()
    for file in importlib.metadata.files("types-nuke")
    if file.suffix == ".pyi" and file.parent.name == "nuke-stubs"
]
TREES = {path.stem: ast.parse(path.read_text("utf-8")) for path in FILES}
SCRIPTS = {  # of `nukescripts`, which has no stubs -> who tells of it
    "panels": "Nuke 16.0 Python developer guide: nukescripts.panels",
    "registerWidgetAsPanel": "the same: registerWidgetAsPanel(widget, name, id, create)",
}
OURS = {"told", "tell", "edit", "rows", "at", "read"}  # of the double alone
AS = {"Animated": "AnimControlPoint", "Table_Knob": "Knob", "Space_Knob": "Enumeration_Knob"}


def arguments(made):
    """Argument names of a stub's function; None where it takes anything."""
    return None if made.args.vararg else [a.arg for a in made.args.args if a.arg != "self"]


@functools.cache
def functions():
    """Names in the stubs -> the ways they may be called."""
    names = {stem: [] for stem in TREES}
    for tree in TREES.values():
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                ways = arguments(node)
                names.setdefault(node.name, []).extend([] if ways is None else [ways])
            elif isinstance(node, ast.ClassDef):
                names.setdefault(node.name, [])
            elif isinstance(node, ast.AnnAssign):
                names.setdefault(ast.unparse(node.target), [])
    return names


@functools.cache
def methods(name):
    """Method -> the ways it may be called, of a class of the stubs and those it comes from."""
    found = {}
    for tree in TREES.values():
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and node.name == name:
                for base in node.bases:
                    found = methods(ast.unparse(base)) | found
                for each in node.body:
                    if isinstance(each, ast.FunctionDef):
                        found[each.name] = [*found.get(each.name, []), arguments(each)]
                    elif isinstance(each, ast.AnnAssign):
                        found[ast.unparse(each.target)] = [None]
    return found


@functools.cache
def used(module):
    """Names that the bridge uses of a module of Nuke."""
    found = set()
    for path in nuke_rig.BRIDGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            words = dotted(node)
            if words[:1] == [module]:
                found.update(words[1:3] if "rotopaint" in words else words[1:2])
    return found


def dotted(node):
    """'nuke.rotopaint.Shape' in words; [] for what is no dotted name."""
    if isinstance(node, ast.Name):
        return [node.id]
    above = dotted(node.value) if isinstance(node, ast.Attribute) else []
    return [*above, node.attr] if above else []


def test_every_name_of_nuke_is_in_its_stubs():
    assert {"execute", "root", "allNodes", "Shape"} <= used("nuke")
    assert used("nuke") - functions().keys() == set()


def test_every_name_of_nukescripts_is_told_of():
    trees = [ast.parse(p.read_text("utf-8")) for p in nuke_rig.BRIDGE.rglob("*.py")]
    every = [dotted(node) for tree in trees for node in ast.walk(tree)]
    told = {word for words in every if words[:1] == ["nukescripts"] for word in words[1:]}
    assert told == SCRIPTS.keys()


def test_the_double_takes_what_the_stubs_take():
    wrong = {}
    for name, ways in functions().items():
        if name in used("nuke") and ways and hasattr(nuke, name):
            ours = list(inspect.signature(getattr(nuke, name)).parameters)
            if not any(ours == theirs[: len(ours)] for theirs in ways):
                wrong[name] = (ours, ways)
    assert wrong == {}


DOUBLES = [
    (nuke.Node, "Root"),
    (nuke.ProgressTask, "ProgressTask"),
    (nuke_ui.Menu, "Menu"),
    (nuke_ui.MenuItem, "MenuItem"),
    *(
        (made, AS.get(name, name))
        for module in (nuke_knobs, nuke_roto)
        for name, made in vars(module).items()
        if inspect.isclass(made) and made.__module__ == module.__name__ and name[0] != "_"
    ),
]


@pytest.mark.parametrize(("made", "name"), DOUBLES, ids=lambda each: getattr(each, "__name__", ""))
def test_the_double_invents_no_method(made, name):
    theirs = methods(name)
    assert theirs, f"the stubs have no class {name}"
    wrong = {}
    for method, ours in inspect.getmembers(made, inspect.isfunction):
        if method.startswith("_") or method in OURS:
            continue
        taken = [a for a in inspect.signature(ours).parameters if a != "self"]
        ways = theirs.get(method, [])
        if not any(way is None or taken == way[: len(taken)] for way in ways):
            wrong[method] = (taken, ways)
    assert wrong == {}
