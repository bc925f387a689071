"""Tables and matrices say what the document holds, and nothing else."""

from __future__ import annotations

import pytest

from velvet.bench.views import (
    absent,
    claim_counts,
    claim_line,
    claim_lines,
    comparison,
    entries,
    lines,
    markdown,
    matrix,
    ranks,
    share,
)


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


@pytest.mark.parametrize(
    ("kind", "unit", "figure"),
    [
        ("value", "", "0.900 [0.850, 1.05]"),
        ("value", "%", "0.900 % [0.850, 1.05]"),
        ("value", "s", "900 ms [850 ms, 1.05 s]"),
        ("micro", "", "0.900"),
    ],
)
def test_a_score_is_followed_by_its_interval(document, kind, unit, figure):
    scored = {"median": 0.9, "lo": 0.85, "hi": 1.05, "unit": unit, "kind": kind}
    document["results"] = [{**document["results"][0], **scored}]

    assert [line.figure for line in lines(document, "lookup")] == [figure]


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


def table(document, metric=None, **options):
    found = lines(document, "lookup", metric=metric, **options)
    return markdown(found, comparison(document, "lookup"), metric)


def test_markdown_has_a_head_a_rule_and_a_row_each(document):
    written = table(document, size={"n": 100}).splitlines()

    head = "| contender | measured at n=100 | against scan | published | ours against it | notes |"
    assert written[0] == head
    assert written[1] == "| --- | ---: | ---: | ---: | ---: | --- |"
    assert written[2].startswith("| scan | 8.00 us |")


def test_a_table_of_several_sizes_has_a_column_for_them(document):
    written = table(document).splitlines()

    assert written[0].startswith("| contender | size | measured |")
    assert written[2].startswith("| scan | n=10 | 1.00 us |")


def test_columns_that_are_empty_throughout_are_left_out(document):
    document["published"], document["pairs"] = [], []

    written = table(document, more=["peak_mb"], size={"n": 10})

    assert written.splitlines()[0] == "| contender | measured at n=10 | peak_mb | notes |"


def test_a_bar_in_a_cell_does_not_break_the_table(document):
    document["comparisons"][0]["contenders"][1]["note"] = "this | that"

    assert "this \\| that" in table(document)


@pytest.mark.parametrize(
    ("kind", "metric", "heads"),
    [
        ("value", None, "| contender | size | time |"),
        ("run", None, "| contender | size | measured |"),
        ("run", "peak_mb", "| contender | peak_mb at n=10 |"),
    ],
)
def test_the_head_of_a_table_names_what_was_counted(document, kind, metric, heads):
    document["comparisons"][0]["kind"] = kind

    assert table(document, metric=metric).startswith(heads)


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
