"""datasketches: the sketches of the Apache project, in C++."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from velvet_algorithms.contenders.ours import added

NEEDS = "datasketches"


def _hll() -> Any:
    return import_module("datasketches").hll_sketch(14)


def tdigest() -> Any:
    """Return an empty t-digest of a hundred centroids."""
    return import_module("datasketches").tdigest_double(100)


sketch_adds = {
    "datasketches HLL": added(_hll, "update"),
    "datasketches t-digest": added(tdigest, "update"),
}


def distinct(keys: list[bytes]) -> tuple[float, int]:
    """Return the estimate of how many keys differ, and the sketch's bytes."""
    sketch = _hll()
    for key in keys:
        sketch.update(key.decode())
    return sketch.get_estimate(), sketch.get_updatable_serialization_bytes()


def heavy(stream: list[str]) -> tuple[list[tuple[str, int]], float, int]:
    """Return the frequent words with what they are counted at most, the bound, the bytes."""
    library = import_module("datasketches")
    sketch = library.frequent_strings_sketch(10)
    for word in stream:
        sketch.update(word)
    kind = library.frequent_items_error_type.NO_FALSE_NEGATIVES
    rows = [(row[0], row[3]) for row in sketch.get_frequent_items(kind, 0)]
    return rows, sketch.epsilon * len(stream), sketch.get_serialized_size_bytes()


def quantiles(
    numbers: list[float],
) -> tuple[Callable[[float], float], Callable[[float], float], int]:
    """Return what answers a quantile, what answers a rank, and the bytes."""
    digest = tdigest()
    for number in numbers:
        digest.update(number)
    return digest.get_quantile, digest.get_rank, digest.get_serialized_size_bytes()
