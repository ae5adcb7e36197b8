"""Grades as files: OpenColorIO reads them back, and finds in them what was written."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import PyOpenColorIO as ocio
import pytest
from test_grade import MATCH, RAW, bump, plate, through

from answerprint.frames import gradefiles
from answerprint.frames.curves import acescct, acescct_inverse
from answerprint.frames.grade import Cdl, Grade

SUFFIXES = (".cc", ".ccc", ".cdl")


def saved(folder: Path, suffix: str, cdl: Cdl = MATCH, clip: str = "shot_b") -> Path:
    path = folder / f"match{suffix}"
    path.write_text(gradefiles.cdl_text(cdl, clip, suffix), encoding="utf-8")
    return path


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_cdl_files_come_back_from_opencolorio_with_the_same_numbers(
    tmp_path: Path, suffix: str
) -> None:
    path = saved(tmp_path, suffix)
    back = ocio.CDLTransform.CreateFromFile(str(path), "shot_b")
    np.testing.assert_allclose(back.getSlope(), MATCH.slope, atol=1e-6)
    np.testing.assert_allclose(back.getOffset(), MATCH.offset, atol=1e-6)
    np.testing.assert_allclose(back.getPower(), MATCH.power, atol=1e-6)
    assert back.getSat() == pytest.approx(MATCH.saturation, abs=1e-6)
    assert back.getID() == "shot_b"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_cdl_files_do_in_opencolorio_what_the_grade_does(tmp_path: Path, suffix: str) -> None:
    path = saved(tmp_path, suffix)
    file = ocio.FileTransform(str(path), "" if suffix == ".cc" else "shot_b")
    file.setCDLStyle(ocio.CDL_NO_CLAMP)
    codes = np.random.default_rng(0).uniform(-0.4, 1.3, (64, 3)).astype(np.float32)
    # OpenColorIO's power is good to 1e-5
    np.testing.assert_allclose(through(file, codes), MATCH(codes), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_saturation_is_spelt_as_all_readers_know_it(tmp_path: Path, suffix: str) -> None:
    text = saved(tmp_path, suffix).read_text()
    assert "<SatNode>" in text
    assert "SATNode" not in text
    assert re.search(r"<Saturation>1\.15</Saturation>", text)
    ElementTree.fromstring(text.encode())


def test_ids_name_the_clip(tmp_path: Path) -> None:
    assert gradefiles.xml_id("A001_C002") == "A001_C002"
    assert gradefiles.xml_id("ein Schwenk (neu) #2") == "ein_Schwenk__neu___2"
    assert gradefiles.xml_id("") == "shot"
    for suffix in SUFFIXES:
        text = gradefiles.cdl_text(MATCH, 'a "b" & <c>', suffix)
        assert 'id="a__b_____c_"' in text
        ElementTree.fromstring(text.encode())


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_neutral_grade_is_written_and_comes_back(tmp_path: Path, suffix: str) -> None:
    """A refused match still leaves its files: the identity, spelt out."""
    path = saved(tmp_path, suffix, Cdl())
    back = ocio.CDLTransform.CreateFromFile(str(path), "shot_b")
    assert back.getSlope() == back.getPower() == [1, 1, 1]
    assert back.getOffset() == [0, 0, 0]
    assert back.getSat() == 1


@pytest.mark.parametrize(
    "grade",
    [Grade(), Grade(Cdl((1.3, 0.9, 0.7))), Grade(MATCH), Grade(MATCH, bump())],
    ids=["neutral", "gains", "cdl", "residual"],
)
def test_the_cube_file_is_the_grade(tmp_path: Path, grade: Grade) -> None:
    path = tmp_path / "match.cube"
    path.write_text(gradefiles.cube_text(grade.cube, "match shot_b"), encoding="utf-8")
    light = plate(low=-0.006).astype(np.float64)
    codes = acescct(light)
    file = ocio.FileTransform(str(path), interpolation=ocio.INTERP_TETRAHEDRAL)
    np.testing.assert_allclose(through(file, codes), grade.code(codes), atol=1e-3)


def test_the_cube_file_has_a_head_that_says_what_goes_in(tmp_path: Path) -> None:
    lines = gradefiles.cube_text(Grade(MATCH).cube, "match shot_b").splitlines()
    assert lines[0] == 'TITLE "match shot_b"'
    assert "LUT_3D_SIZE 33" in lines
    assert any("ACEScct in, ACEScct out" in line for line in lines)
    numbers = [line for line in lines if re.fullmatch(r"-?\d+\.\d{7}( -?\d+\.\d{7}){2}", line)]
    assert len(numbers) == 33**3
    second = np.array([float(v) for v in numbers[1].split()])  # red runs fastest
    np.testing.assert_allclose(second, MATCH(np.array([1 / 32, 0, 0])), atol=1e-6)


def test_a_quote_in_a_name_does_not_break_the_cube(tmp_path: Path) -> None:
    path = tmp_path / "match.cube"
    path.write_text(gradefiles.cube_text(Grade().cube, 'the "hero"\n1 2 3'), encoding="utf-8")
    RAW.getProcessor(ocio.FileTransform(str(path)))
    assert path.read_text().startswith("TITLE \"the 'hero' 1 2 3\"\n")


# --- the EDL -------------------------------------------------------------------------------

EVENT = re.compile(
    r"^001  (\S+) +V     C        "
    r"(\d\d:\d\d:\d\d:\d\d) (\d\d:\d\d:\d\d:\d\d) (\d\d:\d\d:\d\d:\d\d) (\d\d:\d\d:\d\d:\d\d)$",
    re.M,
)


def test_the_edl_has_one_event_over_the_frames_and_names_the_correction() -> None:
    event_of = gradefiles.Event("shot b", "shot b", 1001, 100, Fraction(24))
    text = gradefiles.edl_text(MATCH, event_of, "match")
    assert text.startswith("TITLE: match\nFCM: NON-DROP FRAME\n")
    event = EVENT.search(text)
    assert event
    assert event.groups() == ("shot_b", *(("00:00:41:17", "00:00:45:21") * 2))
    assert "* FROM CLIP NAME: shot b\n" in text
    assert "*ASC_CC_XML shot_b\n" in text
    sop = re.search(r"\*ASC_SOP \((.+)\)\((.+)\)\((.+)\)", text)
    assert sop
    for written, numbers in zip(
        sop.groups(), (MATCH.slope, MATCH.offset, MATCH.power), strict=True
    ):
        assert tuple(float(v) for v in written.split()) == numbers
    assert "*ASC_SAT 1.150000\n" in text


@pytest.mark.parametrize(
    ("frame", "rate", "wanted"),
    [
        (0, Fraction(24), "00:00:00:00"),
        (23, Fraction(24), "00:00:00:23"),
        (24, Fraction(24), "00:00:01:00"),
        (24, Fraction(24000, 1001), "00:00:01:00"),
        (90000, Fraction(25), "01:00:00:00"),
        (24 * 86400 + 5, Fraction(24), "00:00:00:05"),
        (-1, Fraction(24), "23:59:59:23"),
        (59, Fraction(60000, 1001), "00:00:00:59"),
    ],
)
def test_timecode(frame: int, rate: Fraction, wanted: str) -> None:
    assert gradefiles.timecode(frame, rate) == wanted


@pytest.mark.parametrize(
    ("text", "packed", "drop"),
    [
        ("01:00:00;00", 0x01000040, True),
        ("00:01:00;02", 0x00010042, True),
        ("00:10:00;00", 0x00100040, True),
        ("10:00:00:00", 0x10000000, False),
        ("12:34:56:23", 0x12345623, False),
    ],
)
def test_timecode_of_a_header_comes_back(text: str, packed: int, drop: bool) -> None:
    rate = Fraction(30000, 1001) if drop else Fraction(24)
    count, dropped = gradefiles.frames_of(packed, rate)
    assert dropped is drop
    assert gradefiles.timecode(count, rate, drop) == text


def test_the_edl_of_a_reel_that_drops_frames() -> None:
    event = gradefiles.Event("plate", "A001C003", 107892, 10, Fraction(30000, 1001), True)
    text = gradefiles.edl_text(MATCH, event, "match")
    assert "FCM: DROP FRAME\n" in text
    assert re.search(r"^001  A001C003 +V     C        01:00:00;00 01:00:00;10 ", text, re.M)


def test_negative_values_reach_the_cube_only_as_far_as_its_domain() -> None:
    """What the header says of the domain: scene-linear -0.0069 to 222.9."""
    ends = acescct_inverse(np.array([0.0, 1.0]))
    np.testing.assert_allclose(ends, [-0.0069, 222.86], rtol=5e-3)
