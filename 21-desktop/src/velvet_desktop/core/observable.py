"""State that says when it changed.

A view that is told of changes needs no logic of its own. Three rules keep it honest: a property
speaks only when its value is another one, only on the UI thread, and inside `batch` once however
often it was set.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from velvet_desktop.core.dispatch import UiDispatcher
from velvet_desktop.errors import WrongThread

T = TypeVar("T")
_waiting: list[dict[int, tuple[Property[Any], Any]]] = []  # of each batch: what was before


class Connection:
    """One listener at one signal; `close` ends it, twice does no harm."""

    def __init__(self, listeners: dict[int, Callable[[], Any]], key: int) -> None:
        self._listeners, self._key = listeners, key

    def close(self) -> None:
        """Stop listening."""
        self._listeners.pop(self._key, None)


class Signal(Generic[T]):
    """Listeners that are called in the order in which they came."""

    def __init__(self) -> None:
        self._listeners: dict[int, Callable[[], Any]] = {}
        self._next = 0

    def connect(self, listener: Callable[[T], Any], *, weak: bool = True) -> Connection:
        """Call `listener` with each value.

        Args:
            weak: keep no reference to the object of a bound method, so that a closed view is
                forgotten; plain functions and lambdas are always kept.
        """
        kept: Callable[[], Any] = lambda: listener  # noqa: E731 - the same shape as a weak one
        if weak and hasattr(listener, "__func__"):
            kept = weakref.WeakMethod(listener)
        self._next += 1
        self._listeners[self._next] = kept
        return Connection(self._listeners, self._next)

    def emit(self, value: T) -> None:
        """Call every listener that is still alive."""
        for key, kept in list(self._listeners.items()):
            listener = kept()
            if listener is None:
                self._listeners.pop(key, None)
            elif key in self._listeners:  # not closed by a listener before it
                listener(value)


def _same(one: object, other: object) -> bool:
    return one is other or (type(one) is type(other) and one == other)


class Property(Generic[T]):
    """A value with a signal.

    >>> title = Property("inbox")
    >>> _ = title.changed.connect(print)
    >>> title.value = "inbox"
    >>> title.value = "today"
    today
    """

    def __init__(
        self, value: T, *, thread: UiDispatcher | None = None, name: str = "a property"
    ) -> None:
        self._value = value
        self._thread, self._name = thread, name
        self.changed: Signal[T] = Signal()

    @property
    def value(self) -> T:
        """The value now."""
        return self._value

    @value.setter
    def value(self, new: T) -> None:
        if self._thread is not None and not self._thread.is_ui_thread():
            raise WrongThread(self._name)
        if _same(new, self._value):
            return
        old, self._value = self._value, new
        if _waiting:
            _waiting[-1].setdefault(id(self), (self, old))
        else:
            self.changed.emit(new)

    def settle(self, before: T) -> None:
        """Tell the last value of a batch, unless it is the one from before."""
        if not _same(before, self._value):
            self.changed.emit(self._value)


class Computed(Property[T]):
    """A property that follows others."""

    def __init__(self, compute: Callable[[], T], *sources: Property[Any]) -> None:
        super().__init__(compute())
        self._compute = compute
        for source in sources:
            source.changed.connect(self._follow)

    def _follow(self, _: object) -> None:
        self.value = self._compute()


@contextmanager
def batch() -> Iterator[None]:
    """Hold notifications back: after the outermost batch each changed property speaks once."""
    depth = len(_waiting)
    try:
        _waiting.append({})
        yield
    finally:  # no call comes before the batch has ended, so that no interrupt does
        ended = _waiting[depth:]
        del _waiting[depth:]
        changed = {key: kept for one in ended[::-1] for key, kept in one.items()}
        if _waiting:
            _waiting[-1].update(changed | _waiting[-1])  # what the outer one knows is older
        else:
            for one, before in changed.values():
                one.settle(before)
