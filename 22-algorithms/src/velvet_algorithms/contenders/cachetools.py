"""cachetools, the pure-Python standard of caches."""

from importlib import import_module
from typing import Any

NEEDS = "cachetools"


def _lru(maxsize: int) -> Any:
    return import_module("cachetools").LRUCache(maxsize)


def _lfu(maxsize: int) -> Any:
    return import_module("cachetools").LFUCache(maxsize)


caches = {"cachetools LRU": _lru, "cachetools LFU": _lfu}
