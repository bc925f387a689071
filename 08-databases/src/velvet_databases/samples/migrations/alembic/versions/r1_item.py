"""The table of stocked items."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "r1", None


def upgrade() -> None:
    """Make the table of stocked items."""
    op.create_table(
        "item",
        sa.Column("id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("qty", sa.Integer(), nullable=False),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("item")
