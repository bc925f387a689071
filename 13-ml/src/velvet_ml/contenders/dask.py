"""Dask distributed: a scheduler and workers, here as processes of this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from velvet_ml.contenders import RunAll


@contextmanager
def running(workers: int) -> Iterator[RunAll]:
    """Start a cluster on the loopback, without its dashboard; data are sent once."""
    import distributed

    cluster = distributed.LocalCluster(
        n_workers=workers, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
    )
    with cluster, distributed.Client(cluster) as client:

        def run(
            function: Callable[..., float], items: Sequence[Any], more: tuple[Any, ...]
        ) -> list[float]:
            sent = client.scatter(list(more), broadcast=True, hash=False)
            found = [client.submit(function, item, *sent, pure=False) for item in items]
            return list(client.gather(found))

        yield run
