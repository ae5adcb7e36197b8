"""An edit checked and mended in a Blender whose windows can be seen, with a screenshot of each.

    xvfb-run blender --factory-startup --enable-event-simulate --python xvfb_check.py -- OUT [STAGE]

Run by `test_xvfb_check.py`. STAGE is a folder of the soundstage, of which one shot is off: each of
its folders is a shot of the edit. Made for Debian's Blender 3.4, as `xvfb_match.py`: buttons and
rows are clicked where that version draws them, in a window of 1600 x 900.
"""

import sys
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

STAGE = Path(sys.argv[-1]) if len(sys.argv[sys.argv.index("--") :]) > 2 else None
STAGE = STAGE or Path(__file__).parents[1] / "soundstage/cached/pair"
FIRST = 1  # frame of the scene
CHECK, ROW = 54, 137  # the button, the first row: pixels below the top of the sidebar
HIGH = 20  # pixels of a row


def scene():
    return bpy.context.scene


def strips():
    return {each.name: each for each in scene().sequence_editor.sequences_all}


def load():
    """The shots in a row, as somebody cuts them."""
    import answerprint.colour

    scene().render.fps = 24
    scene().view_settings.view_transform = "Standard"
    sequences, at = scene().sequence_editor_create().sequences, FIRST
    for folder in sorted(each for each in STAGE.iterdir() if each.is_dir()):
        paths = sorted(folder.glob("*.exr"))
        made = sequences.new_image(folder.name, str(paths[0]), 1, at, fit_method="FIT")
        for each in paths[1:]:
            made.elements.append(each.name)
        made.colorspace_settings.name = answerprint.colour.ours("ACEScg")
        at += len(paths)
    for each in sequences:
        each.select = False
    scene().frame_start, scene().frame_end = FIRST, at - 1
    scene().timeline_markers.new("theirs", frame=FIRST + 1)
    bpy.ops.ed.undo_push(message="Load the shots")


def see_all():
    with override():
        bpy.ops.sequencer.view_all()


def preview():
    """The area at the right below, made wider: the picture of the sequencer."""
    with bpy.context.temp_override(window=window(), screen=window().screen):
        bpy.ops.screen.area_move(x=area().x + area().width, y=400, delta=-220)
    right = [each for each in window().screen.areas if each.x > area().x + area().width // 2]
    where = max(right, key=lambda each: each.height)
    where.ui_type = "SEQUENCE_EDITOR"
    where.spaces.active.view_type = "PREVIEW"
    where.spaces.active.show_region_toolbar = where.spaces.active.show_region_ui = False


def markers():
    return sorted((each.frame, each.name) for each in scene().timeline_markers)


def rows():
    held = bpy.context.window_manager.answerprint_check
    return [[r.kind, r.shot, r.frame, r.value, r.fixable, r.fixed, r.text] for r in held.rows]


def click_row(kind):
    bar, turn = region("UI"), [row[0] for row in rows()].index(kind)
    click(bar.x + 60, bar.y + bar.height - ROW - HIGH * turn)


def picture(name):
    """The frame that the sequencer shows, as a file."""
    settings = scene().render
    settings.filepath = str(OUT / f"{name}.png")
    settings.image_settings.file_format = "PNG"
    settings.resolution_percentage = 25
    bpy.ops.render.render(write_still=True)
    settings.resolution_percentage = 100


def button(name):
    with override("UI"):
        getattr(bpy.ops.answerprint, name)("INVOKE_DEFAULT")


def story():
    """What the artist does. Yields the seconds until the next step."""
    addon_utils.enable("answerprint", default_set=True)
    bpy.ops.wm.save_as_mainfile(filepath=str(OUT / "sc010.blend"))
    load()
    open_editor("SEQUENCE_EDITOR")
    area().spaces.active.timeline_overlay.show_strip_source = False
    preview()
    yield 1.0
    show_tab()
    yield 0.5
    yield from widen()
    yield 0.5
    see_all()
    yield 1.0
    shot("1-edit")
    bar = region("UI")
    click(bar.x + bar.width // 2 - 10, bar.y + bar.height - CHECK)
    yield 0.3
    TOLD["started by the button"] = run().working()
    mouse("ESC", "PRESS", 400, 400)
    mouse("ESC", "RELEASE", 400, 400)
    yield from until_ended()
    yield 0.5
    TOLD["escape"] = run().edit.summary()
    TOLD["rows after escape"] = rows()
    button("check_edit")
    yield 2.0
    shot("2-progress")
    yield from until_ended()
    yield 1.0
    shot("3-findings")
    TOLD["summary"], TOLD["rows"] = run().edit.summary(), rows()
    scene().frame_set(FIRST)
    click_row("exposure")
    yield 1.0
    shot("4-shown")
    chosen = [name for name, each in strips().items() if each.select]
    TOLD["shown"] = [scene().frame_current, sorted(chosen)]
    picture("before")
    button("mark_findings")
    yield 0.5
    TOLD["markers"] = markers()
    shot("5-markers")
    before = set(strips())
    button("fix_finding")
    yield from until_ended()
    yield 1.0
    see_all()
    yield 1.0
    shot("6-fixed")
    added = {name: each for name, each in strips().items() if name not in before}
    TOLD["added"] = [
        [each.channel, each.frame_final_start, each.frame_final_end] for each in added.values()
    ]
    TOLD["rows after the fix"] = rows()
    picture("after")
    button("check_edit")
    yield from until_ended()
    yield 0.5
    button("mark_findings")
    yield 1.0
    shot("7-checked-again")
    TOLD["rows at last"], TOLD["markers at last"] = rows(), markers()
    with override():
        bpy.ops.ed.undo()
    yield 0.5
    TOLD["markers after undo"] = markers()
    TOLD["rows after undo"] = rows()


if __name__ == "__main__":
    drive(story)
