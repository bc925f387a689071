"""A rule for the quantity."""

from django.db import migrations, models

RULE = models.CheckConstraint(condition=models.Q(quantity__gte=0), name="stock_item_quantity_rule")


class Migration(migrations.Migration):
    """Add the rule."""

    dependencies = [("stock", "0004_rename")]
    operations = [migrations.AddConstraint("item", RULE)]
