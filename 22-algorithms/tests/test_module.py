"""What every module's tests repeat, and the figures that the examples of this one print.

Figures that depend on the machine are only compared with each other, and only where the
difference is too large for a busy machine to hide.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import pytest

from velvet.needs import all_unmet
from velvet.testing import ModuleTests, printed
from velvet_algorithms.contenders import ways

MODULE = Path(__file__).parents[1]
WORKS = (
    *(
        "queue_updates",
        "completions",
        "union_find",
        "range_sums",
        "range_products",
        "range_updates",
    ),
    *("sorted_items", "intervals"),
    *("interval_builds", "membership", "sssp", "routes", "flow", "components", "tasks"),
    *("edit_distance", "multi_pattern", "suffix_array", "subset_sums", "knapsack", "spelling"),
    *("hull", "closest_pair"),
)


class TestModule(ModuleTests):
    """The tests of 22-algorithms."""

    expected: ClassVar[Mapping[str, str | Sequence[str]]] = {
        "builtin_or_own": r"^the plain list and SortedList meet at",
        "dedupe_stream": r"^missed repeats: 0 of 50,000$",
        "top_k": r"^recall@20 1\.00$",
        "autocomplete": r"^all gave the same answers: True$",
        "cache_bakeoff": r"^drift +(LRU|plain dict) has \d+% of them, LFU",
        "spell_checker": r"^all gave the same answers: True$",
        "job_scheduler": r"^critical: .* = 29 minutes$",
        "book_the_room": (
            r"^one room keeps 16 votes; all talks need 2 rooms$",
            r"^the latest is \d h late, and no order does better$",
            r"^two people, longest first: 6 h; no plan beats 5.5 h$",
        ),
        "connect_and_assign": (
            r"15 km$",
            r"fall apart: \[\(2, 3\)\]$",
            r"the shifts \[1, 0, 2, 3\]$",
            r"^a wider pipe from 3 to 5 adds 2$",
            r"^village 0 lies 15 m above village 3",
            r"^a toll that pays: \[0, 1, 2, 0\]$",
        ),
        "route_planner": r"^hierarchy ",
        "big_integers_as_simd": r"^subset sums ",
        "under_attack": r"^ +attacked .* 2\.00 ",
        "sort_bigger_than_memory": r"^1,000 at a time ",
    }


@pytest.mark.parametrize("work", WORKS)
@pytest.mark.parametrize("n", [4, 90])
def test_all_ways_of_doing_a_work_give_the_same_answer(work: str, n: int) -> None:
    here = [one for one in ways(work) if not all_unmet(one.needs)]

    answers = {one.name: one.prepare(n, seed=3)() for one in here}

    first = next(iter(answers.values()))
    assert len(answers) > 1 or len(ways(work)) > 1
    assert all(answer == first for answer in answers.values()), answers


def test_a_work_that_no_file_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="no contender does the work 'sortd'"):
        ways("sortd")


def shown(level: str, name: str) -> str:
    """Return what an example printed, run once with all others of its level."""
    return printed(MODULE, level)[name]


def row(printed: str, label: str) -> list[float]:
    """Give the numbers in the line that begins with `label`."""
    line = next(line for line in printed.splitlines() if line.startswith(label))
    return [
        float(found.replace(",", "")) for found in re.findall(r"-?\d[\d,.]*", line[len(label) :])
    ]


def test_each_size_has_a_winner_among_the_lists_that_were_grown_to_it() -> None:
    printed = shown("basic", "builtin_or_own")

    # Which one wins is the clock's to say; what was left out at a size cannot win it.
    # The last two figures of a row are the exponent and its interval.
    costs = {one.name: row(printed, f"{one.name} ")[:-2] for one in ways("sorted_values")}
    winners = re.findall(r"^ +([\d,]+)  (\S+)$", printed, re.M)
    assert [n for n, _ in winners] == ["250", "1,000", "4,000", "16,000", "40,000"]
    for place, (_, name) in enumerate(winners):
        figures = [figures[place] for figures in costs.values() if place < len(figures)]
        assert costs[name][place] == min(figures)
    assert costs["SkipList"][1] > max(costs["list+insort"][1], costs["SortedList"][1])
    assert "the plain list and SortedList meet at" in printed


def test_all_completers_agree_and_the_sorted_list_is_the_smallest_of_ours() -> None:
    printed = shown("intermediate", "autocomplete")

    held = {name: row(printed, name)[0] for name in ("PrefixIndex", "RadixTree", "DictTrie")}
    assert held["PrefixIndex"] < held["RadixTree"] < held["DictTrie"]
    assert row(printed, "DictTrie")[1] > row(printed, "PrefixIndex")[1]
    assert "all gave the same answers: True" in printed
    assert len(re.findall(r"^ *\w+\.\.\. \w+, \w+", printed, re.M)) == 3


def test_each_policy_has_a_trace_on_which_it_loses_and_belady_never_does() -> None:
    printed = shown("intermediate", "cache_bakeoff")

    policies = ("LRU", "LFU", "TTL", "SIEVE", "S3-FIFO", "plain dict")
    ratios = {name: row(printed, f"{name} ") for name in policies}
    best = row(printed, "Belady")
    assert all(
        ratio <= top for row_ in ratios.values() for ratio, top in zip(row_, best, strict=True)
    )
    assert ratios["LRU"] == ratios["plain dict"]
    assert ratios["SIEVE"][0] > ratios["LRU"][0] + 0.03
    assert ratios["LRU"][3] > ratios["SIEVE"][3] > ratios["LFU"][3]
    assert ratios["LRU"][2] == 0 < ratios["S3-FIFO"][2]
    assert len(re.findall(r" has \d+% of them, \S+", printed)) == 4


def test_all_planners_find_the_same_routes_and_settle_ever_fewer_crossings() -> None:
    printed = shown("advanced", "route_planner")

    names = ["sorted list", "Dijkstra, heapq", "from both ends", "A*, bee-line", "A*, landmarks"]
    lines = {name: row(printed, name) for name in [*names, "hierarchy "]}
    settled = {name: figures[0] for name, figures in lines.items()}
    assert settled["sorted list"] == settled["Dijkstra, heapq"] > settled["from both ends"]
    assert settled["Dijkstra, heapq"] > 20 * settled["hierarchy "]
    assert lines["hierarchy "][1] < lines["Dijkstra, heapq"][1]
    assert len({figures[2] for figures in lines.values()}) == 1
    assert len(set(re.findall(r" ([0-9a-f]{8})$", printed, re.M))) == 1
    arcs, streets = re.findall(r"trip is (\d+) arcs .* into (\d+) streets", printed)[0]
    assert int(arcs) < int(streets)


def test_one_integer_is_faster_than_a_table_and_gives_the_same_answers() -> None:
    printed = shown("advanced", "big_integers_as_simd")

    for task, at_least in (("edit distance", 20), ("common letters", 20), ("subset sums", 100)):
        answer, table, integer, faster = row(printed, task)
        assert answer > 0
        assert table > integer
        assert faster > at_least


def test_a_list_is_quadratic_a_set_is_large_and_the_deduper_is_neither() -> None:
    printed = shown("basic", "dedupe_stream")

    lines = {name: row(printed, f"{name} ") for name in ("list", "set")}
    # Without the neighbours' noise it is about 2.0 against 1.0.
    exponents = dict(re.findall(r"^(\w+) .*n\^(\d\.\d+)", printed, re.M))
    assert float(exponents["list"]) > float(exponents["set"])
    assert lines["list"][5] > 20 * lines["set"][5]
    exact, bounded = (
        int(found.replace(",", "")) for found in re.findall(r"([\d,]+) bytes", printed)
    )
    assert exact > 30 * bounded
    assert "missed repeats: 0 of 50,000" in printed


def test_a_heap_wins_for_few_and_sorting_for_many_and_the_sketch_finds_all_twenty() -> None:
    printed = shown("basic", "top_k")

    heap, everything = row(printed, "heapq.nlargest"), row(printed, "sorted, sliced")
    assert heap[0] < everything[0]
    # Far enough apart for a busy machine: the heap is some times the faster, then the slower.
    assert heap[-1] / everything[-1] > 3 * heap[0] / everything[0]
    assert "recall@20 1.00" in printed
    for least, true, most in (row(printed, word) for word in ("prastir", "titoutpre")):
        assert least <= true <= most
    over, bound = row(printed, "largest overcount")
    assert over <= bound == 200


def test_all_spell_checkers_agree_and_the_index_looks_at_few_candidates() -> None:
    printed = shown("intermediate", "spell_checker")

    assert "all gave the same answers: True" in printed
    assert "siasm -> sisam (2)" in printed
    assert "16 look-ups gave 49 candidates, 14 near enough" in printed


def test_a_release_is_planned_within_its_bounds_and_a_cycle_is_shown() -> None:
    printed = shown("intermediate", "job_scheduler")

    assert "fetch > deps > build > wheel > browser > sign > publish = 29 minutes" in printed
    for workers, minutes in ((1, 55), (2, 35), (3, 29), (4, 29)):
        planned, least, factor = row(printed, f"{workers:7}")
        assert planned == minutes
        assert least <= planned <= factor * least
    assert len(re.findall(r"^[123]: [a-z.-]{62}$", printed, re.M)) == 3
    assert "fetch -> deps -> build -> unit -> sign -> publish -> fetch" in " ".join(printed.split())


def test_every_attack_is_quadratic_and_no_defence_is() -> None:
    printed = shown("advanced", "under_attack")

    blocks = re.split(
        r"^(?=hash flood|quicksort killer|sorted inserts|a Bloom)", printed, flags=re.M
    )
    for block in blocks[1:4]:
        attacked, defended = row(block, "  attacked"), row(block, "  defended")
        assert 1.9 <= attacked[4] <= 2.1
        assert attacked[3] > 10 * defended[3]
        assert attacked[-1] > 2 * defended[-1]
    assert row(blocks[4], "  no salt")[0] > 3 * row(blocks[4], "  secret salt")[0]


def test_sorting_on_disk_takes_a_fraction_of_the_memory_and_gives_the_same_lines() -> None:
    printed = shown("advanced", "sort_bigger_than_memory")

    whole = row(printed, "sorted()")
    tenth, hundredth = row(printed, "10,000 at a time"), row(printed, "1,000 at a time")
    assert [whole[:3], tenth[:3], hundredth[:3]] == [[0, 0, 0], [10, 0, 1], [100, 1, 2]]
    assert max(tenth[3], hundredth[3]) < whole[3] / 3
    assert len(set(re.findall(r" ([0-9a-f]{12})$", printed, re.M))) == 1
