"""Lines from a stream of bytes, at any chunk size, without losing a character.

A network delivers bytes, and a character may lie across two chunks. An incremental decoder keeps
the unfinished bytes until the rest arrives (`codecs.IncrementalDecoder`); what is ill-formed
becomes one U+FFFD for each maximal subpart (Unicode 15.0, section 3.9). A line end may be cut as
well, between its carriage return and its line feed.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import AsyncIterable, AsyncIterator, Iterable

from velvet_text.decode import text_codec
from velvet_text.errors import LineTooLong, TextError

MAX_LINE = 1 << 20


class StreamDecoder:
    """Turn chunks of bytes into complete lines; not thread-safe.

    Memory is bounded by `max_line` and one chunk. Line ends are ``\\n``, ``\\r\\n`` and ``\\r``.

    Args:
        encoding: of the stream; a mark at its very start is dropped.
        errors: ``strict`` or ``replace``.
        max_line: characters that a line may have.

    Attributes:
        replaced: sequences that became U+FFFD; those that the stream itself sent do not count.

    >>> decoder = StreamDecoder("utf-8")
    >>> decoder.feed(b"caf\\xc3"), decoder.feed(b"\\xa9\\r"), decoder.feed(b"\\nx"), decoder.close()
    ([], [], ['café'], ['x'])
    """

    def __init__(
        self, encoding: str = "utf-8", *, errors: str = "strict", max_line: int = MAX_LINE
    ) -> None:
        if errors not in ("strict", "replace"):
            raise TextError(f"errors={errors!r} loses text; choose 'strict' or 'replace'")
        if max_line < 1:
            raise TextError(f"max_line must be at least 1, not {max_line}")
        codec = text_codec(encoding)
        self._codec = "utf-8-sig" if codec == "utf-8" else codec
        self._decoder = codecs.getincrementaldecoder(self._codec)(errors)
        self._ends = io.IncrementalNewlineDecoder(None, translate=True)
        self._errors, self._max_line = errors, max_line
        self._parts: list[str] = []
        self._pending = 0
        self._closed = False
        self.replaced = 0

    def feed(self, data: bytes) -> list[str]:
        """Return the lines that `data` completes, without their ends.

        Raises:
            UnicodeError: ill-formed bytes, when errors are strict; UTF-16 or UTF-32 without a
                mark, always: name the order of its bytes.
            LineTooLong: a line is longer than its limit; what was kept of it is dropped.
            TextError: the decoder is closed.
        """
        return self._take(data, final=False)

    def close(self) -> list[str]:
        """Return the last line if it has no end; a second call returns nothing."""
        if self._closed:
            return []
        lines = self._take(b"", final=True)
        self._closed = True
        last = "".join(self._parts)
        self._parts.clear()
        return [*lines, last] if last else lines

    def _take(self, data: bytes, *, final: bool) -> list[str]:
        if self._closed:
            raise TextError("the decoder is closed; make a new one for another stream")
        before = self._decoder.getstate() if self._errors == "replace" else None
        text = self._decoder.decode(data, final)
        if before is not None and "\ufffd" in text:
            again = codecs.getincrementaldecoder(self._codec)("ignore")
            again.setstate(before)
            self.replaced += text.count("\ufffd") - again.decode(data, final).count("\ufffd")
        first, *rest = self._ends.decode(text, final).split("\n")
        self._parts.append(first)
        self._pending += len(first)
        if not rest:
            self._check(self._pending)
            return []
        lines = ["".join(self._parts), *rest[:-1]]
        self._parts, self._pending = [rest[-1]], len(rest[-1])
        self._check(max(map(len, lines)), self._pending)
        return lines

    def _check(self, *lengths: int) -> None:
        if max(lengths) > self._max_line:
            self._parts.clear()
            self._closed = True
            raise LineTooLong(self._max_line)


async def aiter_lines(
    chunks: AsyncIterable[bytes],
    encoding: str = "utf-8",
    *,
    errors: str = "strict",
    max_line: int = MAX_LINE,
) -> AsyncIterator[str]:
    """Yield the lines of an asynchronous stream, as `StreamDecoder` finds them."""
    decoder = StreamDecoder(encoding, errors=errors, max_line=max_line)
    async for chunk in chunks:
        for line in decoder.feed(chunk):
            yield line
    for line in decoder.close():
        yield line


def decode_chunks_naive(chunks: Iterable[bytes], encoding: str = "utf-8") -> tuple[str, int]:
    """Decode each chunk alone and skip what fails: the wrong way, kept to be measured.

    Returns the text that is left, and how many chunks are missing from it.
    """
    kept, lost = [], 0
    for chunk in chunks:
        try:
            kept.append(chunk.decode(encoding))
        except UnicodeDecodeError:
            lost += 1
    return "".join(kept), lost
