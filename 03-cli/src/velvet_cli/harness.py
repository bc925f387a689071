"""Running a front end and keeping everything that a user could have noticed.

Three modes with one `Result`: ``inprocess`` is cheap and blind to buffering, signals, encodings
and terminals; ``subprocess`` sees all but the terminal; ``pty`` is a terminal. What the tests
of a command-line tool miss is usually what their mode cannot see.
"""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal, NamedTuple

from velvet_cli.frontends import Frontend
from velvet_cli.terminal import children_cpu_s

Mode = Literal["inprocess", "subprocess", "pty"]
PATIENCE_S = 30.0
_POLL_S = 0.005
# What would change how a program behaves, and is not the test's business.
_FOREIGN = (
    *(
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONUNBUFFERED",
        "PYTHONIOENCODING",
        "PYTHONUTF8",
        "PYTHONWARNINGS",
    ),
    *("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLORTERM", "COLUMNS", "LINES"),
    *("GITHUB_ACTIONS", "CI", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "PY_COLORS", "TERMINAL_WIDTH"),
)
# A background job starts with SIGINT ignored and hands that on; this takes it back.
_LISTEN = "import os,signal,sys;signal.signal(signal.SIGINT,signal.SIG_DFL);os.execvp(sys.argv[1],sys.argv[1:])"


class PtyMissing(RuntimeError):
    """This system has no pseudo-terminals that the standard library can open."""


class Result(NamedTuple):
    """What a run left behind.

    Attributes:
        exit: as `subprocess` gives it: negative for a signal.
        out, err: decoded, with ``\\n`` line ends; on a pty all of it is `out`.
        tty_bytes: exactly what a terminal received; empty in the other modes.
        cpu_ms: user and system time of the child; None where it cannot be told.
    """

    exit: int
    out: str
    err: str
    tty_bytes: bytes = b""
    cpu_ms: float | None = None


def clean_environment(folder: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the process's environment without what would disturb, and a home in `folder`."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in _FOREIGN and not name.startswith(("TASKS_", "XDG_"))
    }
    own = {
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder / "xdg"),
        "XDG_CONFIG_DIRS": str(folder / "etc"),
        "TERM": "xterm-256color",
        "PYTHONIOENCODING": "utf-8",
    }
    return {**kept, **own, **(more or {})}


def invoke(
    frontend: str,
    argv: Sequence[str],
    mode: Mode = "inprocess",
    *,
    hardened: bool = True,
    env: Mapping[str, str] | None = None,
    stdin: str = "",
    folder: Path | None = None,
) -> Result:
    """Run one front end once.

    Args:
        frontend: argparse, click, typer or cyclopts.
        argv: the words after the program's name.
        env: added to a clean environment.
        stdin: what it can read; not on a pty.
        folder: where it runs; a new one that is removed afterwards by default.

    Raises:
        ValueError: the mode is none of the three, or raw and in-process at once.
        PtyMissing: a pty was asked for where there is none.
        subprocess.TimeoutExpired: it ran longer than half a minute; it has been killed.
    """
    if mode not in ("inprocess", "subprocess", "pty"):
        raise ValueError(f"mode must be inprocess, subprocess or pty, not {mode!r}")
    if folder is None:
        with tempfile.TemporaryDirectory() as made:
            return invoke(
                frontend, argv, mode, hardened=hardened, env=env, stdin=stdin, folder=Path(made)
            )
    full = clean_environment(folder, env)
    if mode == "inprocess":
        if not hardened:
            raise ValueError("the raw program ends its process: use mode='subprocess'")
        return _inprocess(
            Frontend(frontend), ["--store", str(folder / "tasks.jsonl"), *argv], full, stdin
        )
    words = [*Frontend(frontend).argv_prefix(hardened=hardened), *argv]
    if mode == "pty":
        return run_on_pty(words, env=full, folder=folder)
    return run_process(words, env=full, stdin=stdin, folder=folder)


