"""`qty` becomes `quantity`: `makemigrations` asks whether it was renamed, a script cannot answer."""

from django.db import migrations


class Migration(migrations.Migration):
    """Rename the column, with its rows."""

    dependencies = [("stock", "0003_index")]
    operations = [migrations.RenameField("item", "qty", "quantity")]
