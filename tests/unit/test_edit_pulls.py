"""Pull lists: what they ask for, and that others read it."""

import itertools
from dataclasses import replace
from fractions import Fraction

import opentimelineio as otio
import pytest
from edits import clip, external, saved, sequence, span
from hypothesis import given
from hypothesis import strategies as st

from answerprint.edit.compare import compare
from answerprint.edit.cut import Cut, Event, read_cut
from answerprint.edit.media import Media
from answerprint.edit.pulls import COLUMNS, merged, pulls_of, to_pull, write_pulls
from answerprint.frames.grade import Cdl

FILM = Fraction(24)
NTSC = Fraction(30000, 1001)
CDL = Cdl((1.123457, 1, 0.9), (0.01, 0, -0.012346), (1, 1.05, 0.95), 0.9)


def media(path="/in/A001.mov", rate=FILM, size=(1920, 1080), drop=False):
    facts = {"kind": "movie", "first": 0, "last": 999, "start": 0, "reel": "", "space": "ACEScg"}
    width, height = size
    more = {"pixel_aspect": 1.0, "channels": (), "width": width, "height": height}
    return Media(path=path, rate=rate, drop=drop, **facts, **more)


def event(name, first, length, *, handles=(50, 50), file=None, **more):
    told = {"number": 1, "id": name, "track": 1, "reel": "R1", "rate": FILM} | more
    found = file if file is not None else media()
    frames = (first, first + length - 1)
    source, record = (first, first + length), (0, length)
    return Event(
        name=name, source=source, record=record, handles=handles, frames=frames, media=found, **told
    )


def offline(name, first, length, **more):
    return replace(event(name, first, length, handles=(0, 0), **more), media=None, frames=None)


def cut(*events, rate=FILM, drop=False):
    return Cut("reel.otio", "reel", rate, drop, 0, events, ())


def ranges(pulls):
    return [(p.first, p.end) for p in pulls]


def test_handles_are_on_both_sides(tmp_path):
    (pull,), said = pulls_of(cut(), [event("A", 100, 24)])
    assert (pull.first, pull.end) == (92, 132)
    assert said == []


def test_handles_stop_where_the_media_does_and_it_is_said():
    pulls, said = pulls_of(cut(), [event("A", 100, 24, handles=(3, 0))])
    assert ranges(pulls) == [(97, 124)]
    assert said == [
        "A has 3 of 8 frames of handle before it.",
        "A has 0 of 8 frames of handle after it.",
    ]


def test_handles_begin_where_a_transition_ends():
    dissolved = event("A", 100, 24, head=6, tail=4)
    assert ranges(pulls_of(cut(), [dissolved])[0]) == [(86, 136)]


def test_pulls_of_one_clip_that_meet_are_one():
    near = [event("A", 100, 24), event("A_2", 140, 24), event("A_3", 300, 24)]
    pulls, _ = pulls_of(cut(), near)
    assert [(p.first, p.end, p.events) for p in pulls] == [
        (92, 172, ("A", "A_2")),
        (292, 332, ("A_3",)),
    ]
    other = event("B", 110, 24, file=media("/in/B001.mov"))
    assert len(pulls_of(cut(), [near[0], other])[0]) == 2


def test_media_that_is_not_there_is_asked_for_by_reel_and_name():
    pulls, said = pulls_of(cut(), [offline("A", 3, 24), offline("A_2", 20, 24)])
    assert ranges(pulls) == [(0, 35), (12, 52)], "two names are two clips"
    assert len(said) == 1
    assert "A, A_2" in said[0]


def test_a_cdl_of_one_pull_is_one():
    shots = [event("A", 100, 24), event("A_2", 110, 24)]
    both = dict.fromkeys(("A", "A_2"), CDL)
    assert pulls_of(cut(*shots), shots, cdls=both)[0][0].cdl == CDL
    pulls, said = pulls_of(cut(*shots), shots, cdls={"A": CDL})
    assert pulls[0].cdl is None
    assert "A, A_2 are one pull" in said[0]


def test_the_edits_own_cdl_is_taken():
    numbers = {name: list(getattr(CDL, name)) for name in ("slope", "offset", "power")}
    shot = event("A", 100, 24, cdl={**numbers, "saturation": CDL.saturation})
    assert pulls_of(cut(shot), [shot])[0][0].cdl == CDL


