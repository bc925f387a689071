"""What is stored and looked up, and what is refused on the way back in."""

from __future__ import annotations

import json
import math

import pytest

from velvet.bench.claims import ContenderFailed, NotMeasured, speedup
from velvet.bench.measured import GAP, Measured
from velvet.bench.results import assemble, load, save, validate
from velvet.bench.stats import Estimate
from velvet.bench.suite import Options, Suite
from velvet.errors import VelvetError


@pytest.fixture
def suite():
    """A micro, a run and a value comparison with contenders a and b at two sizes."""
    made = Suite("sample", __file__)
    made.comparison("micro", unit="us", sizes={"n": [1, 10]}, metrics={"hits": "hits"})
    made.comparison("rate", unit="ops/s", sizes={"n": [1, 10]}, items=2)
    made.comparison("run", kind="run", unit="ms", sizes={"n": [1, 10]}, metrics={"p99": "ms"})
    made.comparison("other", kind="run", unit="", metrics={"p99": "ms"})
    made.comparison("value", kind="value", unit="bytes", sizes={"n": [1, 10]})
    for comparison in made.comparisons.values():
        comparison.add("a", print, baseline=True)
        comparison.add("b", print, needs="pytest")
    return made


@pytest.fixture
def measured(suite):
    """Three processes in which b takes twice as long as a, and ten times as long at n=10."""
    found = Measured(suite)
    for n in (1, 10):
        for name, cost in (("a", 1.0), ("b", 2.0)):
            for bench in ("micro", "rate"):
                row = found.row(bench, name, {"n": n})
                row.cold = [0.5]
                for process in range(3):
                    for turn in range(4):
                        row.add("cpu", process, cost * n * (1 + 0.1 * turn))
                        row.add("wall", process, cost * n)
            for number in range(3):
                row = found.row("run", name, {"n": n})
                row.add("wall", 0, cost * n * (1 + number))
                row.add("cpu_s", 0, cost)
                row.add("peak_mb", 0, 10 * cost)
                row.add("floor_mb", 0, 1.0)
                row.add("p99", 0, 3 * cost * n)
            found.row("value", name, {"n": n}).values["value"] = Estimate(cost * n)
    return found


def test_a_ratio_is_paired_by_round(measured):
    found = measured.paired("micro", "b", "a", None, {"n": 1})

    assert (found.value, found.n) == (pytest.approx(2.0), 3)


def test_a_ratio_of_rates_is_higher_for_the_faster(measured):
    assert measured.paired("rate", "a", "b", None, {}).value == pytest.approx(2.0)


def test_a_speedup_is_the_same_for_times_and_rates(measured):
    found = [speedup(bench, "a", "b").find(measured).value for bench in ("micro", "rate", "run")]

    assert found == pytest.approx([2.0, 2.0, 2.0])


def test_a_ratio_of_runs_is_the_median_of_rounds(measured):
    assert measured.paired("run", "b", "a", "p99", {}).value == pytest.approx(2.0)


def test_a_ratio_of_processor_times_reads_the_processor_clock(measured):
    assert measured.paired("run", "b", "a", "cpu", {}).value == pytest.approx(2.0)


def test_a_ratio_of_deterministic_figures_is_exact(measured):
    assert measured.paired("value", "b", "a", None, {}) == Estimate(2.0)


def test_a_ratio_of_estimates_takes_the_worst_corners(measured):
    measured.row("value", "a", {"n": 10}).values["value"] = Estimate(2.0, 1.0, 4.0, 50)
    measured.row("value", "b", {"n": 10}).values["value"] = Estimate(-2.0, -4.0, 8.0, 20)

    found = measured.paired("value", "b", "a", None, {})

    assert (found.value, found.lo, found.hi, found.n) == (-1.0, -4.0, 8.0, 20)


def test_an_estimate_that_may_be_zero_divides_nothing(measured):
    measured.row("value", "a", {"n": 10}).values["value"] = Estimate(0.1, 0.0, 0.2, 50)

    with pytest.raises(NotMeasured, match="a in value is not clear of zero"):
        measured.paired("value", "b", "a", None, {})


@pytest.mark.parametrize(
    ("bench", "metric", "figure"),
    [
        ("micro", None, 11.5e6),
        ("run", None, 20_000.0),
        ("run", "p99", 30.0),
        ("value", None, 10.0),
    ],
)
def test_a_figure_has_the_unit_of_its_comparison(measured, bench, metric, figure):
    assert measured.figure(bench, "a", metric, {"n": 10}).value == pytest.approx(figure)


