"""Run by every Python on the machine: hello, a job with progress and a question, a cancel.

old_host.py WIRE.PY PYTHON SERVED.PY; the last line is JSON.
"""

import importlib
import importlib.util
import json
import os
import platform
import sys
import threading

folder = os.path.dirname(sys.argv[1])
spec = importlib.util.spec_from_file_location(
    "answerprint_bridge", os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
)
sys.modules["answerprint_bridge"] = importlib.util.module_from_spec(spec)
wire = importlib.import_module("answerprint_bridge.wire")
messages = importlib.import_module("answerprint_bridge.messages")

seen = {"python": platform.python_version(), "progress": [], "threads": []}


def import_frames(params):
    seen["threads"].append(threading.current_thread() is threading.main_thread())
    return {"imported": params["frames"]}


start = [*wire.command(sys.argv[2])[:-2], sys.argv[3]]
with wire.Worker(start, {"name": "old"}, {"host.import_frames": import_frames}) as worker:
    hello = worker.call("hello", {"protocol": list(messages.PROTOCOL)}, timeout=60)
    seen["protocol"] = hello["protocol"]
    seen["job"] = worker.call(
        "job.run",
        {"do": "steps", "steps": 5},
        timeout=60,
        on_progress=lambda told: seen["progress"].append(told["done"]),
    )
    question = {"do": "ask", "method": "host.import_frames", "params": {"frames": "a.%04d.exr"}}
    seen["answer"] = worker.call("job.run", question, timeout=60)
    job = worker.start("job.run", {"do": "compute"}, on_progress=lambda told: job.cancel())
    try:
        job.wait()
    except messages.WireError as ended:
        seen["cancel"] = ended.code
    job = worker.start("job.run", {"do": "last_words", "exit": 9})
    try:
        job.wait()
    except messages.WireError as ended:
        seen["died"] = [ended.code, "last words" in ended.detail]
print(json.dumps(seen))
