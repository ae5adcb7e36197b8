"""Text files beside the frames: whole or absent, whoever else writes them."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from shots import leftovers

from answerprint.errors import CannotWrite
from answerprint.frames.text import write_json, write_text


def test_text_and_json(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "Käse 拍 \udcff\n")
    assert (tmp_path / "a.txt").read_bytes() == "Käse 拍 \\udcff\n".encode()
    write_json(tmp_path / "a.json", {"b": 1, "a": [0.1, "é"]})
    assert json.loads((tmp_path / "a.json").read_text()) == {"b": 1, "a": [0.1, "é"]}
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", float("nan"))
    assert leftovers(tmp_path) == []


def test_many_writers_of_one_file(tmp_path: Path) -> None:
    path = tmp_path / "recipe.json"
    texts = [f"{n}" * (5000 * (n + 1)) for n in range(8)]

    def write(turn: int) -> None:
        write_text(path, texts[turn % 8])
        assert path.read_text() in texts

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(160)))
    assert leftovers(tmp_path) == []


def test_what_cannot_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(CannotWrite) as refused:
        write_text(tmp_path / "a", "text")
    assert refused.value.title == f"{tmp_path}/a cannot be written."
    assert refused.value.detail == "Is a directory"
    with pytest.raises(CannotWrite, match="No such file or directory"):
        write_text(tmp_path / "none/a", "text")
    assert leftovers(tmp_path) == []
