"""Running a program and keeping everything that a user could have noticed.

Three modes with one `Result`: ``inprocess`` is cheap and blind to buffering, signals, encodings and
terminals; ``subprocess`` sees all but the terminal; ``pty`` is a terminal. What the tests of a
command-line tool miss is usually what their mode cannot see.
"""

from __future__ import annotations

import io
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal, NamedTuple

from velvet_cli import contenders

PLACES = ("pty", "pipe")
Mode = Literal["inprocess", "subprocess", "pty"]
PATIENCE_S = 30.0
_POLL_S = 0.005
# What would change how a program behaves, and is not the test's business.
_FOREIGN = frozenset(
    [
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONUNBUFFERED",
        "PYTHONIOENCODING",
        "PYTHONUTF8",
        "PYTHONWARNINGS",
        "NO_COLOR",
        "FORCE_COLOR",
        "CLICOLOR",
        "CLICOLOR_FORCE",
        "COLORTERM",
        "COLUMNS",
        "LINES",
        "GITHUB_ACTIONS",
        "CI",
        "TTY_COMPATIBLE",
        "TTY_INTERACTIVE",
        "PY_COLORS",
        "TERMINAL_WIDTH",
        "PYTHONPROFILEIMPORTTIME",
    ]
)
# A background job starts with SIGINT ignored and hands that on; this takes it back.
_LISTEN = "import os,signal,sys;signal.signal(signal.SIGINT,signal.SIG_DFL);os.execvp(sys.argv[1],sys.argv[1:])"


class Result(NamedTuple):
    """What a run left behind.

    `exit`: as `subprocess` gives it: negative for a signal; `out`, `err`: decoded, with ``\\n``
    line ends; on a pty all of it is `out`; `tty`: exactly what a terminal, or the stream that stood
    in for one, received.
    """

    exit: int
    out: str
    err: str = ""
    tty: bytes = b""


def clean_environment(folder: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the process's environment without what would disturb, and a home in `folder`."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in _FOREIGN and not name.startswith(("TASKS_", "XDG_", "COV_"))
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
    name: str,
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
        name: argparse, click, typer or cyclopts.
        argv: the words after the program's name.
        env: added to a clean environment.
        stdin: what it can read; not on a pty.
        folder: where it runs; a new one that is removed afterwards by default.

    Raises ValueError: the mode is none of the three, or raw and in-process at once; OSError: a pty
    was asked for where there is none; subprocess.TimeoutExpired: it ran longer than half a minute;
    it has been killed.
    """
    if mode not in ("inprocess", "subprocess", "pty"):
        raise ValueError(f"mode must be inprocess, subprocess or pty, not {mode!r}")
    if folder is None:
        with tempfile.TemporaryDirectory() as made:
            return invoke(
                name, argv, mode, hardened=hardened, env=env, stdin=stdin, folder=Path(made)
            )
    full = clean_environment(folder, env)
    if mode != "inprocess":
        words = contenders.words(name, *argv, hardened=hardened)
        run = run_process if mode == "subprocess" else run_on_pty
        return run(words, env=full, folder=folder, stdin=stdin)
    if not hardened:
        raise ValueError("the raw program ends its process: use mode='subprocess'")
    from velvet_cli.program import main

    out, err, store = io.StringIO(), io.StringIO(), str(folder / "tasks.jsonl")
    code = main(
        name, ["--store", store, *argv], env=full, stdin=io.StringIO(stdin), stdout=out, stderr=err
    )
    return Result(code, out.getvalue(), err.getvalue())


def run_process(
    words: Sequence[str], *, env: Mapping[str, str], folder: Path, stdin: str = ""
) -> Result:
    """Run a program to its end with pipes."""
    with started(words, env=env, folder=folder, stdin=subprocess.PIPE) as child:
        out, err = child.communicate(stdin.encode(), timeout=PATIENCE_S)
    return Result(child.returncode, _text(out), _text(err))


def run_on_pty(
    words: Sequence[str],
    *,
    env: Mapping[str, str],
    folder: Path,
    stdin: str = "",
    streams: Sequence[str] = ("stdin", "stdout", "stderr"),
    place: str = "pty",
) -> Result:
    """Run a program to its end with streams on a pseudo-terminal of 80 columns and 24 lines.

    `stdin`: what it can read where its input is not on the terminal; `streams`: which of them are
    on it; the others are pipes; `place`: ``pipe`` puts a pipe in the terminal's place, to compare.
    Raises OSError: there is no pseudo-terminal on this system.
    """
    if place not in PLACES:
        raise ValueError(f"place must be one of {', '.join(PLACES)}, not {place!r}")
    ours, theirs = open_ends(place)
    seen: list[bytes] = []
    reader = threading.Thread(target=_drain, args=(ours, seen))
    pipes = {"stdin": subprocess.PIPE} | dict.fromkeys(streams, theirs)
    try:
        with started(words, env=env, folder=folder, **pipes) as child:
            os.close(theirs)
            theirs = -1
            # Read all the time, or a full terminal would block the child for ever.
            reader.start()
            given = None if child.stdin is None else stdin.encode()
            out, err = child.communicate(given, timeout=PATIENCE_S)
    finally:
        if theirs >= 0:
            os.close(theirs)
        if reader.ident is not None:
            reader.join(PATIENCE_S)
        os.close(ours)
    received = b"".join(seen)
    shown = out if out is not None else received
    return Result(child.returncode, _text(shown), _text(err or b""), received)


def open_ends(place: str) -> tuple[int, int]:
    """Open a terminal or a pipe; return the descriptors to read from and to write to.

    Raises OSError: this system has no pseudo-terminals.
    """
    if place == "pipe":
        return os.pipe()
    try:
        import fcntl
        import pty
        import termios
    except ImportError:
        raise OSError("no pseudo-terminals on this system: use a pipe") from None
    ours, theirs = pty.openpty()
    # A terminal of no size makes bars draw nothing.
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    return ours, theirs


@contextmanager
def started(
    words: Sequence[str], *, env: Mapping[str, str], folder: Path, **streams: Any
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a program in a session of its own, which hears signals, and leave none of it behind.

    Raises FileNotFoundError: there is no such program.
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


def _drain(descriptor: int, into: list[bytes]) -> None:
    # Linux says EIO when the other end of a pseudo-terminal is closed, others give nothing.
    with suppress(OSError):
        while chunk := os.read(descriptor, 65536):
            into.append(chunk)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace").replace("\r\n", "\n")
