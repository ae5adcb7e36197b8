"""What hosts write for a job: nothing that a killed host left half written stays for ever."""

import os
import time

import memory_host
import pytest
from scenes import shot

from answerprint_bridge import exports

LEFT = "." + "source-" + "0123456789abcdef" * 2


@pytest.fixture
def rig(tmp_path):
    project = tmp_path / "sc010"
    project.mkdir()
    return memory_host.whole(project)


def left(folder, name, days):
    """A folder with a frame in it, that was last added to so many days ago."""
    made = folder / name
    made.mkdir(parents=True)
    (made / "source.1001.exr").write_bytes(b"half a frame")
    at = time.time() - days * exports.DAY
    os.utime(made, (at, at))
    return made


def test_what_a_killed_host_left_goes_after_a_day(rig, tmp_path):
    place = tmp_path / "in"
    old = left(place, LEFT, 1.01)
    stays = [
        left(place, "." + "source-" + "f" * 32, 0.9),  # another host writes it now
        left(place, "source-" + "0" * 16, 9),  # frames of a job
        left(place, ".source-ace", 9),
        left(place, ".git", 9),
    ]
    frames = exports.export(rig.host, str(place), shot(rig).ref, "source")
    assert not old.exists()
    assert all((each / "source.1001.exr").is_file() for each in stays)
    assert frames.pattern.startswith(str(place))
    assert len(list(place.iterdir())) == len(stays) + 1


def test_what_cannot_be_removed_stops_no_job(rig, tmp_path, monkeypatch, caplog):
    old = left(tmp_path / "in", LEFT, 2)
    tree = exports.shutil.rmtree

    def held(path):
        if path == str(old):
            raise PermissionError(13, "in use", path)
        tree(path)

    monkeypatch.setattr(exports.shutil, "rmtree", held)
    frames = exports.export(rig.host, str(tmp_path / "in"), shot(rig).ref, "source")
    assert os.path.isfile(frames.path(1001))
    assert str(old) in caplog.text
