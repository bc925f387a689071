# ruff: noqa: S608 - names of tables are checked identifiers, values are bound
"""procrastinate on PostgreSQL: jobs are rows, taken with SKIP LOCKED."""

from __future__ import annotations

import sys
from typing import Any

from velvet_queues.contenders import Place, unavailable
from velvet_queues.envelope import Envelope, encode
from velvet_queues.ledger import Delivery, Ledger
from velvet_queues.sqlstore import SqlStore
from velvet_queues.workloads import perform_text

BROKERS, PACKAGE, RECOVERY_S, STOP = ("postgres",), "procrastinate", 40.0, "SIGTERM"
TASK = "velvet_run"
HEARTBEAT_S, STALLED_S = 1, 4


def promise(profile: str, broker: str) -> Delivery:  # noqa: ARG001 - it has one
    """Promise at most once by default: the job of a killed worker stays as `doing` for ever."""
    return Delivery.AT_LEAST_ONCE if profile == "production" else Delivery.AT_MOST_ONCE


def _schema(place: Place) -> str:
    return f"{place.url}{'&' if '?' in place.url else '?'}options=-csearch_path%3D{place.namespace}"


def app(place: Place, *, sync: bool = False) -> Any:
    """Return the application; in production with the periodic task that retries stalled jobs."""
    import procrastinate

    kind = procrastinate.SyncPsycopgConnector if sync else procrastinate.PsycopgConnector
    worker = {"update_heartbeat_interval": HEARTBEAT_S, "stalled_worker_timeout": STALLED_S}
    made: Any = procrastinate.App(
        connector=kind(conninfo=_schema(place)),
        worker_defaults=worker if place.production else {},  # type: ignore[arg-type]
    )
    ledger = Ledger(place.folder)
    retry = procrastinate.RetryStrategy(max_attempts=5)

    def run(text: str) -> None:
        perform_text(text, ledger)

    made.run = made.task(name=TASK, queue=place.namespace, retry=retry)(run)
    if place.production:

        async def retry_stalled(context: Any, timestamp: int) -> None:  # noqa: ARG001
            manager = context.app.job_manager
            for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_S):
                await manager.retry_job(job)

        options = {"name": "retry_stalled", "queue": place.namespace, "pass_context": True}
        made.periodic(cron="* * * * * */2")(made.task(**options)(retry_stalled))

    return made


def commands(place: Place) -> list[list[str]]:
    """Return `procrastinate worker`."""
    words = ["-q", place.namespace, "-c", str(place.concurrency), "-p", "0.5"]
    run = [sys.executable, "-c", "from procrastinate.cli import main; main()"]
    return [[*run, "-a", "velvet_queues.apps.procrastinate_app", "worker", *words]]


class client:  # noqa: N801 - the name that every file has
    """Defer jobs from a connection of its own schema."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.store = SqlStore(place.url)
        with self.store.transaction() as tx:
            tx.run(f"CREATE SCHEMA IF NOT EXISTS {place.namespace}")
        self.app = app(place, sync=True)
        self.app.open()
        self.app.schema_manager.apply_schema()

    def send(self, envelope: Envelope, delay_s: float = 0.0) -> None:
        """Insert one job."""
        from procrastinate.exceptions import ConnectorException

        options = {"schedule_in": {"seconds": delay_s}} if delay_s else {}
        try:
            self.app.run.configure(**options).defer(text=encode(envelope))
        except ConnectorException as error:
            raise unavailable(self.place.url, error) from None

    def depth(self) -> int:
        """Count what no worker has taken."""
        table = f"{self.place.namespace}.procrastinate_jobs"
        with self.store.transaction() as tx:
            sql = f"SELECT COUNT(*) FROM {table} WHERE status = 'todo' AND task_name = ?"
            return int(tx.run(sql, (TASK,))[0][0])

    def close(self) -> None:
        """Drop the schema."""
        self.app.close()
        with self.store.transaction() as tx:
            tx.run(f"DROP SCHEMA IF EXISTS {self.place.namespace} CASCADE")
        self.store.close()
