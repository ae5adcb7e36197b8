"""The agent in a process of its own, on the double, as Resolve's menu would start it.

    python resolve_agent.py FOLDER PANEL...

FOLDER takes the project and what is left in the end (end.json): what stands in the double, and
the numbers of both processes as soon as the panel runs (pids.json). PANEL is the command of the
panel. A file `gone` in FOLDER ends Resolve under the agent; `free 21.1` makes it that edition.
"""

import json
import os
import sys
from pathlib import Path

import resolve_rig

from answerprint_bridge.host import FrameSet
from answerprint_resolve import agent

SAMPLE = Path(__file__).parents[2] / "resources" / "sample"


def main(folder: Path, command: list[str]) -> None:
    project = folder / "a" / "project"
    project.mkdir(parents=True)
    rig = resolve_rig.Rig(project)
    rig.world.settings |= {"colorSpaceTimeline": "ACEScct", "colorSpaceOutput": "ACEScg"}
    told = {"first": 1001, "last": 1006, "width": 240, "height": 135, "space": "ACEScg"}
    for raw, name in zip(rig.line._clips, ("A001_C002.braw", "A001_C007.braw"), strict=True):
        raw._name = name
        raw._media._properties["Resolution"] = "4096x2160"
    shots = {
        name: rig.on_disk(FrameSet(str(SAMPLE / plate / f"{plate}.%04d.exr"), **told))
        for name, plate in (("shot_b", "shot_b"), ("hero", "hero"), ("shot_c", "shot_b"))
    }
    for name, item in shots.items():
        rig.clip(item.ref)._name = name
        rig.clip(item.ref)._media._properties["Resolution"] = "240x135"
    rig.clip(shots["shot_b"].ref)._colour = "Teal"
    if (folder / "free 21.1").exists():
        rig.world.version, rig.world.studio = (21, 1), False
    made = agent.Agent(rig.resolve, command, folder / "settings.json", rig.world.luts)
    pump = made.panel.pump

    def watched(wait: float = 0.0) -> None:
        pump(wait)
        pids = folder / "pids.json"
        if made.panel.hello and not pids.exists():
            part = folder / "pids.part"
            part.write_text(json.dumps([os.getpid(), made.panel.pid]))
            part.rename(pids)
        rig.world.gone = (folder / "gone").exists()

    made.panel.pump = watched
    made.run()
    clip = rig.clip(shots["shot_b"].ref)
    end = {"versions": [list(each) for each in clip._versions], "current": list(clip._current)}
    end["other"] = list(rig.clip(shots["shot_c"].ref)._current)
    end["renders"] = len(list(project.rglob("*.exr")))
    end["page"], end["playhead"] = rig.world.page, rig.playhead()
    end["markers"] = rig.marks()
    end["cdl"] = [node["cdl"] for node in clip._nodes]
    (folder / "end.json").write_text(json.dumps(end))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
