"""pyperf reads what we write, and agrees with what we measure."""

from __future__ import annotations

import pytest

from velvet.bench import pyperf_bridge
from velvet.bench.pyperf_bridge import AGREEMENT, Agreement, export, pick, verify
from velvet.bench.suite import Suite
from velvet.errors import UsageError, VelvetError
from velvet.needs import Unmet


@pytest.fixture
def pyperf():
    return pytest.importorskip("pyperf")


def test_pyperf_reads_the_exported_samples_in_seconds(pyperf, document, tmp_path):
    file = tmp_path / "pyperf.json"
    file.write_text("an older file", encoding="utf-8")

    export(document, file)

    found = pyperf.BenchmarkSuite.load(str(file))
    assert found.get_benchmark_names()[0] == "lookup-hash[n=100]"
    values = found.get_benchmark("lookup-scan[n=10]").get_values()
    assert values == pytest.approx((1e-6, 1.1e-6, 0.9e-6))


def test_rates_become_seconds_again(pyperf, document, entry, tmp_path):
    rate = {**entry("scan", 1, 4.0), "metric": "ops", "unit": "ops/s", "size": {}}
    document["results"] = [{**rate, "samples": [4.0, 8.0]}]

    export(document, tmp_path / "pyperf.json")

    found = pyperf.BenchmarkSuite.load(str(tmp_path / "pyperf.json"))
    assert found.get_benchmark("lookup-scan").get_values() == (0.25, 0.125)


def test_results_without_times_are_nothing_for_pyperf(pyperf, document, tmp_path):
    document["results"] = document["results"][-1:]

    with pytest.raises(VelvetError, match="no times that pyperf could read"):
        export(document, tmp_path / "pyperf.json")

    assert list(tmp_path.iterdir()) == []


def test_without_pyperf_the_way_out_is_told(document, tmp_path, monkeypatch):
    missing = Unmet("pyperf", "pyperf is not installed", 'pip install "pyperf"')
    monkeypatch.setattr(pyperf_bridge, "all_unmet", lambda _needs: [missing])

    with pytest.raises(VelvetError, match="pip install"):
        export(document, tmp_path / "pyperf.json")


@pytest.mark.parametrize(("ours", "theirs", "factor"), [(1.0, 1.5, 1.5), (3.2, 2.0, 1.6)])
def test_minima_are_apart_by_the_larger_over_the_smaller(ours, theirs, factor):
    assert Agreement("work/a", ours, theirs).factor == factor


MICRO = """
    other = suite.comparison("other", kind="run")
    other.add("a", lambda: lambda: 1)
    sleeps = suite.comparison("sleeps", clock="wall")
    sleeps.add("a", lambda: lambda: 1)
    work = suite.comparison("work", unit="us", sizes={"n": [5, 300]}, quick=lambda n: n > 5)
    work.add("absent", lambda n: lambda: 1, needs="no-such-distribution")
    work.add("sum", lambda n: lambda: sum(range(n)))
    work.add("broken", lambda n: 1 / 0)
"""


def test_the_first_plain_micro_contender_is_picked(declared):
    comparison, name, size = pick(declared(MICRO))

    assert (comparison.name, name, size) == ("work", "sum", {"n": 300})


def test_a_suite_without_micro_contenders_has_nothing_to_verify():
    with pytest.raises(UsageError, match="sample has no micro comparison"):
        pick(Suite("sample", __file__))


def test_both_instruments_agree_on_a_contender_of_microseconds(pyperf, declared):
    suite = declared(MICRO)

    agreed = any(
        verify(suite).factor <= AGREEMENT for _ in range(2)
    )  # the neighbours may spoil one

    assert agreed


def test_a_contender_that_was_not_measured_says_why(pyperf, declared):
    body = """
        work = suite.comparison("work")
        work.add("dies", lambda: lambda: os._exit(3))
    """

    with pytest.raises(VelvetError, match="work/dies was not measured: ended with exit code 3"):
        verify(declared(body))


def test_a_failure_of_pyperf_is_passed_on(pyperf, declared, monkeypatch):
    monkeypatch.setattr(pyperf_bridge, "_SCRIPT", "raise SystemExit('it broke')")

    with pytest.raises(VelvetError, match=r"pyperf failed: .*it broke"):
        verify(declared(MICRO))
