"""Takes to audition in Resolve: the timeline that comes in, what it may lose, and the way back."""

import json
from pathlib import Path

import pytest
import resolve_rig
from audition_gaps import gaps_of
from scenes import plate

from answerprint_bridge.messages import WireError


@pytest.fixture
def rig(tmp_path):
    project = tmp_path / "Größe" / "sc010"
    project.mkdir(parents=True)
    made = resolve_rig.newest(project)
    made.on_disk(plate(pattern=str(tmp_path / "one.%04d.exr"), last=1003))
    return made


@pytest.fixture
def gaps(rig, tmp_path):
    (tmp_path / "v003").mkdir()
    return gaps_of(rig.host, tmp_path / "v003")


def project(rig):
    return rig.resolve._manager._project


def names(rig):
    return [each._name for each in project(rig)._timelines]


def test_the_cut_comes_in_as_a_timeline_of_its_own_and_is_open(rig, gaps):
    artists, before = rig.line, rig.snapshot()
    rig.host.lay_auditions(gaps)
    assert names(rig) == ["sc010", "sc010 audition v003"]
    assert rig.line is project(rig)._timelines[1]
    project(rig)._line = artists
    after = rig.snapshot()
    assert {name: after[name] for name in before} == before


def test_it_is_found_again_wherever_the_artist_is_and_whatever_was_moved(rig, gaps):
    laid = rig.host.lay_auditions(gaps)
    auditions = rig.line
    moved = rig.clip(laid["gap_1.2"])
    moved._start, moved._track, auditions._name = moved._start + 40, 1, "sc010 audition v003 Anna"
    project(rig)._line = project(rig)._timelines[0]
    assert rig.host.lay_auditions(gaps) == laid
    assert rig.line is auditions
    auditions._clips.remove(moved)
    assert list(rig.host.lay_auditions(gaps)) == ["gap_1.1"]
    assert len(names(rig)) == 2


def test_it_is_found_again_whatever_the_artist_calls_it(rig, gaps):
    laid = rig.host.lay_auditions(gaps)
    auditions = rig.line
    auditions._name = "Anna's choice"
    project(rig)._line = project(rig)._timelines[0]
    assert rig.host.lay_auditions(gaps) == laid
    assert rig.line is auditions
    assert len(names(rig)) == 2


def test_of_two_timelines_that_have_them_the_open_one_counts(rig, gaps, tmp_path):
    rig.host.lay_auditions(gaps)
    first = rig.line
    path = rig.host.export_timeline(str(tmp_path / "copy.otio"))
    copy = rig.host.import_timeline(path, "sc010 audition v003 copy")
    copied = next(t for t in project(rig)._timelines if copy == f"timeline:{t.GetUniqueId()}")
    for old, new in zip(first._clips, copied._clips, strict=True):
        new._markers = {at: dict(each) for at, each in old._markers.items()}
    project(rig)._line = copied
    laid = rig.host.lay_auditions(gaps)
    assert rig.line is copied
    assert {rig.clip(ref) for ref in laid.values()} <= set(copied._clips)


def test_a_name_that_is_taken_by_another_is_left_alone(rig, gaps, tmp_path):
    path = rig.host.export_timeline(str(tmp_path / "a.otio"))
    rig.host.import_timeline(path, "sc010 audition v003")
    rig.host.lay_auditions(gaps)
    assert names(rig)[1:] == ["sc010 audition v003", "sc010 audition v003 2"]


def test_another_search_of_the_same_name_is_another_timeline(rig, gaps, tmp_path):
    laid = rig.host.lay_auditions(gaps)
    artists = project(rig)._line = project(rig)._timelines[0]
    (tmp_path / "elsewhere/v003").mkdir(parents=True)
    other = gaps_of(rig.host, tmp_path / "elsewhere/v003")
    assert not set(rig.host.lay_auditions(other).values()) & set(laid.values())
    assert names(rig)[1:] == ["sc010 audition v003", "sc010 audition v003 2"]
    assert rig.line is not artists
    assert rig.host.lay_auditions(gaps) == laid


@pytest.mark.parametrize("come", [True, False])
def test_each_take_has_one_marker_whether_they_come_with_the_file_or_not(rig, gaps, come):
    rig.world.markers_come = come
    laid = rig.host.lay_auditions(gaps)
    for ref in laid.values():
        ((frame, marker),) = rig.clip(ref)._markers.items()
        assert frame == 1.0, "counted from the media's first frame, as its left offset is"
        assert marker["color"] == "Cyan"
        assert json.loads(marker["customData"])["tags"]["audition"]["cut"] == gaps["cut"]
    assert rig.host.lay_auditions(gaps) == laid


@pytest.mark.parametrize("lost", ["clip", "length"])
def test_a_take_that_did_not_come_as_it_was_is_not_laid(rig, gaps, lost):
    document = json.loads(Path(gaps["cut"]).read_text())
    children = document["tracks"]["children"][2]["children"]
    if lost == "clip":
        children.pop()
    else:  # as a speed that is not kept would make it
        children[1]["source_range"]["duration"]["value"] = 1.0
    Path(gaps["cut"]).write_text(json.dumps(document))
    assert list(rig.host.lay_auditions(gaps)) == ["gap_1.1"]


def test_what_resolve_wrote_itself_is_not_judged(rig, gaps):
    """A slug in the artist's own track has no media that could be named."""
    document = json.loads(Path(gaps["cut"]).read_text())
    slug = {"OTIO_SCHEMA": "MissingReference.1"}
    own = document["tracks"]["children"][0]["children"]
    own.append({**own[0], "name": "Slug", "media_references": {"DEFAULT_MEDIA": slug}})
    Path(gaps["cut"]).write_text(json.dumps(document))
    with pytest.raises(WireError, match="did not import"):  # the double takes no such clip
        rig.host.lay_auditions(gaps)
    document["tracks"]["children"][1]["children"][1]["media_references"] = {"DEFAULT_MEDIA": slug}
    Path(gaps["cut"]).write_text(json.dumps(document))
    with pytest.raises(WireError, match=r"would not take .* clip 'gap_1.1 take_a' names its media"):
        rig.host.lay_auditions(gaps)


@pytest.mark.parametrize("fault", ["AddMarker", "SetClipEnabled"])
def test_what_fails_half_way_leaves_the_artists_timeline_open_and_none_of_ours(
    rig, gaps, monkeypatch, fault
):
    artists = rig.line
    monkeypatch.setattr(resolve_rig.double.TimelineItem, fault, lambda *told: False)
    with pytest.raises(WireError, match=r"Resolve (did not switch|set no marker)"):
        rig.host.lay_auditions(gaps)
    assert names(rig) == ["sc010"]
    assert rig.line is artists


def test_a_swap_that_fails_half_way_shows_what_was_shown(rig, gaps, monkeypatch):
    laid = rig.host.lay_auditions(gaps)
    first, other = laid.values()
    rig.host.swap(first, [other])
    switch = resolve_rig.double.TimelineItem.SetClipEnabled
    monkeypatch.setattr(
        resolve_rig.double.TimelineItem,
        "SetClipEnabled",
        lambda clip, on: False if clip is rig.clip(other) else switch(clip, on),
    )
    with pytest.raises(WireError, match="did not switch"):
        rig.host.swap(other, [first])
    assert [rig.laid(ref)[0] for ref in (first, other)] == [True, False]


def test_an_otio_that_has_gone_is_refused(rig, gaps):
    Path(gaps["cut"]).unlink()
    with pytest.raises(WireError, match="cannot be read") as refused:
        rig.host.lay_auditions(gaps)
    assert refused.value.hint == "Look for missing shots again."
