"""What the machines do not ask of sorted containers, heaps and caches: names, texts, orders."""

from __future__ import annotations

import subprocess
import sys
import weakref
from typing import Any

import pytest

from velvet_algorithms.contenders.builtin import InsortList
from velvet_algorithms.heaps import LazyHeap
from velvet_algorithms.ordered import BPlusTree, SkipList
from velvet_algorithms.sorted_list import SortedDict, SortedList


def test_a_bag_of_thousands_keeps_the_usual_load_and_every_answer() -> None:
    bag = SortedList(i * 7919 % 10_007 for i in range(10_007))

    for value in range(0, 10_007, 3):
        bag.remove(value)

    bag.check()
    assert len(bag) == 10_007 - 3336
    assert bag[0] == 1
    assert bag[-1] == 10_006
    assert bag[5000] == next(
        v for i, v in enumerate(v for v in range(10_007) if v % 3) if i == 5000
    )


def test_equal_values_keep_the_order_of_their_arrival() -> None:
    bag = SortedList(["bb", "a"], key=len)

    bag.update(["cc", "d"])
    bag.add("ee")
    bag.remove("cc")

    assert list(bag) == ["a", "d", "bb", "ee"]
    assert "bb" in bag
    assert "zz" not in bag
    assert bag.index("ee") == 3


def test_a_value_with_an_equal_key_beyond_its_bucket_is_found() -> None:
    bag = SortedList(range(40), key=lambda value: 0, load=4)

    assert bag.index(39) == 39
    assert 39 in bag
    bag.remove(39)
    assert 39 not in bag
    bag.check()


def test_lists_compare_value_by_value_with_any_sequence() -> None:
    values = SortedList([2, 1])

    assert values == SortedList([1, 2], load=5) == [1, 2]
    assert values != SortedList([1, 1])
    assert values != (1, 3)
    assert values != {1, 2}
    assert values < [1, 3]
    assert [1, 1] < values <= (1, 2) <= values
    assert values >= SortedList([1]) < values
    assert repr(values) == "SortedList([1, 2])"
    with pytest.raises(TypeError, match="not supported"):
        values < {1}  # noqa: B015


def test_a_list_that_contains_itself_has_a_text() -> None:
    values: SortedList[Any] = SortedList(key=id)

    values.add(values)

    assert repr(values) == "SortedList([SortedList(...)])"


def test_a_sorted_list_has_no_hash() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(SortedList())


@pytest.mark.parametrize("make", [lambda: SortedList([2, 1]), lambda: SortedDict({2: 0, 1: 0})])
def test_a_copy_is_made_by_its_method_too_and_a_weak_reference(make: Any) -> None:
    ours = make()

    theirs = ours.copy()
    theirs.clear()

    assert list(weakref.ref(ours)()) == [1, 2]
    assert type(theirs) is type(ours)


def test_a_broken_list_is_told_under_dash_o_too() -> None:
    broken = "from velvet_algorithms.sorted_list import SortedList\nbag = SortedList([1, 2])\n"
    broken += "bag._maxes[0] = 9\nbag.check()"

    told = subprocess.run([sys.executable, "-O", "-c", broken], capture_output=True, check=False)

    assert b"AssertionError: a wrong maximum" in told.stderr


def test_an_index_within_bounds_is_found_and_outside_refused() -> None:
    bag = SortedList([1, 2, 2, 3])

    assert bag.index(2) == 1
    assert bag.index(2, 2) == 2
    with pytest.raises(ValueError, match="between positions 3 and 4"):
        bag.index(2, 3)


def test_an_empty_bag_answers_everything() -> None:
    bag = SortedList[int]()

    assert list(bag) == list(reversed(bag)) == list(bag.irange(1, 2)) == bag[:] == bag[::-1] == []
    assert bag.bisect_left(1) == bag.bisect_right(1) == bag.count(1) == 0
    assert 1 not in bag
    bag.discard(1)
    bag.clear()
    bag.update([])
    for ask in (lambda: bag[0], lambda: bag[-1], bag.pop):
        with pytest.raises(IndexError, match="of a list of 0"):
            ask()
    bag.check()


def test_a_map_gives_and_takes_items_by_position() -> None:
    m = SortedDict({3: "c", 1: "a", 2: "b"})

    assert m.peekitem() == (3, "c")
    assert m.popitem(0) == (1, "a")
    assert m.popitem() == (3, "c")
    assert repr(m) == "SortedDict({2: 'b'})"
    m.clear()
    m.check()
    with pytest.raises(KeyError, match="empty"):
        m.popitem()
    with pytest.raises(IndexError):
        m.peekitem(0)


def test_a_place_in_a_skip_list_is_counted_from_both_ends() -> None:
    bag = SkipList([2, 3, 1])
    assert (bag[-3], bag[2]) == (1, 3)
    with pytest.raises(IndexError, match="position 3 of a list of 3"):
        bag[3]


def test_a_skip_list_of_one_seed_has_one_shape() -> None:
    widths = [SkipList(range(200), seed=seed)._head.width for seed in (1, 1, 2)]

    assert widths[0] == widths[1]
    assert widths[0] != widths[2]


@pytest.mark.parametrize("make", [SkipList, BPlusTree])
def test_the_losers_hold_thousands_of_values(make: type[SkipList[int]]) -> None:
    ours = make(i * 7919 % 5003 for i in range(5003))

    for value in range(0, 5003, 2):
        ours.remove(value)

    ours.check()
    assert list(ours) == list(range(1, 5003, 2))
    assert ours[1000] == 2001
    assert list(ours.range(100, 109)) == [101, 103, 105, 107, 109]


def test_a_slice_of_a_keyed_bag_is_deleted_with_its_keys() -> None:
    bag = SortedList(range(50), key=lambda value: -value, load=5)

    del bag[10:40]
    del bag[0]

    bag.check()
    assert list(bag) == [*range(48, 39, -1), *range(9, -1, -1)]


def test_a_sorted_list_behind_the_same_surface_is_kept_by_bisection() -> None:
    kept = InsortList([1, 3])

    kept.add(2)
    kept.remove(1)

    assert list(kept) == [2, 3]
    assert len(kept) == 2
    assert 3 in kept
    assert 1 not in kept
    assert kept[0] == 2
    with pytest.raises(ValueError, match="9 is not in the list"):
        kept.remove(9)


def test_a_lazy_heap_looks_before_it_pops() -> None:
    heap = LazyHeap[str]()
    heap.push("a", 1)
    heap.push("b", 2)
    heap.remove("a")

    assert heap.peek() == ("b", 2)
    assert "a" not in heap
    assert heap.pop() == ("b", 2)
    with pytest.raises(IndexError):
        heap.pop()
