"""The worker as a client meets it: jobs, cancels, the host's answers, deaths."""

import functools
import io
import os
import signal
import threading
import time

import pytest
from wire_helpers import PATIENCE, SERVED, error_of, until

from answerprint.worker.serve import IDLE_SECONDS, _Server
from answerprint_bridge import crashes, wire


def run(worker, does, **more):
    """Start the job `does` of the test's worker."""
    heard = {name: more.pop(name) for name in list(more) if name.startswith("on_")}
    return worker.start("job.run", {"do": does, **more}, timeout=PATIENCE, **heard)


# Jobs


def test_a_job_tells_how_far_it_is_and_then_ends_once(start):
    worker, progress, others, ends = start(), [], [], []
    job = run(
        worker,
        "steps",
        steps=2000,
        on_progress=progress.append,
        on_preview=others.append,
        on_log=others.append,
        on_done=lambda call: ends.append((call, len(progress), len(others))),
    )
    until(lambda: job.ended, worker)
    worker.call("ping", timeout=PATIENCE)  # whatever was sent before this is here now
    assert job.result == {"steps": 2000}
    assert ends == [(job, len(progress), len(others))]
    assert progress[-1] == {
        "job": job.id,
        "stage": "step",
        "done": 2000,
        "total": 2000,
        "message": "",
        "eta_s": 0.0,
    }
    assert others == [
        {"job": job.id, "frame": 1001, "path": "/shots/preview.png"},
        {"job": job.id, "level": "info", "message": "stepped"},
    ]


def test_progress_comes_at_most_twenty_times_a_second_with_the_time_left(start):
    worker, told, begun = start(), [], time.monotonic()
    job = run(worker, "compute", on_progress=told.append)
    until(lambda: len(told) >= 10, worker)
    job.cancel()
    until(lambda: job.ended, worker)
    assert len(told) <= 20 * (time.monotonic() - begun) + 1
    assert told[-1]["done"] > 20 * len(told)  # it was told far more often
    assert told[-1]["eta_s"] > 0


def test_jobs_run_in_turn_and_the_rest_is_answered_meanwhile(start):
    worker, told = start(), []
    first = run(worker, "compute", on_progress=told.append)
    second = run(worker, "steps", steps=1)
    until(lambda: told, worker)
    assert worker.call("ping", {"a": [1, None]}, timeout=PATIENCE) == {"a": [1, None]}
    assert worker.call("hello", {"protocol": [1, 7]}, timeout=PATIENCE)["protocol"] == [1, 0]
    assert "served" not in worker.call("desk.modules", timeout=PATIENCE)
    assert not first.ended
    assert not second.ended
    first.cancel()
    assert error_of(first, worker).code == -32800
    assert second.wait() == {"steps": 1}


def test_a_worker_warms_up_once_nobody_wants_anything(start):
    worker, told, begun = start([*SERVED, "warm"]), [], time.monotonic()
    job = run(worker, "compute", on_progress=told.append)
    until(lambda: told and time.monotonic() > begun + 2 * IDLE_SECONDS, worker)
    assert "warmed up" not in worker.log(), "not while a job runs"
    job.cancel()
    until(lambda: "a library that is not whole" in worker.log(), worker)
    assert "the first job will say why" in worker.log()
    assert run(worker, "steps", steps=1).wait() == {"steps": 1}
    assert worker.log().count("warmed up") == 1


class Ending(dict):
    """The open requests, as one ends right after it was looked for."""

    def __bool__(self):
        left, self["looks"] = self["looks"], self["looks"] - 1
        return left > 0


@pytest.mark.parametrize("looks", [0, 1, 2])
def test_a_request_that_ends_as_it_is_looked_for_does_not_stop_the_warm_up(looks):
    server, warmed = _Server({}, io.BytesIO()), []
    server._open = Ending(looks=looks)
    server._greeted.set()
    server._heard -= IDLE_SECONDS
    server.idle(lambda: warmed.append(looks))
    assert warmed == [looks]


def test_a_job_is_cancelled_while_it_computes(start):
    worker, told = start(), []
    job = run(worker, "cleanup", on_progress=lambda _: job.cancel(), on_log=told.append)
    assert error_of(job, worker).code == -32800
    assert told[-1]["message"] == "tidied"
    assert worker.call("ping", timeout=PATIENCE) == {}


