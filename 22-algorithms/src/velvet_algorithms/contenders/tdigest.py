"""tdigest: a t-digest in pure Python, a tree node a centroid."""

from importlib import import_module
from typing import Any

from velvet_algorithms.contenders.ours import added

NEEDS = "tdigest"


def _empty() -> Any:
    return import_module("tdigest").TDigest()


sketch_adds = {"tdigest package": added(_empty, "update")}
