"""`velvet compare`: this machine beside the reference results."""

from __future__ import annotations

import pytest

from velvet.bench.results import save


@pytest.fixture
def measured(paper, results):
    """A module measured here and on the reference machine, where Python is half as fast."""
    folder = paper.module() / "benchmarks" / "results"
    save(results, folder / "local.json")
    results["noise"]["spin_ms"] = 4.0
    results["claims"][0]["verdict"] = "FAILS"
    results["pairs"].append({**results["pairs"][0], "a": "other"})
    save(results, folder / "reference.json")
    return folder


def test_machines_are_compared_before_ratios(velvet, measured):
    result = velvet("compare", "tiny")

    assert result.exit_code == 0, result.output
    assert "pure Python here: 2.00x faster compared with there" in result.output


def test_each_shared_ratio_is_shown_from_both_machines(velvet, measured):
    output = velvet("compare", "tiny", "--all").output

    assert output.count("8.00x faster") == 2
    assert "overlap" in output


def test_only_what_differs_is_shown_without_all(velvet, measured):
    output = velvet("compare", "tiny").output

    assert "8.00x" not in output
    assert "1 of 1 ratios agree (100%): their intervals overlap" in output
    assert "1 more ratios: --all" in output


def test_a_claim_that_holds_on_one_machine_only_is_named(velvet, measured):
    assert "the built-in wins: HOLDS here, FAILS there" in velvet("compare", "tiny").output


def test_ratios_that_were_not_measured_here_are_counted(velvet, measured):
    assert "1 ratios of the other file were not measured here" in velvet("compare", "30").output


def test_another_file_takes_the_place_of_the_reference(velvet, measured, results, tmp_path):
    results["noise"]["spin_ms"] = 8.0
    save(results, tmp_path / "other.json")

    output = velvet("compare", "30", str(tmp_path / "other.json")).output

    assert "4.00x faster compared with there" in output


def test_a_module_never_measured_here_names_the_command_that_measures(velvet, paper):
    paper.module()

    result = velvet("compare", "30")

    assert result.exit_code == 1
    assert "nothing measured here yet; run `velvet bench 30 --quick` first" in result.output


def test_a_module_without_a_reference_says_which_file_is_missing(velvet, measured):
    (measured / "reference.json").unlink()

    result = velvet("compare", "30")

    assert result.exit_code == 1
    assert "reference.json: no such results file" in result.output
