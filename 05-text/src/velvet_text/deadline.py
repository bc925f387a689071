"""A regular expression with a deadline that is kept.

A thread cannot time out a match: `re` holds the interpreter's lock until it is done, so the caller
that waits 0.2 s wakes up after the match. What works: an engine that is linear (RE2), an engine
that looks at the clock (`regex`), or a child process that can be killed. `SafePattern` takes the
first of these that gives the answer of `re`; `measure_growth` times an attack in such a child.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from velvet_text import _child
from velvet_text.audit import audit
from velvet_text.engines import Span, checked, engine, span_of, sre_parser
from velvet_text.errors import PatternTimeout, TextError, UnsupportedPattern

Policy = Literal["re2", "regex", "child"]
Fit = Literal["linear", "quadratic", "cubic", "exponential", "unknown"]
_DEGREES: dict[float, Fit] = {1.0: "linear", 2.0: "quadratic", 3.0: "cubic"}
_FLOOR_S = 20e-6  # what a call costs whatever the text: points below say nothing about growth
_ENOUGH_S = 0.02  # a point is measured again until this much is spent, and the least counts
_ROUNDS = 5


@dataclass(frozen=True)
class Growth:
    """How an engine's time grows with the number of pumps.

    Attributes:
        times: pairs of pumps and CPU seconds, as far as the budget reached.
        fit: the shape that fits best; ``unknown`` with fewer than three points above the floor.
        exponent: of n in the power law, or the doublings for each pump where it is exponential.
        r2: how well the shape fits, 1 for a perfect fit.
        stopped: whether the budget ended the series.
    """

    times: tuple[tuple[int, float], ...]
    fit: Fit
    exponent: float
    r2: float
    stopped: bool = False


def measure_growth(
    engine_name: str,
    pattern: str,
    *,
    prefix: str = "",
    pump: str,
    suffix: str = "",
    sizes: Sequence[int],
    budget_s: float,
) -> Growth:
    """Time one search on a growing attack, in a child that is killed at its budget.

    Raises:
        TextError: the budget is not positive and finite, or the child refuses the pattern.
    """
    job = {
        "engine_name": engine_name,
        "pattern": checked(pattern),
        "texts": [prefix, pump, suffix],
        "sizes": list(sizes),
    }
    lines, stopped = _child.run(f"{__name__}:timings", job, budget_s=budget_s)
    times = tuple((line["n"], line["s"]) for line in lines)
    return Growth(times, *fit(times), stopped)


def timings(
    engine_name: str, pattern: str, texts: Sequence[str], sizes: Sequence[int]
) -> Iterator[dict[str, Any]]:
    """Yield the CPU time of one search at each size; meant for a child that can be killed."""
    compiled = engine(engine_name).compile(pattern)
    prefix, pump, suffix = texts
    for n in sizes:
        text = prefix + pump * n + suffix
        spent: list[float] = []
        while len(spent) < _ROUNDS and sum(spent) < _ENOUGH_S:
            began = time.process_time()
            compiled.search(text)
            spent.append(time.process_time() - began)
        yield {"n": n, "s": min(spent)}


def fit(times: Sequence[tuple[int, float]]) -> tuple[Fit, float, float]:
    """Return the shape of a curve: its name, its exponent, and R squared.

    Shapes are compared by the least squares of the logarithm of the time, over n and over log n.
    """
    points = [(n, s) for n, s in times if s > _FLOOR_S]
    if len(points) < 3:
        return ("linear", 1.0, 1.0) if len(times) >= 3 else ("unknown", 0.0, 0.0)
    logs = [math.log2(s) for _, s in points]
    power, power_r2 = _line([math.log2(n) for n, _ in points], logs)
    rate, rate_r2 = _line([float(n) for n, _ in points], logs)
    # A power law of such a degree over a few pumps is an exponential in disguise.
    if power > 4 or (rate_r2 > power_r2 and rate > 0.2):
        return "exponential", rate, rate_r2
    return _DEGREES[min(max(round(power), 1), 3)], power, power_r2


def _line(xs: Sequence[float], ys: Sequence[float]) -> tuple[float, float]:
    """Return slope and R squared of the line through some points."""
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    sxx = sum((x - mean_x) ** 2 for x in xs)
    syy = sum((y - mean_y) ** 2 for y in ys)
    sxy = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True))
    if not sxx or not syy:
        return 0.0, 0.0
    return sxy / sxx, sxy * sxy / (sxx * syy)


class SafePattern:
    """A pattern that answers within its budget or raises `PatternTimeout`; thread-safe.

    Args:
        budget_s: seconds for one search. `regex` looks at the clock now and then: allow twice.
        policy: which way to go; chosen by itself otherwise, and then readable as `.policy`.

    Raises:
        TextError: not a pattern, or a budget that is not positive and finite.

    >>> SafePattern("(a+)+b", budget_s=0.5).policy
    're2'
    """

    def __init__(self, pattern: str, *, budget_s: float, policy: Policy | None = None) -> None:
        _child.check_budget(budget_s)
        try:
            self._own = engine("re").compile(checked(pattern))
        except UnsupportedPattern as error:
            raise TextError(f"not a pattern: {error.feature}") from error
        self.pattern, self.budget_s = pattern, budget_s
        self._re2: Any = None
        if policy in (None, "re2") and same_in_re2(pattern):
            with suppress(UnsupportedPattern, ImportError):
                self._re2 = engine("re2").compile(pattern)
        if policy == "re2" and self._re2 is None:
            raise TextError("re2 gives other answers for this pattern, or none: choose another")
        self._regex: Any = None
        if policy != "child":
            self._regex = _regex_or_none(pattern)
        self.policy: Policy = "re2" if self._re2 else "regex" if self._regex else "child"

    def search(self, text: str) -> Span | None:
        """Return the first match, as `re` would find it.

        Raises:
            PatternTimeout: no answer within the budget; nothing is left running.
        """
        if self._re2 is not None and not text.endswith("\n") and not _has_surrogate(text):
            found: Span | None = self._re2.search(text)
            return found
        if self._regex is not None:
            try:
                return span_of(self._regex.search(text, timeout=self.budget_s, concurrent=True))
            except TimeoutError:
                raise PatternTimeout(self.budget_s) from None
        return search_in_child(self.pattern, text, budget_s=self.budget_s)


def _regex_or_none(pattern: str) -> Any:
    try:
        import regex  # type: ignore[import-untyped]
    except ImportError:
        return None
    with suppress(regex.error):
        return regex.compile(pattern)
    return None


def _has_surrogate(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text)


def same_in_re2(pattern: str) -> bool:
    """Return whether RE2 means the same by a pattern: its ``\\d``, ``\\w``, ``\\s`` are ASCII."""
    try:
        parsed = sre_parser().parse(pattern)
    except (re.error, OverflowError, RecursionError):
        return False
    return not parsed.state.flags & ~32 and _plain(parsed)  # 32: re.UNICODE, the default


def _plain(node: Any) -> bool:
    """Whether nothing in a parse tree asks for a category or a word boundary."""
    if isinstance(node, (list, tuple)) or type(node).__name__ == "SubPattern":
        return all(_plain(one) for one in node)
    return not str(node).startswith(("CATEGORY_", "AT_BOUNDARY", "AT_NON_BOUNDARY"))


def search_in_child(pattern: str, text: str, *, budget_s: float) -> Span | None:
    """Return the first match of `re`, found in a child that is killed at its budget.

    Raises:
        PatternTimeout: the child was killed.
    """
    job = {"pattern": pattern, "text": text}
    lines, _ = _child.run(f"{__name__}:one_search", job, budget_s=budget_s)
    if not lines:
        raise PatternTimeout(budget_s)
    span = lines[0]["span"]
    return None if span is None else Span(span[0], span[1], tuple(lines[0]["groups"]))


def one_search(pattern: str, text: str) -> Iterator[dict[str, Any]]:
    """Yield the first match of `re`; meant for a child that can be killed."""
    found = engine("re").compile(pattern).search(text)
    span = None if found is None else [found.start, found.end]
    yield {"span": span, "groups": [] if found is None else list(found.groups)}


def search_in_thread(pattern: str, text: str, *, budget_s: float) -> tuple[bool, float]:
    """Wait for a match in a thread with a time-out: the wrong way, kept to be measured.

    Returns whether the time-out was raised, and after how many seconds control came back.
    """
    compiled = re.compile(pattern)
    began = time.perf_counter()
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(compiled.search, text)
        try:
            future.result(timeout=budget_s)
            raised = False
        except FutureTimeout:
            raised = True
    return raised, time.perf_counter() - began


def confirm(pattern: str, *, budget_s: float = 2.0) -> Growth:
    """Return how `re` grows on the attack that the audit found.

    Raises:
        TextError: the audit found no attack.
    """
    found = audit(pattern)
    if not found.pump:
        raise TextError(f"the audit knows no attack on it: {found.why}")
    return measure_growth(
        "re",
        pattern,
        prefix=found.prefix,
        pump=found.pump,
        suffix=found.suffix,
        sizes=sizes_for(exponential=found.risk == "exponential"),
        budget_s=budget_s,
    )


def sizes_for(*, exponential: bool) -> list[int]:
    """Return pumps that show the shape within a second or two: few for exponential growth."""
    return list(range(4, 31, 2)) if exponential else [60 * 2**k for k in range(9)]
