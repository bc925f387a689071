"""The bookshelf in Django. Import this only after the application is installed."""

from __future__ import annotations

from django.db import models  # type: ignore[import-untyped]


class Publisher(models.Model):  # type: ignore[misc]  # Django is untyped
    """Has authors."""

    name = models.TextField()


class Author(models.Model):  # type: ignore[misc]
    """Has one profile and many books."""

    name = models.TextField()
    publisher = models.ForeignKey(Publisher, models.CASCADE, related_name="authors")


class Profile(models.Model):  # type: ignore[misc]
    """Belongs to one author."""

    bio = models.TextField()
    author = models.OneToOneField(Author, models.CASCADE, related_name="profile")


class Tag(models.Model):  # type: ignore[misc]
    """Marks books."""

    name = models.TextField()


class Book(models.Model):  # type: ignore[misc]
    """Has an author and tags."""

    title = models.TextField()
    blurb = models.TextField()
    author = models.ForeignKey(Author, models.CASCADE, related_name="books")
    tags = models.ManyToManyField(Tag, related_name="books")
