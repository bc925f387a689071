"""The hostile inputs: ten broken copies of what modules do go red, and the whole ones stay green."""

from __future__ import annotations

import inspect
import math
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from velvet.hostile import Call, Fixed, HostileTests, Key, call, faults, shared
from velvet.hostile_lesson import changing, public


class Bag:
    """A sorted list as it should be: checked first, changed afterwards, copied whole."""

    def __init__(self, values: Iterable[float] = ()) -> None:
        self.values: list[float] = []
        for value in values:
            self.add(value)

    def __iter__(self) -> Iterator[float]:
        return iter(self.values)

    def __len__(self) -> int:
        return len(self.values)

    def __copy__(self) -> Bag:
        return type(self)(self.values)

    def add(self, value: float) -> None:
        if not isinstance(value, int | float) or math.isnan(value):
            raise TypeError(f"{value!r} is not ordered")
        self.values = sorted([*self.values, value])

    def check(self) -> None:
        assert self.values == sorted(self.values)


class AcceptsNan(Bag):
    def add(self, value: float) -> None:
        self.values = [*self.values, value]

    def check(self) -> None:
        """Find nothing."""


class ChangesFirst(Bag):
    def add(self, value: float) -> None:
        self.values = [*self.values, value]
        if not isinstance(value, int | float) or math.isnan(value):
            raise TypeError(f"{value!r} is not ordered")
        self.values.sort()


class BreaksWhenRefusing(Bag):
    def add(self, value: float) -> None:
        if not isinstance(value, int | float) or math.isnan(value):
            self.values.reverse()
            raise TypeError(f"{value!r} is not ordered")
        super().add(value)


class SharedCopy(Bag):
    def __copy__(self) -> SharedCopy:
        twin = SharedCopy()
        twin.values = self.values
        return twin

    def add(self, value: float) -> None:
        if not isinstance(value, int | float) or math.isnan(value):
            raise TypeError(f"{value!r} is not ordered")
        self.values.append(value)
        self.values.sort()


class NoSentence(Bag):
    def add(self, value: float) -> None:
        if not isinstance(value, int | float) or math.isnan(value):
            raise TypeError
        super().add(value)


class DeepNode:
    def __init__(self, depth: int) -> None:
        self.below = DeepNode(depth - 1) if depth else None


def twice(values: Iterable[int]) -> tuple[int, int]:
    return sum(values), sum(values)


def by_key(key: Any) -> int:
    return {"a": 1}[key]


def small_sum(number: int) -> int:
    return number + number


async def awaited_sum(number: int) -> int:
    return small_sum(number)


async def sums(number: int) -> AsyncIterator[int]:
    for _ in range(2000):  # endless, as far as anyone looks
        yield small_sum(number)


def lazily(values: list[int]) -> Iterator[int]:
    yield values[0]


def depth_of(text: str) -> int:
    return 1 + depth_of(text[1:]) if text else 0


def raw(text: str) -> bytes:
    if not text.isascii():
        raise RuntimeError("it failed")
    return text.encode()


def first(values: list[int]) -> int:
    return values[0]


ADD = call(Bag, [3, 1]).then("add", 2.0)
RED: list[tuple[Call, str]] = [
    (call(AcceptsNan, [3, 1]).then("add", 2.0), "NaN is answered with"),
    (call(ChangesFirst, [3, 1]).then("add", 2.0), "but it holds"),
    (call(BreaksWhenRefusing, [3, 1]).then("add", 2.0), "but it holds [3, 1]"),
    (call(NoSentence, [3, 1]).then("add", 2.0), "TypeError without a sentence"),
    (call(twice, [1, 2]), "a one-shot iterator: is (3, 0) and not (3, 3)"),
    (call(by_key, Key("a")), "KeyError"),
    (call(small_sum, 3), "uint8(200): is"),
    (call(awaited_sum, 3), "uint8(200): is"),
    (call(sums, 3), "uint8(200): is"),
    (call(lazily, [1]), "IndexError"),
    (call(depth_of, "ab"), "RecursionError"),
    (call(raw, "ab"), "RuntimeError: it failed"),
    (call(first, [1]), "IndexError"),
]


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
@pytest.mark.parametrize(("declared", "sentence"), RED, ids=lambda one: str(one)[:30])
def test_a_broken_mechanism_goes_red(declared: Call, sentence: str) -> None:
    if declared.function in (small_sum, awaited_sum, sums):
        pytest.importorskip("numpy", reason="NumPy's scalars wrap around; pip install numpy")

    found = faults(declared)

    assert [fault for fault in found if sentence in fault], found


