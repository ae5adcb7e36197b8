"""The edit of a host: exported, its items found again, its findings marked, a frame shown.

Each case runs on every host of `conftest.HOSTS`; one that has no edit says so.
"""

import memory_host
import pytest
from scenes import picture, plate, shot

from answerprint.edit.cut import read_cut
from answerprint_bridge.checking import item_of
from answerprint_bridge.host import Marker
from answerprint_bridge.messages import WireError

TOLD = [Marker(1, "One stop under.", "check", 1, "yellow", "exposure")]
TOLD += [Marker(4, "A glass moved.", "check", 2, "red", "thing")]


def can(rig, what):
    return what in rig.host.capabilities()


def renders(rig):
    """Whether the host writes its edit, or its edit is a file."""
    return getattr(rig, "renders", True)


@pytest.fixture
def items(rig, tmp_path):
    """Two shots at the end of the edit, of three and of five frames."""
    made = []
    for name, last in (("one", 1003), ("two", 1005)):
        folder = tmp_path / name
        folder.mkdir()
        frames = plate(pattern=str(folder / f"{name}.%04d.exr"), last=last)
        for number in frames.numbers:
            memory_host._write(frames, number, picture(number))
        made.append(rig.on_disk(frames))
    getattr(rig, "lay_out", lambda items: None)(made)
    return made


def rows(path):
    """The events of an edit, as the report has its shots."""
    cut = read_cut(path)
    for event in cut.events:
        span = [event.record[0] - cut.start, event.record[1] - cut.start - 1]
        yield event, {"name": event.id, "clip": event.name, "cut": span, "track": event.track}


def test_a_shot_of_the_edit_is_an_item_of_the_host(rig, items, tmp_path):
    if not can(rig, "timeline"):
        pytest.skip("it has no edit")
    path = rig.host.export_timeline(str(tmp_path / "edit.otio"))
    found = {}
    for event, row in rows(path):
        item = item_of(row, rig.host.edit())
        assert item is not None, row
        if event.media and event.media.path.startswith(str(tmp_path / "one")):
            found["one"] = (item.ref, event.frames)
        if event.media and event.media.path.startswith(str(tmp_path / "two")):
            found["two"] = (item.ref, event.frames)
    assert found == {"one": (items[0].ref, (1001, 1003)), "two": (items[1].ref, (1001, 1005))}


def test_the_items_lie_as_the_exported_edit_says(rig, items, tmp_path):
    if not can(rig, "timeline"):
        pytest.skip("it has no edit")
    path = rig.host.export_timeline(str(tmp_path / "edit.otio"))
    told = sorted((row["cut"], row["track"]) for _, row in rows(path))
    assert told == sorted(([s.first, s.last], s.track) for s in rig.host.edit())


def test_an_export_changes_nothing(rig, items, tmp_path):
    before = rig.snapshot()
    if can(rig, "timeline"):
        rig.host.export_timeline(str(tmp_path / "edit.otio"))
    assert rig.snapshot() == before


def test_markers_stand_on_their_frames_and_the_next_ones_replace_them(rig, items):
    if not can(rig, "edit markers"):
        with pytest.raises(WireError, match="no markers") as refused:
            rig.host.mark_edit("check", TOLD)
        assert refused.value.hint
        return
    assert rig.host.mark_edit("check", TOLD) == [1, 4]
    assert rig.marks() == [(1, "yellow", "exposure"), (4, "red", "thing")]
    rig.host.mark_edit("other", [Marker(2, "Another's.", "note", 1, "green", "other")])
    assert rig.host.mark_edit("check", [Marker(0, "Soft.", "check", 1, "cyan", "sharpness")]) == [0]
    assert sorted(rig.marks()) == [(0, "cyan", "sharpness"), (2, "green", "other")]
    assert rig.host.mark_edit("check", []) == []
    assert rig.marks() == [(2, "green", "other")]


def test_what_else_was_placed_stays_when_the_edit_is_marked(rig, items):
    if not can(rig, "edit markers"):
        pytest.skip("it has no markers of an edit")
    rig.host.apply([{"kind": "note", "text": "Mine."}], items[0].ref, "match v001", "r1")
    before = rig.snapshot()
    rig.host.mark_edit("check", TOLD)
    rig.host.mark_edit("check", [])
    assert rig.snapshot() == before


def test_a_frame_is_shown(rig, items, tmp_path):
    if not can(rig, "playhead"):
        with pytest.raises(WireError, match="no playhead") as refused:
            rig.host.show_frame(4)
        assert refused.value.hint
        return
    rig.host.export_timeline(str(tmp_path / "edit.otio"))
    for frame in (0, 4):
        rig.host.show_frame(frame)
        assert rig.playhead() == frame


def test_an_edit_that_cannot_be_written_is_an_error(rig, items, tmp_path):
    """But where it is a file already: that one is named."""
    if not can(rig, "timeline"):
        with pytest.raises(WireError, match="no edit"):
            rig.host.edit()
        return
    path = str(tmp_path / "nowhere" / "edit.otio")
    if not renders(rig):
        assert rig.host.export_timeline(path) == str(rig.cut)
        return
    with pytest.raises((WireError, OSError), match="nowhere"):
        rig.host.export_timeline(path)


def test_a_rendered_item_is_in_the_edit_too(rig, tmp_path):
    if not can(rig, "timeline") or hasattr(rig, "lay_out"):
        pytest.skip("only files are in its edit")
    item = shot(rig)
    rig.host.export_timeline(str(tmp_path / "edit.otio"))
    assert item.ref in [span.item.ref for span in rig.host.edit()]
