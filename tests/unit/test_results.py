"""What a result becomes where a host has no place for it, and who decides."""

import pytest
from least import RESULTS

from answerprint_bridge.kinds import KINDS, check
from answerprint_bridge.results import (
    BECOMES,
    LOOK,
    Answer,
    CannotPlace,
    frames_of,
    refusal,
    screen_channel,
    settle,
    wants_frames,
)

CDL = {
    "kind": "cdl",
    "slope": [1.1, 1.0, 0.9],
    "offset": [0.01, 0, -0.01],
    "power": [1, 1, 1],
    "saturation": 1.0,
    "working_space": "ACEScct",
    "residual": {"mean": 0.2, "percentile_95": 3.0},
}
LUT = {"kind": "lut", "path": "match.cube", "space": "ACEScct", "needed": False}
FRAMES = {"kind": "frames", "pattern": "match.%04d.exr", "first": 1001, "last": 1010}
MATTE = {**FRAMES, "kind": "matte", "name": "person"}


def placing(kinds, spaces=("ACEScct",)):
    """An attempt as a host makes it, and the forms it placed."""
    placed = []

    def attempt(form):
        if why := refusal(form, frozenset(kinds) | {"message"}, spaces):
            raise CannotPlace(why)
        placed.append(form)
        return (f"{form.kind}{form.number}",)

    return attempt, placed


def told(results, kinds, spaces=("ACEScct",)):
    """(status, became) of each result, and what was placed."""
    attempt, placed = placing(kinds, spaces)
    answers = settle(results, spaces, attempt)
    return [(a.status, a.became) for a in answers], [f.kind for f in placed], answers


# --- what it becomes -------------------------------------------------------------------------


def test_every_kind_has_its_way_and_no_way_is_a_circle():
    assert BECOMES.keys() == KINDS.keys()

    def walk(kind, above):
        assert kind not in above, f"{kind} becomes itself"
        for target in BECOMES.get(kind, ()):
            assert target in KINDS or target == "message"
            walk(target, {*above, kind})

    for kind in KINDS:
        walk(kind, set())


def test_a_cdl_goes_where_its_numbers_belong():
    assert told([CDL], {"cdl"})[0] == [("done", "cdl")]
    ends, placed, answers = told([CDL], {"cdl"}, ("ACEScg",))
    assert (ends, placed) == ([("refused", "")], [])
    assert "for ACEScct, here they would be for ACEScg" in answers[0].why


@pytest.mark.parametrize("apart", [1.0001, {"mean": 1.0001, "percentile_95": 1.1}])
def test_a_cdl_too_far_from_the_result_becomes_the_cube_or_the_frames(apart):
    far = {**CDL, "residual": apart}
    ends, placed, answers = told([far, LUT, FRAMES], {"cdl", "lut", "frames"})
    assert ends == [("degraded", "lut"), ("done", "lut"), ("done", "frames")]
    assert placed == ["lut", "frames"], "the cube stands once"
    assert answers[0].items == answers[1].items == ("lut1",)
    assert "1.00 CIEDE2000 from the result" in answers[0].why
    assert told([far, FRAMES], {"cdl", "frames"})[0] == [("degraded", "frames"), ("done", "frames")]
    ends, placed, answers = told([far], {"cdl", "lut", "frames"})
    assert (ends, placed) == ([("refused", "")], [])
    assert set(answers[0].lacks) == {"lut", "frames"}


@pytest.mark.parametrize("apart", [1.0, {"mean": 1.0, "percentile_95": 9.0}, 0])
def test_a_cdl_near_enough_stands(apart):
    assert told([{**CDL, "residual": apart}, LUT], {"cdl", "lut"})[1] == ["cdl"]


