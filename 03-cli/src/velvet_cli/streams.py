"""Where output goes: data to standard output, everything else to standard error.

A program in a pipeline meets readers that go away, consoles that cannot encode, closed
descriptors and full disks. Here each of these becomes one named exception or a repaired
text, so that no command has to think of it.
"""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from velvet_cli.formats import Row, render_rows

if TYPE_CHECKING:
    from velvet_cli.color import Decision

STDIN = "-"


class PipeClosed(Exception):
    """The reader of standard output has gone away; nobody is left to tell."""


class InputMissing(OSError):
    """A file that was named cannot be read."""


class Output:
    """What a command writes to.

    Args:
        stdout: for data, in `format`.
        stderr: for notes and errors.
        format: how `rows` are written.
        color: the decision for stdout; None is no colour.
        quiet: leave out the notes.
    """

    def __init__(
        self,
        stdout: TextIO,
        stderr: TextIO | None,
        *,
        format: str = "table",  # noqa: A002 - the field's own word
        color: Decision | None = None,
        quiet: bool = False,
    ) -> None:
        self.stdout, self.stderr = stdout, stderr
        self.format, self.color, self.quiet = format, color, quiet

    def rows(self, rows: Iterable[Row], fields: Sequence[str]) -> None:
        """Write rows in the chosen format.

        Raises:
            PipeClosed: the reader went away.
            OSError: writing failed otherwise.
        """
        for line in render_rows(rows, fields, self.format, header=self._header()):
            self._write(line)

    def text(self, text: str) -> None:
        """Write one line of data."""
        self._write(f"{text}\n")

    def note(self, text: str) -> None:
        """Tell the user something that is not data, unless it should be quiet."""
        if not self.quiet and self.stderr is not None:
            self.stderr.write(encode_safe(f"{text}\n", self.stderr))

    def flush(self) -> None:
        """Hand everything over.

        Raises:
            PipeClosed: the reader went away.
            OSError: writing failed otherwise.
        """
        with pipe_errors():
            self.stdout.flush()

    def _write(self, text: str) -> None:
        with pipe_errors():
            self.stdout.write(encode_safe(text, self.stdout))

    def _header(self) -> Callable[[str], str]:
        decision = self.color
        if decision is None or not decision.enabled:
            return str
        from velvet_cli.color import Style

        return lambda cell: Style(cell, bold=True).render(decision)


@contextmanager
def pipe_errors() -> Iterator[None]:
    """Turn the ways in which systems report a closed pipe into `PipeClosed`.

    POSIX gives EPIPE; Windows gives EINVAL when the other end of a pipe is gone.
    """
    try:
        yield
    except BrokenPipeError:
        raise PipeClosed from None
    except OSError as error:
        if sys.platform == "win32" and error.errno == errno.EINVAL:
            raise PipeClosed from None
        raise


@contextmanager
def open_input(name: str, stdin: TextIO | None) -> Iterator[TextIO]:
    """Open a file for reading as UTF-8, or standard input for ``-``, which stays open.

    Raises:
        InputMissing: there is no such file, it cannot be read, or standard input is closed.
    """
    if name == STDIN:
        if stdin is None or stdin.closed:
            raise InputMissing("standard input is closed, so - cannot be read")
        yield stdin
        return
    try:
        file = Path(name).open(encoding="utf-8-sig")  # noqa: SIM115 - closed below
    except OSError as error:
        raise InputMissing(f"{name} cannot be read: {error.strerror}") from None
    with file:
        yield file


def is_interactive(*streams: TextIO | None) -> bool:
    """Whether every one of the streams is a terminal, so that a person can be asked."""
    from velvet_cli.color import is_terminal

    return bool(streams) and all(is_terminal(stream) for stream in streams)


def line_buffered(stream: TextIO) -> bool:
    """Make a stream hand over every line at once; return whether it can."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is None:
        return False
    reconfigure(line_buffering=True)
    return True


def encode_safe(text: str, stream: TextIO) -> str:
    r"""Return the text with what the stream cannot encode as a backslash escape.

    A console with code page 1252 or an ASCII locale shows ``\u2713`` for a tick instead of
    ending the program with `UnicodeEncodeError`. O(n).
    """
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.encode(encoding, "backslashreplace").decode(encoding)
    return text
