"""The kit of `ttl_lru`: state over time, so the model is what finds."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from velvet_testing.kit import Kit, Machine
from velvet_testing.samples.clock import FakeTime

CAPACITY, TTL = 2, 10


class _Real:
    def __init__(self, m: Any) -> None:
        self.clock = FakeTime()
        self.cache = m.TtlLru(CAPACITY, TTL, self.clock)

    def put(self, key: str, value: int) -> None:
        self.cache.put(key, value)

    def get(self, key: str) -> Any:
        return self.cache.get(key)

    def delete(self, key: str) -> bool:
        return bool(self.cache.delete(key))

    def tick(self, seconds: int) -> None:
        self.clock.tick(seconds)

    def size(self) -> int:
        return len(self.cache)


class _Model:
    """Lists of (key, value, expiry), the least recently used first."""

    def __init__(self) -> None:
        self.now = 0
        self.items: list[tuple[str, int, int]] = []

    def _drop(self, key: str) -> tuple[str, int, int] | None:
        found = next((item for item in self.items if item[0] == key), None)
        self.items = [item for item in self.items if item[0] != key]
        return found if found and found[2] > self.now else None

    def put(self, key: str, value: int) -> None:
        self._drop(key)
        self.items.append((key, value, self.now + TTL))
        if len(self.items) > CAPACITY:
            expired = [item for item in self.items if item[2] <= self.now]
            self.items.remove((expired or self.items)[0])

    def get(self, key: str) -> Any:
        found = self._drop(key)
        if found is None:
            return None
        self.items.append(found)
        return found[1]

    def delete(self, key: str) -> bool:
        return self._drop(key) is not None

    def tick(self, seconds: int) -> None:
        self.now += seconds

    def size(self) -> int:
        return sum(item[2] > self.now for item in self.items)


def _check(m: Any, x: Any) -> None:
    keys, seconds = x
    world = _Real(m)
    for number, key in enumerate(keys):
        world.put(key, number)
    last = len(keys) - 1
    assert world.get(keys[-1]) == last
    assert world.size() == min(CAPACITY, len(set(keys)))
    world.tick(seconds)
    assert world.get(keys[-1]) == (last if seconds < TTL else None)


_key = st.sampled_from("abc")
KIT = Kit(
    happy=(
        'play(World(program), "put a 1; put b 2; get a; get b; get c")[2:] == [1, 2, None]',
        'play(World(program), "put a 1; delete a; get a")[1:] == [True, None]',
        'play(World(program), "put a 1; tick 99; get a")[2] is None',
    ),
    edges=(
        "raises(ValueError, TtlLru, 0, 1, float)",
        "raises(ValueError, TtlLru, 1, 0, float)",
        'play(World(program), "put a 1; tick 9; get a; size")[2:] == [1, 1]',
        'play(World(program), "put a 1; tick 10; get a; size")[2:] == [None, 0]',
        'play(World(program), "put a 1; put b 2; put c 3; get a; get b; get c")[3:] == [None, 2, 3]',
        'play(World(program), "put a 1; put b 2; get a; put c 3; get a; get b")[4:] == [1, None]',
        'play(World(program), "put a 1; put a 2; get a; size")[2:] == [2, 1]',
        'play(World(program), "put a 1; tick 10; put b 2; put c 3; size")[4] == 2',
        'play(World(program), "delete a; put a 1; delete a; delete a") == [False, None, True, False]',
    ),
    contract=(
        'play(World(program), "get a; put a 1; get a; put a 2; get a") == [None, None, 1, None, 2]',
        'play(World(program), "put a 1; delete a; get a; size")[2:] == [None, 0]',
    ),
    snapshot=('play(World(program), "put a 1; get a; put b 2; put c 3; size; tick 11; get c")',),
    tools={"World": _Real},
    inputs=st.tuples(st.lists(_key, min_size=1, max_size=5), st.integers(0, 20)),
    check=_check,
    machine=Machine(
        {
            "put": (_key, st.integers(0, 3)),
            "get": (_key,),
            "delete": (_key,),
            "tick": (st.integers(1, 10),),
            "size": (),
        },
        _Real,
        _Model,
    ),
)
