"""A MongoDB of a hundred lines, for machines that have none: only what the store asks of one.

It knows equality, `$gt`, `$gte` and `$exists` on dotted paths, and `$set` and `$inc`. What is true of
the real server is shown by the same contract against `VELVET_MONGODB_URL`.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

_MISSING = object()


def _at(document: Any, path: str) -> Any:
    for part in path.split("."):
        document = document.get(part, _MISSING) if isinstance(document, dict) else _MISSING
    return document


def _agrees(found: Any, wanted: Any) -> bool:
    if not isinstance(wanted, dict):
        return bool(found == wanted)
    checks = {
        "$gt": lambda bound: found is not _MISSING and found > bound,
        "$gte": lambda bound: found is not _MISSING and found >= bound,
        "$exists": lambda there: (found is not _MISSING) == there,
    }
    return all(checks[name](bound) for name, bound in wanted.items())


@dataclass
class Updated:
    """What an update tells."""

    matched_count: int


class FakeCursor:
    """Documents that are found, sorted and cut when they are read."""

    def __init__(self, documents: list[dict[str, Any]]) -> None:
        self._documents = documents

    def sort(self, name: str, direction: int) -> FakeCursor:
        return FakeCursor(sorted(self._documents, key=lambda one: one[name] * direction))

    def limit(self, count: int) -> FakeCursor:
        return FakeCursor(self._documents[:count])

    def batch_size(self, count: int) -> FakeCursor:
        assert count > 0
        return self

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._documents)


class FakeCollection:
    """Documents by `_id`."""

    def __init__(self) -> None:
        self._documents: dict[Any, dict[str, Any]] = {}

    def create_index(self, name: str) -> None:
        assert name

    def drop(self) -> None:
        self._documents.clear()

    def insert_one(self, document: dict[str, Any]) -> None:
        for value in document.values():
            if isinstance(value, int) and value.bit_length() > 63:
                raise OverflowError("MongoDB can only handle up to 8-byte ints")
        self._documents[document["_id"]] = copy.deepcopy(document)

    def insert_many(self, documents: list[dict[str, Any]]) -> None:
        for document in documents:
            self.insert_one(document)

    def find(self, wanted: dict[str, Any], without: dict[str, int] | None = None) -> FakeCursor:
        return FakeCursor(
            [
                {name: value for name, value in one.items() if name not in (without or {})}
                for one in self._documents.values()
                if all(_agrees(_at(one, path), test) for path, test in wanted.items())
            ]
        )

    def find_one(self, wanted: dict[str, Any]) -> dict[str, Any] | None:
        return next(iter(self.find(wanted)), None)

    def update_one(self, wanted: dict[str, Any], change: dict[str, Any]) -> Updated:
        found = self.find_one(wanted)
        if found is None:
            return Updated(0)
        kept = self._documents[found["_id"]]
        for path, value in change.get("$set", {}).items():
            kept[path] = value
        for path, step in change.get("$inc", {}).items():
            *parents, last = path.split(".")
            target = kept
            for parent in parents:
                target = target[parent]
            target[last] += step
        return Updated(1)


class FakeMongo:
    """The client: one database, whatever it is called."""

    class _Database:
        def __init__(self) -> None:
            self.orders, self.accounts = FakeCollection(), FakeCollection()

    class _Admin:
        def command(self, name: str) -> None:
            assert name == "ping"

    def __init__(self, url: str, **options: Any) -> None:
        assert options["serverSelectionTimeoutMS"] <= 5_000
        self.url, self.admin, self._database = url, self._Admin(), self._Database()

    def __getitem__(self, name: str) -> Any:
        return self._database

    def close(self) -> None:
        """Nothing is held."""


@pytest.fixture
def fake_mongo() -> type[FakeMongo]:
    """The class of a client that needs no server."""
    return FakeMongo
