"""How good is an error: caught at all, exact, complete, and silent about secrets.

`judge` runs one payload through one compiled schema and says what happened: caught, changed
silently, let through or crashed. `score` adds up the sixty faults. `problem_document` is what an
API answers with (RFC 9457); `redacted` is what may be logged.
"""

from __future__ import annotations

import copy
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from velvet_validation.contender import Compiled, Contender, Invalid, Mode, Path, Problem
from velvet_validation.samples.cases import FAULTS, SECRET_PATHS, Fault, at

# A shortened secret ("hunt...er2") still leaks; four characters in a row are taken for a part.
LEAK_CHARACTERS = 4


class Outcome(str, Enum):
    """What a library did with a faulty payload."""

    CAUGHT = "caught"
    CHANGED = "changed silently"
    PASSED = "let through"
    CRASHED = "crashed"


@dataclass(frozen=True)
class Verdict:
    """What one library did with one payload.

    Attributes:
        logged: what `logging.exception` would write, without the frames.
        value: the loaded value as plain data; None when it was refused.
        leaked: the secrets' paths of which a part stands in ``logged``.
    """

    outcome: Outcome
    problems: tuple[Problem, ...] = ()
    logged: str = ""
    value: Any = None
    leaked: tuple[Path, ...] = ()


def logged(error: BaseException) -> str:
    """Return the lines that a log gets for an exception, groups and causes included."""
    return "".join(traceback.format_exception(type(error), error, None, limit=0)).strip()


def contains_part(text: str, secret: Any) -> bool:
    """Tell whether a text holds the secret or four of its characters in a row.

    >>> contains_part("input_value='hunt...er2'", "hunter2")
    True
    """
    word = str(secret)
    if len(word) <= LEAK_CHARACTERS:
        return bool(word) and word in text
    size = LEAK_CHARACTERS
    return any(word[i : i + size] in text for i in range(len(word) - size + 1))


def values_at(payload: Any, paths: Iterable[Path]) -> dict[Path, Any]:
    """Return the values at those of the paths that lead somewhere."""
    found = {}
    for path in paths:
        try:
            found[tuple(path)] = at(payload, tuple(path))
        except LookupError:
            continue
    return found


def judge(
    compiled: Compiled, payload: Any, path: Path = (), *, secret_paths: Sequence[Path] = ()
) -> Verdict:
    """Load one payload and say what came of it.

    Args:
        path: where the fault is; an accepted payload counts as changed when the value there
            (its type included) is not what was sent.
    """
    try:
        value = compiled.load(copy.deepcopy(payload))
        plain = compiled.dump(value)
    except compiled.errors as error:
        text = logged(error)
        secrets = values_at(payload, secret_paths).items()
        leaked = tuple(where for where, secret in secrets if contains_part(text, secret))
        return Verdict(Outcome.CAUGHT, tuple(compiled.problems(error)), text, None, leaked)
    except Exception as error:  # noqa: BLE001 - any other exception is the finding
        return Verdict(Outcome.CRASHED, (), logged(error))
    kept = _is_kept(payload, plain, path)
    return Verdict(Outcome.PASSED if kept else Outcome.CHANGED, value=plain)


def _is_kept(sent: Any, loaded: Any, path: Path) -> bool:
    try:
        wanted = at(sent, path)
    except LookupError:
        return True  # the fault is an absence, and it was accepted
    try:
        got = at(loaded, path)
    except LookupError:
        return False
    return repr(got) == repr(wanted)  # 1 and True are equal, and NaN equals nothing


@dataclass(frozen=True)
class Score:
    """Sixty faults through one library in one mode; every figure is a count of faults.

    Attributes:
        exact: caught with a problem at exactly the fault's path.
        leaked: caught with a part of a password or address in the log.
    """

    caught: int
    changed: int
    passed: int
    crashed: int
    exact: int
    leaked: int
    verdicts: dict[str, Verdict]


def score(contender: Contender, mode: Mode, faults: Sequence[Fault] = FAULTS) -> Score:
    """Run every fault through a library. O(number of faults)."""
    compiled = {family: contender.build(family, mode) for family in {f.family for f in faults}}
    verdicts = {}
    for fault in faults:
        secrets = SECRET_PATHS.get(fault.family, ())
        model = compiled[fault.family]
        verdicts[fault.id] = judge(model, fault.apply(), fault.path, secret_paths=secrets)
    outcomes = [one.outcome for one in verdicts.values()]
    caught, changed, passed, crashed = (outcomes.count(outcome) for outcome in Outcome)
    exact = sum(any(p.path == f.path for p in verdicts[f.id].problems) for f in faults)
    leaked = sum(bool(one.leaked) for one in verdicts.values())
    return Score(caught, changed, passed, crashed, exact, leaked, verdicts)


def redacted(invalid: Invalid, payload: Any, secret_paths: Iterable[Path]) -> Invalid:
    """Return an `Invalid` that may be logged: no cause, and no message with a part of a secret.

    Values are searched, not formats, because each library words its messages differently.
    """
    secrets = values_at(payload, secret_paths).values()
    safe = [
        (
            Problem(problem.path, problem.code, "is invalid (the value is a secret)")
            if any(contains_part(problem.message, secret) for secret in secrets)
            else problem
        )
        for problem in invalid.problems
    ]
    return Invalid(tuple(safe))


def problem_document(
    invalid: Invalid, payload: Any, secret_paths: Iterable[Path] = ()
) -> dict[str, Any]:
    """Return the body of a 422 answer as problem details (RFC 9457, ``application/problem+json``)."""
    safe = redacted(invalid, payload, secret_paths)
    return {
        "type": "about:blank",
        "title": "The payload does not match its schema.",
        "status": 422,
        "errors": [
            {"pointer": "#" + problem.pointer, "detail": problem.message}
            | ({"code": problem.code} if problem.code else {})
            for problem in safe.problems
        ],
    }
