"""SQLAlchemy: the load event of its mappers, and the event of a session about to execute.

A lazy load says from which object it comes (`lazy_loaded_from`), and its path ends with the
relationship. Deferred and expired columns come as a refresh of an object that was not asked for.
Works in async sessions, which run the same session in a greenlet.

Before SQLAlchemy 2.0.50, `yield_per` together with `selectinload` fails under any listener of
"do_orm_execute", ours or another (its ticket 13301): update it, or load such results unwatched.
"""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Mapper, ORMExecuteState, RelationshipProperty, Session

from velvet_databases.nplusone import hooks
from velvet_databases.nplusone.hooks import Hop, Peers

# Every run of a statement has a number in SQLAlchemy. Rows hold the peers of their run; the last
# few are held here too, for results that are read and dropped row by row.
_runs: weakref.WeakValueDictionary[int, Peers] = weakref.WeakValueDictionary()
_recent: deque[Peers] = deque(maxlen=64)
EXPIRED, DEFERRED = "(expired)", "(deferred)"


def install() -> Callable[[], None]:
    """Listen to all mappers and sessions; returns how to stop."""
    event.listen(Mapper, "load", _loaded, raw=True)
    event.listen(Session, "do_orm_execute", _executing)

    def uninstall() -> None:
        event.remove(Mapper, "load", _loaded)
        event.remove(Session, "do_orm_execute", _executing)
        _recent.clear()
        _hop.cache_clear()

    return uninstall


def _loaded(state: Any, context: Any) -> None:
    if context is None or not hooks.watchers.active():  # no context: an object that was merged
        return
    peers = _runs.get(context.runid)
    if peers is None:
        peers = _peers_of(context)
        _runs[context.runid] = peers
        _recent.append(peers)
    hooks.marks.add(state.obj(), peers)


def _peers_of(context: Any) -> Peers:
    parent = context.load_options._lazy_loaded_from
    found = hooks.marks.of(parent.obj()) if parent is not None else None
    if found is None:
        return Peers()
    return found.peers.through(_hop(context.query._compile_options._current_path.path[-1]))


def _executing(execute: ORMExecuteState) -> None:
    if not hooks.watchers.active() or not execute.is_select:
        return
    options: Any = execute.load_options
    state = options._lazy_loaded_from
    if state is not None:
        path: Any = execute.loader_strategy_path
        if isinstance(path.path[-1], RelationshipProperty):
            _tell(execute, state, _hop(path.path[-1]))
    elif options._refresh_state is not None and not options._is_user_refresh:
        compile_options: Any = execute._orm_compile_options()
        _tell(execute, options._refresh_state, _columns(options._refresh_state, compile_options))


def _tell(execute: ORMExecuteState, state: Any, hop: Hop) -> None:
    fix, sql = partial(_fix, state, hop), partial(_sql, execute)
    hooks.lazy_load(state.obj(), hooks.Load("sqlalchemy", hop, fix=fix, sql=sql))


def _sql(execute: ORMExecuteState) -> str:
    bind = execute.session.get_bind(**execute.bind_arguments)
    statement: Any = execute.statement
    return str(statement.compile(dialect=bind.dialect))


def _relationships(path: Any) -> list[RelationshipProperty[Any]]:
    return [step for step in path.path if isinstance(step, RelationshipProperty)]


@lru_cache(maxsize=512)
def _hop(relationship: RelationshipProperty[Any]) -> Hop:
    owner = relationship.parent.class_
    relation = f"{owner.__name__}.{relationship.key}"
    return Hop(relation, owner, relationship.key, many=bool(relationship.uselist))


def _columns(state: Any, compile_options: Any) -> Hop:
    """Describe a refresh of columns: deferred ones, those of a subclass's table, or expired ones."""
    mapper = state.mapper
    owner = mapper.class_
    keys = sorted(compile_options._only_load_props or state.expired_attributes)
    relation = f"{owner.__name__}.{'+'.join(keys)}"
    if not state.expired_attributes.issuperset(keys):
        undefer = tuple(f"undefer({owner.__name__}.{key})" for key in keys)
        return Hop(relation, owner, DEFERRED, many=False, target=undefer)
    # A commit expires everything, the key too; a subclass's row has its key from its parent's.
    if mapper.inherits is not None and not mapper._primary_key_propkeys <= set(keys):
        base = mapper.base_mapper.class_.__name__
        fetch = (f"selectin_polymorphic({base}, [{owner.__name__}])",)
        return Hop(relation, owner, DEFERRED, many=False, target=fetch)
    return Hop(f"{owner.__name__}.{EXPIRED}", owner, EXPIRED, many=False)


def _fix(state: Any, hop: Hop) -> str:
    """Write the loader option for a relation, as a chain from the entity that was selected."""
    if hop.attribute == EXPIRED:
        return "sessionmaker(..., expire_on_commit=False), or select them again after the commit"
    eager = tuple(_hop(one) for one in _relationships(state.load_path))
    path = [_option(one) for one in eager or hooks.path_of(state.obj())]
    if hop.attribute != DEFERRED:
        return f".options({'.'.join([*path, _option(hop)])})"
    return f".options({'.'.join([*path, *hop.target]) if path else ', '.join(hop.target)})"


def _option(hop: Hop) -> str:
    # A join repeats its parent for each row, which is right for one row only.
    loader = "selectinload" if hop.many else "joinedload"
    return f"{loader}({hop.owner.__name__}.{hop.attribute})"
