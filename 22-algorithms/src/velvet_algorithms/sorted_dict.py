"""A dictionary whose keys stay in order: a `dict` for values beside a `SortedList` of its keys.

Prefer a plain `dict` and one `sorted()` when all is written before anything is read in order.
Reading a key costs what it costs in a dict; writing a new one adds the list's O(sqrt n) moves.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, MutableMapping
from typing import Any, TypeVar

from velvet_algorithms.contract import ensure
from velvet_algorithms.sorted_list import SortedList

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class SortedDict(MutableMapping[K, V]):
    """A mapping in the order of its keys, with access by position.

    Keys must be hashable and totally ordered; NaN is refused. Not thread-safe.

    >>> m = SortedDict({"b": 2, "a": 1})
    >>> list(m.items()), m.peekitem(0), list(m.irange("b"))
    ([('a', 1), ('b', 2)], ('a', 1), ['b'])
    """

    __slots__ = ("__weakref__", "_keys", "_values")

    def __init__(
        self, items: Mapping[K, V] | Iterable[tuple[K, V]] = (), *, load: int = 1000
    ) -> None:
        self._values: dict[K, V] = dict(items)
        self._keys: SortedList[K] = SortedList(self._values, load=load)

    def copy(self) -> SortedDict[K, V]:
        """Return a mapping of its own with the same items. O(n log n)."""
        return type(self)(self._values, load=self._keys._load)

    __copy__ = copy

    def __reduce__(self) -> Any:
        return type(self), (dict(self.items()),)

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, key: K) -> V:
        return self._values[key]

    def __contains__(self, key: object) -> bool:
        return key in self._values

    def __setitem__(self, key: K, value: V) -> None:
        if key not in self._values:
            self._keys.add(key)  # may refuse the key, so it comes first
        self._values[key] = value

    def __delitem__(self, key: K) -> None:
        if key not in self._values:
            raise KeyError(key)
        self._keys.remove(key)  # may refuse to compare, so it comes first
        del self._values[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._keys)

    def __reversed__(self) -> Iterator[K]:
        return reversed(self._keys)

    def irange(
        self,
        minimum: K | None = None,
        maximum: K | None = None,
        inclusive: tuple[bool, bool] = (True, True),
        *,
        reverse: bool = False,
    ) -> Iterator[K]:
        """Walk the keys between two bounds; see `SortedList.irange`."""
        return self._keys.irange(minimum, maximum, inclusive, reverse=reverse)

    def peekitem(self, index: int = -1) -> tuple[K, V]:
        """Return key and value at a position; raises IndexError. O(log n)."""
        key = self._keys[index]
        return key, self._values[key]

    def popitem(self, index: int = -1) -> tuple[K, V]:
        """Remove and return key and value at a position; raises KeyError when empty, as dict does.

        Raises:
            IndexError: there is no such position.
        """
        if not self._values:
            raise KeyError("popitem(): the map is empty")
        key = self._keys.pop(index)
        return key, self._values.pop(key)

    def bisect_left(self, key: K) -> int:
        """Return how many keys are less. O(log n)."""
        return self._keys.bisect_left(key)

    def bisect_right(self, key: K) -> int:
        """Return how many keys are less or equal. O(log n)."""
        return self._keys.bisect_right(key)

    def clear(self) -> None:
        """Remove everything."""
        self._values.clear()
        self._keys.clear()

    def check(self) -> None:
        """Verify that keys and values belong together; raises AssertionError. O(n)."""
        self._keys.check()
        ensure(len(self._keys) == len(self._values), "keys and values differ in number")
        ensure(all(key in self._values for key in self._keys), "a key without a value")

    def __repr__(self) -> str:
        return f"SortedDict({dict(self.items())!r})"
