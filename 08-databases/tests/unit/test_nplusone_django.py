"""The detector on Django: what it finds, what it lets pass, and that its fixes are fixes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import django
import pytest
from django.db.models import F, Max, Prefetch, QuerySet

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
# How books are asked for in a loop over authors; what the loop has to do instead, if anything.
SHAPES: dict[str, tuple[Callable[[Any], Any], str]] = {
    "all": (lambda books: books.all(), ""),
    "count": (lambda books: books.count(), ""),
    "exists": (lambda books: books.exists(), ""),
    "filter": (lambda books: books.filter(id__gt=2), ".rows"),
    "exclude": (lambda books: books.exclude(id=2), ".rows"),
    "order_by": (lambda books: books.order_by("-title"), ".rows"),
    "reverse": (lambda books: books.reverse(), ".rows"),
    "distinct": (lambda books: books.distinct(), ".rows"),
    "only": (lambda books: books.only("title", "author"), ".rows"),
    "defer": (lambda books: books.defer("blurb"), ".rows"),
    "annotate": (lambda books: books.annotate(twice=F("id") * 2), ".rows"),
    "select_related": (lambda books: books.select_related("author__publisher"), ".rows"),
    "using": (lambda books: books.using(books.all().db), ".rows"),
    "slice": (lambda books: books.all()[:1], ".rows"),
    "clone": (lambda books: books.all().all(), ".rows"),
    "filter and count": (lambda books: books.filter(id__gt=2).count(), "len(.rows)"),
    "values": (lambda books: books.values("title"), "from the objects in .rows"),
    "values_list": (lambda books: books.values_list("title", "id"), "from the objects in .rows"),
    "flat": (lambda books: books.values_list("title", flat=True), "from the objects in .rows"),
    "iterator": (lambda books: list(books.all().iterator(10)), "without .iterator()"),
    "first": (lambda books: books.first(), ".rows"),
    "aggregate": (lambda books: books.aggregate(Max("id")), "compute it from .rows"),
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


@pytest.mark.parametrize("name", SHAPES)
def test_the_advice_is_a_plain_prefetch_if_and_only_if_that_is_enough(
    name: str, names: dict[str, Any], shelf_alias: str
) -> None:
    ask, instead = SHAPES[name]

    def statements(rows: Any) -> int:
        with capture(shelf_alias) as log:
            for author in rows:
                found = ask(author.books)
                if isinstance(found, QuerySet):
                    list(found)
        return len(log)

    with Detector() as detector:
        assert statements(names["Author"].all()) == 5
    (finding,) = detector.findings
    plain = statements(names["Author"].prefetch_related("books"))

    paste, _, also = finding.fix.partition(", and ")
    # A slice of the manager's own queryset is the one shape for which either would do.
    assert (paste == '.prefetch_related("books")') == (plain == 2) or name == "slice"
    assert instead in also
    if also:
        asked = ask(names["Book"])
        same = also == "loop over .rows" and isinstance(asked, QuerySet)
        known = {"Prefetch": Prefetch, "rows": asked if same else names["Book"], **names}
        with capture(shelf_alias) as log:
            for author in eval(f"Author{paste.replace('...', 'rows')}", known):
                assert isinstance(author.rows, list)
        assert len(log) == 2


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
