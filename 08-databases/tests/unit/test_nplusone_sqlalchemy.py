"""The detector on SQLAlchemy: what it finds, what it lets pass, and that its fixes are fixes."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextvars import Context, copy_context
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import create_engine, event, orm, select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Mapped, Mapper, Session, mapped_column, selectinload
from sqlalchemy.pool import StaticPool

from velvet.needs import numbers
from velvet_databases.nplusone import Detector, NPlusOneDetected, hooks, sqlalchemy_
from velvet_databases.samples.bookshelf import sa_models
from velvet_databases.samples.bookshelf.sa_models import Author, Base, Book
from velvet_databases.sqlcapture import capture

NAMES = {**vars(orm), **vars(sa_models), "select": select}
Walk = Callable[[Iterable[Any]], Any]
# What is selected, how its rows are walked -> the relation, its loads, the option to paste.
CASES: dict[str, tuple[str, Walk, str, int, str]] = {
    "forward foreign key": (
        "select(Book)",
        lambda rows: [one.author for one in rows],
        "Book.author",
        4,  # eight books, four authors: the identity map answers for the others
        ".options(joinedload(Book.author))",
    ),
    "reverse foreign key": (
        "select(Author)",
        lambda rows: [one.books for one in rows],
        "Author.books",
        4,
        ".options(selectinload(Author.books))",
    ),
    "one to one, forward": (
        "select(Profile)",
        lambda rows: [one.author for one in rows],
        "Profile.author",
        4,
        ".options(joinedload(Profile.author))",
    ),
    "one to one, reverse": (
        "select(Author)",
        lambda rows: [one.profile for one in rows],
        "Author.profile",
        4,
        ".options(joinedload(Author.profile))",
    ),
    "many to many": (
        "select(Book)",
        lambda rows: [one.tags for one in rows],
        "Book.tags",
        8,
        ".options(selectinload(Book.tags))",
    ),
    "many to many, other side": (
        "select(Tag)",
        lambda rows: [one.books for one in rows],
        "Tag.books",
        3,
        ".options(selectinload(Tag.books))",
    ),
    "deferred column": (
        "select(Book)",
        lambda rows: [one.blurb for one in rows],
        "Book.blurb",
        8,
        ".options(undefer(Book.blurb))",
    ),
    "second of two levels": (
        "select(Publisher)",
        lambda rows: [book for one in rows for author in one.authors for book in author.books],
        "Author.books",
        4,
        ".options(selectinload(Publisher.authors).selectinload(Author.books))",
    ),
    "second of two levels, forward": (
        "select(Book)",
        lambda rows: [one.author.publisher for one in rows],
        "Author.publisher",
        2,
        ".options(joinedload(Book.author).joinedload(Author.publisher))",
    ),
    "deferred below a relation": (
        "select(Author)",
        lambda rows: [book.blurb for one in rows for book in one.books],
        "Book.blurb",
        8,
        ".options(selectinload(Author.books).undefer(Book.blurb))",
    ),
    "below what was loaded eagerly": (
        "select(Author).options(selectinload(Author.books))",
        lambda rows: [book.tags for one in rows for book in one.books],
        "Book.tags",
        8,
        ".options(selectinload(Author.books).selectinload(Book.tags))",
    ),
}


@pytest.fixture(scope="module")
def engine() -> Iterator[sa.Engine]:
    engine = create_engine(
        "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}
    )
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        sa_models.fill(session)
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine: sa.Engine) -> Iterator[Session]:
    with Session(engine) as session:
        yield session


@pytest.mark.parametrize("name", CASES)
def test_a_lazy_walk_is_found_with_its_line_and_a_fix_that_works(
    engine: sa.Engine, name: str
) -> None:
    query, walk, relation, loads, fix = CASES[name]

    with Session(engine) as session, Detector() as lazy:
        walk(session.scalars(eval(query, NAMES)))
    finding = next(one for one in lazy.findings if one.relation == relation)
    with Session(engine) as session, Detector() as fixed:
        walk(session.scalars(eval(query + finding.fix, NAMES)))

    assert (finding.orm, finding.loads, finding.parents) == ("sqlalchemy", loads, loads)
    assert finding.fix == fix
    assert finding.origin.file == __file__
    assert finding.origin.line == walk.__code__.co_firstlineno
    assert fixed.findings == []


def test_the_chunks_of_one_result_belong_together(session: Session) -> None:
    with Detector() as detector:
        for author in session.scalars(select(Author).execution_options(yield_per=2)):
            len(author.books)

    assert [(one.relation, one.loads) for one in detector.findings] == [("Author.books", 4)]


@pytest.mark.skipif(
    numbers(sa.__version__) < (2, 0, 50),
    reason="SQLAlchemy < 2.0.50 fails at this under any listener; pip install -U sqlalchemy",
)
def test_chunks_with_their_relations_are_silent_and_undisturbed(session: Session) -> None:
    chunks = select(Author).execution_options(yield_per=2).options(selectinload(Author.books))
    with Detector() as detector:
        books = [book for author in session.scalars(chunks) for book in author.books]

    assert len(books) == 8
    assert detector.findings == []


def test_the_shape_is_that_of_the_statements_that_were_sent(
    engine: sa.Engine, session: Session
) -> None:
    with Detector() as detector, capture(engine) as log:
        for book in session.scalars(select(Book)):
            len(book.tags)

    assert len(log.by_fingerprint()[detector.findings[0].fingerprint]) == 8


def test_objects_that_a_commit_expired_are_found_when_they_are_read_again(
    engine: sa.Engine,
) -> None:
    with Detector() as detector, Session(engine) as session:
        books = session.scalars(select(Book)).all()
        session.commit()
        titles = [book.title for book in books]

    assert len(titles) == 8
    assert [(one.relation, one.loads) for one in detector.findings] == [("Book.(expired)", 8)]
    assert "expire_on_commit=False" in detector.findings[0].fix


def test_columns_that_were_expired_on_purpose_are_found_as_such(session: Session) -> None:
    with Detector() as detector:
        for book in session.scalars(select(Book)):
            session.expire(book, ["title"])
            book.title  # noqa: B018  # the access is the load

    assert [one.relation for one in detector.findings] == ["Book.(expired)"]


def test_the_columns_of_subclasses_are_fetched_with_their_rows() -> None:
    class Root(orm.DeclarativeBase):
        pass

    class Item(Root):
        __tablename__ = "item"
        id: Mapped[int] = mapped_column(primary_key=True)
        kind: Mapped[str]
        __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "item"}  # noqa: RUF012

    class Film(Item):
        __tablename__ = "film"
        id: Mapped[int] = mapped_column(sa.ForeignKey("item.id"), primary_key=True)
        minutes: Mapped[int]
        notes: Mapped[str] = mapped_column(default="")
        __mapper_args__ = {"polymorphic_identity": "film"}  # noqa: RUF012

    engine = create_engine("sqlite://", poolclass=StaticPool)
    Root.metadata.create_all(engine)
    names = {**NAMES, "Item": Item, "Film": Film}
    with Session(engine) as session:
        session.add_all([Film(minutes=n) for n in (90, 100, 110)])
        session.commit()
    with Session(engine) as session, Detector() as lazy:
        [film.minutes for film in session.scalars(select(Item))]
    (finding,) = lazy.findings
    with Session(engine) as session, Detector() as fixed:
        minutes = [
            film.minutes for film in session.scalars(eval(f"select(Item){finding.fix}", names))
        ]
    engine.dispose()

    assert finding.relation == "Film.minutes+notes"
    assert finding.fix == ".options(selectin_polymorphic(Item, [Film]))"
    assert fixed.findings == []
    assert minutes == [90, 100, 110]


SILENT: dict[str, Callable[[Session], Any]] = {
    "fetched one by one": lambda s: [s.get(Author, n).books for n in (1, 2, 3)],
    "first": lambda s: [s.scalars(select(Author)).first().books for _ in range(3)],
    "the first of a page of one": lambda s: [
        s.scalars(select(Author).order_by(Author.id).offset(n).limit(1)).all()[0].books
        for n in range(4)
    ],
    "only one of many asks": lambda s: [s.scalars(select(Author)).all()[0].books for _ in range(3)],
    "read again": lambda s: [author.books for author in [s.get(Author, 1)] for _ in range(5)],
    "loaded with the rows": lambda s: [
        author.books for author in s.scalars(select(Author).options(selectinload(Author.books)))
    ],
    "joined": lambda s: [
        book.author.name for book in s.scalars(select(Book).options(orm.joinedload(Book.author)))
    ],
    "already in the session": lambda s: [
        (kept, [book.author.name for book in s.scalars(select(Book))])
        for kept in [s.scalars(select(Author)).all()]
    ],
    "refreshed on purpose": lambda s: [s.refresh(one) for one in s.scalars(select(Author)).all()],
    "not mapped": lambda s: [
        s.execute(select(Book.title).where(Book.id == n)).all() for n in (1, 2)
    ],
}


@pytest.mark.parametrize("name", SILENT)
def test_it_is_silent_about(session: Session, name: str) -> None:
    with Detector() as detector:
        SILENT[name](session)

    assert detector.findings == []


def test_rows_of_before_the_detector_are_not_judged(session: Session) -> None:
    authors = session.scalars(select(Author)).all()

    with Detector() as detector:
        for author in authors:
            len(author.books)

    assert detector.findings == []


def test_code_in_a_context_without_a_detector_runs_as_ever(session: Session) -> None:
    def walk() -> int:
        return sum(len(author.books) for author in session.scalars(select(Author)))

    with Detector(mode="raise") as detector:
        books = Context().run(walk)
        session.merge(sa_models.Tag(id=99, name="merged, not loaded"))

    assert books == 8
    assert detector.findings == []


def test_two_threads_below_the_threshold_are_not_added_up(session: Session) -> None:
    with Detector(threshold=2) as apart, capture(session) as log:
        authors = session.scalars(select(Author).order_by(Author.id)).all()
        for author in authors[:2]:
            thread = threading.Thread(target=copy_context().run, args=(getattr, author, "books"))
            thread.start()
            thread.join()

    assert len(log) == 3
    assert len({one.scope_id for one in log}) == 3
    assert apart.findings == []


def test_an_async_session_is_watched_and_the_await_is_named() -> None:
    async def walk() -> None:
        engine = create_async_engine("sqlite+aiosqlite://", poolclass=StaticPool)
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        async with AsyncSession(engine) as session:
            await session.run_sync(sa_models.fill)
        async with AsyncSession(engine) as session:
            for author in await session.scalars(select(Author)):
                await author.awaitable_attrs.books
        await engine.dispose()

    with Detector() as detector:
        asyncio.run(walk())

    assert [one.relation for one in detector.findings] == ["Author.books"]
    assert detector.findings[0].origin.file == __file__
    assert detector.findings[0].origin.function == "walk"


def test_two_tasks_below_the_threshold_are_not_added_up(engine: sa.Engine) -> None:
    async def one_each() -> None:
        with Session(engine) as session:
            authors = session.scalars(select(Author)).all()
            await asyncio.gather(*(read(author) for author in authors))

    async def read(author: Author) -> int:
        return len(author.books)

    with Detector() as detector:
        asyncio.run(one_each())

    assert detector.findings == []


def test_no_row_is_kept_alive(engine: sa.Engine) -> None:
    with Detector() as detector:
        with Session(engine) as session:
            authors = session.scalars(select(Author)).all()
            for author in authors:
                len(author.books)
            rows = [weakref.ref(author) for author in authors]
        del authors, author, session
        gc.collect()
        alive, marked = [row for row in rows if row() is not None], len(hooks.marks)

    assert len(detector.findings) == 1
    assert alive == []
    assert marked == 0


def test_what_was_hooked_is_restored(session: Session) -> None:
    with Detector(mode="raise"):
        inside = event.contains(Session, "do_orm_execute", sqlalchemy_._executing)
        with pytest.raises(NPlusOneDetected, match=r"Author\.books: 2 loads at test_npl.*fix: "):
            [len(author.books) for author in session.scalars(select(Author))]

    assert inside
    assert not event.contains(Session, "do_orm_execute", sqlalchemy_._executing)
    assert not event.contains(Mapper, "load", sqlalchemy_._loaded)
    assert not Author.__mapper__.class_manager.dispatch.load
    assert not session.dispatch.do_orm_execute
