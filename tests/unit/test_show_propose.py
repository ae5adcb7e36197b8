"""Takes of a show: which frames are free, which clip an edit means, how one is reframed."""

from __future__ import annotations

from fractions import Fraction

import pytest
from edits import sequence

from answerprint.frames.clip import open_clip
from answerprint.show.propose import (
    Take,
    fitted,
    free,
    needed,
    real_frames,
    reframed,
    slated,
    take_of,
    takes,
    very,
)
from answerprint.show.store import make_show

RATE = Fraction(24)


def take(name, first=1001, last=1100, start=86400, rate=RATE, reel="", path=None):
    path = path or f"/dailies/{name}.mov"
    return Take(
        (name, first), path, name, reel, first, last, start, rate, (192, 108), (first, last)
    )


def kept(folder, *rows):
    """A show of clips: (path, name, reel, first, last, start, its shots)."""
    show = make_show(folder)
    with show.writing() as desk:
        for number, (path, name, reel, first, last, start, shots) in enumerate(rows):
            desk.db.execute(
                "INSERT INTO clip (id, path, name, kind, stamp, code, secret, first, last, rate,"
                " start, reel, width, height, space, camera, structures)"
                " VALUES (?, ?, ?, 'stills', '', '', x'', ?, ?, '24', ?, ?, 64, 36, '', '{}', '')",
                (f"c{number}", path, name, first, last, start, reel),
            )
            for one, other in shots:
                desk.db.execute(
                    "INSERT INTO shot (clip, first, last, passport) VALUES (?, ?, ?, x'00')",
                    (f"c{number}", one, other),
                )
    return show


# --- frames --------------------------------------------------------------------------------


def test_what_is_free_lies_beside_what_is_used():
    long = take("a")
    assert free(long, []) == [(1001, 1100)]
    assert free(long, [(1041, 1060)]) == [(1001, 1040), (1061, 1100)]
    assert free(long, [(1081, 1120), (900, 1010), (1005, 1020)]) == [(1021, 1080)]
    assert free(long, [(1001, 1100)]) == []
    assert free(long, [(1101, 1200)]) == [(1001, 1100)]


def test_frames_beyond_a_cut_are_another_takes(tmp_path):
    show = kept(
        tmp_path / "show", ("/d/a.mov", "a", "", 1001, 1100, None, [(1001, 1050), (1051, 1100)])
    )
    first, second = takes(show)
    assert take_of([first, second], "/d/a.mov", 1060, 1100) == second
    assert free(first, [(1011, 1040)]) == [(1001, 1010), (1041, 1050)]
    assert free(second, [(1060, 1100)]) == [(1051, 1059)]
    assert take_of([first, second], "/d/other.mov", 1011, 1040) is None


def test_a_cut_shot_belongs_to_the_take_that_has_most_of_it():
    parts = [take("a", 1001, 1050), take("a", 1051, 1100)]
    assert take_of(parts, "/dailies/a.mov", 1045, 1080) is parts[1]
    assert take_of(parts, "/dailies/a.mov", 1200, 1300) is None
    assert take_of(parts, "/dailies/b.mov", 1045, 1080) is None


def test_a_take_is_fitted_from_the_middle_of_what_is_longest():
    assert fitted([(1001, 1010), (1021, 1060)], 20) == ((1031, 1050), 1.0)
    assert fitted([(1001, 1015), (1021, 1022)], 20) == ((1001, 1015), 0.75)
    with pytest.raises(ValueError, match="empty"):
        fitted([], 10)


def test_takes_come_in_the_order_of_shooting(tmp_path):
    rows = [
        (f"/d/{name}.mov", name, reel, 1, 9, 0, [(1, 9)])
        for name, reel in (("A010", "B"), ("A9", "B"), ("Z", "A"), ("a011", "B"))
    ]
    found = takes(kept(tmp_path / "show", *rows))
    assert [each.name for each in found] == ["Z", "A9", "A010", "a011"]
    assert [each.place for each in found] == [0, 1, 2, 3]
    assert found[0].key == ("c2", 1)
    assert found[0].rate == 24
    assert found[0].size == (64, 36)


def test_a_raised_digit_in_a_name_is_no_number(tmp_path):
    rows = [(f"/d/{name}.mov", name, "", 1, 9, 0, [(1, 9)]) for name in ("A1²3", "A1²1")]
    assert [each.name for each in takes(kept(tmp_path / "show", *rows))] == ["A1²1", "A1²3"]


def test_the_second_shot_of_a_movie_has_its_own_timecode(tmp_path):
    rows = [("/d/a.mov", "a", "", 1001, 1100, 86400, [(1001, 1050), (1051, 1100)])]
    first, second = takes(kept(tmp_path / "show", *rows))
    assert (first.start, second.start) == (86400, 86450)
    assert second.whole == (1001, 1100)


