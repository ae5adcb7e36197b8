"""The command line as other programs call it: words, streams, exit status."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shots
from pictures import save

from answerprint import __version__, cli, tools
from answerprint.errors import Cancelled, CannotWrite, InternalError
from answerprint.tools import TOOLS
from answerprint.worker import jobs

solved_once = pytest.fixture(autouse=True)(shots.solve_once)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    return shots.plate_and_hero(tmp_path_factory.mktemp("pair"))


Spoken = tuple[int, dict[str, Any], str]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs words with --json: exit status, the one object of stdout, stderr."""

    def run(*words: object) -> Spoken:
        status = cli.main([*map(str, words), "--json"])
        out, err = capsys.readouterr()
        assert out.count("\n") == 1, "exactly one line on stdout"
        return status, json.loads(out), err

    return run


def match(pair: tuple[str, str], out: Path, *words: object) -> list[object]:
    by_palette = ["--method", "palette", "--device", "cpu"]  # the quicker way
    return ["match", pair[0], "--reference", pair[1], "--out", out, *by_palette, *words]


# --- exit status and streams ---------------------------------------------------------------


def test_done_is_0(pair: tuple[str, str], tmp_path: Path, say: Any) -> None:
    status, answer, err = say(*match(pair, tmp_path / "out"))
    assert (status, answer["status"]) == (0, "done")
    assert answer["report"] == shots.read(tmp_path / "out/report.json")
    assert answer["report"]["verdict"] == "match"
    assert {r["kind"] for r in answer["results"]} == {"cdl", "lut", "frames"}
    assert Path(answer["outputs"]["recipe"]) == tmp_path / "out/recipe.json"
    assert "frames 3/3" in err
    assert err.splitlines()[-1] == f"Report: {tmp_path}/out/report.html"


