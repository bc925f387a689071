"""Pools of several sizes under one load on a PostgreSQL, and pgbench below them: the child's part."""

from __future__ import annotations

from dataclasses import asdict

from velvet_databases.explorer.telling import Budget, Tell, postgres, steps
from velvet_databases.pool_adapters import ADAPTERS
from velvet_databases.pool_curve import pool_curve
from velvet_databases.pool_floor import pgbench, pgbench_tps
from velvet_databases.stores import StoreUnavailable

SIZES = (1, 2, 4, 8, 16, 32)
POOLS = ("ours", "psycopg_pool", "sqlalchemy")
SECONDS = 0.3
FLOOR_SIZES = (1, 8, 32)
SERIES_ROWS_PER_MS = 10_000


def work(wait_ms: float, compute_ms: float) -> tuple[str, ...]:
    """Return statements that wait and compute for about so long, and a lookup."""
    found = []
    if wait_ms:
        found.append(f"SELECT pg_sleep({wait_ms / 1e3:g})")
    if compute_ms:
        rows = round(compute_ms * SERIES_ROWS_PER_MS)
        found.append(f"SELECT count(*) FROM generate_series(1, {rows})")  # noqa: S608 - a number
    return (*found, "SELECT 1")


def pools(tell: Tell, budget: Budget, *, threads: int, wait_ms: float, compute_ms: float) -> None:
    """Tell the curve of each pool, size by size, then the floor."""
    statements = work(wait_ms, compute_ms)
    with postgres(tell, budget) as url:
        program = pgbench()
        floors = FLOOR_SIZES if program is not None else ()
        next_one = steps(tell, len(POOLS) * len(SIZES) + len(floors))
        for size in SIZES:
            for name in POOLS:
                next_one(f"{name}, {size} connections")
                if budget.over():
                    return
                try:
                    (point,) = pool_curve(ADAPTERS[name], url, [size], threads, SECONDS, statements)
                except (ModuleNotFoundError, StoreUnavailable, ValueError) as error:
                    tell({"type": "absent", "pool": name, "reason": str(error)})
                    continue
                tell({"type": "point", "pool": name, **asdict(point)})
        if program is None:
            tell({"type": "absent", "pool": "pgbench", "reason": "no pgbench beside the server"})
        for size in floors:
            next_one(f"pgbench, {size} connections")
            if program is None or budget.over():
                return
            tps = pgbench_tps(program, url, size, 1, statements)
            tell({"type": "point", "pool": "pgbench", "size": size, "tps": tps})
