"""SIGTERM in mid-work, in a real child process."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest

SERVER = """
import asyncio, json, sys
from velvet_concurrency.structured import GracefulShutdown

async def request(seconds):
    await asyncio.sleep(seconds)

async def main():
    async with GracefulShutdown(grace=0.5) as shutdown:
        shutdown.create_task(request(0.2), name="nearly done")
        shutdown.create_task(request(3600), name="hopeless")
        print("ready", flush=True)
        await shutdown.wait()
    report = shutdown.report
    print(json.dumps([report.reason, report.drained, report.cut_off]), flush=True)

asyncio.run(main())
sys.exit(7)
"""

pytestmark = pytest.mark.skipif(
    sys.platform == "win32",
    reason="Windows cannot deliver SIGTERM or SIGINT to one child: terminate() ends it without a handler",
)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_drains_what_can_be_drained_and_reports_what_was_cut_off(number):
    with subprocess.Popen(
        [sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as child:
        try:
            assert child.stdout.readline() == "ready\n"
            child.send_signal(number)
            out, _ = child.communicate(timeout=20)
        finally:
            child.kill()

    assert json.loads(out) == [number.name, 1, ["hopeless"]]
    assert child.returncode == 7


def test_a_second_signal_ends_the_grace_period():
    source = SERVER.replace("grace=0.5", "grace=3600").replace("request(0.2)", "request(3600)")
    with subprocess.Popen(
        [sys.executable, "-c", source], stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as child:
        try:
            assert child.stdout.readline() == "ready\n"
            child.send_signal(signal.SIGTERM)
            child.send_signal(signal.SIGINT)
            out, _ = child.communicate(timeout=20)
        finally:
            child.kill()

    assert json.loads(out)[1:] == [0, ["hopeless", "nearly done"]]
