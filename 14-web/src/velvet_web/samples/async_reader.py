"""Point reads through psycopg's async pool, to be compared with threads over the sync one."""

from __future__ import annotations

from psycopg_pool import AsyncConnectionPool

from velvet_web.domain import Task
from velvet_web.postgres import pg_sql
from velvet_web.store import GET, to_task


class AsyncPgReader:
    """Point reads through psycopg's async pool, to be compared with threads over the sync one."""

    def __init__(self, dsn: str, *, connections: int = 8) -> None:
        self._pool = AsyncConnectionPool(dsn, min_size=1, max_size=connections, open=False)

    async def open(self) -> None:
        """Open the pool inside the running loop."""
        await self._pool.open(wait=True, timeout=10)

    async def get(self, task_id: int) -> Task | None:
        """Return one task, or None."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(pg_sql(GET), (task_id,))
            row = await cursor.fetchone()
        return to_task(row) if row else None

    async def close(self) -> None:
        """Close the pool."""
        await self._pool.close()
