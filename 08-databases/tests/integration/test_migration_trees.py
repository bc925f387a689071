"""Alembic's and Django's migrations, up and down, on SQLite and PostgreSQL."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from django.apps import apps
from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from velvet_databases.migrate.alembic_tree import METADATA, TREE, AlembicTree, MigrationDrift
from velvet_databases.stores import django_setup
from velvet_databases.stores.address import Address

REVISIONS = ["r1", "r2", "r3", "r4", "r5"]
DJANGO = ["0001_item", "0002_note", "0003_index", "0004_rename", "0005_rule"]
APP, LABEL = "velvet_databases.samples.migrations.stock", "stock"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.integration)])
def url(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue(f"{request.param}_url")
    return found


@pytest.fixture
def engine(url: str) -> Iterator[sa.Engine]:
    made = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    yield made
    made.dispose()


@pytest.fixture
def tree(engine: sa.Engine) -> AlembicTree:
    return AlembicTree(engine)


@pytest.fixture
def alias(url: str) -> Iterator[str]:
    backend = "sqlite" if url.startswith("sqlite") else "postgresql"
    made = django_setup.add_database(django_setup.options_of(Address(backend, url)))
    if not apps.is_installed(APP):
        apps.set_installed_apps([*apps.get_app_configs(), APP])
    yield made
    django_setup.remove_database(made)


def migrate(alias: str, name: str | None = None) -> None:
    """Run or take back Django's migrations until the database is at one; "zero" is before all."""
    target = (LABEL, None if name == "zero" else name or DJANGO[-1])
    MigrationExecutor(connections[alias]).migrate([target])


def applied(alias: str) -> list[str]:
    """The migrations that the database has seen, the first one first."""
    done = MigrationExecutor(connections[alias]).loader.applied_migrations
    return sorted(name for label, name in done if label == LABEL)


def dump(engine: sa.Engine, table: str) -> dict[str, Any]:
    """What a table looks like, whatever order its parts were made in."""
    found = sa.inspect(engine)
    if not found.has_table(table):
        return {}
    return {
        "columns": sorted(
            (one["name"], str(one["type"]), one["nullable"], one["default"])
            for one in found.get_columns(table)
        ),
        "indexes": sorted((one["name"], one["column_names"]) for one in found.get_indexes(table)),
        "checks": sorted(str(one["name"]) for one in found.get_check_constraints(table)),
    }


def test_alembic_goes_up_down_and_up_to_the_same_tables_at_every_revision(
    tree: AlembicTree, engine: sa.Engine
) -> None:
    assert list(tree.hashes()) == REVISIONS
    seen = {None: dump(engine, "item")}
    for revision in REVISIONS:
        tree.upgrade(revision)
        seen[tree.current()] = dump(engine, "item")
    tree.check()
    for revision in [*REVISIONS[-2::-1], None]:
        tree.downgrade(revision or "base")
        assert dump(engine, "item") == seen[revision]
    tree.upgrade()

    assert (tree.current(), dump(engine, "item")) == ("r5", seen["r5"])
    assert len({str(one) for one in seen.values()}) == 6


def test_rows_survive_every_revision_above_the_first(tree: AlembicTree, engine: sa.Engine) -> None:
    tree.upgrade("r1")
    with engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO item VALUES (1, 'a', 5), (2, 'b', 6)"))

    tree.upgrade()
    with engine.connect() as connection:
        above = connection.execute(
            sa.text("SELECT id, sku, quantity, note FROM item ORDER BY id")
        ).all()
    tree.downgrade("r1")
    with engine.connect() as connection:
        below = connection.execute(sa.text("SELECT id, sku, qty FROM item ORDER BY id")).all()

    assert above == [(1, "a", 5, ""), (2, "b", 6, "")]
    assert below == [(1, "a", 5), (2, "b", 6)]


def test_the_rule_of_the_last_revision_holds(tree: AlembicTree, engine: sa.Engine) -> None:
    tree.upgrade()

    with pytest.raises(sa.exc.IntegrityError), engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO item (id, sku, quantity) VALUES (1, 'a', -1)"))


def test_a_revision_that_met_a_bad_row_runs_once_the_row_is_mended(
    tree: AlembicTree, engine: sa.Engine
) -> None:
    tree.upgrade("r4")
    with engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO item (id, sku, quantity) VALUES (1, 'a', -1)"))
    for _ in range(2):
        with pytest.raises(sa.exc.IntegrityError, match="item_quantity_rule"):
            tree.upgrade()
        assert tree.current() == "r4"
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE item SET quantity = 1"))

    tree.upgrade()

    assert tree.current() == "r5"
    tree.check()
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT id, quantity FROM item")).all() == [(1, 1)]
    tree.downgrade()


def test_what_was_done_and_not_yet_noted_when_it_was_killed_is_done_again(
    tree: AlembicTree, engine: sa.Engine
) -> None:
    """All but these run in one transaction with their note."""

    def note(name: str) -> None:
        with engine.begin() as connection:
            connection.execute(sa.text("UPDATE alembic_version SET version_num = :n"), {"n": name})

    for before, revision in (
        [("r2", "r3"), ("r4", "r5")] if engine.dialect.name == "postgresql" else [("r2", "r3")]
    ):
        tree.upgrade(revision)
        note(before)
        tree.upgrade(revision)
        assert tree.current() == revision

        tree.downgrade(before)
        note(revision)
        tree.downgrade(before)
        assert tree.current() == before


