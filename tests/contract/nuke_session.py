"""A session in the double of Nuke, in a process of its own, as an artist goes through it.

    python nuke_session.py PLUGIN PROJECT dock [PICTURE]      menus, the panel, its tab moved
    python nuke_session.py PLUGIN PROJECT match [PICTURE]     and a match, a node, its strength
    python nuke_session.py PLUGIN PROJECT check [PICTURE]     an edit of two Reads, and a fix
    python nuke_session.py PLUGIN PROJECT bake WORDS...       `nuke -t bake.py WORDS...`
    python nuke_session.py PLUGIN PROJECT nodes RESULTS       every result of a JSON file, no Qt

PLUGIN is the installed folder, read as Nuke reads it: init.py, then menu.py. Prints JSON. Runs
under every Python and Qt that Nuke has had since 15.
"""

import importlib
import json
import os
import platform
import runpy
import sys
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[1]))

from doubles import nuke_double as nuke
from doubles import nuke_roto, nuke_ui

PATIENCE = 240.0  # a guard against a session that hangs


def start(plugin, gui):
    """Nuke starts: its modules, then the plug-in folder."""
    sys.modules.update({"nuke": nuke, "nuke.rotopaint": nuke_roto})
    sys.modules["nukescripts"] = nuke_ui.nukescripts
    nuke.rotopaint = nuke_roto
    nuke.reset(gui)
    for name in ("init.py", "menu.py") if gui else ("init.py",):
        runpy.run_path(str(Path(plugin) / name))


def script(project):
    """A comp with a shot, which is selected, and its hero."""
    root = nuke.root()
    root["name"].setValue(f"{project}/sc010_v003.nk")
    root["colorManagement"].setValue("OCIO")
    reads = {}
    for number, name in enumerate(("shot_b", "hero")):
        file = f"[file dirname [value root.name]]/{name}/{name}.%04d.exr"
        reads[name] = nuke.nodes.Read(file=file, first=1001, last=1003, xpos=200 * number)
        reads[name].setName(name)
    reads["shot_b"]["selected"].setValue(True)
    return reads


class Desktop:
    """The artist at the panel."""

    def __init__(self):
        qt = importlib.import_module("answerprint_panel.qt")
        self.qt, self.widgets = qt.QT, qt.QtWidgets
        self.events = qt.QtCore.QEvent
        self.application = self.widgets.QApplication.instance() or self.widgets.QApplication(["n"])
        self.dock = importlib.import_module("answerprint_nuke.dock")

    def until(self, condition):
        give_up = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > give_up:
                raise TimeoutError(f"it never came; Nuke was told {nuke.scene.shown}")
            self.application.processEvents()
            nuke.process(0.01)

    @property
    def panel(self):
        return nuke_ui.nukescripts.panels.shown[self.dock.ID]

    def told(self):
        """What the panel is set to."""
        controls = self.panel.controls
        source = controls.inputs.chosen()["source"]
        return [controls.tool.currentData(), [each.label for each in source]]

    def open(self, entry):
        """A menu's entry, and the panel with its form."""
        nuke.menu("Nuke").findItem("Answerprint").findItem(entry).invoke()
        self.up()

    def up(self):
        panel = self.panel
        panel.resize(420, 980)
        panel.show()
        self.until(lambda: panel.controls.form.fields and panel.controls.start.isEnabled())

    def move_tab(self):
        """Nuke destroys the widget and builds it again."""
        old = self.panel
        old.deleteLater()
        self.application.sendPostedEvents(old, self.events.DeferredDelete)
        nuke_ui.nukescripts.panels.restorePanel(self.dock.ID)
        self.up()

    def picture(self, path):
        """The panel as it is drawn, when nothing moves in it any more."""
        quiet = time.monotonic() + 2.0
        self.until(lambda: time.monotonic() > quiet)
        self.panel.grab().save(path)


def labels():
    found = {}
    for place in ("Nuke", "Nodes", "Node Graph"):
        menu = nuke.menu(place).findItem("Answerprint")
        found[place] = [item.name() for item in menu.items()]
    return found


