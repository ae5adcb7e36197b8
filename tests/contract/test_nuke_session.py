"""The installed plug-in on the double of Nuke: menus, dock, a match, its node, a bake on a farm."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import PyOpenColorIO as ocio
import pytest
from installer import copies

from answerprint.tools import every

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent / "wire"))

from scenes import ONE_OF_EACH  # noqa: E402
from test_pythons import pythons  # noqa: E402

ROOT = HERE.parents[1]
SAMPLE = ROOT / "resources" / "sample"
CONFIG = "studio-config-v2.2.0_aces-v1.3_ocio-v2.4"


def put(files, folder):
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


@pytest.fixture
def plugin(tmp_path):
    """The plug-in folder as the installer makes it."""
    return put(copies.nuke(ROOT, Path(sys.executable)), tmp_path / "plug-ins" / "answerprint")


@pytest.fixture
def project(tmp_path):
    """A project with two shots of three frames."""
    folder = tmp_path / "Größe #2" / "sc010"
    for name in ("shot_b", "hero"):
        (folder / name).mkdir(parents=True)
        frames = sorted((SAMPLE / name).glob("*.exr"))[:3]
        for number, path in enumerate(frames, 1001):
            shutil.copy(path, folder / name / f"{name}.{number}.exr")
    return folder


def session(python, *words):
    """What the session told; its process has to end well."""
    env = {k: v for k, v in os.environ.items() if k != "ANSWERPRINT_PYTHON"}
    run = subprocess.run(
        [str(python), str(HERE / "nuke_session.py"), *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
        env=env,
    )
    assert run.returncode == 0, run.stderr[-4000:]
    return json.loads(run.stdout.splitlines()[-1])


def pyside2():
    """The Python 3.10 with PySide2 that Nuke 15 stands for; skips where there is none."""
    named = os.environ.get("ANSWERPRINT_PYSIDE2")
    python = Path(named) if named else ROOT / ".venvs" / "pyside2" / "bin" / "python"
    if not python.exists():
        pytest.skip("no Python 3.10 with PySide2: 'install.py test' makes .venvs/pyside2")
    return python


def tree(folder):
    """Every file of a folder, but what Python itself keeps beside sources."""
    files = (p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    return {str(p.relative_to(folder)): p.read_bytes() for p in files}


@pytest.mark.parametrize("version", [v for v in pythons() if v >= (3, 10)], ids=str)
def test_every_result_stands_under_the_pythons_of_nuke(plugin, project, tmp_path, version):
    results = tmp_path / "results.json"
    each = {k: v for k, v in ONE_OF_EACH.items() if k not in ("grade", "lut")}
    results.write_text(json.dumps(list(each.values())))
    told = session(pythons()[version], plugin, project, "nodes", results)
    assert tuple(map(int, told["python"].split(".")[:2])) == version
    assert told["answers"] == {k: k for k in each} | {"take": "frames", "markers": "note"}
    assert (told["same"], told["gui"], told["items"]) == (True, False, ["shot_b", "hero"])


@pytest.mark.parametrize("nuke", ["15", "16"])
def test_menus_and_the_dock_come_up(plugin, project, nuke):
    python = sys.executable if nuke == "16" else pyside2()
    before = tree(plugin)
    told = session(python, plugin, project, "dock")
    assert (told["qt"], told["python"][:4]) == {"15": (5, "3.10"), "16": (6, "3.11")}[nuke]
    labels = [f"{each.label}..." for each in every()]
    assert labels[0] == "Match..."
    entries = ["Panel", *labels, "Check the edit..."]
    entries += ["Answerprint node", "Bake", "Documentation", "About"]
    assert told["menus"] == dict.fromkeys(("Nuke", "Nodes", "Node Graph"), entries)
    assert told["before"] == told["after"] == ["match", ["shot_b"]], "a tab that moves forgets"
    assert told["again"] == ["match", ["hero"]]
    assert told["writes"], "a tool's entry in the menu leaves the rest of the panel as it is set"
    assert told["worker"] == [True, False], "the worker outlives Nuke"
    assert tree(plugin) == before, "a facility installs it read-only"
    assert told["opened"] == [f"file://{plugin}/nuke.md"]
    assert told["twice"] == [True, True]
    about, bake = told["said"]
    assert f"Core: {sys.executable}" in about
    assert "match 1" in about
    assert "install.py repair" not in about, "core and copy fit"
    assert "No Answerprint node is selected" in bake


@pytest.mark.parametrize("nuke", ["15", "16"])
def test_the_selected_reads_are_checked_and_one_is_mended(plugin, project, nuke):
    for number in (1001, 1002, 1003):  # the hero is the shot itself, a stop lighter
        light = oiio.ImageBuf(str(project / f"shot_b/shot_b.{number}.exr"))
        lighter = oiio.ImageBufAlgo.mul(light, 2.0)
        lighter.write(str(project / f"hero/hero.{number}.exr"))
    told = session(sys.executable if nuke == "16" else pyside2(), plugin, project, "check")
    assert (told["state"], told["said"]) == ("done", "")
    assert told["order"] == ["hero", "shot_b"], "from left to right"
    assert (told["page"], told["marks"]) == (True, False)
    assert told["kept"], "a check changes no node"
    assert Path(told["folder"]) == project / "answerprint/sc010/check/v001"
    assert told["finding"] == ["exposure", ["hero", "shot_b"], "done"]
    assert told["seen"] == ["shot_b", 1001]
    assert told["nodes"] == ["shot_b"]
    assert told["rebuilt"] == [True, True]


@pytest.mark.parametrize("lost", ["answerprint_nuke", "answerprint_panel", "catalogue.json"])
def test_a_damaged_plugin_does_not_stop_nuke(plugin, project, lost):
    """Nuke starts, a farm renders, and somebody is told what to do."""
    shutil.rmtree(plugin / lost) if (plugin / lost).is_dir() else (plugin / lost).unlink()
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import nuke_session as n\n"
        "for gui in (False, True): n.start(sys.argv[2], gui); print(n.nuke.scene.shown)"
    )
    command = [sys.executable, "-c", code, str(HERE), str(plugin)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    farm, gui = run.stdout.splitlines()
    assert farm == "[]", "init.py has nothing to say to a farm"
    assert "repair" in gui


def test_a_new_tool_is_in_the_menu_without_a_change(plugin, project):
    path = plugin / "catalogue.json"
    told = json.loads(path.read_text("utf-8"))
    told["tools"].append({**told["tools"][0], "name": "expose", "label": "Expose"})
    path.write_text(json.dumps(told))
    assert "Expose..." in session(sys.executable, plugin, project, "dock")["menus"]["Node Graph"]


@pytest.mark.parametrize("nuke", ["15", "16"])
def test_a_match_its_node_and_a_bake_on_a_farm(plugin, project, nuke):
    python = sys.executable if nuke == "16" else pyside2()
    told = session(python, plugin, project, "match")
    assert told["first"]["status"] == "done", told["first"]
    assert ["cdl", "done", "cdl"] in told["first"]["answers"]
    assert [name for _, name, _ in told["nodes"]] == ["shot_b"]
    assert told["wired"] == ["shot_b", "hero"]
    assert told["steps"] == 1, "a change of strength is one step"
    assert told["solved"], "a live parameter does not measure"
    assert told["versions"] == ["v001", "v002"]
    whole, half = told["nodes"][0][2], told["cdl"]["slope"]
    assert half != whole
    assert all(abs(h - 1) <= abs(w - 1) for h, w in zip(half, whole, strict=True))

    start = "[file dirname [value root.name]]"
    pattern = f"{start}/answerprint/sc010/match/v002/sc010_match_v002.%04d.exr"
    assert (told["read"], told["asked"]) == ([pattern, 1001, 1001], "1001-1003")
    assert told["below"]
    assert told["said"] == ["Bake 1001-1003"], "nothing was refused"
    assert told["reopened"] == [{"source": ["shot_b"], "reference": ["hero"]}, 0.5]

    name, script = told["group"], project / "sc010_v003.nk"
    shutil.rmtree(plugin / "answerprint_panel")  # a farm needs none
    first = session(python, plugin, project, "bake", script, name, "--frames=1002-1003")
    assert (first["exit"], first["qt"]) == (0, [])
    assert [file for _, file in first["reads"]].count(pattern) == 1, "the Read is found again"
    files = sorted(Path(told["folder"]).glob("*.exr"))
    assert [p.name[-8:] for p in files] == ["1001.exr", "1002.exr", "1003.exr"]
    folder, panel = map(Path, told["panel"])
    assert folder == Path(told["folder"]), "the panel's run is the node's version"
    for path in files:
        assert path.read_bytes() == (panel / path.name).read_bytes()
        plate = oiio.ImageBuf(str(project / f"shot_b/shot_b.{path.name[-8:]}"))
        expected = through(plate.get_pixels("float"), told["cdl"])
        baked = oiio.ImageBuf(str(path)).get_pixels("float")[..., :3]
        apart = np.abs(baked - expected) / np.maximum(1, np.abs(expected))
        assert apart.max() < 1e-3


def through(light, cdl):
    """A plate through the CDL of the node, as OpenColorIO does it."""
    config = ocio.Config.CreateFromBuiltinConfig(CONFIG)
    space = cdl["working_space"].removeprefix("ACES - ")
    numbers = ocio.CDLTransform(
        slope=cdl["slope"], offset=cdl["offset"], power=cdl["power"], sat=cdl["saturation"]
    )
    numbers.setStyle(ocio.CDL_NO_CLAMP)
    group = ocio.GroupTransform()
    group.appendTransform(ocio.ColorSpaceTransform("ACEScg", space))
    group.appendTransform(numbers)
    group.appendTransform(ocio.ColorSpaceTransform(space, "ACEScg"))
    rgb = np.ascontiguousarray(light[..., :3], dtype=np.float32)
    config.getProcessor(group).getDefaultCPUProcessor().applyRGB(rgb)
    return rgb
