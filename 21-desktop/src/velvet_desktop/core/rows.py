"""A window over rows that are somewhere else: what makes a million rows cost what forty cost.

A view asks for the rows it can see, many times a second. `RowWindow` answers at once, with None
where a page is still on its way, keeps a bounded number of pages, fetches ahead in the direction
of the scrolling, and drops answers that belong to an older sort or filter.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from velvet_desktop.core.observable import Signal

Row = TypeVar("Row")
PAGE, MAX_PAGES = 128, 32


class RowWindow(Generic[Row]):
    """Pages of a long list, the oldest forgotten first.

    Args:
        fetch: returns the rows of ``[start, stop)``; may take long.
        submit: runs a fetch somewhere and hands its answer over on the UI thread; at once by
            default, which is right for tests and for data in memory.

    Attributes:
        loaded: emitted with ``(start, stop)`` when a page has arrived.
        reset: emitted with the new count when everything has changed.
    """

    def __init__(
        self,
        fetch: Callable[[int, int], list[Row]],
        count: int,
        *,
        submit: (
            Callable[[Callable[[], list[Row]], Callable[[list[Row]], None]], object] | None
        ) = None,
        page: int = PAGE,
        max_pages: int = MAX_PAGES,
    ) -> None:
        if not (page >= 1 and max_pages >= 2 and count >= 0):
            raise ValueError("a window needs at least 1 row a page, at least 2 pages, and a count")
        self._fetch, self.count, self.page, self.max_pages = fetch, count, page, max_pages
        self._submit = submit or (lambda ask, done: done(ask()))
        self._pages: OrderedDict[int, list[Row]] = OrderedDict()
        self._asked: set[int] = set()
        self._generation = self._last = self.fetched = 0
        self.loaded: Signal[tuple[int, int]] = Signal()
        self.reset: Signal[int] = Signal()

    def row(self, index: int) -> Row | None:
        """Return a row, or None while its page is on the way; O(1), never waits.

        Raises:
            IndexError: there is no such row.
        """
        if not 0 <= index < self.count:
            raise IndexError(f"row {index} of {self.count}")
        number = index // self.page
        found = self._pages.get(number)
        if found is None:
            self._ask(number)
            found = self._pages.get(number)  # it may have been answered at once
        else:
            self._pages.move_to_end(number)
        if number != self._last:
            ahead = number + (1 if number > self._last else -1)
            self._last = number
            if 0 <= ahead * self.page < self.count and ahead not in self._pages:
                self._ask(ahead)
        place = index - number * self.page
        return found[place] if found is not None and place < len(found) else None

    def rows(self, start: int, stop: int) -> list[Row | None]:
        """Return what is known of ``[start, stop)``, as far as there are rows."""
        return [self.row(index) for index in range(max(0, start), min(stop, self.count))]

    def _ask(self, number: int) -> None:
        if number in self._asked:
            return
        self._asked.add(number)
        generation, fetch, start = self._generation, self._fetch, number * self.page
        stop = min(start + self.page, self.count)

        def done(rows: list[Row]) -> None:
            if generation != self._generation:  # of an older sort or filter
                return
            self._asked.discard(number)
            self._pages[number] = rows
            self.fetched += 1
            while len(self._pages) > self.max_pages:
                oldest = next(one for one in self._pages if one != self._last)
                del self._pages[oldest]  # never the page that is looked at, however late this is
            self.loaded.emit((start, stop))

        def ask() -> list[Row]:
            try:
                return fetch(start, stop)
            except BaseException:
                self._asked.discard(number)  # it may be asked for again
                raise

        self._submit(ask, done)

    def renew(self, fetch: Callable[[int, int], list[Row]], count: int) -> None:
        """Show other rows: another filter, another order, or the same after a change."""
        self._generation += 1
        self._fetch, self.count = fetch, count
        self._pages.clear()
        self._asked.clear()
        self._last = 0
        self.reset.emit(count)

    def __len__(self) -> int:
        return sum(map(len, self._pages.values()))
