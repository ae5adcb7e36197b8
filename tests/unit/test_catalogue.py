"""The generated files are what the declarations say, and a declaration is all that it takes."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import pytest

from answerprint import catalogue
from answerprint.errors import CannotWrite
from answerprint.tool import Flag, Frames, Input, Names, Num, Pick, Tool
from answerprint.tools import every

COMMAND = "python -m answerprint.catalogue"


@dataclass(frozen=True)
class Mend:
    """Mend a torn frame."""

    depth: Annotated[float, Num(-2, 8.5, " px", help="How deep | how wide", live=True)] = 1.5
    passes: Annotated[int, Num(1, 4, help="How often")] = 2
    kind: Annotated[Literal["tear", "splice"], Pick(help="What is torn")] = "splice"
    dry: Annotated[bool, Flag(help="Without glue")] = True
    at_frames: Annotated[str, Frames(help="Where")] = ""
    glues: Annotated[tuple[str, ...], Names(help="Which glues")] = ("bone", "fish")


MEND = Tool(
    "mend",
    "Mend",
    run=lambda job, params: None,
    params=Mend,
    policy="frame_repair_retime",
    inputs={"clean_plate": Input("A whole one", required=True), "mask": Input("Where it is torn")},
    version=3,
)


@pytest.mark.parametrize("name", [catalogue.CATALOGUE, catalogue.PAGE])
def test_the_generated_file_is_of_the_declarations_as_they_are(name, tmp_path):
    (tmp_path / "docs").mkdir()
    catalogue.write(tmp_path, every())
    there = (catalogue.RESOURCES / name).read_text("utf-8")
    now = (tmp_path / name).read_text("utf-8")
    assert there == now, f"resources/{name} is not of the declarations. Run: {COMMAND}"


def test_a_changed_declaration_is_noticed(tmp_path):
    (tmp_path / "docs").mkdir()
    catalogue.write(tmp_path, [*every(), MEND])
    for name in (catalogue.CATALOGUE, catalogue.PAGE):
        assert (tmp_path / name).read_text() != (catalogue.RESOURCES / name).read_text()


def test_the_command_line_says_the_same_as_the_catalogue():
    said = subprocess.run(
        [sys.executable, "-m", "answerprint", "tools", "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(said.stdout) == json.loads(catalogue.catalogue(every()))


def test_the_catalogue_is_enough_to_build_a_panel():
    (mend,) = json.loads(catalogue.catalogue([MEND]))["tools"]
    assert (mend["name"], mend["label"], mend["version"]) == ("mend", "Mend", 3)
    assert [each["name"] for each in mend["inputs"]] == ["source", "clean_plate", "mask"]
    depth, passes, kind, dry, *_, glues = mend["params"]
    assert depth == {
        "name": "depth",
        "kind": "num",
        "default": 1.5,
        "low": -2,
        "high": 8.5,
        "unit": " px",
        "whole": False,
        "live": True,
        "help": "How deep | how wide",
    }
    assert passes["whole"] is True
    assert kind["choices"] == ["tear", "splice"]
    assert dry["kind"] == "flag"
    assert glues["default"] == ["bone", "fish"]


def test_the_page_shows_every_control_as_it_is():
    text = catalogue.page([MEND])
    assert "| [`mend`](#mend) | Mend a torn frame. |" in text
    assert "    answerprint mend SOURCE --clean-plate PATH --out DIR\n" in text
    assert "| `--clean-plate` | needed | A whole one |" in text
    assert "| `--mask` |  | Where it is torn |" in text
    assert r"| `--depth` | -2 to 8.5 px | 1.5 px | live | How deep \| how wide |" in text
    assert "| `--passes` | whole number, 1 to 4 | 2 |  | How often |" in text
    assert "| `--kind` | tear, splice | splice |  | What is torn |" in text
    assert "| `--dry` | on or off | on |  | Without glue |" in text
    assert "| `--at-frames` | frame numbers: 1001, 1001-1010, 1001,1050 |  |  | Where |" in text
    assert "| `--glues` | a name; may be given several times | bone, fish |  | Which" in text


def test_the_page_says_what_a_disclosure_needs():
    assert (
        "Kind of operation `frame_repair_retime`, generative, digital source type "
        "`compositeWithTrainedAlgorithmicMedia`. Records it needs: use_notice, human_signoff."
    ) in catalogue.page([MEND])
    (tool,) = (each for each in every() if each.name == "match")
    assert "Kind of operation `color_match`, not generative" in catalogue.page([tool])


def test_every_tool_has_its_contract_on_the_page():
    text = catalogue.page(every())
    for tool in every():
        assert tool.contract.strip(), f"tools/{tool.name}.py has no docstring"
        assert f"```text\n{tool.contract.strip()}\n```" in text


def test_outside_a_checkout_it_says_so(tmp_path):
    with pytest.raises(CannotWrite, match=r"There is no folder .*docs") as refused:
        catalogue.write(tmp_path, every())
    assert refused.value.hint == "Run this in a checkout of Answerprint."


def test_the_command_writes_both(tmp_path, monkeypatch, capsys):
    (tmp_path / "docs").mkdir()
    monkeypatch.setattr(catalogue, "RESOURCES", tmp_path)
    assert catalogue.main() == 0
    written = [Path(line) for line in capsys.readouterr().out.split()]
    assert written == [tmp_path / "catalogue.json", tmp_path / "docs/tools.md"]
    assert all(path.stat().st_size for path in written)


def test_the_command_tells_of_a_refusal(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(catalogue, "RESOURCES", tmp_path)
    assert catalogue.main() == 2
    assert "Run this in a checkout of Answerprint." in capsys.readouterr().err
