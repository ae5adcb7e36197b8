"""The ledger: lines that are bound to each other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from answerprint.errors import BadInput
from answerprint.show import ledger


def _three(folder: Path) -> Path:
    for name in "abc":
        ledger.add(folder, [{"what": "approved", "id": name}])
    return folder / ledger.FILE


def test_lines_come_back_in_their_order(tmp_path: Path) -> None:
    _three(tmp_path)
    found = list(ledger.lines(tmp_path))
    assert [(line["n"], line["id"]) for line in found] == [(1, "a"), (2, "b"), (3, "c")]
    assert ledger.head(tmp_path) == ledger.Head(3, found[-1]["hash"])


def test_no_ledger_has_no_lines(tmp_path: Path) -> None:
    assert list(ledger.lines(tmp_path)) == []
    assert ledger.head(tmp_path) == ledger.Head()


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda rows: rows[1].update(id="x"), 2),
        (lambda rows: rows[0].update(at="1970-01-01T00:00:00Z"), 1),
        (lambda rows: rows.pop(1), 2),
        (lambda rows: rows.insert(1, dict(rows[0])), 2),
        (lambda rows: rows.reverse(), 1),
    ],
)
def test_a_line_that_was_changed_shows(tmp_path: Path, change, line: int) -> None:
    path = _three(tmp_path)
    rows = [json.loads(each) for each in path.read_text("utf-8").splitlines()]
    change(rows)
    path.write_text("".join(json.dumps(each) + "\n" for each in rows), "utf-8")
    with pytest.raises(BadInput, match=f"Line {line} of"):
        list(ledger.lines(tmp_path))


@pytest.mark.parametrize("left", [1, 40, 150])
def test_half_a_line_of_a_killed_writer_is_no_line(tmp_path: Path, left: int) -> None:
    path = _three(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole + whole.splitlines()[0][:left])
    assert len(list(ledger.lines(tmp_path))) == 3
    ledger.add(tmp_path, [{"what": "approved", "id": "d"}])
    assert [line["id"] for line in ledger.lines(tmp_path)] == ["a", "b", "c", "d"]


def test_names_of_people_are_kept_as_they_are(tmp_path: Path) -> None:
    ledger.add(tmp_path, [{"what": "approved", "by": "Zoë Ōe", "note": "good\nnow"}])
    assert next(ledger.lines(tmp_path))["by"] == "Zoë Ōe"
    assert next(ledger.lines(tmp_path))["note"] == "good\nnow"
