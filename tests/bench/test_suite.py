"""Declarations that cannot be: each is one sentence, and a sound suite has none."""

from __future__ import annotations

import pytest

SOUND = """
    work = suite.comparison("work", sizes={"n": [1, 2, 3]}, metrics={"hits": "hits"})
    work.add("a", lambda n: lambda: n, baseline=True)
    work.add("b", lambda n: lambda: n, when=lambda n: n < 3)
    words = suite.comparison("words", kind="value", metrics={"verdict": "label"}, unit="label")
    words.add("safe", lambda: lambda: "refused")
    suite.claim("b wins", speedup("work", "b", "a", n=2) >= 2, needs="calm")
    suite.claim("a grows", growth("work", "a", over="n") >= 1)
    suite.published("work", {("a", "time"): 3.0}, source="a table", size={"n": 2})
"""


def test_a_sound_suite_has_no_problems(declared):
    assert declared(SOUND).problems() == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            'suite.claim("x", ratio("wrok", "a", "b") >= 2)',
            "claim 'x': there is no comparison 'wrok'",
        ),
        (
            'suite.claim("x", ratio("work", "a", "c") >= 2)',
            "claim 'x': there is no contender 'c'",
        ),
        (
            'suite.claim("x", ratio("work", "a", "b", n=9) >= 2)',
            "claim 'x': work/a is not measured at n=9 in tier quick",
        ),
        (
            'suite.claim("x", ratio("work", "a", "b", n=3) >= 2)',
            "claim 'x': work/b is not measured at n=3 in tier quick",
        ),
        (
            'suite.claim("x", growth("work", "a", over="m") >= 2)',
            "claim 'x': there is no axis 'm' to grow over",
        ),
        ('suite.claim("x", value("work", "a") >= 2, needs="no such!")', "unknown need 'no such!'"),
        ('suite.claim("b wins", value("work", "a") >= 2)', "two claims say 'b wins'"),
        ('suite.comparison("empty")', "empty: it has no contender"),
        ("work.quick = lambda n: n > 5", "work: its tier 'quick' has no size"),
        (
            'suite.comparison("c", sizes={"n": [1]}).add("x", print, when=lambda n: False)',
            "c: no contender takes the size 'n=1'",
        ),
        ('work.add("c", print, needs="no such!")', "work/c: unknown need 'no such!'"),
        ('work.add("c", print, tuned_of="z", note="x")', "tuned_of names no contender: 'z'"),
        ('work.add("c", print, tuned_of="a")', "a tuned contender needs a note"),
        (
            'suite.comparison("i", inputs=lambda seed: seed).add("a", print)',
            "i: with inputs= it needs same_result() or check()",
        ),
        (
            'suite.comparison("l", metrics={"word": "label"}).add("a", print)',
            "l: 'word' is a label, which only kind='value' has",
        ),
        (
            'suite.published("work", {("a", "speed"): 3.0}, source="a table")',
            "published work/a: there is no metric 'speed'",
        ),
        (
            'suite.published("work", {("a", "time"): 3.0}, source="a table", size={"n": 9})',
            "published work/a: there is no size 'n=9'",
        ),
        (
            'suite.published("work", {("a", "time"): 0.0}, source="a table")',
            "a published figure is positive and names its source",
        ),
    ],
)
def test_a_declaration_that_cannot_be_is_one_sentence(declared, line, said):
    found = declared(f"{SOUND}\n    {line}").problems()

    assert [one for one in found if said in one]


def test_words_are_stored_beside_figures(declared, measured_by_engine):
    suite = declared("""
        tried = suite.comparison(
            "tried", kind="value", unit="label", metrics={"verdict": "label", "bytes": "B"}
        )
        tried.add("safe", lambda: lambda: {"verdict": "refused", "bytes": 3})
        tried.add("open", lambda: lambda: {"verdict": "passed", "bytes": 4})
        tried.add("odd", lambda: lambda: {"verdict": 3})
    """)

    run = measured_by_engine(suite)

    assert run.entry("safe", "verdict")["label"] == "refused"
    assert run.entry("open", "bytes")["median"] == 4
    assert "is a label, which is a word and no number" in run.entry("odd")["error"]


def test_a_growth_that_is_claimed_has_three_workers_however_long_they_take(
    declared, measured_by_engine, monkeypatch
):
    monkeypatch.setattr("velvet.bench.engine.SIZE_BUDGET_S", {"quick": 0.0})
    body = """
        for name in ("fitted", "other"):
            work = suite.comparison(name, sizes={"n": [1, 2]})
            work.add("a", lambda n: lambda: sum(range(50 * n)))
        suite.claim("it grows", growth("fitted", "a", over="n") >= 0)
    """

    run = measured_by_engine(declared(body), processes=None, rounds=1)

    processes = {
        e["bench"]: e["processes"] for e in run.results["results"] if e["metric"] == "time"
    }
    assert processes == {"fitted": 3, "other": 2}
