"""The kit of `pager`."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from velvet_testing.kit import Kit, Machine


class _Real:
    """A reader who asks for page after page while events come in."""

    def __init__(self, m: Any) -> None:
        self.m, self.events = m, [(1, "a"), (1, "b"), (2, "a")]
        self.cursor: str | None = None

    def insert(self, stamp: int, name: str) -> None:
        if (stamp, name) not in self.events:
            self.events.append((stamp, name))

    def next(self, size: int) -> Any:
        rows, self.cursor = self.m.page(self.events, size, self.cursor)
        return rows, self.cursor is None


class _Model:
    def __init__(self) -> None:
        self.events = {(1, "a"), (1, "b"), (2, "a")}
        self.last: tuple[int, str] | None = None

    def insert(self, stamp: int, name: str) -> None:
        self.events.add((stamp, name))

    def next(self, size: int) -> Any:
        if size < 1:
            raise ValueError
        rest = sorted(one for one in self.events if self.last is None or one > self.last)
        self.last = rest[size - 1] if len(rest) > size else None
        return rest[:size], self.last is None


def _all(m: Any, events: Any, size: int) -> list[Any]:
    found: list[Any] = []
    cursor = None
    for _ in range(len(events) + 2):
        rows, cursor = m.page(events, size, cursor)
        assert 0 < len(rows) <= size or not events
        found += rows
        if cursor is None:
            return found
    raise AssertionError("the cursors never end")


def _check(m: Any, x: Any) -> None:
    events, size = x
    assert sorted(_all(m, events, size)) == sorted(events)


def _relate(m: Any, x: Any) -> None:
    events, size = x
    assert _all(m, events, size) == _all(m, events[::-1], size + 1)


_name = st.sampled_from(("a", "b", "c:d"))
_events = st.lists(st.tuples(st.integers(0, 3), _name), max_size=6, unique=True)
_AB = '[(1, "a"), (2, "b"), (3, "c")]'
KIT = Kit(
    happy=(
        f'page({_AB}, 2) == ([(1, "a"), (2, "b")], "2:b")',
        f'page({_AB}, 2, "2:b") == ([(3, "c")], None)',
    ),
    edges=(
        "page([], 1) == ([], None)",
        f"raises(ValueError, page, {_AB}, 0)",
        f"page({_AB}, 1)[1] == '1:a'",
        f"page({_AB}, 3)[1] is None",
        f"page({_AB}, 4)[1] is None",
        f"raises(ValueError, page, {_AB}, 1, 'x')",
        f"page({_AB}, 9, '3:c') == ([], None)",
    ),
    contract=(
        'page([(2, "b"), (1, "a")], 5)[0] == [(1, "a"), (2, "b")]',
        'page([(1, "a"), (1, "b")], 1, "1:a")[0] == [(1, "b")]',
        'page([(1, "a"), (3, "c"), (2, "b")], 1, "1:a")[0] == [(2, "b")]',
    ),
    snapshot=(f"page({_AB}, 2)", f"page({_AB}, 2, '1:a')"),
    seeds=("1:a", "12:b", "0:"),
    target=lambda m, x: m.page([(1, "a"), (2, "b")], 1, x),
    inputs=st.tuples(_events, st.integers(1, 4)),
    exercise=lambda m, x: _all(m, *x),
    check=_check,
    oracle=lambda x: sorted(x[0]),
    relate=_relate,
    machine=Machine(
        {"insert": (st.integers(0, 3), _name), "next": (st.integers(0, 3),)}, _Real, _Model
    ),
)
