"""Looks at everything that has to fit together, and says how to mend what does not.

For whoever supports the artist: a table of hosts, copies, core, device and disk, or the same as
JSON. Nothing is changed.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from . import block, copies, hosts, manifest, venvs
from .manifest import Manifest
from .packages import explain_import
from .places import Machine
from .plan import KEEP, OLDER, REPLACE, compare, content
from .programs import environment

OK, NOTE, BAD = "ok", "note", "bad"
ENOUGH = 2e9  # bytes free, for frames of a shot and an update
SECONDS = 600  # a first start reads a gigabyte of libraries from a cold disk

# Says hello as that copy's host would: with its bridge, its core.json and its version.
HELLO = """
import json, sys
sys.path.insert(0, sys.argv[1])
from answerprint_bridge import process, wire
try:
    with wire.Worker(process.command(process.core_python(sys.argv[1]))) as worker:
        worker.call("ping", timeout=60)
        print(json.dumps({"suite": wire.SUITE, "core": worker.hello["suite"]}))
except wire.WireError as why:
    print(json.dumps({"fault": why.title, "hint": why.hint}))
"""


@dataclass(frozen=True)
class Row:
    """One finding: `ok`, `note` (nothing to mend) or `bad` with its remedy."""

    state: str
    topic: str
    text: str
    remedy: str = ""


def examine(root: Path, prefix: Path, machine: Machine) -> list[Row]:
    """Every finding. Raises SetUpError for a manifest that cannot be read.

    root   of the sources that the copies are compared with: the installed ones, or a download.
    """
    there = manifest.read(prefix)
    made = there.entries if there else {}  # a folder that only we made is no sign of a host
    found = [each for each in hosts.found(machine) if each.where not in made]
    rows = [Row(OK, "System", f"{platform.platform()}, Python {platform.python_version()}")]
    rows += _hosts(found)
    if there is None:
        python = venvs.venv_python(root / ".venv")
        state = BAD if found else NOTE
        remedy = "install.py install" if found else ""
        rows.append(Row(state, "Installed", f"nothing in {prefix}", remedy))
    else:
        python = Path(there.python)
        rows += _copies(root, prefix, machine, there)
    told = os.environ.get("ANSWERPRINT_PYTHON")
    if told:
        rows.append(Row(NOTE, "Core", f"ANSWERPRINT_PYTHON names {told}; hosts start that one"))
        python = Path(told)
    rows += _core(python, "install.py repair" if there else "install.py")
    rows += _disk(prefix)
    return rows


def well(rows: list[Row]) -> bool:
    return all(row.state != BAD for row in rows)


def table(rows: list[Row]) -> str:
    """For reading: what is bad stands out, its remedy below it."""
    marks = {OK: "  ok ", NOTE: "   - ", BAD: "  !! "}
    width = max(len(row.topic) for row in rows) + 2
    lines = []
    for row in rows:
        lines.append(f"{marks[row.state]} {row.topic:{width}}{row.text}")
        if row.remedy:
            lines.append(f"{'':6}{'':{width}}-> {row.remedy}")
    return "\n".join(lines)


def run(root: Path, prefix: Path, machine: Machine, as_json: bool) -> int:
    """Print the findings; 0 where all is well."""
    rows = examine(root, prefix, machine)
    if as_json:
        print(json.dumps({"well": well(rows), "rows": [asdict(row) for row in rows]}))
    else:
        bad = sum(row.state == BAD for row in rows)
        print(table(rows))
        print("\nAll is well." if not bad else f"\nTo mend: {bad} (marked !!).")
    return 0 if well(rows) else 1


def _hosts(found: list[hosts.Found]) -> Iterator[Row]:
    for each in found:
        words = [each.version, str(each.where)]
        words += [f"Python {each.python}"] if each.python else []
        words += [f"Qt {each.qt}"] if each.qt else []
        words += [each.note] if each.note else []
        yield Row(NOTE, hosts.LABELS[each.host], ", ".join(filter(None, words)))
    for host in hosts.HOSTS:
        if host not in {each.host for each in found}:
            yield Row(NOTE, hosts.LABELS[host], "not found")


def _copies(root: Path, prefix: Path, machine: Machine, there: Manifest) -> Iterator[Row]:
    """How each copy compares with the sources, and whether it and the core understand another."""
    version = copies.suite_version(root)
    if not there.complete:
        yield Row(
            BAD, "Installed", f"an install into {prefix} ended half way", "install.py install"
        )
    elif there.suite != version:
        text = f"{there.suite} in {prefix}; this install.py is of {version}"
        yield Row(BAD, "Installed", text, "install.py install")
    else:
        yield Row(OK, "Installed", f"{there.suite} in {prefix}")
    chosen = [each for each in hosts.HOSTS if each in there.hosts]
    blenders = hosts.configured(machine)
    wanted = copies.wanted(root, machine, prefix, Path(there.python), chosen, blenders)
    steps = compare(wanted, there)
    for host in ("suite", *chosen):
        topic = f"{hosts.LABELS[host]} copy" if host != "suite" else "Suite's copy"
        for each in steps:
            if each.host == host and each.code == OLDER:
                yield Row(NOTE, topic, f"{each.path}: {each.why}")
        due = [each for each in steps if each.host == host and each.code != OLDER]
        if not due:
            number = sum(each == host for each, _ in wanted.files.values())
            yield Row(OK, topic, f"fits, {number} files")
            continue
        changed = [each for each in due if each.do == KEEP]
        older = [each for each in due if each.do == REPLACE]
        state = "changed" if changed else "older" if older else "not whole"
        first = (changed or older or due)[0].path
        more = f" and {len(due) - 1} more" if len(due) > 1 else ""
        remedy = "install.py install" if state == "older" else "install.py repair"
        if host == "suite" and state != "older":
            remedy += ", of a fresh download"
        yield Row(BAD, topic, f"{state}: {first}{more}", remedy)
    for host, folder in _folders(there):
        yield _hello(f"{hosts.LABELS[host]} to core", folder)
    if "nuke" in chosen:
        fault = block.fault(content(machine.nuke / "init.py"))
        if fault:
            text = f"{machine.nuke / 'init.py'} cannot be read by Python: {fault}"
            yield Row(BAD, "Nuke start", text, "Correct that line: Nuke loads nothing until then")


def _folders(there: Manifest) -> Iterator[tuple[str, Path]]:
    """Where each host's copy of the bridge lies."""
    for path, each in there.entries.items():
        if path.name == "core.json" and path.parent.is_dir():
            yield each.host, path.parent


