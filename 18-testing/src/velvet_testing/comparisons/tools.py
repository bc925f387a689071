"""Database fixtures, frozen time, fuzzers, probes, virtual time."""

from __future__ import annotations

import asyncio
import importlib
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import freezegun
import time_machine

from velvet.bench import Suite, speedup, value
from velvet.bench.model import Absent, Metric, mode
from velvet_testing import corpus, dbfixtures, fuzz, virtual_time
from velvet_testing.coverage_probe import BACKENDS, EdgeCollector
from velvet_testing.doubles import FakeClock
from velvet_testing.samples.headers import STAGED

EXAMPLE = 20  # Hypothesis runs one example in the time of so many executions of ours


def _schema(tables: int) -> list[str]:
    return [f"CREATE TABLE t{i} (id INTEGER PRIMARY KEY, text TEXT)" for i in range(tables)]


def _fixture(name: str, tables: int) -> Iterator[Callable[[], int]]:
    schema, names = _schema(tables), [f"t{i}" for i in range(tables)]
    with tempfile.TemporaryDirectory() as folder:
        makers: dict[str, Callable[[], Any]] = {
            "create": lambda: dbfixtures.CreatePerTest(schema),
            "file": lambda: dbfixtures.CreatePerTest(schema, Path(folder)),
            "copy": lambda: dbfixtures.TemplateCopy(schema),
            "bytes": lambda: dbfixtures.TemplateBytes(schema),
            "rollback": lambda: dbfixtures.RollbackPerTest(schema),
            "truncate": lambda: dbfixtures.TruncateAll(schema, tables=names),
        }
        try:
            fixture = makers[name]()
        except NotImplementedError as error:
            raise Absent(str(error)) from None

        def test() -> int:
            db = fixture.open()
            db.execute("INSERT INTO t0 (text) VALUES ('a')")
            db.commit()
            rows = int(db.execute("SELECT count(*) FROM t0").fetchone()[0])
            fixture.done()
            return rows

        yield test
        fixture.close()


def _postgres(name: str) -> Iterator[Callable[[], int]]:
    import psycopg

    from velvet import services

    with services.postgres() as server:
        tables = 10
        schema, names = _schema(tables), [f"t{i}" for i in range(tables)]

        def connect(database: str = "") -> Any:
            more: dict[str, Any] = {"dbname": database} if database else {}
            return psycopg.connect(server.url, autocommit=True, **more)

        with connect() as plain:
            admin = plain.info.dbname
            plain.execute("DROP TABLE IF EXISTS " + ", ".join(names))
        fixture: Any
        if name == "template":
            fixture = dbfixtures.PostgresTemplate(schema, connect, name="velvet_t", admin=admin)
        elif name == "rollback":
            fixture = dbfixtures.RollbackPerTest(schema, connect())
        else:
            fixture = dbfixtures.TruncateAll(
                schema, connect(), tables=names, statement=dbfixtures.truncate
            )

        def test() -> int:
            db = fixture.open()
            db.execute("INSERT INTO t0 (id, text) VALUES (1, 'a')")
            db.commit()
            rows = int(db.execute("SELECT count(*) FROM t0").fetchone()[0])
            fixture.done()
            return rows

        yield test
        fixture.close()
        with connect() as plain:
            plain.execute("DROP TABLE IF EXISTS " + ", ".join(names))


class _Filler(MetaPathFinder, Loader):
    """Imports modules of twenty names, as many as are asked for."""

    def find_spec(self, name: str, path: Any, target: Any = None) -> ModuleSpec | None:
        del path, target
        return ModuleSpec(name, self) if name.startswith("velvet_filler_") else None

    def exec_module(self, module: ModuleType) -> None:
        vars(module).update({f"name_{i}": i for i in range(20)})


def _frozen(name: str, modules: int) -> Callable[[], Any]:
    sys.meta_path.append(_Filler())
    for number in range(modules):  # as a large project has them loaded
        importlib.import_module(f"velvet_filler_{number}")

    def fake() -> float:
        clock = FakeClock(5.0)
        return clock()

    def machine() -> None:
        with time_machine.travel(5.0, tick=False):
            pass

    def frozen() -> None:
        with freezegun.freeze_time("2030-01-01"):
            pass

    return {"fake_clock": fake, "time_machine": machine, "freezegun": frozen}[name]