def test_the_hosts_own_order_of_spaces_chooses_the_cdl():
    log, linear = CDL, {**CDL, "working_space": "ACEScg"}
    for spaces, chosen in ((("ACEScg", "ACEScct"), 1), (("ACEScct", "ACEScg"), 0)):
        ends, placed, answers = told([log, linear, LUT], {"cdl", "lut"}, spaces)
        assert placed == ["cdl"]
        assert ends[chosen] == ("done", "cdl")
        assert ends[1 - chosen] == ends[2] == ("spare", "")
        assert answers[2].why == "The same look stands as cdl."


def test_a_cdl_of_another_space_is_next_before_the_cube():
    far = {**CDL, "working_space": "ACEScg", "residual": 4.0}
    ends, placed, _ = told([far, CDL], {"cdl"}, ("ACEScg", "ACEScct"))
    assert ends == [("refused", ""), ("done", "cdl")]
    assert placed == ["cdl"]


def test_a_cube_that_is_needed_goes_before_the_cdl_under_it():
    needed = {**LUT, "needed": True}
    assert told([CDL, needed], {"cdl", "lut"})[0] == [("spare", ""), ("done", "lut")]
    ends, placed, _ = told([CDL, needed, FRAMES], {"cdl", "frames"})
    assert ends == [("spare", ""), ("degraded", "frames"), ("done", "frames")]
    assert placed == ["frames"]


def test_a_grade_becomes_the_cdl_that_is_equal_to_it():
    grade = {"kind": "grade", "gain": [2, 1, 1], "offset": [0, 0, 0.5], "working_space": "ACEScct"}
    attempt, placed = placing({"cdl"})
    (answer,) = settle([grade], ("ACEScct",), attempt)
    assert (answer.status, answer.became) == ("degraded", "cdl")
    made = placed[0].data
    assert check(made) == "cdl"
    assert (made["slope"], made["offset"]) == (grade["gain"], grade["offset"])
    assert (made["power"], made["saturation"]) == ([1.0] * 3, 1.0)
    assert made["working_space"] == "ACEScct"


def test_a_matte_stands_for_the_roto_of_its_name_only():
    roto = {**RESULTS["roto"], "name": "person"}
    assert told([roto, MATTE], {"matte"})[0] == [("degraded", "matte"), ("done", "matte")]
    assert told([roto, MATTE], {"frames"})[0] == [("degraded", "frames")] * 2
    other = {**MATTE, "name": "car"}
    assert told([roto, other], {"matte"})[0] == [("refused", ""), ("done", "matte")]


def test_data_for_other_programs_is_named_where_it_cannot_stand():
    tracks = {**RESULTS["tracks"], "file": "/show/tracks.txt"}
    attempt, placed = placing({"note"})
    assert settle([tracks], (), attempt)[0].became == "note"
    assert placed[0].data["text"] == "tracks: /show/tracks.txt"
    assert told([tracks], {"frames"})[0] == [("degraded", "message")]
    assert told([RESULTS["tracks"]], {"note"})[0] == [("refused", "")]


def test_pictures_go_before_words():
    roto = {**RESULTS["roto"], "file": "/show/person.json"}
    assert told([roto, MATTE], {"frames", "note"})[0][0] == ("degraded", "frames")
    assert told([roto], {"frames", "note"})[0][0] == ("degraded", "note")


def test_a_key_is_frames_where_nothing_finishes_it():
    attempt, placed = placing({"frames", "matte"})
    (answer,) = settle([RESULTS["key"]], (), attempt)
    assert (answer.status, answer.became) == ("degraded", "frames")
    assert check(placed[0].data) == "frames"
    assert told([RESULTS["key"]], {"key"})[0] == [("done", "key")]
    assert not wants_frames(told([RESULTS["key"]], {"key"})[2])


@pytest.mark.parametrize(
    ("screen", "channel"),
    [
        ([0.4, 0.1, 0.1], 0),
        ([0.1, 0.34, 0.08], 1),
        ([0.06, 0.1, 0.36], 2),
        ([0.3, 0.31, 0.29], None),
        ([0.09, 0.1, 0.1], None),
        ([8, 9.5, 1], 1),
    ],
)
def test_a_screen_of_a_colour_throws_its_strongest_channel(screen, channel):
    assert screen_channel({**RESULTS["key"], "screen": screen}) == channel


