"""The fixture and the marker, in a pytest inside this one."""

from __future__ import annotations

import pytest

# Imported once, here: the pytest inside forgets what it imports, and a mapper bears no second import.
from velvet_databases.bookshelf import sa_models  # noqa: F401
from velvet_databases.nplusone import pytest_plugin  # noqa: F401

pytest_plugins = ["pytester"]

# No plugin of a library that happens to be installed has a say in the pytest inside.
PLUGIN = ("--disable-plugin-autoload", "-p", "velvet_databases.nplusone.pytest_plugin")
SHELF = """
    import pytest
    from sqlalchemy import create_engine, select
    from sqlalchemy.orm import Session, selectinload
    from sqlalchemy.pool import StaticPool

    from velvet_databases.bookshelf.sa_models import Author, Base, Book, fill

    @pytest.fixture
    def session():
        engine = create_engine("sqlite://", poolclass=StaticPool)
        Base.metadata.create_all(engine)
        with Session(engine) as session:
            fill(session)
        with Session(engine) as session:
            yield session
        engine.dispose()
"""


def test_the_fixture_fails_lazy_tests_and_passes_the_others(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(SHELF + """
    def test_lazy(session, no_n_plus_one):
        for author in session.scalars(select(Author)):
            len(author.books)

    def test_eager(session, no_n_plus_one):
        for author in session.scalars(select(Author).options(selectinload(Author.books))):
            len(author.books)

    def test_swallowed(session, no_n_plus_one):
        for author in session.scalars(select(Author)):
            try:
                len(author.books)
            except Exception:
                pass

    def test_unwatched(session):
        for author in session.scalars(select(Author)):
            len(author.books)
    """)

    run = pytester.runpytest_inprocess(*PLUGIN)

    run.assert_outcomes(passed=2, failed=2)
    run.stdout.fnmatch_lines(
        ["*NPlusOneDetected: Author.books: 2 loads at test_*fix: .options(selectinload(*"]
    )
    assert "test_swallowed" in run.stdout.str()


def test_the_marker_bounds_what_a_test_sends(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(SHELF + """
    @pytest.mark.max_queries(1)
    def test_within(session):
        session.scalars(select(Author)).all()

    @pytest.mark.max_queries(n=1)
    def test_beyond(session):
        for author in session.scalars(select(Author)):
            len(author.books)

    @pytest.mark.max_queries("many")
    def test_wrongly_marked(session):
        pass
    """)

    run = pytester.runpytest_inprocess(*PLUGIN)

    run.assert_outcomes(passed=1, failed=2)
    run.stdout.fnmatch_lines(
        [
            "5 statements, at most 1 allowed:",
            "    4 x  SELECT book.id*FROM book WHERE *(test_*.py:*)",
            "write @pytest.mark.max_queries(n) with a number of statements, not 'many'",
        ]
    )