def dock(project, picture=""):
    reads = script(project)
    told = {"menus": labels(), "python": platform.python_version()}
    desktop = Desktop()
    desktop.open("Match...")
    told["qt"], told["before"] = desktop.qt, desktop.told()
    desktop.move_tab()
    told["after"] = desktop.told()
    reads["shot_b"]["selected"].setValue(False)
    reads["hero"]["selected"].setValue(True)
    desktop.panel.controls.write_frames.setChecked(True)
    desktop.open("Match...")
    told["again"] = desktop.told()
    told["writes"] = desktop.panel.controls.write_frames.isChecked()
    if picture:
        desktop.picture(picture)
    opened = []
    importlib.import_module("webbrowser").open = opened.append
    for entry in ("Documentation", "About", "Bake"):
        nuke.menu("Node Graph").findItem("Answerprint").findItem(entry).invoke()
    told["opened"], told["said"] = opened, nuke.scene.shown
    menu = nuke.menu("Nuke").findItem("Answerprint")
    lines = menu.separators
    importlib.import_module("answerprint_nuke.menus").build()  # the folder is on the path twice
    told["twice"] = [labels() == told["menus"], menu.separators == lines]
    worker = importlib.import_module("answerprint_nuke.work").session().worker
    told["worker"] = [worker.pid is not None]
    desktop.dock.close()
    told["worker"].append(worker.pid is not None)
    return told


def match(project, picture=""):
    script(project)
    desktop = Desktop()
    desktop.open("Match...")
    host = importlib.import_module("answerprint_nuke.work").host()
    items = {each.label: [each] for each in host.items()}
    shots = {"source": items["shot_b"], "reference": items["hero"]}
    desktop.panel.controls.inputs.choose(shots)
    desktop.panel.run()
    jobs = desktop.dock.desk().jobs
    desktop.until(lambda: jobs and jobs[0].ended)
    if picture:
        desktop.picture(picture)
    told = {"first": facts(jobs[0])}
    nodes = [n for n in nuke.allNodes() if n.Class() == "OCIOCDLTransform"]
    told["nodes"] = [[n.fullName(), n.input(0).name(), n["slope"].value()] for n in nodes]
    for node in nuke.allNodes():
        node["selected"].setValue(False)
    nuke.menu("Nodes").findItem("Answerprint").findItem("Answerprint node").invoke()
    (group,) = nuke.allNodes("Group")
    told["group"], told["wired"] = group.fullName(), [group.input(0).name(), group.input(1).name()]
    steps = ours()
    group["ap_strength"].setValue(0.9)
    group["ap_strength"].setValue(0.5)  # the first one is not taken up: it did not rest
    recipe = importlib.import_module("answerprint_nuke.recipe")
    desktop.until(lambda: recipe.of(group)["params"]["strength"] == 0.5)
    (cdl,) = (n for n in group.nodes() if n.Class() == "OCIOCDLTransform")
    knobs = ("slope", "offset", "power", "saturation", "working_space")
    told["cdl"] = {knob: cdl[knob].value() for knob in knobs}
    told["steps"] = ours() - steps
    told["solved"] = recipe.of(group)["recipe"]["solved"] == told["first"].pop("solved")
    told["folder"] = recipe.folder(recipe.of(group))
    told["versions"] = sorted(p.name for p in Path(told["folder"]).parent.glob("v*"))
    told["panel"] = panels_frames(desktop, told["folder"])
    nuke.scene.frames_and_views = lambda default: (told.setdefault("asked", default)[:4], ["main"])
    group["answerprint_bake"].execute()
    (read,) = (n for n in nuke.allNodes("Read") if "baked" in n["label"].value())
    told["read"] = [read["file"].value(), read["first"].value(), read["last"].value()]
    told["below"] = read.ypos() > group.ypos()
    nuke.scriptSaveAs(nuke.root().name())
    told["said"] = nuke.scene.shown
    desktop.panel.controls.inputs.choose({})
    group["answerprint_show"].execute()
    desktop.up()
    controls = desktop.panel.controls
    chosen = {n: [e.label for e in each] for n, each in controls.inputs.chosen().items()}
    told["reopened"] = [chosen, controls.form.values()["strength"]]
    desktop.dock.close()
    return told


