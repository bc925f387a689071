"""Hostile inputs by habit: one test of every public callable from a line that says how to call it.

A module declares itself in `tests/unit/test_hostile.py`, one valid call a callable:

    from velvet.hostile import Fixed, HostileTests, Key, call

    class TestHostile(HostileTests):
        errors = (QueueError,)                 # what may be raised beside ValueError and TypeError
        calls = (
            call(levenshtein, "kitten", "sitting"),
            call(LRUCache, 3).then("put", Key("a"), 1).then("get", Key("a")).but(errors=(KeyError,)),
            call(area, 1.5).but(nan="passed through, as its docstring says"),
        )
        excepted = {"lab": "programs that the examples start", "store.copy": "takes a folder"}

Each argument in turn is replaced by hostile values of its kind, which its valid value tells: a
number, an integer, a text, bytes, an iterable, a mapping, a callable, a `Key`; `Fixed(value)` and
every other type stay. The answer is a value, or a declared error with a sentence; never another
error, never a hang. NaN is refused, NumPy's scalars and one-shot iterators are answered as what
they stand for, and after a refusal an object holds what it held and passes its `check()`. A value
that repeats the call when it is hashed or compared gets the answer of both calls in some order, or
a RuntimeError. A copy shares nothing. What is neither declared nor excepted fails a test.
"""

from __future__ import annotations

import contextlib
import copy
import inspect
import pickle
import warnings
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import pytest

from velvet import passwords
from velvet.hostile_inputs import MANY, Boom, Fixed, Input, Key, finish, inputs_for, twin
from velvet.hostile_lesson import changing, package_of, public, undeclared

HANG_SECONDS = 100  # many times what a test takes; it only ends what hangs
_MOMENTS = 10  # of a call, in each of which a hostile object calls back


@dataclass(frozen=True)
class Step:
    """One call: of the function itself, or of a method of what it returned."""

    name: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]

    def slots(self) -> list[tuple[int | str, Any]]:
        """Return the place and the declared value of each argument."""
        return [*enumerate(self.args), *self.kwargs.items()]

    def run(self, function: Any, place: Any = "", value: Any = None, *, twins: bool = False) -> Any:
        """Call with the valid arguments, one of them replaced, or keys by their twins."""
        made = [(slot, twin(one) if twins else one) for slot, one in self.slots()]
        given = {slot: value if slot == place else _plain(one) for slot, one in made}
        words = {slot: one for slot, one in given.items() if isinstance(slot, str)}
        return finish(function(*(given[i] for i in range(len(self.args))), **words))


@dataclass(frozen=True)
class Call:
    """A valid call, the valid calls of methods after it, and where it departs from the rule."""

    function: Callable[..., Any]
    steps: tuple[Step, ...]
    errors: tuple[type[BaseException], ...] = ()
    nan: str = ""
    same: bool = True
    partial: str = ""
    shares: str = ""
    many: int = MANY
    of: tuple[Any, ...] = ()
    large: Callable[[], Any] | None = None

    def then(self, method: str, /, *args: Any, **kwargs: Any) -> Call:
        """Add the valid call of a method of what the function returns."""
        return replace(self, steps=(*self.steps, Step(method, args, kwargs)))

    def but(self, **rules: Any) -> Call:
        """Depart from the rule.

        Args:
            rules: `errors` that may be raised, too; why `nan` is passed through, why a refused
                call is `partial`, why a copy `shares`; `same=False` where two equal calls differ;
                `many`, the largest amount, where the work grows faster than it; `of`, what a lambda
                declares; `large` makes one of 10,000 elements, whose copies are tried, too.
        """
        return replace(self, **rules)

    def __str__(self) -> str:
        return getattr(self.function, "__qualname__", type(self.function).__name__)

    def target(self, count: int) -> Any:
        """Return what the function returns after the first so many valid calls."""
        target = self.steps[0].run(self.function) if count else None
        for step in self.steps[1:count]:
            step.run(getattr(target, step.name))
        return target


