"""Edits that are broken, or made to do harm: what cannot be read is said, and nothing ends."""

import json
import subprocess
import sys
from pathlib import Path

import opentimelineio as otio
import pytest
from edits import clip, edl, saved, span

from answerprint.edit import edl as lists
from answerprint.edit import guarded
from answerprint.edit import parse as parsing
from answerprint.edit.cut import read_cut
from answerprint.errors import BadInput


def one(path):
    (event,) = read_cut(path).events
    return event


SOP = {"slope": [1.1, 1, 0.9], "offset": [0, 0, 0.1], "power": [1, 1, 1]}


@pytest.mark.parametrize(
    "odd",
    [
        {"asc_sop": SOP | {"slope": "1.1 1.0 0.9"}},
        {"asc_sop": SOP | {"slope": "111"}},
        {"asc_sop": SOP | {"power": [1.0, 1.0]}},
        {"asc_sop": SOP | {"offset": [0, 0, float("nan")]}},
        {"asc_sop": SOP | {"offset": 0.1}},
        {"asc_sop": SOP | {"offset": [0, 0, {"a": 1}]}},
        {"asc_sop": SOP, "asc_sat": "much"},
        {"asc_sop": "(1 1 1)(0 0 0)(1 1)"},
        {"slope": [1.1, 1, 0.9]},
        [1, 2],
    ],
)
def test_a_cdl_that_cannot_be_read_is_said(tmp_path, odd):
    shot = clip("a", None, span(0, 4))
    shot.metadata["cdl"] = odd
    cut = read_cut(saved(tmp_path / "r.otio", shot))
    assert cut.events[0].cdl is None
    assert [w for w in cut.warnings if w.startswith("001 a: the CDL it has cannot be read: ")]


@pytest.mark.parametrize("fault", [AttributeError, TypeError, KeyError, IndexError])
def test_a_fault_of_ours_is_not_put_on_the_edit(tmp_path, monkeypatch, fault):
    def broken(*asked):
        raise fault("a typo of ours")

    monkeypatch.setattr(lists, "_timeline", broken)
    monkeypatch.setattr(parsing, "_rate", broken)
    whole = saved(tmp_path / "r.otio", clip("a", None, span(0, 4)))
    for path in (edl(tmp_path / "r.edl", ("A", 0, 10)), whole):
        with pytest.raises(fault, match="of ours"):
            parsing.parse(path)


def test_a_fault_of_ours_in_the_child_is_told_with_where_it_was(tmp_path, monkeypatch, capfd):
    def broken(*asked):
        raise KeyError("a typo of ours")

    monkeypatch.setattr(parsing, "parse", broken)
    monkeypatch.setattr(guarded, "_limit", lambda: None)
    monkeypatch.setattr(guarded.os, "dup2", lambda *ends: None)
    guarded.main("r.otio", "")
    told = capfd.readouterr().out
    ended = subprocess.CompletedProcess([], 0, told.encode())
    monkeypatch.setattr(guarded.subprocess, "run", lambda *asked, **more: ended)
    with pytest.raises(RuntimeError, match=r"(?s)a fault of ours.*in broken.*a typo of ours"):
        read_cut(str(tmp_path / "r.otio"))


def test_a_timeline_within_collections_is_read(tmp_path):
    path = saved(tmp_path / "r.otio", clip("a", None, span(0, 4)))
    whole = otio.adapters.read_from_file(path)
    inner = otio.schema.SerializableCollection("bin", [whole])
    outer = otio.schema.SerializableCollection("project", [inner])
    otio.adapters.write_to_file(outer, path)
    assert one(path).name == "a"
    inner.append(otio.schema.Timeline("second"))
    otio.adapters.write_to_file(outer, path)
    with pytest.raises(BadInput, match="2 timelines: reel, second"):
        read_cut(path)


def test_a_clip_outside_of_any_track_is_an_event(tmp_path):
    path = Path(saved(tmp_path / "r.otio", clip("a", otio.schema.MissingReference(), span(0, 4))))
    document = json.loads(path.read_text())
    (track,) = document["tracks"]["children"]
    (shot,) = track["children"]
    gap = json.loads(otio.schema.Gap(source_range=span(0, 5)).to_json_string())
    document["tracks"]["children"] = [shot, gap, track | {"name": "V2"}]
    path.write_text(json.dumps(document))
    assert [(e.name, e.track) for e in read_cut(str(path)).events] == [("a", 1), ("a", 3)]


