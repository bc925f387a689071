"""Other ways to show progress, behind one surface, so that they can be compared and exchanged.

Each adapter imports its library when it is used, and adds nothing to it but the surface:
``wrap(iterable, total, label)`` yields the items unchanged and in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from operator import length_hint
from typing import Any, Protocol, TextIO, TypeVar

from velvet_cli.progress import Throttled

T = TypeVar("T")
CLICK_STEPS = 1000


class Progress(Protocol):
    """What a loop needs of a progress bar."""

    def wrap(self, iterable: Iterable[T], total: int | None = None, label: str = "") -> Iterable[T]:
        """Yield the items and show how far it is."""


class Null:
    """Show nothing: what is not wrapped costs nothing."""

    def __init__(self, _: TextIO) -> None:
        pass

    def wrap(self, iterable: Iterable[T], *_: object, **__: object) -> Iterable[T]:
        """Return the iterable itself."""
        return iterable


class Naive:
    """The bar of every tutorial: draw at every item, terminal or not."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def wrap(self, iterable: Iterable[T], total: int | None = None, label: str = "") -> Iterator[T]:
        """Yield the items and write a line for each."""
        total = total or length_hint(iterable)
        for count, item in enumerate(iterable, 1):
            yield item
            percent = f"{count / total:4.0%} " if total else ""
            self._stream.write(f"\r{label} {percent}{count}/{total}")
            self._stream.flush()
        self._stream.write("\n")


class Tqdm:
    """tqdm with its defaults: at most ten lines a second, and the step between looks adapts."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def wrap(self, iterable: Iterable[T], total: int | None = None, label: str = "") -> Iterable[T]:
        """Return tqdm's own iterable."""
        from tqdm import tqdm  # type: ignore[import-untyped]

        wrapped: Iterable[T] = tqdm(iterable, total=total, desc=label or None, file=self._stream)
        return wrapped


class RichBar:
    """Rich's `track` with its defaults: a thread draws ten times a second."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def wrap(self, iterable: Iterable[T], total: int | None = None, label: str = "") -> Iterable[T]:
        """Return Rich's own iterable; the label is text, not markup."""
        from rich.console import Console
        from rich.markup import escape
        from rich.progress import track

        # A Rich task without a description keeps a column for it all the same.
        title = escape(label) or "Working"
        return track(iterable, title, total=total, console=Console(file=self._stream))


class ClickBar:
    """Click's `progressbar`; `min_steps` items pass between two drawings (Click's default is one)."""

    def __init__(self, stream: TextIO, *, min_steps: int = 1) -> None:
        self._stream, self._min_steps = stream, min_steps

    def wrap(self, iterable: Iterable[T], total: int | None = None, label: str = "") -> Iterator[T]:
        """Yield what Click's bar yields, within its context."""
        import click

        options: dict[str, Any] = {"update_min_steps": self._min_steps, "file": self._stream}
        length = total or length_hint(iterable) or None
        with click.progressbar(iterable, length=length, label=label or None, **options) as bar:
            yield from bar


# Every bar by name; each takes the stream that it draws on.
BARS: Mapping[str, Callable[[TextIO], Progress]] = {
    "null": Null,
    "throttled": Throttled,
    "tqdm": Tqdm,
    "rich": RichBar,
    "click": ClickBar,
    "click_1000": partial(ClickBar, min_steps=CLICK_STEPS),
    "naive": Naive,
}
