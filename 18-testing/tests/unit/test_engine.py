"""The mutation engine: verdicts, isolation, and what a test may do to its process."""

from __future__ import annotations

import ctypes
import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from types import ModuleType
from typing import Any

import psutil
import pytest

from velvet_testing.mutation import engine, worker
from velvet_testing.mutation.engine import BaselineRed, Status

FORK = engine.default_isolation() == "fork"
SOURCE = '''"""A clamp."""

LIMIT = 10


def clamp(n):
    """Return n, and at most the limit."""
    if n > LIMIT:
        return LIMIT
    return n


def unused(n):
    return n + 1
'''
TESTS = """
from clamp import clamp

def test_below():
    assert clamp(3) == 3

def test_above():
    assert clamp(11) == 10
"""


def passes(module: ModuleType) -> None:
    assert module.clamp(3) == 3
    assert module.clamp(11) == 10


def fails(module: ModuleType) -> None:
    raise AssertionError("red")


def ends_early(module: ModuleType) -> None:
    if module.clamp(3) != 3 or module.clamp(11) != 10:
        os._exit(0)


def crashes(module: ModuleType) -> None:
    if module.clamp(11) != 10:
        ctypes.string_at(0)


def loops(module: ModuleType) -> None:
    while module.clamp(11) != 10:
        pass


def leaves_a_thread(module: ModuleType) -> None:
    Thread(target=Event().wait).start()  # an ordinary exit would wait for it
    assert module.clamp(11) == 10


def allocates(module: ModuleType) -> None:
    if module.clamp(11) != 10:
        bytearray(8 << 30)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    path = tmp_path / "src" / "clamp.py"
    path.write_text(SOURCE, encoding="utf-8")
    (tmp_path / "test_clamp.py").write_text(TESTS, encoding="utf-8")
    return path


def words(target: Path) -> list[str]:
    return ["-o", f"pythonpath={target.parent}", str(target.parents[1] / "test_clamp.py")]


def statuses(report: engine.MutationReport) -> dict[str, Status]:
    return {f"{one.mutant.before} -> {one.mutant.after}": one.status for one in report.outcomes}


EXPECTED = {
    "10 -> 11": Status.KILLED,
    "n > LIMIT -> (n >= LIMIT)": Status.SURVIVED,
    "n > LIMIT -> (n <= LIMIT)": Status.KILLED,
    "return LIMIT -> return None": Status.KILLED,
    "return n -> return None": Status.KILLED,
    "n + 1 -> (n - 1)": Status.NO_COVERAGE,
    "1 -> 2": Status.NO_COVERAGE,
    "return n + 1 -> return None": Status.NO_COVERAGE,
}


@pytest.mark.skipif(not FORK, reason="the engine forks on Linux alone")
def test_a_session_of_pytest_judges_every_mutant(target: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in target.parents[1].rglob("*.py")}

    report = engine.run(target, words(target), isolation="fork", cwd=target.parents[1])

    assert statuses(report) == EXPECTED
    assert report.score == pytest.approx(4 / 8)
    assert report.tests == 2
    assert {str(one.operator.name) for one in report.survivors} == {"ROR", "AOR", "CRP", "RVR"}
    assert {path: path.stat().st_mtime_ns for path in target.parents[1].rglob("*.py")} == before
    killers = {one.by for one in report.outcomes if one.status is Status.KILLED}
    assert killers == {"test_clamp.py::test_below", "test_clamp.py::test_above"}


@pytest.mark.skipif(not FORK, reason="the engine forks on Linux alone")
def test_a_proxy_that_cannot_be_asked_for_its_class_is_left_alone(target: Path) -> None:
    lazy = "class Lazy:\n    __class__ = property(lambda self: 1 / 0)\n\nHELD = [Lazy()]\n"
    (target.parents[1] / "test_clamp.py").write_text(TESTS + lazy, encoding="utf-8")

    report = engine.run(target, words(target), isolation="fork", cwd=target.parents[1])

    assert statuses(report) == EXPECTED


