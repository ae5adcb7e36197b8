"""Scripts whose colour is Nuke's own, not OCIO's; and scripts of several views. On the double."""

import nuke_rig
import pytest
from doubles import nuke_double as nuke
from scenes import CDL, ONE_OF_EACH, export, shot

from answerprint_bridge.host import FrameSet
from answerprint_bridge.messages import WireError

LINEAR = "Linear Rec.709 (sRGB)"


@pytest.fixture
def rig(tmp_path):
    made = nuke_rig.Rig(tmp_path)
    yield made
    made.host.shutdown()


@pytest.fixture
def read(rig, tmp_path):
    """A Read of a plate, in a script of Nuke's own colours."""
    node = nuke.toNode(rig.on_disk(export(rig, shot(rig), tmp_path / "plates")).ref)
    nuke.root()["colorManagement"].setValue("Nuke")
    return node


def frames_in(space):
    return ONE_OF_EACH["frames"] | {"colorspace": {"name": space}}


@pytest.mark.parametrize(
    ("set_to", "raw", "space"),
    [
        ("default (linear)", False, LINEAR),
        ("linear", False, LINEAR),
        ("sRGB", False, "sRGB Encoded Rec.709 (sRGB)"),
        ("rec709", False, "Camera Rec.709"),
        ("Cineon", True, LINEAR),
    ],
)
def test_a_read_is_told_in_the_words_of_a_config(rig, read, tmp_path, set_to, raw, space):
    import PyOpenColorIO as ocio

    read["colorspace"].setValue(set_to)
    read["raw"].setValue(raw)
    assert rig.host.describe(read.fullName()).space == space
    assert export(rig, rig._item(read), tmp_path / "out").space == space
    config = ocio.Config.CreateFromBuiltinConfig("studio-config-v2.2.0_aces-v1.3_ocio-v2.4")
    assert config.getColorSpace(space) is not None, "the core knows it by this name"


def test_a_space_that_only_nuke_knows_is_refused_in_words(rig, read, tmp_path):
    read["colorspace"].setValue("Cineon")
    assert rig.host.describe(read.fullName()).space == ""
    with pytest.raises(WireError, match="read as 'Cineon'") as refused:
        export(rig, rig._item(read), tmp_path / "out")
    assert "Project Settings > Color" in refused.value.hint


def test_what_is_rendered_is_in_nukes_linear_light(rig, tmp_path):
    nuke.root()["colorManagement"].setValue("Nuke")
    assert export(rig, shot(rig), tmp_path / "out").space == LINEAR


@pytest.mark.parametrize(
    ("space", "knob"), [(LINEAR, "linear"), ("sRGB Encoded Rec.709 (sRGB)", "sRGB")]
)
def test_frames_come_back_in_the_space_they_are_in(rig, read, space, knob):
    (answer,) = rig.host.apply([frames_in(space)], read.fullName(), "match v001", "r1")
    node = nuke.toNode(answer.items[0])
    assert (node["colorspace"].value(), node["raw"].value()) == (knob, False)


def test_plan_and_apply_say_the_same_of_frames_nuke_has_no_space_for(rig, read):
    results = [CDL, frames_in("ACEScg")]
    planned = rig.host.plan(results, read.fullName())
    assert planned == rig.host.apply(results, read.fullName(), "match v001", "r1")
    assert [each.status for each in planned] == ["refused", "refused"]
    assert all("Project Settings > Color" in each.why for each in planned)
    with pytest.raises(WireError, match="no 'ACEScg'"):
        rig.host.import_frames(FrameSet("a.%04d.exr", 1, 2, space="ACEScg"), "", "a")


# --- views -----------------------------------------------------------------------------------


def test_one_view_is_no_question(rig):
    assert [row["name"] for row in rig.host.settings()] == ["place"]
    with pytest.raises(WireError, match="no setting view"):
        rig.host.configure("view", "main")


def test_the_view_that_is_chosen_is_described_and_written(rig, tmp_path):
    nuke.scene.views = ["left", "right"]
    for view in ("left", "right"):
        export(rig, shot(rig), tmp_path / view)
    read = nuke.nodes.Read(file=f"{tmp_path}/%V/plate.%04d.exr", first=1001, last=1003)
    (row,) = (each for each in rig.host.settings() if each["name"] == "view")
    assert (row["choices"], row["value"]) == (["left", "right"], "left")
    assert rig.host.describe(read.fullName()).file == f"{tmp_path}/left/plate.%04d.exr"

    rig.host.configure("view", "right")
    assert rig.host.describe(read.fullName()).file == f"{tmp_path}/right/plate.%04d.exr"
    assert export(rig, rig._item(read), tmp_path / "out").pattern.startswith(f"{tmp_path}/right")
    nuke.scene.rendered_views.clear()
    export(rig, shot(rig), tmp_path / "again")
    assert nuke.scene.rendered_views == [["right"]] * 3
    assert rig.host.settings()[0]["value"] == "nodes", "the other setting stays"

    nuke.scene.views = ["main", "left"]  # the artist has taken it out of the script
    (row,) = (each for each in rig.host.settings() if each["name"] == "view")
    assert row["value"] == "main"
    with pytest.raises(WireError, match="no setting view"):
        rig.host.configure("view", "right")
