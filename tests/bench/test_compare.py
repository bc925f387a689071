"""Two machines side by side: ratios are compared, absolute times never."""

from __future__ import annotations

import copy

import pytest

from velvet.bench.compare import compare


@pytest.fixture
def there(document):
    return copy.deepcopy(document)


def test_equal_runs_agree_in_everything(document, there):
    found = compare(document, there)

    assert found.speed == 1.0
    assert [difference.agrees for difference in found.differences] == [True, True]
    assert (found.changed, found.missing) == ([], [])


def test_a_ratio_is_named_by_comparison_contenders_metric_and_size(document, there):
    assert (
        compare(document, there).differences[0].name == "lookup: hash against scan (time) at n=10"
    )


def test_a_slower_machine_with_the_same_ratios_differs_in_nothing(document, there):
    for entry in document["results"]:
        entry["median"] *= 50
    document["noise"]["spin_ms"] = 100.0

    found = compare(document, there)

    assert found.speed == 0.02
    assert all(difference.agrees for difference in found.differences)


def test_intervals_that_do_not_meet_differ(document, there):
    document["pairs"][0].update(ratio=0.9, lo=0.8, hi=1.0)

    assert [one.agrees for one in compare(document, there).differences] == [False, True]


@pytest.mark.parametrize(("ratio", "agrees"), [(0.52, True), (0.6, False)])
def test_without_an_interval_ten_per_cent_are_the_same(document, there, ratio, agrees):
    document["pairs"][0].update(ratio=ratio, lo=None, hi=None)

    assert compare(document, there).differences[0].agrees is agrees


@pytest.mark.parametrize(
    ("verdicts", "changed"),
    [(["FAILS"], [("hash wins", "HOLDS", "FAILS")]), (["HOLDS"], []), ([], [])],
)
def test_a_claim_is_listed_when_both_sides_make_it_and_disagree(document, there, verdicts, changed):
    there["claims"] = [{**document["claims"][0], "verdict": verdict} for verdict in verdicts]

    assert compare(document, there).changed == changed


def test_ratios_of_the_other_file_that_are_not_here_are_listed(document, there):
    document["pairs"] = [{**document["pairs"][0], "size": {}}]

    found = compare(document, there)

    assert found.differences == []
    assert len(found.missing) == 2


def test_without_a_spin_no_speed_is_told(document, there):
    document["noise"]["spin_ms"] = None

    assert compare(document, there).speed is None
