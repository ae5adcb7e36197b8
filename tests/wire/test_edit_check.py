"""`edit.check` and `edit.waive` over the wire, by the core itself."""

import json
import sys

import numpy as np
import OpenImageIO as oiio
import pytest
from wire_helpers import PATIENCE, error_of, until

from answerprint_bridge import wire
from answerprint_bridge.messages import CANCELLED

CORE = wire.command(sys.executable)


def time(value):
    return {"OTIO_SCHEMA": "RationalTime.1", "rate": 24.0, "value": float(value)}


def span(first, length):
    made = {"OTIO_SCHEMA": "TimeRange.1", "start_time": time(first)}
    return {**made, "duration": time(length)}


def clip(name, path, length):
    media = {"OTIO_SCHEMA": "ExternalReference.1", "target_url": str(path)}
    media["available_range"] = span(1001, length)
    made = {"OTIO_SCHEMA": "Clip.2", "name": name, "source_range": span(1001, length)}
    made["media_references"] = {"DEFAULT_MEDIA": media}
    return {**made, "active_media_reference_key": "DEFAULT_MEDIA"}


@pytest.fixture
def reel(tmp_path):
    """An edit of two shots: one of noise with a frame that stands twice, one that is lost."""
    (tmp_path / "a").mkdir()
    rng = np.random.default_rng(7)
    wall = np.kron(rng.uniform(0.1, 0.8, (9, 16, 3)), np.ones((8, 8, 1)))
    for number in range(1001, 1013):
        if number != 1006:
            light = np.roll(wall, 3 * number, 1) + rng.normal(0, 0.004, wall.shape)
        spec = oiio.ImageSpec(128, 72, 3, "half")
        image = oiio.ImageBuf(spec)
        image.set_pixels(oiio.ROI(0, 128, 0, 72, 0, 1, 0, 3), light.astype(np.float32))
        assert image.write(str(tmp_path / f"a/a.{number}.exr")), image.geterror()
    children = [clip("a", tmp_path / "a/a.[1001-1012].exr", 12), clip("b", "/nowhere/b.mov", 12)]
    track = {"OTIO_SCHEMA": "Track.1", "kind": "Video", "children": children}
    stack = {"OTIO_SCHEMA": "Stack.1", "children": [track]}
    made = {"OTIO_SCHEMA": "Timeline.1", "name": "reel", "global_start_time": time(86400)}
    (tmp_path / "reel.otio").write_text(json.dumps({**made, "tracks": stack}), "utf-8")
    return str(tmp_path / "reel.otio")


def test_an_edit_is_checked_as_a_job_and_a_finding_is_waived(start, reel, tmp_path):
    worker, stages = start(CORE), []
    asked = {"path": reel, "out": str(tmp_path / "v001")}
    job = worker.start("edit.check", asked, on_progress=lambda told: stages.append(told["stage"]))
    until(lambda: job.ended, worker)
    assert job.error is None, job.error
    report = json.loads((tmp_path / "v001/report.json").read_text("utf-8"))
    assert job.result["report"] == str(tmp_path / "v001/report.json")
    assert job.result["findings"] == len(report["findings"])
    assert (job.result["status"], job.result["sentence"]) == ("partial", report["sentence"])
    found = {row["kind"]: row for row in report["findings"]}
    twice, lost = found["duplicate_frames"], found["missing_media"]
    assert (twice["frame"], twice["family"], twice["colour"]) == (5, "frames", "red")
    assert "watch" in stages

    rules = tmp_path / "answerprint.rules.toml"
    told = {"report": asked["out"], "id": lost["id"], "why": "On Monday.", "rules": str(rules)}
    answer = worker.call("edit.waive", {**told, "by": "Ines"}, timeout=PATIENCE)
    assert answer == {"waived": lost["id"], "rules": str(rules)}
    again = {"path": reel, "out": str(tmp_path / "v002"), "earlier": asked["out"]}
    worker.call("edit.check", {**again, "rules": str(rules)})
    report = json.loads((tmp_path / "v002/report.json").read_text("utf-8"))
    assert [(row["id"], row["why"], row["by"]) for row in report["waived"]] == [
        (lost["id"], "On Monday.", "Ines")
    ]
    assert report["since"] == {"new": [], "gone": [lost["id"]]}
    assert (tmp_path / "v001/report.html").exists()  # what an earlier check wrote stays


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"why": "", "id": "x"}, "'why' is ''"),
        ({"why": "So.", "id": "x", "report": "/nowhere"}, "no report of a check in /nowhere"),
    ],
)
def test_a_waiver_without_a_reason_or_a_report_is_refused(start, tmp_path, params, said):
    worker = start(CORE)
    told = {"report": str(tmp_path), "rules": str(tmp_path / "r.toml"), **params}
    error = error_of(worker.start("edit.waive", told, timeout=PATIENCE), worker)
    assert said in error.title
    assert error.hint
    assert not (tmp_path / "r.toml").exists()


def test_a_check_stops_when_it_is_cancelled(start, reel, tmp_path):
    worker = start(CORE)
    asked = {"path": reel, "out": str(tmp_path / "out")}
    job = worker.start("edit.check", asked, on_progress=lambda told: job.cancel())
    assert error_of(job, worker).code == CANCELLED
    assert not (tmp_path / "out/report.json").exists()


def test_what_is_no_edit_is_refused_in_words(start, tmp_path):
    worker = start(CORE)
    (tmp_path / "a.otio").write_text("{}")
    asked = {"path": str(tmp_path / "a.otio"), "out": str(tmp_path / "out")}
    error = error_of(worker.start("edit.check", asked, timeout=PATIENCE), worker)
    assert "a.otio" in error.title
