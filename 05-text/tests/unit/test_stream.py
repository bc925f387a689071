"""Streams: lines at any chunk size, bounded memory, nothing lost."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import AsyncIterator

import pytest

from velvet_text.errors import LineTooLong, TextError
from velvet_text.stream import StreamDecoder, aiter_lines, decode_chunks_naive


def test_a_line_end_may_be_cut() -> None:
    decoder = StreamDecoder()

    lines = [line for chunk in (b"a\r", b"\nb\rc", b"\n\r\n", b"d") for line in decoder.feed(chunk)]

    assert lines + decoder.close() == ["a", "b", "c", "", "d"]


def test_a_mark_is_dropped_at_the_start_only() -> None:
    decoder = StreamDecoder()

    got = [decoder.feed(part) for part in (b"\xef\xbb", b"\xbfa\n", b"\xef\xbb\xbfb\n")]

    assert got == [[], ["a"], ["\ufeffb"]]


def test_replacements_are_counted_without_those_of_the_stream() -> None:
    decoder = StreamDecoder(errors="replace")

    lines = decoder.feed(b"\xff\xef\xbf") + decoder.feed(b"\xbd\n\xc3") + decoder.close()

    assert (lines, decoder.replaced) == (["\ufffd\ufffd", "\ufffd"], 2)
    strict = StreamDecoder()
    assert (strict.feed("\ufffd\n".encode()), strict.replaced) == (["\ufffd"], 0)


def test_a_stream_without_line_ends_is_refused_in_bounded_memory() -> None:
    decoder = StreamDecoder()
    chunk = b"x" * 4096
    tracemalloc.start()

    with pytest.raises(LineTooLong, match="1,048,576"):
        list(map(decoder.feed, [chunk] * 10_000))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 5 << 20
    with pytest.raises(TextError, match="closed"):
        decoder.feed(b"x")
    assert decoder.close() == []


def test_a_long_line_inside_a_chunk_is_refused_too() -> None:
    assert StreamDecoder(max_line=3).feed(b"ok\nfit\nok\n") == ["ok", "fit", "ok"]
    with pytest.raises(LineTooLong):
        StreamDecoder(max_line=3).feed(b"ok\nlong\nok\n")


@pytest.mark.parametrize(
    "options", [{"errors": "ignore"}, {"max_line": 0}, {"encoding": "utf-7"}, {"encoding": "no"}]
)
def test_wrong_options_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(TextError):
        StreamDecoder(**options)  # type: ignore[arg-type]


def test_an_unfinished_character_at_the_end_is_an_error() -> None:
    decoder = StreamDecoder()
    decoder.feed(b"caf\xc3")

    with pytest.raises(UnicodeDecodeError):
        decoder.close()


def test_asynchronous_streams_give_the_same_lines() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for part in (b"a\n\xc3", b"\xa9\n", b"z"):
            yield part

    async def lines() -> list[str]:
        return [line async for line in aiter_lines(chunks())]

    assert asyncio.run(lines()) == ["a", "é", "z"]


def test_the_naive_way_loses_text() -> None:
    data = "aé".encode() * 1000
    chunks = [data[i : i + 64] for i in range(0, len(data), 64)]

    text, lost = decode_chunks_naive(chunks)

    assert lost > 10
    assert len(text) < 2000
