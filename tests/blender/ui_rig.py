"""What the cases of the extension stand on, as a pytest plugin in a real Blender.

The extension is installed as a user installs it, from its zip, into a scratch folder of
resources. Blender hangs or crashes at exit where something of an add-on is left, so it is
removed at the end.
"""

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import bpy
import numpy as np
import OpenImageIO as oiio
import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "plugin"))

from installer import extension  # noqa: E402

PACKAGE = "bl_ext.user_default.answerprint"
CORE = os.environ["ANSWERPRINT_PYTHON"]


def install(path):
    """Install a zip as Blender's preferences do, and enable it."""
    repos = bpy.context.preferences.extensions.repos
    repo = next(each for each in repos if each.module == "user_default")
    os.makedirs(repo.directory, exist_ok=True)
    told = bpy.ops.extensions.package_install_files(
        filepath=str(path), repo="user_default", enable_on_install=True
    )
    assert told == {"FINISHED"}
    return sys.modules[PACKAGE]


def remove():
    repos = bpy.context.preferences.extensions.repos
    repo = next(each for each in repos if each.module == "user_default")
    bpy.ops.extensions.package_uninstall(repo_directory=repo.directory, pkg_id="answerprint")


def part(name):
    """A module of the installed extension."""
    return sys.modules[f"{PACKAGE}.{name}"]


@pytest.fixture(scope="session", autouse=True)
def end():
    """Nothing of the extension is left when Blender ends."""
    yield
    if PACKAGE in bpy.context.preferences.addons:
        remove()


@pytest.fixture
def enabled(tmp_path):
    """The extension as it is built. One worker serves all cases that do not end it."""
    if PACKAGE not in bpy.context.preferences.addons:
        install(extension.build(ROOT, tmp_path, CORE))


@pytest.fixture
def scene(tmp_path, enabled):
    """A saved scene with a shot and its hero, as image sequences of six frames."""
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    folder = tmp_path / "Größe #2"
    folder.mkdir()
    for name, gain in (("shot", (0.6, 0.6, 0.75)), ("hero", (1.0, 1.0, 1.0))):
        sequence(folder / name, gain)
        image = bpy.data.images.load(str(folder / f"{name}.1001.exr"))
        image.source, image.name = "SEQUENCE", name
        image.colorspace_settings.name = "Linear Rec.709"
    bpy.context.scene.frame_end = 6
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "sc010.blend"))
    return bpy.context.scene


def sequence(stem, gain, frames=6):
    """Light of a room-like spread: shadows of -0.05, highlights of 60, coloured patches."""
    spread = np.random.default_rng(7).uniform(0.01, 0.9, (6, 8, 3)).astype(np.float32)
    light = np.kron(spread, np.ones((8, 8, 1), np.float32))
    light[:4, :4], light[-4:, -4:] = -0.05, 60.0
    for number in range(1001, 1001 + frames):
        picture = oiio.ImageBuf(oiio.ImageSpec(64, 48, 3, "half"))
        picture.set_pixels(picture.roi, light * np.array(gain, np.float32))
        assert picture.write(f"{stem}.{number}.exr")


def refs(*names):
    """References of items by their labels, as the panel's list has them."""
    items = part("running").NOW.host().items()
    return [next(each.ref for each in items if name in each.label) for name in names]


def match(**more):
    source, reference = refs("shot", "hero")
    return bpy.ops.answerprint.match(source=source, reference=reference, **more)


class Manager:
    """A window manager that records."""

    def __init__(self):
        self.windows, self.timers, self.told, self.modal = [], 0, [], []

    def modal_handler_add(self, operator):
        self.modal.append(operator)

    def event_timer_add(self, seconds, window):
        self.timers += 1
        return self

    def event_timer_remove(self, timer):
        self.timers -= 1

    def progress_begin(self, low, high):
        self.told.append(("begin", high))

    def progress_update(self, value):
        self.told.append(value)

    def progress_end(self):
        self.told.append("end")


def modal_context():
    texts = []
    workspace = SimpleNamespace(status_text_set=texts.append, texts=texts)
    space = SimpleNamespace(type="IMAGE_EDITOR")
    return SimpleNamespace(
        window_manager=Manager(), workspace=workspace, window=None, space_data=space
    )


class Operator:
    """A plain object where Blender has the operator, with the properties that a caller named."""

    def __init__(self, **named):
        self.spec, self.timer, self.said = part("catalogue").find("match"), None, []
        self.named = set(named)
        self.properties = SimpleNamespace(is_property_set=lambda name: name in self.named)
        for each in bpy.ops.answerprint.match.get_rna_type().properties:
            if each.identifier != "rna_type":
                object.__setattr__(self, each.identifier, named.get(each.identifier, each.default))

    def __setattr__(self, name, value):
        """What is set counts as named, as in Blender."""
        if hasattr(self, "named"):
            self.named.add(name)
        object.__setattr__(self, name, value)

    def report(self, level, text):
        self.said.append((level, text))

    def __getattr__(self, name):
        if name == "kind":
            return part("operators").ToolOperator
        return getattr(self.kind, name).__get__(self)


