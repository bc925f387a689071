"""Decode in a process that can be killed: no fault in native code, no hang reaches the server.

`IsolatedDecoder` keeps one worker. A request is a length and a body on its standard input, the
answer a header and raw pixels on its standard output, so there is no shared memory to leak and
nothing is unpickled. The worker ends when its input closes, also when the server was killed. On Linux the
worker limits its address space (RLIMIT_AS); macOS does not enforce that limit and Windows has none,
there the header check alone bounds the memory.
"""

from __future__ import annotations

import contextlib
import json
import struct
import subprocess
import sys
import threading
from types import TracebackType
from typing import IO, Any, BinaryIO

import numpy as np

from velvet_media import errors
from velvet_media.errors import DecodeTimeout, MediaError, MemoryBudgetExceeded, WorkerDied
from velvet_media.images import Image, Source, read
from velvet_media.safety import DEFAULT, MIB, Limits, inspect

HEADER = struct.Struct(">II")


class IsolatedDecoder:
    """Thumbnails from a worker process that is killed when it takes too long.

    Thread-safe: calls wait for each other. Use it as a context manager.

    Args:
        timeout: seconds for one picture; the first one also pays for the start of the worker.
        memory_limit: bytes of address space of the worker, on Linux.
        command: the worker; another one in tests.
    """

    def __init__(
        self,
        timeout: float = 10.0,
        memory_limit: int = 1024 * MIB,
        *,
        limits: Limits = DEFAULT,
        command: tuple[str, ...] = ("-m", "velvet_media.isolate"),
    ) -> None:
        if timeout <= 0:
            raise ValueError(f"timeout is {timeout}: choose more than 0 seconds")
        self.timeout, self.memory_limit, self.limits = timeout, memory_limit, limits
        self._command = command
        self._worker: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def thumbnail(self, source: Source, max_side: int) -> Image:
        """Return a thumbnail, inspected here and decoded there.

        Raises:
            MediaError: of the header, or what the worker reports.
            DecodeTimeout: it took longer than `timeout` and was killed; the next call starts anew.
            WorkerDied: the worker ended by itself.
        """
        data = read(source)
        inspect(data, self.limits)
        with self._lock:
            worker = self._started()
            killed = threading.Event()

            def kill() -> None:
                killed.set()
                worker.kill()

            alarm = threading.Timer(self.timeout, kill)
            alarm.start()
            try:
                return _asked(worker, data, max_side)
            except (EOFError, OSError) as error:
                self._end()
                if killed.is_set():
                    raise DecodeTimeout(self.timeout) from error
                raise WorkerDied("the decoder ended by itself: refuse this file") from error
            finally:
                alarm.cancel()
                alarm.join()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._worker is None or self._worker.poll() is not None:
            self._end()
            self._worker = subprocess.Popen(
                [sys.executable, *self._command, str(self.memory_limit)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        return self._worker

    def _end(self) -> None:
        worker, self._worker = self._worker, None
        if worker is None:
            return
        worker.kill()
        for pipe in (worker.stdin, worker.stdout):
            with contextlib.suppress(OSError):  # a body that was not taken cannot be flushed
                assert pipe is not None
                pipe.close()
        worker.wait()

    def close(self) -> None:
        """End the worker and wait for it."""
        with self._lock:
            self._end()

    def __enter__(self) -> IsolatedDecoder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _asked(worker: subprocess.Popen[bytes], data: bytes, max_side: int) -> Image:
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.write(HEADER.pack(len(data), max_side))
    worker.stdin.write(data)
    worker.stdin.flush()
    about, body = _received(worker.stdout)
    if "error" in about:
        if about["error"] == "MemoryError":
            raise MemoryBudgetExceeded(about["limit"], about["limit"], "memory_limit")
        kind = getattr(errors, str(about["error"]), MediaError)
        failure = Exception.__new__(kind)
        failure.args = (about["message"],)
        raise failure
    return np.asarray(np.frombuffer(body, np.uint8).reshape(about["shape"]))


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError(f"the stream ended after {len(data)} of {size} bytes")
    return data


def _received(stream: IO[bytes]) -> tuple[dict[str, Any], bytes]:
    head, body = HEADER.unpack(_exactly(stream, HEADER.size))
    return json.loads(_exactly(stream, head)), _exactly(stream, body)


def _answer(data: bytes, max_side: int, limit: int) -> tuple[dict[str, Any], bytes]:
    from velvet_media.contenders.images import pillow

    try:
        image = pillow.thumbnail(data, max_side)
    except MemoryError:
        return {"error": "MemoryError", "limit": limit}, b""
    except MediaError as error:
        return {"error": type(error).__name__, "message": str(error)}, b""
    return {"shape": list(image.shape)}, image.tobytes()


def serve(requests: BinaryIO, answers: BinaryIO, limit: int) -> None:
    """Answer requests until the stream ends; the program of the worker."""
    while head := requests.read(HEADER.size):
        size, max_side = HEADER.unpack(head)
        about, body = _answer(_exactly(requests, size), max_side, limit)
        reply = json.dumps(about).encode()
        answers.write(HEADER.pack(len(reply), len(body)) + reply + body)
        answers.flush()


def limit_memory(limit: int) -> bool:
    """Limit this process's address space; returns whether the system enforces it."""
    if sys.platform != "linux":
        return False
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    return True


if __name__ == "__main__":
    limit_memory(int(sys.argv[1]))
    serve(sys.stdin.buffer, sys.stdout.buffer, int(sys.argv[1]))