# --- what is asked for ---------------------------------------------------------------------


def asked(before, after, handles=8):
    return [e.id for e in to_pull(compare(cut(*before), cut(*after)), handles)]


def test_what_is_there_already_is_not_asked_for():
    shot = event("A", 100, 24)
    assert asked([shot], [shot]) == []
    assert asked([shot], [event("A", 92, 40)]) == [], "within the handles"
    assert asked([shot], [event("A", 91, 40)]) == ["A"]
    assert asked([shot], [event("A", 92, 41)]) == ["A"]
    assert asked([shot], [event("A", 92, 41)], handles=9) == []
    assert asked([shot], [event("A", 95, 24, head=4)]) == ["A"], "its dissolve needs more"


def test_what_is_new_is_asked_for_unless_its_frames_are_there():
    shot = event("A", 100, 24)
    again = event("A_2", 104, 10)
    other = event("B", 100, 24, file=media("/in/B001.mov"))
    assert asked([shot], [shot, again, other]) == ["B"]


def test_what_is_missing_is_asked_for():
    assert asked([offline("A", 100, 24)], [offline("A", 100, 24)]) == ["A"]


# --- files ---------------------------------------------------------------------------------


def ale(path):
    """Rows of the file's own text, by column."""
    lines = path.read_text().splitlines()
    assert lines[0] == "Heading"
    head = dict(line.split("\t") for line in lines[1 : lines.index("")])
    columns = lines[lines.index("Column") + 1].split("\t")
    rows = [line.split("\t") for line in lines[lines.index("Data") + 1 :]]
    return head, [dict(zip(columns, row, strict=True)) for row in rows]


def test_the_ale_has_its_columns(tmp_path):
    shots = [event("A", 100, 24), event("B", 86400, 24, file=media("/in/B001.mov"))]
    made = write_pulls(cut(*shots), shots, tmp_path, "pull", cdls={"B": CDL})
    assert made.files == ("pull.edl", "pull.ale")
    head, rows = ale(tmp_path / "pull.ale")
    assert head == {"FIELD_DELIM": "TABS", "VIDEO_FORMAT": "1080", "FPS": "24"}
    assert tuple(rows[0]) == COLUMNS
    sop = "(1.123457 1.000000 0.900000)(0.010000 0.000000 -0.012346)(1.000000 1.050000 0.950000)"
    assert list(rows[1].values()) == [
        "B",
        "V",
        "00:59:59:16",
        "01:00:01:08",
        "00:00:01:16",
        "R1",
        "/in/B001.mov",
        "24",
        sop,
        "0.900000",
    ]
    assert (rows[0]["ASC_SOP"], rows[0]["ASC_SAT"]) == ("", "")


def test_opentimelineios_adapter_reads_the_ale(tmp_path):
    shots = [event("A", 100, 24), event("B", 500, 24, file=media("/in/B001.mov"))]
    write_pulls(cut(*shots), shots, tmp_path, "pull", cdls={"B": CDL})
    read = otio.adapters.read_from_file(str(tmp_path / "pull.ale"))
    told = [(c.name, c.source_range.start_time.value, c.source_range.duration.value) for c in read]
    assert told == [("A", 92, 40), ("B", 492, 40)]
    assert read[1].media_reference.target_url == "/in/B001.mov"
    sop = read[1].metadata["cdl"]["asc_sop"]
    assert [list(sop[n]) for n in ("slope", "offset", "power")] == [
        list(CDL.slope),
        list(CDL.offset),
        list(CDL.power),
    ]
    assert read[1].metadata["cdl"]["asc_sat"] == 0.9
    assert read[0].metadata["ALE"]["Tape"] == "R1"


def test_our_own_reader_reads_the_ale(tmp_path):
    shots = [event("A", 100, 24), event("B", 500, 24, file=media("/in/B001.mov"))]
    write_pulls(cut(*shots), shots, tmp_path, "pull", cdls={"B": CDL})
    events = read_cut(str(tmp_path / "pull.ale")).events
    assert [(e.name, e.reel, e.source) for e in events] == [
        ("A", "R1", (92, 132)),
        ("B", "R1", (492, 532)),
    ]
    assert Cdl.of(events[1].cdl) == CDL


