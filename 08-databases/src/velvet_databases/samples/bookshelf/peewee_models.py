"""The bookshelf in Peewee, which has no deferred columns; classes are made per database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from peewee import (
    AutoField,
    Database,
    ForeignKeyField,
    ManyToManyField,
    Model,
    TextField,
)

from velvet_databases.samples.bookshelf import AUTHORS, BOOKS, PUBLISHERS, TAGS


@dataclass(frozen=True)
class Models:
    """The classes of one database; `BookTag` is what stands between books and tags."""

    Publisher: Any
    Author: Any
    Profile: Any
    Book: Any
    Tag: Any
    BookTag: Any


def bind(database: Database) -> Models:
    """Make the model classes of a database."""

    class Publisher(Model):
        id = AutoField()
        name = TextField()

    class Author(Model):
        id = AutoField()
        name = TextField()
        publisher = ForeignKeyField(Publisher, backref="authors")

    class Profile(Model):
        id = AutoField()
        bio = TextField()
        author = ForeignKeyField(Author, backref="profile", unique=True)

    class Tag(Model):
        id = AutoField()
        name = TextField()

    class Book(Model):
        id = AutoField()
        title = TextField()
        blurb = TextField()
        author = ForeignKeyField(Author, backref="books")
        tags = ManyToManyField(Tag, backref="books")

    tags: Any = Book.tags
    through = tags.get_through_model()
    models = [Publisher, Author, Profile, Book, Tag, through]
    database.bind(models)
    return Models(*models)


def fill(models: Models) -> None:
    """Make the tables and add the rows that all three mappers hold."""
    tables = [
        models.Publisher,
        models.Author,
        models.Profile,
        models.Book,
        models.Tag,
        models.BookTag,
    ]
    for table in tables:
        table.create_table()
    for n in range(1, PUBLISHERS + 1):
        models.Publisher.create(name=f"publisher {n}")
    for n in range(1, AUTHORS + 1):
        models.Author.create(name=f"author {n}", publisher=n % PUBLISHERS + 1)
        models.Profile.create(bio=f"bio {n}", author=n)
    for n in range(1, TAGS + 1):
        models.Tag.create(name=f"tag {n}")
    for n in range(1, BOOKS + 1):
        models.Book.create(title=f"book {n}", blurb=f"blurb {n}", author=n % AUTHORS + 1)
        for tag in (n % TAGS, (n + 1) % TAGS):
            models.BookTag.create(book=n, tag=tag + 1)
