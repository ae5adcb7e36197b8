"""Where fill and retime work: on the device that was asked for, down to the last step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from drifting import inner, load, rms, run, scene, shot

from answerprint.vision import torch_between, torch_flow
from answerprint.worker import jobs

DEVICE = "cpu:0"
"""Torch's CPU device: 'cpu' alone is the one that does without torch."""


@pytest.mark.parametrize(
    ("tool", "gone", "params"),
    [
        ("fill", 1003, {}),
        ("retime", 1000, {"curve": ("1002:1002,1003:1002.5,1004:1003",)}),
        ("retime", 1000, {"curve": ("1002:1001,1003:1002.5,1004:1004",), "blur": 0.5}),
    ],
)
def test_motion_is_found_and_frames_are_mixed_on_the_jobs_device(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tool: str,
    gone: int,
    params: dict[str, Any],
) -> None:
    asked: dict[str, set[str]] = {}

    def watched(module: Any, name: str, device_of: Any) -> None:
        work = getattr(module, name)

        def watching(*given: Any) -> Any:
            asked.setdefault(name, set()).add(device_of(*given))
            return work(*given)

        monkeypatch.setattr(module, name, watching)

    watched(torch_flow, "motions", lambda *given: given[-1])
    watched(torch_between, "middle", lambda *given: given[-1])
    watched(torch_between, "light", lambda found, *_: found.device)
    monkeypatch.setattr(jobs, "choose", lambda _: DEVICE)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    source = shot(tmp_path / "in", [n for n in range(1001, 1006) if n != gone])
    run(tool, source, tmp_path / "out", **params)
    lights = {} if "blur" in params else {"light": {DEVICE}}  # a shutter mixes along one way
    assert asked == {"motions": {DEVICE}, "middle": {DEVICE}, **lights}
    at = 3 if tool == "fill" else 2.5
    off = inner(load(tmp_path / f"out/{tool}.1003.exr") - scene(at))
    assert rms(off) < 0.25 * rms(inner(scene(at) - scene(at + 1)))
