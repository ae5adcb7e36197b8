"""The whole contract, and what is Blender's own, in real Blender: one environment per version.

Each runs in a process of its own (`inside.py`); what fails there is named here. 4.2 runs where
there is an environment for it: `python3.11 -m venv .venvs/bpy42`, then
`.venvs/bpy42/bin/pip install -r tests/blender/bpy42.txt`, or name its Python in ANSWERPRINT_BPY42.
"""

import os
import subprocess
import sys
from pathlib import Path

import PyOpenColorIO as ocio
import pytest

ROOT = Path(__file__).parents[2]
NAMES = (
    *("test_contract", "test_run", "blender_frames", "blender_cases", "blender_places"),
    *("blender_moves", "blender_keys", "blender_edit", "blender_takes", "test_auditions"),
)
CASES = [f"tests/contract/{name}.py" for name in NAMES]
NO_NODE = "tests/contract/test_auditions.py::test_what_is_placed_by_a_proposal_stands"
"""It places a CDL, which has no place by a strip; what has one is in `blender_takes`."""
SECONDS = 600  # Blender can hang for ever
ALWAYS = ("45", "50")


def python_of(version):
    """The Python of an environment with bpy: `.venvs/bpy45`, or what ANSWERPRINT_BPY45 names."""
    named = os.environ.get(f"ANSWERPRINT_BPY{version}")
    return Path(named) if named else ROOT / f".venvs/bpy{version}/bin/python"


def inside(version, scratch, *arguments, ocio=""):
    """pytest in that environment: its exit status, and what it said."""
    python = python_of(version)
    assert python.is_file(), f"There is no {python}. Run: python3 install.py test"
    environment = {
        **os.environ,
        "ANSWERPRINT_PYTHON": sys.executable,
        "ANSWERPRINT_CACHE": str(scratch / "cache"),
        "BLENDER_USER_RESOURCES": str(scratch / "resources"),
    }
    environment.pop("OCIO", None)
    if ocio:
        environment["OCIO"] = str(ocio)
    told = scratch / "told.txt"
    command = [str(python), "tests/blender/inside.py", "-q", "-rfE", *arguments]
    with told.open("w") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out)
        try:
            status = process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            pytest.fail(f"{python} did not end in {SECONDS} s:\n{told.read_text()[-3000:]}")
    return status, told.read_text()


@pytest.mark.parametrize("version", ["42", *ALWAYS])
def test_the_contract_holds_in_real_blender(version, tmp_path):
    python = python_of(version)
    if version not in ALWAYS and not python.is_file():
        pytest.skip(f"there is no {python}; tests/blender/bpy{version}.txt says what it needs")
    status, told = inside(version, tmp_path, *CASES, "--deselect", NO_NODE)
    failed = [line for line in told.splitlines() if line.startswith(("FAILED", "ERROR "))]
    assert not failed, "\n".join([*failed, told[-6000:]])
    assert status == 0, told[-6000:]
    assert f"Blender {version[0]}.{version[1]}" in told
    assert " passed" in told.splitlines()[-1]


TAKEN = """
import bpy

def test_the_config_is_taken():
    spaces = bpy.types.ColorManagedInputColorspaceSettings.bl_rna.properties["name"].enum_items
    assert "ACEScct" in spaces.keys(), "Blender's own config has none"
"""


def test_grades_are_exact_under_a_facilitys_own_config(tmp_path):
    config = ocio.Config.CreateFromFile("ocio://studio-config-v1.0.0_aces-v1.3_ocio-v2.1")
    (tmp_path / "facility.ocio").write_text(config.serialize())
    (tmp_path / "test_config.py").write_text(TAKEN)
    chosen = "light_survives or used_in_place or placed_grade or stands_as_declared or is_taken"
    arguments = (CASES[0], *CASES[2:], str(tmp_path / "test_config.py"), "-k", chosen)
    status, told = inside("45", tmp_path, *arguments, ocio=tmp_path / "facility.ocio")
    assert status == 0, told[-6000:]
    assert " passed" in told


def test_a_case_that_fails_in_there_is_named_here(tmp_path):
    case = tmp_path / "test_wrong.py"
    case.write_text("import bpy\n\ndef test_wrong():\n    assert bpy.app.version < (1, 0)\n")
    status, told = inside("50", tmp_path, str(case))
    assert status == 1
    assert "test_wrong.py::test_wrong" in told
