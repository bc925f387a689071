"""Django: the iterables that make objects of rows, and the descriptors of relations and columns.

Descriptors of single objects and of deferred columns load at once: they announce their load for
the query that follows inside. Managers of many rows only build a queryset, which is run later,
perhaps after more filters: their querysets carry the announcement in their hints, a dictionary that
Django hands from clone to clone. Fetch modes (Django 6.1) need nothing here: with FETCH_PEERS one
object loads for all its peers, which is one load; with FETCH_RAISE none does.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any
from weakref import WeakKeyDictionary

from django.db.models import Model, QuerySet  # type: ignore[import-untyped]
from django.db.models.fields import related_descriptors as related  # type: ignore[import-untyped]
from django.db.models.query import (  # type: ignore[import-untyped]
    FlatValuesListIterable,
    ModelIterable,
    ValuesIterable,
    ValuesListIterable,
)
from django.db.models.query_utils import DeferredAttribute  # type: ignore[import-untyped]

from velvet_databases.nplusone import hooks
from velvet_databases.nplusone.django_rows import Announced, account, announced, mark_joined
from velvet_databases.nplusone.results import Hop
from velvet_databases.sqlcapture.scope import current_scope

_watched_managers: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()


def install() -> Callable[[], None]:
    """Replace what loads; returns how to put it back."""
    patches = hooks.Patches()
    patches.replace(ModelIterable, "__iter__", _marking)
    for iterable in (ValuesIterable, ValuesListIterable, FlatValuesListIterable):
        patches.replace(iterable, "__iter__", _accounting)
    for name in ("count", "exists", "aggregate"):
        patches.replace(QuerySet, name, _accounting_summary)
    patches.replace(related.ForwardManyToOneDescriptor, "get_object", _forward)
    patches.replace(related.ReverseManyToOneDescriptor, "__get__", _many)
    patches.replace(related.ReverseOneToOneDescriptor, "__get__", _reverse_one)
    patches.replace(DeferredAttribute, "__get__", _deferred)
    return patches.undo


def _marking(original: Any) -> Any:
    def iterate(self: Any) -> Iterator[Any]:
        if not hooks.watchers.active():
            return original(self)  # type: ignore[no-any-return]
        peers = account(self.queryset, "chunks" if self.chunked_fetch else "rows")

        def marked() -> Iterator[Any]:
            for row in original(self):
                if hooks.mark(row, peers) and self.queryset.query.select_related:
                    mark_joined(row, peers)
                yield row

        return marked()

    return iterate


def _accounting(original: Any) -> Any:
    def iterate(self: Any) -> Any:
        if hooks.watchers.active():
            account(self.queryset, "fields")
        return original(self)

    return iterate


def _accounting_summary(original: Any) -> Any:
    def summary(self: Any, *args: Any, **options: Any) -> Any:
        if self._result_cache is None and hooks.watchers.active():
            account(self, "aggregate" if original.__name__ == "aggregate" else "number")
        return original(self, *args, **options)

    return summary


def _forward(original: Any) -> Any:
    def get_object(self: Any, instance: Any) -> Any:
        with announced(instance, _hop(self.field.model, self.field.name)):
            return original(self, instance)

    return get_object


def _reverse_one(original: Any) -> Any:
    def get(self: Any, instance: Any, cls: Any = None) -> Any:
        if instance is None or self.related.is_cached(instance):
            return original(self, instance, cls)
        with announced(instance, _accessor_hop(self, instance)):
            return original(self, instance, cls)

    return get


def _deferred(original: Any) -> Any:
    def get(self: Any, instance: Any, cls: Any = None) -> Any:
        if instance is None or self.field.attname in instance.__dict__:
            return original(self, instance, cls)
        with announced(instance, _hop(self.field.model, self.field.name, column=True)):
            return original(self, instance, cls)

    return get


def _many(original: Any) -> Any:
    def get(self: Any, instance: Any, cls: Any = None) -> Any:
        manager = original(self, instance, cls)
        if instance is not None and hooks.watchers.active():
            current_scope()  # so that a thread which runs the query for a task knows the task
            manager.__class__ = _watched(type(manager), _accessor_hop(self, instance, many=True))
        return manager

    return get


def _watched(manager: Any, hop: Hop) -> Any:
    """Return a subclass of a relation's manager whose querysets say where they come from."""
    found = _watched_managers.get(manager)
    if found is None:

        class Watched(manager):  # type: ignore[misc]  # made by Django for this relation
            def _apply_rel_filters(self, queryset: Any) -> Any:
                queryset = super()._apply_rel_filters(queryset)
                if hooks.watchers.active():
                    queryset._hints = Announced(queryset, self.instance, hop)
                return queryset

        Watched.__name__, Watched.__qualname__ = manager.__name__, manager.__qualname__
        found = _watched_managers[manager] = Watched
    return found


def _hop(model: Any, attribute: str, *, many: bool = False, column: bool = False) -> Hop:
    relation = f"{model._meta.label}.{attribute}"
    return Hop(relation, model, attribute, many, "column" if column else None)


def _accessor_hop(descriptor: Any, instance: Model, *, many: bool = False) -> Hop:
    """Describe a relation by the name under which the instance's class has its descriptor."""
    rel = getattr(descriptor, "related", None) or descriptor.rel
    names = (rel.get_accessor_name(), rel.field.name)
    kind = type(instance)
    name = next(
        (name for name in names if inspect.getattr_static(kind, name, None) is descriptor), names[0]
    )
    return _hop(kind, name, many=many)
