"""The configuration of the application: its label is what findings call it."""

from __future__ import annotations

from django.apps import AppConfig  # type: ignore[import-untyped]


class ShopConfig(AppConfig):  # type: ignore[misc]  # Django is untyped
    """The shop's models under the label `shop`."""

    name = "velvet_databases.stores.django_app"
    label = "shop"
    default_auto_field = "django.db.models.BigAutoField"
