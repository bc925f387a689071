"""Contenders that cheat, and accidents that look alike: each is caught, none has a figure.

Every one stood in a ranking until its users complained: an answer that is remembered, work that
moved out of the timed part, a result that is never consumed, a narrower type, a clock that lies.
"""

from __future__ import annotations

import pytest

INPUTS = """
    import random

    def numbers(n, seed):
        return random.Random(seed).choices(range(1000), k=n)

    work = suite.comparison("work", kind="{kind}", sizes={{"n": [200]}}, inputs=numbers)
    work.add("honest", lambda n: sorted, baseline=True)

    def remembers(n):
        answers = []

        def call(items):
            if not answers:
                answers.append(sorted(items))
            return answers[0]

        return call

    def known_input_only(n):
        answer = sorted(numbers(n, 0))
        return lambda items: answer

    work.add("remembers", remembers)
    work.add("known_input_only", known_input_only)
    work.same_result()
"""


@pytest.mark.parametrize("kind", ["micro", "run"])
def test_an_answer_that_is_remembered_or_known_beforehand_is_refused(
    declared, measured_by_engine, kind
):
    run = measured_by_engine(declared(INPUTS.format(kind=kind)), rounds=1)

    for cheat in ("remembers", "known_input_only"):
        assert "different answer from honest" in run.entry(cheat)["error"]
    assert run.entry("honest")["median"] > 0


SETUP = """
    work = suite.comparison("work", unit="us", sizes={{"n": [2000]}}, physical_limit={limit})
    work.add("honest", lambda n: lambda: sum(range(n)), baseline=True)

    def early(n):
        total = sum(range(n))
        return lambda: total

    work.add("early", early)
    work.same_result()
    suite.claim("early is fast", speedup("work", "early", "honest") >= 2)
"""


@pytest.mark.parametrize("limit", ["1.0", "lambda n: n / 2000"])
def test_work_that_moved_into_the_set_up_is_faster_than_is_possible(
    declared, measured_by_engine, limit
):
    run = measured_by_engine(declared(SETUP.format(limit=limit)))

    (claim,) = run.results["claims"]
    assert run.entry("early")["error"].startswith("implausible: ")
    assert run.entry("early")["error"].endswith("us is below the limit of 1")
    assert "median" not in run.entry("early")
    assert run.entry("honest")["median"] > 1
    assert claim["verdict"] == "FAILS"
    assert "early in work at n=2000 failed: implausible" in claim["reason"]


def test_a_rate_has_a_limit_above(declared, measured_by_engine):
    suite = declared("""
        work = suite.comparison("work", unit="bytes/s", items=10**9, physical_limit=1e12)
        work.add("claims_a_gigabyte", lambda: lambda: None)
    """)

    error = measured_by_engine(suite).entry("claims_a_gigabyte")["error"]

    assert "bytes/s is above the limit of 1e+12" in error


LAZY = """
    work = suite.comparison("work", kind="{kind}")
    work.add("honest", lambda: lambda: [n * n for n in range(300)], baseline=True)
    work.add("generator", lambda: lambda: (n * n for n in range(300)))
    work.add("mapped", lambda: lambda: map(abs, range(300)))

    async def later():
        return [1]

    work.add("coroutine", lambda: lambda: later())
    work.add("inside", lambda: lambda: Outcome(result=iter([1])))
"""


@pytest.mark.parametrize("kind", ["micro", "run"])
def test_a_lazy_result_that_is_not_consumed_is_refused(declared, measured_by_engine, kind):
    run = measured_by_engine(declared(LAZY.format(kind=kind)), rounds=1)

    for cheat in ("generator", "mapped", "coroutine", "inside"):
        assert "whose work is never done" in run.entry(cheat)["error"]
    assert run.entry("honest")["median"] > 0


TYPES = """
    import array

    work = suite.comparison("work")
    work.add("honest", lambda: lambda: {honest}, baseline=True)
    work.add("narrow", lambda: lambda: {narrow})
    work.same_result({reason})
"""


@pytest.mark.parametrize(
    ("honest", "narrow", "said"),
    [
        ("array.array('d', [1, 2])", "array.array('f', [1, 2])", "array[f] instead of array[d]"),
        ("[1.0, 2.0]", "[1, 2]", "list[int] instead of list[float]"),
        ("{'a': 1.0}", "{'a': True}", "dict[str: bool] instead of dict[str: float]"),
        ("[(1, 2.0)]", "[(1, 2)]", "list[tuple[int]] instead of list[tuple[float, int]]"),
    ],
)
def test_equal_values_of_narrower_types_are_refused(
    declared, measured_by_engine, honest, narrow, said
):
    run = measured_by_engine(declared(TYPES.format(honest=honest, narrow=narrow, reason="")))

    assert run.entry("narrow")["error"] == f"TypeError: different types from honest: {said}"


def test_equal_values_of_narrower_arrays_are_refused(declared, measured_by_engine):
    pytest.importorskip("numpy")
    body = TYPES.format(
        honest="numpy.arange(3.0)", narrow="numpy.arange(3, dtype='float32')", reason=""
    )

    run = measured_by_engine(declared(body.replace("import array", "import numpy")))

    assert "ndarray[float32] instead of ndarray[float64]" in run.entry("narrow")["error"]


def test_types_may_differ_where_the_comparison_says_why(declared, measured_by_engine):
    reason = 'types="one library counts in floats"'

    run = measured_by_engine(declared(TYPES.format(honest="[1.0]", narrow="[1]", reason=reason)))

    assert run.entry("narrow")["median"] > 0


CLOCK = """
    work = suite.comparison("work", kind="{kind}", clock="wall")
    work.add("honest", lambda: lambda: time.sleep(0.02), baseline=True)

    def patches():
        for name in ("perf_counter", "process_time", "monotonic", "thread_time"):
            setattr(time, name, lambda: 0.0)
            setattr(time, name + "_ns", lambda: 0)
        return lambda: time.sleep(0.02)

    work.add("patches", patches)
"""


@pytest.mark.parametrize("kind", ["micro", "run"])
def test_a_patched_clock_changes_no_figure(declared, measured_by_engine, kind):
    run = measured_by_engine(declared(CLOCK.format(kind=kind)), processes=1, rounds=2)

    ratio = run.entry("patches", "time")["median"] / run.entry("honest", "time")["median"]
    assert 0.5 < ratio < 2


def test_a_contender_that_failed_fails_its_claim_and_no_busy_machine_excuses_it(
    declared, measured_by_engine
):
    suite = declared("""
        work = suite.comparison("work", kind="value", unit="")
        work.add("fine", lambda: lambda: 1)
        work.add("crash", lambda: lambda: 1 / 0)
        suite.claim("it is small", value("work", "crash") <= 2, needs=("calm", "cores>=10000"))
    """)

    (claim,) = measured_by_engine(suite).results["claims"]

    assert claim["verdict"] == "FAILS"
    assert claim["reason"] == "crash in work failed: ZeroDivisionError: division by zero"


def test_a_missing_precondition_opens_a_figure_without_an_interval_too(
    declared, measured_by_engine
):
    suite = declared("""
        work = suite.comparison("work", kind="value", unit="")
        work.add("fine", lambda: lambda: 3)
        suite.claim("it is small", value("work", "fine") <= 2, needs="cores>=10000")
    """)

    (claim,) = measured_by_engine(suite).results["claims"]

    assert claim["verdict"] == "INCONCLUSIVE"
    assert claim["reason"].startswith("needs cores >= 10000")
