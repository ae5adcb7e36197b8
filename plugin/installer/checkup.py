"""Run by the core's Python: is the core whole? One JSON object on stdout, each part by itself.

    {"hello": {...}, "devices": [...], "job": {...}, "panel": {...}}; a part that failed has "fault"

The worker is started as a host starts it, over its pipes; the job is a match of two frames of
64x64 pixels. Run as a file, never imported: install.py's own Python has none of this.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

SIZE, SCENE_LINEAR = 64, "ACEScg"


def clips(folder: Path) -> dict[str, dict[str, Any]]:
    """Two frames of one scene, the second brighter and warmer."""
    import numpy
    import OpenImageIO as oiio

    patches = numpy.random.default_rng(1).uniform(0.02, 0.9, (SIZE // 4, SIZE // 4, 3))
    scene = patches.repeat(4, 0).repeat(4, 1)
    made = {}
    for name, gain in (("source", (1, 1, 1)), ("reference", (1.3, 1.2, 1.1))):
        path = folder / f"{name}.1001.exr"
        picture = oiio.ImageBuf(oiio.ImageSpec(SIZE, SIZE, 3, "half"))
        picture.set_pixels(picture.roi, (scene * gain).astype("float32"))
        if not picture.write(str(path)):
            raise OSError(picture.geterror())
        pattern = str(folder / f"{name}.%04d.exr")
        made[name] = {"pattern": pattern, "first": 1001, "last": 1001, "colorspace": SCENE_LINEAR}
    return made


def timed(part: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What a part told and its seconds; its fault where it failed."""
    since = time.monotonic()
    try:
        told = part()
    except Exception as why:  # noqa: BLE001 - whatever is wrong with this machine is the answer
        title = getattr(why, "title", f"{type(why).__name__}: {why}")
        told = {"fault": title, "hint": getattr(why, "hint", ""), "detail": str(why)[-2000:]}
    return {**told, "seconds": round(time.monotonic() - since, 2)}


def main() -> dict[str, Any]:
    from answerprint_bridge.wire import Worker, command

    found = {}
    with Worker(command(sys.executable), host={"name": "install.py doctor"}) as worker:

        def hello() -> dict[str, Any]:
            worker.call("ping", timeout=60)
            return dict(worker.hello or {})

        def devices() -> dict[str, Any]:
            return {"devices": worker.call("device.list", timeout=120)}

        def job() -> dict[str, Any]:
            with tempfile.TemporaryDirectory(prefix="answerprint-doctor-") as made:
                folder = Path(made)
                outputs = {"dir": str(folder / "out"), "base": "match"}
                asked = {"tool": "match", "params": {}, "inputs": clips(folder), "outputs": outputs}
                done = worker.call("job.run", asked, timeout=300)
                frames = len(list((folder / "out").glob("*.exr")))
            if not frames:
                raise OSError(f"The job left no frame: {done['report']['sentence']}")
            return {"sentence": done["report"]["sentence"], "frames": frames}

        found["hello"] = timed(hello)
        if "fault" not in found["hello"]:
            found["devices"], found["job"] = timed(devices), timed(job)
    found["panel"] = timed(panel)
    return found


def panel() -> dict[str, Any]:
    """Whether Qt loads; in a process of its own, for a Qt that does not fit can abort."""
    asked = "import PySide6.QtWidgets; print(PySide6.__version__)"
    done = subprocess.run([sys.executable, "-I", "-c", asked], capture_output=True, text=True)
    if done.returncode:
        raise OSError((done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1])
    return {"qt": done.stdout.strip()}


if __name__ == "__main__":
    print(json.dumps(main()))
