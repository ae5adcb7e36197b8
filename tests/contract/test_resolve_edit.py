"""The timeline as an edit in Resolve: markers beside the artist's own, and its timecode."""

import pytest
import resolve_rig
from doubles.resolve_clips import Marked

from answerprint_bridge.host import Marker
from answerprint_bridge.messages import WireError
from answerprint_resolve.edit import timecode

TOLD = [Marker(1, "One stop under.", "check", 2, "yellow", "exposure")]
TOLD += [Marker(4, "A glass moved.", "check", 1, "red", "thing")]


@pytest.fixture
def rig(tmp_path):
    project = tmp_path / "a" / "sc010"
    project.mkdir(parents=True)
    return resolve_rig.Rig(project)


def test_a_marker_has_colour_name_note_length_and_our_data(rig):
    rig.host.mark_edit("check", TOLD)
    kept = rig.line.GetMarkers()[1.0]
    data = kept.pop("customData")
    assert kept == {
        "color": "Yellow",
        "name": "exposure",
        "note": "One stop under.",
        "duration": 2,
    }
    assert '"check"' in data
    assert data.startswith('{"answerprint"')


def test_the_artists_markers_stay_and_ours_stand_beside_them(rig):
    rig.line.AddMarker(1, "Red", "mine", "ask", 1, "")
    rig.line.AddMarker(2, "Blue", "mine too", "", 1, "somebody's")
    before = {at: rig.line.GetMarkers()[at] for at in (1.0, 2.0)}
    assert rig.host.mark_edit("check", TOLD) == [3, 4]
    assert rig.host.mark_edit("check", TOLD[1:]) == [4]
    assert {at: rig.line.GetMarkers()[at] for at in (1.0, 2.0)} == before
    assert set(rig.line.GetMarkers()) == {1.0, 2.0, 4.0}


def test_one_that_resolve_does_not_set_leaves_the_last_check_as_it_was(rig, monkeypatch):
    rig.host.mark_edit("check", TOLD)
    before = rig.line.GetMarkers()
    whole = Marked.AddMarker

    def one(line, frame, *told):
        return frame != 9 and whole(line, frame, *told)

    monkeypatch.setattr(Marked, "AddMarker", one)
    more = [*TOLD, Marker(9, "Soft.", "check", 1, "cyan", "sharpness")]
    with pytest.raises(WireError, match="'sharpness' was not set, and no other") as refused:
        rig.host.mark_edit("check", more)
    assert refused.value.hint
    assert rig.line.GetMarkers() == before


def test_markers_that_a_tool_placed_are_not_the_checks(rig):
    hero = rig.item(rig.line._clips[0]).ref
    rig.host.add_markers(hero, [Marker(1002, "flicker")])
    rig.host.mark_edit("check", TOLD[1:])
    rig.host.mark_edit("check", [])
    assert [m["note"] for m in rig.line.GetMarkers().values()] == ["flicker"]


# --- timecode --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rate", "start", "drop", "frame", "said"),
    [
        ("24", 86400, False, 30, "01:00:01:06"),
        ("23.976", 86400, False, 24, "01:00:01:00"),
        (25.0, 90000, False, 1, "01:00:00:01"),
        ("29.97", 107892, True, 1800, "01:01:00;02"),
        ("29.97", 107892, True, 17982, "01:10:00;00"),
        ("29.97 DF", 0, True, 1799, "00:00:59;29"),
        ("29.97", 108000, False, 1800, "01:01:00:00"),
        ("59.94", 215784, True, 3600, "01:01:00;04"),
        ("30", 108000, False, 1800, "01:01:00:00"),
    ],
)
def test_a_frame_is_shown_by_the_timelines_own_timecode(rig, rate, start, drop, frame, said):
    line = rig.line
    rig.world.settings["timelineFrameRate"] = rate
    line._start, line._base, line._drop = start, round(float(str(rate).split()[0])), drop
    rig.host.show_frame(frame)
    assert line.GetCurrentTimecode() == said
    assert rig.playhead() == frame


def test_every_number_that_drop_frame_has_is_counted_through():
    """Against a clock that leaves out the first two numbers of each minute but every tenth."""
    names = [
        f"00:{minute:02}:{second:02};{frame:02}"
        for minute in range(21)
        for second in range(60)
        for frame in range(30)
        if frame > 1 or second or minute % 10 == 0
    ]
    assert [timecode(count, 30, True) for count in range(len(names))] == names


def test_a_page_without_a_playhead_is_named(rig):
    rig.world.page = "fusion"
    with pytest.raises(WireError, match="did not go to 01:00:00:05") as refused:
        rig.host.show_frame(5)
    assert "Edit" in refused.value.hint
