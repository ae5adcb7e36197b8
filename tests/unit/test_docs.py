"""The documents are true: links resolve, commands run, fields and texts are the code's."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from answerprint import cli
from answerprint.errors import BadParameter
from answerprint.tools import every

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
DOCS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "resources/sample/README.md")
PAGES = [ROOT / name for name in DOCS] + sorted((ROOT / "resources/docs").rglob("*.md"))
README = (ROOT / "README.md").read_text("utf-8")
CONVENTIONS = (ROOT / "resources/docs/conventions.md").read_text("utf-8")


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


# --- links ---------------------------------------------------------------------------------


def broken(page: Path, text: str) -> list[str]:
    """Links of a page that lead to no file or no heading. The web is not asked."""
    found = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("http://", "https://")):
            continue
        path, _, heading = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        if not there.exists() or (heading and heading not in headings(there)):
            found.append(target)
    return found


def headings(page: Path) -> set[str]:
    """Names that a heading can be linked by."""
    lines = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line).strip().lower().replace(" ", "-") for line in lines}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page):
    assert broken(page, page.read_text("utf-8")) == []


def test_a_broken_link_is_found(tmp_path):
    page = tmp_path / "page.md"
    text = "# One thing\n[a](none.md) [b](page.md#one-thing) [c](#two) [d](https://e.f/none)"
    page.write_text(text, "utf-8")
    assert broken(page, text) == ["none.md", "#two"]


def test_every_page_is_reached_from_the_readme():
    reached, due = set(), [ROOT / "README.md"]
    while due:
        page = due.pop()
        reached.add(page)
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8")):
            there = (page.parent / target).resolve()
            more = [*there.glob("*.md")] if there.is_dir() else [there]
            due += [m for m in more if m.suffix == ".md" and m.exists() and m not in reached]
    assert [name_of(p) for p in PAGES if p not in reached and "sample" not in p.parts] == []


# --- commands ------------------------------------------------------------------------------


def commands(text: str) -> Iterator[list[str]]:
    """The commands of indented lines, without their comments."""
    for line in re.findall(r"^    (\S.*)$", text, re.MULTILINE):
        if re.match(r"(\.venv\S*/|answerprint |python)", line) and "<" not in line:
            yield shlex.split(line, comments=True)


def refused(words: list[str]) -> str:
    """Why a command cannot be run as it is printed; '' where it can."""
    program, rest = words[0], words[1:]
    if Path(program).name == "answerprint":
        try:
            _, left = cli.parsers()[0].parse_known_args(rest)
        except BadParameter as why:
            return str(why)
        return f"does not take {left}" if left else ""
    if rest[:1] == ["-m"]:
        return "" if importlib.util.find_spec(rest[1]) else f"no module {rest[1]}"
    if Path(program).name == "pip":
        return "" if rest[0] == "install" else f"pip {rest[0]}"
    script = ROOT / rest[0]
    if not script.is_file():
        return f"no file {rest[0]}"
    text = script.read_text("utf-8")
    unknown = [w for w in rest[1:] if w.startswith("--") and f'"{w}"' not in text]
    if script.name == "install.py" and rest[1:2] and f'"{rest[1]}"' not in text:
        unknown.append(rest[1])
    return f"{rest[0]} knows no {unknown}" if unknown else ""


@pytest.mark.parametrize("page", [p for p in PAGES if "sample" not in p.parts], ids=name_of)
def test_printed_commands_exist(page):
    text = re.sub(r"\[[^\]]*\](\.\.\.)?", "", page.read_text("utf-8"))
    assert {" ".join(c): refused(c) for c in commands(text) if refused(c)} == {}


def test_a_command_that_does_not_exist_is_found():
    text = "\n    python3 install.py dmo\n    answerprint mtch x --out y\n    python x.py # y\n"
    told = [refused(each) for each in commands(text)]
    assert len(told) == 3
    assert all(told), told


def test_the_readme_has_its_two_commands():
    first_screen = README[: README.index("\n## ")]
    assert [c[1:] for c in commands(first_screen)] == [
        ["install.py", "demo"],
        ["install.py", "test"],
    ]
    assert "resources/docs/first-screen.png" in first_screen


def test_the_examples_of_the_readme_run_as_printed(tmp_path):
    """Each in its turn; only the folder of the results is another."""
    done = []
    for words in commands(README):
        if not words[0].endswith("/answerprint"):
            continue
        here = [str(tmp_path / w) if w.startswith("demo/") else w for w in words[1:]]
        run = subprocess.run(
            [sys.executable, "-m", "answerprint", *here], cwd=ROOT, capture_output=True, text=True
        )
        assert run.returncode == 0, (words, run.stderr)
        done.append(here)
    assert len(done) >= 4
    again, whole = tmp_path / "demo/again", tmp_path / "demo/by-hand"
    frames = sorted(p.name for p in again.glob("*.exr"))
    assert frames == ["match.1001.exr", "match.1002.exr", "match.1003.exr"]
    assert all((again / f).read_bytes() == (whole / f).read_bytes() for f in frames)
    assert not [*(tmp_path / "demo/cdl").glob("*.exr")]
    assert [*(tmp_path / "demo/cdl").glob("match.DaVinci*.cc")]
    fields_are_written_down(whole)


# --- fields, options, texts ----------------------------------------------------------------


def fields_are_written_down(run: Path) -> None:
    """Every field of both files, and of what stands in them, is on the page of conventions."""
    for name in ("report.json", "recipe.json"):
        held = json.loads((run / name).read_text("utf-8"))
        nested = {
            n
            for key in ("frames", "disclosure", "cdl", "before", "evidence", "colour")
            for n in (held[key] if isinstance(held.get(key), dict) else ())
        }
        if name == "recipe.json":
            nested = set(held["inputs"]["source"])
        unsaid = [n for n in {*held, *nested} if f"`{n}`" not in CONVENTIONS]
        assert unsaid == [], f"{name}: write these down in resources/docs/conventions.md"


def options(command: str) -> set[str]:
    """The options that a command's own help names."""
    said = cli.parsers()[1][command].format_help()
    return set(re.findall(r"--[a-z-]+", said)) - {"--help"}


