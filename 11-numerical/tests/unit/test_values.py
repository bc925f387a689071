"""What is measured, decided or described stays what it was: its values cannot be changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from velvet_numerical import (
    backend,
    broadcasting,
    curve,
    dtypes,
    kernels,
    layout,
    linalg,
    machine,
    memory,
    outofcore,
    sparse,
)

ROOF = machine.Roofline(50.0, 20.0)

VALUES: list[Callable[[Path], Any]] = [
    lambda path: backend.find("numpy"),
    lambda path: backend.pick_device(1, 1, there=[]),
    lambda path: broadcasting.broadcast_cost((2, 1), (3,)),
    lambda path: curve.measure("dot", "numpy", 1, repeats=1),
    lambda path: dtypes.overflow_report("add", np.uint8(200), 100),
    lambda path: dtypes.cast_audit([1.5], np.int8),
    lambda path: kernels.kernel("dot"),
    lambda path: layout.describe(np.ones(3)),
    lambda path: layout.explain_index(np.ones(3), 1),
    lambda path: layout.copy_audit(lambda: np.ones(999), least=100)[0],
    lambda path: linalg.solve(np.eye(2), np.ones(2)),
    lambda path: machine.blas_info()[0],
    lambda path: ROOF if ROOF.ridge else None,
    lambda path: machine.place(ROOF, "dot", "numpy", n=9),
    lambda path: memory.resident(),
    outofcore.read_header,
    outofcore.moments,
    lambda path: sparse.csr_from_triplets([0], [0], [1.0], (1, 1)),
    lambda path: sparse.crossover(4, [1])[0],
]


@pytest.mark.parametrize("make", VALUES)
def test_a_value_cannot_be_changed(make: Callable[[Path], Any], tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.ones(3))
    value = make(tmp_path / "a.npy")

    for one in fields(value):
        with pytest.raises(FrozenInstanceError):
            setattr(value, one.name, None)
