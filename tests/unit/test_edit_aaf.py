"""Avid's AAF, written here with pyaaf2: clips, transitions, speeds, CDLs, and files cut off."""

import aaf2
import pytest
from edits import sequence

from answerprint.edit.cut import read_cut
from answerprint.errors import BadInput


class Reel:
    """An AAF of one picture track at 24; media has timecode from 01:00:00:00."""

    def __init__(self, path):
        self.path = str(path)
        self.file = aaf2.open(self.path, "w")
        self.cut = self.file.create.CompositionMob("reel 2")
        self.cut.usage = "Usage_TopLevel"
        self.file.content.mobs.append(self.cut)
        self.timecode(self.cut, 1000)
        self.track = self.cut.create_empty_sequence_slot(24, media_kind="picture").segment

    def timecode(self, mob, length):
        slot = mob.create_timeline_slot(24)
        slot["PhysicalTrackNumber"].value = 1
        slot.segment = self.file.create.Timecode(24, length=length)
        slot.segment.start = 86400

    def master(self, name, url, length, comments=()):
        create, mobs = self.file.create, self.file.content.mobs
        source = create.SourceMob(name)
        source.descriptor = create.ImportDescriptor()
        locator = create.NetworkLocator()
        locator["URLString"].value = url
        source.descriptor["Locator"].append(locator)
        source.create_empty_slot(24, "picture", 1).segment.length = length
        self.timecode(source, length)
        mobs.append(source)
        master = create.MasterMob(name)
        mobs.append(master)
        slot = master.create_timeline_slot(24, 1)
        slot.segment = source.create_source_clip(1, 0, length, "picture")
        for word, value in comments:
            master.comments[word] = value
        return master

    def clip(self, master, start, length):
        made = master.create_source_clip(1, start, length, "picture")
        self.track.components.append(made)
        return made

    def retimed(self, master, start, length, ratio):
        """A clip below a motion effect; `ratio` is its SpeedRatio, record for source."""
        define = self.file.dictionary.register_def
        create = self.file.create
        effect = create.OperationDef("9d2ea890-0968-11d3-8a38-0050040ef7d2", "Motion Control")
        effect.media_kind = "picture"
        effect["IsTimeWarp"].value = True
        effect["NumberInputs"].value = 1
        define(effect)
        rational = self.file.dictionary.lookup_typedef("Rational")
        speed = create.ParameterDef(
            "72559a80-24d7-11d3-8a50-0050040ef7d2", "SpeedRatio", "", rational
        )
        define(speed)
        group = create.OperationGroup(effect, length=length)
        group.media_kind = "picture"
        group.parameters.append(create.ConstantValue(speed, ratio))
        group.segments.append(master.create_source_clip(1, start, length * 2, "picture"))
        self.track.components.append(group)

    def saved(self):
        self.track.length = sum(each.length for each in self.track.components)
        self.file.close()
        return self.path


@pytest.fixture
def reel(tmp_path):
    return Reel(tmp_path / "reel.aaf")


def test_clips_with_their_media_and_timecode(reel, tmp_path):
    pattern = sequence(tmp_path / "in", timecode=86400)
    master = reel.master("shot", "file://" + pattern.replace("%04d", "1001"), 24)
    reel.clip(master, 4, 8)
    reel.clip(reel.master("lost", "file:///nowhere/lost.mov", 50), 10, 20)
    cut = read_cut(reel.saved())
    assert [(e.name, e.record, e.source) for e in cut.events] == [
        ("shot", (86400, 86408), (86404, 86412)),
        ("lost", (86408, 86428), (86410, 86430)),
    ]
    assert cut.events[0].frames == (1005, 1012)
    assert "/nowhere/lost.mov is not there" in cut.events[1].why
    assert (cut.rate, cut.start) == (24, 86400)


def test_a_gap_stays_one(reel):
    master = reel.master("shot", "file:///nowhere/a.mov", 100)
    reel.clip(master, 0, 10)
    filler = reel.file.create.Filler("picture", 6)
    reel.track.components.append(filler)
    reel.clip(master, 20, 10)
    assert [e.record for e in read_cut(reel.saved()).events] == [(86400, 86410), (86416, 86426)]


@pytest.mark.parametrize(("ratio", "speed"), [("1/2", 2.0), ("2/1", 0.5)])
def test_a_motion_effect_is_a_speed(reel, ratio, speed):
    master = reel.master("shot", "file:///nowhere/a.mov", 100)
    reel.retimed(master, 10, 20, ratio)
    reel.clip(master, 0, 5)
    first, second = read_cut(reel.saved()).events
    assert (first.speed, first.record) == (speed, (86400, 86420))
    assert first.source == (86410, 86410 + 20 * speed)
    assert (second.speed, second.record) == (1.0, (86420, 86425))


def test_a_cdl_in_the_comments_of_its_media(reel):
    sop = "(1.1 1 0.9)(-0.01 0 0.02)(1 1.05 1)"
    said = (("ASC_SOP", sop), ("ASC_SAT", "0.8"))
    reel.clip(reel.master("shot", "file:///nowhere/a.mov", 100, said), 0, 10)
    assert read_cut(reel.saved()).events[0].cdl == {
        "slope": [1.1, 1, 0.9],
        "offset": [-0.01, 0, 0.02],
        "power": [1, 1.05, 1],
        "saturation": 0.8,
    }


@pytest.mark.parametrize("kept", [0, 3, 600, 4096, 0.5, 0.95])
def test_a_file_that_is_cut_off_is_refused(reel, kept):
    reel.clip(reel.master("shot", "file:///nowhere/a.mov", 100), 0, 10)
    path = reel.saved()
    with open(path, "rb") as file:
        raw = file.read()
    length = int(len(raw) * kept) if isinstance(kept, float) else kept
    with open(path, "wb") as file:
        file.write(raw[:length])
    with pytest.raises(BadInput, match=r"reel\.aaf") as refused:
        read_cut(path)
    assert refused.value.hint
