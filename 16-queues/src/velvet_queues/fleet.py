"""Worker processes that are started, watched and killed, each by its recorded id.

Ready means that a canary task came back, not that a process runs: a worker of a task queue needs
seconds to start. A kill walks the whole recorded tree, since a work horse that
left its group would otherwise finish the task, and its queue would seem to lose nothing.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from velvet_queues.contenders import Client, Place, load
from velvet_queues.envelope import Envelope, new_id
from velvet_queues.errors import QueueError
from velvet_queues.ledger import CANARY, Ledger

PATIENCE_S = 120.0


class NotReady(QueueError):
    """No canary came back; the end of the workers' output says why."""


class Fleet:
    """The workers of one place; use it as a context manager.

    Args:
        own_session: keep Ctrl-C and signals to our group away from the workers; without it they
            end with a group that is killed as a whole.

    Attributes:
        boot_s: seconds from the start to the first canary's end.
    """

    def __init__(self, place: Place, *, log: Path | None = None, own_session: bool = True) -> None:
        self.place, self.own_session = place, own_session
        self.log = log or Path(place.folder, "workers.log")
        self.processes: list[subprocess.Popen[bytes]] = []
        self.boot_s = 0.0
        self._begun = 0.0

    def start(self) -> None:
        """Start one worker more: every command line of it."""
        self._begun = time.monotonic()
        for argv in load(self.place.contender).commands(self.place):
            with self.log.open("ab") as out:
                process = subprocess.Popen(
                    argv,
                    env=self.place.environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=out,
                    start_new_session=self.own_session and os.name == "posix",
                    cwd=self.place.folder,
                )
            self.processes.append(process)

    def wait_ready(self, client: Client, ledger: Ledger, timeout_s: float = PATIENCE_S) -> None:
        """Send canaries until one is done.

        Raises:
            NotReady: none was within the time.
        """
        mine = f"{CANARY}{new_id()}"
        deadline = self._begun + timeout_s
        client.send(Envelope("noop", id=mine))
        while not any(one.id == mine and one.event == "finished" for one in ledger.entries()):
            if time.monotonic() > deadline or not self.alive():
                tail = self.log.read_text(encoding="utf-8", errors="replace")[-600:]
                raise NotReady(f"{self.place.contender} on {self.place.broker}: {tail}")
            time.sleep(0.02)
        self.boot_s = time.monotonic() - self._begun

    def alive(self) -> bool:
        """Whether any worker runs."""
        return any(process.poll() is None for process in self.processes)

    def tree(self) -> list[psutil.Process]:
        """Return every living process of ours, parents first."""
        found: list[psutil.Process] = []
        for process in self.processes:
            with contextlib.suppress(psutil.Error):
                if process.poll() is None:
                    parent = psutil.Process(process.pid)
                    found += [parent, *parent.children(recursive=True)]
        return found

    def kill9(self) -> int:
        """Kill all workers with everything that they started; returns how many processes."""
        killed = 0
        while family := [one for one in self.tree() if self._living(one)]:
            for one in family:
                with contextlib.suppress(psutil.Error):
                    one.kill()
                    killed += 1
            psutil.wait_procs(family, timeout=5)
        self._reap()
        return killed

    @staticmethod
    def _living(process: psutil.Process) -> bool:
        try:
            return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
        except psutil.Error:
            return False

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Stop all workers (SIGSTOP), and let them go on afterwards, as a swap storm does."""
        family = self.tree()
        for one in family:
            with contextlib.suppress(psutil.Error):
                one.suspend()
        try:
            yield
        finally:
            for one in family:
                with contextlib.suppress(psutil.Error):
                    one.resume()

    def terminate(self, grace_s: float = 30.0, *, first: int | None = None) -> bool:
        """Ask workers to end; True when all did within the time, without being killed."""
        asked = self.processes[:first]
        name = load(self.place.contender).STOP if self.place.production else "SIGTERM"
        asking = getattr(signal, name, signal.SIGTERM)
        for process in asked:
            if process.poll() is None:
                process.send_signal(asking)
        deadline = time.monotonic() + grace_s
        graceful = True
        for process in asked:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                graceful = False
        if graceful:
            self.processes = self.processes[len(asked) :]
        return graceful

    def rss_mb(self) -> tuple[float, int]:
        """Return the resident memory of all workers, and how many processes they are."""
        sizes = []
        for one in self.tree():
            with contextlib.suppress(psutil.Error):
                sizes.append(one.memory_info().rss)
        return sum(sizes) / 1e6, len(sizes)

    def _reap(self) -> None:
        for process in self.processes:
            process.wait()
        self.processes = []

    def __enter__(self) -> Fleet:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill9()
