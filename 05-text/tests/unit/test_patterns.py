# ruff: noqa: RUF001 - letters that look alike are its subject
"""Engines, the audit of patterns, and what a curve of times says."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

from velvet_text import audit as auditing
from velvet_text import deadline
from velvet_text.audit import audit
from velvet_text.engines import ENGINES, Span, checked, engine
from velvet_text.errors import PatternTimeout, TextError, UnsupportedPattern
from velvet_text.samples.patterns import LABELLED, OUTAGE


@pytest.mark.parametrize("name", ENGINES)
def test_engines_give_the_same_spans_in_code_points(name: str) -> None:
    compiled = engine(name).compile("(é)(b)?")

    assert compiled.search("xxéb") == Span(2, 4, ("é", "b"))
    assert compiled.match("xé") is None
    assert compiled.findall("é éb") == [Span(0, 1, ("é", None)), Span(2, 4, ("é", "b"))]
    assert compiled.sub(r"\1", "éb-é") == r"\1-\1"
    assert engine(name).compile("A", ignore_case=True).search("a") == Span(0, 1, ())


@pytest.mark.parametrize("name", ENGINES)
def test_what_an_engine_lacks_is_said(name: str) -> None:
    features = engine(name).FEATURES

    for feature, pattern in (("backref", r"(a)\1"), ("lookaround", "(?=a)"), ("named", "(?P<n>a)")):
        if feature in features:
            engine(name).compile(pattern)
        else:
            with pytest.raises(UnsupportedPattern, match=name):
                engine(name).compile(pattern)
    with pytest.raises(UnsupportedPattern):
        engine(name).compile("(")


def test_a_pattern_has_a_limit() -> None:
    assert checked("a" * 5_000) == "a" * 5_000
    with pytest.raises(TextError, match="5,001 characters is over 5,000"):
        checked("a" * 5_001)


@pytest.mark.parametrize("pattern", ["%s", "[^%s]", "[a-%s]"])
def test_only_letters_beyond_ascii_are_answered_differently(pattern: str) -> None:
    assert deadline.differences(pattern % "\x7f") == frozenset()
    assert deadline.differences(pattern % "\x80") == {"beyond ASCII"}


@pytest.mark.parametrize("name", ENGINES)
def test_every_engine_takes_every_text(name: str, hard_text: str) -> None:
    compiled = engine(name).compile("needle")

    if name == "re2" and any("\ud800" <= c <= "\udfff" for c in hard_text):
        with pytest.raises(UnicodeEncodeError, match="surrogates"):
            compiled.search(hard_text)
    else:
        assert compiled.search(hard_text) is None


@pytest.mark.parametrize(("pattern", "label"), LABELLED)
def test_the_audit_agrees_with_the_labels(pattern: str, label: str) -> None:
    found = audit(pattern)

    assert found.risk == label
    if label in ("exponential", "polynomial"):
        assert found.pump


def test_the_labelled_set_is_large_enough() -> None:
    labels = [label for _, label in LABELLED]

    assert len(LABELLED) >= 30
    assert min(labels.count(one) for one in ("linear", "polynomial", "exponential")) >= 8


@pytest.mark.parametrize(
    ("pattern", "degree"),
    [
        (r"\s+$", 2), ("x*x*y", 3), ("^x*x*y", 2), (OUTAGE, 5), ("^a+b+$", 1), ("^(a+)+$", 0),
    ],
)  # fmt: skip
def test_the_degree_counts_loops_that_share_a_word(pattern: str, degree: int) -> None:
    assert audit(pattern).degree == degree


@pytest.mark.parametrize(("pattern", "suffix"), [("^(a+)+b", ""), ("^(a+)+$", "!")])
def test_the_shortest_end_that_fails_is_shown(pattern: str, suffix: str) -> None:
    assert audit(pattern).suffix == suffix


@pytest.mark.parametrize(
    ("pattern", "use", "risk"),
    [
        (r"\s+x", "match", "linear"), (r"\s+x", "search", "polynomial"), ("(a+)+", "search", "linear"),
        ("(a+)+", "fullmatch", "exponential"), ("a*", "fullmatch", "linear"),
    ],
)  # fmt: skip
def test_the_risk_depends_on_how_the_pattern_is_called(
    pattern: str, use: auditing.Use, risk: str
) -> None:
    assert audit(pattern, use=use).risk == risk


def test_flags_count() -> None:
    assert audit("(a|A)+x$", flags=re.IGNORECASE).risk == "polynomial"
    assert audit("^(a|aA)+$").risk == "linear"
    assert audit("^(a|aA|A)+$").risk == "exponential"
    assert audit("^(.|\n)*x", flags=re.DOTALL).risk == "exponential"
    assert audit(r"^(\w|éé)+!", flags=re.ASCII).risk == "linear"
    assert audit(r"^(\w|éé)+!").risk == "exponential"
    assert audit("^a+$", flags=re.MULTILINE).risk == "polynomial"


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        (r"(a)\1", "back-reference"), ("(?!a)", "lookaround"), (r"a\B", r"\\B"), ("(a)?(?(1)b|c)", "GROUPREF_EXISTS"),
        ("^(?:a|(?i:A))+$", "flags of a group"), (r"(?m:^)\s+x", "flags of a group"),
        ("".join(f"[{chr(c)}-{chr(c + 1)}]" for c in range(0x400, 0x500, 4)), "too large"),
        ("(?:a?){90}" * 3, "too large"), ("abcdefghij" * 20, "too large"),
    ],
)  # fmt: skip
def test_what_the_automaton_cannot_hold_is_unknown_and_never_linear(pattern: str, why: str) -> None:
    found = audit(pattern)

    assert (found.risk, found.degree) == ("unknown", 0)
    assert re.search(why, found.why)


@pytest.mark.skipif("possessive" not in engine("re").FEATURES, reason="needs Python 3.11")
@pytest.mark.parametrize("pattern", ["a++b", "(?>a+)b"])
def test_atomic_groups_are_unknown(pattern: str) -> None:
    assert audit(pattern).risk == "unknown"


def test_the_attack_is_prefix_pumps_and_suffix() -> None:
    assert audit("^b(a+)+$").attack(3).startswith("ba")
    for pattern in ("^(a+)+$", "^(b|ab|a)*$", "x*x*y", "^(a|a)*b"):
        found = audit(pattern)
        assert re.search(pattern, found.attack(3)) is None
        assert found.attack(3) == found.prefix + found.pump * 3 + found.suffix
    with pytest.raises(TextError, match="use="):
        audit("a", use="sub")  # type: ignore[arg-type]


def curve(shape: str, ns: range) -> list[tuple[int, float]]:
    law = {"1": lambda n: 1e-5 * n, "2": lambda n: 1e-6 * n * n, "3": lambda n: 1e-8 * n**3}
    law["e"] = lambda n: 1e-5 * 2.0**n
    law["slow"] = lambda n: 1e-5 * 2.0 ** (0.3 * n)
    law["slower"] = lambda n: 1e-3 * 2.0 ** (0.1 * n)
    law["6"] = lambda n: 1e-9 * n**6
    return [(n, law[shape](n)) for n in ns]


@pytest.mark.parametrize(
    ("shape", "ns", "fit", "exponent"),
    [
        ("1", range(100, 900, 100), "linear", 1), ("2", range(100, 900, 100), "quadratic", 2),
        ("3", range(100, 900, 100), "cubic", 3), ("e", range(10, 20, 2), "exponential", 1),
    ],
)  # fmt: skip
def test_a_curve_is_named(shape: str, ns: range, fit: str, exponent: float) -> None:
    name, found, r2 = deadline.fit(curve(shape, ns))

    assert (name, round(found, 3), round(r2, 3)) == (fit, exponent, 1)


@pytest.mark.parametrize(
    ("shape", "ns", "fit"),
    [
        ("slow", range(4, 12), "exponential"),  # of no high power
        ("6", range(10, 100, 10), "exponential"),  # of no high rate: a power law in its place
        ("slower", range(4, 12), "linear"),
    ],
)
def test_an_exponential_is_told_by_its_rate_or_by_its_power(
    shape: str, ns: range, fit: str
) -> None:
    assert deadline.fit(curve(shape, ns))[0] == fit


def test_a_point_is_the_least_time_of_a_search(monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[str] = []
    compiled = SimpleNamespace(search=searched.append)
    monkeypatch.setattr(deadline, "engine", lambda _: SimpleNamespace(compile=lambda _: compiled))

    (point,) = deadline.timings("re", "a", ["<", "ab", ">"], [2])

    assert set(searched) == {"<abab>"}
    assert point["n"] == 2
    assert 0 <= point["s"] < 60


def test_a_curve_of_too_few_points_says_nothing() -> None:
    assert deadline.fit([(1, 1.0), (2, 2.0)]) == ("unknown", 0.0, 0.0)
    assert deadline.fit([(n, 1e-7) for n in range(5)]) == ("linear", 1.0, 1.0)
    assert deadline.fit([(1, 1e-7)] * 2) == ("unknown", 0.0, 0.0)
    assert deadline.fit([(4, 1.0), (4, 1.0), (4, 1.0)])[2] == 0.0


def test_pumps_are_few_where_time_doubles_with_each() -> None:
    assert deadline.sizes_for(exponential=True) == [4, 6, 8, *range(10, 31, 2)]
    assert deadline.sizes_for(exponential=False)[::4] == [60, 960, 15_360]


def test_the_child_work_is_plain_functions() -> None:
    times = list(deadline.timings("re", "a+b", ["", "a", "!"], [1, 2]))
    (found,) = deadline.one_search("(a)b", "xab")

    assert [line["n"] for line in times] == [1, 2]
    assert found == {"span": [1, 3], "groups": ["a"]}
    assert next(deadline.one_search("b", "a"))["span"] is None


@pytest.mark.parametrize(
    ("pattern", "policy"),
    [
        ("(a+)+b", "re2"), ("^(a+)+$", "re2"), (r"\d+", "regex"), (r"(a)\1", "regex"), ("(?i)k", "regex"),
        (r"a\b", "regex"), ("a{,2}b", "regex"), ("(?i:i)", "regex"), ("(a|b*)*", "regex"), ("[[:alpha:]]", "child"),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:Possible nested set:FutureWarning")
def test_a_safe_pattern_chooses_what_answers_like_re(pattern: str, policy: str) -> None:
    assert deadline.SafePattern(pattern, budget_s=1).policy == policy


@pytest.mark.parametrize(
    "text", ["ab\n", "ab", "a\ud800b", "٣", "", "aab", "ı", "b", "a]", "x", "²", "e\u0301"]
)
@pytest.mark.parametrize(
    "pattern",
    [
        "b$",
        r"\d",
        "a(.)b",
        "(a)|b",
        "$",
        "a{,2}b",
        "(?i:i)",
        "(a|b*)*",
        "(a??)*b",
        "[[:alpha:]]",
        r"e\w",
        r"\W",
        r"(?i)ı",
    ],
)
@pytest.mark.filterwarnings("ignore:Possible nested set:FutureWarning")
def test_a_safe_pattern_answers_like_re(pattern: str, text: str) -> None:
    want = engine("re").compile(pattern).search(text)

    assert deadline.SafePattern(pattern, budget_s=5).search(text) == want


def test_wrong_arguments_are_refused() -> None:
    for wrong in (0, -1, float("nan"), float("inf")):
        with pytest.raises(TextError, match="budget_s"):
            deadline.SafePattern("a", budget_s=wrong)
        with pytest.raises(TextError, match="budget_s"):
            deadline.measure_growth("re", "a", pump="a", sizes=[1], budget_s=wrong)
    with pytest.raises(TextError, match="not a pattern"):
        deadline.SafePattern("(", budget_s=1)
    with pytest.raises(TextError, match="other answers"):
        deadline.SafePattern(r"\w", budget_s=1, policy="re2")
    with pytest.raises(TextError, match="no attack"):
        deadline.confirm("abc")


def test_a_thread_does_not_time_out_a_match() -> None:
    """Whether the time-out is raised depends on the scheduler; that it comes too late does not."""
    budget_s = 0.002

    _, seconds = deadline.search_in_thread("^(a+)+$", "a" * 20 + "!", budget_s=budget_s)

    assert 5 * budget_s < seconds < 600
    assert not deadline.search_in_thread("a", "a", budget_s=60)[0]


def test_a_timeout_is_kept_by_the_library_that_looks_at_the_clock() -> None:
    pattern = deadline.SafePattern(r"^(\w|\w\w)+;$", budget_s=0.05)

    with pytest.raises(PatternTimeout, match=r"0\.05 s"):
        pattern.search("a" * 60 + "!;")
