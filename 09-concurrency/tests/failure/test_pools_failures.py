"""Workers that die, and functions that cannot reach them."""

from __future__ import annotations

import functools
import math
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import psutil
import pytest

from velvet_concurrency.pools import cpu_map
from velvet_concurrency.shared_array import SharedArray

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")


def wait_for(condition: object, seconds: float = 10.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():  # type: ignore[operator]
            return True
        time.sleep(0.01)
    return False


@POSIX
def test_a_killed_worker_breaks_its_pool_and_leaves_no_segment() -> None:
    failures: list[BaseException] = []

    def work() -> None:
        try:
            cpu_map(time.sleep, [60.0], mode="processes", workers=1)
        except BrokenProcessPool as error:
            failures.append(error)

    def worker() -> psutil.Process | None:
        found = psutil.Process().children()
        return next((child for child in found if "spawn_main" in " ".join(child.cmdline())), None)

    with SharedArray.create((1000,)) as shared:
        handle = shared.handle
        runner = threading.Thread(target=work)
        runner.start()
        assert wait_for(worker)
        found = worker()
        assert found is not None
        found.send_signal(signal.SIGKILL)
        runner.join(30.0)

    assert len(failures) == 1
    with pytest.raises(FileNotFoundError):
        SharedArray.attach(handle)


@POSIX
def test_the_pool_after_a_broken_one_works() -> None:
    with pytest.raises(BrokenProcessPool):
        cpu_map(signal.raise_signal, [signal.SIGKILL], mode="processes", workers=1)

    assert cpu_map(math.sqrt, [4.0], mode="processes", workers=1) == [2.0]


@pytest.mark.skipif(sys.platform != "linux", reason="segments are files on Linux only")
def test_the_segment_of_a_killed_owner_is_removed() -> None:
    code = (
        "import os, signal, sys\n"
        "from velvet_concurrency.shared_array import SharedArray\n"
        "shared = SharedArray.create((1000,))\n"
        "print(shared.handle.name, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )

    told = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=30
    )

    segment = Path("/dev/shm") / told.stdout.strip()
    assert segment.name.startswith("psm_")
    assert wait_for(lambda: not segment.exists())


@POSIX
def test_workers_end_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    code = (
        "import time\n"
        "from velvet_concurrency.pools import cpu_map\n"
        "if __name__ == '__main__':\n"
        "    cpu_map(time.sleep, [60.0], mode='processes', workers=1)\n"
    )
    script = tmp_path / "parent.py"
    script.write_text(code, encoding="utf-8")
    parent = psutil.Popen([sys.executable, str(script)])
    try:
        ready = wait_for(
            lambda: any(
                "spawn_main" in " ".join(child.cmdline()) and child.num_threads() > 1
                for child in parent.children()
            )
        )
        workers = [c for c in parent.children() if "spawn_main" in " ".join(c.cmdline())]
    finally:
        parent.kill()
        parent.wait()

    assert ready
    _, alive = psutil.wait_procs(workers, timeout=10.0)
    assert not [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


def test_what_cannot_be_sent_is_refused_by_name_with_the_fix() -> None:
    def nested(one: int, other: int) -> int:
        return one + other

    for fn, name in (
        (lambda item: item, "<lambda>"),
        (functools.partial(nested, 1), "nested"),
        (functools.partial(max, threading.Lock()), "max"),
    ):
        with pytest.raises(ValueError, match=f"{name} cannot be sent.*top level of a module"):
            cpu_map(fn, [1], mode="processes")


def test_an_item_that_cannot_be_pickled_is_an_error_and_not_a_hang() -> None:
    with pytest.raises(Exception, match=r"pickle"):
        cpu_map(id, [threading.Lock()], mode="processes", workers=1)


def test_a_function_of_main_is_refused_by_name_with_the_fix() -> None:
    code = (
        "from velvet_concurrency.pools import cpu_map\n"
        "def work(item): return item\n"
        "try:\n"
        "    cpu_map(work, [1], mode='processes')\n"
        "except ValueError as error:\n"
        "    print(error)\n"
    )

    told = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )

    assert "__main__.work is defined in __main__" in told.stdout
    assert "move it into a module" in told.stdout


def test_every_pool_of_this_module_dies_with_its_parent() -> None:
    module = Path(__file__).resolve().parents[2]
    files = [*(module / "src").rglob("*.py"), *(module / "examples").glob("*.py")]

    made = [path.name for path in files if "ProcessPoolExecutor(" in path.read_text("utf-8")]

    assert made == ["pools.py"]  # in `process_pool`, with `die_with_parent`
