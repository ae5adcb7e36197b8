"""A real worker (`serve`) whose jobs do what libraries, bugs and bad days do."""

import ctypes
import os
import signal
import subprocess
import sys
import threading

from answerprint.errors import BadInput
from answerprint.worker.leases import lease
from answerprint.worker.serve import serve


def compute(job, events):
    """Busy until cancelled, as a job is that checks between frames."""
    done = 0
    while True:
        events.check()
        done += 1
        events.progress("solve", done, 10**9, "a frame")


def flood(job, events):
    for number in range(100_000):
        print(number)
    return "flooded"


def print_beneath(job, events):
    """Writes to fd 1 below Python and without a newline, and starts a child that reads."""
    os.write(1, b"no newline")
    libc = ctypes.CDLL(None)
    libc.printf(b'{"id": 1, "result": "printed by C"}\n')
    libc.fflush(None)
    child = "import sys; print('child says'); print(len(sys.stdin.read()), file=sys.stderr)"
    run = subprocess.run([sys.executable, "-c", child], stderr=subprocess.PIPE, check=True)
    return {"child_read": run.stderr.decode().strip(), "input": sys.stdin.read()}


def stuck(job, events):
    events.log("info", "stuck")
    threading.Event().wait()


def late(job, events):
    """Hears the cancel and has a result all the same."""
    while not events.cancelled():
        events.progress("wait", 0, 1)
    return "too late"


def last_words(job, events):
    sys.stderr.write("x" * job.get("flood", 0) + "\nlast words\n")
    if job.get("exit"):
        os._exit(job["exit"])
    return "still here"


def die(job, events):
    os.kill(os.getpid(), getattr(signal, job["signal"]))


def segfault(job, events):
    ctypes.string_at(0)


def steps(job, events):
    for done in range(job["steps"] + 1):
        events.progress("step", done, job["steps"])
    events.preview(1001, "/shots/preview.png")
    events.log("info", "stepped")
    return {"steps": job["steps"]}


def ask(job, events):
    events.log("info", "asking")
    return events.ask_host(job["method"], job.get("params", {}))


def cleanup(job, events):
    """Needs its end to be heard: says in the log what it tidied."""
    try:
        compute(job, events)
    finally:
        events.log("info", "tidied")


def hold(job, events):
    with lease(job["device"], events):
        events.log("info", "held")
        compute(job, events)


def orphan(job, events):
    """Dies while a child that inherited the lease goes on."""
    with lease(job["device"], events):
        if os.fork() == 0:
            threading.Event().wait()
        os._exit(7)


def refuse(job, events):
    raise BadInput("plate.1004.exr is damaged.", "Render it again.", "truncated")


def torch_memory(job, events):
    import torch

    raise torch.OutOfMemoryError("CUDA out of memory")


def memory(job, events):
    raise MemoryError("42 GB")


def leave(job, events):
    sys.exit(3)


DOES = {each.__name__: each for each in list(globals().values()) if callable(each)}
ANSWERS = {
    "nan": lambda: {"x": float("nan")},
    "object": lambda: {"x": object()},
    "huge": lambda: "x" * (2 << 20),
    "divide": lambda: 1 / 0,
    "unicode": lambda: "Ünï \udcff 拍",
}


def run(job, events):
    if job["do"] in ANSWERS:
        return ANSWERS[job["do"]]()
    return DOES[job["do"]](job, events)


def modules(params, events):
    return sorted(sys.modules)


def warm():
    """As one that cannot: the worker lives on."""
    print("warmed up", file=sys.stderr, flush=True)
    raise ImportError("a library that is not whole")


if __name__ == "__main__":
    serve({"job.run": run, "desk.modules": modules}, warm if "warm" in sys.argv else None)