def test_spawned_workers_judge_the_same(target: Path) -> None:
    chosen = {7, 8}

    report = engine.run(
        target, words(target), isolation="spawn", cwd=target.parents[1], lines=chosen
    )

    found = statuses(report)
    assert found == {name: EXPECTED[name] for name in found}
    assert len(found) == 2


def test_a_callable_judges_the_same(target: Path) -> None:
    report = engine.run(target, passes)

    assert statuses(report) == EXPECTED
    assert report.covered >= {3, 8, 9, 10}
    assert 0 < report.wall_s < 600
    assert 0 <= report.cpu_s < 600


@pytest.mark.skipif(not FORK, reason="the engine forks on Linux alone")
@pytest.mark.parametrize(
    ("test", "status"),
    [
        (ends_early, Status.KILLED),
        (crashes, Status.KILLED),
        (loops, Status.TIMEOUT),
        (allocates, Status.KILLED),
        (leaves_a_thread, Status.KILLED),
    ],
)
def test_a_test_that_ends_its_process_does_not_let_a_mutant_survive(
    target: Path, test: Any, status: Status
) -> None:
    report = engine.run(target, test, isolation="fork", lines={9}, timeout_s=0.5)

    assert [one.status for one in report.outcomes] == [status]


def leaves_a_file(module: ModuleType) -> None:
    tempfile.mkstemp()
    assert module.clamp(11) == 10


