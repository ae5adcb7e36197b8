"""Movies: every pixel is what the tags, or the named space, say it is."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from movies import PATCHES, SHARES, SIDE, dump, make, middles, patches, plain

from answerprint.errors import BadParameter
from answerprint.frames import colour, curves
from answerprint.frames.movie import open_movie
from answerprint.frames.yuv import Planes


@pytest.mark.parametrize("full", [False, True], ids=["legal", "full"])
@pytest.mark.parametrize("matrix", [1, 5, 9], ids=["709", "601", "2020"])
@pytest.mark.parametrize("sampling", ["420", "422", "444"])
@pytest.mark.parametrize("bits", [8, 10, 12])
def test_patches_come_back_within_half_a_code_value(
    tmp_path: Path, bits: int, sampling: str, matrix: int, full: bool
) -> None:
    layout = f"yuv{sampling}p" + (f"{bits}le" if bits > 8 else "")
    path = make(
        tmp_path / "patches.mkv",
        [patches(matrix, bits, full, sampling)],
        layout,
        color_range=2 if full else 1,
        colorspace=matrix,
        color_trc=1,
        color_primaries=1,
    )
    with open_movie(path) as movie, movie.open(1001) as frame:
        code, light = middles(frame.code_values()), middles(frame.rows(0, 0, SIDE))
        assert movie.notes == []
    half = 0.5 / (2**bits - 1 if full else 219 * 2 ** (bits - 8))
    assert np.abs(code - PATCHES)[:3].max() <= half + 3e-5
    red, blue = SHARES[matrix]  # rounding of Y, Cb and Cr adds up in R, G, B
    chroma = half * (1 if full else 219 / 224)
    assert np.abs(code - PATCHES).max() <= half + 2 * chroma * (1 - min(red, blue)) + 3e-5
    wanted = curves.bt709(code)
    assert np.allclose(light, wanted, rtol=6e-4, atol=1e-7)


def test_what_the_planes_hold_comes_back_exactly(tmp_path: Path) -> None:
    """Random Y'CbCr, also out of gamut: as the equations say, to the table's step."""
    rng = np.random.default_rng(0)
    planes = [rng.integers(0, 1024, (24, 32)) for _ in range(3)]
    path = make(
        tmp_path / "noise.mkv", [planes], "yuv444p10le", color_range=1, colorspace=1, color_trc=1
    )
    with open_movie(path) as movie, movie.open(1001) as frame:
        code = frame.code_values()
    y, cb, cr = planes[0] / 4, planes[1] / 4 - 128, planes[2] / 4 - 128
    y = (y - 16) / 219
    red, blue = SHARES[1]
    r, b = y + 2 * (1 - red) * cr / 224, y + 2 * (1 - blue) * cb / 224
    wanted = np.stack([r, (y - red * r - blue * b) / (1 - red - blue), b], axis=-1)
    assert wanted.min() < -0.9
    assert wanted.max() > 1.9
    assert np.abs(code - wanted).max() < 3e-5


def test_blacker_than_black_and_whiter_than_white_survive(tmp_path: Path) -> None:
    luma = np.tile(np.array([4, 16, 235, 254]), (16, 4))
    chroma = np.full((8, 8), 128)
    path = make(tmp_path / "super.mkv", [[luma, chroma, chroma]], color_range=1, colorspace=1,
                color_trc=1)  # fmt: skip
    with open_movie(path) as movie:
        light = dump(movie, 1001)[0, :4, 1].astype(np.float64)
    assert light[0] < -0.01
    assert abs(light[1]) < 1e-5
    assert light[2] == pytest.approx(1, abs=1e-3)
    assert light[3] == pytest.approx(curves.bt709(np.array((254 - 16) / 219)), rel=1e-3)


def test_chroma_sits_where_the_standards_put_it(tmp_path: Path) -> None:
    """A straight ramp in chroma has to stay straight, and in register with luma."""
    width, height = 64, 48
    ramp = np.linspace(400, 600, width)
    tall = np.linspace(0, 90, height)[:, None]
    chroma = (ramp[None] + tall)[:, ::2]
    chroma = (chroma[0::2] + chroma[1::2]) / 2  # between two lines, beside the left pixel
    for layout, cut in (("yuv420p10le", np.rint(chroma)), ("yuv422p10le", None)):
        planes = np.rint((ramp[None] + tall)[:, ::2]) if cut is None else cut
        still = [np.full((height, width), 500), np.full(planes.shape, 512), planes]
        path = make(tmp_path / f"{layout}.mkv", [still], layout, color_range=1, colorspace=1)
        with open_movie(path) as movie, movie.open(1001) as frame:
            red = frame.code_values()[4:-4, 4:-4, 0]
        wanted = (125 - 16) / 219 + 2 * (1 - 0.2126) * ((ramp[None] + tall) / 4 - 128) / 224
        assert np.abs(red - wanted[4:-4, 4:-4]).max() < 1.6 / 876


@pytest.mark.parametrize(
    ("layout", "order"),
    [
        ("gbrp", "GBR"),
        ("gbrp10le", "GBR"),
        ("gbrp16le", "GBR"),
        ("gbrap", "GBRA"),
        ("gbrap12le", "GBRA"),
    ],
)
def test_rgb_is_taken_as_it_is(tmp_path: Path, layout: str, order: str) -> None:
    bits = int("".join(filter(str.isdigit, layout)) or 8)
    top, stored_as = 2**bits - 1, {"gbrp": "bgr0", "gbrap": "bgra"}.get(layout, "")
    rng = np.random.default_rng(1)
    stored = {c: rng.integers(0, top + 1, (16, 24)) for c in order}
    path = make(tmp_path / "rgb.mkv", [[stored[c] for c in order]], layout, stored_as, color_trc=8)
    with open_movie(path) as movie:
        light = dump(movie, 1001).astype(np.float64)
        assert movie.parts[0].channels == tuple("RGBA" if "A" in order else "RGB")
    for i, channel in enumerate(movie.parts[0].channels):
        assert np.allclose(light[..., i], stored[channel] / top, rtol=5e-4, atol=1e-7)


def test_other_layouts_of_the_same_numbers_read_the_same() -> None:
    rng = np.random.default_rng(2)
    frame = av.VideoFrame(64, 48, "yuv422p")
    for plane in frame.planes:
        plane.update(rng.integers(0, 256, plane.buffer_size, dtype=np.uint8).tobytes())
    wanted, _ = Planes("yuv422p", 1, False).read(frame)
    for layout in ("yuyv422", "uyvy422", "nv16"):
        found, _ = Planes(layout, 1, False).read(frame.reformat(format=layout))
        assert np.array_equal(found, wanted), layout


@pytest.mark.parametrize("layout", ["pal8", "gbrpf32le", "bayer_rggb8", "yuv410p", "xyz12le"])
def test_layouts_that_cannot_be_read_exactly_are_refused(layout: str) -> None:
    with pytest.raises(ValueError, match=r"pixel format|chroma"):
        Planes(layout, 1, False)


@pytest.mark.parametrize("matrix", [0, 2, 8, 10, 14])
def test_matrices_that_are_none_of_ours_are_refused(matrix: int) -> None:
    with pytest.raises(ValueError, match=f"matrix {matrix}"):
        Planes("yuv420p", matrix, False)


CURVES = {
    1: (0.5, 0.2596),  # ((0.5 + 0.0993) / 1.0993)^(1/0.45)
    8: (0.5, 0.5),
    13: (0.5, 0.2140),
    16: (0.5081, 1.0),  # 100 cd/m2 (BT.2408)
    18: (0.75, 0.2650),  # reference white (BT.2408)
}


@pytest.mark.parametrize("curve", CURVES)
def test_each_transfer_curve_is_undone(tmp_path: Path, curve: int) -> None:
    code, light = CURVES[curve]
    grey = np.full((16, 16), round(code * 4095))
    path = make(tmp_path / "grey.mkv", [[grey] * 3], "gbrp12le", color_trc=curve, color_primaries=1)
    with open_movie(path) as movie:
        assert dump(movie, 1001)[8, 8].astype(float) == pytest.approx([light] * 3, rel=3e-3)
        assert (curve in (16, 18)) == bool(movie.notes)


@pytest.mark.parametrize("curve", {id(c): c for _, c in curves.MOVIE.values()}.values())
def test_curves_are_odd_rising_and_finite(curve: curves.Curve) -> None:
    code = np.linspace(-1.2, 2.3, 3001)
    light = curve(code)
    assert np.isfinite(light).all()
    assert (np.diff(light)[abs(light[1:]) < 65504] > 0).all()
    assert np.allclose(curve(-code), -light)
    assert curve(np.zeros(1))[0] == 0


def test_primaries_decide_the_space(tmp_path: Path) -> None:
    names = {1: "Linear Rec.709 (sRGB)", 9: "Linear Rec.2020", 12: "Linear P3-D65"}
    for tag, name in names.items():
        path = make(tmp_path / f"{tag}.mkv", plain(1), color_primaries=tag, colorspace=1)
        with open_movie(path) as movie:
            assert (movie.space.name, movie.space.said_by) == (name, "file")
            assert movie.parts[0].metadata["chromaticities"][6] == 0.3127
    path = make(tmp_path / "smpte_c.mkv", plain(1), color_primaries=6, colorspace=6)
    with open_movie(path) as movie:
        assert movie.space.linear
        assert movie.space.name.startswith("linear, primaries 0.63 0.34")


def test_what_is_not_said_is_assumed_and_told(tmp_path: Path) -> None:
    small = make(tmp_path / "sd.mkv", plain(1))
    large = make(tmp_path / "hd.mkv", [[np.full((720, 1280), 99), *[np.full((360, 640), 90)] * 2]])
    with open_movie(small) as sd, open_movie(large) as hd:
        assert sd.space.said_by == hd.space.said_by == "assumed"
        assert "BT.601 is assumed" in " ".join(sd.notes)
        assert "BT.709 is assumed from its size" in " ".join(hd.notes)
        for word in ("levels", "primaries", "transfer"):
            assert word in " ".join(sd.notes)


def test_a_named_camera_space_is_decoded_to_its_linear_twin(tmp_path: Path) -> None:
    camera = colour.space("S-Log3 S-Gamut3.Cine")
    scene = np.array([[0.18, 0.18, 0.18], [0.9, 0.2, 0.05], [8.0, 4.0, 2.0]], np.float32)
    twin = colour.linear_twin(camera)
    code = np.rint(colour.convert(scene, twin, camera) * 4095)
    stored = [np.tile(code[:, i], (8, 1)) for i in (1, 2, 0)]
    path = make(tmp_path / "slog.mkv", [stored], "gbrp12le", color_trc=1, color_primaries=1)
    with open_movie(path, "slog3_sgamut3cine") as movie:
        assert movie.space.name == "Linear S-Gamut3.Cine"
        assert np.allclose(dump(movie, 1001)[0].astype(float), scene, rtol=5e-3)
    with pytest.raises(BadParameter, match="S-Log9"):
        open_movie(path, "S-Log9")


def test_a_space_that_mixes_channels_is_decoded_to_acescg(tmp_path: Path) -> None:
    stored = [np.full((8, 8), v) for v in (430, 400, 470)]
    path = make(tmp_path / "scan.mkv", [stored], "gbrp10le")
    with open_movie(path, "ADX10") as movie:
        assert movie.space.name == "ACEScg"
        code = np.array([[470, 430, 400]], np.float32) / 1023
        wanted = colour.to_acescg(code, colour.space("ADX10"))
        assert np.allclose(dump(movie, 1001)[0, 0].astype(float), wanted[0], rtol=2e-3)


@pytest.mark.parametrize("space", [None, "ADX10"], ids=["by table", "by mixing"])
def test_light_is_what_the_rows_hold(tmp_path: Path, space: str | None) -> None:
    stored = [np.random.default_rng(i).integers(0, 1023, (12, 8)) for i in range(3)]
    path = make(tmp_path / "scan.mkv", [stored], "gbrp10le")
    with open_movie(path, space) as movie, movie.open(1001) as frame:
        light = frame.light(3, 9)
        assert light.dtype == np.float32
        assert np.array_equal(light, frame.rows(0, 3, 9).astype(np.float32))


@pytest.mark.parametrize("layout", ["yuv420p", "yuv422p", "yuv444p"])
def test_odd_sizes(tmp_path: Path, layout: str) -> None:
    across, down = {"420": (32, 24), "422": (32, 47), "444": (63, 47)}[layout[3:6]]
    planes = [np.full((47, 63), 126), *[np.full((down, across), 128)] * 2]
    path = make(tmp_path / "odd.mkv", [planes], layout, color_range=1, colorspace=1)
    with open_movie(path) as movie:
        light = dump(movie, 1001)
    assert light.shape == (47, 63, 3)
    assert np.unique(light).size == 1


def test_log_behind_a_video_tag_is_noticed(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    light = np.kron(np.exp(rng.normal(-2.2, 1.2, (6, 8, 1))), np.ones((8, 8, 3))).clip(0, 0.9)
    light[:4, :16] = 0.0005
    for name, expected in (("ARRI LogC3 (EI800)", True), ("Camera Rec.709", False)):
        code = colour.from_acescg(light.astype(np.float32), colour.space(name))
        stored = [np.rint(code[..., i].clip(0, 1) * 4095) for i in (1, 2, 0)]
        path = make(tmp_path / "a.mkv", [stored] * 3, "gbrp12le", color_trc=1, color_primaries=1)
        with open_movie(path) as movie:
            assert bool(movie.looks_like_log()) == expected
