"""A new tool is one file and one line: then it is on the command line, in the Qt form, in Nuke's
menu and in Blender's, and no bridge was touched.

The tool is the example of CONTRIBUTING.md, dropped into a copy of the checkout.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from installer import copies, extension

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FORM = """
import sys
from answerprint.panel.form import Form
from answerprint.panel.qt import QtWidgets
from answerprint.tools import find
application = QtWidgets.QApplication([])
form = Form(find("expose").spec())
print(form.values(), [field.editor.accessibleName() for field in form.fields.values()])
"""
MENU = """
import sys
sys.path.insert(0, sys.argv[1])
import nuke_session
nuke_session.start(sys.argv[2], True)
print(nuke_session.labels())
"""
OPERATOR = """
import os, sys
import bpy
repos = bpy.context.preferences.extensions.repos
repo = next(each for each in repos if each.module == "user_default")
os.makedirs(repo.directory, exist_ok=True)
bpy.ops.extensions.package_install_files(
    filepath=sys.argv[1], repo="user_default", enable_on_install=True)
assert "stops" in bpy.ops.answerprint.expose.get_rna_type().properties
told = bpy.context.scene.answerprint.expose.bl_rna.properties["stops"]
print(told.hard_min, told.hard_max, told.default)
bpy.ops.extensions.package_uninstall(repo_directory=repo.directory, pkg_id="answerprint")
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy of the sources with the tool in it and the catalogue written anew."""
    root = tmp_path_factory.mktemp("checkout")
    ignored = shutil.ignore_patterns("__pycache__")
    for folder in ("plugin", "host_bridges", "resources/docs"):
        shutil.copytree(ROOT / folder, root / folder, ignore=ignored)
    for name in ("LICENSE", "pyproject.toml"):
        shutil.copy(ROOT / name, root)
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    tool, _ = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (line,) = re.findall(r"`(TOOLS = \(.+?\))`", page)
    tools = root / "plugin/answerprint/tools"
    (tools / "expose.py").write_text(tool, "utf-8")
    listed = (tools / "__init__.py").read_text("utf-8")
    listed, changed = re.subn(r"^TOOLS = \(.*?\)$", line, listed, flags=re.M | re.S)
    assert changed == 1
    (tools / "__init__.py").write_text(listed, "utf-8")
    (root / "packages").mkdir()
    (root / "packages/answerprint_bridge").symlink_to(root / "host_bridges/bridge")
    python(root, "-m", "answerprint.catalogue")
    return root


def python(root, *words, program=sys.executable, **more):
    """What a Python says that takes the suite from this copy of it."""
    folders = os.pathsep.join(map(str, (root / "plugin", root / "packages")))
    env = {**os.environ, "PYTHONPATH": folders, "QT_QPA_PLATFORM": "offscreen", **more}
    run = subprocess.run(
        [str(program), *map(str, words)], env=env, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def test_the_catalogue_has_it(checkout):
    told = json.loads((checkout / "resources/catalogue.json").read_text("utf-8"))
    assert [each["name"] for each in told["tools"]] == ["match", "expose"]


def test_the_command_line_has_it(checkout):
    assert "--stops" in python(checkout, "-m", "answerprint", "expose", "--help")


def test_the_qt_form_shows_it(checkout):
    assert "{'stops': 0.0} ['Stops']" in python(checkout, "-c", FORM)


def test_nukes_menu_shows_it(checkout, tmp_path):
    for name, data in copies.nuke(checkout, Path(sys.executable)).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    assert "Expose..." in python(checkout, "-c", MENU, HERE, tmp_path)


@pytest.mark.parametrize("version", ["45", "50"])
def test_blender_has_its_operator(checkout, tmp_path, version):
    named = os.environ.get(f"ANSWERPRINT_BPY{version}")
    blender = Path(named) if named else ROOT / f".venvs/bpy{version}/bin/python"
    assert blender.is_file(), f"There is no {blender}. Run: python3 install.py test"
    path = extension.build(checkout, tmp_path, Path(sys.executable))
    scratch = str(tmp_path / "resources")
    told = python(checkout, "-c", OPERATOR, path, program=blender, BLENDER_USER_RESOURCES=scratch)
    assert "-8.0 8.0 0.0" in told
