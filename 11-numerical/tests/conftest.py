"""What the tests of this module share: files of numbers, and one BLAS thread."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

# Before NumPy's BLAS starts its threads anywhere in a child of these tests.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from velvet_numerical.machine import threads


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> Iterator[None]:
    """Pin BLAS, so that tests beside each other do not fight for cores."""
    with threads(1):
        yield


@pytest.fixture
def npy(tmp_path: Path) -> Callable[..., Path]:
    """Return a writer of .npy files; without values, of 10,000 normal ones."""

    def write(values: Any = None, name: str = "values.npy") -> Path:
        if values is None:
            values = np.random.default_rng(5).normal(10, 2, 10_000)
        path = tmp_path / name
        np.save(path, np.asarray(values))
        return path

    return write