@pytest.mark.parametrize("isolation", sorted({"spawn", engine.default_isolation()}))
def test_what_a_killed_mutant_leaves_goes_with_its_worker(
    target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, isolation: str
) -> None:
    (place := tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.setenv(name, str(place))

    report = engine.run(target, leaves_a_file, isolation=isolation, lines={9})

    assert report.outcomes
    assert list(place.iterdir()) == []


def test_a_loop_in_a_spawned_worker_ends_by_the_clock(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "WAITING", 1)

    report = engine.run(target, loops, isolation="spawn", lines={9}, timeout_s=2.0)

    assert [one.status for one in report.outcomes] == [Status.TIMEOUT]


def test_a_suite_that_is_red_before_is_refused_with_its_tests(target: Path) -> None:
    broken = target.parents[1] / "test_clamp.py"
    broken.write_text(TESTS + "\ndef test_red():\n    assert 0\n", encoding="utf-8")

    with pytest.raises(BaselineRed, match=r"test_clamp\.py::test_red"):
        engine.run(target, words(target), cwd=target.parents[1])
    with pytest.raises(BaselineRed, match="fails: AssertionError: red"):
        engine.run(target, fails)
    broken.write_text("import nowhere\n", encoding="utf-8")
    with pytest.raises(BaselineRed, match="test_clamp"):
        engine.run(target, words(target), cwd=target.parents[1])


def test_no_mutants_no_score(target: Path) -> None:
    report = engine.run(target, passes, lines=set())

    assert report.outcomes == []
    assert report.score is None


def test_a_limit_spreads_the_mutants_over_the_file(target: Path) -> None:
    report = engine.run(target, passes, limit=2)

    assert [one.mutant.lineno for one in report.outcomes] == [3, 10]


def test_an_equivalent_mutant_is_not_held_against_the_suite(target: Path) -> None:
    target.write_text(SOURCE + "\n\nassert LIMIT == 10\n", encoding="utf-8")

    report = engine.run(target, passes, lines={17})

    assert {one.status for one in report.outcomes} == {Status.EQUIVALENT}
    assert report.score is None


def test_an_unknown_isolation_is_refused(target: Path) -> None:
    with pytest.raises(ValueError, match="choose fork"):
        engine.run(target, passes, isolation="thread")


# What runs in children, once in this process, so that it is looked at by coverage, too.


def job(target: Path, **more: Any) -> dict[str, Any]:
    return {"path": str(target), "source": SOURCE, "timeout": 60, "traced": True, **more}


@pytest.fixture
def here(target: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.chdir(target.parents[1])
    before, known = list(sys.meta_path), set(sys.modules)
    yield
    sys.meta_path[:] = before
    for name in set(sys.modules) - known:
        if "clamp" in name:
            del sys.modules[name]


def test_a_job_tells_the_lines_of_each_test(target: Path, here: None) -> None:
    done = worker.run_job(job(target, args=words(target)))

    assert done["failed"] == []
    assert 0 < done["seconds"] < 60
    assert done["lines"]["test_clamp.py::test_above"] == [8, 9]
    assert done["lines"]["test_clamp.py::test_below"] == [8, 10]
    assert 3 in done["lines"][""]


def test_a_job_imports_the_mutant_and_not_the_file(target: Path, here: None) -> None:
    mutated = SOURCE.replace("n > LIMIT", "n < LIMIT")

    done = worker.run_job(job(target, args=words(target), source=mutated, traced=False))

    assert done["failed"] == ["test_clamp.py::test_below"]


def test_a_job_calls_what_was_pickled(target: Path) -> None:
    import base64
    import pickle

    call = base64.b64encode(pickle.dumps(passes)).decode()
    good = worker.run_job(job(target, call=call))
    bad = worker.run_job(job(target, call=call, source="def clamp(n):\n    return 0\n"))

    assert good["lines"]["passes"] == [8, 9, 10]
    assert bad["failed"] == ["passes: AssertionError: "] or "passes" in bad["failed"][0]


def test_a_session_swaps_code_in_place(
    target: Path, here: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def directly(one: dict[str, Any], run: Any) -> Any:
        return run(one)

    mutated = SOURCE.replace("return LIMIT", "return None")
    jobs = [
        job(target),
        job(target, source=mutated, line=9, traced=False, tests=None),
        job(target, source=SOURCE.replace("= 10", "= 11"), line=3, traced=False, tests=None),
    ]
    monkeypatch.setattr(worker, "forked", directly)
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(json.dumps(one) + "\n" for one in jobs)))
    answers = io.StringIO()

    worker.serve_session({"path": str(target), "args": words(target)}, answers)

    traced, killed, cold = (json.loads(line) for line in answers.getvalue().splitlines()[:3])
    assert traced["lines"]["test_clamp.py::test_above"] == [8, 9]
    assert 0 < traced["seconds"] < 60
    assert 0 < traced["startup"] < 60
    assert killed["failed"] == ["test_clamp.py::test_above"]
    assert cold == {"cold": True}


def test_a_session_that_cannot_collect_says_why(
    target: Path, here: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    (target.parents[1] / "test_clamp.py").write_text("1 / 0\n", encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    answers = io.StringIO()

    worker.serve_session({"path": str(target), "args": words(target)}, answers)

    assert json.loads(answers.getvalue())["failed"] == ["test_clamp.py"]


@pytest.mark.skipif(not FORK, reason="forks")
def test_a_child_without_a_verdict_has_died() -> None:
    def dies(one: dict[str, Any]) -> Any:
        os._exit(3)

    assert worker.forked({"timeout": 5}, lambda one: {"failed": []}) == {"failed": []}
    assert worker.forked({"timeout": 5}, dies)["died"]
    assert worker.told("", -27 if sys.platform == "linux" else 1) == (
        {"timeout": True} if sys.platform == "linux" else worker.told("", 1)
    )


@pytest.mark.skipif(not FORK, reason="forks")
def test_what_a_child_leaves_running_ends_with_it(tmp_path: Path) -> None:
    def leaves(one: dict[str, Any]) -> Any:
        words = [sys.executable, "-c", "import time; time.sleep(600)"]
        left = subprocess.Popen(words, start_new_session=True)
        return {"failed": [], "left": left.pid}

    worker.adopt()
    try:
        left = worker.forked({"timeout": 60}, leaves)["left"]
    finally:
        ctypes.CDLL(None).prctl(worker.PR_SET_CHILD_SUBREAPER, 0)

    assert not psutil.pid_exists(left)
