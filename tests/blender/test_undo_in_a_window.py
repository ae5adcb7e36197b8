"""Undo is a matter of Blender's windows: bpy has none, so a whole Blender runs under Xvfb."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest

SCRIPT = Path(__file__).parent / "xvfb_undo.py"
LACKS = [name for name in ("blender", "xvfb-run") if shutil.which(name) is None]


@pytest.mark.slow
@pytest.mark.skipif(bool(LACKS), reason=f"there is no {' and no '.join(LACKS)}")
def test_one_undo_takes_back_all_that_was_placed(tmp_path):
    for number in (1001, 1002):
        plate = oiio.ImageBuf(oiio.ImageSpec(20, 12, 4, "half"))
        plate.set_pixels(plate.roi, np.ones((12, 20, 4), np.float32))
        assert plate.write(str(tmp_path / f"plate.{number}.exr"))
    said = tmp_path / "said.json"
    blender = ["blender", "--factory-startup", "--python-exit-code", "3", "--python", str(SCRIPT)]
    command = ["xvfb-run", "-a", *blender, "--", str(tmp_path), str(said)]
    told = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert said.is_file(), told.stdout[-2000:] + told.stderr[-2000:]
    seen = json.loads(said.read_text())
    assert seen["undo"]
    assert set(seen["statuses"]) == {"done"}
    assert all(seen["placed"][name] > seen["before"][name] for name in seen["before"])
    assert seen["undone"] == seen["before"]
    assert seen["redone"] == seen["placed"]
    assert seen["tagged"] == 7