def call(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Call:
    """Declare a callable by a call that is right."""
    return Call(function, (Step("", args, kwargs),))


def _plain(value: Any) -> Any:
    value = value.value if isinstance(value, Fixed | Key) else value
    return copy.copy(value) if isinstance(value, list | dict | set) else value


def _held(target: Any) -> Any:
    """Return what an object holds, as far as it can be asked without changing it."""
    if hasattr(target, "__iter__") and hasattr(target, "__len__"):
        return list(target.items() if isinstance(target, Mapping) else target)
    return {name: repr(value) for name, value in getattr(target, "__dict__", {}).items()}


def _equal(one: Any, other: Any) -> bool:
    if type(one).__eq__ is object.__eq__:  # type: ignore[comparison-overlap]
        return True  # it has no equality of its own
    with contextlib.suppress(ValueError, TypeError):
        if one == other:
            return True
    return repr(one) == repr(other)


def faults(declared: Call, errors: tuple[type[BaseException], ...] = ()) -> list[str]:
    """Return a sentence on every hostile value that gets a wrong answer."""
    found, tried = [], 0
    for count, step in enumerate(declared.steps):
        for place, valid in step.slots():
            allowed = (ValueError, TypeError, Boom, *errors, *declared.errors)
            # OverflowError is Python's own answer to a number that has no float.
            allowed += (LookupError,) * bool(count) + (OverflowError,) * isinstance(
                valid, int | float
            )
            for given in inputs_for(valid, declared.many):
                tried += 1
                about = f"{declared}{step.name and '.'}{step.name}[{place}] {given.name}"
                try:
                    judge = _recalled if given.back else _fault
                    fault = judge(declared, count, place, given, allowed)
                except pytest.fail.Exception as error:
                    error.msg = f"{about} hangs: {error.msg}"
                    raise
                if fault:
                    found.append(f"{about}: {fault}")
    return found if tried else [f"{declared}: no argument is of a kind that is varied"]


def _fault(
    declared: Call, count: int, place: int | str, given: Input, allowed: tuple[Any, ...]
) -> str:
    step, target = declared.steps[count], declared.target(count)
    whole = isinstance(dict(step.slots())[place], int)
    function, before = getattr(target, step.name) if count else declared.function, _held(target)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # of NumPy: the value tells
            answer = step.run(function, place, given.make())
    except allowed as error:
        if not str(error):
            return f"{type(error).__name__} without a sentence"
        passwords.watch(str(error)[:10_000], "error")
        if not declared.partial and not _equal(_held(target), before):
            return f"refused ({error}), but it holds {_held(target)!r} instead of {before!r}"
        return _checked(target)
    except Exception as error:  # noqa: BLE001 - which error is what is asked
        if all(isinstance(one, allowed) for one in getattr(error, "exceptions", [error])):
            return _checked(target)
        return f"{type(error).__name__}: {str(error)[:200]}"
    finally:
        close(target)
    fault = _checked(target if count else answer)
    if given.nan and not declared.nan and not (count and whole):
        fault = f"NaN is answered with {answer!r:.200}"
    for like in given.like if declared.same and not count else ():
        if not _equal(answer, expected := step.run(declared.function, place, like)):
            fault = f"is {answer!r:.200} and not {expected!r:.200}"
        close(expected)
    close(None if count else answer)
    return fault


def _recalled(
    declared: Call, count: int, place: int | str, given: Input, allowed: tuple[Any, ...]
) -> str:
    """Let a hostile object repeat the call at each moment of it; it ends as calls in some order do."""
    step, dies = declared.steps[count], "del" in given.name

    def after(calls: str, moment: int = 0) -> tuple[bool, Exception | None, str, Any]:
        # t is a call with twins as keys, v the declared one, h (and H, with twins) the hostile one.
        target, left, error = declared.target(count), [moment], None
        function = getattr(target, step.name) if count else declared.function

        def run(*slot: Any, twins: bool = False) -> None:
            answer = step.run(function, *slot, twins=twins)
            close(None if count else answer)

        def again() -> None:
            left[0] -= 1
            if not left[0]:
                with contextlib.suppress(*(Exception,) * dies):  # nothing would catch it
                    run()

        for one in calls:
            try:
                slot = (place, given.make(again)) if one in "hH" else ()
                run(*slot, twins=one in "tH")
            except Exception as raised:  # noqa: BLE001 - which error is what is asked
                error = raised.with_traceback(None) if slot else error
            del slot
        came, left[0] = left[0] < 1, 0
        held = hasattr(target, "__len__") and (len(target), sorted(map(repr, _held(target))))
        fault = _checked(target)
        close(target)
        return came, error, fault, held

    keyed = count > 0 and any(isinstance(one, Key) for _, one in step.slots())
    for before, one in (("", "h"), ("ttt", "H"))[: 1 + keyed]:
        right: list[Any] = []
        for moment in range(1, _MOMENTS):
            came, error, fault, held = after(before + one + "t" * 12 * (dies and keyed), moment)
            if not came:
                break
            if error and not (isinstance(error, (*allowed, RuntimeError)) and str(error)):
                fault = f"{type(error).__name__}: {error}"
            orders = (one + "v", "v" + one, "", "v", one)
            right = right or [after(before + order)[3] for order in orders]
            if held not in right[: 5 if error else 2] and not dies:
                fault = fault or f"({error!r}) it holds {held} and not {right[0]}"
            if fault:
                return f"in moment {moment}: {fault}"
    return ""


def close(target: Any) -> None:
    """Close what can be closed; what is awaitable is awaited."""
    if not inspect.ismodule(target) and callable(end := getattr(target, "close", None)):
        with contextlib.suppress(TypeError):  # it asks for more
            finish(end())


def _checked(target: Any) -> str:
    check = getattr(target, "check", None)
    if inspect.ismethod(check) and not set(inspect.signature(check).parameters):
        try:
            check()
        except Exception as error:  # noqa: BLE001 - whatever it is, the object is broken
            return f"check() fails: {error!r}"
    return ""


def _pickled(one: Any) -> Any:
    return pickle.loads(pickle.dumps(one))  # noqa: S301 - our own bytes


def shared(declared: Call) -> list[str]:
    """Return a sentence on every copy that is unequal, or shares what the original holds."""
    original = declared.target(len(declared.steps))
    frozen = getattr(getattr(original, "__dataclass_params__", None), "frozen", False)
    plain = declared.shares or frozen or type(original) is not declared.function
    found = [] if plain else _shared(declared, original)
    close(original)
    return found + (_shared(declared, declared.large()) if declared.large else [])


def _shared(declared: Call, original: Any) -> list[str]:
    found: list[str] = []
    before = _held(original)
    for make in (copy.copy, copy.deepcopy, _pickled):
        try:
            twin = make(original)
        except (TypeError, AttributeError, pickle.PicklingError) as error:
            found += [] if str(error) else [f"{make.__name__}: {error!r}"]
            continue
        if not _equal(twin, original):
            found.append(f"{make.__name__} is not equal: {twin!r:.200}")
        for step in () if declared.shares else declared.steps[1:]:
            with contextlib.suppress(*declared.errors, ValueError, TypeError):
                step.run(getattr(twin, step.name))
        if not _equal(_held(original), before) or _checked(original) or _checked(twin):
            found.append(f"{make.__name__}: {_checked(original) or _checked(twin) or 'is shared'}")
        close(twin)
    return found


class HostileTests:
    """What holds for every public callable of a module; inherit it in `tests/unit/test_hostile.py`.

    Attributes:
        calls: a valid call of each public callable.
        errors: what any of them may raise beside ValueError and TypeError.
        excepted: a module or a callable of the package that is not declared -> why not.
        mutable: dataclasses of the package whose fields change; all others are frozen.
    """

    calls: ClassVar[Sequence[Call]] = ()
    errors: ClassVar[tuple[type[BaseException], ...]] = ()
    excepted: ClassVar[Mapping[str, str]] = {}
    mutable: ClassVar[Set[str]] = frozenset()

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Make a test of each declared call."""
        if "declared" in metafunc.fixturenames:
            metafunc.parametrize("declared", self.calls, ids=str)

    @pytest.mark.timeout(HANG_SECONDS)
    def test_a_hostile_value_gets_the_documented_answer(self, declared: Call) -> None:
        """Replace each argument by each hostile value of its kind."""
        found = faults(declared, self.errors)
        assert not found, "\n".join(found)

    @pytest.mark.timeout(HANG_SECONDS)
    def test_a_copy_is_equal_and_shares_nothing(self, declared: Call) -> None:
        """Copy and pickle what is made, and go on with the copy."""
        found = shared(declared)
        assert not found, "\n".join(found)

    def test_every_public_callable_is_declared_or_excepted(self) -> None:
        """Find what is neither, and exceptions that except nothing."""
        package = package_of(self)
        made = [one for each in self.calls for one in (each.function, *each.of)]
        known = [
            one for one in made if f"{getattr(one, '__module__', '')}".startswith(package.name)
        ]
        named = {f"{one.__module__}.{one.__qualname__}".partition(".")[2] for one in known}
        left = undeclared(public(package), named, self.excepted)
        assert left == [], f"neither declared nor excepted: {', '.join(left)}"

    def test_a_dataclass_is_frozen_or_declared_as_mutable(self) -> None:
        """Look at the classes as they are imported."""
        assert changing(package_of(self)) == set(self.mutable)
