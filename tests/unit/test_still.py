"""open_still: what it reads, bit for bit, and what it refuses, word for word."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio
import pytest
from pictures import (
    add_attribute,
    bits,
    headers,
    plate,
    save,
    save_parts,
    set_attribute,
    spec_of,
)

from answerprint.errors import BadInput
from answerprint.frames.frame import Window
from answerprint.frames.still import open_still, rate_of

REC709 = (0.64, 0.33, 0.3, 0.6, 0.15, 0.06, 0.3127, 0.329)


def refusal(path: Path | str, read: bool = False) -> BadInput:
    try:
        with open_still(str(path)) as still:
            if read:
                still.rows(0, 0, still.parts[0].data.height)
    except BadInput as refused:
        return refused
    pytest.fail(f"{path} was not refused")


# --- reading -------------------------------------------------------------------------------


@pytest.mark.parametrize("tile", [0, 5])
@pytest.mark.parametrize("kind", ["half", "float"])
def test_rows_are_the_files_own(tmp_path: Path, tile: int, kind: str) -> None:
    pixels = plate(23, 17).astype(np.float16 if kind == "half" else np.float32)
    pixels[3, 4] = (np.nan, np.inf, -np.inf)
    save(tmp_path / "a.exr", pixels, kind=kind, tile=tile, at=(-4, 9), display=(0, 0, 40, 30))
    with open_still(str(tmp_path / "a.exr")) as still:
        (part,) = still.parts
        assert part.data == Window(-4, 9, 17, 23)
        assert part.display == Window(0, 0, 40, 30)
        assert part.tile == ((tile, tile) if tile else None)
        assert part.types == (kind,) * 3
        for y0, y1 in [(0, 23), (0, 1), (22, 23), (3, 11), (4, 5), (9, 21)]:
            rows = still.rows(0, y0, y1)
            assert rows.dtype == pixels.dtype
            np.testing.assert_array_equal(bits(rows), bits(pixels[y0:y1]))
            rows[:] = 0  # the caller's own: nothing that is read later changes
        np.testing.assert_array_equal(bits(still.rows(0, 0, 23)), bits(pixels))


def test_every_half_is_kept(tmp_path: Path) -> None:
    every = np.arange(65536, dtype=np.uint16).view(np.float16).reshape(128, 512, 1)
    save(tmp_path / "a.exr", every, channels=["Y"])
    with open_still(str(tmp_path / "a.exr")) as still:
        np.testing.assert_array_equal(bits(still.rows(0, 0, 128)), bits(every))


def test_half_and_float_together_come_as_float(tmp_path: Path) -> None:
    pixels = plate(channels=4).astype(np.float32)
    pixels[..., 3] = 1 + np.linspace(0, 1e-6, 20)  # a depth no half can hold
    kinds = ["half", "half", "half", "float"]
    save(tmp_path / "a.exr", pixels, kind=kinds, channels=["R", "G", "B", "Z"])
    with open_still(str(tmp_path / "a.exr")) as still:
        assert still.parts[0].types == tuple(kinds)
        np.testing.assert_array_equal(still.rows(0, 0, 12), pixels)


def test_rows_outside_the_picture_are_our_mistake(tmp_path: Path) -> None:
    save(tmp_path / "a.exr", plate())
    with open_still(str(tmp_path / "a.exr")) as still:
        for y0, y1 in [(-1, 3), (3, 3), (0, 13)]:
            with pytest.raises(ValueError, match="of a picture of 12 rows"):
                still.rows(0, y0, y1)


def test_hash_is_that_of_the_file(tmp_path: Path) -> None:
    save(tmp_path / "a.exr", plate())
    with open_still(str(tmp_path / "a.exr")) as still:
        assert still.sha256 == hashlib.sha256((tmp_path / "a.exr").read_bytes()).hexdigest()


@pytest.mark.parametrize("name", ["100% #1.exr", "a?b=1.exr", "plate.%04d.exr", "größe 日本.exr"])
def test_names_are_only_names(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "#2 %d ü"
    folder.mkdir()
    pixels = save(folder / "x.exr", plate())
    (folder / "x.exr").rename(folder / name)
    with open_still(str(folder / name)) as still:
        np.testing.assert_array_equal(still.rows(0, 0, 12), pixels)


# --- layers, views, parts ------------------------------------------------------------------


def test_colour_is_the_unnamed_layer(tmp_path: Path) -> None:
    names = ["Z", "diffuse.R", "diffuse.G", "diffuse.B", "R", "G", "B", "A", "with space", "ünï.R"]
    save(tmp_path / "a.exr", plate(channels=10), channels=names)
    with open_still(str(tmp_path / "a.exr")) as still:
        (part,) = still.parts
        assert sorted(part.channels) == sorted(names)
        ((r, g, b),) = part.colour
        assert [part.channels[i] for i in (r, g, b)] == ["R", "G", "B"]


def test_views_of_one_part(tmp_path: Path) -> None:
    names = ["R", "G", "B", "right.R", "right.G", "right.B", "left.Z", "beauty.R"]
    save(
        tmp_path / "a.exr",
        plate(channels=8),
        channels=names,
        multiView=("string[2]", ("left", "right")),
    )
    with open_still(str(tmp_path / "a.exr")) as still:
        (part,) = still.parts
        views = [[part.channels[i] for i in view] for view in part.colour]
    assert views == [["R", "G", "B"], ["right.R", "right.G", "right.B"]]


def test_the_picture_of_a_blender_multilayer_is_combined(tmp_path: Path) -> None:
    layers = [f"ViewLayer.{p}" for p in ("Combined.R", "Combined.G", "Combined.B", "Depth.Z")]
    save(tmp_path / "a.exr", plate(channels=4), channels=layers)
    with open_still(str(tmp_path / "a.exr")) as still:
        (part,) = still.parts
        named = [[part.channels[i] for i in view] for view in part.colour]
    assert named == [layers[:3]]


def test_views_of_their_own_parts_and_layers_beside(tmp_path: Path) -> None:
    pictures = [plate(seed=n) for n in range(4)]
    parts = [("l", "left"), ("r", "right"), ("diffuse", "left")]
    specs = [spec_of((12, 20, 3), attributes={"name": n, "view": v}) for n, v in parts]
    specs.append(spec_of((12, 20, 1), kind="float", channels=["Z"], attributes={"name": "depth"}))
    pictures[3] = pictures[3][..., :1].astype(np.float32)
    save_parts(tmp_path / "a.exr", list(zip(specs, pictures, strict=True)))
    with open_still(str(tmp_path / "a.exr")) as still:
        assert [part.name for part in still.parts] == ["l", "r", "diffuse", "depth"]
        assert [len(part.colour) for part in still.parts] == [1, 1, 0, 0]
        for index, pixels in enumerate(pictures):
            np.testing.assert_array_equal(still.rows(index, 0, 12), pixels)
        np.testing.assert_array_equal(still.rows(0, 2, 4), pictures[0][2:4])


def test_a_picture_without_colour_opens(tmp_path: Path) -> None:
    save(tmp_path / "a.exr", plate(channels=1), channels=["Y"])
    with open_still(str(tmp_path / "a.exr")) as still:
        assert still.parts[0].colour == ()


# --- metadata ------------------------------------------------------------------------------


def test_metadata_keeps_its_types(tmp_path: Path) -> None:
    save(
        tmp_path / "a.exr",
        plate(),
        smpte__TimeCode=("timecode", (0x01020304, 5)),
        framesPerSecond=("rational", (24000, 1001)),
        chromaticities=("float[8]", REC709),
        attributes={"reelName": "A001C003"},
    )
    with open_still(str(tmp_path / "a.exr")) as still:
        found = still.parts[0].metadata
    assert found["smpte:TimeCode"] == (0x01020304, 5)
    assert found["framesPerSecond"] == (24000, 1001)
    assert found["reelName"] == "A001C003"
    assert found["chromaticities"] == pytest.approx(
        (0.64, 0.33, 0.3, 0.6, 0.15, 0.06, 0.3127, 0.329)
    )
    assert {n: str(t) for n, t in found.types.items()}["framesPerSecond"] == "rational"
    assert not [n for n in found if n.startswith(("oiio:", "openexr:"))]


def test_text_that_is_not_utf8_is_read(tmp_path: Path) -> None:
    save(tmp_path / "a.exr", plate())
    add_attribute(tmp_path / "a.exr", "operator", "string", b"J\xf6rg")
    with open_still(str(tmp_path / "a.exr")) as still:
        value = still.parts[0].metadata["operator"]
    assert value.encode("utf-8", "surrogateescape") == b"J\xf6rg"


@pytest.mark.parametrize(
    ("speed", "exact"),
    [(23.976, "24000/1001"), (23.98, None), (24, "24"), (29.97, "30000/1001"), (12.5, "25/2")],
)
def test_speeds_are_those_of_film(speed: float, exact: str | None) -> None:
    assert exact is None or str(rate_of(speed)) == exact
    assert rate_of(speed) == pytest.approx(speed, abs=0.005)


def test_no_speed_is_none() -> None:
    assert [rate_of(v) for v in (0.0, -24.0, float("inf"), float("nan"))] == [None] * 4


# --- other formats -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("suffix", "kind", "top"),
    [
        ("dpx", "uint16", 65535),
        ("tif", "uint16", 65535),
        ("tiff", "uint8", 255),
        ("png", "uint16", 65535),
        ("png", "uint8", 255),
    ],
)
def test_whole_numbers_come_as_0_to_1(tmp_path: Path, suffix: str, kind: str, top: int) -> None:
    path = tmp_path / f"a.{suffix}"
    codes = np.random.default_rng(1).integers(0, top + 1, (9, 14, 3)).astype(kind)
    codes[0, 0], codes[0, 1] = 0, top
    save(path, codes, kind=kind)
    with open_still(str(path)) as still:
        assert still.integer
        assert still.parts[0].data == still.parts[0].display == Window(0, 0, 14, 9)
        rows = still.rows(0, 0, 9)
        again = still.rows(0, 2, 4)
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(np.rint(rows * top), codes)
    np.testing.assert_array_equal(again, rows[2:4])


def test_float_tiff_is_as_it_is(tmp_path: Path) -> None:
    pixels = save(tmp_path / "a.tif", plate().astype(np.float32), kind="float")
    with open_still(str(tmp_path / "a.tif")) as still:
        assert not still.integer
        np.testing.assert_array_equal(still.rows(0, 0, 12), pixels)


def test_alpha_of_a_png_is_not_multiplied_in(tmp_path: Path) -> None:
    codes = np.full((4, 4, 4), 200, np.uint8)
    codes[..., 3] = 100
    spec = spec_of(codes.shape, kind="uint8", channels=["R", "G", "B", "A"])
    spec.attribute("oiio:UnassociatedAlpha", 1)
    save_parts(tmp_path / "a.png", [(spec, codes)])
    with open_still(str(tmp_path / "a.png")) as still:
        np.testing.assert_array_equal(np.rint(still.rows(0, 0, 4) * 255), codes)


def test_jpeg_reads_within_its_losses(tmp_path: Path) -> None:
    ramp = np.repeat(np.arange(0, 240, 5, dtype=np.uint8)[None, :, None], 16, 0).repeat(3, 2)
    save(tmp_path / "a.jpg", ramp, kind="uint8", attributes={"Compression": "jpeg:98"})
    with open_still(str(tmp_path / "a.jpg")) as still:
        np.testing.assert_allclose(still.rows(0, 0, 16) * 255, ramp, atol=4)


@pytest.mark.parametrize("tag", range(1, 9))
def test_a_picture_on_its_side_is_stood_up(tmp_path: Path, tag: int) -> None:
    upright = np.random.default_rng(2).integers(0, 255, (6, 10, 3)).astype(np.uint8)
    flipped = upright[::-1]  # its columns read from the bottom
    stored = {  # by what row 0 and column 0 of the file are, in TIFF 6.0's words
        1: upright,  # top, left
        2: upright[:, ::-1],  # top, right
        3: upright[::-1, ::-1],  # bottom, right
        4: upright[::-1],  # bottom, left
        5: np.stack([upright[:, x] for x in range(10)]),  # left, top
        6: np.stack([upright[:, x] for x in range(9, -1, -1)]),  # right, top
        7: np.stack([flipped[:, x] for x in range(9, -1, -1)]),  # right, bottom
        8: np.stack([flipped[:, x] for x in range(10)]),  # left, bottom
    }[tag]
    save(tmp_path / "a.tif", np.ascontiguousarray(stored), kind="uint8", Orientation=("int", tag))
    with open_still(str(tmp_path / "a.tif")) as still:
        assert (still.parts[0].data.width, still.parts[0].data.height) == (10, 6)
        np.testing.assert_array_equal(np.rint(still.rows(0, 1, 5) * 255), upright[1:5])


def test_dpx_carries_its_timecode_and_speed(tmp_path: Path) -> None:
    codes = np.zeros((4, 4, 3), np.uint16)
    save(
        tmp_path / "a.dpx",
        codes,
        kind="uint16",
        smpte__TimeCode=("timecode", (0x01020304, 0)),
        dpx__FrameRate=("float", 23.976),
    )
    with open_still(str(tmp_path / "a.dpx")) as still:
        found = still.parts[0].metadata
    assert found["smpte:TimeCode"][0] == 0x01020304
    assert found["framesPerSecond"] == (24000, 1001)
    assert "Software" not in found


# --- refusals ------------------------------------------------------------------------------


def test_missing_and_unknown_files(tmp_path: Path) -> None:
    assert refusal(tmp_path / "a.exr").title == "a.exr does not exist."
    (tmp_path / "a.bmp").write_bytes(b"BM")
    refused = refusal(tmp_path / "a.bmp")
    assert refused.title == "a.bmp is a BMP."
    assert refused.hint == "Use EXR, DPX, Cineon, TIFF, PNG or JPEG (or a movie)."
    assert refusal(tmp_path / "plain").title == "plain has no suffix that says what it is."
    assert refusal(tmp_path / "A001.R3D").title == (
        "A001.R3D is camera raw, which is not developed here."
    )


def test_a_file_of_another_format_under_an_exr_name(tmp_path: Path) -> None:
    save(tmp_path / "a.png", np.zeros((4, 4, 3), np.uint8), kind="uint8")
    (tmp_path / "a.png").rename(tmp_path / "a.exr")
    assert refusal(tmp_path / "a.exr").title == "a.exr cannot be opened."


@pytest.mark.parametrize("content", [b"", b"\x76\x2f\x31\x01", b"not a picture"])
def test_what_is_no_picture(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.exr").write_bytes(content)
    assert refusal(tmp_path / "a.exr").title == "a.exr cannot be opened."


@pytest.mark.parametrize("share", [0.5, 0.9, 0.999])
def test_a_torn_file_names_its_rows(tmp_path: Path, share: float) -> None:
    save(tmp_path / "a.exr", plate(64, 96))
    whole = (tmp_path / "a.exr").read_bytes()
    (tmp_path / "a.exr").write_bytes(whole[: int(len(whole) * share)])
    refused = refusal(tmp_path / "a.exr", read=True)
    assert refused.title == "a.exr is damaged between rows 0 and 63."
    assert refused.detail


def test_a_flipped_bit_is_noticed(tmp_path: Path) -> None:
    ramp = np.linspace(0, 4, 96 * 3, dtype=np.float16).reshape(1, 96, 3).repeat(64, 0)
    save(tmp_path / "a.exr", ramp)  # noise would be stored uncompressed, without a checksum
    whole = bytearray((tmp_path / "a.exr").read_bytes())
    whole[len(whole) // 2] ^= 16
    (tmp_path / "a.exr").write_bytes(whole)
    assert "is damaged" in refusal(tmp_path / "a.exr", read=True).title


def test_rows_before_the_damage_are_good(tmp_path: Path) -> None:
    pixels = save(tmp_path / "a.exr", plate(64, 96))
    whole = (tmp_path / "a.exr").read_bytes()
    (tmp_path / "a.exr").write_bytes(whole[: len(whole) * 2 // 3])
    with open_still(str(tmp_path / "a.exr")) as still:
        np.testing.assert_array_equal(still.rows(0, 0, 20), pixels[:20])
        with pytest.raises(BadInput):
            still.rows(0, 40, 64)


def test_a_read_that_succeeds_with_an_error_set_has_failed(tmp_path: Path) -> None:
    """Some damaged files do this to the library."""

    class Doubtful:
        def __init__(self, source: oiio.ImageInput) -> None:
            self.source = source

        def geterror(self) -> str:
            return f"{tmp_path}/a.exr: chunk 3 is odd"

        def __getattr__(self, name: str) -> Any:
            return getattr(self.source, name)

    save(tmp_path / "a.exr", plate())
    with open_still(str(tmp_path / "a.exr")) as still:
        still._source = Doubtful(still._source)
        with pytest.raises(BadInput) as caught:
            still.rows(0, 0, 12)
    assert caught.value.title == "a.exr is damaged between rows 0 and 11."
    assert caught.value.detail == "a.exr: chunk 3 is odd"


def test_numbered_channels_are_refused_by_name(tmp_path: Path) -> None:
    ids = np.zeros((4, 4, 4), np.float32)
    save(
        tmp_path / "a.exr",
        ids,
        kind=["half", "half", "half", "uint"],
        channels=["R", "G", "B", "id"],
    )
    refused = refusal(tmp_path / "a.exr")
    assert refused.title == "a.exr has channels of unsigned whole numbers: id."


def test_luminance_chroma_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "a.exr", plate(), channels=["Y", "RY", "BY"])
    assert refusal(tmp_path / "a.exr").title == "a.exr stores luminance and chroma, not R, G, B."
    save(tmp_path / "b.exr", plate(), channels=["Y", "RX", "BX"])
    data = (tmp_path / "b.exr").read_bytes()
    sampled = struct.pack("<iBxxxii", 1, 0, 1, 1)
    reduced = struct.pack("<iBxxxii", 1, 0, 2, 2)
    assert b"RX\0" + sampled in data
    (tmp_path / "b.exr").write_bytes(data.replace(b"RX\0" + sampled, b"RX\0" + reduced))
    refused = refusal(tmp_path / "b.exr")
    assert refused.title == (
        "b.exr stores luminance and chroma, or other channels of reduced size."
    )


def test_deep_is_refused(tmp_path: Path) -> None:
    spec = spec_of((2, 2, 2), channels=["A", "Z"], kind="float")
    spec.deep = True
    deep = oiio.DeepData()
    deep.init(4, 2, (oiio.TypeFloat,), ("A", "Z"))
    out = oiio.ImageOutput.create("a.exr")
    assert out.open(str(tmp_path / "a.exr"), spec), out.geterror()
    assert out.write_deep_image(deep), out.geterror()
    assert out.close()
    assert refusal(tmp_path / "a.exr").title == "a.exr is a deep image."


@pytest.mark.parametrize("aspect", [0.0, -1.0, float("nan"), float("inf")])
def test_impossible_pixel_aspects(tmp_path: Path, aspect: float) -> None:
    save(tmp_path / "a.exr", plate())
    set_attribute(tmp_path / "a.exr", "pixelAspectRatio", struct.pack("<f", aspect))
    refused = refusal(tmp_path / "a.exr")
    assert refused.title.startswith("a.exr has a pixel aspect")
    assert refused.hint.startswith("Set the pixel aspect")


@pytest.mark.parametrize("name", ["data", "display"])
def test_inverted_windows(tmp_path: Path, name: str) -> None:
    save(tmp_path / "a.exr", plate())
    set_attribute(tmp_path / "a.exr", f"{name}Window", struct.pack("<4i", 19, 11, 0, 0))
    assert refusal(tmp_path / "a.exr").title == f"a.exr has a {name} window with no inside."


def test_bombs_are_refused_at_their_header(tmp_path: Path) -> None:
    save(tmp_path / "a.exr", plate())
    for corner in [(60000, 60000), (2**30, 3), (3, 2**30)]:
        huge = struct.pack("<4i", 0, 0, *corner)
        set_attribute(tmp_path / "a.exr", "dataWindow", huge)
        assert refusal(tmp_path / "a.exr").title.startswith("a.exr ")
    save(tmp_path / "a.png", np.zeros((4, 4, 3), np.uint8), kind="uint8")
    data = bytearray((tmp_path / "a.png").read_bytes())
    data[16:24] = struct.pack(">II", 40000, 40000)
    (tmp_path / "b.png").write_bytes(data)
    refused = refusal(tmp_path / "b.png")
    assert "b.png" in refused.title


def test_messages_survive_bytes_that_are_no_text(tmp_path: Path) -> None:
    save(tmp_path / "a.exr", plate(), channels=["R", "G", "qqqqqqqq"])
    data = (tmp_path / "a.exr").read_bytes()
    broken = data.replace(b"qqqqqqqq\0" + struct.pack("<i", 1), b"\xff\xfe\x80\x81qqqq\0\x09\0\0\0")
    assert broken != data
    (tmp_path / "a.exr").write_bytes(broken)
    refused = refusal(tmp_path / "a.exr")
    assert refused.detail.isprintable()
    assert len(refused.detail) <= 300


def test_a_name_that_is_not_utf8(tmp_path: Path) -> None:
    save(tmp_path / "a.exr", plate())
    odd = str(tmp_path / "a\udcff.exr")
    (tmp_path / "a.exr").rename(odd)
    assert refusal(odd).title == "a\\udcff.exr has a name that is not UTF-8."


def test_two_pictures_in_one_tiff(tmp_path: Path) -> None:
    codes = np.zeros((4, 4, 3), np.uint8)
    spec = spec_of(codes.shape, kind="uint8")
    save_parts(tmp_path / "a.tif", [(spec, codes), (spec, codes)])
    assert refusal(tmp_path / "a.tif").title == "a.tif holds 2 pictures."


def test_the_library_is_recent_enough() -> None:
    versions = dict(
        entry.split(":", 1) for entry in oiio.get_string_attribute("library_list").split(";")
    )
    number = tuple(int(n) for n in versions["openexr"].split()[-1].split("."))
    assert number >= (3, 4, 14), "OpenEXR before 3.4.14 has known holes in its decoders"


def test_the_header_reader_of_these_tests_agrees(tmp_path: Path) -> None:
    save(tmp_path / "a.exr", plate(), at=(3, 4))
    (header,) = headers(tmp_path / "a.exr")
    assert header["dataWindow"] == ("box2i", struct.pack("<4i", 3, 4, 22, 15))