def test_without_json_stdout_is_empty(
    pair: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([str(w) for w in match(pair, tmp_path / "out")]) == 0
    assert capsys.readouterr().out == ""


def test_partial_is_1(tmp_path: Path, say: Any) -> None:
    pair = shots.plate_and_hero(tmp_path, (1001, 1003))
    status, answer, err = say(*match(pair, tmp_path / "out"))
    assert (status, answer["status"]) == (1, "partial")
    assert answer["report"]["frames"]["failed"] == [
        {"frame": 1002, "reason": "Frame 1002 is missing."}
    ]
    assert "\nFrame 1002 is missing.\n" in err
    assert sorted(shots.results(tmp_path / "out")) == ["match.1001.exr", "match.1003.exr"]


REFUSALS = [
    ([], "answerprint: the following arguments are required: COMMAND.", "See: answerprint --help"),
    (["mtach", "a"], "There is no command 'mtach'.", "Did you mean 'match'?"),
    (
        ["zzz"],
        "There is no command 'zzz'.",
        "There is: tools, match, fill, retime, repair, deflicker, extend, key, despill, matte, "
        "difference, background, run, panel, check, cut, show, review, approve, reject, mark, "
        "worker, doctor.",
    ),
    (
        ["match"],
        "answerprint match: the following arguments are required: SOURCE, --out.",
        "See: answerprint match --help",
    ),
    (
        ["match", "S", "--out", "O"],
        "Match needs a reference.",
        "Choose a reference. The hero: the shot to match to. (--reference)",
    ),
    (["match", "S", "--reference", "R", "--out="], "out is ''.", "Name a folder for the results."),
    (
        ["match", "", "--reference", "R", "--out", "O"],
        "The source is ''.",
        "Name a sequence, a file or a movie.",
    ),
    (
        ["match", "S", "--reference", "R", "--out", "O", "--strenght", "1"],
        "match does not take '--strenght'.",
        "Did you mean '--strength'?",
    ),
    (
        ["match", "S", "--reference", "R", "--out", "O", "--streng=1"],
        "match does not take '--streng=1'.",
        "Did you mean '--strength'?",
    ),
    (
        ["match", "S", "T", "--reference", "R", "--out", "O"],
        "match does not take 'T'.",
        "See: answerprint match --help",
    ),
    (
        ["match", "S", "--reference", "R", "--out", "O", "--strength", "1.5"],
        "Match: strength is 1.5.",
        "Use a number from 0 to 1 (default 1).",
    ),
    (
        ["match", "S", "--reference", "R", "--out", "O", "--strength", "-.5"],
        "Match: strength is -0.5.",
        "Use a number from 0 to 1 (default 1).",
    ),
    (
        ["match", "S", "--reference", "R", "--out", "O", "--level", "all"],
        "Match: level is 'all'.",
        "Use one of: auto, balance, contrast, saturation, lut.",
    ),
    (
        ["match", "S", "--reference", "R", "--out", "O", "--name", "a/b"],
        "name is 'a/b'.",
        "Use a file name without folders, special characters and a point at its start.",
    ),
    (
        ["match", "S", "--reference", "R", "--out", "O", "--device", "tpu"],
        "device is 'tpu'.",
        "Use one of: auto, cpu, cuda (or cuda:1 for the second).",
    ),
    (["run", "none.json"], "There is no recipe none.json.", "Name a recipe.json of a run."),
]


@pytest.mark.parametrize(("words", "title", "hint"), REFUSALS, ids=range(len(REFUSALS)))
def test_refused_is_2_and_says_what_and_what_to_do(
    words: list[str],
    title: str,
    hint: str,
    say: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    status, answer, err = say(*words)
    assert (status, answer["status"]) == (2, "refused")
    assert (answer["error"]["title"], answer["error"]["hint"]) == (title, hint)
    assert err.splitlines()[0] == title
    assert err.splitlines()[-1] == hint
    assert not any(tmp_path.iterdir()), "a refusal leaves nothing behind"


@pytest.mark.parametrize(
    ("words", "title", "hint"),
    [
        (
            ["--colourspace", "ACEScc7"],
            "There is no colour space 'ACEScc7' in studio-config-v2.2.0_aces-v1.3_ocio-v2.4.",
            "Did you mean 'ACEScc', 'ACEScct',",
        ),
        (
            ["--reference-colourspace", "logc"],
            "There is no colour space 'logc'",
            "Did you mean 'ARRI LogC",
        ),
        (["--cdl-space", "acescctt"], "There is no colour space 'acescctt'", "Did you mean 'ACE"),
        (["--frames", "5-1"], "frames is '5-1'.", "'5-1' runs backwards."),
        (["--frames", "1-9"], "No frame 1-9 of plate.%04d.exr is there.", "There is 1001-1003."),
        (
            ["--source-frame", "7"],
            "source_frame is 7, and plate has no frame 7.",
            "There is 1001 to 1003.",
        ),
    ],
)
def test_refusals_that_need_the_shot(
    pair: tuple[str, str],
    tmp_path: Path,
    say: Any,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    title: str,
    hint: str,
) -> None:
    monkeypatch.delenv("OCIO", raising=False)
    status, answer, _ = say(*match(pair, tmp_path / "out", *words))
    assert status == 2
    assert answer["error"]["title"].startswith(title)
    assert answer["error"]["hint"].startswith(hint)
    assert shots.results(tmp_path / "out") == {}


def test_a_refusal_names_the_flag_of_the_input_it_is_about(
    pair: tuple[str, str], tmp_path: Path, say: Any
) -> None:
    scan = np.random.default_rng(1).integers(0, 1000, (8, 8, 3)).astype(np.uint16)
    film = str(tmp_path / "film.0001.dpx")
    save(film, scan, kind="uint16", attributes={"dpx:Transfer": "Printing density"})
    for two, flag in (
        ((film, pair[1]), "(--colourspace)"),
        ((pair[0], film), "(--reference-colourspace)"),
    ):
        status, answer, err = say(*match(two, tmp_path / "out"))
        assert (status, answer["error"]["title"]) == (
            2,
            "The DPX says its transfer is 'Printing density' and does not name a colour space.",
        )
        assert answer["error"]["hint"].endswith(f" {flag}")
        assert err.splitlines()[-1].endswith(f" {flag}")


def test_an_unknown_plate_or_hero_leaves_no_folder(
    pair: tuple[str, str], tmp_path: Path, say: Any
) -> None:
    for wrong in (("no.%04d.exr", pair[1]), (pair[0], "no.mov")):
        assert say(*match(wrong, tmp_path / "out"))[0] == 2
    assert not (tmp_path / "out").exists()


def test_a_device_that_is_not_there_is_never_replaced(
    pair: tuple[str, str], tmp_path: Path, say: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    words = ["match", pair[0], "--reference", pair[1], "--out", tmp_path / "out"]
    words += ["--method", "palette"]
    status, answer, _ = say(*words, "--device", "cuda")
    assert status == 2
    assert answer["error"]["title"] == "device is 'cuda', and torch sees no CUDA device."
    assert answer["error"]["detail"] == f"torch {torch.__version__}"
    monkeypatch.setenv("ANSWERPRINT_DEVICE", "cuda")
    assert say(*words)[0] == 2
    assert say(*words, "--device", "cpu")[0] == 0
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    status, answer, _ = say(*words, "--device", "cuda:2")
    assert answer["error"]["title"] == "device is 'cuda:2'."
    assert answer["error"]["hint"] == "There is cuda:0 to cuda:1."


@pytest.mark.parametrize(
    ("thrown", "status", "word", "title"),
    [
        (CannotWrite("The disk is full.", "Make space."), 2, "refused", "The disk is full."),
        (Cancelled(), 3, "cancelled", "Cancelled."),
        (InternalError("Two and two is five."), 4, "failed", "Two and two is five."),
        (ZeroDivisionError("by zero"), 4, "failed", "Answerprint failed: by zero."),
    ],
)
def test_every_end_has_its_status_and_one_object(
    monkeypatch: pytest.MonkeyPatch,
    say: Any,
    thrown: Exception,
    status: int,
    word: str,
    title: str,
) -> None:
    def run(*args: object, **more: object) -> None:
        raise thrown

    monkeypatch.setattr(jobs, "run", run)
    said, answer, err = say("match", "S", "--reference", "R", "--out", "O")
    assert (said, answer["status"], answer["error"]["title"]) == (status, word, title)
    assert ("Traceback" in err) == (status == 4), "only our own fault shows where it was"


def test_a_hot_key_while_it_starts_is_a_cancel(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def struck() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "parsers", struck)
    monkeypatch.setattr(sys, "argv", ["answerprint", "tools", "--json"])
    assert cli.entry() == 3
    assert json.loads(capsys.readouterr().out)["status"] == "cancelled"


# --- words ---------------------------------------------------------------------------------


def test_hyphen_and_underscore_are_the_same(
    pair: tuple[str, str], tmp_path: Path, say: Any
) -> None:
    words = ["--source_frame", "1002", "--reference-frame=2", "--no-write_frames"]
    status, answer, _ = say(*match(pair, tmp_path / "out", *words))
    assert status == 0
    given = answer["report"]["parameters"]
    assert (given["source_frame"], given["reference_frame"]) == ("1002", "2")
    assert shots.results(tmp_path / "out") == {}


def test_values_keep_their_underscores(pair: tuple[str, str], tmp_path: Path, say: Any) -> None:
    assert say(*match(pair, tmp_path / "a_b", "--name=x_y-z"))[0] == 0
    assert "x_y-z.1001.exr" in shots.results(tmp_path / "a_b")


def test_flags_and_lists(pair: tuple[str, str], tmp_path: Path, say: Any) -> None:
    words = ["--cdl-space", "ACEScg", "--cdl-space", "ARRI LogC4", "--no-ramp"]
    _, answer, _ = say(*match(pair, tmp_path / "out", *words))
    assert answer["report"]["parameters"]["cdl_space"] == ["ACEScg", "ARRI LogC4"]
    assert set(answer["report"]["cdl_spaces"]) == {"ACEScg", "ARRI LogC4"}


@pytest.mark.parametrize("spelt", [["--frames", "-2--1"], ["--frames=-2--1"]])
def test_negative_frames_end_to_end(tmp_path: Path, say: Any, spelt: list[str]) -> None:
    pair = shots.plate_and_hero(tmp_path, (-3, -2, -1, 0))
    words = match(pair, tmp_path / "out", "--source-frame", "-2", *spelt)
    status, answer, _ = say(*words)
    assert status == 0
    assert sorted(shots.results(tmp_path / "out")) == ["match.-001.exr", "match.-002.exr"]
    made = answer["outputs"]["frames"]
    assert (made["first"], made["last"]) == (-2, -1)
    again = say("run", tmp_path / "out/recipe.json", "--out", tmp_path / "b", "--frames", "-1")
    assert again[0] == 0
    assert sorted(shots.results(tmp_path / "b")) == ["match.-001.exr"]
    assert say(*match((made["pattern"], pair[1]), tmp_path / "c"))[0] == 0


@pytest.mark.parametrize("name", ["with space", "Käse 拍 é", "50% #2", "a%04d.####", "'; $(x)"])
def test_odd_names(tmp_path: Path, say: Any, name: str) -> None:
    pair = shots.plate_and_hero(tmp_path / name)
    folder = Path(pair[0]).parent
    for path in folder.iterdir():
        path.rename(folder / path.name.replace("plate", name))
    source = pair[0].replace("plate.%04d", f"{name}.%04d")
    out = tmp_path / f"out {name}"
    status, answer, _ = say(*match((source, pair[1]), out))
    assert status == 0
    assert len(shots.results(out)) == 3
    for path in answer["report"]["files"]:
        assert Path(path).stat().st_size > 100
    assert say("run", out / "recipe.json", "--out", tmp_path / "again")[0] == 0
    assert shots.results(tmp_path / "again") == shots.results(out)


@pytest.mark.parametrize("name", ["of the shot", "Käse 拍", "50% #2"])
def test_odd_names_of_results(tmp_path: Path, say: Any, pair: tuple[str, str], name: str) -> None:
    _, answer, _ = say(*match(pair, tmp_path / "out", "--name", name))
    assert sorted(shots.results(tmp_path / "out"))[0] == f"{name}.1001.exr"
    made = answer["outputs"]["frames"]["pattern"]
    assert say(*match((made, pair[1]), tmp_path / "next"))[0] == 0


@pytest.mark.parametrize("name", [".hidden", "..", "a\\b", "a:b", "a\nb", "a?"])
def test_names_that_are_none(tmp_path: Path, say: Any, pair: tuple[str, str], name: str) -> None:
    status, answer, _ = say(*match(pair, tmp_path / "out", "--name", name))
    assert (status, answer["error"]["title"]) == (2, f"name is '{name}'.")


def test_a_folder_or_one_file_is_a_source(tmp_path: Path, say: Any, pair: tuple[str, str]) -> None:
    folder = Path(pair[0]).parent
    assert say(*match((str(folder), str(Path(pair[1]).parent)), tmp_path / "a"))[0] == 0
    assert len(shots.results(tmp_path / "a")) == 3
    assert say(*match((str(folder / "plate.1002.exr"), pair[1]), tmp_path / "b"))[0] == 0
    assert list(shots.results(tmp_path / "b")) == ["match.1002.exr"]


def test_home_is_understood_where_no_shell_did_it(
    tmp_path: Path, say: Any, pair: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(Path(pair[0]).parents[1]))
    monkeypatch.chdir(tmp_path)
    source = "~/plate/plate.%04d.exr"
    words = ["match", source, f"--reference={pair[1]}", "--out", "out", "--method", "palette"]
    assert say(*words, "--device", "cpu")[0] == 0
    assert len(shots.results(tmp_path / "out")) == 3
    monkeypatch.chdir("/")
    status, answer, _ = say("run", tmp_path / "out/recipe.json", "--out", tmp_path / "b")
    assert status == 0, answer
    assert answer["outputs"]["dir"] == str(tmp_path / "b"), "paths are whole for whoever reads them"


def test_a_recipe_and_another_plate_are_refused(tmp_path: Path, say: Any) -> None:
    pair = shots.plate_and_hero(tmp_path)
    assert say(*match(pair, tmp_path / "out"))[0] == 0
    Path(pair[0] % 1002).write_bytes(Path(pair[0] % 1001).read_bytes())
    status, answer, _ = say("run", tmp_path / "out/recipe.json", "--out", tmp_path / "b")
    assert status == 2
    assert answer["error"]["title"].startswith("Frame 1002 of plate is not the one the recipe")
    status, answer, _ = say("run", tmp_path / "out/recipe.json", "--device", "tpu")
    assert answer["error"]["title"] == "device is 'tpu'."


def test_the_results_never_replace_what_they_are_made_from(
    tmp_path: Path, say: Any, pair: tuple[str, str]
) -> None:
    pair = shots.plate_and_hero(tmp_path / "shots")
    for which, at in (("source", pair[0]), ("reference", pair[1])):
        folder, name = Path(at).parent, Path(at).name.split(".")[0]
        before = shots.results(folder)
        status, answer, _ = say(*match(pair, folder / "../" / folder.name, "--name", name))
        assert status == 2
        assert f"is a frame of the {which}: the result" in answer["error"]["title"]
        assert shots.results(folder) == before
        assert shots.leftovers(folder) == []


# --- what there is -------------------------------------------------------------------------


def test_tools_as_json_is_the_catalogue(say: Any) -> None:
    status, answer, err = say("tools")
    assert (status, err) == (0, "")
    assert answer == {"tools": [tool.spec() for tool in tools.every()]}


def test_tools_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["tools"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "match           Make one shot sit beside another."
    assert [line.split()[0] for line in said] == [*TOOLS]


@pytest.mark.parametrize(
    ("words", "expected"),
    [(["--help"], "run"), (["match", "--help"], "--source-frame"), (["--version"], __version__)],
)
def test_help(words: list[str], expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert ended.value.code == 0
    assert expected in capsys.readouterr().out


def test_looking_around_loads_neither_torch_nor_the_report(tmp_path: Path) -> None:
    script = (
        "import sys; from answerprint.cli import main; main(['tools']); "
        "print(sorted({'torch', 'jinja2', 'av'} & sys.modules.keys()), file=sys.stderr)"
    )
    ended = shots.subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert "torch" not in ended.stderr
    assert "jinja2" not in ended.stderr


def test_the_installed_command_ends_with_the_same_status(tmp_path: Path) -> None:
    ended = shots.call("match", "none.exr", "--out", tmp_path / "out", "--json", cwd=tmp_path)
    assert ended.returncode == 2
    assert json.loads(ended.stdout)["status"] == "refused"
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(("words", "status"), [(["tools"], 0), (["run", "none.json"], 2)])
def test_a_reader_that_went_away_does_not_change_the_end(words: list[str], status: int) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    ended = shots.subprocess.run(
        shots.command(*words, "--json"), stdout=writer, stderr=-1, text=True, check=False
    )
    os.close(writer)
    assert ended.returncode == status, ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_folder_with_a_name_that_is_no_text(tmp_path: Path, pair: tuple[str, str]) -> None:
    out = os.fsencode(tmp_path) + b"/\xff\xfe"
    words = [w.encode() for w in shots.command(*match(pair, Path("OUT"), "--json"))]
    words[words.index(b"OUT")] = out
    ended = shots.subprocess.run(words, capture_output=True, check=False)
    assert ended.returncode == 2, ended.stderr.decode(errors="replace")
    assert "is not UTF-8" in json.loads(ended.stdout)["error"]["title"]
    assert not os.path.exists(out)
