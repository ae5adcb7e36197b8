"""The network of `key`: what it may rest on, and that its weights are those of its card."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from answerprint.errors import InternalError
from answerprint.nets import keying
from answerprint.nets import weights as stored
from answerprint.nets.keying import MARGIN, STEP, KeyNet, matte, seen, shipped
from answerprint.nets.screens import Look, screened
from answerprint.nets.train_keying import plates, trained
from answerprint.nets.weights import CARD, FILE, weights
from answerprint.vision.keyed import difference


def given(size: tuple[int, int], seed: int = 7) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    made = screened(seed, size, Look(hair=100))
    return made.plate, made.screen, difference(made.plate, made.screen)


def test_the_shipped_network_is_nearer_to_the_truth_than_a_difference() -> None:
    made = screened(7, (135, 240), Look(hair=300, spill=0.15, noise=0.01))
    first = difference(made.plate, made.screen)
    alpha, error = matte(shipped("key", "cpu")[0], made.plate, made.screen, first)
    off, before = (np.abs(a - made.alpha) for a in (alpha, first))
    assert off.mean() < 0.4 * before.mean()
    assert alpha.dtype == error.dtype == np.float32
    assert 0 <= alpha.min() <= alpha.max() <= 1
    doubted = error > np.quantile(error, 0.95)
    assert off[doubted].mean() > 5 * off[~doubted].mean()


def test_tiles_are_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    plate = given((140, 280))
    net = shipped("key", "cpu")[0]
    whole = matte(net, *plate)
    monkeypatch.setattr(keying, "TILE", 8 * STEP)
    for one, other in zip(whole, matte(net, *plate), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_what_a_pixel_rests_on_lies_within_the_margin() -> None:
    torch.manual_seed(3)
    net = KeyNet((4, 4, 4, 4)).double()
    for each in net.parameters():
        each.data.abs_()  # nothing cancels
    last = list[torch.Tensor]()
    net.last.register_forward_hook(lambda _, __, out: last.append(out))
    for at in (128, 143):  # both ends of a coarse cell
        light = torch.ones(1, keying.SEEN, 272, 272, dtype=torch.float64, requires_grad=True)
        net(light)
        last.pop()[0, 0, at, at].backward()  # type: ignore[no-untyped-call]
        assert light.grad is not None
        reached = light.grad.abs().sum(1)[0].nonzero()
        assert (reached - at).abs().max() <= MARGIN


@pytest.mark.parametrize("size", [(16, 16), (5, 7), (33, 70)])
def test_every_size_goes(size: tuple[int, int]) -> None:
    light = np.full((*size, 3), 0.2, np.float32)
    alpha, error = matte(shipped("key", "cpu")[0], light, light, np.zeros(size, np.float32))
    assert alpha.shape == error.shape == size
    assert alpha.max() < 0.1


def test_twice_is_the_same_and_no_number_is_black() -> None:
    light, field, first = given((64, 96))
    net = shipped("key", "cpu")[0]
    holed, black = light.copy(), light.copy()
    holed[10:20, 10:20], black[10:20, 10:20] = np.nan, 0
    one, again, filled = (matte(net, each, field, first) for each in (holed, holed, black))
    assert np.array_equal(one, again)
    assert np.array_equal(one, filled)


def test_light_of_any_size_stays_in_bounds() -> None:
    light, field, first = given((32, 48))
    light[:4], light[4:8] = 6e4, -100
    told = seen(light, field, first)
    assert np.isfinite(told).all()
    assert np.abs(told).max() < 10


def test_the_weights_are_those_of_the_card() -> None:
    net, sha256 = shipped("key", "cpu")
    folder = Path(str(stored.resources.files(stored.PACKAGE))) / "key"
    assert sha256 == hashlib.sha256((folder / FILE).read_bytes()).hexdigest()
    assert sum(each.numel() for each in net.parameters()) < 8e6
    assert f"weights = {sum(p.numel() for p in net.parameters())}\n" in (folder / CARD).read_text()


@pytest.mark.parametrize("harm", ["missing", "other"])
def test_weights_that_are_not_those_of_the_card_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: str
) -> None:
    kept = Path(str(stored.resources.files(stored.PACKAGE))) / "key"
    folder = tmp_path / harm
    folder.mkdir()
    (folder / CARD).write_bytes((kept / CARD).read_bytes())
    if harm == "other":
        (folder / FILE).write_bytes((kept / FILE).read_bytes()[:-1] + b"\1")

    def files(_: Any) -> Path:
        return tmp_path

    monkeypatch.setattr(stored.resources, "files", files)
    with pytest.raises(InternalError, match=harm) as said:
        weights(harm)
    assert "repair" in said.value.hint


def test_training_learns_and_does_so_alike_twice() -> None:
    crops, truths = plates(1)
    assert crops.shape[1:] == (128, 128, keying.SEEN)
    assert truths.min() >= 0
    one, again = (trained(crops, truths, 1, 5, "cpu") for _ in range(2))
    torch.manual_seed(5)
    before = KeyNet()
    for old, new, same in zip(
        before.parameters(), one.parameters(), again.parameters(), strict=True
    ):
        assert torch.equal(new, same)
        assert not torch.equal(new, old)
