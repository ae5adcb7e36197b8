"""Final Cut Pro X XML: which frames of which file each clip of a project shows, and when."""

from fractions import Fraction
from pathlib import Path

import pytest
from edits import movie, sequence

from answerprint.edit.cut import read_cut, read_with_clips
from answerprint.edit.marked import markers_of
from answerprint.errors import BadInput

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE fcpxml>
<fcpxml version="1.10"><resources>
<format id="f24" frameDuration="1/24s" width="64" height="48"/>
<format id="f2997" frameDuration="1001/30000s"/>
<format id="still" name="FFVideoFormatRateUndefined"/>
<asset id="a" name="a" start="3600s" duration="100/24s" hasVideo="1" format="f24" src="{url}">
 <metadata><md key="com.apple.proapps.studio.reel" value="A001"/></metadata></asset>
<asset id="b" name="b" start="0s" duration="50s" hasVideo="1" hasAudio="1" format="f24">
 <media-rep kind="proxy-media" src="file:///nowhere/proxy.mov"/>
 <media-rep kind="original-media" src="file:///nowhere/b.mov"/></asset>
<asset id="sound" name="music" start="0s" duration="50s" hasAudio="1" src="file:///nowhere/m.wav"/>
<asset id="card" name="card" start="0s" duration="0s" hasVideo="1" format="still"
 src="file:///nowhere/card.exr"/>
