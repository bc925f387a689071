"""The detector on Django: what it finds, what it lets pass, and that its fixes are fixes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import django
import pytest
from django.db.models import Max

from velvet_databases.nplusone import Detector
from velvet_databases.sqlcapture import capture

Walk = Callable[[Iterable[Any]], Any]
# What is selected, how its rows are walked -> the relation, its loads, the call to paste.
CASES: dict[str, tuple[str, Walk, str, int, str]] = {
    "forward foreign key": (
        "Book.all()",
        lambda rows: [one.author.name for one in rows],
        "shelf.Book.author",
        8,
        '.select_related("author")',
    ),
    "reverse foreign key": (
        "Author.all()",
        lambda rows: [list(one.books.all()) for one in rows],
        "shelf.Author.books",
        4,
        '.prefetch_related("books")',
    ),
    "one to one, forward": (
        "Profile.all()",
        lambda rows: [one.author.name for one in rows],
        "shelf.Profile.author",
        4,
        '.select_related("author")',
    ),
    "one to one, reverse": (
        "Author.all()",
        lambda rows: [one.profile.bio for one in rows],
        "shelf.Author.profile",
        4,
        '.select_related("profile")',
    ),
    "many to many": (
        "Book.all()",
        lambda rows: [list(one.tags.all()) for one in rows],
        "shelf.Book.tags",
        8,
        '.prefetch_related("tags")',
    ),
    "many to many, other side": (
        "Tag.all()",
        lambda rows: [list(one.books.all()) for one in rows],
        "shelf.Tag.books",
        3,
        '.prefetch_related("books")',
    ),
    "deferred column": (
        'Book.defer("blurb")',
        lambda rows: [one.blurb for one in rows],
        "shelf.Book.blurb",
        8,
        ".defer(None)",
    ),
    "column left out of only": (
        'Book.only("title")',
        lambda rows: [one.blurb for one in rows],
        "shelf.Book.blurb",
        8,
        ".defer(None)",
    ),
    "second of two levels": (
        "Publisher.all()",
        lambda rows: [list(author.books.all()) for one in rows for author in one.authors.all()],
        "shelf.Author.books",
        4,
        '.prefetch_related("authors__books")',
    ),
    "second of two levels, forward": (
        "Book.all()",
        lambda rows: [one.author.publisher.name for one in rows],
        "shelf.Author.publisher",
        8,
        '.select_related("author__publisher")',
    ),
    "below what was joined": (
        'Book.select_related("author")',
        lambda rows: [one.author.publisher.name for one in rows],
        "shelf.Author.publisher",
        8,
        '.select_related("author__publisher")',
    ),
    "below what was prefetched": (
        'Author.prefetch_related("books")',
        lambda rows: [list(book.tags.all()) for one in rows for book in one.books.all()],
        "shelf.Book.tags",
        8,
        '.prefetch_related("books__tags")',
    ),
    "counted": (
        "Author.all()",
        lambda rows: [one.books.count() for one in rows],
        "shelf.Author.books",
        4,
        '.prefetch_related("books")',
    ),
    "asked whether there are any": (
        "Author.all()",
        lambda rows: [one.books.exists() for one in rows],
        "shelf.Author.books",
        4,
        '.prefetch_related("books")',
    ),
    "iterator in chunks": (
        "Book.all().iterator(chunk_size=3)",
        lambda rows: [one.author.name for one in rows],
        "shelf.Book.author",
        8,
        '.select_related("author")',
    ),
}
NARROWED: dict[str, Walk] = {
    "filtered": lambda rows: [list(one.books.filter(id__gt=2)) for one in rows],
    "sliced": lambda rows: [list(one.books.all()[:1]) for one in rows],
    "aggregated": lambda rows: [one.books.aggregate(Max("id")) for one in rows],
}


@pytest.mark.parametrize("name", CASES)
def test_a_lazy_walk_is_found_with_its_line_and_a_fix_that_works(
    name: str, names: dict[str, Any]
) -> None:
    source, walk, relation, loads, fix = CASES[name]

    with Detector() as lazy:
        found = walk(eval(source, names))
    finding = next(one for one in lazy.findings if one.relation == relation)
    before_chunks, chunks, rest = source.partition(".iterator")
    with Detector() as fixed:
        eager = walk(eval(before_chunks + finding.fix + chunks + rest, names))

    assert (finding.orm, finding.loads, finding.parents) == ("django", loads, loads)
    assert finding.fix == fix
    assert finding.origin.file == __file__
    assert finding.origin.line == walk.__code__.co_firstlineno
    assert fixed.findings == []
    assert eager == found


@pytest.mark.parametrize("name", NARROWED)
def test_a_narrowed_relation_needs_a_prefetch_of_its_own(name: str, names: dict[str, Any]) -> None:
    with Detector() as detector:
        NARROWED[name](names["Author"].all())

    assert [one.fix for one in detector.findings] == [
        '.prefetch_related(Prefetch("books", queryset=..., to_attr="..."))'
    ]


@pytest.mark.parametrize(
    "walk",
    [
        lambda rows: [list(one.books.values("title")) for one in rows],
        lambda rows: [list(one.books.values_list("title", "id")) for one in rows],
        lambda rows: [list(one.books.values_list("title", flat=True)) for one in rows],
    ],
)
def test_rows_without_objects_are_loads_too(walk: Walk, names: dict[str, Any]) -> None:
    with Detector() as detector:
        walk(names["Author"].all())

    assert [(one.relation, one.loads) for one in detector.findings] == [("shelf.Author.books", 4)]


def test_a_deferred_column_below_a_relation_is_named(names: dict[str, Any]) -> None:
    with Detector() as detector:
        for author in names["Author"].all():
            [book.blurb for book in author.books.defer("blurb")]

    found = {one.relation: one for one in detector.findings}
    assert found["shelf.Book.blurb"].loads == 8
    assert "leave it out of .defer()" in found["shelf.Book.blurb"].fix


@pytest.mark.parametrize("name", ["forward foreign key", "many to many", "deferred column"])
def test_the_shape_is_that_of_the_statements_that_were_sent(
    name: str, names: dict[str, Any], shelf_alias: str
) -> None:
    source, walk, _, loads, _ = CASES[name]

    with Detector() as detector, capture(shelf_alias) as log:
        walk(eval(source, names))

    assert len(log.by_fingerprint()[detector.findings[0].fingerprint]) == loads


SILENT: dict[str, Callable[[dict[str, Any]], Any]] = {
    "fetched one by one": lambda m: [list(m["Author"].get(pk=n).books.all()) for n in (1, 2, 3)],
    "first": lambda m: [list(m["Author"].first().books.all()) for _ in range(3)],
    "by index": lambda m: [m["Author"].order_by("id")[n].profile.bio for n in range(3)],
    "a page of one": lambda m: [
        [one.profile.bio for one in m["Author"].order_by("id")[n : n + 1]] for n in range(3)
    ],
    "only one of many asks": lambda m: [
        one.profile.bio for _ in range(3) for one in m["Author"].all() if one.pk == 2
    ],
    "read again": lambda m: [book.author for book in [m["Book"].get(pk=1)] for _ in range(5)],
    "prefetched": lambda m: [
        list(one.books.all()) for one in m["Author"].prefetch_related("books", "profile")
    ],
    "joined": lambda m: [one.author.name for one in m["Book"].select_related("author")],
    "the key of a relation": lambda m: [one.author_id for one in m["Book"].all()],
    "querysets that never run": lambda m: [one.books.all() for one in m["Author"].all()],
    "empty without asking": lambda m: [list(one.books.none()) for one in m["Author"].all()],
    "found to be empty": lambda m: [
        list(one.books.filter(pk__in=[])) for _ in range(2) for one in m["Author"].all()
    ],
    "known through the relation": lambda m: [
        book.author.name for book in m["Author"].get(pk=1).books.all()
    ],
    "not mapped": lambda m: [list(m["Book"].filter(pk=n).values("title")) for n in (1, 2, 3)],
}


@pytest.mark.parametrize("name", SILENT)
def test_it_is_silent_about(name: str, names: dict[str, Any]) -> None:
    with Detector() as detector:
        SILENT[name](names)

    assert detector.findings == []


@pytest.mark.skipif(
    django.VERSION < (6, 1),
    reason="fetch modes came with Django 6.1; Python 3.12: pip install -U django",
)
def test_fetching_for_all_peers_is_no_n_plus_one(names: dict[str, Any], shelf_alias: str) -> None:
    from django.db.models import FETCH_PEERS

    with Detector() as detector, capture(shelf_alias) as log:
        for book in names["Book"].fetch_mode(FETCH_PEERS):
            book.author  # noqa: B018

    assert detector.findings == []
    assert len(log) == 2
