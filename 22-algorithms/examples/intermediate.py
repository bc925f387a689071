"""Structures at work: completing words, evicting from caches, correcting spelling, planning jobs.

Every example is one function to be read from top to bottom; run one of them with
`python examples/intermediate.py NAME`. Each figure it prints is measured while it runs.
"""

from __future__ import annotations

import textwrap
import timeit
import tracemalloc
from collections.abc import Callable, MutableMapping
from functools import partial
from heapq import nlargest
from itertools import count
from typing import Any

from velvet.examples import example, main
from velvet_algorithms.caches.fifo import S3FIFOCache, SieveCache
from velvet_algorithms.caches.lru import LFUCache, LRUCache, TTLCache
from velvet_algorithms.caches.traces import belady_hits, drift, loop, simulate, zipf, zipf_scan
from velvet_algorithms.components import CycleError, bridges, kruskal, prim, two_sat
from velvet_algorithms.contenders.builtin import DictLRU
from velvet_algorithms.flow import MaxFlow, hopcroft_karp
from velvet_algorithms.graph import Graph
from velvet_algorithms.samples.words import make_words, misspell, zipf_weights
from velvet_algorithms.scheduling import JobScheduler, edf, lpt, min_rooms, weighted_intervals
from velvet_algorithms.spell import SpellChecker, Suggestion, edits2_suggest, scan_suggest
from velvet_algorithms.trees import NegativeCycle, bellman_ford
from velvet_algorithms.tries import DictTrie, PrefixIndex, RadixTree
from velvet_algorithms.unionfind import PotentialUnionFind


def best_time(work: Callable[[], object]) -> float:
    """Return the least seconds of five calls."""
    return min(timeit.repeat(work, number=1, repeat=5))


@example("autocomplete")
def autocomplete() -> None:
    """Completions of three prefixes from a sorted list, two tries and marisa, with time and memory."""
    words = make_words(20_000, seed=3)
    weights = {word: len(words) - rank for rank, word in enumerate(words)}
    prefixes = ("s", "tra", "cor")
    makers: dict[str, Callable[[], Any]] = {
        "PrefixIndex": lambda: PrefixIndex(weights),
        "RadixTree": lambda: RadixTree(weights),
        "DictTrie": lambda: DictTrie(weights),
    }
    print(f"{'20,000 words':14}{'MB':>8}" + "".join(f"{p + '...':>12}" for p in prefixes))
    answers = []
    for name, make in makers.items():
        tracemalloc.start()
        index = make()
        held = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        answers.append([index.top(prefix, 5) for prefix in prefixes])
        times = [best_time(partial(index.top, prefix, 5)) for prefix in prefixes]
        cells = "".join(f"{seconds * 1e6:9.1f} us" for seconds in times)
        print(f"{name:14}{held / 1e6:8.2f}{cells}")
    try:
        from marisa_trie import Trie
    except ImportError:
        print("marisa-trie   is not installed (pip install marisa-trie)")
    else:
        trie = Trie(words)
        ask = {p: lambda p=p: nlargest(5, trie.keys(p), key=weights.__getitem__) for p in prefixes}
        answers.append([ask[prefix]() for prefix in prefixes])
        cells = "".join(f"{best_time(ask[prefix]) * 1e6:9.1f} us" for prefix in prefixes)
        print(f"{'marisa-trie':14}{len(trie.tobytes()) / 1e6:8.2f}{cells}")

    print(f"\nall gave the same answers: {all(answer == answers[0] for answer in answers)}")
    for prefix, found in zip(prefixes, answers[0], strict=True):
        print(f"{prefix:>4}... {', '.join(found)}")
    print("\nwhy: words with a prefix stand side by side in sorted order; two bisections find")
    print("     both ends, and a tree over the weights gives the best without the others")


