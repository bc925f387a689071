"""Containers whose cost grows, caches, start-up, a pattern that explodes, and folk advice."""

from __future__ import annotations

import functools
import re
import sys
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from velvet.bench import Absent, Command, Estimate, Metric, Suite, across, growth, speedup, value
from velvet_performance import caching, folklore
from velvet_performance.samples.advice import ADVICE

SIZES = {"n": [1_000, 4_000, 16_000]}
HITS = 200
STATEMENTS = ("numpy", "asyncio", "sqlite3", "email.message")


class _Holder:
    text = ""


def _front(kind: Callable[[], Any], n: int) -> Callable[[], int]:
    def run() -> int:
        queue = kind()
        put = functools.partial(queue.insert, 0) if isinstance(queue, list) else queue.appendleft
        for number in range(n):
            put(number)
        return len(queue)

    return run


def _text(joined: bool, n: int) -> Callable[[], int]:
    parts = [f"part {number}, " for number in range(n)]

    def concatenated() -> int:
        holder = _Holder()
        for part in parts:
            holder.text += part
        return len(holder.text)

    return (lambda: len("".join(parts))) if joined else concatenated


def _member(kind: type, n: int) -> Callable[[], int]:
    held, asked = kind(range(n)), range(0, 2 * n, n // 20)
    return lambda: sum(number in held for number in asked)


def _answer(key: int) -> int:
    return key * 7


def _cache(kind: str) -> Callable[[], int]:
    keys = list(range(50)) * (HITS // 50)
    known: dict[int, int] = {}

    def by_dict(key: int) -> int:
        if key not in known:
            known[key] = _answer(key)
        return known[key]

    def by_cachetools() -> Callable[[int], int]:
        import cachetools

        cached: Callable[[int], int] = cachetools.cached(cachetools.TTLCache(128, 3600))(_answer)
        return cached

    makers: dict[str, Callable[[], Callable[[int], int]]] = {
        "dict": lambda: by_dict,
        "lru_cache": lambda: functools.lru_cache(maxsize=128)(_answer),
        "memoize_ttl": lambda: caching.memoize(ttl=3600)(_answer),
        "single_flight": lambda: caching.memoize(single_flight=True)(_answer),
        "cachetools_ttl": by_cachetools,
    }
    call = makers[kind]()
    return lambda: sum(map(call, keys))


def _stampede(kind: str) -> Callable[[], dict[str, float]]:
    decorate = {
        "lru_cache": functools.lru_cache(maxsize=128),
        "memoize_ttl": caching.memoize(ttl=60),
        "single_flight": caching.memoize(ttl=60, single_flight=True),
    }[kind]
    return lambda: {"computed": float(caching.stampede(decorate))}


def _start(way: str, module: str) -> Command:
    ours = "import importlib.util, sys"
    lazily = (
        f"s = importlib.util.find_spec({module!r});"
        "s.loader = importlib.util.LazyLoader(s.loader);"
        "m = importlib.util.module_from_spec(s); s.loader.exec_module(m)"
    )
    body = {"nothing": "pass", "eager": f"import {module}", "lazy": lazily}[way]
    return Command([sys.executable, "-c", f"{ours}; {body}"])


def _pattern(pattern: str, n: int) -> Callable[[], bool]:
    compiled, text = re.compile(pattern), "a" * n + "b"
    return lambda: compiled.match(text) is not None


def _advice(name: str, python: str) -> Callable[[], dict[str, Any]]:
    known = folklore.interpreters()
    if python not in known:
        raise Absent(f"no Python {python} on this machine")

    def run() -> dict[str, Any]:
        gains = [folklore.times_under(known[python], [name])[name] for _ in range(2)]
        return {"gain": Estimate(sum(gains) / 2, min(gains), max(gains), 2)}

    return run


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    front = suite.comparison(
        "front", title="n items put in front", unit="us", sizes=SIZES, quick=lambda n: n > 1_000
    )
    front.add("list_insert", partial(_front, list))
    front.add("deque", partial(_front, deque))
    text = suite.comparison(
        "text",
        title="n pieces of text put together",
        unit="us",
        sizes=SIZES,
        quick=lambda n: n > 1_000,
    )
    text.add("attribute", partial(_text, False))
    text.add("join", partial(_text, True))
    member = suite.comparison("member", title="forty questions to n items", unit="us", sizes=SIZES)
    member.add("list", partial(_member, list))
    member.add("set", partial(_member, set))
    for one in (front, text, member):
        one.same_result()

    cache = suite.comparison("cache", title="A hit", unit="ns", items=HITS)
    for kind in ("dict", "lru_cache", "memoize_ttl", "single_flight", "cachetools_ttl"):
        needs = "cachetools" if kind.startswith("cachetools") else ()
        cache.add(kind, partial(_cache, kind), needs=needs, baseline=kind == "lru_cache")
    cache.same_result()
    stampede = suite.comparison(
        "stampede",
        title="Fifty threads miss one entry at once: computations",
        kind="value",
        unit="times",
        metrics={"computed": "times"},
    )
    for kind in ("lru_cache", "memoize_ttl", "single_flight"):
        stampede.add(kind, partial(_stampede, kind))

    start = suite.comparison(
        "imports",
        title="A fresh interpreter from start to end",
        kind="run",
        unit="ms",
        sizes={"module": list(STATEMENTS)},
        quick=lambda module: module == "numpy",
        rounds={"quick": 7, "default": 7},
    )
    for way in ("eager", "lazy", "nothing"):
        start.add(way, partial(_start, way))

    regex = suite.comparison(
        "regex",
        title="A pattern against n letters that do not match",
        unit="us",
        sizes={"n": [10, 12, 14]},
        rounds={"quick": 8, "default": 12},
    )
    regex.add("nested", partial(_pattern, "(a+)+$"))
    regex.add("plain", partial(_pattern, "a+$"))
    regex.same_result()

    advice = suite.comparison(
        "folklore",
        title="Folk advice: how many times longer the way takes that it warns of",
        kind="value",
        unit="x",
        sizes={"python": list(folklore.VERSIONS)},
        metrics={"gain": Metric("x", "higher")},
        tier="default",
    )
    for name in ADVICE:
        advice.add(name, partial(_advice, name), note=ADVICE[name].text)

    suite.claim(
        "a deque takes items in front at least 5x faster at 16,000",
        speedup("front", "deque", "list_insert", n=16_000) >= 5,
    )
    suite.claim(
        "join is at least 5x faster than adding to an attribute at 16,000 pieces",
        speedup("text", "join", "attribute", n=16_000) >= 5,
    )
    suite.claim(
        "a set does not care how much it holds, a list does",
        (growth("member", "set", over="n") <= 0.2) & (growth("member", "list", over="n") >= 0.8),
    )
    suite.claim(
        "a hit of lru_cache is at least 3x cheaper than one of cachetools' TTLCache",
        speedup("cache", "lru_cache", "cachetools_ttl") >= 3,
        needs="cachetools",
    )
    suite.claim(
        "single flight computes once, the others 50 times",
        (value("stampede", "single_flight", "computed") <= 1)
        & (value("stampede", "lru_cache", "computed") >= 25),
    )
    suite.claim(
        "a program that does not use NumPy starts at least twice as fast with a lazy import",
        speedup("imports", "lazy", "eager", module="numpy") >= 2,
    )
    suite.claim(
        "each two letters more make the nested pattern about four times slower",
        (across("regex", "nested", first={"n": 14}, second={"n": 12}) >= 3)
        & (across("regex", "nested", first={"n": 14}, second={"n": 12}) <= 5),
    )
