"""The main job, end to end: shot B is made to sit beside its hero, through the worker.

    python resources/sample/demo.py [--device auto|cpu|cuda] [--out DIR] [--no-browser]

A worker is started as a host would start it, runs `match` on the two shots of this folder, and
writes frames, CDL, cube and report into `demo/` in the checkout. What it found is printed
beside what was really done to shot B (`truth.json`), and its frames are scored against the
frames that were rendered without the difference. The report opens where a browser exists.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
import webbrowser
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from answerprint.frames import charts, colour
from answerprint.frames.clip import open_clip
from answerprint.frames.difference import delta_e, lab
from answerprint.frames.view import png
from answerprint_bridge import wire

HERE = Path(__file__).resolve().parent
DEMO = HERE.parent.parent / "demo"


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    asked.add_argument("--out", type=Path, default=DEMO)
    asked.add_argument("--no-browser", action="store_true")
    given = asked.parse_args()
    out = given.out.resolve()
    if out == DEMO and out.exists():
        shutil.rmtree(out)  # a demo shows the whole run, not a resume
    started = time.monotonic()
    try:
        done = matched(out, given.device)
    except wire.WireError as refused:
        print(refused, file=sys.stderr)
        return 1
    report = done["report"]
    truth = json.loads((HERE / "truth.json").read_text(encoding="utf-8"))["shot_b"]
    before, after = scored(HERE / "shot_b"), scored(out / "match.%04d.exr")
    side_by_side(out)
    told(report, truth, before, after)
    print(f"\n{report['frames']['written']} frames in {out}, {time.monotonic() - started:.1f} s.")
    print(f"Report: {done['outputs']['page']}")
    if not given.no_browser:
        show(Path(done["outputs"]["page"]))
    return 0 if done["status"] == "done" and after < before else 1


def matched(out: Path, device: str) -> dict[str, Any]:
    """The result of `match` in a worker of its own."""
    request = {
        "tool": "match",
        "inputs": {"source": str(HERE / "shot_b"), "reference": str(HERE / "hero")},
        "outputs": {"dir": str(out)},
        "params": {"cdl_space": ["Linear Rec.709 (sRGB)", "DaVinci Intermediate WideGamut"]},
        "device": device,
    }
    host = {"name": "demo", "version": wire.SUITE}
    with wire.Worker(wire.command(sys.executable), host) as worker:
        job = worker.start("job.run", request, on_progress=progress)
        result: dict[str, Any] = job.wait()
        return result


def progress(told: dict[str, Any]) -> None:
    print(f"  {told['stage']:8} {told['done']:>3} of {told['total']}", flush=True)


def scored(shot: Path) -> float:
    """Mean CIEDE2000 to the frames rendered without the difference, noise blurred away."""
    apart = []
    with open_clip(str(shot)) as clip, open_clip(str(HERE / "truth")) as truth:
        for number in (n for n in truth.frames if n not in truth.missing):
            pictures = (cv2.GaussianBlur(c.picture(number)[0], (0, 0), 1.2) for c in (clip, truth))
            one, other = (lab(p) for p in pictures)
            apart.append(delta_e(one, other).mean())
    return float(np.mean(apart))


def side_by_side(out: Path) -> None:
    """before_after.png: shot B, the match, the hero; as they look through the SDR view."""
    shots = (HERE / "shot_b", out / "match.%04d.exr", HERE / "hero")
    seen = []
    for shot in shots:
        with open_clip(str(shot)) as clip:
            seen.append(colour.through_view(clip.picture(clip.frames[0])[0]))
    png(str(out / "before_after.png"), charts.beside(seen, 288))


def told(report: dict[str, Any], truth: dict[str, Any], before: float, after: float) -> None:
    shot, left = report["before"], report["after"]
    print(f"\n{report['sentence']}")
    print(
        f"Level {report['level']} by {report['method']}, confidence {report['confidence']:.2f}.\n"
    )
    print(f"{'shot B beside its hero':34}{'measured':>10}{'done to it':>12}{'left':>8}")
    rows = (
        (
            "exposure, stops",
            shot["exposure_stops"],
            truth["exposure_stops"],
            left["exposure_stops"],
        ),
        (
            "white balance, mired",
            shot["white_balance"]["mired"],
            truth["mired"],
            left["white_balance"]["mired"],
        ),
    )
    for name, measured, done, remains in rows:
        print(f"{name:34}{measured:>10.2f}{done:>12.2f}{remains:>8.2f}")
    print(f"\nTo the truth, CIEDE2000: {before:.2f} before, {after:.2f} after.")
    cdl = report["cdl"]
    for name in ("slope", "offset", "power"):
        print(f"CDL (ACEScct) {name:7}" + "".join(f"{v:9.4f}" for v in cdl[name]))
    print(f"CDL (ACEScct) saturation {cdl['saturation']:.4f}")


def show(page: Path) -> None:
    """Open the page where somebody could see it."""
    seen = sys.platform in ("win32", "darwin") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
    if seen:
        webbrowser.open(page.as_uri())


if __name__ == "__main__":
    sys.exit(main())
