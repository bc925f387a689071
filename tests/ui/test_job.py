"""A page's child process: read while it runs, ended whole, explained when it fails."""

from __future__ import annotations

import os
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from velvet.ui import job as room
from velvet.ui.job import Job

posix = pytest.mark.skipif(os.name != "posix", reason="process groups are a POSIX thing")
Start = Callable[..., "Watched"]


class Noticed(list[dict[str, object]]):
    """Events that tell when the first one came."""

    def __init__(self) -> None:
        super().__init__()
        self.came = threading.Event()

    def append(self, event: dict[str, object]) -> None:
        super().append(event)
        self.came.set()


class Watched(Job):
    """A job whose events can be waited for."""

    @property
    def events(self) -> Noticed:
        return self._noticed

    @events.setter
    def events(self, empty: list[dict[str, object]]) -> None:
        self._noticed = Noticed()

    def first(self) -> dict[str, object]:
        """Wait for the first event and return it."""
        assert self.events.came.wait(30), self.error
        return self.events[0]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a job from a few lines of Python; all are ended afterwards."""
    jobs: list[Watched] = []

    def begin(code: str, **options: float) -> Watched:
        text = "import json, os, subprocess, sys, threading\n" + textwrap.dedent(code)
        jobs.append(Watched(["-u", "-c", text], cwd=tmp_path, **options))
        return jobs[-1]

    yield begin
    for one in jobs:
        one.stop()


def finished(job: Watched, seconds: float = 30.0) -> Watched:
    """Wait until a job has ended and everything it said was read."""
    for reader in job._readers:
        reader.join(timeout=seconds)
    assert not job.running
    return job


STAYS = "print(json.dumps({'pid': os.getpid()}))\nsys.stdin.read()"


def test_events_are_read_in_order(start):
    job = finished(start("for n in range(3): print(json.dumps({'n': n}))"))

    assert job.events == [{"n": 0}, {"n": 1}, {"n": 2}]
    assert job.error == ""


def test_events_are_seen_while_the_child_still_runs(start):
    job = start(STAYS)

    event = job.first()

    assert event["pid"]
    assert job.running


def test_a_child_runs_where_it_was_told_to(start, tmp_path):
    job = finished(start("print(json.dumps({'here': os.getcwd()}))"))

    assert os.path.realpath(str(job.events[0]["here"])) == os.path.realpath(tmp_path)


def test_lines_that_are_no_events_are_passed_over(start):
    code = """
    print('hello')
    print('[1, 2]')
    sys.stdout.buffer.write(b'\\xff\\xfe\\n'); sys.stdout.buffer.flush()
    print(json.dumps({'n': 1}))
    """

    job = finished(start(code))

    assert job.events == [{"n": 1}]


def test_a_stopped_child_is_gone_and_says_that_it_was_stopped(start):
    job = start(STAYS)
    pid = job.first()["pid"]

    job.stop()

    assert not psutil.pid_exists(int(str(pid)))
    assert job.stopped == "stopped"
    assert job.error == ""
    assert not job.running


def test_stopping_twice_keeps_the_first_reason(start):
    job = start(STAYS)
    job.first()

    job.stop("by the button")
    job.stop("again")

    assert job.stopped == "by the button"


def test_a_job_that_ended_by_itself_was_not_stopped(start):
    job = finished(start("pass"))

    job.stop()

    assert job.stopped == ""


GRANDCHILD = """
    other = subprocess.Popen([sys.executable, '-c', 'import threading; threading.Event().wait()'])
    print(json.dumps({'pid': other.pid}), flush=True)
"""


@posix
def test_stopping_ends_what_the_child_started(start):
    job = start(GRANDCHILD + "    sys.stdin.read()")
    other = psutil.Process(int(str(job.first()["pid"])))

    job.stop()

    gone, _ = psutil.wait_procs([other], timeout=10)
    assert gone == [other]


@posix
def test_stopping_ends_what_a_child_that_is_gone_left_running(start):
    job = start(GRANDCHILD)
    other = psutil.Process(int(str(job.first()["pid"])))
    job._process.wait()

    job.stop()

    gone, alive = psutil.wait_procs([other], timeout=2)
    for left in alive:
        left.kill()
    assert gone == [other]
    assert not job.running


def test_a_job_ends_at_its_cap(start):
    job = start(STAYS, cap_s=0.1)

    job._timer.join()
    finished(job)

    assert job.stopped == "stopped at the 0.1 s limit"
    assert job.error == ""


def test_a_failure_is_explained_by_the_childs_last_words(start):
    job = finished(start("print('noise', file=sys.stderr)\nraise ValueError('no such thing')"))

    assert job.error == "ended with exit code 1: ValueError: no such thing"


def test_a_failure_without_words_gives_its_exit_code(start):
    job = finished(start("sys.exit(7)"))

    assert job.error == "ended with exit code 7"


def test_a_running_child_has_no_error(start):
    job = start(STAYS)

    job.first()

    assert job.error == ""


def test_much_is_said_on_standard_error_and_only_the_end_is_kept(start):
    code = "for n in range(500): print('line', n, file=sys.stderr)\nsys.exit(1)"

    job = finished(start(code))

    assert len(job._said) == 50
    assert job.error.endswith(": line 499")


def later(job: Watched, seconds: float) -> SimpleNamespace:
    """A clock that stands so many seconds after the job's beginning."""
    return SimpleNamespace(monotonic=lambda: job.began + seconds)


def test_the_time_goes_on_while_the_child_runs(start, monkeypatch):
    job = start(STAYS)

    monkeypatch.setattr(room, "time", later(job, 5.0))

    assert job.seconds == pytest.approx(5.0)


def test_the_time_stands_still_after_the_end(start, monkeypatch):
    job = finished(start("pass"))
    before = job.seconds

    monkeypatch.setattr(room, "time", later(job, 500.0))

    assert job.seconds == before


def test_the_end_of_the_page_ends_its_jobs(start, monkeypatch):
    job = start(STAYS)
    pid = int(str(job.first()["pid"]))
    monkeypatch.setattr(room, "_live", {job})

    room._stop_all()

    assert not psutil.pid_exists(pid)
    assert job.stopped == "the page has ended"


def test_a_child_that_ends_before_its_timer_is_made_is_explained(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = threading.Timer

    def late(*words: Any, **options: Any) -> threading.Timer:
        time.sleep(0.5)  # longer than the child lives
        return make(*words, **options)

    monkeypatch.setattr(room.threading, "Timer", late)
    job = start("sys.exit('no memory left')")

    job._readers[0].join(timeout=30)

    assert (job.running, job.error) == (False, "ended with exit code 1: no memory left")
    assert not job._timer.is_alive()
