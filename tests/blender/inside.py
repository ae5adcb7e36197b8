"""pytest inside an environment with bpy: `python tests/blender/inside.py PATHS...`.

The bridges are not installed there: they are loaded from the checkout under the names that they
have inside Blender. The core is another environment, ANSWERPRINT_PYTHON. The process ends hard:
Blender 4.2 crashes and 4.5 hangs in its own clean-up where anything is still registered.
"""

import importlib.util
import os
import sys
from pathlib import Path

import bpy

ROOT = Path(__file__).parents[2]
BRIDGES = {"answerprint_bridge": "bridge", "answerprint_blender": "blender_bridge"}


def load():
    """The bridges, and what tests import beside them."""
    sys.path.append(str(ROOT / "tests" / "contract"))
    for name, folder in BRIDGES.items():
        path = ROOT / "host_bridges" / folder
        spec = importlib.util.spec_from_file_location(
            name, path / "__init__.py", submodule_search_locations=[str(path)]
        )
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])


if __name__ == "__main__":
    import pytest

    load()
    print("Blender", bpy.app.version_string, flush=True)
    ended = pytest.main(["-p", "no:cacheprovider", *sys.argv[1:]])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(int(ended))