def test_autogenerate_would_drop_the_column_that_the_hand_written_revision_renames(
    tree: AlembicTree, engine: sa.Engine
) -> None:
    tree.upgrade("r3")

    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"include_name": lambda name, kind, _: kind != "table" or name == "item"},
        )
        proposed = {
            (change[0], change[3].name)
            for change in compare_metadata(context, METADATA)
            if isinstance(change, tuple) and "column" in change[0]
        }

    assert proposed == {("add_column", "quantity"), ("remove_column", "qty")}


def test_a_revision_that_was_edited_after_it_was_applied_is_found(
    engine: sa.Engine, tmp_path: Path
) -> None:
    folder = tmp_path / "alembic"
    shutil.copytree(TREE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    tree = AlembicTree(engine, folder)
    tree.upgrade("r2")
    applied, later = (folder / "versions" / name for name in ("r2_note.py", "r5_rule.py"))

    later.write_text(later.read_text(encoding="utf-8") + "\n# not applied yet\n", encoding="utf-8")
    tree.check_files()
    applied.write_text(
        applied.read_text(encoding="utf-8").replace('default=""', 'default="-"'), encoding="utf-8"
    )

    for run in (tree.upgrade, tree.downgrade, tree.check_files):
        with pytest.raises(MigrationDrift, match="revision 'r2' was edited") as caught:
            run()
        assert caught.value.revision == "r2"
    assert tree.current() == "r2"


@pytest.mark.integration
def test_an_index_built_beside_writers_leaves_no_invalid_one(
    postgres_url: str,
) -> None:
    engine = sa.create_engine(postgres_url.replace("postgresql://", "postgresql+psycopg://"))
    AlembicTree(engine).upgrade()

    with engine.connect() as connection:
        invalid = connection.scalar(sa.text("SELECT count(*) FROM pg_index WHERE NOT indisvalid"))
    engine.dispose()

    assert invalid == 0


def test_django_goes_up_down_and_up_to_the_same_tables_at_every_migration(
    alias: str, engine: sa.Engine
) -> None:
    graph = MigrationExecutor(connections[alias]).loader.graph
    assert sorted(name for label, name in graph.nodes if label == LABEL) == DJANGO
    seen = {"zero": dump(engine, "stock_item")}
    for name in DJANGO:
        migrate(alias, name)
        seen[name] = dump(engine, "stock_item")
    for name in [*DJANGO[-2::-1], "zero"]:
        migrate(alias, name)
        assert dump(engine, "stock_item") == seen[name]
    assert applied(alias) == []
    migrate(alias)

    assert applied(alias) == DJANGO
    assert dump(engine, "stock_item") == seen[DJANGO[-1]]


def test_djangos_index_is_made_again_where_a_kill_left_it_behind(alias: str) -> None:
    connection = connections[alias]
    migrate(alias, "0002_note")
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX stock_item_sku ON stock_item (sku)")
        if connection.vendor == "postgresql":  # half-way through, it is there and INVALID
            cursor.execute(
                "UPDATE pg_index SET indisvalid = false "
                "WHERE indexrelid = 'stock_item_sku'::regclass"
            )

    migrate(alias)

    assert applied(alias) == DJANGO
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_index WHERE NOT indisvalid")
            assert cursor.fetchone() == (0,)
    migrate(alias, "0003_index")
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX stock_item_sku")  # done, and not noted, on the way back
    migrate(alias, "zero")
    assert applied(alias) == []


def test_rows_survive_django_migrations(alias: str) -> None:
    migrate(alias, "0001_item")
    with connections[alias].cursor() as cursor:
        cursor.execute("INSERT INTO stock_item (id, sku, qty) VALUES (1, 'a', 5)")

    migrate(alias)
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT id, sku, quantity, note FROM stock_item")
        above = cursor.fetchall()
    migrate(alias, "0001_item")
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT id, sku, qty FROM stock_item")
        below = cursor.fetchall()

    assert (above, below) == ([(1, "a", 5, "")], [(1, "a", 5)])


def test_djangos_models_need_no_further_migration(alias: str) -> None:
    migrate(alias)

    call_command("makemigrations", LABEL, check=True, dry_run=True, verbosity=0)  # else it exits


def test_the_sql_of_a_rename_is_a_rename_and_of_the_index_is_concurrent(alias: str) -> None:
    def sql(name: str) -> str:
        written = io.StringIO()
        call_command("sqlmigrate", LABEL, name, database=alias, stdout=written, no_color=True)
        return written.getvalue()

    beside = " CONCURRENTLY" if connections[alias].vendor == "postgresql" else ""
    assert 'RENAME COLUMN "qty" TO "quantity"' in sql("0004")
    assert f'CREATE INDEX{beside} "stock_item_sku" ON "stock_item" ("sku")' in sql("0003")
