"""The light of a large frame, made in bands."""

from __future__ import annotations

import numpy as np
import pytest

from answerprint.vision import rebuild
from answerprint.vision.between import Middle, middle
from answerprint.vision.rebuild import lit
from tests.unit.test_flow import texture


@pytest.mark.parametrize("down", [2.5, -37.0])
def test_bands_are_the_whole(monkeypatch: pytest.MonkeyPatch, down: float) -> None:
    scene = texture()
    first, second = scene(), scene(3.2, down)
    first[40, 50] = 60  # over white
    found = middle(first, second, 0.5)
    whole, seen = found.light(first, second), list[int]()
    monkeypatch.setattr(rebuild, "LARGE", 1000)
    monkeypatch.setattr(rebuild, "BAND", 20)
    light = Middle.light

    def counted(self: Middle, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        seen.append(len(one))
        return light(self, one, other)

    monkeypatch.setattr(Middle, "light", counted)
    banded = lit(found, first, second)
    np.testing.assert_allclose(banded, whole, rtol=1e-5, atol=1e-5 * np.ptp(first))
    assert len(seen) == -(-len(first) // 20)
    assert max(seen) < len(first)
    assert whole.max() > 5
