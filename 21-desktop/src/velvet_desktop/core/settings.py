"""What an application remembers: settings, the draft that was being typed, and that it runs once.

Files are replaced in one step, so a power cut or a kill leaves the old one or the new one. A file
that cannot be read is kept beside as `.bad`, and the defaults are used.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import os
import secrets
import socket
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from velvet_desktop.core.theme import find
from velvet_desktop.errors import DesktopError, UnknownTheme

SCHEMA = 2
MAX_RECENT = 8
MAX_MESSAGE = 4_096
PATIENCE_S = 5.0  # with the other side of the line, for a whole message
# What a file or a message that is not ours can raise while it is taken apart.
UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError)


def replace_file(path: Path, text: str) -> None:
    """Write a file in one step: a reader sees the old text or the new one, after a crash too."""
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        beside.touch(0o600)  # for its owner only
        with beside.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


@dataclass
class Settings:
    """What is kept between two starts."""

    theme: str = "light"
    recent: list[str] = field(default_factory=list)
    warning: str = field(default="", compare=False)

    @classmethod
    def load(cls, path: Path) -> Settings:
        """Read settings; those of schema 1 are migrated, unreadable ones set aside."""
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            schema = told["schema"]
            if schema not in (1, SCHEMA):
                raise ValueError(f"schema {schema} is unknown to this version")
            if schema == 1:  # it had the dark theme as a yes or no
                told = {**told, "theme": "dark" if told.get("dark") else "light"}
            recent = [str(one) for one in told.get("recent", [])][:MAX_RECENT]
            return cls(find(told["theme"]).name, recent)
        except FileNotFoundError:
            return cls()
        except (OSError, *UNREADABLE, UnknownTheme) as error:
            bad = path.with_name(path.name + ".bad")
            with contextlib.suppress(OSError):
                path.replace(bad)
            return cls(warning=f"settings could not be read ({error}); kept as {bad.name}")

    def save(self, path: Path) -> None:
        """Write them in one step."""
        told = asdict(self) | {"schema": SCHEMA}
        del told["warning"]
        replace_file(path, json.dumps(told, indent=1))

    def opened(self, name: str) -> None:
        """Put a file first among the recent ones."""
        self.recent = [name, *(one for one in self.recent if one != name)][:MAX_RECENT]


class Draft:
    """The text that is being typed, kept in a file until it is stored in the board."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def keep(self, text: str) -> None:
        """Replace the draft; empty text removes it."""
        if text:
            replace_file(self._path, json.dumps(text))
        else:
            self._path.unlink(missing_ok=True)

    def recovered(self) -> str:
        """Return what was being typed when the program ended."""
        try:
            told = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return ""
        return told if isinstance(told, str) else ""


class SingleInstance:
    """The first start listens on loopback; a second one hands its arguments over and ends.

    The address and a token lie in a file that only this user can read; without the token, with
    more than 4,096 bytes, or with anything but a JSON list of texts, a message is refused. A start
    holds a lock meanwhile; SQLite's ends with its process, on every system.
    """

    def __init__(self, path: Path, opened: Callable[[list[str]], object]) -> None:
        self._path, self._opened = path, opened
        self._server: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._address = ("127.0.0.1", 0)
        self.refused = 0

    def claim(self, arguments: list[str]) -> bool:
        """Become the first instance, or hand `arguments` to it; returns whether this is the first.

        Raises:
            DesktopError: the arguments are too long for a message, or another start never ends.
        """
        beside = self._path.with_suffix(".lock")
        try:
            lock = sqlite3.connect(beside, timeout=PATIENCE_S, isolation_level=None)
            with contextlib.closing(lock):
                lock.execute("begin exclusive")
                if self._hand_over(arguments):
                    return False
                self._server = socket.create_server(("127.0.0.1", 0))
                self._address, token = self._server.getsockname(), secrets.token_hex(16)
                replace_file(self._path, json.dumps({"port": self._address[1], "token": token}))
        except sqlite3.DatabaseError as error:
            raise DesktopError(f"{beside}: {error}; try again in a moment") from None
        given = (self._server, token)
        self._thread = threading.Thread(target=self._listen, args=given, daemon=True)
        self._thread.start()
        return True

    def _hand_over(self, arguments: list[str]) -> bool:
        try:
            told = json.loads(self._path.read_text(encoding="utf-8"))
            address = ("127.0.0.1", int(told["port"]))
            with socket.create_connection(address, timeout=PATIENCE_S) as line:
                message = json.dumps([told["token"], *arguments]).encode()
                if len(message) > MAX_MESSAGE:
                    raise DesktopError(
                        f"the board is open already and takes {MAX_MESSAGE:,} bytes, not "
                        f"{len(message):,}: choose the file in its window"
                    )
                line.sendall(message)
                line.shutdown(socket.SHUT_WR)
                return line.recv(8) == b"ok"
        except (OSError, *UNREADABLE):
            return False  # there is none, or the file is left over

    def _listen(self, server: socket.socket, token: str) -> None:
        while True:
            try:
                line, _ = server.accept()
            except OSError:  # closed
                return
            with line, contextlib.suppress(OSError):
                if self._accepted(line, token):
                    line.sendall(b"ok")

    def _accepted(self, line: socket.socket, token: str) -> bool:
        sent, until = b"", time.monotonic() + PATIENCE_S
        try:
            while len(sent) <= MAX_MESSAGE:
                line.settimeout(max(0.001, until - time.monotonic()))  # a slow sender blocks it
                if not (more := line.recv(MAX_MESSAGE)):
                    break
                sent += more
            told: Any = json.loads(sent) if len(sent) <= MAX_MESSAGE else None
            texts = isinstance(told, list) and all(isinstance(one, str) for one in told)
            known = texts and hmac.compare_digest(told[0].encode(), token.encode())
        except (OSError, *UNREADABLE):
            known = False
        if not known:
            self.refused += 1
            return False
        self._opened(told[1:])
        return True

    def close(self) -> None:
        """Stop listening and remove the file."""
        if self._server is not None and self._thread is not None:
            self._path.unlink(missing_ok=True)  # first: the next start may write its own
            with contextlib.suppress(OSError):
                self._server.shutdown(socket.SHUT_RDWR)  # wakes accept() on Linux
            self._server.close()
            with contextlib.suppress(OSError):  # and this wakes it elsewhere
                socket.create_connection(self._address, timeout=0.2).close()
            self._thread.join()
            self._server = None
