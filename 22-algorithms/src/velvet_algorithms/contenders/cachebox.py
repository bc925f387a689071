"""cachebox: caches written in Rust."""

from importlib import import_module

NEEDS = "cachebox"
caches = {
    "cachebox LRU": lambda maxsize: import_module("cachebox").LRUCache(maxsize),
    "cachebox LFU": lambda maxsize: import_module("cachebox").LFUCache(maxsize),
}
