"""A host that ends without a word to its worker: leaving_host.py WIRE.PY PYTHON SERVED.PY.

Its worker holds a lease. It says 'held', waits for a line on stdin, and ends.
"""

import importlib
import importlib.util
import os
import sys

folder = os.path.dirname(sys.argv[1])
spec = importlib.util.spec_from_file_location(
    "answerprint_bridge", os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
)
sys.modules["answerprint_bridge"] = importlib.util.module_from_spec(spec)
wire = importlib.import_module("answerprint_bridge.wire")

told = []
worker = wire.Worker([*wire.command(sys.argv[2])[:-2], sys.argv[3]])
worker.start("job.run", {"do": "hold", "device": "cuda:0"}, on_log=told.append)
while not told:
    worker.pump(1.0)
print(told[0]["message"], flush=True)
sys.stdin.readline()
