"""tdigest: a t-digest in pure Python, a tree node a centroid."""

from importlib import import_module

from velvet_algorithms.contenders.ours import added

NEEDS = "tdigest"
sketch_adds = {"tdigest package": added(lambda: import_module("tdigest").TDigest(), "update")}
