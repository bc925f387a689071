"""Intermediate examples: a state machine, mocks that break, time, real HTTP and a real database."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import freezegun
import httpx
import respx
import time_machine

from velvet.examples import example, main
from velvet_testing import corpus, fragility, strategies
from velvet_testing.contracts import GatewayContract, drift
from velvet_testing.dbfixtures import RollbackPerTest
from velvet_testing.doubles import FakeClock, FakeGateway
from velvet_testing.samples.styles.peer import Peer, served
from velvet_testing.snapshot import Snapshots, scrub_times
from velvet_testing.virtual_time import run_virtual


@example("state_machine")
def state_machine() -> None:
    """A cache beside a twenty-line model: the shortest program on which they differ, as code."""
    program = corpus.find("ttl_lru")
    for id in ("ttl_lru-5", "ttl_lru-2"):
        bug = corpus.find_bug(id)
        happy = strategies.HappyPath().hunt(program.module(bug), program, budget_s=1, seed=0)
        hunter = strategies.Stateful(max_examples=100)
        found = hunter.hunt(program.module(bug), program, budget_s=60, seed=2)
        print(f"{id}, {bug.provenance}: happy path {'finds it' if happy else 'is green'}")
        if found is None:
            print("    not found with this seed: that is seed luck\n")
            continue
        for line in found.counterexample.splitlines():
            print(f"    cache.{line}")
        print(f"    {found.exception}\n    after {found.executions} programs\n")
    print("why: the bugs of a cache are in its history, and a test of one call has none")


@example("mocks_that_break")
def mocks_that_break() -> None:
    """Five suites of one service: which goes red on refactorings, and which misses bugs."""
    styles = fragility.STYLES[:-1]  # integration waits for real time-outs: see the benchmark
    rows = fragility.run(styles)
    refactorings, bugs = len(fragility.refactorings()), len(fragility.breakages())
    print(f"{'style':20}{'false reds':>12}{'bugs missed':>13}{'lines':>7}{'ms':>8}")
    for row in rows:
        reds, missed = f"{len(row.false_reds)}/{refactorings}", f"{len(row.missed)}/{bugs}"
        print(f"{row.style:20}{reds:>12}{missed:>13}{row.lines:7}{row.seconds * 1e3:8.1f}")
    print("\nthe first three false reds of strict_mock:")
    for name, why in list(rows[0].false_reds.items())[:3]:
        print(f"  {name}: {why[:50]}")
    print(f"missed by autospec, for example: {', '.join(rows[1].missed[:2])}")
    print("why: a mock asserts how it is done today; a fake asserts what came out")


@example("freeze_and_fast_forward")
def freeze_and_fast_forward() -> None:
    """Four ways to control time: an injected clock, two patchers, and a loop that jumps."""
    clock, woken = FakeClock(), list[str]()
    clock.call_at(3600, lambda: woken.append("after an hour"))
    clock.advance(7200)
    print(f"FakeClock      {clock():.0f} s later: {woken}")

    started = time.perf_counter()
    with time_machine.travel("2030-01-01T00:00:00+00:00", tick=False):
        print(f"time-machine   {time.gmtime().tm_year}, ", end="")
    print(f"{(time.perf_counter() - started) * 1e3:.2f} ms to enter and leave")

    started = time.perf_counter()
    with freezegun.freeze_time("2030-01-01"):
        print(f"freezegun      {time.gmtime().tm_year}, ", end="")
    print(f"{(time.perf_counter() - started) * 1e3:.2f} ms to enter and leave")

    async def many() -> int:
        async def sleeper(i: int) -> None:
            for _ in range(10):
                await asyncio.sleep(10 + i % 7)

        await asyncio.gather(*(sleeper(i) for i in range(100)))
        return 100

    started = time.perf_counter()
    done, virtual = run_virtual(many())
    wall = (time.perf_counter() - started) * 1e3
    print(f"VirtualLoop    {done} tasks, {virtual:.0f} virtual s in {wall:.0f} ms")


@example("real_http_and_db")
def real_http_and_db() -> None:
    """A peer on loopback that fails by a script, and a database that forgets what a test did."""
    shop = fragility.shop()
    peer = Peer("slow", "ok")
    with served(peer) as client:
        receipt = ""
        gateway = shop.HttpGateway(client)
        for attempt in (1, 2):
            try:
                receipt = gateway.charge("order-1", 100)
            except Exception as error:  # noqa: BLE001 - shown
                print(f"attempt {attempt}: {type(error).__name__}")
    print(f"requests seen: {peer.keys}")
    print(f"charged once: {list(peer.books.charged.values())}, {receipt}")

    fixture = RollbackPerTest(["CREATE TABLE orders (id TEXT)"])
    for test in ("first", "second"):
        db = fixture.open()
        db.execute("INSERT INTO orders VALUES ('a')")
        db.commit()  # the code under test commits, and does not know of the fixture
        rows = db.execute("SELECT count(*) FROM orders").fetchone()[0]
        fixture.done()
        print(f"{test} test saw {rows} row")
    left = fixture.open().execute("SELECT count(*) FROM orders").fetchone()[0]
    fixture.close()
    print(f"rows after rollback: {left}")


@example("doubles_that_drift")
def doubles_that_drift() -> None:
    """A route of respx beside the scripted fake: one contract names the check on which they differ."""
    shop = fragility.shop()
    answers = {"timeout": httpx.ReadTimeout, "declined": httpx.Response(402)}

    def routed(*script: str) -> Any:
        router = respx.Router(assert_all_called=False)
        paid = httpx.Response(200, json={"receipt": "r-1"})  # the same for every key
        charges = router.post("/charges").mock(return_value=paid)
        if script:
            charges.side_effect = [*(answers[word] for word in script), paid]
        router.post("/refunds").respond(200)
        transport = httpx.MockTransport(router.handler)
        return shop.HttpGateway(httpx.Client(transport=transport, base_url="http://peer"))

    def scripted(*script: str) -> Any:
        return shop.HttpGateway(Peer(*script).client())

    for name, make in (("the scripted peer", scripted), ("routes of respx", routed)):
        report = drift(GatewayContract, FakeGateway, make)
        print(f"FakeGateway beside {name}: {len(report.differences)} of 4 checks differ")
        for check, (fake, other) in report.differences.items():
            print(f"    {check}\n        fake {fake}, respx {other.partition(':')[0]}")
    print("why: a route answers what the test wrote down, and remembers no key")


@example("approve_a_snapshot")
def approve_a_snapshot() -> None:
    """An approval test in plain files, beside the same in syrupy and in inline-snapshot."""
    from inline_snapshot import snapshot

    report = {"rows": [3, 1, 2], "made": "2026-06-01T10:00:00Z"}
    with tempfile.TemporaryDirectory() as folder:
        Snapshots(Path(folder)).approve(report, name="report", scrubbers=[scrub_times])
        print(Path(folder, "report.json").read_text(encoding="utf-8").strip())
        again = Snapshots(Path(folder))
        try:
            again.approve({**report, "rows": [1, 2, 3]}, name="report", scrubbers=[scrub_times])
        except AssertionError as error:
            print("\n".join(str(error).splitlines()[-8:]))
        print(f"snapshots that nothing asked for: {Snapshots(Path(folder)).unused()}")
    assert sorted(report["rows"]) == snapshot([1, 2, 3])
    print("inline-snapshot: assert sorted(rows) == snapshot([1, 2, 3]), in the test itself")
    print("syrupy: assert rows == snapshot, in __snapshots__/test_report.ambr")
    # A worker of xdist writes no report, and this example may run inside one.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    with tempfile.TemporaryDirectory() as folder:
        for rows, more in (([3, 1, 2], ["--snapshot-update"]), ([1, 2, 3], [])):
            source = f"def test_report(snapshot): assert {rows} == snapshot\n"
            Path(folder, "test_report.py").write_text(source, encoding="utf-8")
            words = ["-q", "--disable-plugin-autoload", "-p", "syrupy", "-p", "no:cacheprovider"]
            command = [sys.executable, "-m", "pytest", *words, *more]
            done = subprocess.run(
                command,
                cwd=folder,
                env=environment,
                capture_output=True,
                encoding="utf-8",
                check=False,  # the second is red
            )
            told = [line for line in done.stdout.splitlines() if re.match(r"\d+ snapshot", line)]
            print(f"    {rows}: {' '.join(told)}")


if __name__ == "__main__":
    main()
