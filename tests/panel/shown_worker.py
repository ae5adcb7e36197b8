"""The core's worker, with a show that takes no time: what it answers stands in `answers.json`.

The file lies in the show's folder: {find: [hits], gaps: {...}, refuse: sentence, wait: true}. What
was asked is added to `asked.jsonl` beside it. What is to wait ends when the file `go` is there, or
when it is cancelled.
"""

import json
import time
from pathlib import Path

from answerprint.errors import BadInput
from answerprint.worker.__main__ import HANDLERS
from answerprint.worker.serve import serve


def told(params):
    folder = Path(params["show"])
    if not (folder / "answers.json").exists():
        raise BadInput(f"There is no show in {folder}.", "Name the folder of one.")
    return folder, json.loads((folder / "answers.json").read_text("utf-8"))


def note(folder, method, params):
    with (folder / "asked.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps([method, params]) + "\n")


def hold(folder, answers, events):
    while answers.get("wait") and not (folder / "go").exists():
        events.check()
        time.sleep(0.01)


def show_list(params, events):
    _, answers = told(params)
    assert params["brief"], "the list of a long show fits no line"
    return {"show": params["show"], "sentence": answers.get("holds", "2 clips, 5 frames.")}


def show_add(params, events):
    folder = Path(params["show"])
    folder.mkdir(exist_ok=True)
    if not (folder / "answers.json").exists():
        (folder / "answers.json").write_text("{}")
    note(folder, "show.add", params)
    _, answers = told(params)
    events.progress("measure", 1, 2)
    hold(folder, answers, events)
    return {"status": "done", "sentence": "1 clip learned."}


def show_find(params, events):
    folder, answers = told(params)
    note(folder, "show.find", params)
    hold(folder, answers, events)
    if answers.get("refuse"):
        raise BadInput(answers["refuse"], "Look at another.")
    hits = answers.get("of", {}).get(params["path"], answers["find"])
    return {"hits": hits, "notes": [], "sentence": f"{len(hits)} takes, 2 of them verified."}


def show_gaps(params, events):
    folder, answers = told(params)
    note(folder, "show.gaps", params)
    hold(folder, answers, events)
    if answers.get("refuse"):
        raise BadInput(answers["refuse"], "Look at another.")
    return {**answers["gaps"], "cut": f"{params['out']}/gaps.otio"}


if __name__ == "__main__":
    own = {"show.list": show_list, "show.add": show_add}
    serve({**HANDLERS, **own, "show.find": show_find, "show.gaps": show_gaps})
