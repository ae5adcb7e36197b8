"""Findings as the rows of a report: with their level, their id, and the worst first.

order    warnings before notes; then confidence times how far the value is beyond what an eye
         just notices, so that a stop comes before a tenth and a sure thing before a guess.
left     kinds that are off, values within the show's tolerance, and what somebody waived.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from answerprint.check.kinds import KINDS
from answerprint.check.known import Known, finding_id
from answerprint.check.model import Finding, Study
from answerprint.check.rules import LEVELS, Rules, Waived
from answerprint.edit.cut import Cut
from answerprint.frames.gradefiles import timecode

NOTICED = {
    "exposure": 0.1,
    "white_balance": 5.0,
    "tint": 0.003,
    "contrast": 0.05,
    "saturation": 0.08,
    "black_level": 0.002,
    "key_light": 20.0,
    "grain": 0.25,
    "sharpness": 0.25,
    "flicker": 0.02,
    "thing": 6.0,
    "flash_frame": 0.2,
    "jump_cut": 10.0,
    "thirty_degrees": 10.0,
    "axis_crossed": 15.0,
    "shot_size": 0.5,
}
"""What is just noticed, in the unit of each kind; 1 for the others. It ranks and hides nothing."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Ranked:
    """Rows of a report: what is to be shown, and what somebody waived. `within`: how many the
    show tolerates; `idle`: waivers that fit nothing any more."""

    shown: list[Row]
    waived: list[Row]
    within: int
    idle: list[str]


def ranked(
    study: Study, findings: Iterable[Finding], rules: Rules, known: Mapping[str, Known]
) -> Ranked:
    """Every finding as a row, the worst first."""
    waivers = {each.id: each for each in rules.waived}
    shown, waived, within = list[tuple[tuple[float, ...], Row]](), list[Row](), 0
    seen: set[str] = set()
    for finding in findings:
        level = rules.level(finding.kind)
        if level == "off":
            continue
        row = _row(study.cut, finding, level, known)
        if row["id"] in seen:
            continue
        seen.add(row["id"])
        if finding.value is not None and abs(finding.value) < rules.tolerances.get(
            finding.kind, 0.0
        ):
            within += 1
        elif waiver := waivers.get(row["id"]):
            waived.append(row | {"by": waiver.by, "why": waiver.why, "date": waiver.date})
        else:
            shown.append((_rank(finding, level), row))
    shown.sort(key=lambda each: each[0])
    lost = {known[name].key for name in study.failed}
    looked_for = (each for each in rules.waived if _asked(each, rules, lost))
    idle = [each.id for each in looked_for if each.id not in seen]
    return Ranked([row for _, row in shown], waived, within, idle)


def _asked(waiver: Waived, rules: Rules, lost: Collection[str]) -> bool:
    """Whether what a waiver is about was looked for. lost: keys of shots that were not measured."""
    on = waiver.kind not in KINDS or rules.level(waiver.kind) != "off"
    return on and not any(each.key in lost for each in waiver.known)


def _rank(finding: Finding, level: str) -> tuple[float, ...]:
    size = 1.0
    if finding.value is not None:
        value = abs(finding.value)
        if finding.unit == "ratio" and finding.value > -1:  # half as much weighs like twice as much
            value = abs(math.log1p(finding.value))
        beyond = value / NOTICED.get(finding.kind, 1.0)
        size = beyond / (1 + beyond)
    return -LEVELS.index(level), -finding.confidence * size, finding.frame


def _row(cut: Cut, finding: Finding, level: str, known: Mapping[str, Known]) -> Row:
    return {
        "id": finding_id(finding, known),
        "kind": finding.kind,
        "family": KINDS[finding.kind].family,
        "colour": KINDS[finding.kind].colour,
        "level": level,
        "shots": list(finding.shots),
        "mend": finding.mend or (finding.shots[-1] if finding.shots else ""),
        "frame": finding.frame,
        "range": list(finding.range),
        "timecode": timecode(cut.start + finding.frame, cut.rate, cut.drop),
        "value": _plain(finding.value),
        "unit": finding.unit,
        "uncertainty": _plain(finding.uncertainty),
        "confidence": round(float(finding.confidence), 3),
        "region": [int(each) for each in finding.region] if finding.region else None,
        "fix": dict(finding.fix) if finding.fix else None,
        "text": finding.text,
    }


def _plain(value: float | None) -> float | None:
    return None if value is None else float(f"{float(value):.6g}")


def towards(findings: Iterable[Finding], hero: str, study: Study) -> list[Finding]:
    """Let the fixes of a hero's scene match to the hero, which is never the one to mend."""
    scene = next((set(each.shots) for each in study.scenes if hero in each.shots), set[str]())
    return [_towards(each, hero, study) if set(each.shots) <= scene else each for each in findings]


def _towards(finding: Finding, hero: str, study: Study) -> Finding:
    if KINDS[finding.kind].family not in ("light", "picture") or len(finding.shots) != 2:
        return finding
    mend = finding.mend or finding.shots[-1]
    if mend == hero:
        mend = next(name for name in finding.shots if name != hero)
        first, end = study.shot(mend).cut
        finding = replace(finding, mend=mend, frame=first, range=(first, end - 1))
    if not finding.fix:
        return finding
    inputs = {"source": mend, "reference": hero}
    return replace(finding, fix={**finding.fix, "inputs": inputs})
