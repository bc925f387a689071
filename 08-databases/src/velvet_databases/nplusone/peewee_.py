"""Peewee: the accessors of relations, the execution of selects, and the rows of their cursors.

A foreign key loads when it is read. A back reference and a many-to-many give a query, which is run
later, perhaps after more filters: such a query carries a mark that Peewee copies to its clones. A
column that was not selected is None in Peewee, and is never loaded: there is nothing to detect.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import partial
from typing import Any

import peewee
from peewee import Model

from velvet_databases.nplusone import hooks
from velvet_databases.nplusone.hooks import Hop, Peers

_MARK = "_velvet_lazy"
_PEERS = "_velvet_peers"


class _Lazy:
    """Where a query comes from: which row, which relation, and what for."""

    def __init__(self, row: Any, hop: Hop, query: Any = None, *, counted: bool = False) -> None:
        self.row = weakref.ref(row)
        self.hop = hop
        # Clones inherit the mark. Only this query is what a prefetch replaces; what was asked of a
        # clone (filters, an order, other columns) has to be asked of the prefetch.
        self.own = weakref.ref(query) if query is not None else None
        self.counted = counted


def install() -> Callable[[], None]:
    """Replace what loads; returns how to put it back."""
    patches = hooks.Patches()
    patches.replace(peewee.ForeignKeyAccessor, "get_rel_instance", _foreign_key)
    patches.replace(peewee.BackrefAccessor, "__get__", partial(_query_of, _backref_hop))
    patches.replace(peewee.ManyToManyFieldAccessor, "__get__", partial(_query_of, _many_hop))
    patches.replace(_owner(peewee.SelectBase, "_execute"), "_execute", _executing)
    patches.replace(peewee.SelectBase, "count", _summary)
    patches.replace(peewee.SelectBase, "exists", _summary)
    patches.replace(peewee.ModelCursorWrapper, "process_row", _marking)
    patches.replace(peewee.ModelObjectCursorWrapper, "process_row", _marking)
    return patches.undo


def _owner(kind: Any, name: str) -> Any:
    """Return the class that defines a method: Peewee 4 moved some to a common base."""
    return next(base for base in kind.__mro__ if name in vars(base))


def _foreign_key(original: Any) -> Any:
    def get_rel_instance(self: Any, instance: Any) -> Any:
        missing = self.name not in instance.__rel__ and self.field.lazy_load
        if not missing or instance.__data__.get(self.name) is None or not hooks.watchers.active():
            return original(self, instance)
        hop = _hop(type(instance), self.name, many=False, target=(self.rel_model,))
        with hooks.announced(_Lazy(instance, hop)):
            return original(self, instance)

    return get_rel_instance


def _query_of(describe: Callable[[Any, Any], Hop], original: Any) -> Any:
    def get(self: Any, instance: Any, *args: Any, **options: Any) -> Any:
        query = original(self, instance, *args, **options)
        if isinstance(query, peewee.SelectBase) and hooks.watchers.active():
            setattr(query, _MARK, _Lazy(instance, describe(self, instance), query))
        return query

    return get


def _backref_hop(accessor: Any, instance: Any) -> Hop:
    return _hop(type(instance), accessor.field.backref, many=True, target=(accessor.rel_model,))


def _many_hop(accessor: Any, instance: Any) -> Hop:
    target = (accessor.through_model, accessor.rel_model)
    return _hop(type(instance), accessor.name, many=True, target=target)


def _hop(owner: Any, attribute: str, *, many: bool, target: tuple[Any, ...]) -> Hop:
    return Hop(f"{owner.__name__}.{attribute}", owner, attribute, many, target)


def _executing(original: Any) -> Any:
    def _execute(self: Any, database: Any) -> Any:
        if self._cursor_wrapper is not None or not hooks.watchers.active():
            return original(self, database)
        peers = _account(self)
        cursor = original(self, database)
        setattr(cursor, _PEERS, peers)
        return cursor

    return _execute


def _summary(original: Any) -> Any:
    def summary(self: Any, *args: Any, **options: Any) -> Any:
        lazy: _Lazy | None = getattr(self, _MARK, None)
        row = lazy.row() if lazy is not None else None
        if lazy is None or row is None or not hooks.watchers.active():
            return original(self, *args, **options)
        # What is executed is another query, made of this one: it is the load.
        with hooks.announced(_Lazy(row, lazy.hop, counted=True)):
            return original(self, *args, **options)

    return summary


def _account(query: Any) -> Peers:
    """Count a query that is about to run, if it is a lazy load; give the peers of its rows."""
    lazy: _Lazy | None = hooks.take_announced() or getattr(query, _MARK, None)
    row = lazy.row() if lazy is not None else None
    if lazy is None or row is None:
        return Peers()
    narrowed = lazy.own is not None and lazy.own() is not query
    fix = partial(_fix, row, lazy.hop, narrowed=narrowed, counted=lazy.counted)
    load = hooks.Load("peewee", lazy.hop, fix=fix, sql=lambda: str(query.sql()[0]))
    return hooks.lazy_load(row, load) or Peers()


def _fix(row: Any, hop: Hop, *, narrowed: bool, counted: bool) -> str:
    """Write the call that fetches a relation for all rows of the query that gave the first ones."""
    path = hooks.path_of(row)
    if counted and not path:
        last = hop.target[0].__name__
        return (
            f'.select_extend(fn.COUNT({last}.id).alias("{hop.attribute}_count"))'
            f".join({last}, JOIN.LEFT_OUTER).group_by({hop.owner.__name__})"
        )
    names = [model.__name__ for one in (*path, hop) for model in one.target]
    if narrowed:
        names[-1] += ".select(...)"  # with the same .where(), .order_by() and so on
    return f".prefetch({', '.join(names)})"


def _marking(original: Any) -> Any:
    def process_row(self: Any, data: Any) -> Any:
        row = original(self, data)
        if isinstance(row, Model) and hooks.watchers.active():
            peers = vars(self).get(_PEERS)
            if peers is None:  # a raw query, or one that was run before a detector watched
                peers = Peers()
                setattr(self, _PEERS, peers)
            hooks.marks.add(row, peers)
            _mark_joined(row, peers)
        return row

    return process_row


def _mark_joined(row: Any, peers: Peers) -> None:
    for name, value in row.__rel__.items():
        if isinstance(value, Model):
            joined = peers.through(_hop(type(row), name, many=False, target=(type(value),)))
            hooks.marks.add(value, joined)
            _mark_joined(value, joined)
