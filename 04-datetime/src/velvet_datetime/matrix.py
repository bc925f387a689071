"""The conformance matrix: every engine on every case, by running it.

Four verdicts, and the difference between two of them is the point of the module: an engine that
*refuses* is found by the first test, an engine that is *silently wrong* is found in production.
What an engine has no word for is *unsupported* and counts neither way.
"""

from __future__ import annotations

import datetime as dt
import pickle
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from velvet_datetime.contender import Engine, Unsupported
from velvet_datetime.errors import NaiveDatetimeError
from velvet_datetime.samples.cases import categories

UTC = dt.timezone.utc


class Verdict(Enum):
    """What one engine made of one case."""

    RIGHT = "right"
    REFUSED = "refused"
    SILENTLY_WRONG = "silently wrong"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True)
class Case:
    """A question with one right answer.

    Attributes:
        kind: a function of `KINDS`; `arguments` are its arguments after the engine.
        expected: the right answer as text; None when a right engine refuses.
        source: the standard that says so.
    """

    category: str
    question: str
    kind: str
    arguments: tuple[Any, ...]
    expected: str | None
    source: str

    def run(self, engine: Engine) -> str:
        """Return the engine's answer; its own exceptions pass."""
        return KINDS[self.kind](engine, *self.arguments)


@dataclass(frozen=True)
class Cell:
    """One engine's answer to one case: the value, or the exception's name and words."""

    case: Case
    verdict: Verdict
    got: str


def cases() -> list[Case]:
    """Return all cases in order."""
    return [Case(category, *row) for category, rows in categories().items() for row in rows]


def judge(engine: Engine, case: Case) -> Cell:
    """Run one case; whatever the engine raises becomes its verdict."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a warning in a log is no refusal
            got = case.run(engine)
    except Unsupported as error:
        return Cell(case, Verdict.UNSUPPORTED, str(error))
    except Exception as error:  # noqa: BLE001 - each library has its own types
        may = case.expected is None or case.kind == "parse_iso"
        verdict = Verdict.RIGHT if may else Verdict.REFUSED
        return Cell(case, verdict, f"{type(error).__name__}: {str(error)[:80]}")
    right = got == case.expected
    return Cell(case, Verdict.RIGHT if right else Verdict.SILENTLY_WRONG, got)


@dataclass(frozen=True)
class Matrix:
    """The cells of each engine, in the order of the cases."""

    cells: Mapping[str, tuple[Cell, ...]]

    def score(self, engine: str, category: str = "") -> Counter[Verdict]:
        """Return how often an engine got each verdict, in one category or in all."""
        found = self.cells[engine]
        return Counter(one.verdict for one in found if category in ("", one.case.category))

    def wrong(self, engine: str) -> list[Cell]:
        """Return the cells in which an engine is silently wrong."""
        return [one for one in self.cells[engine] if one.verdict is Verdict.SILENTLY_WRONG]


def run_matrix(engines: Mapping[str, Engine], only: Iterable[Case] | None = None) -> Matrix:
    """Return the matrix of these engines; about a millisecond a cell."""
    chosen = list(cases() if only is None else only)
    return Matrix({n: tuple(judge(e, case) for case in chosen) for n, e in engines.items()})


def _at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def _value(engine: Engine, zone: str, instant: str) -> Any:
    return engine.from_instant(_at(instant).replace(tzinfo=UTC), zone)


def written(instant: dt.datetime) -> str:
    """Return an instant as the matrix writes it: seconds only where there are some.

    >>> written(dt.datetime(2026, 3, 29, 1, 30, tzinfo=UTC))
    '2026-03-29 01:30Z'
    """
    if instant.tzinfo is None:
        raise NaiveDatetimeError(instant)
    plain = instant.astimezone(UTC).replace(tzinfo=None)
    whole = plain.second == plain.microsecond == 0
    return f"{plain.isoformat(' ', 'minutes') if whole else plain.isoformat(' ')}Z"


def _shown(engine: Engine, value: Any) -> str:
    instant = engine.instant(value).replace(second=0)
    return f"{engine.wall(value):%H:%M} = {written(instant)}"


def construct(engine: Engine, zone: str, wall: str) -> str:
    """Which instant is a wall time?"""
    return written(engine.instant(engine.from_wall(_at(wall), zone)))


def shown(engine: Engine, zone: str, wall: str) -> str:
    """Which clock time does a value show that was made from a wall time?"""
    return f"{engine.wall(engine.from_wall(_at(wall), zone)):%H:%M}"


def exact(engine: Engine, zone: str, instant: str, hours: float) -> str:
    """Where does exactly so much time lead?"""
    value = _value(engine, zone, instant)
    return _shown(engine, engine.add_exact(value, dt.timedelta(hours=hours)))


def days(engine: Engine, zone: str, instant: str, number: int) -> str:
    """Where do calendar days lead?"""
    return _shown(engine, engine.add_days(_value(engine, zone, instant), number))


def months(engine: Engine, zone: str, instant: str, number: int) -> str:
    """Where do calendar months lead?"""
    return _shown(engine, engine.add_months(_value(engine, zone, instant), number))


def difference(engine: Engine, zone: str, end: str, start: str) -> str:
    """How much time passes?"""
    return str(engine.difference(_value(engine, zone, end), _value(engine, zone, start)))


def equal(engine: Engine, zone: str, one: str, other_zone: str, other: str) -> str:
    """Are two values equal?"""
    return str(engine.equal(_value(engine, zone, one), _value(engine, other_zone, other)))


def before(engine: Engine, zone: str, one: str, other_zone: str, other: str) -> str:
    """Is one value before another?"""
    return str(bool(_value(engine, zone, one) < _value(engine, other_zone, other)))


def distinct(engine: Engine, zone: str, *instants: str) -> str:
    """How many different values does a set keep?"""
    return str(len({_value(engine, zone, one) for one in instants}))


def convert(engine: Engine, zone: str, instant: str) -> str:
    """What does a clock show at an instant?"""
    return _shown(engine, _value(engine, zone, instant))


def via_pickle(engine: Engine, zone: str, instant: str) -> str:
    """What is left after pickling?"""
    return _shown(engine, pickle.loads(pickle.dumps(_value(engine, zone, instant))))  # noqa: S301


def via_text(engine: Engine, zone: str, instant: str) -> str:
    """Which instant comes back from the engine's own text?"""
    return written(engine.instant(engine.parse(engine.iso(_value(engine, zone, instant)))))


def parse(engine: Engine, text: str) -> str:
    """Which instant is a text?"""
    value = engine.parse(text)
    if isinstance(value, dt.datetime) and value.tzinfo is None:
        raise NaiveDatetimeError(value)  # the caller sees a naive value and can refuse it
    return written(engine.instant(value))


KINDS: dict[str, Callable[..., str]] = {
    "construct": construct,
    "shown": shown,
    "exact": exact,
    "days": days,
    "months": months,
    "difference": difference,
    "equal": equal,
    "before": before,
    "distinct": distinct,
    "convert": convert,
    "pickle": via_pickle,
    "text": via_text,
    "parse": parse,
    "parse_iso": parse,  # valid ISO 8601 that RFC 3339 forbids: read it right, or refuse it
}
