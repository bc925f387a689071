"""A note: a column with a default that is stored in the catalogue, so no row is written."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "r2", "r1"


def upgrade() -> None:
    """Add the note."""
    with op.batch_alter_table("item") as table:
        table.add_column(sa.Column("note", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    """Drop the note."""
    with op.batch_alter_table("item") as table:
        table.drop_column("note")
