"""The clock that the kits give to programs with a time of their own."""

from __future__ import annotations


class FakeTime:
    """A clock that moves when it is told to.

    >>> clock = FakeTime()
    >>> clock.tick(2); clock()
    2.0
    """

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def tick(self, seconds: float) -> None:
        """Let seconds pass; negative ones step the clock back."""
        self.now += seconds
