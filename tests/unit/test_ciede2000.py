"""CIEDE2000 against the published pairs, and CIELAB through the view."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from answerprint.frames import colour, difference

SHARMA = """
50 2.6772 -79.7751 50 0 -82.7485 2.0425
50 3.1571 -77.2803 50 0 -82.7485 2.8615
50 2.8361 -74.0200 50 0 -82.7485 3.4412
50 -1.3802 -84.2814 50 0 -82.7485 1.0000
50 -1.1848 -84.8006 50 0 -82.7485 1.0000
50 -0.9009 -85.5211 50 0 -82.7485 1.0000
50 0 0 50 -1 2 2.3669
50 -1 2 50 0 0 2.3669
50 2.4900 -0.0010 50 -2.4900 0.0009 7.1792
50 2.4900 -0.0010 50 -2.4900 0.0010 7.1792
50 2.4900 -0.0010 50 -2.4900 0.0011 7.2195
50 2.4900 -0.0010 50 -2.4900 0.0012 7.2195
50 -0.0010 2.4900 50 0.0009 -2.4900 4.8045
50 -0.0010 2.4900 50 0.0010 -2.4900 4.8045
50 -0.0010 2.4900 50 0.0011 -2.4900 4.7461
50 2.5 0 50 0 -2.5 4.3065
50 2.5 0 73 25 -18 27.1492
50 2.5 0 61 -5 29 22.8977
50 2.5 0 56 -27 -3 31.9030
50 2.5 0 58 24 15 19.4535
50 2.5 0 50 3.1736 0.5854 1.0000
50 2.5 0 50 3.2972 0 1.0000
50 2.5 0 50 1.8634 0.5757 1.0000
50 2.5 0 50 3.2592 0.3350 1.0000
60.2574 -34.0099 36.2677 60.4626 -34.1751 39.4387 1.2644
63.0109 -31.0961 -5.8663 62.8187 -29.7946 -4.0864 1.2630
61.2901 3.7196 -5.3901 61.4292 2.2480 -4.9620 1.8731
35.0831 -44.1164 3.7933 35.0232 -40.0716 1.5901 1.8645
22.7233 20.0904 -46.6940 23.0331 14.9730 -42.5619 2.0373
36.4612 47.8580 18.3852 36.2715 50.5065 21.2231 1.4146
90.8027 -2.0831 1.4410 91.1528 -1.6435 0.0447 1.4441
90.9257 -0.5406 -0.9208 88.6381 -0.8985 -0.7239 1.5381
6.7747 -0.2908 -2.4247 5.8714 -0.0985 -2.2286 0.6377
2.0776 0.0795 -1.1350 0.9033 -0.0636 -0.5514 0.9082
"""
"""L, a, b of two colours and their CIEDE2000: Sharma, Wu and Dalal 2005, table 1."""

PAIRS = np.array(SHARMA.split(), np.float64).reshape(34, 7)


def test_the_published_pairs_to_their_last_digit() -> None:
    found = difference.delta_e(PAIRS[:, 0:3], PAIRS[:, 3:6])
    assert np.abs(found - PAIRS[:, 6]).max() <= 0.5001e-4
    back = difference.delta_e(PAIRS[:, 3:6], PAIRS[:, 0:3])
    assert np.allclose(back, found, atol=1e-12)


def test_torch_and_numpy_are_one_formula() -> None:
    rng = np.random.default_rng(0)
    a, b = (rng.uniform((0, -90, -90), (100, 90, 90), (5000, 3)) for _ in range(2))
    wanted = difference.delta_e(a, b)
    found = difference.delta_e(torch.from_numpy(a), torch.from_numpy(b))
    assert np.allclose(found.numpy(), wanted, rtol=1e-12)
    single = difference.delta_e(torch.from_numpy(a).float(), torch.from_numpy(b).float())
    assert single.dtype == torch.float32
    assert np.allclose(single.numpy(), wanted, rtol=1e-3, atol=1e-3)


def test_a_colour_is_no_distance_from_itself_and_shapes_are_kept() -> None:
    lab = np.random.default_rng(1).uniform((0, -90, -90), (100, 90, 90), (4, 5, 3))
    assert difference.delta_e(lab, lab).shape == (4, 5)
    assert difference.delta_e(lab, lab).max() == 0
    grey = np.array([[50.0, 0, 0], [0, 0, 0]])
    assert np.isfinite(difference.delta_e(grey, grey[::-1])).all()


def test_lab_is_that_of_the_light_an_srgb_display_shows() -> None:
    """By the equations of IEC 61966-2-1 and CIE 15, worked out here."""
    rgb = np.random.default_rng(2).uniform(-0.1, 4, (200, 3)).astype(np.float32) ** 2
    code = colour.through_view(rgb).astype(np.float64)
    light = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array(
        [[0.4123908, 0.3575843, 0.1804808], [0.2126390, 0.7151687, 0.0721923],
         [0.0193308, 0.1191948, 0.9505322]]
    )  # fmt: skip
    ratio = light @ to_xyz.T / to_xyz.sum(axis=1)
    f = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    wanted = np.stack(
        [116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=-1
    )
    assert np.abs(difference.lab(rgb) - wanted).max() < 2e-3


def test_greys_are_neutral_and_white_is_near_the_top() -> None:
    ramp = np.repeat(np.array([0.001, 0.18, 1, 100], np.float32)[:, None], 3, axis=1)
    lab = difference.lab(ramp)
    assert np.abs(lab[:, 1:]).max() < 0.15
    assert (np.diff(lab[:, 0]) > 0).all()
    assert lab[-1, 0] == pytest.approx(100, abs=0.1)


def test_a_config_that_does_not_tie_its_displays_to_xyz_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert difference.measured_through() == "sRGB - Display / ACES 1.0 - SDR Video"
    text = colour.config().serialize().replace("cie_xyz_d65_interchange:", "color_timing_2:")
    (tmp_path / "show.ocio").write_text(text)
    rgb = np.random.default_rng(3).uniform(0, 2, (50, 3)).astype(np.float32)
    tied = difference.lab(rgb)
    monkeypatch.setenv("OCIO", str(tmp_path / "show.ocio"))
    assert "taken as sRGB" in difference.measured_through()
    assert np.abs(difference.lab(rgb) - tied).max() < 2e-3
