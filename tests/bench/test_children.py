"""Worker processes are read, bounded, blamed and never left behind."""

from __future__ import annotations

import os
import queue
import socket
import subprocess
import sys

import psutil
import pytest

from velvet.bench import children
from velvet.bench.children import ChildFailed, environment, stream, tree_mb
from velvet.bench.programs import LAUNCHER
from velvet.processes import descendants, end_group

ENVIRONMENT = environment(hashseed=7, threads=2, tier="quick")


@pytest.fixture
def request_for(measure_file):
    """Write a comparison and return the request that makes a worker measure it."""

    def write(body, contenders, what="run"):
        return {
            "file": str(measure_file(body)),
            "bench": "work",
            "size": 0,
            "contenders": contenders,
            "what": what,
            "seed": 1,
            "rounds": 2,
            "budget": 5,
        }

    return write


@pytest.fixture
def listening():
    """A socket that children call, so that their life and death can be awaited."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)
        yield server


GOOD = """
    work = suite.comparison("work", kind="run")
    work.add("good", lambda: lambda: print("said to whom it may concern"))
"""


def test_a_worker_announces_turn_sample_and_end(request_for):
    events = list(stream(request_for(GOOD, ["good"]), env=ENVIRONMENT, limit=30))

    assert [event["event"] for event in events] == ["turn", "sample", "end"]


def test_a_file_without_a_suite_is_reported_with_the_last_line_of_its_error(tmp_path):
    file = tmp_path / "measure.py"
    file.write_text("answer = 42\n", encoding="utf-8")

    with pytest.raises(ChildFailed, match=r"exit code 1: ValueError: .* declares no Suite") as info:
        list(stream({"file": str(file), "bench": "x"}, env=ENVIRONMENT, limit=30))

    assert info.value.contender is None


def test_a_reader_who_leaves_early_leaves_no_worker(request_for, listening):
    body = f"""
        import socket
        work = suite.comparison("work", kind="run")

        def wait():
            line = socket.create_connection(("127.0.0.1", {listening.getsockname()[1]}))
            return lambda: time.sleep(600)

        work.add("wait", wait)
    """
    events = stream(request_for(body, ["wait"]), env=ENVIRONMENT, limit=60)
    next(events)
    line, _ = listening.accept()

    events.close()

    with line:
        line.settimeout(30)
        assert received(line) == b""


def received(line):
    """What a peer says until it is gone; a peer that was killed may reset the line."""
    try:
        return line.recv(1)
    except ConnectionResetError:
        return b""


def test_a_thread_that_outlives_its_contender_is_bounded_too(request_for):
    body = """
        work = suite.comparison("work", kind="run")

        def leave():
            return lambda: threading.Thread(target=time.sleep, args=(40,)).start()

        work.add("leave", leave)
    """

    with pytest.raises(ChildFailed, match="left something running") as info:
        list(stream(request_for(body, ["leave"]), env=ENVIRONMENT, limit=2))

    assert info.value.contender == "leave"


SPEAKER = """
import sys
for line in {lines!r}:
    sys.stdout.buffer.write(line.encode() + b"\\n")
sys.exit({code})
"""


@pytest.fixture
def speaking(tmp_path):
    """Read the events of a process that says the given lines instead of a worker's."""

    def speak(*lines, code=0):
        program = [sys.executable, "-c", SPEAKER.format(lines=lines, code=code)]
        with (tmp_path / "errors").open("w+b") as errors:
            process = subprocess.Popen(
                program, stdout=subprocess.PIPE, stderr=errors, start_new_session=True
            )
            said = queue.Queue()
            children._pump(process.stdout, said)
            try:
                return list(children._events(process, said, errors, 30, False))
            finally:
                end_group(process)

    return speak


TURN = '{"event": "turn", "contender": "a"}'