def _inprocess(front: Frontend, argv: Sequence[str], env: Mapping[str, str], stdin: str) -> Result:
    out, err = io.StringIO(), io.StringIO()
    began = time.process_time()
    code = front.main(argv, env=env, stdin=io.StringIO(stdin), stdout=out, stderr=err)
    return Result(code, out.getvalue(), err.getvalue(), cpu_ms=(time.process_time() - began) * 1e3)


def run_process(
    words: Sequence[str], *, env: Mapping[str, str], folder: Path, stdin: str = ""
) -> Result:
    """Run a program to its end with pipes."""
    began = children_cpu_s()
    with started(words, env=env, folder=folder, stdin=subprocess.PIPE) as child:
        out, err = child.communicate(stdin.encode(), timeout=PATIENCE_S)
    return Result(child.returncode, _text(out), _text(err), cpu_ms=_since(began))


def run_on_pty(words: Sequence[str], *, env: Mapping[str, str], folder: Path) -> Result:
    """Run a program to its end on a pseudo-terminal of 80 columns and 24 lines.

    Raises:
        PtyMissing: there is none on this system.
    """
    if sys.platform == "win32":
        raise PtyMissing("the standard library opens no ConPTY: run this on Linux or macOS")
    import fcntl
    import pty
    import struct
    import termios

    master, slave = pty.openpty()
    began, received = children_cpu_s(), bytearray()
    try:
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        with started(
            words, env=env, folder=folder, stdin=slave, stdout=slave, stderr=slave
        ) as child:
            os.close(slave)
            slave = -1
            # Drained before waiting, or a full terminal would block the child for ever. Linux
            # says EIO, and macOS the end of file, when the last writer is gone.
            with suppress(OSError):
                while chunk := os.read(master, 65536):
                    received += chunk
            child.wait(PATIENCE_S)
    finally:
        os.close(master)
        if slave >= 0:
            os.close(slave)
    return Result(
        child.returncode, _text(bytes(received)), "", bytes(received), cpu_ms=_since(began)
    )


@contextmanager
def started(
    words: Sequence[str], *, env: Mapping[str, str], folder: Path, **streams: Any
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a program in a session of its own, which hears signals, and leave none of it behind.

    Raises:
        FileNotFoundError: there is no such program.
    """
    command = list(words)
    own: dict[str, Any]
    if sys.platform == "win32":
        own = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    else:
        own = {"start_new_session": True}
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            if shutil.which(command[0], path=env.get("PATH")) is None:
                raise FileNotFoundError(f"no such program: {command[0]}")
            command = [sys.executable, "-c", _LISTEN, *command]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
    child: subprocess.Popen[bytes] = subprocess.Popen(
        command, env=dict(env), cwd=folder, **own, **pipes
    )
    try:
        yield child
    finally:
        if child.poll() is None:
            child.kill()
        child.wait()
        for stream in (child.stdin, child.stdout, child.stderr):
            if stream is not None:
                with suppress(OSError):
                    stream.close()


def send(child: subprocess.Popen[bytes], signum: int) -> None:
    """Send a signal; on Windows, whose only one for a process group is Ctrl-Break, that one."""
    if sys.platform == "win32":
        child.send_signal(signal.CTRL_BREAK_EVENT)
    else:
        child.send_signal(signum)


def wait_for(path: Path, child: subprocess.Popen[bytes]) -> bool:
    """Wait until a file exists; return False when the child ends first or takes too long."""
    until = time.monotonic() + PATIENCE_S
    while not path.exists():
        if child.poll() is not None or time.monotonic() > until:
            return path.exists()
        time.sleep(_POLL_S)
    return True


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace").replace("\r\n", "\n")


def _since(before: float) -> float | None:
    # Windows does not count the time of children.
    return None if sys.platform == "win32" else (children_cpu_s() - before) * 1e3
