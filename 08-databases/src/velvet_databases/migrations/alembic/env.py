"""How Alembic reaches the database: the connection is given by the caller, never read from a file."""

from __future__ import annotations

from alembic import context

from velvet_databases.migrate.alembic_tree import METADATA

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=METADATA,
    # SQLite cannot alter a column; Alembic copies the table instead.
    render_as_batch=connection.dialect.name == "sqlite",
    # One transaction a revision, so that a revision may leave it (CREATE INDEX CONCURRENTLY).
    transaction_per_migration=True,
    compare_type=True,
    include_name=lambda name, kind, _: kind != "table" or name in METADATA.tables,
)
with context.begin_transaction():
    context.run_migrations()
