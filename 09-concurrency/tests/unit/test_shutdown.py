"""The bounded map as it ends, and graceful shutdown."""

from __future__ import annotations

import asyncio
import signal
from contextlib import aclosing

import pytest

from velvet_concurrency.structured import GracefulShutdown, ShuttingDown, amap

pytestmark = pytest.mark.asyncio


async def turns(count: int = 8) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def forever(log: list[str] | None = None, name: str = "task") -> None:
    try:
        await asyncio.Event().wait()
    finally:
        if log is not None:
            log.append(f"{name} ended")


async def test_a_call_that_cancels_itself_cancels_the_map():
    async def give_up(x: int) -> int:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        async for _ in amap(give_up, range(2), 1):
            pass


async def test_leaving_amap_early_ends_its_tasks_and_its_source():
    log: list[str] = []

    async def source():
        try:
            for i in range(100):
                yield i
        finally:
            log.append("source closed")

    async def work(x: int) -> int:
        if x:
            await forever(log, str(x))
        return x

    async with aclosing(amap(work, source(), 3)) as results:
        async for _ in results:
            await turns()
            break

    assert "source closed" in log
    assert "1 ended" in log
    assert len(asyncio.all_tasks()) == 1


@pytest.mark.parametrize(("limit", "buffer"), [(0, 0), (True, 0), (1.5, 0), (1, -1)])
async def test_amap_names_its_bad_bound_before_anything_runs(limit, buffer):
    with pytest.raises(ValueError, match="must be an int"):
        amap(forever, [], limit, buffer=buffer)


async def test_a_shutdown_drains_refuses_new_work_and_reports():
    gate = asyncio.Event()

    async with GracefulShutdown(10.0, signals=()) as shutdown:
        shutdown.create_task(gate.wait(), name="request")
        shutdown.request("test")
        await shutdown.wait()
        with pytest.raises(ShuttingDown, match="test"):
            shutdown.create_task(asyncio.sleep(0))
        gate.set()

    report = shutdown.report
    assert (report.reason, report.drained, report.cut_off, report.failed) == ("test", 1, (), 0)


async def test_what_outlasts_the_grace_period_is_cancelled_and_named():
    log: list[str] = []

    async with GracefulShutdown(0.01, signals=()) as shutdown:
        shutdown.create_task(forever(log), name="slow")
        shutdown.create_task(turns(2), name="quick")
        await turns(1)

    assert shutdown.report.cut_off == ("slow",)
    assert shutdown.report.drained == 1
    assert shutdown.report.reason == "end of the block"
    assert log == ["task ended"]


async def test_a_second_request_ends_the_grace_period():
    loop = asyncio.get_running_loop()

    async def scenario() -> GracefulShutdown:
        async with GracefulShutdown(3600.0, signals=()) as shutdown:
            shutdown.create_task(forever(), name="slow")
            shutdown.request("first")
            loop.call_later(0.005, shutdown.request, "second")
        return shutdown

    shutdown = await scenario()

    assert shutdown.report.cut_off == ("slow",)
    assert shutdown.report.reason == "first"


async def test_a_cancelled_server_cancels_its_tasks_without_grace():
    shutdown = GracefulShutdown(3600.0, signals=())

    async def serve() -> None:
        async with shutdown:
            shutdown.create_task(forever(), name="request")
            await forever()

    serving = asyncio.ensure_future(serve())
    await turns()
    serving.cancel()
    await asyncio.wait([serving])

    assert serving.cancelled()
    assert shutdown.report.cut_off == ("request",)


async def test_a_shutdown_cancelled_while_draining_still_ends_every_task():
    shutdown = GracefulShutdown(3600.0, signals=())
    log: list[str] = []

    async def serve() -> None:
        async with shutdown:
            shutdown.create_task(forever(log))
            await turns(2)

    serving = asyncio.ensure_future(serve())
    await turns(20)
    serving.cancel()
    await asyncio.wait([serving])

    assert serving.cancelled()
    assert log == ["task ended"]


async def test_a_failed_task_is_counted_and_reported_to_the_loop():
    seen = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: seen.append(context))

    async def fail() -> None:
        raise OSError("handler")

    async with GracefulShutdown(1.0, signals=()) as shutdown:
        shutdown.create_task(fail(), name="bad")
        await turns()

    assert shutdown.report.failed == 1
    assert seen[0]["message"] == "task 'bad' failed"
    assert isinstance(seen[0]["exception"], OSError)


async def test_without_add_signal_handler_the_signal_module_passes_the_request_on(monkeypatch):
    loop = asyncio.get_running_loop()

    def unsupported(*_: object) -> None:
        raise NotImplementedError

    monkeypatch.setattr(loop, "add_signal_handler", unsupported, raising=False)
    monkeypatch.setattr(loop, "remove_signal_handler", unsupported, raising=False)
    before = signal.getsignal(signal.SIGINT)

    async with GracefulShutdown(1.0, signals=[signal.SIGINT]) as shutdown:
        during = signal.getsignal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        await shutdown.wait()

    assert shutdown.report.reason == "SIGINT"
    assert during is not before
    assert signal.getsignal(signal.SIGINT) is before


async def test_the_handlers_of_before_are_restored():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]

    async with GracefulShutdown(1.0):
        pass

    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


async def test_handlers_already_set_are_restored_when_a_later_one_cannot_be(monkeypatch):
    before = signal.getsignal(signal.SIGINT)
    shutdown = GracefulShutdown(1.0)
    listen = shutdown._listen

    def second_fails(number: signal.Signals) -> None:
        if number is signal.SIGTERM:
            raise RuntimeError("no such signal here")
        listen(number)

    monkeypatch.setattr(shutdown, "_listen", second_fails)
    with pytest.raises(RuntimeError, match="no such signal"):
        await shutdown.__aenter__()

    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize("grace", [-1.0, float("nan"), float("inf")])
async def test_a_grace_period_must_be_finite(grace):
    with pytest.raises(ValueError, match="grace"):
        GracefulShutdown(grace)
