"""Broken pictures: what is refused, what passes, and that nothing crashes.

    python tests/benchmarks/badfiles.py FOLDER

FOLDER has a `catalogue.csv` with the columns file, what_is_wrong and expected, and the files.
Each picture is opened and read whole, as a tool would, in a process of its own under limits of
memory and time; its files without a suffix are old fuzzing inputs and are read as EXR. The rest
of the catalogue (edits, archives, weights) is not this program's.

Prints a line for every file that did not do what the catalogue expects, then the counts, and
exits 1 unless every file did and none crashed:

    refused   a sentence came back
    passed    all pixels came back
    crashed   the process died, ran out of memory or time, or raised what was not meant
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

MEMORY = 2 * 10**9  # bytes of address space for one picture, libraries included
SECONDS = 20

_TAKEN = (".exr", ".dpx", ".cin", ".tif", ".tiff", ".png", ".jpg", ".jpeg")
_NOT_TAKEN = (".bmp", ".dds", ".gif", ".hdr", ".ico", ".iff", ".jxl", ".fits")
PICTURES = (*_TAKEN, *_NOT_TAKEN)

READ = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, ({MEMORY}, {MEMORY}))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
from answerprint.errors import BadInput
from answerprint.frames.still import open_still
try:
    with open_still(sys.argv[1]) as still:
        for index, part in enumerate(still.parts):
            for y in range(0, part.data.height, 256):
                still.rows(index, y, min(y + 256, part.data.height))
except BadInput as refused:
    print("refused", refused)
    sys.exit()
print("passed", still.parts[0].channels)
"""


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("folder", type=Path)
    asked.add_argument("--all", action="store_true", help="a line for every file")
    options = asked.parse_args()
    with (options.folder / "catalogue.csv").open(newline="", encoding="utf-8") as table:
        rows = [row for row in csv.DictReader(table) if _is_picture(row["file"])]
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for row in rows:
            found, told = _read(options.folder / row["file"], Path(folder))
            right = found in _expected(row["expected"])
            counts[found] += 1
            counts["as expected"] += right
            if options.all or not right:
                print(f"{found:8} {row['file']}")
                print(f"         expected: {row['expected']}\n         {told}")
    print(f"{len(rows)} pictures, " + ", ".join(f"{counts[k]} {k}" for k in _KINDS))
    return counts["crashed"] > 0 or counts["as expected"] < len(rows)


_KINDS = ("refused", "passed", "crashed", "as expected")


def _is_picture(name: str) -> bool:
    suffix = Path(name).suffix.lower()
    return suffix in PICTURES or name.startswith("openexr-damaged/")


def _expected(words: str) -> tuple[str, ...]:
    """What the catalogue's words allow. Its 'or' leaves the choice; none allows a crash."""
    either = (
        "error or",
        "ok or",
        "clear refusal or pass-through",
        "or dropped",
        "Invalid",
        "Valid",
    )
    if any(word in words for word in either):
        return ("refused", "passed")
    return ("refused",) if words.startswith("error") else ("passed",)


def _read(path: Path, folder: Path) -> tuple[str, str]:
    """(refused, passed or crashed, what was said) of one file."""
    if path.suffix.lower() not in PICTURES:
        link = folder / f"{path.name}.exr"
        link.symlink_to(path.resolve())
        path = link
    try:
        done = subprocess.run(
            [sys.executable, "-c", READ, str(path)],
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "crashed", f"no answer in {SECONDS} s"
    said = done.stdout.decode("utf-8", "backslashreplace").strip()
    if done.returncode:
        last = done.stderr.decode("utf-8", "backslashreplace").strip().splitlines()[-1:]
        return "crashed", f"exit {done.returncode}: {''.join(last)}"
    kind, _, told = said.partition(" ")
    return kind, told


if __name__ == "__main__":
    sys.exit(main())