def test_a_figure_of_a_rate_counts_items(measured):
    assert measured.figure("rate", "b", None, {"n": 1}).value == pytest.approx(2 / 2.3, rel=0.01)


def test_two_sizes_of_one_contender_are_compared(measured):
    found = measured.across("micro", "a", None, {"n": 10}, {"n": 1})

    assert found.value == pytest.approx(10.0)


@pytest.mark.parametrize("bench", ["micro", "rate", "run", "value"])
def test_growth_is_that_of_the_cost(measured, bench):
    found = measured.growth(bench, "a", None, "n", {})

    assert found.value == pytest.approx(1.0)


def test_growth_skips_rounds_with_a_gap(measured):
    measured.row("run", "a", {"n": 1}).series["wall"][0][0] = GAP

    assert measured.growth("run", "a", None, "n", {}).n == 2


def test_growth_needs_a_process_with_every_size(measured):
    measured.row("micro", "a", {"n": 1}).series["cpu"] = [[], [], []]

    with pytest.raises(NotMeasured, match="no process with every size"):
        measured.growth("micro", "a", None, "n", {})


def test_growth_needs_two_sizes(measured):
    with pytest.raises(NotMeasured, match="fewer than two sizes of 'n'"):
        measured.growth("micro", "a", None, "n", {"n": 1})


@pytest.mark.parametrize(
    ("bench", "contender", "metric", "message"),
    [
        ("micro", "nobody", None, "nobody in micro was not measured in this run"),
        ("micro", "a", "p99", "a in micro has no figure 'p99'"),
    ],
)
def test_what_was_not_measured_is_named(measured, bench, contender, metric, message):
    with pytest.raises(NotMeasured, match=message):
        measured.paired(bench, contender, "b", metric, {})


@pytest.mark.parametrize(
    ("state", "error", "said"),
    [("skipped", NotMeasured, "n=10: for"), ("error", ContenderFailed, "n=10 failed: for")],
)
def test_a_row_that_is_absent_says_why(measured, state, error, said):
    setattr(measured.row("micro", "a", {"n": 10}), state, "for a reason")

    with pytest.raises(error, match=f"a in micro at {said} a reason"):
        measured.figure("micro", "a", None, {"n": 10})


def test_growth_over_a_size_that_failed_is_that_failure(measured):
    measured.row("micro", "a", {"n": 10}).error = "it hung"

    with pytest.raises(ContenderFailed, match="a in micro failed: it hung"):
        measured.growth("micro", "a", None, "n", {})


def test_contenders_without_a_common_round_have_no_ratio(measured):
    measured.row("micro", "a", {"n": 10}).series["cpu"] = [[GAP]]

    with pytest.raises(NotMeasured, match="share no round in micro"):
        measured.paired("micro", "a", "b", None, {})


@pytest.fixture
def assembled(suite, measured):
    measured.row("other", "a", {}).skipped = "not here"
    measured.row("other", "b", {})
    measured.row("micro", "b", {"n": 10}).error = "crashed"
    suite.published("micro", {("a", "time"): 3}, source="a table")
    suite.published("run", {("a", "time"): 3}, source="a table")
    found = assemble(suite, Options(seed=9), measured, [], {"index": 1.0, "spin_ms": 2.0})
    return {**found, "created": "now", "duration_s": 1.0}


def entries(results, **wanted):
    return [
        entry
        for entry in results["results"]
        if all(entry.get(key) == value for key, value in wanted.items())
    ]


def test_an_assembled_run_meets_the_schema(assembled):
    assert validate(json.loads(json.dumps(assembled))) == assembled


def test_the_main_figure_of_a_row_comes_first(assembled):
    found = entries(assembled, bench="run", contender="a", size={"n": 1})

    assert [entry["metric"] for entry in found] == ["time", "cpu_s", "peak_mb", "p99"]


def test_samples_are_stored_in_the_unit_of_the_comparison(assembled):
    (found,) = entries(assembled, bench="run", contender="b", size={"n": 1}, metric="time")

    assert (found["samples"], found["median"]) == ([2000.0, 4000.0, 6000.0], 4000.0)


def test_at_most_three_hundred_samples_are_stored(suite, measured):
    for sample in range(1000):
        measured.row("run", "a", {"n": 1}).add("wall", 0, 1.0 + sample)

    found = assemble(suite, Options(), measured, [], {})

    (stored,) = entries(found, bench="run", contender="a", size={"n": 1}, metric="time")
    assert len(stored["samples"]) <= 300
    assert stored["n"] == 1003


