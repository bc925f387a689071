"""Upload forms whose files never lie in memory: multipart/form-data (RFC 7578), made while it is sent.

A form is its parts with a boundary between them that no part may hold. The boundary is random, 128
bits, so nothing has to be searched. Names are escaped as browsers do it (WHATWG HTML, multipart form
data): without CR, LF and double quotes, no filename can end its header line and begin another.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from velvet_http.errors import HttpError, PartChanged
from velvet_http.model import Headers, Request

STEP = 65_536  # bytes of a file in memory at a time
_ESCAPES = str.maketrans({"\r": "%0D", "\n": "%0A", '"': "%22"})


@dataclass(frozen=True)
class Part:
    """One field of a form; a ValueError for no file, no size, or a type with a line break.

    Attributes:
        content: bytes; a file, which is read while it is sent; or a function that returns the
            pieces and is called anew for each attempt.
        filename: makes the field a file; a path brings its last component.
        size: bytes that the function's pieces have together, None when that is unknown.
    """

    name: str
    content: bytes | Path | Callable[[], Iterable[bytes]]
    filename: str | None = None
    content_type: str = "application/octet-stream"
    size: int | None = None

    def __post_init__(self) -> None:
        Headers({"Content-Type": self.content_type})
        if self.size is not None and not self.size >= 0:
            raise ValueError(f"size is a number of bytes, or None when unknown, not {self.size}")
        if isinstance(self.content, Path) and not self.content.is_file():
            raise ValueError(f"{self.content} is no file; name one that can be uploaded")

    def measure(self) -> int | None:
        """Return the bytes of the content as it is now."""
        if isinstance(self.content, Path):
            return self.content.stat().st_size
        return len(self.content) if isinstance(self.content, bytes) else self.size

    def head(self) -> bytes:
        """Return the header fields and the empty line after them."""
        named = self.content.name if isinstance(self.content, Path) else None
        filename = named if self.filename is None else self.filename
        lines = f'Content-Disposition: form-data; name="{self.name.translate(_ESCAPES)}"'
        if filename is not None:
            lines += f'; filename="{filename.translate(_ESCAPES)}"'
            lines += f"\r\nContent-Type: {self.content_type}"
        return f"{lines}\r\n\r\n".encode("utf-8", "replace")

    def pieces(self, size: int | None) -> Iterator[bytes]:
        """Yield the content, or raise `PartChanged` unless it has exactly `size` bytes."""
        got = 0
        try:
            for piece in self._read():
                got += len(piece)
                if size is not None and got > size:
                    break  # what does not fit is never sent
                yield piece
        except HttpError:
            raise
        except Exception as error:
            raise PartChanged(f"part {self.name!r} cannot be read to its end: {error}") from error
        if size is not None and got != size:
            found = "more than" if got > size else f"only {got:,} of"
            raise PartChanged(f"part {self.name!r} has {found} the {size:,} bytes announced")

    def _read(self) -> Iterator[bytes]:
        if isinstance(self.content, Path):
            with self.content.open("rb") as file:
                while piece := file.read(STEP):
                    yield piece
        elif isinstance(self.content, bytes):
            for start in range(0, len(self.content), STEP):
                yield self.content[start : start + STEP]
        else:
            yield from self.content()


class Multipart:
    """A form as a request's body; each iteration makes it anew, for the next attempt.

    >>> form = Multipart([Part("title", b"A cat"), Part("cat", b"...", filename='a"\\r\\nX: 1')])
    >>> form.size == len(b"".join(form))
    True
    >>> b"".join(form).splitlines()[5]
    b'Content-Disposition: form-data; name="cat"; filename="a%22%0D%0AX: 1"'
    """

    def __init__(self, parts: Iterable[Part]) -> None:
        boundary = secrets.token_hex(16)
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self._parts = [(part, part.measure()) for part in parts]
        self._begin = f"--{boundary}\r\n".encode()
        self._end = f"--{boundary}--\r\n".encode()

    @property
    def size(self) -> int | None:
        """Bytes of the whole body, None when a part does not know its own."""
        total = len(self._end)
        for part, size in self._parts:
            if size is None:
                return None
            total += len(self._begin) + len(part.head()) + size + len(b"\r\n")
        return total

    def __iter__(self) -> Iterator[bytes]:
        for part, size in self._parts:
            yield self._begin + part.head()
            yield from part.pieces(size)
            yield b"\r\n"
        yield self._end


def form_request(url: str, parts: Iterable[Part], headers: Headers | None = None) -> Request:
    """Return a POST that uploads a form, with its length if every part knows its own, else chunked.

    Sending it raises `PartChanged` when a part is then not as long as now; the server cannot take
    what it got for the whole form, because its end is missing.
    """
    form = Multipart(parts)
    fields = (headers or Headers()).with_field("Content-Type", form.content_type)
    if form.size is not None:
        fields = fields.with_field("Content-Length", str(form.size))
    return Request("POST", url, fields, form)
