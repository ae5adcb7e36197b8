"""Spaces by name and by what files say, conversions, log encodings, and the SDR view."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import PyOpenColorIO as ocio
import pytest
import torch

from answerprint.errors import BadInput, BadParameter
from answerprint.frames import colour, primaries
from answerprint.frames.frame import Part, Window

REC709 = (0.64, 0.33, 0.3, 0.6, 0.15, 0.06, 0.3127, 0.329)
BUILT_IN = "ocio://studio-config-v2.2.0_aces-v1.3_ocio-v2.4"


def part(**metadata: Any) -> Part:
    named = {name.replace("__", ":"): value for name, value in metadata.items()}
    window = Window(0, 0, 4, 4)
    return Part("", ("R", "G", "B"), ("half",) * 3, window, window, metadata=named)


def scene(count: int = 500, seed: int = 0) -> np.ndarray:
    """float32 (count, 3): shadows below zero, highlights to 60."""
    rng = np.random.default_rng(seed)
    return (np.exp(rng.normal(-1.5, 2, (count, 3))) - 0.02).clip(None, 60).astype(np.float32)


def by_ocio(rgb: np.ndarray, here: str, there: str) -> np.ndarray:
    config = ocio.Config.CreateFromFile(BUILT_IN)
    out = rgb.copy()
    config.getProcessor(here, there).getDefaultCPUProcessor().applyRGB(out)
    return out


# --- naming --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "found", "linear"),
    [
        ("ACEScg", "ACEScg", True),
        ("lin_ap1_scene", "ACEScg", True),
        ("scene_linear", "ACEScg", True),
        ("lin_srgb", "Linear Rec.709 (sRGB)", True),
        ("slog3_sgamut3cine", "S-Log3 S-Gamut3.Cine", False),
        ("ACEScct", "ACEScct", False),
        ("sRGB - Display", "sRGB - Display", False),
    ],
)
def test_names_aliases_and_roles(name: str, found: str, linear: bool) -> None:
    space = colour.space(name)
    assert (space.name, space.linear, space.said_by) == (found, linear, "user")
    assert (space.matrix is not None) == linear


def test_every_space_is_linear_exactly_where_the_config_says_so() -> None:
    for each in colour.config().getColorSpaces():
        if not each.isData():
            assert colour.space(each.getName()).linear == (each.getEncoding() == "scene-linear")


def test_unknown_names_get_the_nearest_ones() -> None:
    with pytest.raises(BadParameter, match=r"'S-Log3 S-Gamut3\.Cine'") as refused:
        colour.space("slog3 sgamut3.cine")
    assert "studio-config" in refused.value.title
    with pytest.raises(BadParameter, match="data"):
        colour.space("Raw")


@pytest.mark.parametrize("alias", primaries.KNOWN)
def test_published_primaries_are_those_of_the_config(alias: str) -> None:
    """Where the config adapts white by CAT02 and not by Bradford the matrices are 0.6 % apart."""
    space = colour.space(alias)
    assert space.matrix is not None
    ours = primaries.to_acescg(primaries.KNOWN[alias])
    assert np.abs(np.subtract(ours, space.matrix)).max() < 6e-3
    assert colour.of_primaries(primaries.KNOWN[alias]) == colour.space(alias, "file")
    assert colour.chromaticities(space) == primaries.KNOWN[alias]


def test_headers_round_chromaticities() -> None:
    rounded = np.float32(primaries.KNOWN["lin_rec2020"]) + np.float32(4e-4)
    assert colour.of_primaries(rounded).name == "Linear Rec.2020"


def test_primaries_nobody_knows_get_a_matrix_of_their_own() -> None:
    numbers = (0.68, 0.31, 0.27, 0.65, 0.14, 0.07, 0.3457, 0.3585)
    space = colour.of_primaries(numbers)
    assert space.name.startswith("linear, primaries 0.68 0.31")
    assert (space.linear, space.said_by) == (True, "file")
    assert np.allclose(colour.to_acescg(np.ones((1, 3)), space), 1, atol=1e-6)  # white is white
    back = colour.of_primaries(colour.chromaticities(space))
    assert np.allclose(back.matrix, space.matrix, atol=1e-6)
    with pytest.raises(ValueError, match="no gamut"):
        colour.of_primaries((0.3,) * 8)


TWINS = {
    "S-Log3 S-Gamut3.Cine": "Linear S-Gamut3.Cine",
    "S-Log3 Venice S-Gamut3": "Linear Venice S-Gamut3",
    "ARRI LogC3 (EI800)": "Linear ARRI Wide Gamut 3",
    "ARRI LogC4": "Linear ARRI Wide Gamut 4",
    "V-Log V-Gamut": "Linear V-Gamut",
    "Log3G10 REDWideGamutRGB": "Linear REDWideGamutRGB",
    "CanonLog3 CinemaGamut D55": "Linear CinemaGamut D55",
    "DaVinci Intermediate WideGamut": "Linear DaVinci WideGamut",
    "BMDFilm WideGamut Gen5": "Linear BMD WideGamut Gen5",
    "Apple Log": "Linear Rec.2020",
    "Camera Rec.709": "Linear Rec.709 (sRGB)",
    "sRGB - Display": "Linear Rec.709 (sRGB)",
    "ACEScct": "ACEScg",
    "ACES2065-1": "ACES2065-1",
    "ADX10": "ACEScg",
}


@pytest.mark.parametrize("name", TWINS)
def test_the_linear_twin_has_the_same_primaries(name: str) -> None:
    space = colour.space(name)
    assert colour.linear_twin(space).name == TWINS[name]
    assert colour.per_channel(space) == (name != "ADX10")


# --- what files say ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("suffix", "metadata", "name", "said_by"),
    [
        (".exr", {}, "ACEScg", "assumed"),
        (".EXR", {"acesImageContainerFlag": 1}, "ACES2065-1", "file"),
        (
            ".exr",
            {"chromaticities": primaries.KNOWN["lin_rec709"]},
            "Linear Rec.709 (sRGB)",
            "file",
        ),
        (".exr", {"colorInteropID": "lin_ap1_scene"}, "ACEScg", "file"),
        (".exr", {"colorInteropID": "ocio:lin_awg4"}, "Linear ARRI Wide Gamut 4", "file"),
        (".exr", {"colorInteropID": "srgb_rec709_scene"}, "sRGB Encoded Rec.709 (sRGB)", "file"),
        (".exr", {"colorInteropID": "g24_rec709_display"}, "Rec.1886 Rec.709 - Display", "file"),
        (".exr", {"colorInteropID": "unknown"}, "ACEScg", "assumed"),
        (".exr", {"oiio__ColorSpace": "lin_rec709"}, "ACEScg", "assumed"),
        (".png", {}, "sRGB Encoded Rec.709 (sRGB)", "assumed"),
        (".jpg", {"ICCProfile__profile_description": "Display P3"}, "sRGB Encoded P3-D65", "file"),
        (".tif", {"oiio__BitsPerSample": 16}, "sRGB Encoded Rec.709 (sRGB)", "assumed"),
        (".tiff", {"oiio__BitsPerSample": 32}, "ACEScg", "assumed"),
        (".dpx", {"dpx__Transfer": "Linear"}, "Linear Rec.709 (sRGB)", "file"),
        (".dpx", {"dpx__Transfer": "ITU-R 709-4"}, "Camera Rec.709", "file"),
    ],
)
def test_the_space_of_a_file(
    suffix: str, metadata: dict[str, Any], name: str, said_by: str
) -> None:
    found = colour.space_of(part(**metadata), suffix)
    assert (found.name, found.said_by) == (name, said_by)


def test_both_say_something_and_the_interop_id_wins() -> None:
    both = part(colorInteropID="lin_ap0_scene", chromaticities=primaries.KNOWN["lin_rec709"])
    assert colour.space_of(both, ".exr").name == "ACES2065-1"


@pytest.mark.parametrize(
    ("suffix", "metadata", "word"),
    [
        (".dpx", {"dpx__Transfer": "Printing density"}, "Printing density"),
        (".dpx", {"dpx__Transfer": "Logarithmic"}, "Logarithmic"),
        (".dpx", {}, "undefined"),
        (".cin", {}, "Cineon"),
        (".exr", {"colorInteropID": "data"}, "data"),
        (".exr", {"colorInteropID": "lin_mars_scene"}, "lin_mars_scene"),
        (".exr", {"chromaticities": [0.0] * 8}, "0 0 0"),
    ],
)
def test_what_nobody_can_know_is_asked(suffix: str, metadata: dict[str, Any], word: str) -> None:
    with pytest.raises(BadInput, match=word) as refused:
        colour.space_of(part(**metadata), suffix)
    assert refused.value.about == "colourspace"
    assert "colour space" in refused.value.hint or "Name it." in refused.value.hint
    if suffix in (".dpx", ".cin"):
        assert "ARRI LogC4" in refused.value.hint
        assert "ADX10" in refused.value.hint


# --- conversion ----------------------------------------------------------------------------

SPACES = ["ACEScg", "ACES2065-1", "lin_rec709", "ACEScct", "arri_logc3_ei800", "slog3_sgamut3",
          "srgb_tx", "davinci_intermediate_widegamut", "sRGB - Display"]  # fmt: skip


@pytest.mark.parametrize("name", SPACES)
def test_conversions_are_those_of_opencolorio(name: str) -> None:
    rgb, space = scene(), colour.space(name)
    there = colour.from_acescg(rgb, space)
    assert there.dtype == np.float32
    assert np.allclose(there, by_ocio(rgb, "ACEScg", space.name), rtol=1e-4, atol=2e-5)
    assert np.allclose(colour.to_acescg(there, space), rgb, rtol=2e-3, atol=2e-4)


def test_shapes_are_kept_and_arguments_left_alone() -> None:
    rgb = scene(24).reshape(2, 4, 3, 3)
    kept = rgb.copy()
    for name in ("lin_rec709", "ACEScct"):
        assert colour.to_acescg(rgb, colour.space(name)).shape == rgb.shape
    assert np.array_equal(rgb, kept)
    strided = rgb[:, ::2]
    for name in ("lin_rec709", "ACEScct"):
        space = colour.space(name)
        whole = colour.to_acescg(rgb, space)[:, ::2]
        assert np.allclose(colour.to_acescg(strided, space), whole, rtol=1e-5)


def test_the_same_space_gives_the_same_bits() -> None:
    rgb = scene()
    for name in ("ACEScct", "lin_rec709"):
        found = colour.convert(rgb, colour.space(name), colour.space(name, "file"))
        assert np.array_equal(found, rgb)
        assert found is not rgb


def test_between_any_two_spaces() -> None:
    rgb = scene()
    a, b = colour.space("lin_sgamut3cine"), colour.space("lin_rec709")
    assert np.allclose(
        colour.convert(rgb, a, b), by_ocio(rgb, a.name, b.name), rtol=1e-4, atol=2e-5
    )
    own = colour.of_primaries((0.68, 0.31, 0.27, 0.65, 0.14, 0.07, 0.3457, 0.3585))
    log = colour.space("ARRI LogC4")
    back = colour.convert(colour.convert(rgb, own, log), log, own)
    assert np.allclose(back, rgb, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", ["lin_rec709", "ACEScct", "srgb_tx"])
def test_what_is_not_finite_stays_where_it_is(name: str) -> None:
    space, rgb = colour.space(name), scene(12)
    clean = colour.to_acescg(rgb, space)
    rgb[3, 0], rgb[5, 1], rgb[7, 2] = np.nan, np.inf, -np.inf
    found = colour.to_acescg(rgb, space)
    assert np.isnan(found[3, 0])
    assert found[5, 1] == np.inf
    assert found[7, 2] == -np.inf
    assert np.isfinite(found).sum() == found.size - 3
    others = [i for i in range(12) if i not in (3, 5, 7)]
    assert np.array_equal(found[others], clean[others])


# --- log encodings -------------------------------------------------------------------------


def test_acescct_is_that_of_opencolorio() -> None:
    light = np.concatenate([scene(2000).ravel(), np.float32([-0.01, 0, 0.0078125, 1, 500])])
    grey = np.repeat(light[:, None], 3, axis=1)
    wanted = by_ocio(grey, "ACEScg", "ACEScct")[:, 0]
    assert np.abs(colour.acescct(light) - wanted).max() < 2e-5
    assert colour.acescct(np.array([0.18]))[0] == pytest.approx(0.4135884, abs=1e-6)
    assert colour.acescct(np.array([65504.0]))[0] == pytest.approx(1.4679964, abs=1e-6)


@pytest.mark.parametrize(
    ("encode", "decode"),
    [
        (colour.acescct, colour.acescct_inverse),
    ],
    ids=["acescct"],
)
def test_log_encodings_go_back_rise_and_agree_with_torch(encode: Any, decode: Any) -> None:
    light = np.concatenate(
        [-np.geomspace(1e-4, 65504, 4000)[::-1], np.geomspace(1e-4, 65504, 4000)]
    )
    code = encode(light)
    assert (np.diff(code) > 0).all()
    assert np.allclose(decode(code), light, rtol=1e-9, atol=1e-12)
    assert np.allclose(encode(torch.from_numpy(light)).numpy(), code, rtol=1e-12)
    assert np.allclose(decode(torch.from_numpy(code)).numpy(), light, rtol=1e-9, atol=1e-12)
    assert encode(light.astype(np.float32)).dtype == np.float32
    assert np.isnan(encode(np.array([np.nan, 1.0]))).tolist() == [True, False]


def picture(seed: int) -> np.ndarray:
    """float32 (90, 160, 3) of scene light with smooth tones, a black and a highlight."""
    rng = np.random.default_rng(seed)
    tones = np.kron(np.exp(rng.normal(-2.2, 1.2, (9, 16, 1))), np.ones((10, 10, 1)))
    tint = np.kron(rng.uniform(0.8, 1.2, (9, 16, 3)), np.ones((10, 10, 1)))
    rgb = np.clip(tones * tint, 0, 0.95)
    rgb[:4, :40], rgb[-4:, -40:] = 0.0005, 0.95
    return rgb.astype(np.float32)


@pytest.mark.parametrize("name", ["ARRI LogC3 (EI800)", "S-Log3 S-Gamut3.Cine", "ARRI LogC4"])
def test_log_tagged_as_video_is_noticed(name: str) -> None:
    for seed in range(5):
        assert "black sits at" in colour.looks_like_log(
            colour.from_acescg(picture(seed), colour.space(name))
        )


def test_video_is_not_taken_for_log() -> None:
    camera = colour.space("Camera Rec.709")
    for seed in range(5):
        code = colour.from_acescg(picture(seed), camera)
        assert colour.looks_like_log(code) == ""
        assert colour.looks_like_log(code * 0.8 + 0.18) == ""  # a lifted grade
    assert colour.looks_like_log(np.full((50, 50, 3), np.nan)) == ""


# --- the view ------------------------------------------------------------------------------


def test_the_view_is_the_aces_sdr_one() -> None:
    assert colour.config_name() == "studio-config-v2.2.0_aces-v1.3_ocio-v2.4"
    assert colour.view_name() == "sRGB - Display / ACES 1.0 - SDR Video"
    rgb = scene()
    out, config = rgb.copy(), ocio.Config.CreateFromFile(BUILT_IN)
    view = ocio.DisplayViewTransform("ACEScg", "sRGB - Display", "ACES 1.0 - SDR Video")
    config.getProcessor(view).getDefaultCPUProcessor().applyRGB(out)
    assert np.abs(colour.through_view(rgb) - out.clip(0, 1)).max() < 5e-4


def test_the_view_holds_what_a_display_cannot_show() -> None:
    rgb = np.array([[np.inf, 1, 1], [-np.inf, 0, 0], [np.nan, 0.18, 0.18]], np.float32)
    shown = colour.through_view(rgb)
    assert np.isnan(shown).sum() == 1
    assert np.all(shown[0] == 1)
    assert np.all(shown[1] < 1e-6)
    with pytest.raises(BadParameter, match=r"Rec\.1886"):
        colour.through_view(rgb, "Fridge")
    assert colour.view_name("P3-D65 - Display") == "P3-D65 - Display / ACES 1.0 - SDR Cinema"


# --- a show's own config -------------------------------------------------------------------


@pytest.fixture
def show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A config that knows ACES by its role alone, with a display of its own."""
    path = tmp_path / "show.ocio"
    path.write_text(
        """ocio_profile_version: 2.1
name: the show
roles: {aces_interchange: house, scene_linear: house, default: house}
displays:
  Big HDR:
    - !<View> {name: Bright, colorspace: pq}
  Desk:
    - !<View> {name: Plain, colorspace: desk}
colorspaces:
  - !<ColorSpace> {name: house, encoding: scene-linear}
  - !<ColorSpace>
      name: pq
      encoding: hdr-video
      from_scene_reference: !<MatrixTransform> {matrix: [2,0,0,0, 0,2,0,0, 0,0,2,0, 0,0,0,1]}
  - !<ColorSpace>
      name: desk
      encoding: sdr-video
      from_scene_reference: !<ExponentTransform> {value: 0.5}
"""
    )
    monkeypatch.setenv("OCIO", str(path))
    return path


