"""Small rules of the repository: sizes, versions and lists that must agree, no private paths."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

import answerprint

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
MIB = 2**20

# A path into somebody's machine; a URL or a relative path with such a folder in it is none.
PRIVATE = re.compile(r"(?<![\w.])(/root/|/work/|/Users/\w|[A-Z]:\\+Users\\+\w)")
PRIVATE_OUTSIDE_TESTS = re.compile(r"(?<![\w.])(/home/\w|/tmp\b)")


def files() -> list[str]:
    """Every file that is in the repository or on its way into it."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listed.returncode:
        pytest.skip(f"not a git checkout: {listed.stderr.strip()}")
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def text_of(name: str) -> str:
    """A file's text, '' where it is not text."""
    data = (ROOT / name).read_bytes()
    return "" if b"\0" in data[:8192] else data.decode("utf-8", "replace")


def private_paths(name: str, text: str) -> list[str]:
    """Lines that name a path of somebody's machine."""
    rules = [PRIVATE] if name.startswith("tests/") else [PRIVATE, PRIVATE_OUTSIDE_TESTS]
    return [
        f"{name}:{number}: {line.strip()[:80]}"
        for number, line in enumerate(text.splitlines(), 1)
        if any(rule.search(line) for rule in rules)
    ]


def too_long(name: str, lines: int) -> bool:
    """Whether a Python file has more lines than one job needs; what runs in a host: fewer."""
    in_host = name.startswith("host_bridges/")
    return lines >= (300 if in_host else 500)


def too_big(name: str, size: int) -> bool:
    """Whether a file weighs more than its folder may hold."""
    limits = {"models": 16 * MIB, "resources": 10 * MIB}
    return size > limits.get(name.partition("/")[0], 2 * MIB)


def normal(requirement: str) -> str:
    """A package's name as indexes compare it."""
    name = re.match(r"[\w.-]+", requirement)
    assert name, requirement
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def unpinned(project: Mapping[str, object], constraints: Sequence[str]) -> set[str]:
    """Direct needs that no line `name==version` pins."""
    extras = project.get("optional-dependencies", {})
    assert isinstance(extras, Mapping)
    needs = [project["dependencies"], *extras.values()]
    pinned = {normal(line) for line in constraints if "==" in line and not line.startswith("#")}
    return {normal(each) for group in needs for each in group} - pinned


def test_no_file_names_a_path_of_somebodys_machine():
    this = Path(__file__).relative_to(ROOT).as_posix()
    assert [hit for f in files() if f != this for hit in private_paths(f, text_of(f))] == []


@pytest.mark.parametrize(
    "line",
    ["open('/root/x')", "see /work/x", "/tmp", "(/home/ann/x)", "/Users/ann", r"C:\Users\ann"],
)
def test_a_private_path_is_found(line):
    assert private_paths("plugin/x.py", f"one\n{line}") == [f"plugin/x.py:2: {line}"]


@pytest.mark.parametrize(
    "line", ["https://a.b/work/x", "network/root/", "~/home/", "/tmpfs", "a/tmp"]
)
def test_what_only_looks_private_passes(line):
    assert private_paths("README.md", line) == []


def test_files_stay_short_and_small():
    sources = [f for f in files() if f.endswith(".py")]
    assert [f for f in sources if too_long(f, len(text_of(f).splitlines()))] == []
    assert [f for f in files() if too_big(f, (ROOT / f).stat().st_size)] == []


def test_the_limits_bite():
    assert too_long("host_bridges/nuke_bridge/ui.py", 300)
    assert too_long("host_bridges/bridge/wire.py", 300)
    assert not too_long("plugin/answerprint/cli.py", 499)
    assert too_long("tests/unit/test_x.py", 500)
    assert too_big("README.md", 2 * MIB + 1)
    assert not too_big("models/flow/weights.safetensors", 16 * MIB)


def test_every_package_is_in_pyproject():
    folders = PROJECT["tool"]["setuptools"]["package-dir"]
    homes = {}
    for package in PROJECT["tool"]["setuptools"]["packages"]:
        top, _, rest = package.partition(".")
        homes[package] = "/".join(filter(None, [folders[top], rest.replace(".", "/")]))
    there = {
        Path(f).parent.as_posix()
        for f in files()
        if f.startswith(("plugin/answerprint/", "host_bridges/", "models/"))
        and f.endswith("/__init__.py")
    }
    assert set(homes.values()) == there


def test_every_direct_need_is_pinned():
    pins = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    assert unpinned(PROJECT["project"], pins) == set()
    names = [normal(line) for line in pins if "==" in line and not line.startswith("#")]
    assert names == sorted(names), "keep it sorted, one version each"
    assert len(names) == len(set(names))


def test_a_need_without_a_pin_is_found():
    project = {"dependencies": ["Big_Lib>=1", "b"], "optional-dependencies": {"t": ["c[x]>2"]}}
    assert unpinned(project, ["big-lib==1", "# b==1", "c>=3"]) == {"b", "c"}


def test_the_version_is_the_same_everywhere():
    assert PROJECT["project"]["version"] == answerprint.__version__


def test_programs_can_be_started():
    assert [f for f in ("install.py", ".ci/run") if not os.access(ROOT / f, os.X_OK)] == []