@pytest.mark.parametrize(
    ("contender", "key", "reason"),
    [("a", "skipped", "not here"), ("b", "error", "nothing was measured")],
)
def test_an_absent_row_is_stored_with_its_reason(assembled, contender, key, reason):
    (found,) = entries(assembled, bench="other", contender=contender)

    assert found[key] == reason


def test_pairs_are_taken_against_the_baseline_where_both_were_measured(assembled):
    pairs = [(p["bench"], p["a"], p["b"], p["size"]["n"]) for p in assembled["pairs"]]

    assert ("micro", "b", "a", 1) in pairs
    assert ("micro", "b", "a", 10) not in pairs


def test_neighbours_by_their_main_figure_have_a_ratio_of_their_own(suite, measured):
    suite.comparisons["run"].add("c", print)
    for number in range(3):
        measured.row("run", "c", {"n": 1}).add("wall", 0, 1.5 * (1 + number))

    found = assemble(suite, Options(), measured, [], {})["neighbours"]

    pairs = [
        (p["a"], p["b"], p["ratio"]) for p in found if (p["bench"], p["size"]) == ("run", {"n": 1})
    ]
    assert pairs == [("a", "c", pytest.approx(2 / 3, rel=1e-3)), ("c", "b", 0.75)]


def test_a_pair_of_one_process_has_no_ends(suite):
    one = Measured(suite)
    for name in "ab":
        one.row("micro", name, {"n": 1}).add("cpu", 0, 1.0)

    (pair,) = assemble(suite, Options(), one, [], {})["pairs"]

    assert (pair["ratio"], pair["lo"], pair["hi"]) == (1.0, None, None)


def test_versions_of_what_contenders_need_are_kept(assembled):
    assert assembled["machine"]["packages"] == {"pytest": pytest.__version__}


def test_results_are_saved_and_loaded_unchanged(document, tmp_path):
    file = tmp_path / "results" / "local.json"

    save(document, file)

    assert load(file) == document
    assert [path.name for path in file.parent.iterdir()] == ["local.json"]


def refusal(file):
    with pytest.raises(VelvetError) as info:
        load(file)
    return str(info.value)


def test_a_missing_file_is_refused_with_the_way_out(tmp_path):
    said = refusal(tmp_path / "none.json")

    assert said.endswith("none.json: no such results file; make it with `velvet bench`")


def test_another_version_is_refused_with_the_way_out(document, tmp_path):
    file = tmp_path / "old.json"
    file.write_text(json.dumps({**document, "schema": "velvet-bench/0"}), encoding="utf-8")

    said = refusal(file)

    assert "made by another version ('velvet-bench/0'" in said
    assert said.endswith("measure again with `velvet bench`")


@pytest.mark.parametrize("part", [0.1, 0.5, 0.99])
def test_a_truncated_file_is_refused_in_one_sentence(document, tmp_path, part):
    file = tmp_path / "half.json"
    text = json.dumps(document)
    file.write_text(text[: int(len(text) * part)], encoding="utf-8")

    said = refusal(file)

    assert "cannot be read" in said
    assert "\n" not in said


def test_a_file_that_is_no_text_is_refused(tmp_path):
    file = tmp_path / "binary.json"
    file.write_bytes(b"\xff\xfe\x00")

    assert "cannot be read" in refusal(file)


@pytest.mark.parametrize("data", [[], {}, 3, {"results": []}])
def test_json_of_another_kind_is_refused(data):
    with pytest.raises(VelvetError, match="no velvet results file"):
        validate(data)


def test_a_missing_field_is_named(document):
    del document["pairs"]

    with pytest.raises(VelvetError, match="damaged at the document: 'pairs' is a required"):
        validate(document)


def test_a_field_of_a_wrong_type_is_named_with_its_place(document):
    document["results"][1]["median"] = "fast"

    with pytest.raises(VelvetError, match=r"damaged at results\.1\.median: 'fast' is not of type"):
        validate(document)


def test_damaged_results_are_not_written(document, tmp_path):
    file = tmp_path / "local.json"
    document["noise"] = None

    with pytest.raises(VelvetError, match="these results: damaged at noise"):
        save(document, file)

    assert not file.exists()


def test_a_gap_is_no_sample(measured):
    row = measured.row("micro", "a", {"n": 1})
    row.series["wall"] = [[1.0, GAP], [], [math.inf, 2.0]]

    assert row.flat("wall") == [1.0, 2.0]
