"""A real worker with a job that takes no time: what it hands back is in its parameters."""

import json
import os
import shutil
from pathlib import Path

from answerprint.worker.serve import serve


def job_run(request, events):
    """params: {results, ask: a question, progress: a stage, crash}; it obeys no cancel."""
    params, outputs = request["params"], request["outputs"]
    out = Path(outputs["dir"])
    if params.get("ask"):
        events.ask_host("host.ask", {"question": params["ask"], "default": False})
    if params.get("progress"):
        events.progress(params["progress"], 0, 1)
    if params.get("crash"):
        os._exit(3)
    results = list(params["results"])
    source = request["inputs"]["source"]
    if outputs["write_frames"]:
        pattern = f"{out}/{outputs['base']}.%04d.exr"
        for number in range(source["first"], source["last"] + 1):
            shutil.copy(_path(source["pattern"], number), _path(pattern, number))
        span = {"first": source["first"], "last": source["last"]}
        results.append({"kind": "frames", "pattern": pattern, **span})
    recipe = {"tool": request["tool"], "parameters": params, "inputs": request["inputs"]}
    told = {**recipe, "write_frames": outputs["write_frames"], "name": outputs["base"]}
    (out / "recipe.json").write_text(json.dumps(told))
    report = {"disclosure": {"signed_off": None}}
    (out / "report.json").write_text(json.dumps(report))
    return {"status": "done", "results": results, "outputs": {}, "report": report}


def _path(pattern, number):
    return Path(pattern).parent / (Path(pattern).name % number)


if __name__ == "__main__":
    serve({"job.run": job_run})
