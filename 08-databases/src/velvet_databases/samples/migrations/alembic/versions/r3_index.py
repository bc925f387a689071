"""An index on the SKU, built beside running writers.

CONCURRENTLY is refused inside a transaction, so the revision leaves its own, and may be done while
the database does not say so yet. Where it fails it leaves an INVALID index behind. Dropping what
may be there makes it possible to run this again, either way.
"""

from alembic import op

revision, down_revision = "r3", "r2"


def upgrade() -> None:
    """Build the index beside running writers."""
    with op.get_context().autocommit_block():
        op.drop_index("item_sku", "item", if_exists=True, postgresql_concurrently=True)
        op.create_index("item_sku", "item", ["sku"], postgresql_concurrently=True)


def downgrade() -> None:
    """Drop the index."""
    with op.get_context().autocommit_block():
        op.drop_index("item_sku", "item", if_exists=True, postgresql_concurrently=True)
