"""Does the exported graph answer as the trained model? A gate that refuses, not a hope.

ONNX computes in float32. A tree compares a value with a threshold; where rounding moves the value
over it, the row goes down the other branch. For most columns that is a row in a thousand, if any; for
a timestamp or a large id it is every third and more. `export` therefore always ends in the gate:
held-out rows and rows made for the edges, compared one by one.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
import pandas as pd

from velvet_ml.contracts import Contract, float32_unsafe
from velvet_ml.errors import NotEnoughData, ParityError, in_range

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

Array = np.ndarray[Any, Any]
TARGET_OPSET = {"": 18, "ai.onnx.ml": 3}
TOLERANCE = 1e-5
MAX_LABELS, MAX_SHARE = 0.001, 0.005
WORST = 5


def to_graph(pipeline: Pipeline, contract: Contract) -> bytes:
    """Return a fitted pipeline as an ONNX graph with one input a column.

    Raises:
        ValueError: a step has no converter.
    """
    from skl2onnx import to_onnx  # imported here: a service needs none of it
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType
    from skl2onnx.common.exceptions import MissingShapeCalculator

    types = [
        (one.name, (FloatTensorType if one.dtype == "number" else StringTensorType)([None, 1]))
        for one in contract.fields
    ]
    try:
        with warnings.catch_warnings():
            # For boosting it hands NumPy booleans to protobuf, which warns before it refuses (7).
            warnings.simplefilter("ignore")
            graph = to_onnx(
                pipeline, initial_types=types, options={"zipmap": False}, target_opset=TARGET_OPSET
            )
    except MissingShapeCalculator as error:
        last = type(pipeline.steps[-1][1]).__name__
        raise ValueError(f"no ONNX converter for a step of this pipeline ({last})") from error
    return bytes(graph.SerializeToString())


def open_session(graph: bytes, threads: int = 1) -> onnxruntime.InferenceSession:
    """Return a session with a fixed number of threads; the default takes all cores."""
    in_range("threads", threads, 1)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def feed(frame: pd.DataFrame, contract: Contract) -> dict[str, Array]:
    """Return a prepared frame as the inputs of a session: float32 and text, a column each."""
    inputs: dict[str, Array] = {}
    for one in contract.fields:
        column = frame[one.name].to_numpy()
        if one.dtype == "number":
            inputs[one.name] = column.astype(np.float32)[:, None]
        else:
            inputs[one.name] = column.astype(object)[:, None]
    return inputs


@dataclass(frozen=True)
class ParityReport:
    """How far two models are apart.

    Attributes:
        max_dp: the largest difference of a probability.
        share_over: the share of rows over 1e-5.
        flipped: rows with another label.
        worst_rows: the numbers of the worst rows.
        unsafe: columns that lose their differences as float32.
    """

    rows: int
    max_dp: float
    share_over: float
    flipped: int
    worst_rows: tuple[int, ...]
    unsafe: tuple[str, ...]

    @property
    def passes(self) -> bool:
        """Whether the gate opens: at most 0.1 % labels flipped and 0.5 % of rows over 1e-5."""
        return self.flipped <= MAX_LABELS * self.rows and self.share_over <= MAX_SHARE

    def __str__(self) -> str:
        return (
            f"{self.rows:,} rows: largest difference {self.max_dp:.1e}, {self.share_over:.2%} over "
            f"{TOLERANCE:g}, {self.flipped} labels flipped"
        )


def compare(
    pipeline: Pipeline, graph: bytes, frame: pd.DataFrame, contract: Contract
) -> ParityReport:
    """Compare a pipeline and its graph on rows of raw columns.

    Raises:
        NotEnoughData: no rows.
    """
    if frame.empty:
        raise NotEnoughData("0 rows: parity needs some to compare")
    ready = contract.prepare(frame)
    expected = np.asarray(pipeline.predict_proba(ready))[:, 1]
    found = open_session(graph).run(["probabilities"], feed(ready, contract))[0][:, 1]
    apart = np.nan_to_num(np.abs(expected - found), nan=np.inf)  # no answer is the worst answer
    worst = np.argsort(-apart)[:WORST]
    return ParityReport(
        rows=len(frame),
        max_dp=float(apart.max()),
        share_over=float((apart > TOLERANCE).mean()),
        flipped=int(((expected > 0.5) != (found > 0.5)).sum()),
        worst_rows=tuple(int(one) for one in worst if apart[one] > TOLERANCE),
        unsafe=tuple(float32_unsafe(ready, contract.numbers)),
    )


def edge_rows(frame: pd.DataFrame, contract: Contract) -> pd.DataFrame:
    """Return a frame with rows at the edges added: gaps, categories never seen, extremes.

    Raises:
        NotEnoughData: no rows.
    """
    if frame.empty:
        raise NotEnoughData("0 rows: parity needs some to compare")
    usual = frame.iloc[[0]]
    rows = []
    for one in contract.fields:
        if one.dtype == "category":
            edges: list[Any] = ["never seen"]
        else:
            edges = [frame[one.name].min(), frame[one.name].max()]
            edges += [float("nan")] if one.nullable else []
        rows += [usual.assign(**{one.name: value}) for value in edges]
    return pd.concat([frame, *rows], ignore_index=True)


def export(
    pipeline: Pipeline, contract: Contract, held_out: pd.DataFrame
) -> tuple[bytes, ParityReport]:
    """Return the graph and its report, or refuse.

    Raises:
        ParityError: the graph answers otherwise; the message names the worst rows and the remedy.
    """
    graph = to_graph(pipeline, contract)
    report = compare(pipeline, graph, edge_rows(held_out, contract), contract)
    if not report.passes:
        remedy = "serve the pipeline itself, or round its inputs before training"
        if report.unsafe:
            columns = ", ".join(report.unsafe)
            remedy = f"centre {columns} in the contract, before the values become float32"
        raise ParityError(f"{report}; worst rows {list(report.worst_rows)}; {remedy}", report)
    return graph, report


def row_feed(rows: Sequence[Mapping[str, Any]], contract: Contract) -> dict[str, Array]:
    """Return prepared rows as the inputs of a session; quick for one row, with no DataFrame."""
    rows = list(rows)
    inputs: dict[str, Array] = {}
    for one in contract.fields:
        kind: Any = np.float32 if one.dtype == "number" else object
        inputs[one.name] = np.array([[row[one.name]] for row in rows], dtype=kind)
    return inputs
