"""The detector on Django in tasks and threads, beside hints, and what it leaves behind."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from typing import Any

import pytest
from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.db import connections, transaction
from django.db.models import QuerySet, query, query_utils
from django.db.models.fields import related_descriptors

from velvet_databases.nplusone import Detector, NPlusOneDetected, hooks
from velvet_databases.samples.bookshelf import django_shelf
from velvet_databases.sqlcapture.origin import current_scope


def in_loop(shelf_alias: str, walk: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a coroutine whose queries have a thread of their own, which ends with it."""

    def close() -> None:
        connections[shelf_alias].close()  # looked up here: each thread has its own

    async def closing() -> None:
        async with ThreadSensitiveContext():
            await walk()
            await sync_to_async(close)()

    asyncio.run(closing())


def test_an_async_walk_is_found(names: dict[str, Any], shelf_alias: str) -> None:
    async def walk() -> None:
        async for author in names["Author"].order_by("id"):
            async for _ in author.books.all():
                pass

    with Detector() as detector:
        in_loop(shelf_alias, walk)

    assert [(one.relation, one.loads) for one in detector.findings] == [("shelf.Author.books", 4)]
    assert detector.findings[0].origin.function == "walk"


def test_two_tasks_below_the_threshold_are_not_added_up(
    names: dict[str, Any], shelf_alias: str
) -> None:
    async def read(author: Any) -> None:
        assert [book async for book in author.books.all()]

    async def walk() -> None:
        authors = [author async for author in names["Author"].order_by("id")]
        await asyncio.gather(*map(read, authors))

    with Detector(threshold=2) as detector:
        in_loop(shelf_alias, walk)

    assert detector.findings == []


def test_joined_objects_may_be_missing(names: dict[str, Any], shelf_alias: str) -> None:
    with transaction.atomic(using=shelf_alias), Detector() as detector:
        names["Profile"].filter(pk=1).delete()
        profiles = [
            getattr(author, "profile", None) for author in names["Author"].select_related("profile")
        ]
        transaction.set_rollback(True, using=shelf_alias)

    assert sum(profile is None for profile in profiles) == 1
    assert detector.findings == []


def test_a_query_with_hints_of_its_own_has_its_own_fix(
    names: dict[str, Any], shelf_alias: str
) -> None:
    with Detector() as detector:
        author = names["Author"].first()
        for tag in (
            django_shelf.models().Tag.objects.db_manager(shelf_alias, {"instance": author}).all()
        ):
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
    names: dict[str, Any], shelf_alias: str
) -> None:
    scopes = {current_scope()}

    def read(author: Any) -> None:
        list(author.books.all())
        scopes.add(current_scope())
        connections[shelf_alias].close()

    with Detector(threshold=2) as detector:
        for author in list(names["Author"].all())[:2]:
            thread = threading.Thread(target=copy_context().run, args=(read, author))
            thread.start()
            thread.join()

    assert len(scopes) == 3
    assert detector.findings == []


def test_a_manager_for_another_database_is_still_that_relation(
    names: dict[str, Any], shelf_alias: str
) -> None:
    with Detector() as detector:
        for author in names["Author"].all():
            list(author.books.db_manager(shelf_alias).all())

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
