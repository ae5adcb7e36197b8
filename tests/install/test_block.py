"""The lines in init.py: added to whatever is there, taken out without a trace."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath
from types import SimpleNamespace

import pytest
from installer import block
from installer.words import SetUpError

TEXT = block.lines(PurePosixPath("/home/ann/.nuke/answerprint"))

FILES = {
    "empty": b"",
    "usual": b"import nuke\n",
    "no end": b"import nuke",
    "windows": b"import nuke\r\nx = 1\r\n",
    "windows, no end": b"import nuke\r\nx = 1",
    "mark": b"\xef\xbb\xbfimport nuke\n",
    "latin-1": b"# -*- coding: latin-1 -*-\nname = 'J\xf6rg'\n",
    "blank lines": b"\n\n\n",
    "tabs": b"if True:\n\tx = 1",
    "broken": b"print 'Python 2'\n",
}


@pytest.mark.parametrize("data", FILES.values(), ids=FILES)
def test_added_and_removed_is_the_same_file(data):
    made = block.added(data, TEXT, "init.py")
    assert made.startswith(data)
    assert block.found(made) == TEXT
    assert block.added(made, TEXT, "init.py") == made, "never twice"
    joined = bool(data) and not data.endswith(b"\n")
    assert block.removed(made, joined) == data


@pytest.mark.parametrize("data", FILES.values(), ids=FILES)
def test_lines_end_as_those_of_the_file(data):
    made = block.added(data, TEXT, "init.py")[len(data) :]
    windows = b"\r\n" in data
    assert (b"\r\n" in made) == windows
    assert made.count(b"\n") == made.count(b"\r\n") or not windows


def test_what_was_written_after_it_stays():
    made = block.added(b"x = 1", TEXT, "init.py") + b"y = 2\n"
    assert block.removed(made, joined=True) == b"x = 1\ny = 2\n"


def test_what_was_written_before_it_stays_in_its_place():
    made = b"first = 0\n" + block.added(b"x = 1\n", TEXT, "init.py")
    other = block.lines(PurePosixPath("/mnt/ap"))
    renewed = block.added(made, other, "init.py")
    assert renewed == b"first = 0\nx = 1\n" + other.encode()


@pytest.mark.parametrize(
    "folder",
    [
        PurePosixPath("/homes/Jörg Ünal/.nuke/answerprint"),
        PurePosixPath('/homes/it\'s "here"/.nuke/answerprint'),
        PureWindowsPath("D:\\Artists\\Jörg\\new\\.nuke\\answerprint"),
        PurePosixPath("/homes/\udce4/.nuke/answerprint"),  # no UTF-8 on disk
    ],
)
def test_nuke_reads_the_folder_in_any_encoding(folder):
    text = block.lines(folder)
    assert text.isascii()
    for head in ("# -*- coding: latin-1 -*-\n", "# -*- coding: utf-8 -*-\n"):
        heard: list[str] = []
        nuke = SimpleNamespace(pluginAddPath=heard.append, tprint=pytest.fail)
        exec(compile(head.encode() + text.encode(), "init.py", "exec"), {"nuke": nuke})
        assert heard == [folder.as_posix()]


def test_a_plug_in_that_fails_does_not_stop_nuke():
    def fail(path: str) -> None:
        raise RuntimeError("bad plug-in")

    heard: list[str] = []
    exec(TEXT, {"nuke": SimpleNamespace(pluginAddPath=fail, tprint=heard.append)})
    assert heard == ["answerprint: bad plug-in"]


def test_half_a_block_is_refused():
    with pytest.raises(SetUpError) as why:
        block.added(b"x = 1\n" + block.FIRST + b"\ntry:\n", TEXT, "init.py")
    assert "half a block" in why.value.title


def test_what_is_left_of_our_lines_is_seen():
    whole = TEXT.encode()
    half = block.FIRST + b"\ntry:\n"
    assert not block.strays(b"x = 1\n" + whole)
    for data in (half, block.LAST, whole + whole, half + whole, whole + half):
        assert block.strays(data)
    assert block.found(half + b"x = 1\n" + whole) == TEXT
    assert block.removed(half + b"x = 1\n" + whole, joined=False) == half + b"x = 1\n"


def test_what_python_cannot_read_is_told():
    assert block.fault(b"x = '''") != ""
    assert block.fault(b"x = 1\0") != ""
    assert block.fault(b"x = '\\d'\n") == "", "a warning is no fault"