def _fuzzed(name: str) -> Callable[[], dict[str, float]]:
    executions, seeds = (20_000, 3) if mode() == "quick" else (40_000, 5)

    def run() -> dict[str, float]:
        parse = corpus.compile_module(STAGED, "staged", "<staged>").parse
        crashed, spent = 0, []
        for seed in range(seeds):
            if name == "hypothesis":
                found, count = _hypothesis(parse, seed, executions // EXAMPLE)
            else:
                files = ["<staged>"] if name == "guided" else []
                one = fuzz.CoverageGuidedFuzzer(parse, [b"...."], Random(seed), files=files)
                result = one.run(executions, 300, shrink=False)
                found, count = result.error is not None, result.executions
            crashed += found
            spent.append(count)
        return {"crashed": crashed / seeds, "executions": sorted(spent)[seeds // 2]}

    return run


def _hypothesis(parse: Callable[[bytes], Any], seed: int, examples: int) -> tuple[bool, int]:
    from hypothesis import HealthCheck, Phase, given
    from hypothesis import seed as with_seed
    from hypothesis import settings
    from hypothesis import strategies as st

    count = 0

    @with_seed(seed)
    @settings(
        max_examples=examples,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.binary(max_size=8))
    def test(data: bytes) -> None:
        nonlocal count
        count += 1
        parse(data)

    try:
        test()
    except ZeroDivisionError:
        return True, count
    return False, count


LOOP = "def run(n):\n    total = 0\n    for i in range(n):\n        total += i\n    return total\n"


def _probed(name: str) -> Callable[[], Any]:
    loop = corpus.compile_module(LOOP, "loop", "<loop>").run
    n = 30_000
    if name == "none":
        return partial(loop, n)
    backend = "settrace" if name == "settrace" else "monitoring"
    if backend not in BACKENDS:
        raise Absent("sys.monitoring came with Python 3.12")
    probe = EdgeCollector(["<loop>"], backend=backend, once=name == "monitoring_once")

    def run() -> int:
        got: list[int] = []
        probe.collect(lambda: got.append(loop(n)))
        return got[0]

    return run


def _slept(name: str) -> Callable[[], Any]:
    scale = 1000 if name == "real" else 1

    async def many() -> int:
        async def sleeper(i: int) -> None:
            for _ in range(10):
                await asyncio.sleep((10 + i % 7) / scale)

        await asyncio.gather(*(sleeper(i) for i in range(100)))
        return 100

    if name == "real":
        return lambda: asyncio.run(many())
    return lambda: virtual_time.run_virtual(many())[0]


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    few = {"quick": 8, "default": 12, "full": 30}
    databases = suite.comparison(
        "db_fixtures",
        title="One test with its own database: an insert, a commit, a count",
        unit="us",
        sizes={"tables": [1, 30, 100]},
        quick=lambda tables: tables == 30,
        default=lambda tables: tables < 100,
        rounds={"quick": 8, "default": 8, "full": 30},
    )
    for name in ("create", "file", "copy", "bytes", "rollback", "truncate"):
        databases.add(name, lambda tables, name=name: _fixture(name, tables))
    databases.same_result()

    servers = suite.comparison(
        "pg_fixtures",
        title="The same on PostgreSQL, ten tables",
        unit="ms",
        clock="wall",
        rounds={"default": 8, "full": 20},
        tier="default",
    )
    for name in ("template", "truncate", "rollback"):
        servers.add(name, partial(_postgres, name), needs="postgres")
    servers.same_result()

    freezing = suite.comparison(
        "time_freezing",
        title="Enter and leave frozen time, by the number of loaded modules",
        unit="us",
        sizes={"modules": [200, 2000]},
        rounds=few,
    )
    for name in ("fake_clock", "time_machine", "freezegun"):
        freezing.add(name, lambda modules, name=name: _frozen(name, modules))

    power = suite.comparison(
        "fuzz_power",
        title="A four-byte header: the share of seeds that reach the crash",
        kind="value",
        unit="of the seeds",
        metrics={"crashed": Metric("of the seeds", "higher"), "executions": "executions"},
        limit=1200,
    )
    for name in ("random", "guided", "hypothesis"):
        note = (
            f"an example costs more: 1/{EXAMPLE} of the executions" if name == "hypothesis" else ""
        )
        power.add(name, partial(_fuzzed, name), note=note)

    probes = suite.comparison(
        "probe_overhead", title="A loop of 30,000 rounds, watched", unit="ms", rounds=few
    )
    for name in ("none", "settrace", "monitoring", "monitoring_once"):
        probes.add(name, partial(_probed, name))
    probes.same_result()

    sleeping = suite.comparison(
        "virtual_time",
        title="100 tasks that sleep 10 times; the real ones 1,000 times shorter",
        unit="ms",
        clock="wall",
        rounds={"quick": 5, "default": 8},
    )
    sleeping.add("real", partial(_slept, "real"), note="160 ms of sleeps")
    sleeping.add("virtual", partial(_slept, "virtual"), note="160 s of sleeps")
    sleeping.same_result()

    suite.claim(
        "rolling back is at least 20x faster than creating thirty tables, copying at least 2x",
        (speedup("db_fixtures", "rollback", "create", tables=30) >= 20)
        & (speedup("db_fixtures", "copy", "create", tables=30) >= 2),
    )
    suite.claim(
        "on PostgreSQL rolling back is at least 3x faster than a database from a template",
        speedup("pg_fixtures", "rollback", "template") >= 3,
        tier="default",
    )
    suite.claim(
        "freezegun takes at least 50x as long as time-machine with 2,000 modules loaded",
        speedup("time_freezing", "time_machine", "freezegun", modules=2000) >= 50,
    )
    suite.claim(
        "the guided fuzzer crashes the header with every seed, the blind one with none",
        value("fuzz_power", "guided", "crashed").equals(1)
        & value("fuzz_power", "random", "crashed").equals(0),
        tier="default",
    )
    suite.claim(
        "settrace slows a loop at least 3x, monitoring that switches lines off at most 1.5x",
        (speedup("probe_overhead", "none", "settrace") >= 3)
        & (speedup("probe_overhead", "none", "monitoring_once") <= 1.5),
    )
    suite.claim(
        "160 virtual seconds pass in less time than 160 real milliseconds",
        speedup("virtual_time", "virtual", "real") >= 1.25,
    )
