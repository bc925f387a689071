"""Keywords from ten to ten thousand, building them, and near matches."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from velvet.bench import Metric, Suite, across, ratio, speedup
from velvet_text import fuzzy
from velvet_text.keywords import MATCHERS, Hit, build
from velvet_text.samples.texts import keyword_text, words

NEEDS = {
    "re2_alternation": ("google-re2",),
    "pyahocorasick": ("pyahocorasick",),
    "ahocorasick_rs": ("ahocorasick-rs",),
}
RIGHT = [name for name in MATCHERS if name != "naive_in"]
CHARACTERS = 40_000


def _search(name: str, keywords: int) -> Callable[[], list[Hit]]:
    chosen, text = keyword_text(keywords, CHARACTERS)
    return partial(build(name, chosen).find, text)


def _build(name: str, keywords: int) -> Callable[[], int]:
    chosen, text = keyword_text(keywords, 1_000)
    return lambda: len(build(name, chosen).find(text))


def _count(name: str) -> Callable[[], dict[str, float]]:
    chosen, text = keyword_text(1_000, CHARACTERS)
    return lambda: {"hits": float(len(build(name, chosen).find(text)))}


def _nearest(name: str, choices: int) -> Callable[[], Any]:
    towns = words(choices)
    query = towns[choices // 2][:-1] + "x"
    scorers = {"own": fuzzy.ratio_own, "difflib": fuzzy.ratio_difflib}
    if name in scorers:
        scorer = scorers[name]
        return lambda: max(towns, key=lambda town: scorer(query, town))
    from rapidfuzz import process
    from rapidfuzz.distance import Levenshtein

    def best() -> str:
        return str(process.extractOne(query, towns, scorer=Levenshtein.normalized_similarity)[0])

    if name == "rapidfuzz_extract":
        return best
    return lambda: max(towns, key=lambda town: fuzzy.ratio_rapidfuzz(query, town))


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    search = suite.comparison(
        "keywords",
        title="Find whole keywords in 40,000 characters",
        unit="ms",
        sizes={"keywords": [10, 100, 1000, 10_000]},
        quick=lambda keywords: keywords in (10, 1000, 10_000),
        rounds={"quick": 4, "default": 8},
    )
    built = suite.comparison(
        "keywords_build",
        title="Build a matcher of ten thousand keywords and search a page",
        unit="ms",
        kind="run",
        sizes={"keywords": [10_000]},
        tier="default",
        floor=True,
        rounds={"default": 7},
    )
    counted = suite.comparison(
        "keywords_counted",
        title="What is counted: a thousand keywords in 40,000 characters",
        kind="value",
        metrics={"hits": Metric("hits")},
    )
    for name in MATCHERS:
        counted.add(name, partial(_count, name), needs=NEEDS.get(name, ()))
        if name in RIGHT:
            needs, baseline = NEEDS.get(name, ()), name == "re_alternation"
            search.add(name, partial(_search, name), needs=needs, baseline=baseline)
            built.add(name, partial(_build, name), needs=needs, baseline=baseline)
    near = suite.comparison(
        "nearest",
        title="The nearest of many words",
        unit="ms",
        sizes={"choices": [500]},
        rounds={"quick": 6},
    )
    near.add("difflib", partial(_nearest, "difflib"), baseline=True)
    near.add("own", partial(_nearest, "own"), note="two rows of Python")
    near.add("rapidfuzz", partial(_nearest, "rapidfuzz"), needs="rapidfuzz")
    near.add("rapidfuzz_extract", partial(_nearest, "rapidfuzz_extract"), needs="rapidfuzz")
    for comparison in (search, built, near):
        comparison.same_result()

    suite.claim(
        "at a thousand keywords Aho-Corasick in Rust beats one alternation of re",
        speedup("keywords", "ahocorasick_rs", "re_alternation", keywords=1000) >= 5,
    )
    suite.claim(
        "split and set come within four times of it, in pure Python",
        ratio("keywords", "split_set", "ahocorasick_rs", keywords=1000) <= 4,
    )
    suite.claim(
        "our trie, in Python, beats re at ten thousand keywords",
        speedup("keywords", "trie", "re_alternation", keywords=10_000) >= 3,
    )
    suite.claim(
        "re grows with its keywords",
        across("keywords", "re_alternation", first={"keywords": 1000}, second={"keywords": 10})
        >= 5,
    )
    suite.claim(
        "Aho-Corasick does not: a thousand times the keywords, less than fifty times the time",
        across("keywords", "ahocorasick_rs", first={"keywords": 10_000}, second={"keywords": 10})
        <= 50,
    )
    suite.claim(
        "rapidfuzz beats difflib at finding the nearest word",
        speedup("nearest", "rapidfuzz_extract", "difflib", choices=500) >= 30,
    )
    suite.claim(
        "counting substrings counts too many words",
        ratio("keywords_counted", "naive_in", "trie", "hits") >= 1.25,
    )
