"""A session checks the edit of its host: out to the worker, findings back, markers and fixes in."""

import json
from pathlib import Path

import checks
import memory_host
import pytest
from cores import CORE, SMALL
from scenes import CDL, picture, plate

from answerprint.panel.files_host import FilesHost
from answerprint_bridge.checking import markers_of
from answerprint_bridge.messages import BUSY, CANCELLED, HOST_REFUSED, WireError
from answerprint_bridge.session import Session


@pytest.fixture
def memory(tmp_path, monkeypatch):
    """A host with an edit of two shots."""
    monkeypatch.setenv("ANSWERPRINT_CACHE", str(tmp_path / "cache"))
    (tmp_path / "Größe 100% #2").mkdir()
    rig = memory_host.whole(tmp_path / "Größe 100% #2")
    for last in (1003, 1005):
        frames = plate(last=last)
        rig.rendered({n: picture(n) for n in frames.numbers}, frames)
    return rig


@pytest.fixture
def begun(memory):
    made = Session(memory.host, SMALL)
    yield made
    made.close()


def told(memory, **more):
    return checks.rules(memory.project, checks.report(memory.host.edit(), **more))


def versions(memory):
    return sorted(path.name for path in (memory.project / "answerprint/sc010/check").glob("v*"))


def test_the_edit_goes_out_and_the_findings_come_back(memory, begun):
    rules, heard, ended = told(memory), [], []
    check = begun.check(on_progress=heard.append, on_done=ended.append)
    assert not check.ended
    check.wait()
    assert ended == [check]
    assert [each["kind"] for each in check.findings] == ["exposure", "thing", "flash_frame"]
    assert (check.status, check.shot("two")["cut"]) == ("done", [3, 7])
    assert Path(check.page).read_text() == "small"
    assert [(each["stage"], each["done"], each["total"]) for each in heard] == [("watch", 1, 2)]
    path = memory.project / "answerprint/sc010/check/v001/edit/sc010.otio"
    out = str(path.parents[1])
    assert check.report["asked"] == {"path": str(path), "out": out, "rules": str(rules)}
    assert json.loads(path.read_text("utf-8"))["name"] == "sc010"


def test_the_next_check_has_a_version_of_its_own_and_knows_the_last(memory, begun):
    told(memory)
    first, second = begun.check().wait(), begun.check(media="/shoot").wait()
    assert versions(memory) == ["v001", "v002"]
    asked = second.report["asked"]
    assert (asked["earlier"], asked["media"]) == (first.folder, "/shoot")


def test_a_check_that_is_refused_leaves_nothing(memory, begun):
    told(memory, refuse=True)
    with pytest.raises(WireError, match="holds no picture"):
        begun.check().wait()
    assert versions(memory) == []


def test_a_check_that_is_cancelled_leaves_nothing_and_the_next_one_works(memory, begun):
    told(memory, wait=True)
    check = begun.check(on_progress=lambda said: check.cancel())
    with pytest.raises(WireError) as ended:
        check.wait()
    assert ended.value.code == CANCELLED
    assert versions(memory) == []
    told(memory)
    assert begun.check().wait().status == "done"


def test_a_host_that_cannot_says_so_before_anything_is_written(memory, begun, tmp_path):
    memory.host.is_busy = "a dialog is open"
    with pytest.raises(WireError, match="a dialog is open") as busy:
        begun.check()
    assert busy.value.code == BUSY
    files = Session(FilesHost(None), SMALL)
    with pytest.raises(WireError, match="no edit to check") as refused:
        files.check()
    assert (refused.value.code, bool(refused.value.hint)) == (HOST_REFUSED, True)
    memory.host.is_busy = ""
    memory.unsaved()
    with pytest.raises(WireError, match="not saved"):
        begun.check()
    assert versions(memory) == []


def test_what_a_host_raises_while_it_exports_is_told_and_leaves_nothing(memory, begun):
    memory.host.export_timeline = lambda path: 1 / 0
    with pytest.raises(WireError, match="did not export its edit") as refused:
        begun.check()
    assert "ZeroDivisionError" in refused.value.detail
    assert versions(memory) == []


def test_a_name_that_is_no_folder_is_written_as_one(memory, begun):
    scene = memory.host.context
    memory.host.context = lambda: scene().__class__(**{**vars(scene()), "shot": "Reel 2 / a:b"})
    told(memory)
    assert Path(begun.check().wait().folder).parts[-3:] == ("Reel 2 _ a_b", "check", "v001")


# --- markers ---------------------------------------------------------------------------------


def test_findings_of_one_frame_are_one_marker_of_the_worst_colour():
    first, both = markers_of(checks.FINDINGS)
    assert (first.frame, first.colour, first.name, first.length) == (1, "red", "flash frame", 1)
    assert (both.frame, both.colour, both.name, both.length) == (3, "red", "thing, exposure", 4)
    assert both.text == "A glass moved.\nexposure at 3."


