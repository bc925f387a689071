"""The kit of `interval_set`."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from velvet_testing.kit import Kit, Machine


class _Real:
    def __init__(self, m: Any) -> None:
        self.set = m.IntervalSet()

    def add(self, lo: int, hi: int) -> Any:
        return self.set.add(lo, hi)

    def remove(self, lo: int, hi: int) -> Any:
        return self.set.remove(lo, hi)

    def has(self, x: int) -> bool:
        return x in self.set

    def state(self) -> Any:
        touching = zip(self.set.spans, self.set.spans[1:], strict=False)
        return self.set.total(), all(a[1] < b[0] for a, b in touching)


class _Model:
    def __init__(self) -> None:
        self.items: set[int] = set()

    def add(self, lo: int, hi: int) -> None:
        if lo >= hi:
            raise ValueError
        self.items |= set(range(lo, hi))

    def remove(self, lo: int, hi: int) -> None:
        if lo >= hi:
            raise ValueError
        self.items -= set(range(lo, hi))

    def has(self, x: int) -> bool:
        return x in self.items

    def state(self) -> Any:
        return len(self.items), True


def _filled(m: Any, x: Any) -> Any:
    one = m.IntervalSet()
    for lo, length in x:
        one.add(lo, lo + length)
    return one


def _check(m: Any, x: Any) -> None:
    one = _filled(m, x)
    assert all(lo in one and lo + length - 1 in one for lo, length in x)
    assert one.total() == sum(i in one for i in range(-1, 40))


def _oracle(x: Any) -> Any:
    items = {i for lo, length in x for i in range(lo, lo + length)}
    return len(items), [i in items for i in range(40)]


def _exercise(m: Any, x: Any) -> Any:
    one = _filled(m, x)
    return one.total(), [i in one for i in range(40)]


def _tamed(x: Any) -> Any:
    return [(one[0] % 30, 1 + one[1] % 8) for one in x if isinstance(one, tuple)]


def _relate(m: Any, x: Any) -> None:
    assert _filled(m, x).spans == _filled(m, x[::-1]).spans
    assert _filled(m, x + x).spans == _filled(m, x).spans


_point = st.integers(0, 12)
KIT = Kit(
    happy=(
        'play(World(program), "add 1 3; add 5 9; has 2; has 4; has 6")[2:] == [True, False, True]',
    ),
    edges=(
        'play(World(program), "has 0") == [False]',
        'play(World(program), "add 3 3; add 4 3; remove 2 2") == ["ValueError"] * 3',
        'play(World(program), "add 1 3; has 0; has 1; has 2; has 3")[1:] == '
        "[False, True, True, False]",
        'play(World(program), "add 1 3; add 3 5; state")[2] == (4, True)',
        'play(World(program), "add 1 3; add 2 5; state")[2] == (4, True)',
        'play(World(program), "add 1 9; remove 3 5; state; has 2; has 3; has 4; has 5")[2:] == '
        "[(6, True), True, False, False, True]",
    ),
    snapshot=('play(World(program), "add 1 4; add 8 9; add 3 8; remove 2 3; state")',),
    tools={"World": _Real},
    seeds=([(1, 2), (5, 3)], [(0, 10), (2, 3)]),
    target=lambda m, x: _exercise(m, _tamed(x)),
    invariant=lambda m, x: _check(m, _tamed(x)),
    inputs=st.lists(st.tuples(st.integers(0, 30), st.integers(1, 8)), min_size=1, max_size=6),
    exercise=_exercise,
    check=_check,
    oracle=_oracle,
    relate=_relate,
    machine=Machine(
        {"add": (_point, _point), "remove": (_point, _point), "has": (_point,), "state": ()},
        _Real,
        _Model,
    ),
)