@example("cache_bakeoff")
def cache_bakeoff() -> None:
    """Six eviction policies on four traces, beside the best that any policy could have done.

    Every trace has 40,000 requests, every cache 400 entries. The figures are exact hit ratios.
    """
    traces = {
        "zipf": zipf(40_000, keys=4_000),
        "scan": zipf_scan(40_000, keys=4_000, every=2_000),
        "loop": loop(40_000, keys=440),
        "drift": drift(40_000, keys=1_000),
    }
    policies: dict[str, Callable[[], MutableMapping[Any, Any]]] = {
        "LRU": lambda: LRUCache(400),
        "LFU": lambda: LFUCache(400),
        "TTL": lambda: TTLCache(400, 10_000, timer=count().__next__),  # a request is a second
        "SIEVE": lambda: SieveCache(400),
        "S3-FIFO": lambda: S3FIFOCache(400),
        "plain dict": lambda: DictLRU(400),
    }
    print(f"{'hit ratio':12}" + "".join(f"{name:>9}" for name in traces))
    ratios: dict[str, list[float]] = {}
    for name, make in policies.items():
        ratios[name] = [simulate(make(), trace).ratio for trace in traces.values()]
        print(f"{name:12}" + "".join(f"{ratio:9.3f}" for ratio in ratios[name]))
    best = [belady_hits(trace, 400) / len(trace) for trace in traces.values()]
    print(f"{'Belady':12}" + "".join(f"{ratio:9.3f}" for ratio in best))

    print("\nwho loses where (the share of Belady's hits):")
    for i, trace_name in enumerate(traces):
        share, loser = min((ratios[name][i] / best[i], name) for name in ratios)
        most, winner = max((ratios[name][i] / best[i], name) for name in ratios)
        print(f"{trace_name:12} {winner} has {most:.0%} of them, {loser} {share:.0%}")
    print("\nwhy: LRU forgets what a scan pushes out, LFU never forgets what was popular;")
    print("     SIEVE and S3-FIFO make a newcomer prove itself, which costs them in a drift")


@example("spell_checker")
def spell_checker() -> None:
    """Three spell checkers agree; one makes edits, one scans, one looks deletions up."""
    words = make_words(12_000)
    weights = dict(zip(words, zipf_weights(len(words)), strict=True))
    began = timeit.default_timer()
    checker = SpellChecker(words, list(weights.values()))
    built = timeit.default_timer() - began
    short = [word for word in words if len(word) == 5]
    typed = [misspell(word, edits=1, seed=4) for word in short[::250]]

    ways: dict[str, Callable[[str], list[Suggestion]]] = {
        "edits of edits": lambda query: edits2_suggest(query, weights),
        "scan of all": lambda query: scan_suggest(query, weights),
        "delete index": checker.suggest,
    }
    answers = {}
    print(f"{len(words):,} words; the index took {built:.1f} s and has {checker.entries:,} entries")
    print(f"\n{'':16}{'ms a query':>11}")
    for name, suggest in ways.items():
        began = timeit.default_timer()
        answers[name] = [suggest(query) for query in typed]
        each = (timeit.default_timer() - began) / len(typed) * 1e3
        print(f"{name:16}{each:11.3f}")
    print(f"all gave the same answers: {len(set(map(repr, answers.values()))) == 1}\n")
    for query, found in zip(typed, answers["delete index"], strict=True):
        shown = ", ".join(f"{one.word} ({one.distance})" for one in found[:3])
        print(f"{query:>14} -> {shown}")
    told = checker.explain(typed[0])
    print(
        f"\n{typed[0]!r}: {told['lookups']} look-ups gave {told['candidates']} candidates,"
        f" {told['suggestions']} near enough"
    )


@example("job_scheduler")
def job_scheduler() -> None:
    """A release of twelve jobs is planned for one to four workers, each plan beside its bound."""
    table: list[tuple[str, int, list[str]]] = [
        ("fetch", 2, []),
        ("deps", 6, ["fetch"]),
        ("lint", 2, ["fetch"]),
        ("types", 4, ["deps"]),
        ("build", 8, ["deps"]),
        ("unit", 9, ["build"]),
        ("docs", 5, ["deps"]),
        ("wheel", 3, ["build"]),
        ("browser", 7, ["wheel"]),
        ("load", 6, ["wheel"]),
        ("sign", 1, ["unit", "browser", "load"]),
        ("publish", 2, ["sign", "docs"]),
    ]
    minutes = {job: duration for job, duration, _ in table}
    needs = {job: before for job, _, before in table}
    jobs = JobScheduler(minutes, needs)

    print("order:   ", " ".join(jobs.order()))
    length, chain = jobs.critical_path()
    print(f"critical: {' > '.join(chain)} = {length:.0f} minutes\n")
    print("workers   minutes   no plan can beat   this rule is at most")
    for workers in (1, 2, 3, 4):
        plan = jobs.plan(workers)
        print(
            f"{workers:7}{plan.makespan:10.0f}{plan.least:19.1f}" f"{plan.factor:18.2f} x the best"
        )
    print()
    plan = jobs.plan(3)
    for line in jobs.gantt(plan, width=62):
        print(line)
    try:
        JobScheduler(minutes, {**needs, "fetch": ["publish"]})
    except CycleError as error:
        print(f"\nwith fetch waiting for publish:\n  {textwrap.fill(str(error), 76)}")