@pytest.mark.parametrize("drop", [True, False])
def test_ntsc_counts_as_the_media_does(tmp_path, drop):
    """10 minutes in, drop frame is 18 numbers ahead."""
    file = media(rate=NTSC, drop=drop)
    shot = event("A", 18008, 22, rate=NTSC, file=file)
    write_pulls(cut(shot, rate=NTSC, drop=drop), [shot], tmp_path, "pull")
    head, (row,) = ale(tmp_path / "pull.ale")
    assert head["FPS"] == row["FPS"] == "29.97"
    start = "00:10:00;18" if drop else "00:10:00:00"
    assert row["Start"] == start
    (found,) = otio.adapters.read_from_file(str(tmp_path / "pull.ale"))
    assert found.source_range.start_time.value == 18000
    text = (tmp_path / "pull.edl").read_text()
    assert f"{start} " in text
    assert ("FCM: DROP FRAME" in text) is drop


def test_the_edl_lists_the_pulls_one_after_another(tmp_path):
    shots = [event("A", 100, 24), event("B", 500, 4, file=media("/in/B001.mov"), speed=2.0)]
    write_pulls(cut(*shots), shots, tmp_path, "pull", cdls={"B": CDL})
    found = read_cut(str(tmp_path / "pull.edl"), rate="24")
    assert [(e.name, e.reel, e.source, e.speed) for e in found.events] == [
        ("A", "R1", (92, 132), 1),
        ("B", "R1", (492, 512), 1),
    ]
    assert [e.record for e in found.events] == [(86400, 86440), (86440, 86460)]
    assert Cdl.of(found.events[1].cdl) == CDL
    assert "* SOURCE FILE: B001.mov" in (tmp_path / "pull.edl").read_text()
    theirs = otio.adapters.read_from_file(str(tmp_path / "pull.edl"), rate=24).find_clips()
    assert [c.source_range.start_time.value for c in theirs] == [92, 492]


def test_each_rate_has_files_of_its_own(tmp_path):
    slow = event("B", 500, 25, file=media("/in/B001.mov", Fraction(25)), rate=Fraction(25))
    shots = [slow, event("A", 100, 24), event("A_2", 200, 24)]
    made = write_pulls(cut(*shots), shots, tmp_path, "pull")
    assert made.files == ("pull.edl", "pull.ale", "pull.25.edl", "pull.25.ale")
    assert [r["Name"] for r in ale(tmp_path / "pull.ale")[1]] == ["A", "A_2"]
    head, (row,) = ale(tmp_path / "pull.25.ale")
    assert (head["FPS"], row["Start"]) == ("25", "00:00:19:17")
    assert read_cut(str(tmp_path / "pull.25.edl"), rate="25").events[0].source == (492, 533)


def test_a_name_breaks_no_row(tmp_path):
    shot = event("A\tshot\nor two", 100, 24, id="A")
    write_pulls(cut(shot), [shot], tmp_path, "pull")
    (row,) = ale(tmp_path / "pull.ale")[1]
    assert row["Name"] == "A shot or two"
    assert len(read_cut(str(tmp_path / "pull.edl"), rate="24").events) == 1


def test_nothing_to_pull_writes_no_file(tmp_path):
    assert write_pulls(cut(), [], tmp_path, "pull").files == ()
    assert list(tmp_path.iterdir()) == []


def test_a_real_cut_is_pulled_with_what_its_media_has(tmp_path):
    pattern = sequence(tmp_path / "in")
    path = saved(tmp_path / "reel.otio", clip("A001", external(pattern, 86400, 24), span(86404, 8)))
    found = read_cut(path)
    made = write_pulls(found, list(found.events), tmp_path, "pull")
    _, (row,) = ale(tmp_path / "pull.ale")
    assert (row["Start"], row["End"]) == ("01:00:00:00", "01:00:00:20")
    assert row["Source File"].endswith("in/plate.[1001-1024].exr")
    assert made.warnings == ("A001 has 4 of 8 frames of handle before it.",)


intervals = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 12)))


@given(intervals)
def test_merging_keeps_every_frame_and_adds_none(spans):
    made = merged((first, first + length) for first, length in spans)
    wanted = {n for first, length in spans for n in range(first, first + length)}
    assert {n for first, end in made for n in range(first, end)} == wanted
    assert all(one[1] < other[0] for one, other in itertools.pairwise(made))
    assert merged(made) == made
