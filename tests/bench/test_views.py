"""Tables and matrices say what the document holds, and nothing else."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velvet.bench.figures import against, bound, gain, measured, number, quantity
from velvet.bench.views import (
    absent,
    claim_counts,
    claim_line,
    claim_lines,
    comparison,
    entries,
    head,
    lines,
    markdown,
    matrix,
    ranks,
    share,
)

SCALES = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (math.inf, "inf"),
        (1.0, "1.00"),
        (-2.345, "-2.35"),
        (66.27, "66.3"),
        (999.6, "1,000"),
        (12_345.0, "12,300"),
        (1_234_567.0, "1,230,000"),
        (0.012_34, "0.0123"),
        (1.5e-12, "1.50e-12"),
    ],
)
def test_a_number_has_three_significant_digits(value, text):
    assert number(value) == text


@given(st.floats(1e-15, 1e15), st.sampled_from([1, -1]))
def test_a_written_number_is_read_back_within_its_digits(size, sign):
    read = float(number(sign * size).replace(",", ""))

    assert read == pytest.approx(sign * size, rel=0.0051)


@given(st.floats(1e-9, 1e6), st.sampled_from(sorted(SCALES)))
def test_a_written_duration_is_read_back_within_its_digits(seconds, unit):
    figure, written = quantity(seconds / SCALES[unit], unit).split(" ")

    assert float(figure.replace(",", "")) * SCALES[written] == pytest.approx(seconds, rel=0.0051)


@given(st.floats(1e-9, 1e6))
def test_a_duration_is_written_in_its_largest_whole_unit(seconds):
    figure, unit = quantity(seconds, "s").split(" ")

    read = float(figure.replace(",", ""))
    assert read >= 0.999
    assert unit == "s" or read <= 1000


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0, "ms", "0 s"),
        (1e-4, "ns", "0.000100 ns"),
        (0.0021, "s", "2.10 ms"),
        (1500, "us", "1.50 ms"),
        (9_999, "ops/s", "10,000 ops/s"),
        (12_345, "ops/s", "12.3 kops/s"),
        (2_500_000, "rows/s", "2.50 Mrows/s"),
        (12, "MB", "12.0 MB"),
        (12, "", "12.0"),
        (46, "faults", "46 faults"),
        (13_257, "B", "13,257 B"),
        (1, "cases", "1 case"),
        (1, "bugs", "1 bug"),
        (1, "processes", "1 process"),
        (1, "CPU s", "1 CPU s"),
        (1.5, "cases", "1.50 cases"),
    ],
)
def test_a_quantity_has_a_readable_multiple_of_its_unit(value, unit, text):
    assert quantity(value, unit) == text


@pytest.mark.parametrize(
    ("pair", "better", "unit", "text"),
    [
        ({"ratio": 0.5, "lo": 0.4, "hi": 0.8, "n": 5}, "lower", "s", "2.00x faster [1.25, 2.50]"),
        ({"ratio": 4.0, "lo": 3.0, "hi": 5.0, "n": 5}, "lower", "us", "4.00x slower [3.00, 5.00]"),
        (
            {"ratio": 2.0, "lo": 1.6, "hi": 2.5, "n": 5},
            "higher",
            "op/s",
            "2.00x faster [1.60, 2.50]",
        ),
        (
            {"ratio": 0.1, "lo": 0.05, "hi": 0.2, "n": 5},
            "higher",
            "op/s",
            "10.0x slower [5.00, 20.0]",
        ),
        ({"ratio": 0.5, "lo": 0.4, "hi": 0.8, "n": 5}, "lower", "MB", "2.00x less [1.25, 2.50]"),
        ({"ratio": 2.0}, "higher", "hits", "2.00x more"),
        ({"ratio": 1.02, "lo": 0.98, "hi": 1.06, "n": 5}, "lower", "s", "a tie (within 1.06x)"),
        ({"ratio": 0.99, "lo": 0.8, "hi": 1.0, "n": 5}, "lower", "s", "a tie (within 1.25x)"),
        ({"ratio": 0.5, "lo": 0.0, "hi": 0.8, "n": 5}, "lower", "s", "2.00x faster"),
        ({"ratio": 1.0, "lo": 1.0, "hi": 1.0, "n": 5}, "lower", "B", "the same"),
        ({"ratio": 1.001}, "lower", "s", "the same"),
        ({"ratio": 0.0, "lo": 0.0, "hi": 0.0, "n": 5}, "lower", "B", "none"),
    ],
)
def test_a_gain_says_how_a_contender_stands_to_its_baseline(pair, better, unit, text):
    assert gain(pair, better, unit) == text


@given(st.floats(1e-6, 1e6), st.floats(1, 3), st.sampled_from(["lower", "higher"]))
def test_no_factor_below_one_is_ever_written(ratio, width, better):
    ends = {"lo": ratio / width, "hi": ratio * width, "n": 5}
    part = {"text": "ratio(a/b, x)", "bound": f"<= {ratio:g}", "value": ratio, **ends}

    written = [against(ratio, better, "s"), gain({"ratio": ratio, **ends}, better)]
    written += [measured(part), bound(part)]

    found = [
        float(n) for text in written for n in re.findall(r"\d[\d.e+-]*", text.replace(",", ""))
    ]
    assert found
    assert min(found) >= 0.999


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ({"text": "ratio(a/b)", "value": 66.27, "lo": 58.1, "hi": 75.0}, "66.3 [58.1, 75.0]"),
        ({"text": "ratio(a/b)", "value": 0.5, "lo": 0.4, "hi": 0.8}, "2.00x less [1.25, 2.50]"),
        (
            {"text": "ratio(a/b)", "value": 0.9, "lo": 0.8, "hi": 1.5},
            "1.11x less [1.25x less, 1.50x]",
        ),
        ({"text": "value(a, share)", "value": 0.5, "lo": None, "hi": None}, "0.500"),
        ({"text": "growth(a over n)", "value": 0.983, "lo": 0.9, "hi": 1.1}, "0.983 [0.900, 1.10]"),
    ],
)
def test_what_a_claim_found_is_written_with_its_interval(part, text):
    assert measured(part) == text


def test_the_bound_of_a_factor_below_one_is_turned_around():
    assert bound({"text": "ratio(a/b)", "bound": "<= 0.5"}) == "at least 2.00x less"
    assert bound({"text": "ratio(a/b)", "bound": ">= 0.5"}) == "at most 2.00x less"
    assert bound({"text": "value(a, share)", "bound": "<= 0.5"}) == "<= 0.5"


def test_a_published_figure_stands_only_beside_the_size_it_is_about(document):
    document["published"][0]["size"] = {"n": 10}

    told = {(line.contender, line.size): line.published for line in lines(document, "lookup")}

    assert told["hash", "n=10"] == "250 ns"
    assert told["hash", "n=100"] == ""


def test_an_unknown_comparison_is_named(document):
    with pytest.raises(KeyError, match="hold no comparison 'sorting'"):
        comparison(document, "sorting")


def test_entries_come_by_size_then_in_the_order_of_declaration(document):
    found = [(e["size"]["n"], e["contender"]) for e in entries(document, "lookup")]

    assert found == [(10, "scan"), (10, "hash"), (100, "scan"), (100, "hash")]


def test_sizes_in_words_come_after_numbers(document, entry):
    document["results"] = [entry("scan", "many", 1.0), entry("scan", 5, 1.0)]

    assert [e["size"]["n"] for e in entries(document, "lookup")] == [5, "many"]


def test_entries_can_be_narrowed_to_a_size(document):
    assert {e["size"]["n"] for e in entries(document, "lookup", n="100")} == {100}


def test_a_line_has_figure_ratio_and_published_figure(document):
    line = lines(document, "lookup", size={"n": 100})[1]

    assert (line.contender, line.size, line.figure) == ("hash", "n=100", "500 ns")
    assert line.versus == "16.0x faster [14.5, 17.8]"
    assert (line.published, line.quotient, line.notes) == ("250 ns", "2.00x slower", "a dict")


def test_the_baseline_has_no_ratio_to_itself(document):
    assert lines(document, "lookup")[0].versus == ""


def test_an_extrapolated_figure_carries_a_dagger_and_says_from_what(document):
    document["results"][3].update(extrapolated=True, measured_n=100)

    line = lines(document, "lookup")[1]

    assert (line.figure, line.notes) == ("500 ns †", "† extrapolated from 100 measured; a dict")


@pytest.mark.parametrize(
    ("state", "note"), [("skipped", "not measured: no disk"), ("error", "failed: no disk")]
)
def test_an_absent_row_says_why(document, state, note):
    base = {"bench": "lookup", "contender": "scan", "size": {"n": 10}, "kind": "micro"}
    document["results"] = [{**base, "metric": "time", state: "no disk"}]

    (line,) = lines(document, "lookup")

    assert (line.figure, line.versus, line.notes) == ("-", "-", note)


def test_further_metrics_are_columns(document):
    table = lines(document, "lookup", more=["peak_mb"], size={"n": 10})

    assert [line.more for line in table] == [(("peak_mb", "12.0 MB"),), (("peak_mb", "-"),)]


def test_markdown_has_a_head_a_rule_and_a_row_each(document):
    written = markdown(lines(document, "lookup", size={"n": 100})).splitlines()

    head = "| contender | measured at n=100 | against | published | ours against it | notes |"
    assert written[0] == head
    assert written[1] == "| --- | ---: | ---: | ---: | ---: | --- |"
    assert written[2].startswith("| scan | 8.00 us |")


def test_a_table_of_several_sizes_has_a_column_for_them(document):
    written = markdown(lines(document, "lookup")).splitlines()

    assert written[0].startswith("| contender | size | measured |")
    assert written[2].startswith("| scan | n=10 | 1.00 us |")


def test_columns_that_are_empty_throughout_are_left_out(document):
    document["published"], document["pairs"] = [], []

    written = markdown(lines(document, "lookup", more=["peak_mb"], size={"n": 10}))

    assert written.splitlines()[0] == "| contender | measured at n=10 | peak_mb | notes |"


def test_a_bar_in_a_cell_does_not_break_the_table(document):
    document["comparisons"][0]["contenders"][1]["note"] = "this | that"

    assert "this \\| that" in markdown(lines(document, "lookup"))


def test_a_table_of_nothing_is_its_head():
    assert markdown([]).splitlines()[0] == "| contender | measured |"


@pytest.mark.parametrize(
    ("kind", "metric", "shown"),
    [("value", None, "lost"), ("run", None, "measured"), ("run", "peak_mb", "peak_mb")],
)
def test_the_head_of_a_table_names_what_was_counted(kind, metric, shown):
    assert head({"kind": kind, "metric": "lost"}, metric) == shown


def test_a_claim_is_written_with_verdict_figure_and_bound(document):
    written = claim_lines(document["claims"][0])

    assert written == ["HOLDS speedup(hash over scan, lookup) = 16.0 [14.5, 17.5] >= 8"]


def test_a_claim_that_was_not_measured_says_why():
    part = {"verdict": "INCONCLUSIVE", "text": "ratio(a/b)", "bound": ">= 2", "reason": "no disk"}

    assert claim_lines({"parts": [part]}) == [
        "INCONCLUSIVE ratio(a/b) = not measured >= 2 (no disk)"
    ]


def test_a_matrix_gives_each_cell_over_the_best_of_its_column(document):
    found = matrix(document, "lookup")

    assert (found.rows, found.columns) == (["scan", "hash"], ["n=10", "n=100"])
    assert found.cells == [[1.0, 4.0], [0.0, 0.0]]
    assert found.texts[0][1] == "8.00 us (16.0x the best)"


def test_where_more_is_better_the_best_is_the_highest(document):
    document["comparisons"][0]["better"]["time"] = "higher"

    assert matrix(document, "lookup").cells == [[0.0, 0.0], [1.0, 4.0]]


def test_a_cell_without_a_figure_is_empty(document):
    del document["results"][1]
    document["results"][0]["median"] = 0.0

    found = matrix(document, "lookup")

    assert [row[1] for row in found.cells] == [None, None]
    assert found.texts[0][1] == "not measured"


def third(document, entry, low, high):
    """Add a third contender at n=10 whose ratio to the baseline has these ends."""
    document["comparisons"][0]["contenders"].append({"name": "tree", "note": ""})
    document["results"].append(entry("tree", 10, 0.52))
    pair = {**document["pairs"][0], "a": "tree", "ratio": 0.52, "lo": low, "hi": high}
    document["pairs"].append(pair)


def test_contenders_whose_intervals_overlap_share_a_rank(document, entry):
    third(document, entry, 0.48, 0.56)

    assert ranks(document, "lookup", n=10) == [["hash", "tree"], ["scan"]]


def test_contenders_whose_intervals_are_apart_are_ranked(document, entry):
    third(document, entry, 0.56, 0.6)

    assert ranks(document, "lookup", n=10) == [["hash"], ["tree"], ["scan"]]


def test_where_more_is_better_the_highest_ranks_first(document, entry):
    document["comparisons"][0]["better"]["time"] = "higher"
    third(document, entry, 0.56, 0.6)

    assert ranks(document, "lookup", n=10) == [["scan"], ["tree"], ["hash"]]


def test_without_ratios_the_spread_of_the_samples_decides(document):
    document["pairs"] = []
    document["results"][2].update(p10=0.4, p90=1.2)

    assert ranks(document, "lookup", n=10) == [["hash", "scan"]]


def test_a_tie_for_the_best_of_a_column_is_best_in_a_matrix(document, entry):
    third(document, entry, 0.48, 0.56)

    found = matrix(document, "lookup")

    assert [row[0] for row in found.cells] == [1.0, 0.0, 0.0]
    assert [row[0].split("(")[1] for row in found.texts] == [
        "2.00x the best)",
        "ties for best)",
        "ties for best)",
    ]


def test_a_word_stands_where_a_figure_would(document):
    del document["results"][3]["median"]
    document["results"][3].update(unit="label", label="refused")

    (line,) = [one for one in lines(document, "lookup", size={"n": 10}) if one.contender == "hash"]

    assert (line.figure, line.versus, line.quotient) == ("refused", "", "")


def test_tuned_settings_say_whose_defaults_they_change(document):
    document["comparisons"][0]["contenders"][1].update(tuned_of="scan", note="a larger page")

    assert lines(document, "lookup")[1].notes == "tuned settings of scan: a larger page"


def test_what_is_absent_is_named_once_for_each_reason(document):
    base = {"bench": "lookup", "kind": "micro", "metric": "time"}
    document["results"] = [
        {**base, "contender": name, "size": {"n": n}, "skipped": "no disk"}
        for name in ("scan", "hash")
        for n in (1, 2)
    ]

    assert absent(document) == {"no disk": ["scan", "hash"]}


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({}, "HOLDS hash wins"),
        ({"verdict": "INCONCLUSIVE", "reason": "no disk"}, "OPEN  hash wins (no disk)"),
        (
            {"verdict": "FAILS", "second_look": True},
            "FAILS hash wins [second look: measured again with 3x the samples]",
        ),
    ],
)
def test_a_claim_is_one_line_with_its_mark(document, change, text):
    assert claim_line({**document["claims"][0], **change}) == text


def test_claims_are_counted_in_words(document):
    claim = document["claims"][0]
    verdicts = ["HOLDS", "FAILS", "HOLDS", "INCONCLUSIVE"]

    found = claim_counts({"claims": [{**claim, "verdict": verdict} for verdict in verdicts]})

    assert found == "2 hold, 1 fails, 1 is open"


def test_the_ratio_of_neighbours_decides_where_it_was_kept(document, entry):
    third(document, entry, 0.48, 0.56)
    pair = {**document["pairs"][-1], "a": "hash", "b": "tree", "lo": 0.9, "hi": 0.97}
    document["neighbours"] = [pair]

    assert ranks(document, "lookup", n=10) == [["hash"], ["tree"], ["scan"]]
    found = share(document, "lookup", "time", {"n": 10}, "tree", "hash")
    assert found == (1 / pair["ratio"] if pair["a"] == "hash" else pair["ratio"], False)

    pair.update(lo=0.9, hi=1.01)

    assert ranks(document, "lookup", n=10) == [["hash", "tree"], ["scan"]]
    assert share(document, "lookup", "time", {"n": 10}, "tree", "hash")[1]
    assert share(document, "lookup", "time", {"n": 7}, "tree", "hash") == (None, False)


@pytest.mark.parametrize(("ratio", "best"), [(1.0, ["hash", "tree"]), (0.98, ["hash"])])
def test_equal_counts_tie_and_other_counts_do_not(document, entry, ratio, best):
    third(document, entry, 0.52, 0.52)
    pair = {**document["pairs"][-1], "a": "hash", "b": "tree"}
    document["neighbours"] = [pair | {"ratio": ratio, "lo": None, "hi": None}]

    assert ranks(document, "lookup", n=10)[0] == best