def check(project, picture=""):
    reads = script(project)
    reads["hero"].setXYpos(-200, 0)
    reads["hero"]["selected"].setValue(True)
    desktop = Desktop()
    desktop.open("Check the edit...")
    page = desktop.panel.check
    told = {"page": desktop.panel.pages.currentWidget() is page, "marks": page.marks.isVisible()}
    before = {n.fullName(): n.writeKnobs() for n in nuke.allNodes()}
    page.start.click()
    desktop.until(lambda: page.checker.state != "exporting")
    for read in reads.values():
        read["selected"].setValue(False)
    desktop.until(lambda: not page.checker.open)
    told["state"], told["said"] = page.checker.state, page.notice.text()
    told["order"] = [row["name"] for row in page.checker.check.report["shots"]]
    told["folder"] = page.checker.check.folder
    for read in reads.values():
        read["selected"].setValue(read.name() == "shot_b")
    reads["hero"]["selected"].setValue(True)
    told["kept"] = before == {n.fullName(): n.writeKnobs() for n in nuke.allNodes()}
    row, item = next(each for each in page._rows if each[0]["fix"])
    page.tree.setCurrentItem(item)
    page.tree.itemActivated.emit(item, 0)
    desktop.until(lambda: nuke.scene.viewed is not None)
    told["seen"] = [nuke.scene.viewed.fullName(), nuke.frame()]
    if picture:
        desktop.picture(picture)
    page.fix.click()
    desktop.until(lambda: page.checker.fixes and page.checker.fixes[row["id"]].ended)
    job = page.checker.fixes[row["id"]]
    told["finding"] = [row["kind"], row["shots"], job.state]
    desktop.move_tab()
    again = desktop.panel.check
    told["rebuilt"] = [again is not page, again.current() == row]
    told["nodes"] = [n.input(0).name() for n in nuke.allNodes("OCIOCDLTransform")]
    desktop.dock.close()
    return told


def ours():
    """How many steps of undo are Answerprint's; an artist's own knob is one as well."""
    return sum(label.startswith("Answerprint") for label, _ in nuke.Undo.steps)


def panels_frames(desktop, folder):
    """The frames that the panel's own run of the same settings writes, moved out of the way."""
    work = importlib.import_module("answerprint_nuke.work")
    items = {each.label: each for each in work.host().items()}
    shots = {"source": items["shot_b"], "reference": items["hero"]}
    session = work.session()
    run = session.run("match", {"strength": 0.5}, shots, 1001, 1003, True, place=False)
    desktop.until(lambda: run.ended)
    if run.error:
        raise run.error
    aside = Path(folder).parent / "panel"
    aside.mkdir()
    for path in Path(run.folder).glob("*.exr"):
        path.rename(aside / path.name)
    return [run.folder, str(aside)]


def facts(job):
    """How a job of the panel ended."""
    if job.error:
        raise job.error
    recipe = json.loads((Path(job.run.folder) / "recipe.json").read_text("utf-8"))
    answers = [[each.kind, each.status, each.became] for each in job.run.answers]
    return {"status": job.run.status, "answers": answers, "solved": recipe["solved"]}


def bake(project, *words):
    importlib.import_module("answerprint_nuke")
    sys.argv = ["bake.py", *words]
    path = Path(sys.modules["answerprint_nuke"].__file__).parent / "bake.py"
    try:
        runpy.run_path(str(path), run_name="__main__")
    except SystemExit as ended:
        reads = [[n.fullName(), n["file"].value()] for n in nuke.allNodes("Read")]
        qt = [name for name in sys.modules if name.startswith(("PySide", "answerprint_panel"))]
        return {"exit": ended.code, "reads": reads, "qt": qt}
    return None


def nodes(project, path):
    reads = script(project)
    host = importlib.import_module("answerprint_nuke.work").host()
    results = json.loads(Path(path).read_text("utf-8"))
    items = [each.label for each in host.items()]
    answers = host.apply(results, reads["shot_b"].fullName(), "all v001", "r1")
    again = host.apply(results, reads["shot_b"].fullName(), "all v001", "r1")
    info = host.info()
    return {
        "python": info.python,
        "gui": info.gui,
        "answers": {a.kind: a.became for a in answers},
        "same": [a.items for a in again] == [a.items for a in answers],
        "items": items,
    }


if __name__ == "__main__":
    plugin, project, what, *more = sys.argv[1:]
    start(plugin, gui=what in ("dock", "match", "check"))
    try:
        parts = {"dock": dock, "match": match, "check": check, "bake": bake, "nodes": nodes}
        told = parts[what](project, *more)
    finally:
        print(f"Nuke was told: {nuke.scene.shown}", file=sys.stderr)
    print(json.dumps(told))
