"""What the stories in a seen Blender share: its window, its mouse, screenshots, the job under way.

A story is a generator that yields the seconds until its next step. It runs in Blender with
`--enable-event-simulate`, in a window of 1600 x 900, with `-- OUT` at the end of its command line:
OUT takes the screenshots and `told.json`, what was found at each step (TOLD).
"""

import json
import sys
import traceback
from pathlib import Path

import bpy

OUT = Path(sys.argv[sys.argv.index("--") + 1])
WIDER = 110  # pixels that the sidebar is dragged open
TOLD = {}


def window():
    return bpy.context.window_manager.windows[0]


def area():
    """The large one."""
    return max(window().screen.areas, key=lambda each: each.width * each.height)


def region(kind):
    return next(each for each in area().regions if each.type == kind)


def override(kind="WINDOW"):
    return bpy.context.temp_override(window=window(), area=area(), region=region(kind))


def shot(name):
    with override():
        bpy.ops.screen.screenshot(filepath=str(OUT / f"{name}.png"), check_existing=False)


def mouse(kind, value, x, y, **more):
    window().event_simulate(type=kind, value=value, x=x, y=y, **more)


def click(x, y):
    mouse("MOUSEMOVE", "NOTHING", x, y)
    mouse("LEFTMOUSE", "PRESS", x, y)
    mouse("LEFTMOUSE", "RELEASE", x, y)


def open_editor(kind):
    """The editor in the large area, with its sidebar; the tab is ours after this and a wait."""
    area().ui_type = kind
    area().spaces.active.show_region_ui = True


def show_tab():
    """Wheel through the tabs to the last one, as Ctrl and the wheel do."""
    bar = region("UI")
    x, y = bar.x + 40, bar.y + bar.height - 30
    mouse("MOUSEMOVE", "NOTHING", x, y)
    for _ in range(8):
        mouse("WHEELDOWNMOUSE", "PRESS", x, y, ctrl=True)


def widen():
    """Drag the sidebar's edge, as an artist does who wants to read long names."""
    bar = region("UI")
    x, y = bar.x - 1, bar.y + bar.height // 2
    mouse("MOUSEMOVE", "NOTHING", x, y)
    yield 0.1
    mouse("LEFTMOUSE", "PRESS", x, y)
    for step in range(1, 6):
        yield 0.1
        mouse("MOUSEMOVE", "NOTHING", x - WIDER * step // 5, y)
    mouse("LEFTMOUSE", "RELEASE", x - WIDER, y)


def run():
    import answerprint.running

    return answerprint.running.NOW


def until_ended(limit=120.0):
    """Waits for what works by Blender's own timers, looking at what is shown meanwhile."""
    seen, passed = set(), 0.0
    while (task := run().task()) and passed < limit:
        seen.add(task.text())
        passed += 0.05
        yield 0.05
    TOLD.setdefault("progress", []).append(sorted(seen))


def drive(story):
    bpy.context.preferences.view.show_splash = False
    steps = story()

    def step():
        try:
            return next(steps)
        except StopIteration:
            pass
        except Exception:  # noqa: BLE001 - whatever it is, the test shows it
            TOLD["failed"] = traceback.format_exc()
        (OUT / "told.json").write_text(json.dumps(TOLD, indent=1), encoding="utf-8")
        bpy.ops.wm.quit_blender()
        return None

    bpy.app.timers.register(step, first_interval=1.0, persistent=True)