<effect id="e" name="Custom Noise"/>
{more}</resources>"""
PROJECT = """<library><event><project name="reel 2"><sequence format="{format}" tcStart="{start}"
 tcFormat="{count}"><spine>{spine}</spine></sequence></project></event></library></fcpxml>"""


@pytest.fixture
def xml(tmp_path):
    """A file with one project, of what stands in its main storyline."""

    def made(spine, more="", start="0s", format="f24", count="NDF", url="file:///nowhere/a.mov"):
        path = tmp_path / "reel.fcpxml"
        told = PROJECT.format(spine=spine, start=start, format=format, count=count)
        path.write_text(HEAD.format(url=url, more=more) + told)
        return str(path)

    return made


def asset(name, offset, duration, ref="b", inside="", **more):
    said = "".join(f' {word}="{value}"' for word, value in more.items())
    return (
        f'<asset-clip name="{name}" ref="{ref}" offset="{offset}/24s" duration="{duration}/24s"'
        f"{said}>{inside}</asset-clip>"
    )


def rows(cut):
    return [(e.name, e.track, e.record, e.source) for e in cut.events]


def test_a_clip_shows_its_medias_own_timecode(xml, tmp_path):
    url = "file://" + sequence(tmp_path / "in", count=100, timecode=86400).replace("%04d", "1001")
    spine = asset("one", 86400, 10, "a", start="86410/24s") + asset("two", 86410, 5, "a")
    cut = read_cut(xml(spine, start="3600s", url=url))
    one, two = cut.events
    assert rows(cut) == [
        ("one", 1, (86400, 86410), (86410, 86420)),
        ("two", 1, (86410, 86415), (86400, 86405)),
    ]
    assert (one.frames, one.handles, one.reel) == ((1011, 1020), (10, 80), "A001")
    assert two.frames == (1001, 1005)
    assert (cut.start, cut.rate, cut.drop, cut.warnings) == (86400, 24, False, ())


@pytest.mark.parametrize("first", [0, 86400])
def test_offsets_count_from_the_sequences_timecode_or_from_nothing(xml, first):
    cut = read_cut(xml(asset("a", first, 24) + asset("b", first + 36, 24), start="3600s"))
    assert [e.record for e in cut.events] == [(86400, 86424), (86436, 86460)]


def test_drop_frame_and_its_rate(xml):
    cut = read_cut(xml(asset("one", 0, 24), format="f2997", count="DF", start="3603600/1000s"))
    assert (cut.rate, cut.drop, cut.start) == (Fraction(30000, 1001), True, 108000)


def test_connected_clips_lie_on_lanes_at_their_parents_time(xml):
    over = asset("over", 48 + 6, 12, lane="1") + asset("under", 48, 4, lane="-1")
    deep = asset("above", 3, 4, lane="1")
    cut = read_cut(
        xml(
            asset("one", 0, 24)
            + asset("two", 24, 48, start="48/24s", inside=over)
            + asset("three", 72, 24, inside=asset("on", 2, 10, inside=deep, lane="2"))
        )
    )
    assert rows(cut) == [
        ("one", 2, (0, 24), (0, 24)),
        ("under", 1, (24, 28), (0, 4)),
        ("two", 2, (24, 72), (48, 96)),
        ("over", 3, (30, 42), (0, 12)),
        ("three", 2, (72, 96), (0, 24)),
        ("on", 4, (74, 84), (0, 10)),
        ("above", 5, (77, 81), (0, 4)),
    ]


def test_a_transition_reaches_to_both_sides_of_its_cut(xml):
    over = '<transition name="Cross Dissolve" offset="20/24s" duration="12/24s"/>'
    one, two = read_cut(
        xml(asset("a", 0, 24, start="2s") + over + asset("b", 24, 24, start="4s"))
    ).events
    assert (one.head, one.tail, two.head, two.tail, two.over) == (0, 8, 4, 0, 12)


def test_a_transition_that_lies_at_no_cut_is_said(xml):
    over = '<transition name="Wipe" offset="30/24s" duration="2/24s"/>'
    cut = read_cut(xml(asset("a", 0, 24) + over + asset("b", 24, 24)))
    assert "A transition 'Wipe' lies at no cut." in cut.warnings
    assert [e.over for e in cut.events] == [0, 0]


def timed(*points):
    rows = "".join(f'<timept time="{t}s" value="{v}s" interp="linear"/>' for t, v in points)
    return f"<timeMap>{rows}</timeMap>"


@pytest.mark.parametrize(
    ("points", "source", "speed"),
    [
        (((0, 0), (10, 20)), (96, 144), 2.0),
        (((0, 0), (10, 5)), (24, 36), 0.5),
        (((0, 10), (10, 0)), (168, 192), -1.0),
        (((0, 7), (10, 7)), (168, 169), 0.0),
    ],
)
def test_a_time_map_is_a_speed(xml, points, source, speed):
    cut = read_cut(xml(asset("a", 0, 24, start="2s", inside=timed(*points))))
    assert (cut.events[0].source, cut.events[0].speed) == (source, speed)
    assert cut.events[0].record == (0, 24)
    assert not any("average" in each for each in cut.warnings)


def test_a_ramp_is_followed_on_average_and_said(xml):
    ramp = timed((0, 0), (1, 1), (2, 4))
    cut = read_cut(xml(asset("a", 0, 48, inside=ramp)))
    assert (cut.events[0].source, cut.events[0].speed) == ((0, 96), 2.0)
    assert any("'a' changes its speed" in each and "average" in each for each in cut.warnings)


def test_a_time_map_that_counts_from_nothing_over_media_with_timecode(xml):
    cut = read_cut(xml(asset("x", 0, 24, "a", start="86424/24s", inside=timed((0, 0), (2, 4)))))
    assert cut.events[0].source == (86448, 86496)


def test_a_clip_holds_a_video_at_an_offset(xml):
    inside = '<video ref="b" offset="1s" start="5s" duration="20s"/>'
    cut = read_cut(xml(f'<clip name="c" offset="0s" start="3s" duration="1s">{inside}</clip>'))
    assert rows(cut) == [("c", 1, (0, 24), (24 * 7, 24 * 8))]


def test_a_compound_clip_is_opened_and_its_window_cuts(xml):
    story = asset("in", 0, 24) + asset("out", 24, 24)
    media = f'<media id="m"><sequence format="f24"><spine>{story}</spine></sequence></media>'
    ref = '<ref-clip name="nest" ref="m" offset="24/24s" start="20/24s" duration="10/24s"/>'
    cut = read_cut(xml(asset("one", 0, 24) + ref, more=media))
    assert rows(cut)[1:] == [("in", 1, (24, 28), (20, 24)), ("out", 1, (28, 34), (0, 6))]


def test_a_compound_clip_at_another_speed_takes_its_clips_along(xml):
    story = asset("in", 0, 24) + asset("out", 24, 24)
    media = f'<media id="m"><sequence format="f24"><spine>{story}</spine></sequence></media>'
    fast = timed((0, 0), (1, 2))
    ref = f'<ref-clip name="nest" ref="m" offset="0s" duration="24/24s">{fast}</ref-clip>'
    cut = read_cut(xml(ref, more=media))
    assert rows(cut) == [("in", 1, (0, 12), (0, 24)), ("out", 1, (12, 24), (0, 24))]
    assert [e.speed for e in cut.events] == [2.0, 2.0]


def test_of_a_multicam_clip_the_seen_angle_is_read(xml):
    media = (
        '<media id="m"><multicam format="f24" tcStart="10s">'
        f'<mc-angle name="wide" angleID="1">{asset("W", 240, 96)}</mc-angle>'
        f'<mc-angle name="close" angleID="2">{asset("C", 240, 96, start="2s")}</mc-angle>'
        "</multicam></media>"
    )
    ref = (
        '<mc-clip name="cam" ref="m" offset="0s" start="11s" duration="1s">'
        '<mc-source angleID="1" srcEnable="audio"/><mc-source angleID="2" srcEnable="video"/>'
        "</mc-clip>"
    )
    cut = read_cut(xml(ref, more=media))
    assert rows(cut) == [("C", 1, (0, 24), (72, 96))]
    assert "Of the 2 angles of 'cam', 'close' is read, as is seen." in cut.warnings


def test_a_connected_storyline_keeps_its_own_time_and_transitions(xml):
    over = '<transition name="Cross Dissolve" offset="6/24s" duration="4/24s"/>'
    spine = f'<spine lane="1" offset="100s">{asset("x", 0, 8)}{over}{asset("y", 8, 8)}</spine>'
    gap = f'<gap name="Gap" offset="0s" start="98s" duration="10s">{spine}</gap>'
    x, y = read_cut(xml(gap)).events
    assert (x.record, x.tail, y.record, y.head) == ((48, 56), 2, (56, 64), 2)


def test_markers_of_what_is_no_clip_are_kept_and_said(xml):
    inner = f"<spine>{asset('in', 0, 48)}</spine>"
    media = f'<media id="m"><sequence format="f24">{inner}</sequence></media>'
    nest = '<ref-clip name="n" ref="m" offset="0s" start="1s" duration="1s">{}</ref-clip>'
    gap = '<gap offset="1s" start="3600s" duration="1s">{}</gap>'
    title = '<title name="t" ref="e" offset="2s" duration="1s">{}</title>'
    mark = '<marker start="{}" value="{}"/>'
    spine = nest.format(mark.format("30/24s", "nest") + mark.format("31/24s", "nest"))
    spine += gap.format(mark.format("86412/24s", "gap")) + title.format(mark.format("2s", "title"))
    spine += asset("a", 72, 24, inside=mark.format("3/24s", "clip"))
    cut, document, _ = read_with_clips(xml(spine, more=media))
    assert [(m.frame, m.name) for m in markers_of(document)] == [(75, "clip")]
    said = "Markers are not read: on gaps, nests and generated clips (4)."
    assert [each for each in cut.warnings if "Markers" in each] == [said]
    stack, hole, *_ = document.timeline.tracks[0]
    times = [each.marked_range.start_time.value for each in (*stack.markers, *hole.markers)]
    assert times == [30, 31, 12], "in the time of each"


def test_what_is_not_read_is_said(xml):
    effects = '<filter-video ref="e" name="Glow"/><adjust-transform scale="2 2"/>'
    sound = '<asset-clip name="m" ref="sound" offset="1s" duration="1s"/>'
    title = '<title name="Act one" ref="e" offset="2s" duration="1s"/>'
    picks = f'<audition offset="3s">{asset("best", 0, 24)}{asset("other", 0, 24)}</audition>'
    cut = read_cut(xml(asset("a", 0, 24, inside=effects) + sound + title + picks))
    assert [(e.name, e.record) for e in cut.events] == [("a", (0, 24)), ("best", (72, 96))]
    for said in (
        "Effects are not read: Glow (1), adjust-transform (1).",
        "Not looked at: clips of sound (1).",
        "Left out: clips that are generated, not shot (1): Act one.",
        "Of an audition of 2 clips the active one is read.",
    ):
        assert said in cut.warnings


def test_a_still_is_one_frame_and_a_clip_may_be_off(xml):
    card = '<video name="card" ref="card" offset="0s" duration="2s" enabled="0"/>'
    (event,) = read_cut(xml(card)).events
    assert (event.speed, event.source, event.record, event.enabled) == (0.0, (0, 1), (0, 48), False)


def test_the_original_is_taken_and_not_the_proxy(xml):
    assert "/nowhere/b.mov is not there" in read_cut(xml(asset("one", 0, 24))).events[0].why


def test_a_rate_that_the_file_does_not_say_is_the_callers(xml):
    path = Path(xml(asset("one", 0, 24)))
    path.write_text(path.read_text().replace('frameDuration="1/24s"', 'frameDuration=""'))
    with pytest.raises(BadInput, match="does not say its frame rate") as refused:
        read_cut(str(path))
    assert refused.value.hint.startswith("Name the rate.")
    cut = read_cut(str(path), rate="24")
    assert rows(cut) == [("one", 1, (0, 24), (0, 24))]


def test_clips_without_a_project_stand_one_after_another(tmp_path):
    path = tmp_path / "clips.fcpxml"
    clips = '<asset-clip name="x" ref="b" duration="1s"/><asset-clip name="y" ref="a"/>'
    path.write_text(HEAD.format(url="file:///nowhere/a.mov", more="") + clips + "</fcpxml>")
    cut = read_cut(str(path))
    assert rows(cut) == [("x", 1, (0, 24), (0, 24)), ("y", 1, (24, 124), (86400, 86500))]
    assert any("clips and no project" in each for each in cut.warnings)


def test_a_bundle_and_an_xml_of_another_name_are_read_alike(xml, tmp_path):
    text = Path(xml(asset("one", 0, 24))).read_text()
    (tmp_path / "a.fcpxmld").mkdir()
    (tmp_path / "a.fcpxmld" / "Info.fcpxml").write_text(text)
    (tmp_path / "a.xml").write_text(text)
    for name in ("a.fcpxmld", "a.xml"):
        assert rows(read_cut(str(tmp_path / name))) == [("one", 1, (0, 24), (0, 24))]


def test_media_is_found_by_its_name_below_the_folder_of_media(xml, tmp_path):
    movie(tmp_path / "shoot" / "day 1" / "b.mov", count=24)
    event = read_cut(xml(asset("one", 0, 20)), media=str(tmp_path / "shoot")).events[0]
    assert event.frames == (1001, 1020)
    assert event.handles == (0, 4)


def test_media_that_became_a_sequence_is_told_apart_by_its_timecode(xml, tmp_path):
    """`b.mov` of the edit is there as frames now, in two folders of the same name."""
    right = sequence(tmp_path / "x" / "day", "b", timecode=48)
    sequence(tmp_path / "y" / "day", "b", timecode=9000)
    own = '<asset id="b2" start="2s" hasVideo="1" duration="1s" format="f24" src="b.mov"/>'
    path = xml(asset("n", 0, 8, "b2", start="50/24s"), more=own)
    (event,) = read_cut(path, media=str(tmp_path)).events
    assert (event.media.path, event.frames) == (right, (1003, 1010))


def test_media_of_one_name_that_no_timecode_tells_apart_is_not_guessed(xml, tmp_path):
    for folder in ("x", "y"):
        sequence(tmp_path / folder / "day", "b", timecode=0)
    (event,) = read_cut(xml(asset("n", 0, 8)), media=str(tmp_path)).events
    assert event.why.startswith("2 files may be its media: ")


@pytest.mark.parametrize(
    ("spine", "more", "said"),
    [
        (asset("a", "x", 24), "", "a time of 'x/24s'"),
        ('<asset-clip ref="b" offset="0s" duration="1/0s"/>', "", "a time of '1/0s'"),
        ('<asset-clip ref="b" offset="0s" duration="1e9s"/>', "", "a time of '1e9s'"),
        ('<asset-clip name="n" ref="b" offset="0s" duration="-1s"/>', "", "lasts -1 seconds"),
        ('<ref-clip name="n" ref="gone" offset="0s" duration="1s"/>', "", "whose media 'gone'"),
        (
            '<ref-clip ref="m" offset="0s" duration="1s"/>',
            '<media id="m"><sequence format="f24"><spine><ref-clip ref="m" offset="0s"'
            ' duration="1s"/></spine></sequence></media>',
            "holds 'm' within itself",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(xml, spine, more, said):
    with pytest.raises(BadInput, match=r"reel\.fcpxml|lasts") as refused:
        read_cut(xml(spine, more=more))
    assert said in refused.value.title


def test_nests_that_multiply_are_refused(xml):
    """Ten nests of ten each, six deep: a million clips in a file of a page."""
    stories = [asset("x", 0, 1)]
    stories += [f'<ref-clip ref="m{level}" duration="1s"/>' * 10 for level in range(6)]
    media = "".join(
        f'<media id="m{level}"><sequence format="f24"><spine>{story}</spine></sequence></media>'
        for level, story in enumerate(stories)
    )
    with pytest.raises(BadInput, match="more than 50000 clips"):
        read_cut(xml('<ref-clip ref="m6" offset="0s" duration="1s"/>', more=media))


def test_of_several_projects_none_is_guessed(xml, tmp_path):
    path = xml(asset("one", 0, 24))
    text = Path(path).read_text()
    both = text.replace("</project>", '</project><project name="reel 3"><sequence/></project>')
    (tmp_path / "two.fcpxml").write_text(both)
    with pytest.raises(BadInput, match="2 timelines: reel 2, reel 3"):
        read_cut(str(tmp_path / "two.fcpxml"))


def test_a_change_of_speed_is_its_clips_own(xml):
    """The map of a clip that is connected to another one is none of the other's."""
    fast = asset("fast", 24, 24, lane="1", inside=timed((0, 0), (25, 50)))
    cut = read_cut(xml(asset("slow", 0, 48, inside=timed((0, 0), (100, 50)) + fast)))
    assert [(e.name, e.speed, e.source) for e in cut.events] == [
        ("slow", 0.5, (0, 24)),
        ("fast", 2.0, (0, 48)),
    ]


