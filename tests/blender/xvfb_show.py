"""The show in a Blender whose windows can be seen, with a screenshot of each step.

    xvfb-run blender --factory-startup --enable-event-simulate --python xvfb_show.py -- OUT TAKES

Run by `test_xvfb_show.py`. TAKES is a folder with four takes of two set-ups, A B A B, each a folder
of pictures (`dailies.py`). Made for Debian's Blender 3.4, as `xvfb_match.py`: buttons and rows are
clicked where that version draws them, in a window of 1600 x 900.
"""

import sys
from pathlib import Path

import addon_utils
import bpy

sys.path.insert(0, str(Path(__file__).parent))

from xvfb_check import preview, scene, see_all, strips
from xvfb_rig import (
    OUT,
    TOLD,
    area,
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
)

TAKES = Path(sys.argv[-1])
FIRST = 1  # frame of the scene
SHOW = 493  # the closed panel, pixels below the top of the sidebar
HEAD, FIND, ROW, HIGH = 71, 155, 211, 21  # once it is alone: itself, the button, the first row
MISSING = 99  # the next panel, while both are closed


def load(takes):
    """The first two takes, the first again, a hole, the second again: half of each."""
    scene().render.fps = 24
    scene().view_settings.view_transform = "Standard"
    sequences, at = scene().sequence_editor_create().sequences, FIRST
    for number in (0, 1, 0, None, 1):
        paths = sorted(takes[number or 0].iterdir())
        half = paths[: len(paths) // 2]
        if number is not None:
            name = takes[number].name
            made = sequences.new_image(name, str(half[0]), 1, at, fit_method="FIT")
            for each in half[1:]:
                made.elements.append(each.name)
        at += len(half)
    for each in sequences:
        each.select = False
    scene().frame_start, scene().frame_end = FIRST, at - 1
    scene().frame_set(FIRST + len(half) // 2)
    bpy.ops.ed.undo_push(message="Load the shots")


def button(name, **more):
    with override("UI"):
        getattr(bpy.ops.answerprint, name)("INVOKE_DEFAULT", **more)


def held():
    return bpy.context.window_manager.answerprint_show


def story():
    """What the artist does. Yields the seconds until the next step."""
    addon_utils.enable("answerprint", default_set=True)
    bpy.ops.wm.save_as_mainfile(filepath=str(OUT / "sc010.blend"))
    load(sorted(each for each in TAKES.iterdir() if each.is_dir()))
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
    alone(SHOW)
    yield 0.5
    button("show_dailies")
    yield 1.0
    yield from choose(str(TAKES))
    shot("2-learning")
    yield from until_ended()
    yield 0.5
    TOLD["learned"] = run().shown.said
    press(FIND)
    yield 0.3
    TOLD["started by the button"] = run().working()
    yield from until_ended()
    yield 1.0
    shot("3-takes")
    TOLD["takes"] = rows("takes")
    there = where()
    press(ROW + HIGH)
    yield 0.5
    TOLD["chosen"] = held().take
    button("show_place")
    yield 0.5
    see_all()
    yield 1.0
    shot("4-placed")
    TOLD["placed"] = added(there)
    with override():
        bpy.ops.ed.undo()
    yield 0.5
    TOLD["after undo"] = added(there)
    press(HEAD)
    yield 0.5
    still = sorted(sorted(TAKES.iterdir())[1].iterdir())[0]
    with override("UI"):  # as the file browser ends
        bpy.ops.answerprint.show_picture("EXEC_DEFAULT", filepath=str(still), by="place")
    yield from until_ended()
    TOLD["takes of a file"] = rows("takes")
    alone(MISSING)
    yield 0.5
    button("show_gaps")
    yield from until_ended()
    yield 1.0
    shot("5-missing")
    TOLD["holes"] = rows("holes")
    button("audition")
    yield 0.5
    see_all()
    yield 1.0
    shot("6-auditions")
    TOLD["laid"] = added(there)
    TOLD["markers"] = sorted((m.frame, m.name) for m in scene().timeline_markers)
    needy = [name for name, row in run().shown.proposals().items() if "match" in row["needs"]]
    TOLD["swapped"] = needy[0]
    held().hole = [row.id for row in held().holes].index(needy[0])
    yield 0.5
    TOLD["shown"] = [scene().frame_current, [n for n, each in strips().items() if each.select]]
    button("swap_take", id=needy[0])
    yield from until_ended()
    yield 1.0
    see_all()
    yield 1.0
    shot("7-swapped")
    TOLD["after the swap"] = added(there)
    TOLD["match"] = run().job.summary()
    button("mute_takes", id=needy[0])
    yield 0.5
    TOLD["as it was"] = added(there)
    with override():
        bpy.ops.ed.undo()
    yield 0.5
    TOLD["after undo of that"] = added(there)


def choose(folder):
    """A folder in the file browser, which is open now. Yields until it is gone."""
    there = bpy.context.window_manager.windows[-1]
    (browser,) = [each for each in there.screen.areas if each.type == "FILE_BROWSER"]
    browser.spaces.active.params.directory = folder.encode()
    yield 0.5
    with bpy.context.temp_override(window=there, area=browser):
        bpy.ops.file.execute()
    yield 0.5


def press(below, **more):
    bar = region("UI")
    x, y = bar.x + 100, bar.y + bar.height - below
    mouse("MOUSEMOVE", "NOTHING", x, y)
    mouse("LEFTMOUSE", "PRESS", x, y, **more)
    mouse("LEFTMOUSE", "RELEASE", x, y, **more)


def alone(header):
    """Open the panel of this header and close the others, as Ctrl and a click do."""
    press(header, ctrl=True)


def rows(name):
    return [[r.name, r.id, r.frames, r.sees, r.sure] for r in getattr(held(), name)]


def where():
    return {n: [s.channel, s.frame_final_start, s.frame_final_end] for n, s in strips().items()}


def added(before):
    """Channel, first frame, the one after the last, and whether it is muted, of what is new."""
    new = {name: at for name, at in where().items() if name not in before}
    return {name: [*at, strips()[name].mute] for name, at in new.items()}


drive(story)