def test_the_options_of_every_tool_are_written_down():
    tools = every()
    own = {f"--{n}".replace("_", "-") for tool in tools for n in (*tool.controls(), *tool.inputs)}
    common = set.intersection(*(options(tool.name) for tool in tools))
    common -= {f"--{kind}{name[2:]}" for name in own for kind in ("", "no-")}
    common -= {f"{name}-{what}" for name in own for what in ("colourspace", "frames")}
    assert {"--out", "--frames", "--json"} <= common
    assert {o for o in common if f"`{o}" not in CONVENTIONS} == set()
    named = set(re.findall(r"^\| `(--[a-z-]+)", CONVENTIONS, re.MULTILINE))
    assert named <= common, "options that no tool has"


def texts() -> list[str]:
    """Every text in the code, with a line break where a value will stand."""
    found = []
    for source in (*ROOT.glob("plugin/**/*.py"), *ROOT.glob("host_bridges/**/*.py")):
        found += texts_of(source.read_text("utf-8"))
    return found + texts_of((ROOT / "install.py").read_text("utf-8"))


def texts_of(source: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(node.value)
        elif isinstance(node, ast.JoinedStr):
            found.append(
                "".join(v.value if isinstance(v, ast.Constant) else "\n" for v in node.values)
            )
    return found


def is_said(quote: str, said: list[str]) -> bool:
    """Whether a text of the code is this quote; '...' stands for any part of one."""
    pieces = [p.strip() for p in quote.split("...") if p.strip(" .,")]
    search = re.compile(".*".join(re.escape(p) for p in pieces), re.DOTALL)
    return any(search.search(text) for text in said)


def test_what_goes_wrong_is_quoted_as_it_is_said():
    page = (ROOT / "resources/docs/trouble.md").read_text("utf-8")
    firsts = re.findall(r"^\| (`.+?`) \| ", page, re.MULTILINE)
    quotes = [q for cell in firsts for q in re.findall(r"`([^`]+)`", cell)]
    assert len(quotes) > 60
    said = texts()
    assert [q for q in quotes if not is_said(q, said)] == [], (
        "resources/docs/trouble.md quotes what no code says: correct the page"
    )


def test_a_text_that_is_not_said_is_found():
    said = texts_of("raise X(f'Frame {n} of {name} is missing.')")
    assert is_said("Frame ... of ... is missing", said)
    assert not is_said("Frame ... of ... is lost", said)
    assert not is_said("missing ... Frame", said)


# --- versions and the example --------------------------------------------------------------


def test_versions_are_those_of_the_project():
    python = re.search(r">=(\d\.\d+)", PROJECT["project"]["requires-python"])
    assert python
    for name in ("README.md", "CONTRIBUTING.md"):
        assert f"Python {python[1]}" in (ROOT / name).read_text("utf-8")
    pins = "".join(f.read_text("utf-8") for f in (ROOT / "tests" / "blender").glob("bpy*.txt"))
    run = set(re.findall(r"^bpy==(\S+)", pins, re.M))  # Blender's, run by the tests
    known = run | {PROJECT["project"]["version"]}
    assert set(re.findall(r"\b\d+\.\d+\.\d+\b", README)) <= known
    assert PROJECT["project"]["license"] in README
    assert PROJECT["project"]["readme"] == "README.md"


def test_the_tool_of_contributing_works(tmp_path):
    """The example is taken from the page, added as the page says, and its own test is run."""
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    tool, test = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools/expose.py").write_text(tool, "utf-8")
    (tmp_path / "test_expose.py").write_text(test, "utf-8")
    line = re.search(r"`(TOOLS = \(.+?\))`", page)
    assert line
    (tmp_path / "conftest.py").write_text(
        f"from answerprint import tools\n{line[1]}\ntools.TOOLS = TOOLS\n"
        f"tools.__path__.append({str(tmp_path / 'tools')!r})\n",
        "utf-8",
    )
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "2 passed" in run.stdout
