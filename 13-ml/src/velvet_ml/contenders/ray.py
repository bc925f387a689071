"""Ray: a runtime with an object store, here on this machine; shut down in any case."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from velvet_ml.contenders import RunAll


@contextmanager
def running(workers: int) -> Iterator[RunAll]:
    """Start Ray on the loopback, without its dashboard; data are stored once."""
    import ray

    ray.init(
        num_cpus=workers,
        include_dashboard=False,
        log_to_driver=False,
        _node_ip_address="127.0.0.1",
        configure_logging=False,
    )
    try:

        def run(
            function: Callable[..., float], items: Sequence[Any], more: tuple[Any, ...]
        ) -> list[float]:
            stored = [ray.put(one) for one in more]
            remote = ray.remote(function)
            return list(ray.get([remote.remote(item, *stored) for item in items]))

        yield run
    finally:
        ray.shutdown()
