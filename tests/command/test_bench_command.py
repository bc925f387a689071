"""`velvet bench`: which suites are measured, and the two commands beside it."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from velvet.bench import pyperf_bridge
from velvet.bench.results import save
from velvet.bench.suite import Suite
from velvet.commands import bench


@pytest.fixture
def performed(monkeypatch):
    """Note which suites would be measured, and answer with the exit code set here."""
    calls = SimpleNamespace(suites=[], given=[], codes={})

    def perform(suite: Suite, **given: Any) -> int:
        calls.suites.append(suite.name)
        calls.given.append(given)
        return calls.codes.get(suite.name, 0)

    monkeypatch.setattr(bench, "perform", perform)
    return calls


def test_a_named_module_is_measured_with_the_options_given(velvet, paper, performed):
    paper.module()

    result = velvet("bench", "tiny", "--quick", "--filter", "adding", "--seed", "7")

    assert result.exit_code == 0, result.output
    assert performed.suites == ["30-tiny"]
    assert performed.given[0]["tier"] == "quick"
    assert performed.given[0]["text"] == "adding"
    assert performed.given[0]["seed"] == 7


def test_without_a_name_every_working_module_is_measured(velvet, paper, performed):
    paper.module()
    paper.module("31-other")
    paper.module("32-half", whole=False)

    velvet("bench")

    assert performed.suites == ["30-tiny", "31-other"]


def test_one_module_whose_claim_fails_fails_the_whole(velvet, paper, performed):
    paper.module()
    paper.module("31-other")
    performed.codes["30-tiny"] = 1

    result = velvet("bench")

    assert result.exit_code == 1
    assert performed.suites == ["30-tiny", "31-other"]


def test_a_module_without_a_benchmark_is_named(velvet, paper):
    paper.module(whole=False)

    result = velvet("bench", "30")

    assert result.exit_code == 2
    assert "30-tiny has no benchmarks/measure.py" in result.output


def test_comparisons_and_claims_are_listed_and_nothing_is_measured(velvet, paper):
    folder = paper.module()

    result = velvet("bench", "30", "--list")

    assert result.exit_code == 0
    assert "adding (micro, 2 sizes): loop, built_in" in result.output
    assert "claim: the built-in wins" in result.output
    assert not (folder / "benchmarks" / "results").exists()


def test_an_unknown_filter_names_what_there_is(velvet, paper):
    paper.module()

    result = velvet("bench", "30", "--filter", "ading")

    assert result.exit_code == 2
    assert "has 'ading' in its name. Did you mean 'adding'?" in result.output


def test_two_results_files_are_compared(velvet, tmp_path, results):
    save(results, tmp_path / "a.json")
    results["noise"]["spin_ms"] = 4.0
    save(results, tmp_path / "b.json")

    result = velvet("bench", "compare", str(tmp_path / "a.json"), str(tmp_path / "b.json"))

    assert result.exit_code == 0
    assert "pure Python here: 2.00x faster compared with there" in result.output
    assert "1 of 1 ratios agree (100%): their intervals overlap" in result.output


def test_a_comparison_of_one_file_is_used_wrongly(velvet, tmp_path):
    result = velvet("bench", "compare", "a.json")

    assert result.exit_code == 2
    assert "takes two results files" in result.output


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "no such results file; make it with `velvet bench`"),
        ("{", "cannot be read"),
        ("[]", "no velvet results file"),
        (json.dumps({"schema": "velvet-bench/0"}), "made by another version ('velvet-bench/0'"),
        (json.dumps({"schema": "velvet-bench/1"}), "damaged at the document"),
    ],
)
def test_a_file_that_is_no_results_file_is_refused(velvet, tmp_path, text, message):
    file = tmp_path / "a.json"
    if text is not None:
        file.write_text(text, encoding="utf-8")

    result = velvet("bench", "compare", str(file), str(file))

    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert message in result.output
    assert "measure again" in result.output or "make" in result.output


@pytest.mark.parametrize(
    ("theirs", "code", "verdict"),
    [
        (3e-6, 0, "3.00 us by pyperf: agree within 1.50x"),
        (3.1e-6, 1, "3.10 us by pyperf: DISAGREE within 1.55x"),
    ],
)
def test_verifying_compares_with_pyperf(velvet, paper, monkeypatch, theirs, code, verdict):
    paper.module()
    found = pyperf_bridge.Agreement("adding/loop", 2e-6, theirs)
    monkeypatch.setattr(pyperf_bridge, "verify", lambda suite: found)

    result = velvet("bench", "verify", "tiny")

    assert result.exit_code == code
    assert f"adding/loop: minimum 2.00 us here, {verdict}" in result.output


def test_verifying_without_a_name_takes_the_first_module(velvet, paper, monkeypatch):
    paper.module("31-other")
    paper.module("30-tiny")
    asked: list[str] = []

    def verify(suite: Suite) -> pyperf_bridge.Agreement:
        asked.append(suite.name)
        return pyperf_bridge.Agreement("x", 1.0, 1.0)

    monkeypatch.setattr(pyperf_bridge, "verify", verify)

    velvet("bench", "verify")

    assert asked == ["30-tiny"]