def test_a_job_is_cancelled_before_its_turn(start):
    worker = start()
    first, second = run(worker, "compute"), run(worker, "last_words", exit=9)
    second.cancel()
    assert error_of(second, worker).code == -32800
    assert not first.ended
    first.cancel()
    error_of(first, worker)
    assert worker.call("ping", timeout=PATIENCE) == {}  # the second never ran


def test_a_cancel_that_comes_too_late_changes_nothing(start):
    worker = start()
    job = run(worker, "late", on_progress=lambda _: job.cancel())
    assert job.wait() == "too late"
    worker.tell("job.cancel", {"job": job.id})
    assert run(worker, "steps", steps=1).wait() == {"steps": 1}


def test_a_job_that_does_not_obey_is_ended_by_force(start):
    worker, told = start(), []
    job, other = run(worker, "stuck", on_log=told.append), run(worker, "steps", steps=1)
    until(lambda: told, worker)
    job.cancel(force_after=0.2)
    died = error_of(job, worker)
    assert (died.code, "did not stop when asked" in died.title) == (-32099, True)
    assert error_of(other, worker).code == -32099
    assert run(worker, "steps", steps=2).wait() == {"steps": 2}


def test_a_request_that_takes_too_long_ends_and_its_late_answer_is_ignored(start):
    worker, ends = start(), []
    worker.call("ping", timeout=PATIENCE)
    job = worker.start("job.run", {"do": "late"}, timeout=0.2, on_done=ends.append)
    assert error_of(job, worker).code == -32098
    # The worker was told to cancel, so its answer is under way: it comes before this one.
    assert run(worker, "steps", steps=1).wait() == {"steps": 1}
    assert (ends, job.result) == ([job], None)


# What handlers raise and return


@pytest.mark.parametrize(
    ("does", "code", "words"),
    [
        ("refuse", -32003, "plate.1004.exr"),
        ("memory", -32001, "42 GB"),
        ("torch_memory", -32001, "CUDA out of memory"),
        ("leave", -32603, "our fault"),
        ("divide", -32603, "division by zero"),
        ("nan", -32603, "JSON"),
        ("object", -32603, "object"),
        ("huge", -32603, "bytes long"),
        ("no such thing", -32603, "our fault"),
    ],
)
def test_a_failed_job_ends_in_a_readable_error(start, does, code, words):
    worker = start()
    error = error_of(run(worker, does), worker)
    assert error.code == code
    assert error.title
    assert error.hint
    assert words in str(error)
    assert worker.call("ping", timeout=PATIENCE) == {}


def test_a_refusal_arrives_word_for_word_and_a_bug_leaves_its_traceback(start):
    worker = start()
    refused = error_of(run(worker, "refuse"), worker)
    assert (refused.title, refused.hint, refused.detail) == (
        "plate.1004.exr is damaged.",
        "Render it again.",
        "truncated",
    )
    error_of(run(worker, "divide"), worker)
    until(lambda: "ZeroDivisionError" in worker.log(), worker)
    assert "plate.1004.exr" not in worker.log()


def test_text_of_any_kind_passes(start):
    assert run(start(), "unicode").wait() == "Ünï \udcff 拍"


@pytest.mark.parametrize("params", [{"x": float("nan")}, {"x": "y" * (1 << 20)}, {"x": object()}])
def test_params_that_cannot_be_sent_are_refused_before_anything_starts(start, params):
    worker = start()
    with pytest.raises((ValueError, TypeError)):
        worker.start("job.run", params)
    assert worker.pid is None


def test_an_unknown_method_is_named(start):
    worker = start()
    error = error_of(worker.start("tool.paint"), worker)
    assert (error.code, "'tool.paint'" in error.title) == (-32601, True)


# What others do to the pipes


def test_a_hundred_thousand_printed_numbers_are_no_answer(start):
    worker = start()
    assert run(worker, "flood").wait() == "flooded"
    until(lambda: "99999" in worker.log(), worker)


