"""The detector on Django: what it finds, what it lets pass, and that its fixes are fixes."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextvars import Context, copy_context
from typing import Any

import django
import pytest
from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.db import connections, transaction
from django.db.models import Max, QuerySet, query, query_utils
from django.db.models.fields import related_descriptors

from velvet_databases.bookshelf import django_shelf
from velvet_databases.nplusone import Detector, NPlusOneDetected, hooks
from velvet_databases.sqlcapture import capture
from velvet_databases.stores import django_setup

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


@pytest.fixture(scope="module")
def alias(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    path = tmp_path_factory.mktemp("django") / "shelf.db"
    alias = django_setup.add_database({"ENGINE": "django.db.backends.sqlite3", "NAME": str(path)})
    django_shelf.fill(alias)
    yield alias
    django_setup.remove_database(alias)


@pytest.fixture
def names(alias: str) -> dict[str, Any]:
    shelf = django_shelf.models()
    models = (shelf.Publisher, shelf.Author, shelf.Profile, shelf.Book, shelf.Tag)
    return {model.__name__: model.objects.using(alias) for model in models}


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
    name: str, names: dict[str, Any], alias: str
) -> None:
    source, walk, _, loads, _ = CASES[name]

    with Detector() as detector, capture(alias) as log:
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
def test_fetching_for_all_peers_is_no_n_plus_one(names: dict[str, Any], alias: str) -> None:
    from django.db.models import FETCH_PEERS

    with Detector() as detector, capture(alias) as log:
        for book in names["Book"].fetch_mode(FETCH_PEERS):
            book.author  # noqa: B018

    assert detector.findings == []
    assert len(log) == 2


def in_loop(alias: str, walk: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a coroutine whose queries have a thread of their own, which ends with it."""

    def close() -> None:
        connections[alias].close()  # looked up here: each thread has its own

    async def closing() -> None:
        async with ThreadSensitiveContext():
            await walk()
            await sync_to_async(close)()

    asyncio.run(closing())


def test_an_async_walk_is_found(names: dict[str, Any], alias: str) -> None:
    async def walk() -> None:
        async for author in names["Author"].order_by("id"):
            async for _ in author.books.all():
                pass

    with Detector() as detector:
        in_loop(alias, walk)

    assert [(one.relation, one.loads) for one in detector.findings] == [("shelf.Author.books", 4)]
    assert detector.findings[0].origin.function == "walk"


def test_two_tasks_below_the_threshold_are_not_added_up(names: dict[str, Any], alias: str) -> None:
    async def read(author: Any) -> None:
        assert [book async for book in author.books.all()]

    async def walk() -> None:
        authors = [author async for author in names["Author"].order_by("id")]
        await asyncio.gather(*map(read, authors))

    with Detector(threshold=2) as detector:
        in_loop(alias, walk)

    assert detector.findings == []


def test_joined_objects_may_be_missing(names: dict[str, Any], alias: str) -> None:
    with transaction.atomic(using=alias), Detector() as detector:
        names["Profile"].filter(pk=1).delete()
        profiles = [
            getattr(author, "profile", None) for author in names["Author"].select_related("profile")
        ]
        transaction.set_rollback(True, using=alias)

    assert sum(profile is None for profile in profiles) == 1
    assert detector.findings == []


def test_a_query_with_hints_of_its_own_has_its_own_fix(names: dict[str, Any], alias: str) -> None:
    with Detector() as detector:
        author = names["Author"].first()
        for tag in django_shelf.models().Tag.objects.db_manager(alias, {"instance": author}).all():
            list(tag.books.all())

    assert [one.fix for one in detector.findings] == ['.prefetch_related("books")']


def test_code_in_a_context_without_a_detector_runs_as_ever(names: dict[str, Any]) -> None:
    def walk() -> tuple[int, int]:
        authors = list(names["Author"].all())
        titles = [title for one in authors for title in one.books.values_list("title", flat=True)]
        with Detector():
            managers = [author.books for author in authors]
        return len(titles), sum(manager.count() for manager in managers)

    with Detector(mode="raise") as detector:
        counts = Context().run(walk)

    assert counts == (8, 8)
    assert detector.findings == []


def test_two_threads_below_the_threshold_are_not_added_up(
    names: dict[str, Any], alias: str
) -> None:
    def read(author: Any) -> None:
        list(author.books.all())
        connections[alias].close()

    with Detector(threshold=2) as detector, capture() as log:
        for author in list(names["Author"].all())[:2]:
            thread = threading.Thread(target=copy_context().run, args=(read, author))
            thread.start()
            thread.join()

    assert len({one.scope_id for one in log}) == 3
    assert detector.findings == []


def test_a_manager_for_another_database_is_still_that_relation(
    names: dict[str, Any], alias: str
) -> None:
    with Detector() as detector:
        for author in names["Author"].all():
            list(author.books.db_manager(alias).all())

    assert [one.loads for one in detector.findings] == [4]


def test_no_row_is_kept_alive(names: dict[str, Any]) -> None:
    with Detector() as detector:
        authors = list(names["Author"].all())
        for author in authors:
            list(author.books.all())
        rows = [weakref.ref(author) for author in authors]
        del authors, author
        gc.collect()
        alive, marked = [row for row in rows if row() is not None], len(hooks.marks)

    assert len(detector.findings) == 1
    assert alive == []
    assert marked == 0


def test_what_was_hooked_is_restored_by_identity(names: dict[str, Any]) -> None:
    owners = [
        QuerySet,
        query.ModelIterable,
        query.ValuesIterable,
        query.ValuesListIterable,
        query.FlatValuesListIterable,
        query_utils.DeferredAttribute,
        related_descriptors.ForwardManyToOneDescriptor,
        related_descriptors.ReverseOneToOneDescriptor,
        related_descriptors.ReverseManyToOneDescriptor,
    ]
    before = [dict(vars(owner)) for owner in owners]

    with Detector(mode="raise"):
        inside = [dict(vars(owner)) for owner in owners]
        with pytest.raises(NPlusOneDetected) as error:
            [list(author.books.all()) for author in names["Author"].all()]

    assert error.value.finding.relation == "shelf.Author.books"
    assert all(one != kept for one, kept in zip(inside, before, strict=True))
    after = [vars(owner) for owner in owners]
    assert all(
        now[key] is kept[key] for now, kept in zip(after, before, strict=True) for key in kept
    )
