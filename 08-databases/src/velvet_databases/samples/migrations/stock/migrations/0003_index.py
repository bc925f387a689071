"""An index on the SKU, built beside running writers where the database can.

CONCURRENTLY is refused inside a transaction, so the migration is not atomic. Django's own
AddIndexConcurrently is for PostgreSQL only; this runs on both.
"""

from django.db import migrations, models

INDEX = models.Index(fields=["sku"], name="stock_item_sku")


class AddIndexBeside(migrations.AddIndex):
    """An AddIndex that does not stop writers on PostgreSQL, and can be run again after a kill."""

    atomic = False

    def drop(self, schema_editor):
        """Drop what is there: the index, or the INVALID half of one."""
        beside = "CONCURRENTLY" if schema_editor.connection.vendor == "postgresql" else ""
        name = schema_editor.quote_name(self.index.name)
        schema_editor.execute(f"DROP INDEX {beside} IF EXISTS {name}")

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        """Build the index, concurrently on PostgreSQL."""
        self.drop(schema_editor)
        model = to_state.apps.get_model(app_label, self.model_name)
        options = {"concurrently": True} if schema_editor.connection.vendor == "postgresql" else {}
        schema_editor.add_index(model, self.index, **options)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        """Drop the index, concurrently on PostgreSQL."""
        self.drop(schema_editor)


class Migration(migrations.Migration):
    """Build the index beside running writers."""

    atomic = False
    dependencies = [("stock", "0002_note")]
    operations = [AddIndexBeside("item", INDEX)]
