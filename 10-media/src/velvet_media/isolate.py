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
import os
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
MAX_SIDE, MAX_ABOUT = 65_535, 64 * 1024


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
        if not 0 < timeout <= threading.TIMEOUT_MAX:
            raise ValueError(f"timeout is {timeout}: choose more than 0 seconds, and finite")
        if not memory_limit >= 1:
            raise ValueError(f"memory_limit is {memory_limit}: choose at least 1 byte")
        self.timeout, self.memory_limit, self.limits = timeout, memory_limit, limits
        self._command = command
        self._worker: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def thumbnail(self, source: Source, max_side: int) -> Image:
        """Return a thumbnail, inspected here and decoded there.

        Raises:
            MediaError: of the header, or what the worker reports.
            DecodeTimeout: it took longer than `timeout` and was killed; the next call starts anew.
            WorkerDied: the worker ended by itself, or answered with no picture.
            ValueError: `max_side` is not 1 to 65,535.
        """
        if not 1 <= max_side <= MAX_SIDE:
            raise ValueError(f"max_side is {max_side}: choose 1 to {MAX_SIDE:,}")
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
                about, body = _asked(worker, data, max_side)
            except (EOFError, OSError, RecursionError, ValueError) as error:
                self._end()
                if killed.is_set():
                    raise DecodeTimeout(self.timeout) from error
                raise WorkerDied("the decoder ended by itself: refuse this file") from error
            except BaseException:  # an answer left in the pipe would be that of the next caller
                self._end()
                raise
            finally:
                alarm.cancel()
                alarm.join()
                if killed.is_set():
                    self._end()
        return _picture(about, body, max_side, self.memory_limit)

    def _started(self) -> subprocess.Popen[bytes]:
        if self._worker is None or self._worker.poll() is not None:
            self._end()
            self._worker = subprocess.Popen(
                [sys.executable, *self._command, str(self.memory_limit)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                # Each thread of OpenBLAS would take address space, as many as there are cores.
                env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
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


def _asked(
    worker: subprocess.Popen[bytes], data: bytes, max_side: int
) -> tuple[dict[str, Any], bytes]:
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.write(HEADER.pack(len(data), max_side))
    worker.stdin.write(data)
    worker.stdin.flush()
    return _received(worker.stdout, 4 * max_side * max_side)


def _picture(about: dict[str, Any], body: bytes, max_side: int, memory: int) -> Image:
    """Return the picture of an answer, or raise its error; what a decoder can forge is checked."""
    if "error" in about:
        if about["error"] == "MemoryError":
            raise MemoryBudgetExceeded(memory, memory, "memory_limit")
        kind = getattr(errors, str(about["error"]), None)
        if not isinstance(kind, type) or not issubclass(kind, MediaError):
            kind = WorkerDied
        failure = MediaError.__new__(kind)
        failure.args = (str(about.get("message")),)
        raise failure
    match about.get("shape"):
        case [int(height), int(width), int(channels)] if channels in (3, 4):
            fits = 1 <= min(height, width) <= max(height, width) <= max_side
            if fits and height * width * channels == len(body):
                return np.frombuffer(body, np.uint8).reshape(height, width, channels)
    raise WorkerDied("the decoder answered with no picture: refuse this file")


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError(f"the stream ended after {len(data)} of {size} bytes")
    return data


def _received(stream: IO[bytes], limit: int) -> tuple[dict[str, Any], bytes]:
    head, body = HEADER.unpack(_exactly(stream, HEADER.size))
    if head > MAX_ABOUT or body > limit:
        raise ValueError(f"an answer of {head:,} and {body:,} bytes")
    about = json.loads(_exactly(stream, head))
    if not isinstance(about, dict):
        raise ValueError("an answer that is no JSON object")
    return about, _exactly(stream, body)


def _answer(data: bytes, max_side: int) -> tuple[dict[str, Any], bytes]:
    from velvet_media.contenders.images import pillow

    try:
        image = pillow.thumbnail(data, max_side)
    except MemoryError:
        return {"error": "MemoryError"}, b""
    except MediaError as error:
        return {"error": type(error).__name__, "message": str(error)}, b""
    return {"shape": list(image.shape)}, image.tobytes()


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until the stream ends; the program of the worker."""
    while head := requests.read(HEADER.size):
        size, max_side = HEADER.unpack(head)
        about, body = _answer(_exactly(requests, size), max_side)
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
    serve(sys.stdin.buffer, sys.stdout.buffer)