@pytest.mark.parametrize(
    ("scene", "name", "told"),
    [
        ("12A", "A001C004", ("12", "12A")),
        ("12-b", "A001C004", ("12", "12B")),
        ("12", "13A_T1", ("12", "")),  # the log knows better than the name
        ("A12C", "x", ("A12", "A12C")),
        ("INT HOUSE", "x", ("INT HOUSE", "")),
        ("", "12A_T3", ("12", "12A")),
        ("", "12A-3", ("12", "12A")),
        ("", "Scene 12 Take 3", ("12", "")),
        ("", "S012_T03", ("012", "")),
        ("", "A001C004", ("", "")),
        ("", "A001_C004_0101AB", ("", "")),
        ("", "plate.1001", ("", "")),
        ("", "12_3", ("", "")),  # a number alone may be anything
    ],
)
def test_scene_and_slate_by_log_and_name(scene, name, told):
    assert slated(scene, name) == told


def test_takes_know_what_logs_say(tmp_path):
    row = ("/d/A001C001.mov", "A001C001", "A001", 1001, 1100, 86400, [(1001, 1100)])
    show = kept(tmp_path / "show", row)
    said = '{"scene": "12A", "camera": "b cam", "focal_length": 35.0}'
    with show.writing() as desk:
        desk.db.execute("UPDATE clip SET camera = ?, space = 'ACEScg'", (said,))
    (found,) = takes(show)
    assert (found.scene, found.slate, found.camera) == ("12", "12A", "B")
    assert (found.focal, found.space) == (35.0, "ACEScg")


# --- real frames ---------------------------------------------------------------------------


def test_real_frames_are_the_clips_own_first(tmp_path):
    pattern = sequence(tmp_path / "plate", count=48)
    show = kept(tmp_path / "show", (pattern, "plate", "", 1001, 1048, None, [(1001, 1048)]))
    with open_clip(pattern, "1011-1040") as clip:
        head, tail = real_frames(show, clip, 5, 20)
        assert (head.side, head.path, head.first, head.last) == ("head", pattern, 1006, 1010)
        assert (tail.side, tail.first, tail.last) == ("tail", 1041, 1048)
        assert real_frames(show, clip, 0, 0) == []


def test_a_pull_finds_more_of_itself_in_the_take_it_came_from(tmp_path):
    pull = sequence(tmp_path / "pull", "A001C001", 1, 10, timecode=86500)
    rows = [
        ("/d/A001C001.mov", "A001C001", "A001", 1001, 1300, 86400, [(1001, 1300)]),
        ("/d/A001C002.mov", "A001C002", "A001", 1001, 1300, 86400, [(1001, 1300)]),
    ]
    show = kept(tmp_path / "show", *rows)
    with open_clip(pull) as clip:
        head, tail = real_frames(show, clip, 8, 8)
    assert (head.path, head.first, head.last) == ("/d/A001C001.mov", 1093, 1100)
    assert (tail.path, tail.first, tail.last) == ("/d/A001C001.mov", 1111, 1118)


# --- the very clip -------------------------------------------------------------------------


def test_the_very_clip_by_name_reel_and_timecode():
    every = [take("A001C001"), take("A001C002", reel="A001"), take("A001C003", start=200000)]
    (found,) = very(every, ["A001C002.mov"], "A001", (86410, 86420), RATE)
    assert (found.take.name, found.first, found.last) == ("A001C002", 1011, 1020)
    assert found.kind == "same"
    assert found.needs == ()
    assert "name and reel agree" in found.why


def test_another_name_or_another_timecode_is_another_clip():
    every = [take("A001C001", reel="A001")]
    assert very(every, ["B"], "B001", (86410, 86420), RATE) == []
    assert very(every, ["A001C001"], "A001", (86395, 86420), RATE) == []
    assert very(every, ["A001C001"], "A001", (86490, 86501), RATE) == []
    assert len(very(every, ["A001C001"], "A001", (86490, 86500), RATE)) == 1


def test_without_timecode_the_name_alone_is_less_sure():
    bare = take("plate", start=None, rate=None)
    (by_number,) = very([bare], ["plate.%04d.exr"], "", (1011, 1021), RATE)
    assert (by_number.first, by_number.last) == (1011, 1020)
    assert by_number.confidence < 0.8


def test_a_list_at_another_rate_is_counted_at_the_takes():
    (found,) = very([take("a", rate=Fraction(48), start=172800)], ["a"], "", (86410, 86420), RATE)
    assert found.needs == ("retime",)
    assert (found.first, found.last) == (1021, 1040)


# --- punch-ins -----------------------------------------------------------------------------


def test_a_region_of_a_wider_take_fills_the_frame():
    made = reframed((480, 270, 1440, 810), (1920, 1080))
    assert made == {"scale": 2.0, "offset": [0.0, 0.0]}
    right = reframed((960, 540, 1920, 1080), (1920, 1080))
    assert right == {"scale": 2.0, "offset": [-0.5, -0.5]}


def test_an_enlarged_picture_still_covers_the_frame():
    made = reframed((-200, 0, 1000, 675), (1920, 1080))
    assert made["offset"][0] <= (made["scale"] - 1) / 2 + 1e-4


@pytest.mark.parametrize("region", [(0, 0, 1900, 1070), (0, 0, 900, 500), (5, 5, 5, 9)])
def test_what_is_no_punch_in_is_none(region):
    assert reframed(region, (1920, 1080)) is None


def test_needs_stand_once_in_their_order():
    assert needed("retime", "match", "match") == ("match", "retime")
