"""`pytest benchmarks/` collects a measure file: timed, as a smoke test, and never in parallel."""

from __future__ import annotations

import shutil
from types import SimpleNamespace

import pytest

from velvet import testing as pytest_plugin

pytest_plugins = ["pytester"]

BODY = """
    events = []

    async def coroutine():
        return 6

    def cleaned(n):
        yield lambda: 6

    work = suite.comparison("work", sizes={"n": [1, 2]})
    work.add("loop", lambda n: lambda: 6)
    work.add("coroutine", lambda n: coroutine)
    work.add("prepared", lambda n: Timed(lambda items: sum(items), prepare=lambda: [1, 2, 3]))
    work.add("cleaned", cleaned)
    work.add("large_only", lambda n: lambda: 6, when=lambda n: n > 1)
    work.add("dear", lambda n: lambda: 6, tier="default")
    work.add("absent", lambda n: lambda: 6, needs="no-such-distribution")
    work.check(lambda result: result == 6)
    pool = suite.comparison("pool", kind="run")
    pool.add("outcome", lambda: lambda: Outcome(result=6))
    pool.check(lambda result: result == 6)
    size = suite.comparison("size", unit="B", kind="value")
    size.add("plain", lambda: lambda: 10)
    size.add("packed", lambda: lambda: Estimate(5, 4, 6, 30))
    suite.claim("it packs", ratio("size", "packed", "plain") <= 0.7)
    suite.claim("it may pack", ratio("size", "packed", "plain") <= 0.5)
"""
FAILING = """
    size = suite.comparison("size", unit="B", kind="value")
    size.add("plain", lambda: lambda: 10)
    size.add("wrong", lambda: lambda: 11)
    size.check(lambda result: result == 10)
    suite.claim("nothing costs nothing", value("size", "plain") <= 0)
"""


@pytest.fixture
def collected(pytester, measure_file, monkeypatch):
    """Run pytest on a copy of a measure file's folder, in this process."""
    # pytest-benchmark measures nothing in a worker of xdist; this run inside a run is none.
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)

    def run(body, *options):
        pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
        shutil.copytree(measure_file(body).parent, pytester.path / "benchmarks")
        # No plugin of a library that happens to be installed has a say in it.
        plugins = ("-p", "velvet.testing", "-p", "benchmark", "-p", "asyncio")
        return pytester.runpytest_inprocess(
            *("benchmarks", "--disable-plugin-autoload", *plugins),
            *("-p", "no:cacheprovider", "-v", *options),
        )

    return run


def test_without_timing_each_contender_is_called_once_and_claims_are_skipped(collected):
    result = collected(BODY, "--benchmark-disable")

    result.assert_outcomes(passed=7, skipped=3)
    result.stdout.fnmatch_lines(
        ["*test_contender?work?n=1?-coroutine?*PASSED*", "*test_claim?it packs?*SKIPPED*"]
    )


def test_timed_contenders_have_a_table_and_claims_a_verdict(collected):
    result = collected(BODY)

    result.assert_outcomes(passed=8, skipped=2)
    result.stdout.fnmatch_lines(["*benchmark 'work?n=1?': 4 tests*"])
    result.stdout.fnmatch_lines(["*test_claim?it packs?*PASSED*", "*test_claim?it may*SKIPPED*"])


def test_a_refuted_claim_and_a_wrong_answer_fail(collected):
    result = collected(FAILING)

    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(["*the check refused its result 11*"])


def test_a_contender_that_finds_itself_absent_is_skipped_with_its_reason(collected):
    body = """
    def not_here():
        raise Absent("this server is too old")

    suite.comparison("work").add("not_here", not_here)
    """

    result = collected(body, "--benchmark-disable", "-rs")

    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*this server is too old*"])


def test_claims_can_be_chosen_by_their_mark(collected):
    result = collected(FAILING, "-m", "claim", "--benchmark-disable")

    result.assert_outcomes(skipped=1, deselected=2)


def test_a_measure_file_outside_a_benchmarks_folder_is_left_alone(tmp_path):
    assert pytest_plugin.pytest_collect_file(tmp_path / "measure.py", None) is None


def configured(workers, *arguments):
    return SimpleNamespace(option=SimpleNamespace(numprocesses=workers), args=list(arguments))


@pytest.mark.parametrize("argument", ["benchmarks", "09-x/benchmarks", "b/measure.py::test_claim"])
def test_benchmarks_are_not_spread_over_processes(argument):
    with pytest.raises(pytest.UsageError, match=r"one at a time: leave out -n \(xdist\)"):
        pytest_plugin.refuse_spreading(configured(2, argument))


@pytest.mark.parametrize(("workers", "argument"), [(None, "benchmarks"), (0, "benchmarks")])
def test_benchmarks_in_one_process_are_accepted(workers, argument):
    assert pytest_plugin.refuse_spreading(configured(workers, argument)) is None


def test_other_tests_may_be_spread():
    assert pytest_plugin.refuse_spreading(configured(4, "tests")) is None
