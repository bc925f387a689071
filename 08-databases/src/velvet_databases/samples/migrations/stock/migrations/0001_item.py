"""The table of stocked items."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Make the table of stocked items."""

    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            "Item",
            [
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("sku", models.TextField()),
                ("qty", models.IntegerField()),
            ],
        )
    ]
