"""How Alembic reaches the database: the connection is given by the caller, never read from a file."""

from __future__ import annotations

from alembic import context
from sqlalchemy import event

from velvet_databases.migrate.alembic_tree import METADATA

connection = context.config.attributes["connection"]
if connection.dialect.name == "sqlite":
    # Python's driver begins a transaction before it writes a row, never before it changes a table:
    # a copy that fails half-way would be left behind, and stop the next attempt.
    event.listen(connection, "begin", lambda begun: begun.exec_driver_sql("BEGIN"))
context.configure(
    connection=connection,
    target_metadata=METADATA,
    # SQLite cannot alter a column; Alembic copies the table instead.
    render_as_batch=connection.dialect.name == "sqlite",
    # One transaction a revision, so that a revision may leave it (CREATE INDEX CONCURRENTLY).
    transaction_per_migration=True,
    transactional_ddl=True,
    compare_type=True,
    include_name=lambda name, kind, _: kind != "table" or name in METADATA.tables,
)
with context.begin_transaction():
    context.run_migrations()
