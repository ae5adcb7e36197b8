"""What a dropped path stands for, and what names of files tell."""

import pytest

from answerprint.panel import paths


@pytest.fixture
def shot(tmp_path):
    """A folder of three frames, a still, a version and a movie."""
    folder = tmp_path / "sc 010 %"
    folder.mkdir()
    for name in ("a.1003.exr", "a.1001.exr", "a.1002.exr", "still.exr", "b_v003.exr", "c.mov"):
        (folder / name).touch()
    return folder


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("a.1002.exr", "a.%04d.exr"),
        ("still.exr", "still.exr"),
        ("b_v003.exr", "b_v003.exr"),
        ("c.mov", "c.mov"),
        ("", ""),
        ("none.1001.exr", "none.1001.exr"),
    ],
)
def test_one_frame_stands_for_its_sequence(shot, name, source):
    assert paths.shot_of(str(shot / name)) == str(shot / source)


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("a.%04d.exr", "a"),
        ("a.####.exr", "a"),
        ("a.1002.exr", "a"),
        ("still.exr", "still"),
        ("c.mov", "c"),
    ],
)
def test_the_name_of_a_source(shot, name, called):
    assert paths.shot_name(str(shot / name)) == called


def test_a_folder_of_one_sequence_is_that_sequence(shot):
    assert paths.pattern_of(str(shot)) == str(shot)  # a still, a movie: the core says what it takes
    for name in ("still.exr", "b_v003.exr", "c.mov"):
        (shot / name).unlink()
    assert paths.pattern_of(str(shot)) == str(shot / "a.%04d.exr")
    assert paths.pattern_of(str(shot / "a.1001.exr")) == str(shot / "a.1001.exr")
    assert paths.shot_name(str(shot) + "/") == "sc 010 %"
    (shot / "b.1001.exr").touch()
    assert paths.pattern_of(str(shot)) == str(shot)
