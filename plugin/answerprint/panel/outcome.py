"""What a run found and what became of it, as a page of text and numbers.

Reads any tool's report and results, knows none; what a tool does not give is not shown.
"""

from __future__ import annotations

import html
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from answerprint_bridge.results import Answer
from answerprint_bridge.session import Run

FACTS = ("verdict", "why", "method", "level", "confidence")
NAMES = {"cdl": "CDL", "lut": "cube", "grade": "balance", "stmap": "STMap"}
COLOURS = {"quiet": "#8f8f8f", "loud": "#e8e8e8", "warning": "#e0a06c"}


def page_of(run: Run, note: str = "", narrow: bool = False) -> str:
    """A run that has ended well as rich text with links to its files; `note` stands first.

    narrow   one table below the other.
    """
    report = run.report
    grades = "".join(_cdl(each) for each in run.results if each["kind"] == "cdl")
    columns = [text for text in (_facts(report), _comparison(report), grades) if text]
    between = "</tr><tr>" if narrow else ""
    cells = between.join(f"<td style='padding-right:36px'>{text}</td>" for text in columns)
    parts = [
        f"<p style='font-size:15px;color:{COLOURS['loud']}'>{_text(report['sentence'])}</p>",
        *(_note(text) for text in (note, *_failures(report), *report["warnings"]) if text),
        _answers(run),
        _links(run.folder) if run.answers else "",
        f"<table><tr>{cells}</tr></table>",
        f"<p style='color:{COLOURS['quiet']}'>{_text(report.get('view') or '')}</p>",
    ]
    return "".join(parts)


def in_words(answer: Answer, space: str = "") -> str:
    """What became of one result, as a sentence or two. space: what its numbers are for."""
    kinds = (answer.kind, answer.became)
    kind, became = (NAMES.get(each, each.replace("_", " ")) for each in kinds)
    kind = f"{kind} in {space}" if space else kind
    files = [os.path.basename(item) for item in answer.items if os.path.isabs(item)]
    where = f" ({', '.join(files)})" if files else ""
    said = {
        "done": f"{kind}: done{where}.",
        "degraded": f"{kind}: placed as {became}{where}. {answer.why}",
        "spare": f"{kind}: not needed. {answer.why}",
        "refused": f"{kind}: not placed. {answer.why}",
    }[answer.status]
    return said[:1].upper() + said[1:].strip()


def numbers_of(tree: Any, name: str = "") -> Iterator[tuple[str, float]]:
    """The numbers in nested lists and mappings, with their names: ('delta_e mean', 7.4)."""
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from numbers_of(value, f"{name} {key}".strip())
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            yield from numbers_of(value, f"{name} {'RGB'[index] if len(tree) == 3 else index + 1}")
    elif isinstance(tree, (int, float)) and not isinstance(tree, bool):
        yield name, tree


def _facts(report: Mapping[str, Any]) -> str:
    rows = [(name, report.get(name)) for name in ("status", *FACTS)]
    frames = report.get("frames")
    if frames:
        rows.append(("frames written", frames["written"]))
        rows.append(("frames kept", frames["kept"]))
    return _table([(name, _shown(value)) for name, value in rows if value not in (None, "")])


def _comparison(report: Mapping[str, Any]) -> str:
    before, after = (dict(numbers_of(report.get(side))) for side in ("before", "after"))
    rows = [(name, _shown(before.get(name)), _shown(after.get(name))) for name in before | after]
    return _table([("", "before", "after"), *rows]) if rows else ""


def _cdl(result: Mapping[str, Any]) -> str:
    rows = [
        (name, *(_shown(value) for value in result[name])) for name in ("slope", "offset", "power")
    ]
    rows.append(("saturation", _shown(result["saturation"])))
    return f"<p>CDL in {_text(result['working_space'])}</p>{_table(rows)}"


def _failures(report: Mapping[str, Any]) -> list[str]:
    return [each["reason"] for each in (report.get("frames") or {}).get("failed", [])]


def _note(text: str) -> str:
    return f"<p style='color:{COLOURS['warning']}'>{_text(text)}</p>"


def _answers(run: Run) -> str:
    pairs = zip(run.answers, run.results, strict=False)  # of a look there are no answers
    words = [in_words(answer, result.get("working_space", "")) for answer, result in pairs]
    lines = [f"<p style='margin:2px 0'>{_text(each)}</p>" for each in words]
    return f"<div>{''.join(lines)}</div>"


def _links(folder: str) -> str:
    there = [("Report", os.path.join(folder, "report.html")), ("Folder", folder)]
    there = [(name, path) for name, path in there if os.path.exists(path)]
    links = (f"<a href='{Path(path).as_uri()}' style='color:#7fb0e0'>{n}</a>" for n, path in there)
    return f"<p>{' &nbsp; '.join(links)}</p>"


def _table(rows: list[tuple[str, ...]]) -> str:
    lines = []
    for name, *values in rows:
        cells = "".join(f"<td align='right'>&nbsp;&nbsp;{_text(v)}</td>" for v in values)
        label = _text(name.replace("_", " "))
        lines.append(f"<tr><td style='color:{COLOURS['quiet']}'>{label}</td>{cells}</tr>")
    return f"<table cellspacing='4'>{''.join(lines)}</table>"


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return "" if value is None else str(value)


def _text(value: Any) -> str:
    return html.escape(str(value))