@pytest.mark.parametrize("line", ["not json", "42", "[]", '{"no": "event"}', "null"])
def test_what_is_no_event_is_garbage_and_blamed_on_whose_turn_it_was(speaking, line):
    with pytest.raises(ChildFailed, match="spoke garbage") as info:
        speaking(TURN, line)

    assert info.value.contender == "a"


def test_an_exit_without_an_end_is_a_failure(speaking):
    with pytest.raises(ChildFailed, match="ended with exit code 0"):
        speaking(TURN)


def test_an_exit_code_after_the_end_is_a_failure(speaking):
    with pytest.raises(ChildFailed, match="ended with exit code 9"):
        speaking(TURN, '{"event": "end"}', code=9)


def test_the_tree_of_a_contender_counts_its_children(request_for):
    body = """
        import subprocess
        work = suite.comparison("work", kind="run")
        hold = "import time; block = bytearray(b'x') * (60 * 2**20); time.sleep(0.7)"
        work.add("parent", lambda: lambda: subprocess.run([sys.executable, "-c", hold]) and None)
    """

    events = list(
        stream(request_for(body, ["parent"]), env=ENVIRONMENT, limit=30, sample_tree=True)
    )

    sample = next(event for event in events if event["event"] == "sample")
    assert sample["tree_mb"] >= sample["peak_mb"] + 30


def test_a_silent_tree_is_bounded(request_for):
    body = """
        work = suite.comparison("work", kind="run")
        work.add("silent", lambda: lambda: time.sleep(60))
    """

    with pytest.raises(ChildFailed, match="no sign of life for 1 s"):
        list(stream(request_for(body, ["silent"]), env=ENVIRONMENT, limit=1.0, sample_tree=True))


@pytest.mark.skipif(
    not hasattr(psutil.Process, "cpu_affinity"), reason="no processor affinity on this system"
)
def test_a_worker_is_pinned_to_the_cores_it_is_given(request_for):
    core = psutil.Process().cpu_affinity()[-1]
    body = """
        import psutil
        work = suite.comparison("work", kind="run", metrics={"core": "", "cores": ""})

        def where():
            cores = psutil.Process().cpu_affinity()
            return {"core": cores[0], "cores": len(cores)}

        work.add("where", lambda: where)
    """

    events = list(stream(request_for(body, ["where"]), env=ENVIRONMENT, limit=30, affinity=(core,)))

    sample = next(event for event in events if event["event"] == "sample")
    assert sample["metrics"] == {"core": core, "cores": 1}


def test_a_worker_knows_its_hash_seed_its_threads_and_its_tier(monkeypatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")

    made = environment(hashseed=7, threads=2, tier="full")

    assert (made["PYTHONHASHSEED"], made["OMP_NUM_THREADS"]) == ("7", "2")
    assert made["VELVET_BENCH_MODE"] == "full"
    assert "PYTHONDONTWRITEBYTECODE" not in made


def test_a_process_may_be_ended_twice():
    process = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True
    )

    end_group(process)
    end_group(process)

    assert process.returncode != 0


def test_a_process_that_is_gone_has_no_tree():
    process = subprocess.Popen([sys.executable, "-c", ""], start_new_session=True)
    process.wait()

    assert tree_mb(process.pid) == 0.0
    assert descendants(process.pid) == []


def test_our_own_tree_weighs_something():
    assert tree_mb(os.getpid()) > 1


@pytest.mark.parametrize(("system", "between"), [("darwin", LAUNCHER), ("linux", [])])
def test_only_macos_needs_the_launcher(monkeypatch, system, between):
    started = []

    def popen(argv, **_):
        started.extend(argv)
        raise OSError("nothing is started here")

    monkeypatch.setattr(children.subprocess, "Popen", popen)
    monkeypatch.setattr(children.sys, "platform", system)

    with pytest.raises(OSError, match="nothing is started here"):
        list(stream({}, env=ENVIRONMENT, limit=1))

    assert started == [*between, sys.executable, "-m", "velvet.bench.worker", "{}"]
