"""The fixture, in a pytest inside this one."""

from __future__ import annotations

import pytest

from velvet_databases.nplusone import pytest_plugin  # noqa: F401

# Imported once, here: the pytest inside forgets what it imports, and a mapper bears no second import.
from velvet_databases.samples.bookshelf import sa_models  # noqa: F401

pytest_plugins = ["pytester"]

# No plugin of a library that happens to be installed has a say in the pytest inside.
PLUGIN = ("--disable-plugin-autoload", "-p", "velvet_databases.nplusone.pytest_plugin")
SHELF = """
    import pytest
    from sqlalchemy import create_engine, select
    from sqlalchemy.orm import Session, selectinload
    from sqlalchemy.pool import StaticPool

    from velvet_databases.samples.bookshelf.sa_models import Author, Base, Book, fill

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
