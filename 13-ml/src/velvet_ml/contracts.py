"""What a model was trained on, as a value: checked before training and before every prediction.

A column that arrives in cents instead of euros raises nothing anywhere in scikit-learn; the score
just falls. A contract says names, types, ranges and categories, is stored with the model by its
hash, and either refuses a frame or sets the broken rows aside. It is also the place where a column
is centred: what leaves here as float32 has lost everything beyond 24 bits.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from velvet_ml.errors import DataContractError, in_range

Dtype = Literal["number", "category"]
MAX_CATEGORIES = 50
# Values of float32 have 24 bits: a step of 1 / 2**24 of the largest value is lost.
_FLOAT32_STEPS = 2**24
# A column keeps at least this many float32 steps a standard deviation, or it is centred.
_SAFE_STEPS = 2**14


@dataclass(frozen=True)
class Field:
    """One column.

    Attributes:
        low, high: the range of numbers, ends included; None for no limit.
        allowed: the known categories; others are predicted as unknown and counted.
        offset: subtracted in double precision before anything becomes float32.
    """

    name: str
    dtype: Dtype
    nullable: bool = False
    low: float | None = None
    high: float | None = None
    allowed: tuple[str, ...] = ()
    offset: float = 0.0

    def __post_init__(self) -> None:
        for limit in (self.low, self.high, self.offset):
            in_range(f"a limit or the offset of {self.name}", limit or 0.0)


@dataclass(frozen=True)
class Checked:
    """A frame after the check: rows that may be used, rows that may not, and why."""

    ok: pd.DataFrame
    quarantined: pd.DataFrame
    violations: tuple[str, ...]
    unseen: Mapping[str, int]


@dataclass(frozen=True)
class Contract:
    """The columns that a model needs, in their order."""

    fields: tuple[Field, ...]

    def __post_init__(self) -> None:
        names = [field.name for field in self.fields]
        if not names or len(set(names)) < len(names):
            raise ValueError(f"a contract needs columns with names of their own, not {names}")

    @property
    def names(self) -> list[str]:
        """All columns."""
        return [field.name for field in self.fields]

    @property
    def numbers(self) -> list[str]:
        """The columns of numbers."""
        return [field.name for field in self.fields if field.dtype == "number"]

    @property
    def categories(self) -> list[str]:
        """The columns of categories."""
        return [field.name for field in self.fields if field.dtype == "category"]

    def to_json(self) -> str:
        """Return it as JSON with a stable order of keys."""
        return json.dumps([asdict(field) for field in self.fields], sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Contract:
        """Read what `to_json` wrote."""
        rows = json.loads(text)
        return cls(tuple(Field(**{**row, "allowed": tuple(row["allowed"])}) for row in rows))

    @property
    def sha256(self) -> str:
        """The hash that ties a model to its contract."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def prepare(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the model's columns, centred where the contract says so, as doubles."""
        ready = frame[self.names].copy()
        for field in self.fields:
            if field.offset:
                ready[field.name] = ready[field.name].astype(float) - field.offset
        return ready

    def prepare_row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return one row as `prepare` does; None becomes NaN."""
        ready = {}
        for field in self.fields:
            value = row[field.name]
            if field.dtype == "number":
                value = float("nan") if value is None else float(value) - field.offset
            ready[field.name] = value
        return ready

    def row_problems(self, row: Mapping[str, Any]) -> dict[str, str]:
        """Return what one row breaks, field -> sentence; the same rules as `check`."""
        found = {}
        for field in self.fields:
            value = row.get(field.name)
            if value is None or value != value:
                if not field.nullable:
                    found[field.name] = "is missing"
            elif field.dtype == "number" and abs(value) == float("inf"):
                found[field.name] = "is infinite"
            elif field.low is not None and value < field.low:
                found[field.name] = f"is below {field.low:g}"
            elif field.high is not None and value > field.high:
                found[field.name] = f"is above {field.high:g}"
        return found

    def unseen(self, row: Mapping[str, Any]) -> list[str]:
        """Return the fields of one row that hold a category which training never saw."""
        known = [one for one in self.fields if one.dtype == "category"]
        return [one.name for one in known if row.get(one.name) not in (None, *one.allowed)]


def float32_unsafe(frame: pd.DataFrame, columns: Sequence[str] | None = None) -> list[str]:
    """Return the columns of numbers that lose their differences as float32.

    A timestamp in seconds moves in steps of 128 s there; a column is flagged when its standard
    deviation is fewer than 2**14 of those steps wide.
    """
    flagged = []
    for name in frame.select_dtypes("number").columns if columns is None else columns:
        values = frame[name].to_numpy(float)
        values = values[np.isfinite(values)]
        if len(values) < 2 or values.std() == 0:
            continue
        step = float(np.abs(values).max()) / _FLOAT32_STEPS
        if values.std() < step * _SAFE_STEPS:
            flagged.append(str(name))
    return flagged


def infer(frame: pd.DataFrame, *, slack: float = 0.5, centre: bool = True) -> Contract:
    """Return the contract that a frame keeps.

    Args:
        slack: how much wider than seen a range may be, as a share of its width.
        centre: centre the columns that float32 would damage.

    Raises:
        DataContractError: a column has neither finite numbers nor at most 50 texts.
    """
    in_range("slack", slack, 0.0)
    unsafe = float32_unsafe(frame) if centre else []
    fields, wrong = [], []
    for name in map(str, frame.columns):
        column = frame[name]
        nullable = bool(column.isna().any())
        if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
            low, high = float(column.min()), float(column.max())
            if not np.isfinite(high - low):
                wrong.append(f"{name} has no finite numbers to infer a range from: {low} to {high}")
                continue
            room = slack * (high - low)
            offset = round(float(column.mean()), 6) if name in unsafe else 0.0
            fields.append(Field(name, "number", nullable, low - room, high + room, offset=offset))
        elif (
            not pd.api.types.is_datetime64_any_dtype(column) and column.nunique() <= MAX_CATEGORIES
        ):
            known = tuple(sorted(map(str, column.dropna().unique())))
            fields.append(Field(name, "category", nullable, allowed=known))
        else:
            wrong.append(f"{name} is neither a number nor a category: leave it out or encode it")
    if wrong:
        raise DataContractError(wrong)
    return Contract(tuple(fields))


def check(
    frame: pd.DataFrame, contract: Contract, *, mode: Literal["raise", "quarantine"] = "raise"
) -> Checked:
    """Check a frame against a contract; the frame is never changed.

    A missing column or a column of another type refuses the whole frame in both modes. Values out
    of range and missing ones are set aside with `quarantine`. An unseen category is no violation:
    the model has a row of zeros for it; it is counted in `unseen`.

    Raises:
        DataContractError: the frame has no such column or type, or `mode` is ``raise`` and a row
            breaks a rule.
    """
    if mode not in ("raise", "quarantine"):
        raise ValueError(f"mode {mode!r} is neither raise nor quarantine")
    if not frame.columns.is_unique:
        raise DataContractError(["two columns have one name"])
    absent = [f"column {name} is missing" for name in contract.names if name not in frame.columns]
    texts = [
        f"{field.name} holds {frame[field.name].dtype}, not numbers"
        for field in contract.fields
        if field.name in frame.columns
        and field.dtype == "number"
        and not pd.api.types.is_numeric_dtype(frame[field.name])
    ]
    if absent or texts:
        raise DataContractError([*absent, *texts])
    bad = np.zeros(len(frame), dtype=bool)
    broken, unseen = list[str](), dict[str, int]()
    for field in contract.fields:
        column = frame[field.name]
        for rule, rows in _broken(field, column):
            bad |= rows
            example = column[rows].iloc[0]
            broken.append(f"{field.name} {rule}: {int(rows.sum())} of {len(frame)}, as {example!s}")
        if field.dtype == "category":
            strange = int((~column.isin(field.allowed) & column.notna()).sum())
            if strange:
                unseen[field.name] = strange
    if broken and mode == "raise":
        raise DataContractError(broken)
    return Checked(frame[~bad], frame[bad], tuple(broken), unseen)


def _broken(field: Field, column: pd.Series) -> list[tuple[str, np.ndarray[Any, Any]]]:
    """Return the rules that rows of a column break, each with its rows."""
    found = []
    if not field.nullable:
        found.append(("is missing", column.isna().to_numpy()))
    if field.dtype == "number":
        values = column.to_numpy(float)
        found.append(("is infinite", np.isinf(values)))
        finite = np.isfinite(values)
        if field.low is not None:
            found.append((f"is below {field.low:g}", finite & (values < field.low)))
        if field.high is not None:
            found.append((f"is above {field.high:g}", finite & (values > field.high)))
    return [(rule, rows) for rule, rows in found if rows.any()]
