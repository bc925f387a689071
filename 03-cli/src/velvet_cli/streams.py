"""Where output goes: data to standard output, everything else to standard error.

Readers that go away, consoles that cannot encode, closed descriptors and full disks each become one
named exception or a repaired text, so that no command has to think of them.
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
# A terminal obeys C1 controls as it does escape sequences (ECMA-48); JSON reads these escapes back.
_C1 = {code: f"\\u{code:04x}" for code in range(0x80, 0xA0)}


class PipeClosed(Exception):
    """The reader of standard output has gone away, and with it the reason to go on."""


class InputMissing(OSError):
    """A file that was named cannot be read."""


class Output:
    """What a command writes to: data to stdout in `format`, notes to stderr (or None).

    `color`: the decision for stdout; `plain`: write as `print` does, whatever happens.
    """

    def __init__(
        self,
        stdout: TextIO,
        stderr: TextIO | None,
        *,
        format: str = "table",  # noqa: A002 - the field's own word
        color: Decision | None = None,
        quiet: bool = False,
        plain: bool = False,
    ) -> None:
        self.stdout, self.stderr, self.format = stdout, stderr, format
        self._color, self._quiet, self._plain = color, quiet, plain

    def rows(self, rows: Iterable[Row], fields: Sequence[str]) -> None:
        """Write rows in the chosen format; raises as `text`."""
        for line in render_rows(rows, fields, self.format, header=self._header()):
            self._write(line)

    def text(self, text: str) -> None:
        """Write one line of data.

        Raises PipeClosed: the reader went away; OSError: writing failed otherwise.
        """
        self._write(f"{text}\n")

    def note(self, text: str) -> None:
        """Write a line for the user that is not data, unless it should be quiet."""
        if not self._quiet and self.stderr is not None:
            self.stderr.write(encode_safe(f"{text}\n", self.stderr))

    def _write(self, text: str) -> None:
        if self._plain:
            self.stdout.write(text)
            return
        with pipe_errors():
            self.stdout.write(encode_safe(text, self.stdout))

    def _header(self) -> Callable[[str], str]:
        decision = self._color
        if decision is None or not decision.enabled:
            return str
        from velvet_cli.color import Style

        return lambda cell: Style(cell, bold=True).render(decision)


@contextmanager
def pipe_errors() -> Iterator[None]:
    """Turn what systems say of a closed pipe (EPIPE; Windows: EINVAL) into `PipeClosed`."""
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

    Raises InputMissing: it cannot be read, or standard input is closed.
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


def encode_safe(text: str, stream: TextIO) -> str:
    r"""Return the text with C1 controls, and what the stream cannot encode, as escapes; O(n).

    A console with an ASCII locale shows ``\u2713`` for a tick instead of failing.
    """
    encoding = getattr(stream, "encoding", None) or "utf-8"
    text = text.translate(_C1) if not text.isascii() else text
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.encode(encoding, "backslashreplace").decode(encoding)
    return text