def test_print_below_python_and_a_child_that_reads_stdin(start):
    worker = start()
    job = run(worker, "print_beneath")
    after = worker.start("ping", {"still": "here"})
    assert job.wait() == {"child_read": "0", "input": ""}
    assert after.wait() == {"still": "here"}
    for words in ("no newline", "printed by C", "child says"):
        until(functools.partial(lambda words: words in worker.log(), words), worker)


def test_a_flooded_stderr_stops_nobody(start):
    worker = start()
    assert run(worker, "last_words", flood=8 << 20).wait() == "still here"
    until(lambda: worker.log(1) == "last words", worker)
    assert len(worker.log()) < 2 << 20


def test_a_host_with_a_hostile_environment(start, tmp_path, monkeypatch):
    trap = "raise SystemExit('the host is in the worker')"
    for name in ("json.py", "sitecustomize.py", "usercustomize.py", "startup.py"):
        (tmp_path / name).write_text(trap)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHONSTARTUP", str(tmp_path / "startup.py"))
    monkeypatch.setenv("PYTHONHOME", str(tmp_path))
    monkeypatch.setenv("PYTHONIOENCODING", "utf-16")
    monkeypatch.chdir(tmp_path)
    assert start().call("ping", {"alive": True}, timeout=PATIENCE) == {"alive": True}


# What the worker asks of the host


def test_the_host_answers_on_the_thread_that_pumps(start):
    threads = []

    def apply(params):
        threads.append(threading.get_ident())
        return {"applied": params["results"]}

    worker = start(handlers={"host.apply": apply})
    job = run(worker, "ask", method="host.apply", params={"results": [1, 2]})
    assert job.wait() == {"applied": [1, 2]}
    assert threads == [threading.get_ident()]


def test_a_handler_may_ask_the_worker_itself(start):
    worker = start(handlers={"host.apply": lambda params: worker.call("ping", {"n": 1})})
    assert run(worker, "ask", method="host.apply").wait() == {"n": 1}


def test_a_handler_that_raises_ends_the_job_with_the_cause(start, caplog):
    def apply(params):
        raise KeyError("Read1")

    worker = start(handlers={"host.apply": apply})
    error = error_of(run(worker, "ask", method="host.apply"), worker)
    assert error.code == -32020
    assert "'host.apply'" in error.title
    assert "Read1" in error.detail
    assert "Traceback" in caplog.text


def test_a_handler_says_no_in_its_own_words(start):
    def apply(params):
        raise wire.WireError(-32020, "Read1 is locked.", "Unlock it.", "by comp")

    worker = start(handlers={"host.apply": apply})
    error = error_of(run(worker, "ask", method="host.apply"), worker)
    assert (error.code, error.title, error.hint, error.detail) == (
        -32020,
        "Read1 is locked.",
        "Unlock it.",
        "by comp",
    )


@pytest.mark.parametrize("answer", [float("nan"), object(), "x" * (1 << 20)])
def test_a_handler_s_answer_that_cannot_be_sent_is_a_no(start, answer, caplog):
    worker = start(handlers={"host.apply": lambda params: answer})
    assert error_of(run(worker, "ask", method="host.apply"), worker).code == -32020


def test_a_handler_that_is_interrupted_still_answers(start):
    def apply(params):
        raise KeyboardInterrupt

    worker = start(handlers={"host.apply": apply})
    job = run(worker, "ask", method="host.apply")
    with pytest.raises(KeyboardInterrupt):
        job.wait()
    assert error_of(job, worker).code == -32020


def test_what_the_host_does_not_offer_is_refused(start):
    worker = start(handlers={"host.apply": dict})
    error = error_of(run(worker, "ask", method="host.explode"), worker)
    assert (error.code, "'host.explode'" in error.title) == (-32020, True)


def test_a_job_is_cancelled_while_the_host_thinks(start):
    ended = []

    def think(params):
        job.cancel()
        until(lambda: job.ended, worker)
        ended.append(job.error.code)
        return "too late"

    worker = start(handlers={"host.ask": think})
    job = run(worker, "ask", method="host.ask")
    until(lambda: ended, worker)
    assert ended == [-32800]
    assert worker.call("ping", timeout=PATIENCE) == {}  # the late answer hurt nobody


