"""Beyond one core: one grid on five engines, cold and warm."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from velvet.bench import Outcome, Suite, ratio
from velvet_ml import contenders, scale

NEEDS = {"dask": "distributed", "ray": "ray"}


def _grid(name: str, size: str) -> Callable[[], Outcome]:
    def run() -> Outcome:
        told = scale.fit_grid(name, size)
        return Outcome(
            {"start": told.start_s, "warm": told.next_s},
            seconds=told.start_s + told.first_s,
            result=(told.best, round(told.score, 9)),
        )

    return run


def add_to(suite: Suite) -> None:
    """Declare the comparison and its claims."""
    grid = suite.comparison(
        "scale_out",
        title="Twelve forests, cross-validated, on two workers: from start to result",
        kind="run",
        unit="s",
        limit=240,
        sizes={"size": list(scale.SIZES)},
        quick=lambda size: size == "tiny",
        default=lambda size: size in ("tiny", "mid"),
        metrics={"start": "s", "warm": "s"},
        rounds={"quick": 1, "default": 3},
    )
    for name in ("serial", *(one for one in contenders.NAMES if one != "serial")):
        grid.add(
            name,
            partial(_grid, name),
            baseline=name == "serial",
            needs=NEEDS.get(name, ()),
            threads=2 if name != "serial" else 1,
        )
    grid.same_result()
    suite.claim(
        "a tiny grid: a cold pool of processes takes at least 1.3x as long as one core",
        ratio("scale_out", "loky", "serial", size="tiny") >= 1.3,
        tier="default",
    )
    suite.claim(
        "a larger grid: two threads are at least 1.3x as fast as one core",
        ratio("scale_out", "serial", "threads", size="mid") >= 1.3,
        needs="cores>=2",
        tier="default",
    )
    suite.claim(
        "a tiny grid: a cold Dask cluster takes at least 1.3x as long as one core",
        ratio("scale_out", "dask", "serial", size="tiny") >= 1.3,
        needs="distributed",
        tier="default",
    )
