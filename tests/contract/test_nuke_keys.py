"""Keys in Nuke, on the double of its module: nodes that an artist finishes by hand."""

import nuke_rig
import pytest
from doubles import nuke_double as nuke
from scenes import ONE_OF_EACH, shot

KEY = ONE_OF_EACH["key"]


@pytest.fixture
def rig(tmp_path):
    project = tmp_path / "show" / "sc010"
    project.mkdir(parents=True)
    made = nuke_rig.Rig(project)
    yield made
    made.host.shutdown()


def apply(rig, *results, near=""):
    return rig.host.apply(list(results), near, "key v001", "r1")


def made(answers):
    return [nuke.toNode(ref) for each in answers for ref in each.items]


def test_a_key_stands_with_neutral_nodes_to_finish_it_by_hand(rig):
    data = KEY | {"colorspace": {"name": "ACEScct"}}
    read, copied, clip, erode, blur, despill, end = made(apply(rig, data, near=shot(rig).ref))
    kinds = ["Copy", "Grade", "FilterErode", "Blur", "Expression", "Premult"]
    chain = (copied, clip, erode, blur, despill, end)
    assert [n.Class() for n in chain] == kinds
    assert [n.input(0) for n in chain] == [read, *chain[:-1]]
    assert copied.input(1) is read
    assert (read["raw"].value(), read["colorspace"].value()) == (False, "ACES - ACEScct")
    for n, colour in enumerate(("red", "green", "blue")):
        assert copied[f"from{n}"].value() == f"foreground.{colour}"
        assert copied[f"to{n}"].value() == f"rgba.{colour}"
    assert copied["from3"].value() == copied["to3"].value() == "none"
    assert [n["channels"].value() for n in (clip, erode, blur)] == ["alpha"] * 3
    assert (clip["blackpoint"].value(), clip["whitepoint"].value()) == ([0.0] * 4, [1.0] * 4)
    assert clip["black_clamp"].value()
    assert clip["white_clamp"].value()
    assert (erode["size"].value(), blur["size"].value()) == (0.0, 0.0)
    assert (end["channels"].value(), end["alpha"].value()) == ("rgb", "rgba.alpha")
    assert "clip black / white" in clip["label"].value()
    assert "amount" in despill["label"].value()


LIGHT = {"r": 0.2, "g": 60.0, "b": -0.05}


@pytest.mark.parametrize("channel", range(3))
@pytest.mark.parametrize(("amount", "light"), [(0, LIGHT), (1, LIGHT), (1, {**LIGHT, "g": 0.1})])
def test_despill_limits_the_screens_channel_by_the_stronger_other(rig, channel, amount, light):
    light = {"rgb"[(n + channel - 1) % 3]: each for n, each in enumerate(light.values())}
    screen = [0.08, 0.1, 0.1]
    screen[channel] = 0.4
    *_, despill, _ = made(apply(rig, KEY | {"screen": screen}))
    assert despill["temp_name0"].value() == "amount"
    assert despill["temp_expr0"].value() == "0", "neutral until the artist says otherwise"
    others = max(light[c] for n, c in enumerate("rgb") if n != channel)
    for n, colour in enumerate("rgb"):
        less = despill[f"expr{n}"].value()
        if n != channel:
            assert less == "", "the other channels stay"
            continue
        got = eval(less, {"max": max, "amount": amount}, light)
        wanted = light[colour] - amount * max(0, light[colour] - others)
        assert got == pytest.approx(wanted, abs=1e-12)


def test_a_grey_screen_threw_no_colour_to_take_off(rig):
    nodes = made(apply(rig, KEY | {"screen": [0.3, 0.31, 0.29]}))
    assert "Expression" not in [n.Class() for n in nodes]
    assert nodes[-1].Class() == "Premult"


def test_a_key_that_nuke_cannot_build_comes_as_frames(rig, monkeypatch):
    monkeypatch.delattr(nuke.nodes, "FilterErode")
    before = rig.everything()
    (answer,) = apply(rig, KEY)
    assert (answer.status, answer.became) == ("degraded", "frames")
    assert "no node 'FilterErode'" in answer.why
    assert len(rig.everything()) == len(before) + 2  # a Read and its backdrop


@pytest.mark.parametrize("gone", range(7))
def test_a_key_that_lost_a_node_is_placed_anew(rig, gone):
    item = shot(rig)
    first = apply(rig, KEY, near=item.ref)
    assert apply(rig, KEY, near=item.ref) == first
    nuke.delete(made(first)[gone])
    again = apply(rig, KEY, near=item.ref)
    assert len(again[0].items) == 7
    assert all(node is not None for node in made(again))


def test_a_key_in_a_space_that_the_script_lacks_is_refused_before_it_is_placed(rig):
    before = rig.everything()
    foreign = KEY | {"colorspace": {"name": "S-Log3"}}
    for (answer,) in (rig.host.plan([foreign]), apply(rig, foreign)):
        assert answer.status == "refused"
        assert "no 'S-Log3'" in answer.why
    assert rig.everything() == before
