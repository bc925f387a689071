"""`qty` becomes `quantity`: written by hand.

Autogenerate sees one column gone and one come, and would write exactly that: drop and add, and
with them the loss of every value.
"""

from alembic import op

revision, down_revision = "r4", "r3"


def upgrade() -> None:
    """Rename the column, with its rows."""
    with op.batch_alter_table("item") as table:
        table.alter_column("qty", new_column_name="quantity")


def downgrade() -> None:
    """Give the column its old name."""
    with op.batch_alter_table("item") as table:
        table.alter_column("quantity", new_column_name="qty")
