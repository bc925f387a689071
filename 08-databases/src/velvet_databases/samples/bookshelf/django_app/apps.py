"""How Django finds the bookshelf."""

from django.apps import AppConfig  # type: ignore[import-untyped]


class BookshelfConfig(AppConfig):  # type: ignore[misc]  # Django is untyped
    """The application `shelf`."""

    name = "velvet_databases.samples.bookshelf.django_app"
    label = "shelf"
    default_auto_field = "django.db.models.AutoField"
