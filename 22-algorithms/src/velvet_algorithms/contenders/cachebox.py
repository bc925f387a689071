"""cachebox: caches written in Rust."""

from importlib import import_module
from typing import Any

NEEDS = "cachebox"


def _lru(maxsize: int) -> Any:
    return import_module("cachebox").LRUCache(maxsize)


def _lfu(maxsize: int) -> Any:
    return import_module("cachebox").LFUCache(maxsize)


caches = {"cachebox LRU": _lru, "cachebox LFU": _lfu}
