"""Samples of shots: the same from the disk as decoded again, and a read that can be stopped."""

from __future__ import annotations

import numpy as np
import pytest

from answerprint.check.samples import LOADED, Samples
from answerprint.errors import Cancelled


def pictures(seed: int):
    random = np.random.default_rng(seed)
    rgb = random.lognormal(-2, 2, (9, 16, 3)).astype(np.float32)
    rgb[0, 0] = 1e6  # more than a half can be
    return {1001 + seed: (rgb, random.random((9, 16)) > 0.3)}


def same(one, other) -> bool:
    return list(one) == list(other) and all(
        np.array_equal(a, b)
        for number in one
        for a, b in zip(one[number], other[number], strict=True)
    )


def test_what_has_no_room_is_decoded_again_and_the_same(tmp_path):
    decoded = []

    def again():
        decoded.append(1)
        return pictures(1)

    with Samples(tmp_path) as roomy, Samples(tmp_path, most=1) as full:
        kept = roomy.keep(pictures(1), again)
        first = full.keep(pictures(0), again)  # fills it
        second = full.keep(pictures(1), again)
        assert len(list(tmp_path.rglob("*.npz"))) == 2
        assert same(kept(), second())
        assert not same(first(), second())
        assert decoded == [1]
        assert float(second()[1002][0].max()) == 65504


def test_few_shots_are_in_memory(tmp_path):
    decoded = []

    def again():
        decoded.append(1)
        return pictures(1)

    with Samples(tmp_path, most=0) as samples:
        reads = [samples.keep(pictures(turn), again) for turn in range(LOADED + 1)]
        for read in (*reads, reads[-1], reads[0]):
            read()
    assert len(decoded) == LOADED + 2  # the last was there still, the first not


@pytest.mark.parametrize("most", [0, 1 << 20])
def test_a_read_can_be_stopped(tmp_path, most):
    stopped = []

    def asked():
        if stopped:
            raise Cancelled()

    with Samples(tmp_path, asked, most) as samples:
        read = samples.keep(pictures(1), lambda: pictures(1))
        assert read()
        stopped.append(1)
        with pytest.raises(Cancelled):
            read()