def pressed(scene, editor="IMAGE_EDITOR", **named):
    """The operator as a button starts it, with the shots chosen in the panel."""
    held = scene.answerprint.match
    held.source, held.reference = refs("shot", "hero")
    made, context = Operator(**named), modal_context()
    context.scene, context.space_data.type = scene, editor
    assert made.invoke(context, None) == {"RUNNING_MODAL"}
    return made, context


def event(kind, value="NOTHING"):
    return SimpleNamespace(type=kind, value=value)


def begin(**more):
    running, inputs = part("running"), part("inputs")
    host = running.NOW.host()
    found = dict(zip(("source", "reference"), refs("shot", "hero"), strict=True))
    named = {name: inputs.find(host, name, ref) for name, ref in found.items()}
    spec = part("catalogue").find("match")
    params = part("props").values(spec, bpy.context.scene.answerprint.match)
    return running.NOW.start(spec, params, named, **more)


def drive(made, context, turns=600):
    """Timer events until the operator ends."""
    for _ in range(turns):
        told = made.modal(context, event("TIMER"))
        if told != {"PASS_THROUGH"}:
            return told
        part("running").NOW._session.pump(0.1)
    raise AssertionError("it does not end")


class Layout:
    """Records what is drawn. What Blender would not draw fails here."""

    def __init__(self, drawn=None):
        object.__setattr__(self, "drawn", [] if drawn is None else drawn)

    def __setattr__(self, name, value):
        assert name in bpy.types.UILayout.bl_rna.properties, f"no layout has '{name}'"

    def _part(self, **more):
        return Layout(self.drawn)

    row = column = split = _part

    def prop(self, data, name, **more):
        known = bpy.types.UILayout.bl_rna.functions["prop"].parameters
        assert name in data.bl_rna.properties
        assert set(more) <= set(known.keys())
        self.drawn.append(("prop", name, more.get("text")))

    def operator(self, name, **more):
        module, _, short = name.partition(".")
        kind = getattr(getattr(bpy.ops, module), short).get_rna_type()
        self.drawn.append(("operator", name, more.get("text")))
        return SimpleNamespace(**dict.fromkeys(kind.properties.keys()))

    def label(self, text, icon="NONE", icon_value=0):
        assert icon in bpy.types.UILayout.bl_rna.functions["label"].parameters["icon"].enum_items
        self.drawn.append(("label", text, icon))

    def template_list(self, kind, list_id, data, name, chosen_in, chosen, rows):
        assert hasattr(bpy.types, kind)
        assert {name} <= set(data.bl_rna.properties.keys())
        assert {chosen} <= set(chosen_in.bl_rna.properties.keys())
        self.drawn.append(("list", name, None))

    def menu(self, name):
        assert hasattr(bpy.types, name)
        self.drawn.append(("menu", name, None))

    def separator(self):
        pass

    def template_icon(self, icon_value, scale):
        self.drawn.append(("picture", icon_value, None))

    def texts(self):
        return " ".join(text for kind, text, _ in self.drawn if kind == "label")

    def named(self, kind):
        return [name for each, name, _ in self.drawn if each == kind]


EDITORS = ("NODE_EDITOR", "IMAGE_EDITOR", "CLIP_EDITOR", "SEQUENCE_EDITOR")


def draw(which, editor="IMAGE_EDITOR", **space):
    """Draw one of our panels; None where it is not shown."""
    if editor == "NODE_EDITOR":
        space.setdefault("tree_type", "CompositorNodeTree")
    context = SimpleNamespace(
        scene=bpy.context.scene,
        region=SimpleNamespace(width=260),
        preferences=SimpleNamespace(system=SimpleNamespace(ui_scale=1.0)),
        space_data=SimpleNamespace(type=editor, **space),
    )
    panel = getattr(bpy.types, f"ANSWERPRINT_PT_{which}_{editor}")
    if not panel.poll(context):
        return None
    layout = Layout()
    panel.draw(_bound(panel, layout), context)
    return layout


def _bound(panel, layout):
    """What Blender hands to `draw`: the panel's methods and a layout."""
    made = SimpleNamespace(layout=layout)
    for name in ("_inputs", "_run"):
        if hasattr(panel, name):
            setattr(made, name, getattr(panel, name).__get__(made))
    return made
