"""find: which files a source names, by their names alone."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerprint.errors import BadInput
from answerprint.frames.sequence import Found, _fits, _split, find, ranges
from answerprint.tool import frame_numbers


def folder(root: Path, *names: str) -> Path:
    """A folder whose own name looks like a pattern."""
    made = root / "100% #2 %d ü @@"
    made.mkdir(exist_ok=True)
    for name in names:
        (made / name).touch()
    return made


def refusal(source: object) -> BadInput:
    with pytest.raises(BadInput) as caught:
        find(str(source))
    return caught.value


def names(pattern: str, numbers: Iterable[int]) -> list[str]:
    return [pattern % n for n in numbers]


NUMBERS = (998, 999, 1000, 1001, 1004)


@pytest.mark.parametrize("token", ["%04d", "####", "@@@@", "$F4", "#"])
def test_patterns(tmp_path: Path, token: str) -> None:
    where = folder(tmp_path, *names("plate.%04d.exr", NUMBERS), "plate.exr", "plate_qc.1001.exr")
    found = find(str(where / f"plate.{token}.exr"))
    assert found.numbers == NUMBERS
    assert (found.name, found.pattern, found.asked) == ("plate", "plate.%04d.exr", None)
    assert found.path(999) == str(where / "plate.0999.exr")
    assert found.path(12) == str(where / "plate.0012.exr")
    assert found.missing(range(999, 1005)) == (1002, 1003)


@pytest.mark.parametrize("pattern", ["plate.998-1003#.exr", "plate.998-1003%04d.exr"])
def test_a_pattern_with_its_range(tmp_path: Path, pattern: str) -> None:
    where = folder(tmp_path, *names("plate.%04d.exr", NUMBERS))
    found = find(str(where / pattern))
    assert found.numbers == NUMBERS
    assert found.asked == tuple(range(998, 1004))


def test_a_range_may_be_negative_and_stepped(tmp_path: Path) -> None:
    where = folder(tmp_path, *names("p.%04d.exr", range(-4, 5)))
    assert find(str(where / "p.-4-4x2####.exr")).asked == (-4, -2, 0, 2, 4)


def test_a_range_that_runs_backwards(tmp_path: Path) -> None:
    where = folder(tmp_path, "p.1001.exr")
    refused = refusal(where / "p.1005-1001#.exr")
    assert refused.title == "p.1005-1001#.exr has no range of frames."
    assert refused.hint == "'1005-1001' runs backwards. Use a range such as 1001-1010."


def test_digits_are_counted(tmp_path: Path) -> None:
    where = folder(tmp_path, "p.7.exr", "p.10.exr", "p.0008.exr", "p.12345.exr")
    assert find(str(where / "p.%d.exr")).numbers == (7, 10, 12345)
    assert find(str(where / "p.####.exr")).numbers == (8, 12345)
    assert find(str(where / "p.@@.exr")).numbers == (10, 12345)
    assert find(str(where / "p.@@.exr")).path(12345) == str(where / "p.12345.exr")


@pytest.mark.parametrize("style", ["p.%04d.exr", "p.%05d.exr"])
def test_negative_numbers_of_both_schools(tmp_path: Path, style: str) -> None:
    """%04d counts the minus as a digit, others do not."""
    where = folder(tmp_path, *names(style, (-12, -1)), *names("p.%04d.exr", (0, 1)))
    for source in (where / "p.####.exr", where):
        found = find(str(source))
        assert found.numbers == (-12, -1, 0, 1)
        assert found.path(-12) == str(where / (style % -12))


def test_a_hyphen_is_not_a_minus(tmp_path: Path) -> None:
    where = folder(tmp_path, "plate-0001.exr", "plate-0002.exr")
    assert find(str(where)).numbers == (1, 2)
    assert find(str(where / "plate-%04d.exr")).numbers == (1, 2)
    assert find(str(where / "plate-0002.exr")).numbers == (2,)


def test_a_number_that_is_there_twice(tmp_path: Path) -> None:
    where = folder(tmp_path, "p.-002.exr", "p.-0002.exr", "p.0001.exr")
    for source in (where / "p.####.exr", where):
        refused = refusal(source)
        assert refused.title == "Frame -2 is there twice, as p.-0002.exr and p.-002.exr."


@pytest.mark.parametrize(
    ("name", "number", "called"),
    [
        ("plate.1001.exr", 1001, "plate"),
        ("frame_0019.png", 19, "frame"),
        ("still.exr", 1001, "still"),
        ("plate_v003.exr", 1001, "plate_v003"),
        ("v003.exr", 1001, "v003"),
        ("mov0007.jpg", 7, "mov"),
        ("shot.-0005.exr", -5, "shot"),
        ("100% #1.0012.exr", 12, "100% #1"),
        ("a####b.exr", 1001, "a####b"),
        ("1001.exr", 1001, "100% #2 %d ü @@"),
    ],
)
def test_one_file(tmp_path: Path, name: str, number: int, called: str) -> None:
    where = folder(tmp_path, name, "other.0001.exr")
    found = find(str(where / name))
    assert found.numbers == (number,)
    assert found.path(number) == str(where / name)
    assert found.name == called


def test_hashes_in_a_name_before_the_number(tmp_path: Path) -> None:
    where = folder(tmp_path, *names("a#b %%.%04d.exr", (1, 2)), *names("50%%d.%04d.exr", (1, 2)))
    assert find(str(where / "a#b %.####.exr")).numbers == (1, 2)
    assert find(str(where / "50%d.####.exr")).numbers == (1, 2)


def test_a_folder_with_one_sequence(tmp_path: Path) -> None:
    where = folder(
        tmp_path,
        *names("plate.%04d.exr", (9998, 9999, 10000)),
        "notes.txt",
        ".plate.10001.tmp-12-0123456789abcdef.exr",
        "._plate.9998.exr",
        "plate.mov",
    )
    (where / "sub.0001.exr").mkdir()
    found = find(str(where))
    assert found.numbers == (9998, 9999, 10000)
    assert found.pattern == "plate.%04d.exr"


def test_a_folder_with_several_names_them(tmp_path: Path) -> None:
    where = folder(tmp_path, *names("p.%04d.exr", (1, 2, 3, 5)), "p_qc.0001.exr", "still.png")
    refused = refusal(where)
    assert refused.title == f"The folder {where} holds 3 sequences."
    assert refused.hint == "Name one of them: p.%04d.exr 1-3,5; p_qc.%04d.exr 1; still.png."


def test_two_paddings_are_two_sequences(tmp_path: Path) -> None:
    where = folder(tmp_path, "x.7.exr", "x.10.exr", "x.0008.exr")
    assert refusal(where).hint == "Name one of them: x.%04d.exr 8; x.%d.exr 7,10."


def test_versions_are_not_frames(tmp_path: Path) -> None:
    where = folder(tmp_path, "plate_v001.exr", "plate_v002.exr")
    assert refusal(where).hint == "Name one of them: plate_v001.exr; plate_v002.exr."


def test_an_empty_folder(tmp_path: Path) -> None:
    where = folder(tmp_path, "notes.txt")
    assert refusal(where).title == f"The folder {where} holds no pictures."


def test_what_is_not_there_says_what_is(tmp_path: Path) -> None:
    where = folder(tmp_path, *names("plate.%03d.exr", (1, 2, 3)))
    refused = refusal(where / "plate.####.exr")
    assert refused.title == "No frame of plate.####.exr is there."
    assert refused.hint == "There is plate.%03d.exr 1-3."
    refused = refusal(where / "plate.009.exr")
    assert refused.title == "plate.009.exr does not exist."
    assert refused.hint == "There is plate.%03d.exr 1-3."
    assert refusal(where / "other.exr").hint == "Render it, or correct the path."
    assert (
        refusal(where / "gone" / "p.####.exr").title == f"The folder {where}/gone cannot be read."
    )
    assert refusal(where / "gone" / "p.exr").hint == f"There is no folder {where}/gone."


def test_the_home_folder_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "a.1001.exr").touch()
    assert find("~/a.####.exr").numbers == (1001,)


@given(st.sets(st.integers(-300, 2000), min_size=1, max_size=40))
def test_ranges_are_read_as_they_are_written(numbers: set[int]) -> None:
    assert frame_numbers(ranges(numbers)) == sorted(numbers)


def test_no_range() -> None:
    assert ranges([]) == "none"


@given(st.integers(-20000, 20000), st.integers(1, 6))
def test_a_path_is_found_again(number: int, digits: int) -> None:
    """What `path` spells, `find` reads as the same number (as names; no files)."""
    name = Found("", "plate.", ".exr", digits).path(number)
    prefix, text, suffix = _split(name)
    assert (prefix, int(text), suffix) == ("plate.", number, ".exr")
    assert _fits(text, digits)
