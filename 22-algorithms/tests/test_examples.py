"""Every example, run the way a reader runs it: `python examples/LEVEL.py NAME` in a child process.

What is asserted is what a reader is promised to see. Figures that depend on the machine are only
compared with each other, and only where the difference is too large for a busy machine to hide.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

MODULE = Path(__file__).parents[1]
NAMES = {
    "basic": ["dedupe_stream", "builtin_or_own", "top_k"],
    "intermediate": ["autocomplete", "cache_bakeoff", "spell_checker", "job_scheduler"],
    "advanced": [
        "route_planner",
        "big_integers_as_simd",
        "under_attack",
        "sort_bigger_than_memory",
    ],
}
# Ten and six times what a reader is promised: this only ends a child that hangs.
PATIENCE = {"basic": 50.0, "intermediate": 50.0, "advanced": 90.0}


def run(level: str, *words: str, code: int = 0, **environment: str) -> tuple[str, str]:
    """Run one file of examples; give what it printed, and what it complained about."""
    done = subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", f"examples/{level}.py", *words],
        cwd=MODULE,
        env={**os.environ, "COLUMNS": "80", "PYTHONIOENCODING": "utf-8", **environment},
        capture_output=True,
        timeout=PATIENCE[level],
        check=False,
    )
    printed, complaint = done.stdout.decode("utf-8"), done.stderr.decode("utf-8", "replace")
    assert done.returncode == code, complaint
    return printed.replace("\r\n", "\n"), complaint


def shown(level: str, name: str, **options: str) -> str:
    """Run one example; it has to end well, fit a terminal of 80 columns and warn of nothing."""
    printed, complaint = run(level, name, **options)
    too_wide = [line for line in printed.splitlines() if len(line) > 80]
    assert too_wide == []
    assert complaint == ""
    return printed


def row(printed: str, label: str) -> list[float]:
    """Give the numbers in the line that begins with `label`."""
    line = next(line for line in printed.splitlines() if line.startswith(label))
    return [
        float(found.replace(",", "")) for found in re.findall(r"-?\d[\d,.]*", line[len(label) :])
    ]


@pytest.mark.parametrize("level", NAMES)
def test_each_level_lists_its_examples_with_a_sentence_each(level: str) -> None:
    printed, _ = run(level, "--list")

    lines = printed.splitlines()
    assert {line.split()[0] for line in lines} == set(NAMES[level])
    assert all(len(line.split()) > 5 and line.endswith(".") for line in lines)


@pytest.mark.parametrize("level", NAMES)
def test_an_example_is_short_enough_to_be_read(level: str) -> None:
    printed, _ = run(level, "--source")

    sources = re.split(r"^(?=@example)", printed, flags=re.MULTILINE)[1:]
    lengths = {source.split('"')[1]: len(source.strip().splitlines()) for source in sources}
    assert set(lengths) == set(NAMES[level])
    assert all(15 <= length <= 50 for length in lengths.values()), lengths


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    _, complaint = run("basic", "dedupe_steam", code=2)

    assert "dedupe_stream" in complaint
    assert "Traceback" not in complaint


# One test an example, in the order of NAMES.


def test_the_plain_list_wins_while_small_and_loses_when_large() -> None:
    printed = shown("basic", "builtin_or_own")

    costs = {name: row(printed, f"{name} ") for name in ("list+insort", "SortedBag", "SkipList")}
    assert costs["SkipList"][1] > costs["list+insort"][1]
    assert costs["SkipList"][1] > costs["SortedBag"][1]
    assert costs["list+insort"][4] > costs["SortedBag"][4]
    winners = re.findall(r"^ +([\d,]+)  (\S+)$", printed, re.M)
    assert [n for n, _ in winners] == ["250", "1,000", "4,000", "16,000", "40,000"]
    assert winners[0][1] != "SkipList"
    assert winners[-1][1] != "list+insort"
    assert "the plain list and SortedBag meet at" in printed


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


def test_all_spell_checkers_agree_and_the_index_is_fastest_by_far() -> None:
    printed = shown("intermediate", "spell_checker")

    cost = {name: row(printed, name)[0] for name in ("edits of edits", "scan of", "delete index")}
    assert cost["edits of edits"] > 20 * cost["delete index"]
    assert cost["scan of"] > 3 * cost["delete index"]
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
