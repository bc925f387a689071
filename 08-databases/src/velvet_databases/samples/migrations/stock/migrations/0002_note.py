"""A note with a default that Django gives to rows while it adds the column."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Add the note."""

    dependencies = [("stock", "0001_item")]
    operations = [migrations.AddField("item", "note", models.TextField(default=""))]
