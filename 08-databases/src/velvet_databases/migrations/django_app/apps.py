"""The configuration of the application: its label is the name of its migrations."""

from __future__ import annotations

from django.apps import AppConfig  # type: ignore[import-untyped]


class StockConfig(AppConfig):  # type: ignore[misc]  # Django is untyped
    """The stocked items under the label `stock`."""

    name = "velvet_databases.migrations.django_app"
    label = "stock"
    default_auto_field = "django.db.models.BigAutoField"
