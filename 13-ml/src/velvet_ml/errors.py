"""What goes wrong between a notebook and production, one class for each.

A caller that handles one of them never reads a message: what it needs is an attribute. All of them
derive from `MlError`; those about arguments are a `ValueError`, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import index
from sys import float_info


class MlError(Exception):
    """The base of all errors of this package."""

    def __reduce__(self) -> tuple[object, ...]:
        return type(self).__new__, (type(self),), {**self.__dict__, "args": self.args}


class DataContractError(MlError, ValueError):
    """Rows break the contract; `violations` has one sentence for each broken rule."""

    def __init__(self, violations: Sequence[str]) -> None:
        super().__init__("the data break the contract: " + "; ".join(violations))
        self.violations = tuple(violations)


class LeakageError(MlError):
    """An audit found a leak; `findings` has a sentence for each."""

    def __init__(self, findings: Sequence[str]) -> None:
        super().__init__("the score is not real: " + "; ".join(findings))
        self.findings = tuple(findings)


class UntrustedArtifact(MlError):
    """A file that could run code, or that reaches outside itself; it was not loaded."""

    def __init__(self, types: Sequence[str], reason: str = "") -> None:
        what = ", ".join(types)
        super().__init__(reason or f"the file holds types that are not on the allow-list: {what}")
        self.types = tuple(types)


class IntegrityError(MlError):
    """Bytes are not those that were registered."""

    def __init__(self, what: str, expected: str, actual: str) -> None:
        super().__init__(f"{what}: expected {expected[:16]}, found {actual[:16]}")
        self.expected, self.actual = expected, actual


class StageConflict(MlError):
    """An alias moved since the caller looked; look again and decide again."""


class ParityError(MlError):
    """The exported model does not answer as the trained one; `report` has the worst rows."""

    def __init__(self, message: str, report: object) -> None:
        super().__init__(message)
        self.report = report


class NotEnoughData(MlError, ValueError):
    """A statistic was asked of too few rows to mean anything."""


class SampleRatioMismatch(MlError):
    """Arms have sizes that the assignment does not give; the experiment is broken."""

    def __init__(self, p: float) -> None:
        super().__init__(f"sample ratio mismatch, p = {p:.2g}: repair the assignment first")
        self.p = p


class ExperimentClosed(MlError):
    """Data after the decision; a test that stopped gives no second verdict."""


class ModelUnavailable(MlError):
    """No model is loaded, or it failed on the whole batch."""


class Overloaded(MlError):
    """The queue is full; the caller should come back later (503)."""


def in_range(
    name: str, value: float, low: float = -float_info.max, high: float = float_info.max
) -> None:
    """Raise ValueError for a number out of range or NaN, with which each comparison is false.

    Where `low` is an int, what is not whole raises TypeError.
    """
    if not low <= value <= high:
        raise ValueError(f"{name} is {value}: a number from {low:g} to {high:g}")
    if isinstance(low, int):
        index(value)  # type: ignore[arg-type]
