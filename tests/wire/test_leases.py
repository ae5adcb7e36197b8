"""One job on a device, over all workers; and the folder the locks live in."""

import os
import signal
import subprocess
import sys

import pytest
from wire_helpers import HERE, error_of, until

from answerprint.errors import BadParameter, Cancelled, CannotWrite
from answerprint.events import Events
from answerprint.worker.cache import cache_folder
from answerprint.worker.leases import lease
from answerprint_bridge import wire


def hold(worker, device, told):
    return worker.start(
        "job.run",
        {"do": "hold", "device": device},
        on_log=lambda each: told.append(each["message"]),
        on_progress=lambda each: told.append(each["stage"]),
    )


def test_the_second_worker_waits_and_has_the_device_when_the_first_is_killed(start):
    first, second, told, heard = start(), start(), [], []
    hold(first, "cuda:0", told)
    until(lambda: "held" in told, first)
    hold(second, "cuda:0", heard)
    until(lambda: "waiting for cuda:0" in heard, first, second)
    assert "held" not in heard
    os.kill(first.pid, signal.SIGKILL)
    until(lambda: "held" in heard, first, second)


def test_a_child_that_outlives_its_worker_does_not_keep_the_device(start):
    worker = start()
    job = worker.start("job.run", {"do": "orphan", "device": "cuda:0"})
    assert "exit code 7" in error_of(job, worker).title
    assert not held("cuda:0")


def test_waiting_is_cancelled_and_the_holder_goes_on(start):
    first, second, told, heard = start(), start(), [], []
    holder = hold(first, "cuda:0", told)
    until(lambda: "held" in told, first)
    waiting = hold(second, "cuda:0", heard)
    until(lambda: heard, second)
    waiting.cancel()
    assert error_of(waiting, second).code == -32800
    assert "held" not in heard
    assert not holder.ended


def test_a_lease_is_given_back(start):
    first, second, told, heard = start(), start(), [], []
    holder = hold(first, "cuda:0", told)
    until(lambda: "held" in told, first)
    hold(second, "cuda", heard)
    until(lambda: "waiting for cuda" in heard, second)
    holder.cancel()
    error_of(holder, first)
    until(lambda: "held" in heard, second)


def test_two_devices_are_two_leases(start):
    first, second, told, heard = start(), start(), [], []
    hold(first, "cuda:0", told)
    hold(second, "cuda:1", heard)
    until(lambda: "held" in told and "held" in heard, first, second)


class Impatient(Events):
    """Cancels as soon as it hears of waiting."""

    def __init__(self):
        self.stages = []

    def progress(self, stage, done, total, message=""):
        self.stages.append(stage)

    def cancelled(self):
        return bool(self.stages)


def held(device):
    """Whether a second asker would have to wait."""
    events = Impatient()
    try:
        with lease(device, events):
            return False
    except Cancelled:
        return True


@pytest.mark.parametrize("how", ["ends", "is killed"])
def test_a_worker_goes_with_its_host_and_so_does_its_lease(cache, how):
    args = [wire.__file__, sys.executable, str(HERE / "served.py")]
    with subprocess.Popen(
        [sys.executable, str(HERE / "leaving_host.py"), *args],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as host:
        assert host.stdout.readline() == "held\n"
        assert held("cuda:0")
        if how == "is killed":
            host.kill()
        _, errors = host.communicate("go\n" if how == "ends" else None, timeout=60)
    assert errors == ""
    assert host.returncode == (0 if how == "ends" else -signal.SIGKILL)
    until(lambda: not held("cuda:0"))


def test_the_cpu_needs_no_lease_and_leaves_no_file(cache):
    with lease("cpu", Events()):
        assert not held("cpu")
    assert not cache.exists()


def test_renumbered_devices_are_known_by_their_own_number(cache, monkeypatch):
    with lease("cuda:1", Events()):
        assert not held("cuda:0")
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1, 0")
        assert held("cuda:0")
        assert held("cuda")
        assert not held("cuda:1")


@pytest.mark.parametrize("device", ["", "cuda:", "../x", "cuda:0/..", "GPU 0"])
def test_what_is_no_device_is_refused(cache, device):
    with pytest.raises(BadParameter), lease(device, Events()):
        pass
    assert not cache.exists()


def test_a_cache_that_cannot_be_made_is_named_with_the_way_out(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ANSWERPRINT_CACHE", str(tmp_path / "file"))
    with pytest.raises(CannotWrite, match="ANSWERPRINT_CACHE") as refused:
        cache_folder("locks")
    assert str(tmp_path / "file") in refused.value.title
    assert refused.value.detail


def test_the_cache_is_the_user_s_alone(tmp_path, monkeypatch):
    monkeypatch.delenv("ANSWERPRINT_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = cache_folder("locks")
    if os.name == "posix":
        assert folder.stat().st_mode & 0o777 == 0o700
    assert folder.is_dir()