def test_a_shows_own_config_is_used(show: Path) -> None:
    assert colour.config_name() == "the show"
    assert colour.view_name() == "Desk / Plain"  # the first is HDR
    house = colour.space("house")
    assert house.linear
    ap0_to_ap1 = primaries.to_acescg(primaries.KNOWN["ACES2065-1"])
    assert np.allclose(house.matrix, ap0_to_ap1, atol=1e-6)
    grey = np.full((1, 3), 0.25, np.float32)
    assert np.allclose(colour.through_view(grey), 0.5, atol=1e-5)
    desk = colour.space("desk")
    assert np.allclose(colour.to_acescg(colour.from_acescg(grey, desk), desk), grey, atol=1e-5)
    assert colour.linear_twin(desk).name == "house"
    with pytest.raises(BadParameter, match="the show"):
        colour.space("ARRI LogC4")


def test_what_files_say_does_not_depend_on_the_config(show: Path) -> None:
    assert colour.space_of(part(), ".exr").name == "ACEScg"
    rec709 = colour.space_of(part(chromaticities=primaries.KNOWN["lin_rec709"]), ".exr")
    assert rec709.matrix == pytest.approx(primaries.to_acescg(primaries.KNOWN["lin_rec709"]))
    with pytest.raises(BadInput, match="the show"):
        colour.space_of(part(), ".png")


def test_a_config_that_cannot_be_used_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken.ocio").write_text("ocio_profile_version: 2\nroles: [")
    for name in ("gone.ocio", "broken.ocio"):
        monkeypatch.setenv("OCIO", str(tmp_path / name))
        with pytest.raises(BadInput, match=name) as refused:
            colour.space("ACEScg")
        assert "unset" in refused.value.hint