def test_markers_replace_those_of_the_last_check(memory, begun):
    told(memory)
    check = begun.check().wait()
    assert begun.mark(check) == []
    assert memory.marks() == [(1, "red", "flash frame"), (3, "red", "thing, exposure")]
    begun.mark(check, check.findings[:1])
    assert memory.marks() == [(3, "yellow", "exposure")]


def test_a_marker_that_stands_elsewhere_is_told(memory, begun):
    told(memory)
    check = begun.check().wait()
    memory.host.mark_edit = lambda tag, markers: [2, 3]
    assert begun.mark(check) == ["'flash frame' of frame 1 stands at frame 2."]


# --- fixes -----------------------------------------------------------------------------------


def test_a_fix_is_a_run_that_is_placed_on_the_shot_to_mend(memory, begun):
    fix = checks.fix_by(results=[CDL])
    told(memory, findings=[checks.finding(1, "exposure", "light", "yellow", 3, fix=fix)])
    check = begun.check().wait()
    run = begun.fix(check, check.findings[0]).wait()
    one, two = (span.item for span in memory.host.edit())
    assert (run.inputs, run.near) == ({"source": two, "reference": one}, two.ref)
    assert [each.status for each in run.answers] == ["done"]
    (ref,) = run.answers[0].items
    assert memory.host.scene[ref]["near"] == two.ref


def test_a_finding_without_a_fix_is_refused(memory, begun):
    told(memory)
    check = begun.check().wait()
    with pytest.raises(WireError, match="No tool mends this finding of thing"):
        begun.fix(check, check.findings[1])


def test_a_shot_that_left_the_edit_cannot_be_mended_but_looked_at(memory, begun):
    told(memory)
    check = begun.check().wait()
    one, two = (span.item for span in memory.host.edit())
    memory.remove(one.ref)
    inputs = begun.inputs(check, check.findings[0])
    assert inputs["source"] == two
    assert (inputs["reference"].pattern, inputs["reference"].last) == ("/media/one.%04d.exr", 1003)
    assert inputs["reference"].space == "ACEScct"
    memory.remove(two.ref)
    with pytest.raises(WireError, match="no 'sc010' at 01:00:00:03 any more"):
        begun.inputs(check, check.findings[0])


def test_a_shot_that_was_moved_in_the_edit_is_still_found_by_its_name(memory, begun):
    told(memory)
    check = begun.check().wait()
    one, two = (span.item for span in memory.host.edit())
    memory.remove(one.ref)  # what follows moves up
    assert begun.inputs(check, {**check.findings[0]})["source"] == two


def test_a_waiver_goes_to_the_rules_beside_the_scene(memory, begun):
    rules = told(memory)
    check = begun.check().wait()
    begun.waive(check, check.findings[1], "It was knocked over.")
    assert json.loads(rules.with_name("waived.json").read_text("utf-8")) == {
        "report": check.folder,
        "id": checks.FINDINGS[1]["id"],
        "why": "It was knocked over.",
        "rules": str(rules),
    }


# --- the whole core --------------------------------------------------------------------------


def test_the_core_checks_what_a_host_exports(memory, tmp_path):
    """Two shots of one wall, the second a stop darker: found, and mended on the second."""
    import numpy as np

    rng, refs = np.random.default_rng(5), []
    wall = np.kron(rng.uniform(0.05, 0.9, (12, 20, 3)), np.ones((12, 12, 1))).astype(np.float32)
    memory.host.scene.clear()
    for name, gain in (("one", 1.0), ("two", 0.5)):
        (tmp_path / name).mkdir()
        frames = plate(
            pattern=str(tmp_path / name / f"{name}.%04d.exr"),
            last=1004,
            width=240,
            height=144,
            display=(0, 0, 240, 144),
            data=(0, 0, 240, 144),
            channels=("R", "G", "B"),
        )
        for number in frames.numbers:
            grain = rng.normal(0, 0.004, wall.shape).astype(np.float32)
            memory_host._write(frames, number, gain * wall + grain)
        refs.append(memory.on_disk(frames).ref)
    session = Session(memory.host, CORE)
    try:
        check = session.check().wait()
        (found,) = [row for row in check.findings if row["kind"] == "exposure"]
        assert found["value"] == pytest.approx(-1.0, abs=0.05)
        assert (found["frame"], found["colour"], found["family"]) == (4, "yellow", "light")
        run = session.fix(check, found).wait()
        assert (run.near, run.inputs["reference"].ref) == (refs[1], refs[0])
        assert "done" in [each.status for each in run.answers]
        session.mark(check)
        assert 4 in [frame for frame, _, _ in memory.marks()]
        session.waive(check, found, "It is dusk.")
        again = session.check().wait()
        assert "exposure" not in [row["kind"] for row in again.findings]
        assert again.report["since"]["gone"] == [found["id"]]
    finally:
        session.close()
