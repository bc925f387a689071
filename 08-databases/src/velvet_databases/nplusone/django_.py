"""Django: the iterables that make objects of rows, and the descriptors of relations and columns.

Descriptors of single objects and of deferred columns load at once: they announce their load for
the query that follows inside. Managers of many rows only build a queryset, which is run later,
perhaps after more filters: their querysets carry the announcement in their hints, a dictionary that
Django hands from clone to clone. Fetch modes (Django 6.1) need nothing here: with FETCH_PEERS one
object loads for all its peers, which is one load; with FETCH_RAISE none does.
"""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from typing import Any
from weakref import WeakKeyDictionary

from django.core.exceptions import EmptyResultSet  # type: ignore[import-untyped]
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
from velvet_databases.nplusone.hooks import Hop, Peers
from velvet_databases.sqlcapture.origin import current_scope

# What the loop does with prefetched rows instead of asking.
_INSTEAD = {
    "rows": "loop over .rows",
    "fields": "take the fields from the objects in .rows",
    "chunks": "loop over .rows without .iterator()",
    "number": "take len(.rows)",
    "aggregate": "compute it from .rows",
}


class Announced(dict[str, Any]):
    """The hints of a queryset that a relation's manager made: which row, which relation.

    Clones inherit them. Prefetched rows are what the manager's own queryset answers with and no
    clone of it does, whatever was asked of the clone: filters, an order, other columns.
    """

    def __init__(self, queryset: Any, row: Any, hop: Hop) -> None:
        super().__init__(queryset._hints)
        self.row = weakref.ref(row)
        self.hop = hop
        self.own = weakref.ref(queryset)


def account(queryset: Any, shape: str = "rows") -> Peers:
    """Count a query that is about to run, if it is a lazy load; give the peers of its rows.

    Args:
        shape: what is made of it: ``rows`` (also ``chunks`` of them, or their ``number``),
            ``fields`` or an ``aggregate``.
    """
    hints = queryset._hints
    pending = hooks.take_announced()
    if pending is not None:
        (row, hop), own = pending, True
    elif isinstance(hints, Announced):
        row, hop, own = hints.row(), hints.hop, hints.own() is queryset
    else:
        return Peers(_prefetched_path(queryset))
    if row is None or queryset.query.is_empty():
        return Peers()
    fix = partial(_fix, row, hop, "own" if own and shape in ("rows", "number") else shape)
    load = hooks.Load("django", hop, fix=fix, sql=partial(_sql, queryset))
    return hooks.lazy_load(row, load) or Peers()


def _sql(queryset: Any) -> str:
    try:
        compiled = queryset.query.clone().get_compiler(using=queryset.db).as_sql()
    except EmptyResultSet:  # found to be empty without asking the database
        return ""
    return str(compiled[0])


def _fix(row: Any, hop: Hop, shape: str) -> str:
    """Write the queryset method for a relation, named as a path from the first rows."""
    path = hooks.path_of(row)
    steps = [one.attribute for one in path]
    if hop.target == "column":
        if not steps:
            return ".defer(None)"
        return (
            f"select {hop.relation} with the rows: leave it out of .defer() or name it in .only()"
        )
    name = "__".join([*steps, hop.attribute])
    many = hop.many or any(one.many for one in path)
    if many and shape == "own":
        return f'.prefetch_related("{name}")'
    if many:
        # No clone of the manager's queryset finds prefetched rows: the loop has to change, too.
        fetch = f'.prefetch_related(Prefetch("{name}", queryset=..., to_attr="rows"))'
        return f"{fetch}, and {_INSTEAD[shape]}"
    return f'.select_related("{name}")'


def _prefetched_path(queryset: Any) -> tuple[Hop, ...]:
    """Find the relation that a prefetch follows: its hints name the first of its parents."""
    parent = queryset._hints.get("instance")
    marked = hooks.marks.of(parent) if isinstance(parent, Model) else None
    if marked is None:
        return ()
    fields = [
        field
        for field in parent._meta.get_fields()
        if field.is_relation and field.related_model is queryset.model
    ]
    if len(fields) != 1:  # none, or one of several: the fix then names its last step only
        return ()
    return (*marked.peers.path, _field_hop(parent, fields[0]))


def _field_hop(row: Any, field: Any) -> Hop:
    accessor = getattr(field, "get_accessor_name", None)
    name = accessor() if accessor is not None else field.name
    many = bool(field.one_to_many or field.many_to_many)
    return Hop(f"{row._meta.label}.{name}", type(row), name, many)


@lru_cache(maxsize=256)
def _by_cache_name(model: Any) -> dict[str, Any]:
    """Map the names under which objects keep what they relate to, to the relations."""
    return {getattr(field, "cache_name", field.name): field for field in model._meta.get_fields()}


def mark_joined(row: Any, peers: Peers) -> None:
    """Mark the objects that came in the same rows, by select_related."""
    fields = _by_cache_name(row.__class__)
    for name, value in list(row._state.fields_cache.items()):
        if isinstance(value, Model) and name in fields:
            joined = peers.through(_field_hop(row, fields[name]))
            if hooks.mark(value, joined):
                mark_joined(value, joined)


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
        with hooks.announced((instance, _hop(self.field.model, self.field.name))):
            return original(self, instance)

    return get_object


def _reverse_one(original: Any) -> Any:
    def get(self: Any, instance: Any, cls: Any = None) -> Any:
        if instance is None or self.related.is_cached(instance):
            return original(self, instance, cls)
        with hooks.announced((instance, _accessor_hop(self, instance))):
            return original(self, instance, cls)

    return get


def _deferred(original: Any) -> Any:
    def get(self: Any, instance: Any, cls: Any = None) -> Any:
        if instance is None or self.field.attname in instance.__dict__:
            return original(self, instance, cls)
        with hooks.announced((instance, _hop(self.field.model, self.field.name, column=True))):
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