def test_sound_with_a_picture_connected_to_it_is_sound(xml):
    cut = read_cut(xml(asset("m", 0, 48, "sound", inside=asset("over", 12, 24, lane="1"))))
    assert [(e.name, e.record) for e in cut.events] == [("over", (12, 36))]
    assert "Not looked at: clips of sound (1)." in cut.warnings


@pytest.mark.parametrize(
    ("points", "speed", "source"),
    [
        (((0, 0), (20, 10)), 0.5, (24, 36)),
        (((0, 10), (10, 0)), -1.0, (7 * 24, 8 * 24)),
    ],
)
def test_a_nest_at_a_speed_shows_what_its_map_says(xml, points, speed, source):
    """It starts two seconds into its own time, which is another moment of what it holds."""
    held = f'<media id="m"><sequence format="f24"><spine>{asset("n", 0, 240)}</spine></sequence>'
    spine = '<ref-clip name="nest" ref="m" offset="0s" start="2s" duration="1s">{}</ref-clip>'
    (event,) = read_cut(xml(spine.format(timed(*points)), more=f"{held}</media>")).events
    assert (event.record, event.speed, event.source) == ((0, 24), speed, source)


def test_a_nest_that_changes_its_speed_is_said(xml):
    held = f'<media id="m"><sequence format="f24"><spine>{asset("n", 0, 240)}</spine></sequence>'
    ramp = timed((0, 0), (1, 0.5), (2, 2))
    spine = f'<ref-clip name="nest" ref="m" offset="0s" duration="2s">{ramp}</ref-clip>'
    cut = read_cut(xml(spine, more=f"{held}</media>"))
    assert "'nest' changes its speed as it runs; the average is taken." in cut.warnings
