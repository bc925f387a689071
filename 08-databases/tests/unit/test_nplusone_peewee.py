"""The detector on Peewee: what it finds, what it lets pass, and that its fixes are fixes."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextvars import Context, copy_context
from pathlib import Path
from typing import Any

import peewee
import pytest
from peewee import JOIN, SqliteDatabase, fn

from velvet_databases.nplusone import Detector, NPlusOneDetected, hooks
from velvet_databases.samples.bookshelf import peewee_models
from velvet_databases.sqlcapture import capture

Walk = Callable[[Iterable[Any]], Any]
# What is selected, how its rows are walked -> the relation, its loads, the call to paste.
CASES: dict[str, tuple[str, Walk, str, int, str]] = {
    "forward foreign key": (
        "Book.select()",
        lambda rows: [one.author.name for one in rows],
        "Book.author",
        8,
        ".prefetch(Author)",
    ),
    "reverse foreign key": (
        "Author.select()",
        lambda rows: [list(one.books) for one in rows],
        "Author.books",
        4,
        ".prefetch(Book)",
    ),
    "one to one, forward": (
        "Profile.select()",
        lambda rows: [one.author.name for one in rows],
        "Profile.author",
        4,
        ".prefetch(Author)",
    ),
    "one to one, reverse": (
        "Author.select()",
        lambda rows: [one.profile[0].bio for one in rows],
        "Author.profile",
        4,
        ".prefetch(Profile)",
    ),
    "many to many": (
        "Book.select()",
        lambda rows: [[tag.name for tag in one.tags] for one in rows],
        "Book.tags",
        8,
        ".prefetch(BookTagThrough, Tag)",
    ),
    "many to many, other side": (
        "Tag.select()",
        lambda rows: [[book.title for book in one.books] for one in rows],
        "Tag.books",
        3,
        ".prefetch(BookTagThrough, Book)",
    ),
    "second of two levels": (
        "Publisher.select()",
        lambda rows: [list(author.books) for one in rows for author in one.authors],
        "Author.books",
        4,
        ".prefetch(Author, Book)",
    ),
    "second of two levels, forward": (
        "Book.select()",
        lambda rows: [one.author.publisher.name for one in rows],
        "Author.publisher",
        8,
        ".prefetch(Author, Publisher)",
    ),
    "below what was joined": (
        "Book.select(Book, Author).join(Author).switch(Book)",
        lambda rows: [one.author.publisher.name for one in rows],
        "Author.publisher",
        8,
        ".prefetch(Author, Publisher)",
    ),
    "narrowed": (
        "Author.select()",
        lambda rows: [list(one.books.where(one.books.model.id > 2)) for one in rows],
        "Author.books",
        4,
        ".prefetch(Book.select(...))",
    ),
    "in another order": (
        "Author.select()",
        lambda rows: [list(one.books.order_by(one.books.model.title.desc())) for one in rows],
        "Author.books",
        4,
        ".prefetch(Book.select(...))",
    ),
    "with a limit": (
        "Author.select()",
        lambda rows: [list(one.books.limit(1)) for one in rows],
        "Author.books",
        4,
        ".prefetch(Book.select(...))",
    ),
    "counted": (
        "Author.select()",
        lambda rows: [one.books.count() for one in rows],
        "Author.books",
        4,
        '.select_extend(fn.COUNT(Book.id).alias("books_count"))'
        ".join(Book, JOIN.LEFT_OUTER).group_by(Author)",
    ),
    "asked whether there are any": (
        "Author.select()",
        lambda rows: [one.books.exists() for one in rows],
        "Author.books",
        4,
        '.select_extend(fn.COUNT(Book.id).alias("books_count"))'
        ".join(Book, JOIN.LEFT_OUTER).group_by(Author)",
    ),
}
# After these the code has to ask for something else, not only the query.
REWRITTEN = {
    "narrowed": None,
    "in another order": None,
    "with a limit": None,
    "counted": lambda rows: [one.books_count for one in rows],
    "asked whether there are any": lambda rows: [one.books_count > 0 for one in rows],
}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteDatabase]:
    path: Path = tmp_path_factory.mktemp("peewee") / "shelf.db"
    database = SqliteDatabase(path)
    yield database
    database.close()


@pytest.fixture(scope="module")
def shelf(database: SqliteDatabase) -> peewee_models.Models:
    models = peewee_models.bind(database)
    peewee_models.fill(models)
    return models


@pytest.fixture
def names(shelf: peewee_models.Models) -> dict[str, Any]:
    return {model.__name__: model for model in vars(shelf).values()} | {"fn": fn, "JOIN": JOIN}


@pytest.mark.parametrize("name", CASES)
def test_a_lazy_walk_is_found_with_its_line_and_its_fix(name: str, names: dict[str, Any]) -> None:
    query, walk, relation, loads, fix = CASES[name]

    with Detector() as detector:
        walk(eval(query, names))

    finding = next(one for one in detector.findings if one.relation == relation)
    assert (finding.orm, finding.loads, finding.parents) == ("peewee", loads, loads)
    assert finding.fix == fix
    assert finding.origin.file == __file__
    assert finding.origin.line == walk.__code__.co_firstlineno


@pytest.mark.parametrize("name", [name for name in CASES if REWRITTEN.get(name, name) is not None])
def test_the_pasted_fix_removes_the_finding(name: str, names: dict[str, Any]) -> None:
    query, walk, _, _, fix = CASES[name]

    lazy = walk(eval(query, names))
    with Detector() as fixed:
        eager = REWRITTEN.get(name, walk)(eval(query + fix, names))

    assert fixed.findings == []
    assert eager == lazy


def test_rows_of_an_iterator_belong_together(shelf: peewee_models.Models) -> None:
    with Detector() as detector:
        for book in shelf.Book.select().iterator():
            book.author  # noqa: B018  # the access is the load

    assert [(one.relation, one.loads) for one in detector.findings] == [("Book.author", 8)]


def test_a_column_that_was_not_selected_is_none_and_costs_no_statement(
    shelf: peewee_models.Models, database: SqliteDatabase
) -> None:
    with Detector() as detector, capture(database) as log:
        blurbs = [book.blurb for book in shelf.Book.select(shelf.Book.id)]

    assert blurbs == [None] * 8
    assert len(log) == 1
    assert detector.findings == []


@pytest.mark.parametrize("name", ["forward foreign key", "many to many", "counted"])
def test_the_shape_is_that_of_the_statements_that_were_sent(
    name: str, names: dict[str, Any], database: SqliteDatabase
) -> None:
    query, walk, _, loads, _ = CASES[name]

    with Detector() as detector, capture(database) as log:
        walk(eval(query, names))

    assert len(log.by_fingerprint()[detector.findings[0].fingerprint]) == loads


SILENT: dict[str, Callable[[peewee_models.Models], Any]] = {
    "fetched one by one": lambda m: [list(m.Author.get_by_id(n).books) for n in (1, 2, 3)],
    "first": lambda m: [list(m.Author.select().order_by(m.Author.id).first().books) for _ in "abc"],
    "a page of one": lambda m: [
        [list(one.books) for one in m.Author.select().paginate(n, 1)] for n in (1, 2, 3)
    ],
    "only one of many asks": lambda m: [
        list(authors[0].books) for authors in [list(m.Author.select())] for _ in range(3)
    ],
    "read again": lambda m: [book.author for book in [m.Book.get_by_id(1)] for _ in range(5)],
    "prefetched": lambda m: [list(one.books) for one in m.Author.select().prefetch(m.Book)],
    "joined": lambda m: [one.author.name for one in m.Book.select(m.Book, m.Author).join(m.Author)],
    "the key of a relation": lambda m: [one.author_id for one in m.Book.select()],
    "queries that never run": lambda m: [one.books for one in m.Author.select()],
    "dictionaries": lambda m: list(m.Book.select().dicts()),
    "raw rows read once": lambda m: list(m.Book.raw("select * from book")),
    "rows of another kind": lambda m: list(m.Book.select().objects(lambda **row: row)),
    "joined with nothing": lambda m: list(
        m.Author.select(m.Author, m.Book).join(
            m.Book, JOIN.LEFT_OUTER, on=(m.Book.id == m.Author.id + 90), attr="none"
        )
    ),
    "created here": lambda m: [list(m.Author(id=n, name="", publisher=1).books) for n in (1, 2)],
}


@pytest.mark.parametrize("name", SILENT)
def test_it_is_silent_about(shelf: peewee_models.Models, name: str) -> None:
    with Detector() as detector:
        SILENT[name](shelf)

    assert detector.findings == []


def test_rows_of_a_raw_query_belong_together(shelf: peewee_models.Models) -> None:
    with Detector() as detector:
        for book in shelf.Book.raw("select * from book"):
            book.author  # noqa: B018

    assert [one.loads for one in detector.findings] == [8]


def test_rows_that_are_read_later_belong_together_too(shelf: peewee_models.Models) -> None:
    sent = shelf.Book.select()
    sent.execute()

    with Detector() as detector:
        for book in sent:
            book.author  # noqa: B018

    assert [one.loads for one in detector.findings] == [8]


def test_a_count_below_a_relation_is_mended_by_fetching_both(
    shelf: peewee_models.Models,
) -> None:
    with Detector() as detector:
        for publisher in shelf.Publisher.select():
            [author.books.count() for author in publisher.authors]

    assert {one.relation: one.fix for one in detector.findings} == {
        "Publisher.authors": ".prefetch(Author)",
        "Author.books": ".prefetch(Author, Book)",
    }


def test_code_in_a_context_without_a_detector_runs_as_ever(shelf: peewee_models.Models) -> None:
    def walk() -> tuple[int, int]:
        authors = list(shelf.Author.select())
        rows = [book.author for author in authors for book in author.books]
        return len(rows), sum(author.books.count() for author in authors)

    with Detector(mode="raise") as detector:
        counts = Context().run(walk)

    assert counts == (8, 8)
    assert detector.findings == []


def test_two_threads_below_the_threshold_are_not_added_up(
    shelf: peewee_models.Models, database: SqliteDatabase
) -> None:
    def read(author: Any) -> None:
        with database.connection_context():
            list(author.books)

    with Detector(threshold=2) as detector, capture(database) as log:
        for author in list(shelf.Author.select())[:2]:
            thread = threading.Thread(target=copy_context().run, args=(read, author))
            thread.start()
            thread.join()

    assert len({one.scope_id for one in log}) == 3
    assert detector.findings == []


def test_no_row_is_kept_alive(shelf: peewee_models.Models) -> None:
    with Detector() as detector:
        authors = list(shelf.Author.select())
        for author in authors:
            list(author.books)
        rows = [weakref.ref(author) for author in authors]
        del authors, author
        gc.collect()
        alive, marked = [row for row in rows if row() is not None], len(hooks.marks)

    assert len(detector.findings) == 1
    assert alive == []
    assert marked == 0


def test_what_was_hooked_is_restored_by_identity(shelf: peewee_models.Models) -> None:
    owners = [
        peewee.ForeignKeyAccessor,
        peewee.BackrefAccessor,
        peewee.ManyToManyFieldAccessor,
        peewee.ModelCursorWrapper,
        peewee.ModelObjectCursorWrapper,
        *peewee.SelectBase.__mro__[:-1],
    ]
    before = [dict(vars(owner)) for owner in owners]

    with Detector(mode="raise"):
        inside = [dict(vars(owner)) for owner in owners]
        with pytest.raises(NPlusOneDetected) as error:
            [list(author.books) for author in shelf.Author.select()]

    assert error.value.finding.relation == "Author.books"
    assert inside != before
    after = [vars(owner) for owner in owners]
    assert all(
        now[key] is kept[key] for now, kept in zip(after, before, strict=True) for key in kept
    )