def test_a_whole_mechanism_stays_green() -> None:
    assert faults(ADD) == []
    assert shared(ADD) == []


class Counts:
    """How often each key came; whatever a key's own dunder does."""

    def __init__(self) -> None:
        self.order: list[Any] = []
        self.times: dict[Any, int] = {}
        self.lock: Any = threading.RLock()

    def __len__(self) -> int:
        return len(self.times)

    def add(self, key: Any) -> None:
        with self.lock:
            self.times[key] = self.times.get(key, 0) + 1
            self.order = list(self.times)

    def check(self) -> None:
        assert self.order == list(self.times)


class IndexesInSteps(Counts):
    """A key is in one of two tables while the other hashes it."""

    def add(self, key: Any) -> None:
        if key not in self.times:
            self.order.append(key)
            self.times[key] = len(self.order)


class LosesWhatCameMeanwhile(Counts):
    """What was copied before the comparison is written back after it."""

    def add(self, key: Any) -> None:
        self.times = {**self.times, key: 1}
        self.order = list(self.times)


class FreesInTheMiddle(Counts):
    """The oldest key goes while only one of two tables knows; its `__del__` comes back."""

    def add(self, key: Any) -> None:
        if key not in self.times and len(self.times) == 3:
            del self.times[self.order.pop(0)]
            self.order = self.order[:2]
        super().add(key)

    def check(self) -> None:
        assert len(self.times) <= 3


