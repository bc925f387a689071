"""What happens when the decoder in the other process hangs, dies, lies, or has no memory left."""

from __future__ import annotations

import io
import sys

import numpy as np
import pytest

from velvet_media import isolate
from velvet_media.errors import (
    CorruptMedia,
    DecodeTimeout,
    MemoryBudgetExceeded,
    TooManyPixels,
    WorkerDied,
)
from velvet_media.isolate import HEADER, IsolatedDecoder, limit_memory, serve
from velvet_media.samples import hostile, media

# What ends a test that hangs; no test waits for it.
PATIENCE_S = 120.0
SLEEPER = ("-c", "import sys, time; sys.stdin.buffer.read(8); time.sleep(600)")
DYING = ("-c", "import os, sys; sys.stdin.buffer.read(8); os._exit(11)")


def test_a_thumbnail_comes_from_another_process() -> None:
    data = media.private_photo()
    with IsolatedDecoder(PATIENCE_S) as decoder:
        first = decoder.thumbnail(data, 90)
        worker = decoder._worker
        second = decoder.thumbnail(data, 90)
        assert decoder._worker is worker

    assert first.shape == (90, 60, 3)
    assert np.array_equal(first, second)
    assert worker is not None
    assert worker.returncode is not None


def test_errors_of_the_worker_come_back_as_their_class(quiet: None) -> None:
    data = bytearray(media.png(media.scene(64, 48, 2)))
    data[60:140] = bytes(80)
    with IsolatedDecoder(PATIENCE_S) as decoder:
        with pytest.raises(CorruptMedia, match="Pillow cannot decode it"):
            decoder.thumbnail(bytes(data), 32)
        with pytest.raises(TooManyPixels):
            decoder.thumbnail(hostile.FILES["bomb_60k"].data, 32)
        assert decoder.thumbnail(media.jpeg(media.scene(64, 48, 2)), 32).shape == (24, 32, 3)


def test_a_hanging_decoder_is_killed_and_the_next_one_works() -> None:
    data = media.jpeg(media.scene(64, 48, 2))
    with IsolatedDecoder(0.2, command=SLEEPER) as decoder:
        with pytest.raises(DecodeTimeout, match=r"timeout=0\.2 s"):
            decoder.thumbnail(data, 32)
        assert decoder._worker is None
        decoder._command, decoder.timeout = ("-m", "velvet_media.isolate"), PATIENCE_S
        assert decoder.thumbnail(data, 32).shape == (24, 32, 3)
    with pytest.raises(ValueError, match="timeout is 0"):
        IsolatedDecoder(0)


def test_a_decoder_that_dies_is_told_from_one_that_hangs() -> None:
    worker = IsolatedDecoder(PATIENCE_S, command=DYING)
    with worker as decoder, pytest.raises(WorkerDied, match="refuse this file"):
        decoder.thumbnail(media.jpeg(media.scene(64, 48, 2)), 32)


NARROW = """
import resource, sys
from velvet_media import isolate
from velvet_media.contenders.images import pillow
from velvet_media.samples import media
pillow.thumbnail(media.jpeg(media.scene(64, 48, 2)), 32)  # what is loaded late is loaded
pages = int(open("/proc/self/statm").read().split()[0])
limit = pages * resource.getpagesize() + 64 * 2**20
isolate.limit_memory(limit)
isolate.serve(sys.stdin.buffer, sys.stdout.buffer)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS is enforced on Linux alone")
def test_a_decode_over_the_memory_limit_is_an_error_and_the_worker_goes_on() -> None:
    large = hostile.flat_png(6000)  # 144 MB of pixels for Pillow, which the header check allows

    with IsolatedDecoder(PATIENCE_S, command=("-c", NARROW)) as decoder:
        with pytest.raises(MemoryBudgetExceeded, match="memory_limit="):
            decoder.thumbnail(large, 64)
        assert decoder.thumbnail(media.jpeg(media.scene(64, 48, 2)), 32).shape == (24, 32, 3)


def answer(about: bytes, body: bytes = b"") -> bytes:
    return HEADER.pack(len(about), len(body)) + about + body


ANSWERS = {
    "no JSON": answer(b"{]"),
    "a list": answer(b"[]"),
    "four gigabytes": b"\0\0\0\2\xff\xff\xff\xff{}",
    "depth": answer(b"[" * 60_000),
    "no shape": answer(b"{}"),
    "no picture's shape": answer(b'{"shape": [9]}', bytes(9)),
    "no pixel": answer(b'{"shape": [0, 9, 3]}'),
    "a side over the largest": answer(b'{"shape": [33, 1, 3]}', bytes(99)),
    "a side beyond any number": answer(b'{"shape": [%d, 1, 3]}' % 10**30),
    "too few pixels": answer(b'{"shape": [9, 9, 3]}', bytes(9)),
    "a function as its error": answer(b'{"error": "_size"}'),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_decoder_that_was_taken_over_can_forge_no_more_than_a_picture(name: str) -> None:
    code = f"import sys, time; sys.stdout.buffer.write({ANSWERS[name]!r}); sys.stdout.flush()"
    command = ("-c", f"{code}; sys.stdin.buffer.read()")

    worker = IsolatedDecoder(PATIENCE_S, command=command)
    with worker as decoder, pytest.raises(WorkerDied):
        decoder.thumbnail(media.jpeg(media.scene(64, 48, 2)), 32)


def test_an_answer_that_was_not_read_is_not_that_of_the_next_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    red, blue = (media.jpeg(np.full((9, 9, 3), c, np.uint8)) for c in ((250, 0, 0), (0, 0, 250)))

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with IsolatedDecoder(PATIENCE_S) as decoder:
        with monkeypatch.context() as patched:
            patched.setattr(isolate, "_received", interrupted)
            with pytest.raises(KeyboardInterrupt):
                decoder.thumbnail(red, 9)
        assert decoder.thumbnail(blue, 9)[4, 4, 2] > 200


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf")])
def test_a_time_or_a_side_out_of_range_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="timeout is"):
        IsolatedDecoder(value)
    with IsolatedDecoder() as decoder, pytest.raises(ValueError, match="max_side is"):
        decoder.thumbnail(b"", value)  # type: ignore[arg-type]


def test_the_worker_answers_until_its_input_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad = media.jpeg(media.scene(64, 48, 2)), b"no picture"
    asked = b"".join(HEADER.pack(len(data), 32) + data for data in (good, bad))
    answers = io.BytesIO()

    with io.BufferedWriter(answers, 1 << 20) as pipe:  # type: ignore[arg-type]
        serve(io.BytesIO(asked), pipe)
        answers = io.BytesIO(answers.getvalue())  # what has left, before the pipe is closed

    about, body = isolate._received(answers, 2**20)
    assert about["shape"] == [24, 32, 3]
    assert len(body) == 24 * 32 * 3
    about, body = isolate._received(answers, 2**20)
    assert about["error"] == "UnsupportedFormat"
    with pytest.raises(EOFError, match="after 0 of"):
        isolate._received(answers, 2**20)
    from velvet_media.contenders.images import pillow

    def out_of_memory(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(pillow, "thumbnail", out_of_memory)
    assert isolate._answer(good, 32)[0] == {"error": "MemoryError"}
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not limit_memory(2**40)
