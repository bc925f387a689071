"""One verdict a window: is it the data, the input, the concept, or nothing?

Drift of the input alone is no damage, and damage needs no drift of the input. Only labels tell, and
labels come late. So the monitor joins predictions with labels by id as they come, and looks in this
order: rows that break the contract, a score that fell, an input that moved, labels that are missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from math import sqrt

import pandas as pd

from velvet_ml.contracts import Contract, check
from velvet_ml.drift.batch import MIN_ROWS, feature_drift
from velvet_ml.errors import DataContractError, in_range


class Verdict(str, Enum):
    """What a window is, with what to do."""

    OK = "ok"
    DATA_QUALITY = "data quality"
    CONCEPT = "concept drift suspected"
    COVARIATE = "covariate drift"
    WAITING = "waiting for labels"

    @property
    def action(self) -> str:
        """The recommended action."""
        return _ACTIONS[self]


_ACTIONS = {
    Verdict.OK: "nothing",
    Verdict.DATA_QUALITY: "stop and repair the source; the model is not the cause",
    Verdict.CONCEPT: "retrain on recent labels, or roll back",
    Verdict.COVARIATE: "watch the score; retrain only if it falls",
    Verdict.WAITING: "find out why labels are late",
}


@dataclass(frozen=True)
class Report:
    """A window's verdict with what led to it."""

    window: int
    verdict: Verdict
    drifted: tuple[str, ...]
    accuracy: float | None
    labelled: int
    broken: float


class Monitor:
    """Joins predictions with labels and judges windows. Not for several threads.

    Args:
        reference: rows of raw columns, as the model was trained on.
        accuracy: what the model reached on rows that it had not seen.
        max_broken: the share of rows that may break the contract.
        min_labelled: below this share of labels the score is not judged.
    """

    def __init__(
        self,
        contract: Contract,
        reference: pd.DataFrame,
        accuracy: float,
        *,
        max_broken: float = 0.05,
        min_labelled: float = 0.2,
        level: float = 0.001,
    ) -> None:
        for share in (accuracy, max_broken, min_labelled, level):
            in_range("a share of the monitor", share, 0.0, 1.0)
        self._contract, self._reference, self._expected = contract, reference, accuracy
        self._max_broken, self._min_labelled, self._level = max_broken, min_labelled, level
        self._windows: dict[int, pd.DataFrame] = {}
        self._predicted: dict[str, tuple[int, int]] = {}
        self._right: dict[int, dict[str, bool]] = {}
        self.unknown_labels = 0

    def predictions(
        self, window: int, frame: pd.DataFrame, ids: Sequence[str], labels: Sequence[int]
    ) -> None:
        """Take the rows of a window with what was predicted for each.

        Raises:
            ValueError: the window is known or has no rows, or the lengths differ.
        """
        if window in self._windows or not 0 < len(frame) == len(ids) == len(labels):
            raise ValueError(f"window {window}: new, with an id and a label for each row")
        predicted = {one: (window, int(y)) for one, y in zip(ids, labels, strict=True)}
        if len(predicted) < len(frame):
            raise ValueError(f"window {window}: an id stands for two rows")
        self._windows[window], self._right[window] = frame, {}
        self._predicted.update(predicted)

    def labels(self, truth: Mapping[str, int]) -> None:
        """Take true labels by id, late, twice or unknown: the last one counts, unknown are counted."""
        for one, label in {one: int(label) for one, label in truth.items()}.items():
            if one not in self._predicted:
                self.unknown_labels += 1
                continue
            window, predicted = self._predicted[one]
            self._right[window][one] = predicted == label

    def judge(self, window: int) -> Report:
        """Return the verdict on a window, as far as it is known by now.

        Raises:
            LookupError: there is no such window.
        """
        if window not in self._windows:
            raise LookupError(f"no window {window}")
        frame, right = self._windows[window], self._right[window]
        try:
            checked = check(frame, self._contract, mode="quarantine")
            broken, usable = len(checked.quarantined) / len(frame), checked.ok
        except DataContractError:
            broken, usable = 1.0, frame.iloc[:0]
        drifted: tuple[str, ...] = ()
        names = self._contract.names
        if len(usable) >= MIN_ROWS and broken <= self._max_broken:
            found = feature_drift(self._reference[names], usable[names], level=self._level)
            drifted = found.alarms
        share = len(right) / len(frame)
        accuracy = sum(right.values()) / len(right) if right else None
        verdict = self._verdict(broken, drifted, accuracy, len(right), share)
        return Report(window, verdict, drifted, accuracy, len(right), broken)

    def _verdict(
        self, broken: float, drifted: tuple[str, ...], accuracy: float | None, n: int, share: float
    ) -> Verdict:
        if broken > self._max_broken:
            return Verdict.DATA_QUALITY
        if accuracy is not None and share >= self._min_labelled and self._fell(accuracy, n):
            return Verdict.CONCEPT
        if drifted:
            return Verdict.COVARIATE
        return Verdict.OK if share >= self._min_labelled else Verdict.WAITING

    def _fell(self, accuracy: float, n: int) -> bool:
        """Whether the score is more than 3.3 standard errors below what was expected (0.05 %)."""
        error = sqrt(self._expected * (1 - self._expected) / n)
        return accuracy < self._expected - 3.3 * error