def test_a_cancelled_job_changes_nothing_in_the_host_any_more(start):
    applied = []
    worker = start(handlers={"host.apply": applied.append})
    job = run(worker, "ask", method="host.apply", on_log=lambda _: job.cancel())
    assert error_of(job, worker).code == -32800
    assert applied == []


# How it ends


@pytest.mark.parametrize(
    ("does", "params", "words"),
    [
        ("last_words", {"exit": 9}, "exit code 9"),
        ("die", {"signal": "SIGKILL"}, "SIGKILL"),
        ("segfault", {}, "SIGSEGV"),
    ],
)
def test_every_open_request_ends_when_the_worker_dies(start, does, params, words):
    worker, ends = start(), []
    calls = [run(worker, does, on_done=ends.append, **params)]
    calls += [run(worker, "steps", steps=1, on_done=ends.append)]
    for call in calls:
        died = error_of(call, worker)
        assert died.code == -32099
        assert words in died.title
        assert "finished are kept" in died.hint
    worker.pump()
    assert ends == calls


def test_the_last_lines_of_stderr_come_with_the_death(start):
    worker = start()
    assert "last words" in error_of(run(worker, "last_words", exit=9), worker).detail
    assert "Segmentation fault" in error_of(run(worker, "segfault"), worker).detail


def test_a_worker_killed_in_mid_job_by_somebody_else(start):
    worker, told = start(), []
    job = run(worker, "compute", on_progress=told.append)
    until(lambda: told, worker)
    os.kill(worker.pid, signal.SIGKILL)
    assert error_of(job, worker).code == -32099
    told.clear()
    assert run(worker, "steps", steps=3).wait() == {"steps": 3}
    assert told == []  # the job was not run again


def test_a_worker_that_dies_idle_is_replaced(start):
    worker = start()
    worker.call("ping", timeout=PATIENCE)
    first, process = worker.pid, worker._process
    os.kill(first, signal.SIGKILL)
    assert process.ended.wait(60)
    assert worker.call("ping", {"again": 1}, timeout=PATIENCE) == {"again": 1}
    assert worker.pid != first


def test_after_four_crashes_in_five_minutes_it_is_not_started_again(start, monkeypatch):
    worker = start()
    for _ in range(4):
        error_of(run(worker, "last_words", exit=9), worker)
    refused = error_of(worker.start("ping"), worker)
    assert worker.pid is None
    assert (refused.code, "not started again" in refused.title) == (-32099, True)
    assert "last words" in refused.detail
    monkeypatch.setattr(crashes, "WINDOW", 0.0)  # five minutes later
    assert worker.call("ping", {"again": 1}, timeout=PATIENCE) == {"again": 1}


def test_a_worker_that_is_not_there(start, tmp_path):
    error = error_of(start([str(tmp_path / "no python")]).start("ping"), start())
    assert error.code == -32099
    assert "no python" in error.title
    assert "install.py" in error.hint


def test_close_lets_the_running_job_stop_and_tidy(start):
    worker, told, progress = start(), [], []
    job = run(worker, "cleanup", on_log=told.append, on_progress=progress.append)
    queued = run(worker, "steps", steps=1)
    until(lambda: progress, worker)
    process = worker._process
    worker.close(timeout=PATIENCE)
    assert [job.error.code, queued.error.code] == [-32800, -32800]
    assert [each["message"] for each in told] == ["tidied"]
    assert process.popen.returncode == 0
    assert worker.pid is None


def test_close_ends_a_stuck_worker_by_force(start):
    worker, told = start(), []
    job = run(worker, "stuck", on_log=told.append)
    until(lambda: told, worker)
    worker.close(timeout=0.2)
    assert job.error.code == -32099
    assert worker.pid is None


def test_a_callback_that_raises_is_heard_and_the_others_still_run(start):
    worker, ends = start(), []

    def fail(call):
        raise LookupError("the panel is gone")

    first = run(worker, "last_words", exit=9, on_done=fail)
    run(worker, "steps", steps=1, on_done=ends.append)
    with pytest.raises(LookupError, match="the panel"):
        until(lambda: first.ended and ends, worker)
    until(lambda: ends, worker)
    assert ends[0].error.code == -32099