class Locks(Counts):
    """A lock that its own thread cannot take twice."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()


def counted(kind: type[Counts]) -> Call:
    return call(kind).then("add", Key("a"))


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        (IndexesInSteps, "calls back in __hash__: in moment 2: check() fails"),
        (LosesWhatCameMeanwhile, "calls back in __hash__: in moment 1"),
        (FreesInTheMiddle, "calls back in __del__: in moment 1: check() fails"),
    ],
)
def test_an_object_that_calls_back_finds_a_half_made_change(
    broken: type[Counts], sentence: str
) -> None:
    assert faults(counted(Counts)) == []

    found = faults(counted(broken))

    assert [fault for fault in found if sentence in fault], found


@pytest.mark.timeout(3, method="signal")
@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="this system ends no lock by a signal")
def test_a_call_back_that_waits_for_its_own_lock_ends_as_a_failure() -> None:
    with pytest.raises(pytest.fail.Exception, match=r"Locks\.add\[0\] calls back in \S+ hangs"):
        faults(counted(Locks))


def test_a_copy_that_shares_goes_red() -> None:
    assert [fault for fault in shared(call(SharedCopy, [3, 1]).then("add", 2.0)) if "copy" in fault]


def test_a_pickle_that_recurses_goes_red() -> None:
    with pytest.raises(RecursionError):
        shared(call(DeepNode, 400))


class Link:
    def __init__(self, below: Link | None) -> None:
        self.below = below


def chain() -> Link:
    made = None
    for _ in range(10_000):
        made = Link(made)
    assert made
    return made


def wide(kind: type[Bag]) -> Bag:
    made = kind()
    made.values = [float(n) for n in range(10_000)]
    return made


def test_ten_thousand_elements_are_copied_or_go_red() -> None:
    assert shared(ADD.but(large=lambda: wide(Bag))) == []
    broken = call(SharedCopy, [3, 1]).then("add", 2.0).but(large=lambda: wide(SharedCopy))
    assert len([fault for fault in shared(broken) if "is shared" in fault]) == 6  # three a size
    with pytest.raises(RecursionError):
        shared(call(Link, Fixed(None)).but(large=chain))


def test_a_declaration_that_varies_nothing_is_a_fault() -> None:
    assert faults(call(small_sum, Fixed(3))) == [
        "small_sum: no argument is of a kind that is varied"
    ]


@pytest.mark.parametrize(
    ("rule", "value"),
    [("nan", "passed through, as its docstring says"), ("errors", (KeyError,))],
)
def test_a_departure_is_declared(rule: str, value: Any) -> None:
    function: Callable[[float], Any] = float if rule == "nan" else by_key
    declared = call(function, 1.5 if rule == "nan" else Key("a")).but(**{rule: value})

    assert faults(declared) == []


def test_each_declared_call_is_a_test_that_can_fail() -> None:
    kind, made = type("TestX", (HostileTests,), {"calls": (ADD, RED[0][0])}), dict[str, Any]()
    keep = lambda name, values, ids: made.update({name: (values, ids)})  # noqa: E731
    metafunc: Any = SimpleNamespace(fixturenames=["declared"], parametrize=keep)

    kind().pytest_generate_tests(metafunc)
    kind().test_a_hostile_value_gets_the_documented_answer(ADD)
    kind().test_a_copy_is_equal_and_shares_nothing(ADD)

    assert made == {"declared": ((ADD, RED[0][0]), str)}
    with pytest.raises(AssertionError, match="NaN is answered with"):
        kind().test_a_hostile_value_gets_the_documented_answer(RED[0][0])
    with pytest.raises(AssertionError, match="is shared"):
        kind().test_a_copy_is_equal_and_shares_nothing(call(SharedCopy, [3]).then("add", 2.0))


def test_public_callables_are_found_and_values_are_not(tmp_path: Path) -> None:
    (tmp_path / "dashboard").mkdir()
    (tmp_path / "dashboard" / "tab.py").write_text("def draw(n: int): ...\n", encoding="utf-8")
    (tmp_path / "a.py").write_text(
        "class Wrong(ValueError): ...\n"
        "class Plain:\n    x: int\n"
        "class Made:\n    def __init__(self, n: int): ...\n"
        "class Method:\n    def add(self, key: str): ...\n"
        "async def soon(names: Iterable[str]): ...\n"
        "def _own(n: int): ...\n"
        "def of(graph: Graph): ...\n",
        encoding="utf-8",
    )

    assert list(public(tmp_path)) == ["a.Made", "a.Method", "a.soon"]


def test_what_is_forgotten_or_excepted_for_nothing_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = Path(__file__).resolve().parents[2] / "17-validation" / "tests" / "unit" / "test_x.py"
    kind = type("TestX", (HostileTests,), {})
    monkeypatch.setattr(inspect, "getfile", lambda _: str(here))

    with pytest.raises(AssertionError, match=r"neither declared nor excepted: .*guard\.scan"):
        kind().test_every_public_callable_is_declared_or_excepted()
    kind.excepted = {"gone": "it is gone"}
    with pytest.raises(AssertionError, match="gone is excepted, and is declared or gone"):
        kind().test_every_public_callable_is_declared_or_excepted()


def test_a_dataclass_that_can_be_changed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "velvet_changing"
    package.mkdir()
    (package / "a.py").write_text(
        "from dataclasses import dataclass\n"
        "@dataclass\nclass Open: x: int\n"
        "@dataclass(frozen=True)\nclass Shut: x: int\n"
        "@dataclass(eq=False)\nclass Wrong(ValueError): x: int\n"
        "@dataclass\nclass _Own: x: int\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(tmp_path)

    assert changing(package) == {"a.Open"}
