"""The SQL that each library generates, compared with what its version was seen to generate.

Snapshots are kept by library and version, so that an upgrade adds a file instead of changing one.
`VELVET_RECORD_SQL=1 pytest tests/integration/test_stores_sql.py` records the versions at hand.
"""

from __future__ import annotations

import json
import os
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from velvet_databases.domain import generate
from velvet_databases.stores import Loading, TransferHow, make

SNAPSHOTS = Path(__file__).parents[1] / "snapshots"
LIBRARIES = {
    "sqlalchemy core": "sqlalchemy",
    "sqlalchemy orm": "sqlalchemy",
    "sqlalchemy async": "sqlalchemy",
    "django": "django",
    "peewee": "peewee",
}
DATA = generate(3, lines_per_order=1)


def file_of(name: str) -> Path:
    library = LIBRARIES[name]
    major_minor = ".".join(version(library).split(".")[:2])
    return SNAPSHOTS / f"{library}-{major_minor}.json"


def sent(store: Any) -> dict[str, list[str]]:
    """What a store sends for each operation, with its white space made even."""
    joins = Loading.JOIN if store.name.startswith("sqlalchemy") else Loading.SELECT_IN
    operations = {
        "insert": lambda: store.insert_orders(DATA, store.bulk_methods()[-1]),
        "get": lambda: store.get_order(1),
        "page": lambda: store.page(0, 2),
        "select in": lambda: store.orders_with_lines(Loading.SELECT_IN, 2),
        "join or select in": lambda: store.orders_with_lines(joins, 2),
        "set status": lambda: store.set_status(1, "paid", 1),
        "transfer": lambda: store.transfer(1, 2, 5, TransferHow.ATOMIC),
    }
    found = {}
    for name, operation in operations.items():
        with store.capture() as log:
            operation()
        found[name] = [" ".join(statement.sql.split()) for statement in log]
    return found


@pytest.mark.parametrize("name", LIBRARIES)
@pytest.mark.parametrize(
    "backend", ["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)]
)
def test_the_sql_of_a_library_is_that_of_its_version(
    request: pytest.FixtureRequest, name: str, backend: str
) -> None:
    url = request.getfixturevalue("sqlite_url" if backend == "sqlite" else "postgres_url")
    store: Any = make(name)
    store.open(url)
    with closing(store):
        store.create_schema()
        store.insert_reference(DATA)
        found = sent(store)

    file, key = file_of(name), f"{name} on {backend}"
    known = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    if os.environ.get("VELVET_RECORD_SQL"):
        SNAPSHOTS.mkdir(exist_ok=True)
        text = json.dumps({**known, key: found}, indent=1, sort_keys=True, ensure_ascii=False)
        file.write_text(text + "\n", encoding="utf-8")
        pytest.skip(f"recorded {key}")
    if key not in known:
        pytest.skip(
            f"no snapshot of {file.stem} for {key}: record it with VELVET_RECORD_SQL=1 pytest "
            "tests/integration/test_stores_sql.py"
        )
    assert found == known[key]
