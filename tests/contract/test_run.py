"""A whole run on every host: inputs written, a real worker, results placed, or nothing at all."""

import json
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from scenes import CDL, ONE_OF_EACH, export, kept, picture, same_light, shot

from answerprint_bridge.host import FrameSet
from answerprint_bridge.messages import CANCELLED, WORKER_DIED, WireError


def versions(rig):
    """Version folders of the small tool, oldest first."""
    return sorted((rig.project / "answerprint" / "sc010" / "small").glob("v*"))


def test_a_run_places_what_the_job_hands_back(rig, session):
    item = shot(rig)
    before = rig.snapshot()
    run = session().run("small", {"results": [CDL]}, {"source": item}).wait()
    assert kept(before, rig.snapshot())
    assert run.answers[0].became == rig.becomes["cdl"]
    assert [f.name for f in versions(rig)] == ["v001"]
    (ref,) = run.answers[0].items
    assert rig.host.read_tag(ref, "answerprint")["recipe"] == run.recipe
    if rig.becomes["cdl"] == "frames":  # made because nothing else could stand here
        frames = rig.frames(ref)
        assert Path(frames.path(1001)).name == "sc010_small_v001.1001.exr"
        assert same_light(rig.pixels(ref, 1001), picture(1001))
    else:
        assert not list(versions(rig)[0].glob("*.exr"))


def test_the_same_job_twice_makes_no_duplicates(rig, session):
    item = shot(rig)
    begun = session()
    first = begun.run("small", {"results": [CDL]}, {"source": item}).wait()
    there, files = rig.snapshot(), sorted(rig.project.rglob("*.exr"))
    again = begun.run("small", {"results": [CDL]}, {"source": item}).wait()
    assert rig.snapshot() == there
    assert sorted(rig.project.rglob("*.exr")) == files
    assert (again.folder, again.recipe) == (first.folder, first.recipe)
    assert again.answers[0].items == first.answers[0].items


def test_another_recipe_gets_another_version(rig, session):
    item = shot(rig)
    begun = session()
    first = begun.run("small", {"results": [CDL]}, {"source": item}).wait()
    before = {p: p.read_bytes() for p in Path(first.folder).rglob("*") if p.is_file()}
    second = begun.run("small", {"results": [CDL], "x": 2}, {"source": item}).wait()
    third = begun.run("small", {"results": [CDL]}, {"source": item}, first=1002).wait()
    assert [Path(r.folder).name for r in (first, second, third)] == ["v001", "v002", "v003"]
    assert before == {p: p.read_bytes() for p in Path(first.folder).rglob("*") if p.is_file()}


def test_a_plate_that_changed_gets_another_version(rig, session, tmp_path):
    frames = export(rig, shot(rig), tmp_path / "plates")
    item = rig.on_disk(frames)
    begun = session()
    first = begun.run("small", {"results": [CDL]}, {"source": item}).wait()
    shutil.copy(frames.path(1001), frames.path(1002))
    again = begun.run("small", {"results": [CDL]}, {"source": item}).wait()
    assert again.folder != first.folder


def test_an_approved_version_is_placed_and_never_written(rig, session):
    item = shot(rig)
    begun = session()
    first = begun.run("small", {"results": [CDL]}, {"source": item}).wait()
    report = Path(first.folder) / "report.json"
    report.write_text(json.dumps({"disclosure": {"signed_off": {"name": "Ada"}}}))
    for ref in first.answers[0].items:
        rig.remove(ref)
    before = {p: p.read_bytes() for p in Path(first.folder).rglob("*") if p.is_file()}
    again = begun.run("small", {"results": [CDL]}, {"source": item}).wait()
    assert again.folder == first.folder
    assert again.answers[0].became == rig.becomes["cdl"]
    assert again.answers[0].items[0] in rig.snapshot()
    assert before == {p: p.read_bytes() for p in Path(first.folder).rglob("*") if p.is_file()}


def test_an_approved_version_gets_no_frames_later(rig, session):
    item = shot(rig)
    begun = session()
    results = [ONE_OF_EACH["note"]]
    first = begun.run("small", {"results": results}, {"source": item}).wait()
    report = Path(first.folder) / "report.json"
    report.write_text(json.dumps({"disclosure": {"signed_off": {"name": "Ada"}}}))
    before = {p: p.read_bytes() for p in Path(first.folder).rglob("*") if p.is_file()}
    more = begun.run("small", {"results": results}, {"source": item}, write_frames=True).wait()
    assert Path(more.folder).name == "v002"
    assert more.answers[1].status == "done"
    assert before == {p: p.read_bytes() for p in Path(first.folder).rglob("*") if p.is_file()}


def test_frames_that_come_later_join_what_stands(rig, session):
    item = shot(rig)
    begun = session()
    first = begun.run("small", {"results": [CDL]}, {"source": item}).wait()
    there = rig.snapshot()
    more = begun.run("small", {"results": [CDL]}, {"source": item}, write_frames=True).wait()
    assert (more.folder, more.recipe) == (first.folder, first.recipe)
    assert more.answers[0].items == first.answers[0].items
    assert kept(there, rig.snapshot())
    assert len(rig.snapshot()) == len(there) + (rig.becomes["cdl"] != "frames")


def test_frames_are_written_where_the_artist_asks(rig, session):
    item = shot(rig)
    begun = session()
    run = begun.run("small", {"results": [CDL]}, {"source": item}, write_frames=True).wait()
    assert run.answers[1].status == "done"
    again = begun.run("small", {"results": [CDL]}, {"source": item}).wait()
    assert again.answers == run.answers, "frames that are there are not forgotten"


