"""A panel without windows, for the agent's manners: it plays a part over its stdin and stdout.

    python small_panel.py PART FILE

What it heard is written to FILE when its window would be closed.
"""

import json
import os
import sys
from pathlib import Path

heard = []


def send(**message):
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def hear():
    line = sys.stdin.readline()
    if not line:
        sys.exit(0)
    return json.loads(line)


def ask(method, on_other=lambda message: None, **params):
    """The answer to a request; what else arrives meanwhile goes to `on_other`."""
    send(id=method, method=method, params=params)
    while (message := hear()).get("id") != method or "method" in message:
        if message.get("id") != "stop":
            heard.append(message)
            on_other(message)
    return message.get("result", message.get("error"))


def render(folder):
    (raw,) = [item for item in ask("host.items") if item["label"] == "sc010"]
    spec = {"folder": folder, "name": "plate", "first": None, "last": None, "bits": 16}
    return raw["ref"], {**spec, "graded": False}


def cancelled(folder):
    """Cancel is pressed when the first word of progress comes."""

    def stop(message):
        if message["method"] == "panel.progress":
            send(id="stop", method="host.cancel", params={})
        else:
            send(id=message["id"], result=True)

    ref, spec = render(folder)
    return ask("host.export_frames", stop, ref=ref, spec=spec)


def finished(folder):
    """Yes to the question, and nothing is cancelled."""
    ref, spec = render(folder)

    def yes(message):
        if "id" in message:
            send(id=message["id"], result=True)

    return ask("host.export_frames", yes, ref=ref, spec=spec)


def declined(folder):
    ref, spec = render(folder)
    return ask("host.export_frames", lambda m: send(id=m["id"], result=False), ref=ref, spec=spec)


def leaves(folder):
    """It is killed in the middle of a render."""

    def leave(message):
        if message["method"] == "panel.progress":
            os._exit(9)
        send(id=message["id"], result=True)

    ref, spec = render(folder)
    return ask("host.export_frames", leave, ref=ref, spec=spec)


def leaves_asked(folder):
    """It is killed while a question is on the screen."""
    ref, spec = render(folder)
    return ask("host.export_frames", lambda message: os._exit(9), ref=ref, spec=spec)


def leaves_told(folder):
    """It is killed by the first message, when the render is over."""

    def leave(message):
        if message["method"] == "panel.message":
            os._exit(9)
        if "id" in message:
            send(id=message["id"], result=True)

    ref, spec = render(folder)
    return ask("host.export_frames", leave, ref=ref, spec=spec)


def asks_wrong(folder):
    return [ask("host.describe", ref="nobody"), ask("host.fly"), ask("host.busy")]


def dies(folder):
    sys.exit("It has no screen.")


def waits(folder):
    """Until the agent wants the window closed."""
    while True:
        message = hear()
        heard.append(message)
        if message["method"] == "job.cancel":
            return None


part, kept = sys.argv[1:]
while True:
    asked = hear()
    method = asked["method"]
    if method == "hello":
        send(id=asked["id"], result={"protocol": asked["params"]["protocol"]})
    elif method == "shutdown":
        send(id=asked["id"], result=None)
        break
    elif method == "panel.message":
        heard.append(asked)
        send(id=asked["id"], result=None)
        Path(kept).write_text(json.dumps([None, heard]))
    elif method == "panel.open":
        heard.append(asked)
        result = globals()[part](str(Path(kept).parent / "frames"))
        Path(kept).write_text(json.dumps([result, heard]))
        send(id=asked["id"], result=None)
