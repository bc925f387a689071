"""A regular expression with a deadline that is kept.

A thread cannot time out a match: `re` holds the interpreter's lock until it is done, so the caller
that waits 0.2 s wakes up after the match. What works: an engine that is linear (RE2), an engine
that looks at the clock (`regex`), or a child process that can be killed. `SafePattern` takes the
first of these that gives the answer of `re`; `measure_growth` times an attack in such a child.
"""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from velvet_text import _growth_child
from velvet_text.audit import audit
from velvet_text.engines import Span, checked, engine, span_of, sre_parser
from velvet_text.errors import PatternTimeout, TextError, UnsupportedPattern

Policy = Literal["re2", "regex", "child"]
Fit = Literal["linear", "quadratic", "cubic", "exponential", "unknown"]
_DEGREES: dict[float, Fit] = {1.0: "linear", 2.0: "quadratic", 3.0: "cubic"}
_FLOOR_S = 20e-6  # what a call costs whatever the text: points below say nothing about growth
_START_S = 10.0  # for the child's interpreter; the budget is of the match alone
_ASCII_ONLY = {"CATEGORY_DIGIT", "CATEGORY_WORD", "CATEGORY_SPACE"}


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
    _check_budget(budget_s)
    job = {
        "engine": engine_name,
        "pattern": checked(pattern),
        "prefix": prefix,
        "pump": pump,
        "suffix": suffix,
        "sizes": list(sizes),
        "budget_s": budget_s,
    }
    lines, stopped = _in_child(job, budget_s)
    if refused := next((line["refused"] for line in lines if "refused" in line), None):
        raise TextError(refused)
    times = tuple((line["n"], line["s"]) for line in lines if "n" in line)
    return Growth(times, *fit(times), stopped)


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
        _check_budget(budget_s)
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
        import regex
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
    """Return the first match of `re`, found in a child that is killed at its budget."""
    job = {"engine": "re", "pattern": pattern, "text": text, "budget_s": budget_s}
    lines, _ = _in_child(job, budget_s)
    if refused := next((line["refused"] for line in lines if "refused" in line), None):
        raise TextError(refused)
    answer = next((line for line in lines if "span" in line), None)
    if answer is None:
        raise PatternTimeout(budget_s)
    return None if answer["span"] is None else Span(*answer["span"], tuple(answer["groups"]))


def _in_child(job: dict[str, Any], budget_s: float) -> tuple[list[dict[str, Any]], bool]:
    """Return the lines that a child wrote, and whether its budget ended it.

    The child ends itself by a watchdog that needs no lock of the interpreter, so it does not
    outlive a parent that was killed; a child that does not even start is killed here.
    """
    argv = [sys.executable, "-m", "velvet_text._growth_child"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        try:
            out, _ = child.communicate(json.dumps(job).encode(), timeout=_START_S + budget_s)
        except subprocess.TimeoutExpired:
            child.kill()
            out, _ = child.communicate()
        except BaseException:  # Ctrl-C: the child must not go on
            child.kill()
            raise
    lines = [json.loads(line) for line in out.splitlines() if line.endswith(b"}")]
    return lines, child.returncode != 0


def _check_budget(budget_s: float) -> None:
    if not 0 < budget_s < math.inf:
        raise TextError(f"budget_s must be positive and finite, not {budget_s}")


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
        sizes=_growth_child.sizes_for(exponential=found.risk == "exponential"),
        budget_s=budget_s,
    )