def test_cancelling_a_job_leaves_nothing_behind(rig, session):
    item = shot(rig)
    before = rig.snapshot()
    begun = session()
    ended = []
    params = {"results": [CDL], "ask": "Go on?"}

    def cancel(question, default):
        run.cancel()
        return default

    rig.answer(cancel)
    run = begun.run("small", params, {"source": item}, on_done=ended.append)
    with pytest.raises(WireError) as stopped:
        run.wait()
    assert stopped.value.code == CANCELLED
    assert ended == [run]
    assert rig.snapshot() == before
    assert versions(rig) == [], "the number is given back"
    rig.answer(lambda question, default: True)
    run = begun.run("small", params, {"source": item}).wait()
    assert run.answers[0].became == rig.becomes["cdl"]


def test_a_job_that_was_faster_than_cancel_is_not_placed(rig, session):
    item = shot(rig)
    before = rig.snapshot()
    params = {"results": [CDL], "progress": "work"}
    begun = session()
    run = begun.run("small", params, {"source": item}, on_progress=lambda told: run.cancel())
    with pytest.raises(WireError) as stopped:
        run.wait()
    assert stopped.value.code == CANCELLED
    assert rig.snapshot() == before


def test_cancelling_while_placing_places_nothing(rig, session):
    item = shot(rig)
    before = rig.snapshot()
    begun = session()
    run = begun.run("small", {"results": [CDL]}, {"source": item}, write_frames=True)
    rig.cancel_at(1)  # the second result
    with pytest.raises(WireError) as stopped:
        run.wait()
    assert stopped.value.code == CANCELLED
    assert rig.snapshot() == before


def test_a_worker_that_dies_leaves_nothing_behind(rig, session):
    item = shot(rig)
    before = rig.snapshot()
    with pytest.raises(WireError) as died:
        session().run("small", {"results": [], "crash": True}, {"source": item}).wait()
    assert died.value.code == WORKER_DIED
    assert rig.snapshot() == before


def test_a_scene_that_is_not_saved_is_refused(rig, session):
    item = shot(rig)
    rig.unsaved()
    with pytest.raises(WireError, match="not saved") as refused:
        session().run("small", {"results": []}, {"source": item})
    assert refused.value.hint


def sample(name, folder, numbers):
    """Frames of the sample in a folder of their own; those left out are missing."""
    there = Path(__file__).parents[2] / "resources" / "sample" / name
    folder.mkdir()
    for number in numbers:
        shutil.copy(there / f"{name}.{number}.exr", folder)
    return FrameSet(str(folder / f"{name}.%04d.exr"), numbers[0], numbers[-1], space="ACEScg")


def test_the_real_match_stands_in_the_host_with_the_reports_numbers(rig, session, core):
    shots = {
        "source": rig.on_disk(sample("shot_b", rig.project / "Totale 全", (1001, 1003, 1004))),
        "reference": rig.on_disk(sample("hero", rig.project / "hero", (1001, 1003, 1006))),
    }
    before = rig.snapshot()
    run = session(core).run("match", {}, shots).wait()
    assert run.report["verdict"] == "match"
    assert kept(before, rig.snapshot())
    kinds = [r["kind"] for r in run.results]
    answers = dict(zip(reversed(kinds), reversed(run.answers), strict=True))  # the first of each
    assert answers["cdl"].became == rig.becomes["cdl"]
    (ref,) = answers["cdl"].items
    if rig.becomes["cdl"] == "cdl":
        numbers = {k: rig.data(ref)[k] for k in run.report["cdl"]}
        assert numbers == run.report["cdl"]
        assert answers["lut"].status == "spare"
        assert "frames" not in answers
        assert not list(Path(run.folder).glob("*.exr"))
    else:
        assert run.status == "partial"
        assert rig.frames(ref).numbers == (1001, 1003, 1004)
        assert rig.pixels(ref, 1003).mean() > 1.1 * rig.pixels(shots["source"].ref, 1003).mean()


def test_cancelling_an_export_leaves_no_files(rig, session, tmp_path):
    item, before = shot(rig), rig.snapshot()
    rig.cancel_at(1)
    with pytest.raises(WireError) as ended:
        session().run("small", {"results": []}, {"source": item})
    assert ended.value.code == CANCELLED
    assert rig.snapshot() == before
    assert [p for p in rig.project.rglob("*") if p.is_file()] == []


@contextmanager
def as_nobody(*folders):
    """Root may write anywhere: be nobody for a while."""
    if os.geteuid():
        yield
        return
    for folder in folders:
        for above in folder.parents:
            if Path(tempfile.gettempdir()) in above.parents and above.stat().st_uid == 0:
                above.chmod(above.stat().st_mode | 0o055)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_read_only_project_is_refused_with_its_name(rig, session):
    item, before = shot(rig), rig.snapshot()
    begun = session()
    begun.tools()  # nobody may start a worker from everywhere
    rig.project.chmod(0o555)
    try:
        with as_nobody(rig.project), pytest.raises(WireError) as refused:
            begun.run("small", {"results": []}, {"source": item})
    finally:
        rig.project.chmod(0o755)
    assert refused.value.code == -32005
    assert str(rig.project) in refused.value.title
    assert refused.value.hint
    assert rig.snapshot() == before