@example("book_the_room")
def book_the_room() -> None:
    """A day of talks: the best set for one room, the fewest rooms for all, the least lateness."""
    talks = {
        "graphs": (9, 11, 5),
        "hashing": (10, 12, 6),
        "sorting": (11, 13, 4),
        "strings": (12, 15, 7),
        "caches": (13, 14, 3),
        "sketches": (14, 16, 4),
    }
    names, rows = list(talks), list(talks.values())
    best = weighted_intervals(rows)
    rooms = min_rooms([row[:2] for row in rows])
    print(f"{'talk':10}{'from':>5}{'to':>4}{'votes':>7}{'one room':>10}{'all rooms':>11}")
    for at, (name, (start, end, votes)) in enumerate(talks.items()):
        chosen = "yes" if at in best.indices else ""
        print(f"{name:10}{start:5}{end:4}{votes:7}{chosen:>10}{rooms[at] + 1:>11}")
    print(f"one room keeps {best.weight} votes; all talks need {max(rooms) + 1} rooms")

    slides = [(3, 4), (1, 9), (2, 3), (2, 7), (1, 5), (2, 8)]  # hours of work, due hour
    late = edf(slides)
    print(f"\nslides by deadline: {', '.join(names[at] for at in late.order)}")
    print(f"the latest is {late.lateness:.0f} h late, and no order does better")
    plan = lpt([hours for hours, _ in slides], 2)
    print(f"two people, longest first: {plan.makespan:.0f} h; no plan beats {plan.least:.1f} h")


@example("connect_and_assign")
def connect_and_assign() -> None:
    """Six villages: the cheapest net, its weak points, who does which shift, what fits together."""
    roads = [(0, 1, 4), (1, 2, 3), (0, 2, 6), (2, 3, 5), (3, 4, 2), (4, 5, 4), (3, 5, 1)]
    graph = Graph.from_edges(6, roads)
    net = kruskal(graph)
    assert sum(edge[2] for edge in prim(graph)) == sum(edge[2] for edge in net)
    print(f"cheapest net: {[edge[:2] for edge in net]}, {sum(edge[2] for edge in net)} km")
    print(f"without this road the villages fall apart: {bridges(graph)}")

    shifts = hopcroft_karp([[0, 1], [0], [1, 2], [2, 3]], 4)
    print(f"people 0 to 3 take the shifts {shifts}")
    network = MaxFlow(6)
    for tail, head, capacity in roads:
        network.add_edge(tail, head, capacity)
    water = network.flow(0, 5)
    side = [node for node, inside in enumerate(network.min_cut(0)) if inside]
    print(f"{water} litres a second reach village 5; the cut behind {side} is full")
    network.change_edge(6, 9, network.edge(6).flow)
    print(f"a wider pipe from 3 to 5 adds {network.flow(0, 5)}")

    heights = PotentialUnionFind(4)
    for above, below, metres in ((0, 1, 12), (1, 2, -5), (2, 3, 8)):
        heights.union(above, below, metres)
    print(f"village 0 lies {heights.difference(0, 3)} m above village 3, by three surveys")
    print(
        f"x or y, not x or z, not y or z: {two_sat(3, [(0, 1, 1, 1), (0, 0, 2, 1), (1, 0, 2, 1)])}"
    )
    try:
        bellman_ford(Graph.from_edges(3, [(0, 1, 2), (1, 2, -4), (2, 0, 1)], True), 0)
    except NegativeCycle as error:
        print(f"a toll that pays: {error.cycle}")


if __name__ == "__main__":
    main()