def test_a_jobs_own_frames_are_found_whatever_they_are_to_a_host():
    for kind in ("frames", "key", "matte"):
        assert frames_of([CDL, RESULTS["roto"], RESULTS[kind]]) == RESULTS[kind]
    assert frames_of([CDL, LUT, RESULTS["stmap"], {"kind": None}, "frames"]) is None


def test_markers_become_words():
    attempt, placed = placing(())
    markers = [{"frame": 1002, "text": "flicker"}, {"frame": 1010, "text": "dust"}]
    assert settle([{"kind": "markers", "markers": markers}], (), attempt)[0].became == "message"
    assert placed[0].data["text"] == "1002: flicker\n1010: dust"
    one = {"frame": 1004, "length": 1, "kind": "mended", "text": "dust"}
    more = {"frame": 1007, "length": 2, "kind": "rebuilt", "text": "from 1006 and 1009"}
    settle([{"kind": "markers", "markers": [one, more]}], (), attempt)
    assert placed[1].data["text"] == "1004 mended: dust\n1007-1008 rebuilt: from 1006 and 1009"


def test_a_companion_that_is_not_whole_is_not_used():
    broken = {"kind": "lut", "space": "ACEScct"}
    ends, placed, answers = told([{**CDL, "residual": 2.0}, broken], {"cdl", "lut"})
    assert ends == [("refused", ""), ("refused", "")]
    assert placed == []
    assert "lacks 'path'" in answers[1].why


# --- who decides -----------------------------------------------------------------------------


def test_a_host_that_finds_out_late_goes_on_with_the_next_form():
    tried = []

    def attempt(form):
        tried.append((form.number, form.kind))
        if form.kind == "cdl":
            raise CannotPlace("this clip is locked")
        return ("made",)

    answers = settle([CDL, LUT], ("ACEScct",), attempt)
    assert tried == [(0, "cdl"), (1, "lut")], "each form once"
    assert answers[0] == Answer("cdl", "degraded", "lut", "cdl: this clip is locked.", ("made",))
    assert answers[1].status == "done"


def test_what_else_goes_wrong_is_not_taken_for_a_no():
    def attempt(form):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        settle([CDL], ("ACEScct",), attempt)


def test_there_is_one_answer_for_each_in_their_order():
    results = [FRAMES, {"kind": "x"}, LUT, CDL, {"kind": "note", "text": "said"}]
    answers = told(results, {"cdl", "lut", "frames", "note"})[2]
    assert [a.kind for a in answers] == ["frames", "x", "lut", "cdl", "note"]
    assert [a.status for a in answers] == ["done", "refused", "spare", "done", "done"]
    assert told([], {"cdl"})[2] == []


def test_frames_are_wanted_only_where_nothing_else_stands():
    everything = {"cdl", "lut", "frames"}
    assert not wants_frames(told([CDL, LUT], everything)[2])
    assert wants_frames(told([CDL, LUT], {"frames"})[2])
    assert not wants_frames(told([CDL, LUT, FRAMES], {"frames"})[2])
    assert not wants_frames(told([{**CDL, "residual": 3}, LUT], everything)[2])
    assert wants_frames(told([RESULTS["roto"]], {"matte"})[2])
    assert not wants_frames(told([RESULTS["camera"]], {"frames"})[2])
    assert wants_frames(told([RESULTS["markers"]], {"markers"})[2]), "marks tell of frames"
    assert wants_frames(told([RESULTS["markers"]], {"note"})[2])
    assert wants_frames([]), "a tool that hands nothing back makes frames"
    assert not wants_frames(told([RESULTS["note"]], {"note"})[2])
    needed = {**LUT, "needed": True}
    assert not wants_frames(told([CDL, needed], {"cdl"})[2]), "the CDL stands, near enough"
    assert set(LOOK) < KINDS.keys()
