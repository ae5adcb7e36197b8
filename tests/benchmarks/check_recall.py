"""What a check finds of faults that are known, how exactly, and what it finds where there are none.

    python tests/benchmarks/check_recall.py --work DIR --same 510-513 --other 520-523 --clean 500

Scenes of the soundstage, by seed. Of each pair (--same: two takes of one set-up; --other: from
elsewhere) many lists of faults are made of one rendering: every kind alone and with a second one
of another family. A fault counts as found where one of the first ten rows of report.json has its
kind, its shot to mend and its frame or place; every row that is no fault of the list is a false
one. Clean scenes tell the false findings by themselves, by the shot and by the minute. DIR/raw
keeps renderings, DIR/rows.jsonl every draw; --read tables those of an earlier run again.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from soundstage import faults, plan, stage  # noqa: E402

from answerprint.check.kinds import KINDS  # noqa: E402
from answerprint.check.run import check  # noqa: E402

Row = dict[str, Any]
TEN = 10
RENDERED = ("thing", "key_light")
MEASURED = ("exposure", "white_balance", "tint", "contrast", "saturation", "black_level", "grain")
"""Kinds whose value has the meaning of the truth's; of ratios, the truth's less one."""
GRADED = ("contrast", "saturation", "grain")


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--work", required=True, type=Path)
    asked.add_argument("--same", type=_seeds, default=[], help="seeds, as 510-513 or 510,512")
    asked.add_argument("--other", type=_seeds, default=[])
    asked.add_argument("--clean", type=_seeds, default=[])
    asked.add_argument("--kinds", default=",".join(k for k in faults.KINDS if k not in RENDERED))
    asked.add_argument("--draws", type=_seeds, default=[0, 1], help="even: one fault, odd: two")
    asked.add_argument("--frames", type=int, default=8)
    asked.add_argument("--size", default="480x270")
    asked.add_argument("--clean-frames", type=int, default=4)
    asked.add_argument("--read", action="store_true", help="only table what is there")
    given = asked.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    rows = given.work / "rows.jsonl"
    if not given.read:
        with rows.open("a", encoding="utf-8") as out:
            for row in _runs(given):
                out.write(json.dumps(row) + "\n")
                out.flush()
                _tell(row)
    table([json.loads(line) for line in rows.read_text("utf-8").splitlines()])
    return 0


def _seeds(told: str) -> list[int]:
    found: list[int] = []
    for part in told.split(","):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


# --- running ---------------------------------------------------------------------------------


def _runs(given: argparse.Namespace) -> Iterator[Row]:
    for seed in given.clean:
        yield _run(given, "clean", seed, [], 0)
    for turn in given.draws:
        for kind in given.kinds.split(","):
            for how, seeds in (("same", given.same), ("other", given.other)):
                if how == "other" and kind in RENDERED:
                    continue
                for seed in seeds:
                    yield _run(given, how, seed, _list(kind, seed, turn), turn)


def _list(kind: str, seed: int, turn: int) -> list[str]:
    """The kind alone, every other time; else with one of another family."""
    if turn % 2 == 0 or kind in faults.EDIT:
        return [kind]
    random = Random(f"partner {kind} {seed} {turn}")
    family = KINDS[kind].family
    some = [k for k in (*faults.PICTURE, *faults.FRAMES) if KINDS[k].family != family]
    return [kind, random.choice([k for k in some if k not in ("black_frame", "flicker")])]


def _run(given: argparse.Namespace, how: str, seed: int, kinds: list[str], draw: int) -> Row:
    out = given.work / "scene"
    shutil.rmtree(out, ignore_errors=True)
    words = ["--seed", str(seed), "--out", str(out), "--raw", str(given.work / "raw")]
    words += ["--set", plan.SETS[seed % len(plan.SETS)], "--draw", str(draw)]
    words += ["--size", given.size]
    if how == "clean":
        words += ["--mode", "scene", "--frames", str(given.clean_frames)]
    else:
        words += ["--mode", "pair", "--same", "yes" if how == "same" else "no"]
        words += ["--faults", ",".join(kinds), "--frames", str(given.frames)]
    row: Row = {"how": how, "seed": seed, "kinds": kinds, "draw": draw}
    try:
        truth = stage.make(stage.words().parse_args(words))
    except SystemExit as why:  # a seed that has no place for the fault
        return row | {"none": str(why)}
    told = check(str(out / "cut.otio"), given.work / "checked").report
    shots = {each["name"]: each for each in told["shots"]}
    return row | {
        "shots": len(truth["shots"]),
        "seconds": sum(s["last"] - s["first"] + 1 for s in truth["shots"]) / truth["rate"],
        "faults": [_met(fault, told["findings"], shots) for fault in truth["faults"]],
        "false": [_short(f) for f in told["findings"] if not _known(f, truth["faults"], shots)],
        "said": [_short(f) for f in told["findings"]],
        "relations": [(r["kind"], r.get("structures")) for r in told["relations"]],
    }


def _short(finding: Row) -> Row:
    keys = ("kind", "shots", "mend", "value", "uncertainty", "confidence", "region", "text")
    return {key: finding[key] for key in keys}


def _met(fault: Row, findings: Sequence[Row], shots: dict[str, Row]) -> Row:
    """The fault, with where among the findings it stands and what was measured; rank 0: missed."""
    told = {key: fault[key] for key in ("kind", "shots", "value", "region", "frame")}
    for rank, finding in enumerate(findings, 1):
        if _is(finding, fault, shots):
            return told | {"rank": rank, "got": finding["value"], "error": finding["uncertainty"]}
    return told | {"rank": 0, "got": None, "error": None}


def _known(finding: Row, injected: Sequence[Row], shots: dict[str, Row]) -> bool:
    return any(_is(finding, fault, shots) for fault in injected)


def _is(finding: Row, fault: Row, shots: dict[str, Row]) -> bool:
    """Whether a finding is the fault."""
    if finding["kind"] != fault["kind"]:
        return False
    if fault["kind"] in faults.EDIT:
        return bool({finding["mend"], *finding["shots"]} & set(fault["shots"]))
    if finding["mend"] != fault["shots"][-1]:
        return False
    if fault["frame"] is not None:
        shot = shots[finding["mend"]]
        at = shot["cut"][0] + fault["frame"] - shot["passport"]["frames"]["first"]
        first, last = finding["range"]
        return bool(first - 1 <= at <= last + 1)
    if fault["region"] is not None and finding["region"] is not None:
        return _overlap(finding["region"], fault["region"])
    return True


def _overlap(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether two boxes share a third of the smaller."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    tall = min(one[3], other[3]) - max(one[1], other[1])
    areas = [(b[2] - b[0]) * (b[3] - b[1]) for b in (one, other)]
    return wide > 0 and tall > 0 and wide * tall >= min(areas) / 3


# --- telling ---------------------------------------------------------------------------------


def _tell(row: Row) -> None:
    head = f"{row['how']} {row['seed']} {row['draw']} {','.join(row['kinds'])}"
    if "none" in row:
        print(head, "--", row["none"], flush=True)
        return
    met = [f"{f['kind']} {f['value']} -> {f['got']} (rank {f['rank']})" for f in row["faults"]]
    false = [f"FALSE {f['kind']} {f['value']} {f['text']}" for f in row["false"]]
    print(head, row["relations"], *met, *false, sep="\n    ", flush=True)


def table(rows: Sequence[Row]) -> None:
    rows = [row for row in rows if "none" not in row]
    for how in ("same", "other"):
        mine = [row for row in rows if row["how"] == how]
        if mine:
            _recall(how, mine)
    _accuracy(rows)
    for how in ("clean", "same", "other"):
        mine = [row for row in rows if row["how"] == how]
        if mine:
            _false(how, mine)


def _recall(how: str, rows: Sequence[Row]) -> None:
    by = defaultdict[str, list[bool]](list)
    for row in rows:
        for each in row["faults"]:
            by[each["kind"]].append(0 < each["rank"] <= TEN)
    print(f"\n{how}: found within the first ten")
    for kind in faults.KINDS:
        if kind in by:
            print(f"  {kind:18}{sum(by[kind]):4} of {len(by[kind]):3}")
    every = [each for one in by.values() for each in one]
    print(f"  {'all':18}{sum(every):4} of {len(every):3}  {np.mean(every):.2f}")


def _accuracy(rows: Sequence[Row]) -> None:
    print("\nmeasured less true: median and worst of the found, and how many within 2 sigma")
    for how in ("same", "other"):
        for kind in MEASURED:
            met = [f for r in rows if r["how"] == how for f in r["faults"] if f["kind"] == kind]
            met = [each for each in met if each["got"] is not None]
            if not met:
                continue
            true = np.array([f["value"] - (kind in GRADED) for f in met])
            away = np.abs(np.array([f["got"] for f in met]) - true)
            sure = np.mean(away <= 2 * np.array([f["error"] for f in met]))
            print(
                f"  {how:6}{kind:15}{np.median(away):9.4f}{away.max():9.4f} {KINDS[kind].unit:7}"
                f"{sure:6.0%} of {len(met)}"
            )


def _false(how: str, rows: Sequence[Row]) -> None:
    said = Counter(each["kind"] for row in rows for each in row["false"])
    count, shots = sum(said.values()), sum(row["shots"] for row in rows)
    minutes = sum(row["seconds"] for row in rows) / 60
    kinds = ", ".join(f"{kind} {many}" for kind, many in said.most_common())
    print(
        f"\n{how}: {count} false findings in {len(rows)} cuts of {shots} shots ({kinds or 'none'})"
        f": {count / shots:.3f} a shot; {count / minutes:.1f} a minute as short as they are"
        f", {count / shots * 15:.2f} a minute at 4 seconds a shot"
    )


if __name__ == "__main__":
    raise SystemExit(main())
