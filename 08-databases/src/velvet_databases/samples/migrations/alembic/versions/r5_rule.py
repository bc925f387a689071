"""A rule for the quantity: added without a scan, then validated while writers go on.

Where a row breaks the rule, it stays behind unproven; it is dropped first when this runs again.
"""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "r5", "r4"
RULE = sa.text("quantity >= 0")


def upgrade() -> None:
    """Add the rule, and prove it without a long lock."""
    if op.get_bind().dialect.name == "sqlite":
        with op.batch_alter_table("item") as table:
            table.create_check_constraint("item_quantity_rule", RULE)
        return
    op.execute("ALTER TABLE item DROP CONSTRAINT IF EXISTS item_quantity_rule")
    op.create_check_constraint("item_quantity_rule", "item", RULE, postgresql_not_valid=True)
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE item VALIDATE CONSTRAINT item_quantity_rule")


def downgrade() -> None:
    """Drop the rule."""
    if op.get_bind().dialect.name != "sqlite":
        op.execute("ALTER TABLE item DROP CONSTRAINT IF EXISTS item_quantity_rule")
        return
    with op.batch_alter_table("item") as table:
        table.drop_constraint("item_quantity_rule", type_="check")
