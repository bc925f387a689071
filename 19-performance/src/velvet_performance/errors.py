"""What can go wrong when a program is measured, each with the way out.

A profiler that is missing, a child that dies and a step that changes the answer are three
different events, and a caller treats them differently: the first is a row with its reason, the
second a row with an error, the third a defect of the optimisation. Bad arguments are ValueErrors.
"""

from __future__ import annotations

from pathlib import Path

HEAD = 400


class PerformanceError(Exception):
    """The base of every error of this package that is no bad argument."""

    def __reduce__(self) -> tuple[object, ...]:
        return type(self).__new__, (type(self),), {**self.__dict__, "args": self.args}


class Unavailable(PerformanceError):
    """A tool or compiler cannot be used here; the message says why and what would help."""


class ChildFailed(PerformanceError):
    """A measured child ended badly: non-zero, killed, past its limit, or with too much output.

    Attributes:
        code: its exit status; negative for a signal, None when it was ended by us.
    """

    def __init__(self, reason: str, code: int | None = None, output: str = "") -> None:
        tail = tidy(output.strip()[-HEAD:])
        super().__init__(f"{reason}: {tail}" if tail else reason)
        self.code = code


class ProfilerOutputError(PerformanceError):
    """A profiler wrote what its adapter does not understand."""

    def __init__(self, tool: str, version: str, found: object) -> None:
        head = tidy(str(found)[:HEAD])
        super().__init__(f"{tool} {version} wrote something unexpected: {head}")


class OutputChanged(PerformanceError):
    """An optimisation step returned another answer than the program that it replaces."""

    def __init__(self, step: str, difference: str) -> None:
        super().__init__(f"step {step!r} changed the output: {difference}")
        self.step, self.difference = step, difference


def tidy(text: str) -> str:
    """Return text without the reader's home folder: profiles and errors are passed around."""
    return text.replace(str(Path.home()), "~")
