"""A TCP proxy on loopback that can be cut: connections end, new ones are closed at once."""

from __future__ import annotations

import contextlib
import select
import socket
import threading


class Proxy:
    """Forward a loopback port to another; use it as a context manager.

    Attributes:
        port: where it listens.
    """

    def __init__(self, target: tuple[str, int]) -> None:
        self.target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.05)
        self.port = int(self._listener.getsockname()[1])
        self._ended, self._cut = threading.Event(), threading.Event()
        self._threads: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept, name="proxy")

    def cut(self) -> None:
        """Break every connection, and close new ones at once until `mend`."""
        self._cut.set()

    def mend(self) -> None:
        """Let connections through again."""
        self._cut.clear()

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                inner, _ = self._listener.accept()
            except TimeoutError:
                continue
            if self._cut.is_set():
                inner.close()
                continue
            thread = threading.Thread(target=self._forward, args=(inner,), name="proxy-pair")
            self._threads.append(thread)
            thread.start()

    def _forward(self, inner: socket.socket) -> None:
        with inner, contextlib.suppress(OSError), socket.create_connection(self.target) as outer:
            other = {inner: outer, outer: inner}
            while not (self._ended.is_set() or self._cut.is_set()):
                ready, _, _ = select.select(list(other), [], [], 0.05)
                for side in ready:
                    content = side.recv(65536)
                    if not content:
                        return
                    other[side].sendall(content)

    def __enter__(self) -> Proxy:
        self._accepting.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._accepting.join()
        for thread in self._threads:
            thread.join()
        self._listener.close()
