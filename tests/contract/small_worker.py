"""A real worker with jobs that take no time: what they hand back is in their parameters."""

import json
import os
import shutil
import time
from pathlib import Path

from answerprint.errors import BadInput
from answerprint.worker.serve import serve

SPEC = {
    "name": "small",
    "label": "Small",
    "version": 1,
    "inputs": [{"name": "source", "required": True, "help": "The shot"}],
    "params": [
        {"name": "knob", "kind": "num", "default": 1.0, "live": True},
        {"name": "x", "kind": "num", "default": 0, "live": False},
        {"name": "spaces", "kind": "names", "default": [], "live": True}
        | {"from_host": "grade_spaces"},
    ],
}


def job_run(request, events):
    """params: {results, ask: a question, progress: a stage, crash, leave: a file's name}; it
    obeys no cancel. What it was asked comes back as the report's `asked`."""
    params, outputs = request["params"], request["outputs"]
    out = Path(outputs["dir"])
    if params.get("leave"):
        (out / params["leave"]).touch()
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
    report = {"disclosure": {"signed_off": None}, "asked": request}
    (out / "report.json").write_text(json.dumps(report))
    made = {}
    if preview := outputs.get("preview"):
        (out / ".preview").mkdir(exist_ok=True)
        picture = out / ".preview" / f"{outputs['base']}.{preview['frame']}.exr"
        picture.write_bytes(b"small")
        events.preview(preview["frame"], str(picture))
        made = {"preview": {"frame": preview["frame"], "path": str(picture)}}
    return {"status": "done", "results": results, "outputs": made, "report": report}


def edit_check(params, events):
    """The report is what stands in the file of rules; `asked` in it is what it was asked. It ends
    when the file `go` beside the rules is there, or when it is cancelled."""
    rules = Path(params["rules"])
    told = json.loads(rules.read_text("utf-8"))
    if told.get("refuse"):
        raise BadInput("The edit holds no picture.", "Export it again.")
    events.progress("watch", 1, 2)
    while told.get("wait") and not (rules.parent / "go").exists():
        events.check()
        time.sleep(0.01)
    (Path(params["out"]) / "report.html").write_text("small")
    report = {"status": "done", "sentence": "2 shots.", "warnings": ["One.", "Two."], **told}
    (Path(params["out"]) / "report.json").write_text(json.dumps({**report, "asked": params}))
    return {"status": "done"}


def edit_waive(params, events):
    """What it was asked goes into a file beside the rules."""
    Path(params["rules"]).with_name("waived.json").write_text(json.dumps(params))
    return {"waived": params["id"], "rules": params["rules"]}


def _path(pattern, number):
    return Path(pattern).parent / (Path(pattern).name % number)


if __name__ == "__main__":
    serve(
        {
            "tool.list": lambda params, events: [{"name": SPEC["name"]}],
            "tool.describe": lambda params, events: SPEC,
            "job.run": job_run,
            "edit.check": edit_check,
            "edit.waive": edit_waive,
        }
    )
