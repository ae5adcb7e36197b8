"""A match in a Blender whose windows can be seen, step by step, with a screenshot of each.

    xvfb-run blender --factory-startup --enable-event-simulate --python xvfb_match.py -- OUT

Run by `test_xvfb.py`. OUT is a folder: the project, the screenshots and `told.json`, what was
found at each step. Made for Debian's Blender 3.4, the legacy way in: pressing a button means a
mouse event where that version draws it, in a window of 1600 x 900.
"""

import os
import sys
import time
from pathlib import Path

import addon_utils
import bpy

sys.path.insert(0, str(Path(__file__).parent))

from xvfb_rig import (
    OUT,
    TOLD,
    area,
    click,
    drive,
    mouse,
    open_editor,
    override,
    region,
    run,
    shot,
    show_tab,
    until_ended,
    widen,
    window,
)

SAMPLE = Path(__file__).parents[2] / "resources/sample"
RUN = 355  # of the button *Match*, pixels below the top of the sidebar


def press_run():
    bar = region("UI")
    click(bar.x + bar.width // 2 - 10, bar.y + bar.height - RUN)


def frame_all():
    with override():
        bpy.ops.node.view_all()


def nodes():
    return sorted(node.name for node in bpy.context.scene.node_tree.nodes)


def placed():
    return sorted(run().host().tagged("answerprint"))


def first_of(name):
    return SAMPLE / name / f"{name}.1001.exr"


def load():
    scene = bpy.context.scene
    scene.use_nodes = True
    scene.frame_start, scene.frame_end = 1001, 1006
    scene.frame_set(1003)
    tree = scene.node_tree
    tree.nodes.clear()
    for row, name in enumerate(("shot_b", "hero")):
        image = bpy.data.images.load(str(first_of(name)))
        image.source, image.name = "SEQUENCE", name
        node = tree.nodes.new("CompositorNodeImage")
        node.image, node.label, node.location = image, name, (-320 * row, 0)
        node.frame_duration, node.frame_start, node.frame_offset = 6, 1001, 1000
        node.select = name == "shot_b"
        tree.nodes.active = tree.nodes[0]
    bpy.ops.ed.undo_push(message="Load the shots")


def story():
    """What the artist does. Yields the seconds until the next step."""
    addon_utils.enable("answerprint", default_set=True)
    bpy.ops.wm.save_as_mainfile(filepath=str(OUT / "sc010.blend"))
    load()
    open_editor("CompositorNodeTree")
    yield 1.0
    show_tab()
    yield 0.5
    yield from widen()
    yield 0.5
    frame_all()
    yield 1.0
    held = bpy.context.scene.answerprint.match
    TOLD["items"] = [item.ref for item in run().host().items()]
    held.reference = "hero (node)"
    area().tag_redraw()
    yield 0.5
    shot("1-panel")
    before = nodes()
    press_run()
    yield 0.3
    TOLD["started by the button"] = run().working()
    while run().working() and run().job.progress.done < 4:
        yield 0.05
    shot("2-progress")
    yield from until_ended()
    yield 1.5
    frame_all()
    yield 0.5
    shot("3-match")
    TOLD["match"] = run().job.summary()
    TOLD["added"] = sorted(set(nodes()) - set(before))
    TOLD["kept"] = set(before) <= set(nodes())
    show_through()
    yield 1.0
    for _ in range(300):  # the compositor takes its time
        if not bpy.app.is_job_running("COMPOSITE"):
            break
        yield 0.2
    for each in others():
        with bpy.context.temp_override(window=window(), area=each, region=each.regions[-1]):
            if each.type == "IMAGE_EDITOR":
                bpy.ops.image.view_all(fit_view=True)
    yield 0.5
    shot("4-viewed")

    held = bpy.context.scene.answerprint.match
    held.strength = 0.4
    asked = time.monotonic()
    while not run().waiting() and time.monotonic() < asked + 5:
        yield 0.02
    while run().waiting() and time.monotonic() < asked + 30:
        yield 0.02
    TOLD["knob to picture, s"] = round(time.monotonic() - asked, 2)
    yield 0.5
    TOLD["knob"] = [str(run().job.trouble or ""), run().job.result.params["strength"]]
    shot("5-knob")

    TOLD["before"] = before
    for step in ("undo", "undo", "redo"):  # the viewer, then the match
        with override():
            getattr(bpy.ops.ed, step)()
        yield 0.5
        TOLD[f"after {step}"] = nodes()
    shot("6-undone-and-redone")

    bpy.context.scene.answerprint.match.method = "palette"
    with override():
        bpy.ops.answerprint.match("INVOKE_DEFAULT")
    mouse("ESC", "PRESS", 400, 400)
    mouse("ESC", "RELEASE", 400, 400)
    yield from until_ended()
    yield 0.5
    TOLD["escape"] = run().job.summary()
    shot("7-cancelled")

    clips = [bpy.data.movieclips.load(str(first_of(name))) for name in ("hero", "shot_b")]
    for clip in clips:
        clip.frame_start = 1001
    for number, kind in ((8, "IMAGE_EDITOR"), (9, "CLIP_EDITOR")):
        open_editor(kind)
        if kind == "IMAGE_EDITOR":
            show_image(area(), bpy.data.images["shot_b"])
            area().spaces.active.show_region_ui = True
        else:
            area().spaces.active.clip = clips[1]
        yield 1.0
        show_tab()
        yield 0.5
        show_tab()
        settings = bpy.context.scene.answerprint.match
        settings.method, settings.strength = "auto", number / 10
        settings.reference = "hero (image)" if kind == "IMAGE_EDITOR" else f"{clips[0].name} (clip)"
        yield 1.0
        with override():
            bpy.ops.answerprint.match("INVOKE_DEFAULT")
        yield from until_ended()
        yield 1.0
        shot(f"{number}-{kind.lower()}")
        TOLD[kind] = [run().job.run.near, run().job.summary()]

    open_editor("SEQUENCE_EDITOR")
    yield 1.0
    show_tab()
    yield 1.0
    shot("10-sequence_editor")
    yield from sequencer()
    yield from load_meanwhile()
    yield from leave()


def show_through():
    """Join the result to a viewer, and look at it behind the nodes."""
    tree = bpy.context.scene.node_tree
    viewer = tree.nodes.new("CompositorNodeViewer")
    result = tree.nodes[TOLD["added"][-1]]
    x, y = result.location
    viewer.location = (result.parent.location.x + x + 320, result.parent.location.y + y)
    tree.links.new(result.outputs["Image"], viewer.inputs["Image"])
    bpy.ops.ed.undo_push(message="View the result")
    frame_all()
    hero, seen = sorted(others(), key=lambda each: -each.y)[:2]
    show_image(hero, bpy.data.images["hero"])
    show_image(seen, bpy.data.images["Viewer Node"])


def others():
    """The areas at the right: above the outliner, below the properties."""
    return [each for each in window().screen.areas if each.x > area().x + area().width // 2]


def show_image(where, image):
    where.ui_type = "IMAGE_EDITOR"
    space = where.spaces.active
    space.image, space.show_region_ui, space.show_region_tool_header = image, False, False
    told = space.image_user
    told.frame_start, told.frame_offset, told.frame_duration = 1001, 1000, 6


def sequencer():
    area().spaces.active.timeline_overlay.show_strip_source = False
    scene = bpy.context.scene
    strips = scene.sequence_editor_create().sequences
    for channel, name in ((1, "hero"), (2, "shot_b")):
        files = sorted(path.name for path in (SAMPLE / name).glob("*.exr"))
        folder = SAMPLE / name
        strip = strips.new_image(name, str(folder / files[0]), channel, 1001, fit_method="ORIGINAL")
        for each in files[1:]:
            strip.elements.append(each)
        strip.select = name == "shot_b"
    scene.sequence_editor.active_strip = strip
    with override():
        bpy.ops.sequencer.view_all()
    settings = scene.answerprint.match
    settings.source, settings.method, settings.strength = "", "auto", 0.8
    settings.reference = "hero (strip)"
    yield 1.0
    before = {strip.name for strip in scene.sequence_editor.sequences_all}
    with override():
        bpy.ops.answerprint.match("INVOKE_DEFAULT")
    yield from until_ended()
    yield 1.0
    with override():
        bpy.ops.sequencer.view_all()
    yield 0.5
    shot("11-strip")
    now = {strip.name for strip in bpy.context.scene.sequence_editor.sequences_all}
    TOLD["strips added"] = sorted(now - before)
    TOLD["strip match"] = run().job.summary()


def load_meanwhile():
    """Open a file while a job runs."""
    bpy.ops.wm.save_as_mainfile(filepath=str(OUT / "sc010.blend"))
    scene = bpy.context.scene
    scene.answerprint.match.method = "palette"
    before = placed()
    with override():
        bpy.ops.answerprint.match("INVOKE_DEFAULT")
    TOLD["started before loading"] = run().working()
    bpy.ops.wm.open_mainfile(filepath=str(OUT / "sc010.blend"))
    TOLD["works after loading"] = run().working()
    yield 1.0
    TOLD["placed by loading"] = sorted(set(placed()) - set(before))
    scene = bpy.context.scene
    scene.answerprint.match.method = "auto"
    with override():
        bpy.ops.answerprint.match("INVOKE_DEFAULT")
    yield from until_ended()
    yield 0.5
    TOLD["match after loading"] = run().job.summary()


def leave():
    """Disable the add-on; enable it again, and end Blender in mid-job."""
    worker = run()._session.worker.pid
    addon_utils.disable("answerprint", default_set=True)
    TOLD["types left"] = [name for name in dir(bpy.types) if "ANSWERPRINT" in name]
    try:
        os.kill(worker, 0)
    except ProcessLookupError:
        TOLD["worker"] = "gone"
    addon_utils.enable("answerprint", default_set=True)
    bpy.context.scene.answerprint.match.method = "palette"
    yield 0.5
    with override():
        bpy.ops.answerprint.match("INVOKE_DEFAULT")
    TOLD["last worker"] = run()._session.worker.pid
    yield 0.3


drive(story)
