"""Frames that are made of several, or at numbers of their own: what is written, kept and told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest
from pictures import bits, headers, plate, save

from answerprint.errors import BadInput, Cancelled
from answerprint.events import Events
from answerprint.frames.clip import open_clip
from answerprint.frames.layers import Layers
from answerprint.frames.redone import own, redone
from answerprint.tools.job import Timed, Whole
from answerprint.worker.render import PROVENANCE, Made
from answerprint.worker.timed import TOLD, Ordered, render_timed

CHANNELS = ("R", "G", "B", "A", "Z")
CLOCK = {
    "framesPerSecond": ("rational", (24, 1)),
    "smpte__TimeCode": ("timecode", (0x01000020, 0)),
}


def shot(folder: Path, numbers: Sequence[int] = (1001, 1002, 1004)) -> str:
    folder.mkdir()
    for number in numbers:
        pixels = plate(channels=5, seed=number)
        save(folder / f"p.{number}.exr", pixels, channels=CHANNELS, **CLOCK)
    return str(folder / "p.%04d.exr")


def mean(number: int, layers: Layers) -> Whole | None:
    """The mean of both neighbours where the frame is missing."""
    if number != 1003:
        return None
    one, other = layers.frame(1002).layers[0], layers.frame(1004).layers[0]
    both = (one.astype(np.float32) + other.astype(np.float32)) / 2
    mask = np.ones(both.shape[:2], np.float32)
    return Whole([both], {"mask.Y": mask, "confidence.Y": mask / 4}, {"from": [1002, 1004]})


def rests(number: int) -> tuple[int, ...]:
    return (1002, 1004) if number == 1003 else (number,)


def render(
    source: str,
    out: Path,
    make: Callable[[int, Layers], Whole | None] = mean,
    part: frozenset[int] | None = None,
    numbers: tuple[int, ...] = (1001, 1002, 1003, 1004),
    rests_on: Callable[[int], tuple[int, ...]] = rests,
    events: Events | None = None,
    beside: tuple[str, ...] = (),
    also: Callable[[int], Sequence[str]] = lambda number: (),
) -> Made:
    out.mkdir(exist_ok=True)
    asked = Ordered(out, "r", lambda hash_: {PROVENANCE: f"made of {hash_}"}, {}, {}, part)
    with open_clip(source, colourspace="ACEScg") as clip:
        timed = Timed(numbers, rests_on, make, also=also, beside=beside)
        return render_timed(clip, timed, asked, events or Events())


def pixels_of(path: Path) -> np.ndarray:
    image = oiio.ImageInput.open(str(path))
    found = image.read_image(0, 0, 0, 5, "half")
    image.close()
    return found


def test_a_frame_is_made_and_the_others_stay_bit_for_bit(tmp_path: Path) -> None:
    made = render(shot(tmp_path / "in"), tmp_path / "out")
    assert (made.written, made.failed) == ([1001, 1002, 1003, 1004], {})
    for number in (1001, 1002, 1004):
        result = pixels_of(tmp_path / f"out/r.{number}.exr")
        assert np.array_equal(bits(result), bits(pixels_of(tmp_path / f"in/p.{number}.exr")))
    one, other = (pixels_of(tmp_path / f"in/p.{n}.exr").astype(np.float32) for n in (1002, 1004))
    assert np.array_equal(
        pixels_of(tmp_path / "out/r.1003.exr"), ((one + other) / 2).astype(np.float16)
    )


def test_it_carries_how_it_was_made_and_its_own_timecode(tmp_path: Path) -> None:
    made = render(shot(tmp_path / "in"), tmp_path / "out")
    assert made.told == {1003: {"from": [1002, 1004]}}
    image = oiio.ImageInput.open(str(tmp_path / "out/r.1003.exr"))
    said = {each.name: each.value for each in image.spec().extra_attribs}
    image.close()
    assert said[TOLD] == '{"from":[1002,1004]}'
    assert said["smpte:TimeCode"][0] == 0x01000021  # one on from 1002's
    assert TOLD.encode() not in (tmp_path / "out/r.1002.exr").read_bytes()


def test_what_explains_it_lies_beside_it(tmp_path: Path) -> None:
    render(shot(tmp_path / "in"), tmp_path / "out")
    assert [p.name for p in sorted((tmp_path / "out").glob("r_qc*"))] == ["r_qc.1003.exr"]
    image = oiio.ImageBuf(str(tmp_path / "out/r_qc.1003.exr"))
    assert set(image.spec().channelnames) == {"mask.Y", "confidence.Y"}
    found = dict(zip(image.spec().channelnames, image.get_pixels(oiio.FLOAT)[3, 4], strict=True))
    assert found == {"mask.Y": 1.0, "confidence.Y": 0.25}


def test_what_is_there_is_not_made_again(tmp_path: Path) -> None:
    source, out = shot(tmp_path / "in"), tmp_path / "out"
    render(source, out)

    def never(number: int, layers: Layers) -> Whole | None:
        raise AssertionError(number)

    made = render(source, out, never)
    assert (made.kept, made.written) == ([1001, 1002, 1003, 1004], [])
    assert made.told == {1003: {"from": [1002, 1004]}}
    assert made.space == "ACEScg"
    (out / "r_qc.1003.exr").unlink()
    assert render(source, out).written == [1003]


def keyed(number: int, layers: Layers) -> Whole:
    """The picture at half its light with a channel of its own; a sequence beside it."""
    frame, light = layers.frame(number), layers.light(number)[0]
    own_one = np.full(light.shape[:2], 0.25, np.float32)
    parts, made = redone(frame, layers.picture(number), light / 2, {"A": own_one, "fore": light})
    beside = {"screen": own(frame, {"screen": light * 3})}
    return Whole(made, {"confidence.Y": own_one}, parts=parts, beside=beside)


def test_a_frame_may_have_channels_of_its_own_and_sequences_beside_it(tmp_path: Path) -> None:
    out = tmp_path / "out"
    render(shot(tmp_path / "in"), out, keyed, numbers=(1001,), beside=("screen", "qc"))
    plate_ = pixels_of(tmp_path / "in/p.1001.exr").astype(np.float32)
    image = oiio.ImageBuf(str(out / "r.1001.exr"))
    names = list(image.spec().channelnames)
    assert sorted(names) == sorted([*CHANNELS, "fore.R", "fore.G", "fore.B"])
    found = dict(zip(names, np.moveaxis(image.get_pixels(oiio.FLOAT), -1, 0), strict=True))
    np.testing.assert_allclose(found["R"], plate_[..., 0] / 2, rtol=2e-3, atol=1e-4)
    np.testing.assert_allclose(found["fore.B"], plate_[..., 2], rtol=2e-3, atol=1e-4)
    assert (found["A"] == 0.25).all()
    assert np.array_equal(found["Z"], plate_[..., 4])
    beside = oiio.ImageBuf(str(out / "r_screen.1001.exr"))
    at = list(beside.spec().channelnames).index("screen.G")
    tripled = beside.get_pixels(oiio.FLOAT)[..., at]
    np.testing.assert_allclose(tripled, plate_[..., 1] * 3, rtol=2e-3, atol=1e-4)


def test_what_lies_beside_it_is_made_again_where_it_is_gone(tmp_path: Path) -> None:
    source, out = shot(tmp_path / "in"), tmp_path / "out"
    asked = {"numbers": (1001, 1002), "beside": ("screen", "qc")}
    render(source, out, keyed, **asked)
    assert render(source, out, keyed, **asked).kept == [1001, 1002]
    (out / "r_screen.1001.exr").unlink()
    (out / "r_qc.1002.exr").unlink()
    assert render(source, out, keyed, **asked).written == [1001, 1002]


def test_a_frame_of_another_input_that_changes_makes_it_anew(tmp_path: Path) -> None:
    source, out = shot(tmp_path / "in"), tmp_path / "out"
    asked = {"numbers": (1001, 1002), "beside": ("screen", "qc")}
    render(source, out, keyed, **asked, also=lambda number: ("one",))
    changed = render(source, out, keyed, **asked, also=lambda number: (f"one{number % 2}",))
    assert (changed.kept, changed.written) == ([], [1001, 1002])
    half = render(source, out, keyed, **asked, also=lambda number: (f"one{number % 2 * 2}",))
    assert (half.kept, half.written) == ([1002], [1001])


def test_a_neighbour_that_changes_makes_it_anew(tmp_path: Path) -> None:
    source, out = shot(tmp_path / "in"), tmp_path / "out"
    render(source, out)
    save(tmp_path / "in/p.1004.exr", plate(channels=5, seed=9), channels=CHANNELS, **CLOCK)
    assert render(source, out).written == [1003, 1004]


def test_a_neighbour_that_is_damaged_stops_that_frame_alone(tmp_path: Path) -> None:
    source, out = shot(tmp_path / "in"), tmp_path / "out"
    whole = (tmp_path / "in/p.1004.exr").read_bytes()
    (tmp_path / "in/p.1004.exr").write_bytes(whole[: len(whole) // 2])
    made = render(source, out)
    assert made.written == [1001, 1002]
    assert sorted(made.failed) == [1003, 1004]
    assert made.failed[1003].startswith("Frame 100")
    assert not list(out.glob("*1003*"))


def test_frames_may_stand_at_numbers_of_their_own(tmp_path: Path) -> None:
    source, out = shot(tmp_path / "in"), tmp_path / "out"
    turned = {1001: 1004, 1002: 1002, 1003: 1001}
    made = render(
        source, out, lambda n, layers: None, None, (1001, 1002, 1003), lambda n: (turned[n],)
    )
    assert made.written == [1001, 1002, 1003]
    assert np.array_equal(pixels_of(out / "r.1001.exr"), pixels_of(tmp_path / "in/p.1004.exr"))
    before = oiio.ImageBuf(str(out / "r.1003.exr")).spec().getattribute("smpte:TimeCode")
    assert before[0] == 0x01000022  # 1001's, two on


def test_a_part_makes_its_own_frames_the_same(tmp_path: Path) -> None:
    source = shot(tmp_path / "in")
    render(source, tmp_path / "out")
    made = render(source, tmp_path / "part", part=frozenset({1003}))
    assert made.written == [1003]
    one, other = ((tmp_path / f / "r.1003.exr").read_bytes() for f in ("out", "part"))
    assert one == other


def test_without_a_rate_a_frame_that_moved_has_no_timecode(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number in (1001, 1002, 1004):
        clock = {"smpte__TimeCode": CLOCK["smpte__TimeCode"]}
        save(tmp_path / f"in/p.{number}.exr", plate(channels=5), channels=CHANNELS, **clock)
    render(str(tmp_path / "in/p.%04d.exr"), tmp_path / "out")
    assert "timeCode" in headers(tmp_path / "out/r.1002.exr")[0]
    assert "timeCode" not in headers(tmp_path / "out/r.1003.exr")[0]


def test_a_cancel_keeps_what_was_finished(tmp_path: Path) -> None:
    class Asked(Events):
        def cancelled(self) -> bool:
            return len(list((tmp_path / "out").glob("r.*.exr"))) > 1

    with pytest.raises(Cancelled):
        render(
            shot(tmp_path / "in", range(1001, 1030)),
            tmp_path / "out",
            lambda n, layers: None,
            None,
            tuple(range(1001, 1030)),
            lambda n: (n,),
            Asked(),
        )
    there = sorted((tmp_path / "out").iterdir())
    assert 1 < len(there) < 29
    assert all(p.name.startswith("r.") for p in there)


def test_a_clip_without_a_picture_gives_no_light(tmp_path: Path) -> None:
    save(tmp_path / "a.exr", plate(channels=1), channels=("Z",))
    source = str(tmp_path / "a.exr")
    with (
        open_clip(source, colourspace="ACEScg") as clip,
        pytest.raises(BadInput, match="has no R, G, B"),
    ):
        Layers(clip).light(1001)


def test_layers_keep_no_more_than_their_room(tmp_path: Path) -> None:
    with open_clip(shot(tmp_path / "in", range(1001, 1011)), colourspace="ACEScg") as clip:
        layers = Layers(clip, room=5000)
        for number in range(1001, 1011):
            layers.light(number)
        assert len(layers._kept) == 2


def test_what_was_asked_for_last_is_kept_longest(tmp_path: Path) -> None:
    with open_clip(shot(tmp_path / "in", range(1001, 1005)), colourspace="ACEScg") as clip:
        layers = Layers(clip, room=3 * sum(a.nbytes for a in Layers(clip).frame(1001).layers))
        kept = [layers.frame(number) for number in (1001, 1002, 1003)]
        assert layers.frame(1001) is kept[0]
        layers.frame(1004)
        assert layers.frame(1001) is kept[0]
        assert layers.frame(1002) is not kept[1]


def test_what_is_forgotten_makes_room_and_is_there_again(tmp_path: Path) -> None:
    with open_clip(shot(tmp_path / "in", range(1001, 1003)), colourspace="ACEScg") as clip:
        layers = Layers(clip)
        light, _ = layers.light(1001)
        layers.forget(1001)
        layers.forget(1002)  # that never was
        assert (layers._taken, len(layers._kept)) == (0, 0)
        assert np.array_equal(layers.light(1001)[0], light)


def test_light_is_valid_where_it_is_finite(tmp_path: Path) -> None:
    pixels = plate()
    pixels[2, 3, 1] = np.nan
    save(tmp_path / "a.exr", pixels)
    with open_clip(str(tmp_path / "a.exr"), colourspace="ACEScg") as clip:
        light, valid = Layers(clip).light(1001)
        assert not valid[2, 3]
        assert valid.sum() == valid.size - 1
        assert np.array_equal(light[2, 3], (0, 0, 0))
        assert np.isfinite(light).all()


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        (Fraction(25), {1001: 0x01000021, 1002: 0x01000022, 1003: 0x01000023, 1004: 0x01000024}),
        (Fraction(60), dict.fromkeys(range(1001, 1005))),  # no timecode counts at 60
    ],
)
def test_at_a_rate_of_its_own_it_counts_at_that(
    tmp_path: Path, rate: Fraction, words: dict[int, int | None]
) -> None:
    source, out = shot(tmp_path / "in"), tmp_path / "out"
    out.mkdir()
    asked = Ordered(out, "r", lambda hash_: {PROVENANCE: hash_}, {}, {})
    numbers, lent = tuple(words), {1001: 1001, 1002: 1002, 1003: 1002, 1004: 1004}
    timed = Timed(numbers, lambda n: (lent[n],), lambda n, layers: None, rate)
    with open_clip(source, colourspace="ACEScg") as clip:
        render_timed(clip, timed, asked, Events())
    for number, word in words.items():
        spec = oiio.ImageBuf(str(out / f"r.{number}.exr")).spec()
        code = spec.getattribute("smpte:TimeCode")
        assert (code[0] if code else None) == word
        assert spec.getattribute("framesPerSecond")[0] == rate.numerator
