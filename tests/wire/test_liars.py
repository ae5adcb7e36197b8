"""Processes at the other end that are no workers, or broken ones."""

import pytest
from wire_helpers import error_of

from answerprint_bridge import wire

BROKEN = {
    "numbers": "is not an object",
    "endless_line": "longer than",
    "long_line": "longer than",
    "bad_json": "no message",
    "nan": "NaN",
    "infinity": "1e999",
    "deep": "nested too deep",
    "wrong_id": "4711, which nobody made",
    "text_id": "which nobody made",
    "neither": "neither result nor error",
    "error_without_code": "neither result nor error",
    "odd_method": "the method",
}


@pytest.mark.parametrize("way", BROKEN)
def test_a_worker_that_breaks_the_protocol_is_ended_and_says_how(lie, way):
    worker = lie(way)
    calls = [worker.start("job.run"), worker.start("job.run")]
    for call in calls:
        error = error_of(call, worker)
        assert error.code == -32099
        assert BROKEN[way] in error.title
    assert worker.pid is None


def test_half_a_line_is_part_of_the_death(lie):
    worker = lie("no_newline")
    assert "exit code 9" in error_of(worker.start("job.run"), worker).title


def test_a_closed_output_is_an_end(lie, monkeypatch):
    monkeypatch.setattr(wire, "LAST_WORDS", 0.2)
    worker = lie("deaf")
    assert "closed its output" in error_of(worker.start("job.run"), worker).title


def test_a_child_that_keeps_the_pipes_does_not_hide_the_death(lie):
    worker = lie("forking")
    assert "exit code 7" in error_of(worker.start("job.run"), worker).title


def test_a_second_answer_is_ignored(lie):
    worker, ends = lie("twice"), []
    assert worker.start("job.run", on_done=ends.append).wait() == "first"
    assert worker.start("job.run", on_done=ends.append).wait() == "first"
    assert len(ends) == 2


def test_news_nobody_knows_are_ignored(lie):
    assert lie("unknown_news").call("job.run", timeout=60) == "sung"


def test_a_hanging_worker_hangs_nobody(lie):
    worker = lie("mute")
    assert error_of(worker.start("job.run", timeout=0.2), worker).code == -32098
    job = worker.start("job.run", {"x": "y" * 900_000})  # more than a pipe holds
    worker.pump()
    job.cancel(force_after=0.1)
    assert error_of(job, worker).code == -32099


def test_a_worker_that_never_says_hello(lie, monkeypatch):
    monkeypatch.setattr(wire, "HELLO_SECONDS", 0.2)
    worker = lie("mute_hello")
    assert "did not answer hello" in error_of(worker.start("ping"), worker).title


def test_a_worker_that_dies_at_its_start_says_why(lie):
    worker = lie("dies_at_hello")
    error = error_of(worker.start("ping"), worker)
    assert "exit code 1" in error.title
    assert "no module named torch" in error.detail


def test_a_worker_of_another_major_is_refused_with_the_remedy(lie):
    worker = lie("major_2")
    calls = [worker.start("job.run"), worker.start("job.run")]
    for call in calls:
        error = error_of(call, worker)
        assert error.code == -32010
        assert "install.py" in error.hint
    assert worker.pid is None
    assert error_of(worker.start("ping"), worker).code == -32010  # a skew is no crash


def test_a_worker_of_a_later_minor_is_spoken_to_in_ours(lie):
    worker = lie("minor_7")
    assert worker.call("hello", timeout=60)["protocol"] == [1, 7]
    assert worker.hello["protocol"] == [1, 0]


def test_a_hello_that_names_no_version(lie):
    worker = lie("no_version")
    assert "hello cannot be read" in error_of(worker.start("ping"), worker).title
