"""The bookshelf in SQLAlchemy."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Table
from sqlalchemy.ext.asyncio import AsyncAttrs
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from velvet_databases.samples.bookshelf import AUTHORS, BOOKS, PUBLISHERS, TAGS


class Base(AsyncAttrs, DeclarativeBase):
    """What the models share; `awaitable_attrs` loads lazily inside an async session."""


book_tag = Table(
    "book_tag",
    Base.metadata,
    Column("book_id", ForeignKey("book.id"), primary_key=True),
    Column("tag_id", ForeignKey("tag.id"), primary_key=True),
)


class Publisher(Base):
    """Has authors."""

    __tablename__ = "publisher"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    authors: Mapped[list[Author]] = relationship(back_populates="publisher")


class Author(Base):
    """Has one profile and many books."""

    __tablename__ = "author"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    publisher_id: Mapped[int] = mapped_column(ForeignKey("publisher.id"))
    publisher: Mapped[Publisher] = relationship(back_populates="authors")
    profile: Mapped[Profile] = relationship(back_populates="author")
    books: Mapped[list[Book]] = relationship(back_populates="author")


class Profile(Base):
    """Belongs to one author."""

    __tablename__ = "profile"
    id: Mapped[int] = mapped_column(primary_key=True)
    bio: Mapped[str]
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id"), unique=True)
    author: Mapped[Author] = relationship(back_populates="profile", single_parent=True)


class Book(Base):
    """Has an author, tags and a blurb that is loaded when it is asked for."""

    __tablename__ = "book"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    blurb: Mapped[str] = mapped_column(deferred=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id"))
    author: Mapped[Author] = relationship(back_populates="books")
    tags: Mapped[list[Tag]] = relationship(secondary=book_tag, back_populates="books")


class Tag(Base):
    """Marks books."""

    __tablename__ = "tag"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    books: Mapped[list[Book]] = relationship(secondary=book_tag, back_populates="tags")


def fill(session: Session) -> None:
    """Add the rows that all three mappers hold, and commit."""
    publishers = [Publisher(id=n, name=f"publisher {n}") for n in range(1, PUBLISHERS + 1)]
    authors = [
        Author(id=n, name=f"author {n}", publisher=publishers[n % PUBLISHERS])
        for n in range(1, AUTHORS + 1)
    ]
    profiles = [Profile(id=n, bio=f"bio {n}", author=one) for n, one in enumerate(authors, 1)]
    tags = [Tag(id=n, name=f"tag {n}") for n in range(1, TAGS + 1)]
    books = [
        Book(
            id=n,
            title=f"book {n}",
            blurb=f"blurb {n}",
            author=authors[n % AUTHORS],
            tags=[tags[n % TAGS], tags[(n + 1) % TAGS]],
        )
        for n in range(1, BOOKS + 1)
    ]
    session.add_all([*publishers, *authors, *profiles, *tags, *books])
    session.commit()