def _hello(topic: str, folder: Path) -> Row:
    told = _ask([sys.executable, "-I", "-c", HELLO, str(folder)])
    if "fault" in told:
        return Row(BAD, topic, told["fault"], told.get("hint") or "install.py repair")
    if told["suite"] != told["core"]:
        text = f"{folder} is of {told['suite']}, the core of {told['core']}"
        return Row(BAD, topic, text, "install.py repair, then start the host again")
    return Row(OK, topic, f"{told['suite']} understands {told['core']}")


def _core(python: Path, remedy: str) -> Iterator[Row]:
    """What the core's own Python finds.

    remedy   where nothing better is known.
    """
    if not python.is_file():
        yield Row(BAD, "Core", f"{python} is not there", remedy)
        return
    told = _ask([str(python), "-I", str(Path(__file__).with_name("checkup.py"))])
    if "fault" in told:
        yield Row(BAD, "Core", told["fault"], remedy)
        return
    text = "{suite}, Python {python}, torch {torch}; {seconds} s"
    yield _part(told["hello"], "Worker", text, remedy)
    for each in told.get("devices", {}).get("devices", ()):
        memory = f", {each['vram'] / 2**30:.0f} GiB" if each["vram"] else ""
        yield Row(OK, "Device", f"{each['id']}: {each['name']}{memory}")
    if not any(each["vram"] for each in told.get("devices", {}).get("devices", ())):
        card = shutil.which("nvidia-smi")
        text = "no GPU that torch can use; all runs on the CPU"
        build = "A card is there: give install.py --torch-index URL, of a CUDA build"
        yield Row(NOTE, "Device", text, build if card else "")
    if "job" in told:
        text = "{frames} frame in {seconds} s: {sentence}"
        yield _part(told["job"], "Job of 64x64", text, remedy)
    yield _part(told["panel"], "Panel", "PySide6 {qt}", remedy)


def _part(told: dict[str, Any], topic: str, text: str, remedy: str) -> Row:
    if "fault" not in told:
        return Row(OK, topic, text.format(**told))
    if "cannot open shared object" in told["fault"]:
        remedy = explain_import(topic, 1, [told["fault"]]).hint
    return Row(BAD, topic, told["fault"], told.get("hint") or remedy)


def _disk(prefix: Path) -> Iterator[Row]:
    there = next(each for each in (prefix, *prefix.parents) if each.exists())
    for name, folder in (("Disk", there), ("Temporary", Path(tempfile.gettempdir()))):
        free = shutil.disk_usage(folder).free
        state, remedy = (OK, "") if free > ENOUGH else (BAD, "Free some: frames need more")
        yield Row(state, name, f"{folder} has {free / 1e9:.1f} GB free", remedy)


def _ask(command: list[str]) -> dict[str, Any]:
    """The JSON object that a program prints; its fault where it prints none."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=SECONDS, env=environment()
        )
        told = json.loads(done.stdout)
    except (OSError, subprocess.TimeoutExpired) as why:
        return {"fault": f"{command[0]} does not answer: {why}"}
    except ValueError:
        last = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        return {"fault": f"{command[0]} ended with {done.returncode}: {last}"}
    return told if isinstance(told, dict) else {"fault": f"{command[0]} said {told!r}"}
