"""The bridge calls what each version of Resolve has, and the double is called as Resolve is.

The tables are the published stubs', see tests/doubles/resolve_names.py.
"""

import ast
import inspect
import json
from pathlib import Path

import pytest
from doubles import resolve_clips, resolve_double, resolve_gallery, resolve_names, resolve_timeline

BRIDGE = Path(__file__).parents[2] / "host_bridges" / "resolve_bridge"
TOLD = json.loads(resolve_names.NAMES.read_text("utf-8"))
FROM = {
    # method: (version it is there from, the file that asks for that version or looks for it)
    "GetNodeGraph": ((19, 0), "grades.py: has(clip, 'GetNodeGraph')"),
    "GetToolsInNode": ((19, 0), "grades.py: has(nodes, 'GetToolsInNode')"),
    "GetColorGroup": ((19, 0), "grades.py: has(clip, 'GetColorGroup')"),
    "GetPreClipNodeGraph": ((19, 0), "grades.py: has(clip, 'GetColorGroup')"),
    "GetPostClipNodeGraph": ((19, 0), "grades.py: has(clip, 'GetColorGroup')"),
    "GetSourceStartFrame": ((19, 0), "clips.py: has(clip, 'GetSourceEndFrame')"),
    "GetSourceEndFrame": ((19, 0), "clips.py: has(clip, 'GetSourceEndFrame')"),
    "GetThirdPartyMetadata": ((19, 0), "tags.py: has(source, 'GetThirdPartyMetadata')"),
    "SetThirdPartyMetadata": ((19, 0), "tags.py: has(source, 'SetThirdPartyMetadata')"),
    "GetTrackTypeAndIndex": ((19, 0), "render.py: refusal() below 19.1"),
    "ResetAllGrades": ((19, 1), "render.py: refusal() below 19.1"),
    "DeleteRenderPreset": ((19, 1), "render.py: refusal() below 19.1"),
}
"""What 18.5 lacks, and what keeps it from being asked for there. All else is used from 18.5 on."""

OTHER_FORM = {
    # double method: why its parameters are not called as in the stub
    "MediaPool.ImportMedia": "the README's [{clipInfo}] form, one of the stub's",
}
"""Allow-list: each with the place that says so."""

DOUBLES = {
    each.__name__: each
    for module in (resolve_clips, resolve_double, resolve_gallery, resolve_timeline)
    for each in vars(module).values()
    if inspect.isclass(each) and issubclass(each, resolve_clips.Thing)
}


def methods():
    """Every method of Resolve's that the bridge names, called or handed on: name -> places."""
    found = {}
    for path in sorted(BRIDGE.glob("*.py")):
        nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
        imports = [each for each in nodes if isinstance(each, ast.Import | ast.ImportFrom)]
        modules = {alias.name for each in imports for alias in each.names}
        for node in nodes:
            ours = isinstance(node, ast.Attribute) and ast.unparse(node.value) in modules
            if isinstance(node, ast.Attribute) and node.attr[0].isupper() and not ours:
                found.setdefault(node.attr, []).append(f"{path.name}:{node.lineno}")
    return found


def names(version):
    return {name.partition(".")[2] for name in resolve_names.known(version, TOLD)}


def test_the_bridge_asks_for_nothing_that_no_version_has():
    assert {"SetCDL", "AddRenderJob", "ExportStills", "EXPORT_OTIO"} <= methods().keys()
    newest = names((21, 0))
    assert {n: at for n, at in methods().items() if n not in newest} == {}


@pytest.mark.parametrize("version", [(18, 5), (18, 6), (19, 0), (19, 1), (20, 0), (20, 1), (20, 2)])
def test_each_version_has_what_is_asked_of_it(version):
    lacking = {name for name in methods() if name not in names(version)}
    assert lacking == {name for name, (since, _) in FROM.items() if since > version}


def test_what_a_version_lacks_is_looked_for_first():
    asked = {name for path in BRIDGE.glob("*.py") for name in _looked_for(path)}
    for name, (_, why) in FROM.items():
        place, _, how = why.partition(": ")
        assert name in methods()
        assert how.split("'")[1] in asked if how.startswith("has(") else "refusal" in how, why
        assert (BRIDGE / place).is_file()


def _looked_for(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "has":
            yield node.args[1].value


def public():
    for name, group in DOUBLES.items():
        for method, found in inspect.getmembers(group, inspect.isfunction):
            known = f"{name}.{method}" in TOLD["names"] or method in vars(group)
            if known and not method.startswith("_"):
                yield pytest.param(name, method, found, id=f"{name}.{method}")


@pytest.mark.parametrize(("group", "method", "found"), list(public()))
def test_the_double_is_called_as_resolve_is(group, method, found):
    if f"{group}.{method}" in OTHER_FORM or group in ("Marked", "Thing"):
        return
    forms = {tuple(f) for v in TOLD["versions"] for f in _forms(group, method, v)}
    mine = tuple(inspect.signature(found).parameters)[1:]
    assert forms, f"no version has {group}.{method}"
    assert mine in forms


def _forms(group, method, version):
    number = tuple(map(int, version.split(".")[:2]))
    return resolve_names.known(number, TOLD).get(f"{group}.{method}", ())


def test_the_double_has_in_each_version_what_that_version_has(tmp_path):
    for version, there in (((18, 5), False), ((18, 6), False), ((19, 0), True), ((21, 0), True)):
        world = resolve_clips.World(version, True, tmp_path, tmp_path)
        media = resolve_clips.MediaPoolItem(world, "/a.mov", 1, 2)
        clip = resolve_clips.TimelineItem(world, media, "a", 0, 2)
        assert callable(clip.GetNodeGraph) == there
        assert callable(clip.GetNodeLabel) == callable(clip.SetCDL) is True
