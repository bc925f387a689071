"""The bookshelf's application added to a configured Django, and its tables in a database."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig, apps  # type: ignore[import-untyped]
from django.db import connections  # type: ignore[import-untyped]

from velvet_databases.samples.bookshelf import AUTHORS, BOOKS, PUBLISHERS, TAGS
from velvet_databases.stores import django_setup


class ShelfConfig(AppConfig):  # type: ignore[misc]  # Django is untyped
    """How Django finds the bookshelf: the application `shelf`."""

    name = "velvet_databases.samples.bookshelf"
    label = "shelf"
    default_auto_field = "django.db.models.AutoField"


def models() -> Any:
    """Return the module with the models, after adding the application to those installed."""
    django_setup.configure()
    if not apps.is_installed(ShelfConfig.name):
        apps.set_installed_apps([*apps.get_app_configs(), f"{__name__}.{ShelfConfig.__name__}"])
    from velvet_databases.samples.bookshelf import django_models

    return django_models


def fill(alias: str) -> None:
    """Make the tables and add the rows that all three mappers hold."""
    shelf = models()
    with connections[alias].schema_editor() as editor:
        for model in (shelf.Publisher, shelf.Author, shelf.Profile, shelf.Tag, shelf.Book):
            editor.create_model(model)
    shelf.Publisher.objects.using(alias).bulk_create(
        shelf.Publisher(pk=n, name=f"publisher {n}") for n in range(1, PUBLISHERS + 1)
    )
    shelf.Author.objects.using(alias).bulk_create(
        shelf.Author(pk=n, name=f"author {n}", publisher_id=n % PUBLISHERS + 1)
        for n in range(1, AUTHORS + 1)
    )
    shelf.Profile.objects.using(alias).bulk_create(
        shelf.Profile(pk=n, bio=f"bio {n}", author_id=n) for n in range(1, AUTHORS + 1)
    )
    shelf.Tag.objects.using(alias).bulk_create(
        shelf.Tag(pk=n, name=f"tag {n}") for n in range(1, TAGS + 1)
    )
    shelf.Book.objects.using(alias).bulk_create(
        shelf.Book(pk=n, title=f"book {n}", blurb=f"blurb {n}", author_id=n % AUTHORS + 1)
        for n in range(1, BOOKS + 1)
    )
    through = shelf.Book.tags.through
    through.objects.using(alias).bulk_create(
        through(book_id=n, tag_id=tag % TAGS + 1) for n in range(1, BOOKS + 1) for tag in (n, n + 1)
    )