@pytest.mark.parametrize("scalar", [float("nan"), float("inf"), 1e300])
def test_a_speed_that_is_none_is_refused(tmp_path, scalar):
    warp = otio.schema.LinearTimeWarp(time_scalar=scalar)
    path = saved(tmp_path / "r.otio", clip("a", None, span(0, 4), effects=[warp]))
    with pytest.raises(BadInput, match="'a' has a speed of"):
        read_cut(path)


def test_a_clip_that_shows_a_reference_it_does_not_have_is_an_event(tmp_path):
    path = Path(saved(tmp_path / "r.otio", clip("a", None, span(0, 4))))
    key = '"active_media_reference_key": "'
    path.write_text(path.read_text().replace(f"{key}DEFAULT_MEDIA", f"{key}other"))
    assert one(str(path)).why == "Its media a is not there."


@pytest.mark.parametrize("text", ["{", "[]", "7", '{"OTIO_SCHEMA": "Timeline.1"}', "\xff", ""])
def test_what_otio_says_of_a_broken_file_is_kept(tmp_path, text):
    (tmp_path / "r.otio").write_bytes(text.encode("latin-1"))
    with pytest.raises(BadInput, match=r"r\.otio") as refused:
        read_cut(str(tmp_path / "r.otio"))
    assert refused.value.detail or "no timeline" in refused.value.title


def stack(name, children):
    said = {"metadata": {}, "source_range": None, "effects": [], "markers": [], "enabled": True}
    return {"OTIO_SCHEMA": "Stack.1", "OTIO_REF_ID": name, "name": name, **said, **children}


def hostile():
    """Documents that end whoever opens them by walking down: name -> text."""
    deep = 100_000
    again = {"OTIO_SCHEMA": "SerializableObjectRef.1", "id": "a"}
    inner = json.dumps(stack("s", {"children": [7]}))
    before, after = inner.split("7")
    head = '{"OTIO_SCHEMA": "Timeline.1", "name": "r", "metadata": %s, "tracks": %s}'
    itself = head % (
        "{}",
        json.dumps(stack("a", {"children": [stack("b", {"children": [again]})]})),
    )
    nothing = json.loads(head % ("{}", "null"))
    several = {"OTIO_SCHEMA": "SerializableCollection.1", "name": "c", "metadata": {}}
    several["children"] = [nothing]
    return {
        "lists": head % ('{"x": ' + "[" * deep + "]" * deep + "}", "{}"),
        "maps": head % ('{"a": ' * deep + "1" + "}" * deep, "{}"),
        "unclosed": "[" * deep,
        "quoted": head % ('{"x": "\\"", "y": ' + "[" * deep + "]" * deep + "}", "{}"),
        "stacks": head % ("{}", before * deep + after * deep),
        "empty": head % ("{}", "null"),
        "among": json.dumps(several),
        "itself": itself,
        "spelt": itself.replace("SerializableObjectRef", "\\u0053erializableObjectRe\\u0066"),
    }


def test_a_document_made_to_end_its_reader_is_refused(tmp_path):
    for name, text in hostile().items():
        (tmp_path / f"{name}.otio").write_text(text)
    code = (
        "import sys\n"
        "from answerprint.edit.cut import read_cut\n"
        "from answerprint.errors import BadInput\n"
        "for path in sys.argv[1:]:\n"
        "    try: read_cut(path)\n"
        "    except BadInput as refused: print(refused.title, flush=True)\n"
    )
    paths = [str(tmp_path / f"{name}.otio") for name in hostile()]
    ended = subprocess.run(
        [sys.executable, "-c", code, *paths], capture_output=True, text=True, timeout=120
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr[-400:]
    said = [" ".join(line.split()[1:]) for line in ended.stdout.splitlines()]
    assert (
        said
        == ["nests deeper than any edit."] * 5
        + ["holds a timeline without tracks."] * 2
        + ["refers to itself."] * 2
    )


def test_brackets_in_names_are_no_nests(tmp_path):
    shot = clip("[" * 5000 + '\\"{', None, span(0, 4))
    shot.metadata["x"] = {"y": ["{" * 5000, "\\", '"']}
    (event,) = read_cut(saved(tmp_path / "r.otio", shot, shot.deepcopy())).events[:1]
    assert event.name == shot.name


def test_a_text_without_an_end_is_scanned_in_time(tmp_path):
    (tmp_path / "r.otio").write_text('{"a": "' + '\\"' * 1_000_000)
    with pytest.raises(BadInput, match="cannot be read as a cut"):
        read_cut(str(tmp_path / "r.otio"))
