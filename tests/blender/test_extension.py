"""The files of the Blender extension and its zip, without Blender."""

import ast
import json
import re
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "plugin"))

from installer import extension  # noqa: E402 - as install.py imports it

import answerprint  # noqa: E402
from answerprint_bridge import wire  # noqa: E402

PYTHON = "/opt/core/bin/python"
SOURCES = [name for name in extension.files(ROOT, PYTHON) if name.endswith(".py")]


@pytest.fixture
def files():
    return extension.files(ROOT, PYTHON)


def test_it_has_all_of_both_folders(files):
    ours = {path.name for path in (ROOT / "host_bridges/blender_bridge").glob("*.py")}
    bridge = {path.name for path in (ROOT / "host_bridges/bridge").glob("*.py")}
    assert ours | {f"answerprint_bridge/{name}" for name in bridge} == set(SOURCES)
    rest = {"LICENSE", "answerprint_bridge/LICENSE", "blender_manifest.toml", "catalogue.json"}
    assert set(files) - set(SOURCES) == rest | {"core.json"}


@pytest.mark.parametrize("name", SOURCES)
def test_the_bridge_is_imported_from_within(files, name):
    for node in ast.walk(ast.parse(files[name])):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("answerprint"):
            assert node.level == 1, f"{name}:{node.lineno}"
        if isinstance(node, ast.Import):
            assert not any(each.name.startswith("answerprint") for each in node.names)


@pytest.mark.parametrize("name", SOURCES)
def test_nothing_else_of_a_source_is_changed(files, name):
    folder = "bridge" if name.startswith("answerprint_bridge/") else "blender_bridge"
    before = (ROOT / "host_bridges" / folder / Path(name).name).read_text("utf-8").splitlines()
    after = files[name].decode().splitlines()
    assert len(before) == len(after)
    for one, other in zip(before, after, strict=True):
        assert other == one or other == one.replace(
            "from answerprint_bridge", "from .answerprint_bridge"
        )


def test_every_source_of_ours_says_its_licence(files):
    for name in SOURCES:
        if "/" not in name:
            assert files[name].startswith(b"# SPDX-License-Identifier: GPL-3.0-or-later\n"), name
    assert b"GNU GENERAL PUBLIC LICENSE" in files["LICENSE"]
    assert b"Apache License" in files["answerprint_bridge/LICENSE"]


def test_the_versions_are_one(files):
    told = re.search(r'^version = "(.+)"$', files["blender_manifest.toml"].decode(), re.MULTILINE)
    core = json.loads(files["core.json"])
    assert core == {"python": PYTHON, "suite": told[1]}
    assert told[1] == answerprint.__version__ == wire.SUITE
    entry = ast.parse(files["__init__.py"])
    info = next(
        node.value
        for node in entry.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "bl_info"
    )
    assert ".".join(map(str, ast.literal_eval(info)["version"])) == told[1]


def test_the_same_files_make_the_same_zip(files, tmp_path):
    (tmp_path / "two").mkdir()
    one = extension.build(ROOT, tmp_path, PYTHON)
    two = extension.build(ROOT, tmp_path / "two", Path(PYTHON))
    assert one.read_bytes() == two.read_bytes()
    with zipfile.ZipFile(one) as zipped:
        assert {name: zipped.read(name) for name in zipped.namelist()} == files


@pytest.mark.parametrize(
    "text", ["import answerprint_bridge", "import_module('answerprint_bridge.wire')"]
)
def test_an_import_that_cannot_be_rewritten_is_refused(tmp_path, text):
    for folder in ("host_bridges/bridge", "resources", "host_bridges/blender_bridge"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "host_bridges/blender_bridge/ui.py").write_text(text)
    with pytest.raises(ValueError, match=r"ui\.py: write '.*answerprint_bridge"):
        extension.files(tmp_path, "python")
