"""cachetools, the pure-Python standard of caches."""

from importlib import import_module

NEEDS = "cachetools"
caches = {
    "cachetools LRU": lambda maxsize: import_module("cachetools").LRUCache(maxsize),
    "cachetools LFU": lambda maxsize: import_module("cachetools").LFUCache(maxsize),
}
