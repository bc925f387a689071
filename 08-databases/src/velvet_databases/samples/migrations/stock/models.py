"""The stocked items as the last migration leaves them."""

from __future__ import annotations

from django.db import models  # type: ignore[import-untyped]


class Item(models.Model):  # type: ignore[misc]  # Django is untyped
    """A stocked item."""

    id = models.BigIntegerField(primary_key=True)
    sku = models.TextField()
    quantity = models.IntegerField()
    note = models.TextField(default="")

    class Meta:
        indexes = [models.Index(fields=["sku"], name="stock_item_sku")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(quantity__gte=0), name="stock_item_quantity_rule"
            )
        ]
