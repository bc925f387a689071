"""What happens when a decoder hangs or dies, a disk is full, a frame fails, memory is short."""

from __future__ import annotations

import errno
import io
import struct
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pil

from velvet_media import isolate, video
from velvet_media.__main__ import main
from velvet_media.batch import bounded, pool, run
from velvet_media.errors import (
    CorruptMedia,
    DecodeTimeout,
    MediaError,
    MemoryBudgetExceeded,
    TooManyFrames,
    TooManyPixels,
    TruncatedMedia,
    UnsupportedFormat,
    WorkerDied,
)
from velvet_media.images import Image
from velvet_media.isolate import HEADER, IsolatedDecoder, limit_memory, serve
from velvet_media.pngrows import PngRowReader, PngRowWriter, shrink_file
from velvet_media.samples import hostile, media
from velvet_media.thumbs import atomic_write

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


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS is enforced on Linux alone")
def test_a_worker_over_its_memory_limit_answers_with_the_limit() -> None:
    wide = media.png(media.scene(1500, 900, 2))
    code = (
        "import sys\nfrom velvet_media import isolate\n"
        "from velvet_media.contenders.images import pillow\n"
        "isolate.limit_memory(10**12)\n"
        "pillow.thumbnail = lambda *_: bytearray(10**13)\n"
        "isolate.serve(sys.stdin.buffer, sys.stdout.buffer, int(sys.argv[1]))"
    )
    worker = IsolatedDecoder(PATIENCE_S, 512 * 2**20, command=("-c", code))
    with worker as decoder, pytest.raises(MemoryBudgetExceeded, match="memory_limit=512 MiB"):
        decoder.thumbnail(wide, 64)


def test_the_worker_answers_until_its_input_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad = media.jpeg(media.scene(64, 48, 2)), b"no picture"
    asked = b"".join(HEADER.pack(len(data), 32) + data for data in (good, bad))
    answers = io.BytesIO()

    serve(io.BytesIO(asked), answers, 2**30)

    answers.seek(0)
    about, body = isolate._received(answers)
    assert about["shape"] == [24, 32, 3]
    assert len(body) == 24 * 32 * 3
    about, body = isolate._received(answers)
    assert about["error"] == "UnsupportedFormat"
    with pytest.raises(EOFError, match="after 0 of"):
        isolate._received(answers)
    from velvet_media.contenders.images import pillow

    def out_of_memory(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(pillow, "thumbnail", out_of_memory)
    assert isolate._answer(good, 32, 77)[0] == {"error": "MemoryError", "limit": 77}
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not limit_memory(2**40)


def test_a_full_disk_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "a.webp"
    atomic_write(target, b"old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="no space left"):
        atomic_write(target, b"new")

    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_frame_that_fails_leaves_no_half_film(tmp_path: Path) -> None:
    source, target = tmp_path / "a.mp4", tmp_path / "b.mp4"
    assert video.write(source, media.film(12, (64, 48))) == 12
    seen = 0

    def fails(frame: Image) -> Image:
        nonlocal seen
        seen += 1
        if seen == 7:
            raise ZeroDivisionError("in frame 7")
        return frame

    with pytest.raises(ZeroDivisionError, match="frame 7"):
        video.transform(source, target, fails)

    assert list(tmp_path.iterdir()) == [source]


def test_a_film_is_transformed_frame_by_frame(tmp_path: Path) -> None:
    source, target = tmp_path / "a.mp4", tmp_path / "b.mp4"
    video.write(source, media.film(12, (64, 48)))

    assert video.transform(source, target, lambda frame: 255 - frame, ahead=2) == 12

    first, negative = next(iter(video.frames(source))), list(video.frames(target))
    assert len(negative) == 12
    assert np.abs(negative[0].astype(int) - (255 - first)).mean() < 12


def test_a_film_has_limits_and_conditions(tmp_path: Path) -> None:
    path, other = tmp_path / "a.mp4", tmp_path / "b.mp4"
    video.write(path, media.film(5, (64, 48)))

    with pytest.raises(TooManyFrames, match="max_frames=3"):
        list(video.frames(path, max_frames=3))
    with pytest.raises(TooManyPixels, match="max_pixels=100"):
        list(video.frames(path, max_pixels=100))
    with pytest.raises(ValueError, match="even"):
        video.write(other, [np.zeros((3, 4, 3), np.uint8)])
    with pytest.raises(ValueError, match="at least one frame"):
        video.write(other, [])
    assert list(tmp_path.iterdir()) == [path]


def test_sound_alone_is_no_film(tmp_path: Path) -> None:
    import wave

    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(bytes(1600))

    with pytest.raises(CorruptMedia, match="holds no film"):
        next(video.frames(path))


def test_prefetching_stops_with_its_reader_and_passes_errors_on() -> None:
    closed = []

    def endless() -> Iterator[int]:
        try:
            yield from range(10**9)
        finally:
            closed.append(True)

    stream = video.prefetched(endless(), 2)
    assert [next(stream), next(stream)] == [0, 1]
    stream.close()  # type: ignore[attr-defined]
    assert closed == [True]

    def broken() -> Iterator[int]:
        yield 1
        raise KeyError("second")

    stream = video.prefetched(broken())
    assert next(stream) == 1
    with pytest.raises(KeyError, match="second"):
        next(stream)
    assert list(video.prefetched([1, 2, 3], 1)) == [1, 2, 3]
    with pytest.raises(ValueError, match="ahead is 0"):
        next(video.prefetched([], 0))


def halved(number: int) -> int:
    if number < 0:
        raise CorruptMedia(f"{number} is negative")
    return number // 2


@pytest.mark.parametrize("mode", ["threads", "processes"])
def test_one_bad_file_never_stops_a_batch(mode: str) -> None:
    function = halved if mode == "threads" else abs  # what is pickled must be importable by name

    report = run(function, [4, -1, 6], mode=mode)

    assert report.ok == ([2, 3] if mode == "threads" else [4, 1, 6])
    assert [(item, str(error)) for item, error in report.failed] == (
        [(-1, "-1 is negative")] if mode == "threads" else []
    )
    assert report.seconds > 0


def test_a_batch_raises_what_is_no_media_error() -> None:
    with pytest.raises(TypeError):
        run(halved, ["four"])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="threads, processes"):
        run(halved, [1], mode="fibres")
    with pool(1, "threads") as workers, pytest.raises(ValueError, match="in_flight is 0"):
        next(bounded(workers, halved, [1], 0))


def test_what_is_pending_is_cancelled_when_a_batch_is_left() -> None:
    import threading

    gate = threading.Event()
    with pool(1, "threads") as workers:
        stream = bounded(workers, lambda number: number and gate.wait(PATIENCE_S), [0, 1, 2, 3], 3)
        assert next(stream)[0] == 0
        pending = stream.gi_frame.f_locals["pending"]  # type: ignore[attr-defined]
        last = pending[-1][1]
        stream.close()  # type: ignore[attr-defined]
        gate.set()
    assert last.cancelled()


def rows_of(image: Image, **options: int) -> PngRowReader:
    return PngRowReader(io.BytesIO(media.png(image)), **options)


def test_rows_hold_a_budget_and_name_it() -> None:
    image = media.scene(200, 100, 2)

    with pytest.raises(MemoryBudgetExceeded, match="budget="):
        rows_of(image, budget=2000)
    reader = rows_of(image, budget=25_000)
    assert reader.rows == 4
    assert np.array_equal(np.concatenate(list(reader.strips())), image)


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        (media.jpeg(media.scene(24, 16, 1)), UnsupportedFormat, "no PNG"),
        (media.png(np.zeros((9, 9), np.uint16)), UnsupportedFormat, "8 bits"),
        (hostile.FILES["cut_png"].data, TruncatedMedia, "before its last row"),
        (hostile.png_bomb(50, 9_000), TruncatedMedia, "before its last row"),
        (hostile.png_bomb(3, 2, b"no deflate"), CorruptMedia, "cannot be inflated"),
        (hostile.png_bomb(3, 2, zlib.compress(b"\x09" * 40)), CorruptMedia, "unknown filter"),
    ],
)
def test_rows_that_cannot_be_read_are_named(
    data: bytes, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        list(PngRowReader(io.BytesIO(data)).strips())


def test_a_writer_refuses_rows_that_do_not_fit() -> None:
    writer = PngRowWriter(io.BytesIO(), (4, 2))
    with pytest.raises(ValueError, match="a strip of"):
        writer.write(np.zeros((1, 5, 3), np.uint8))
    with pytest.raises(ValueError, match="0 rows were written"):
        writer.close()
    with pytest.raises(ValueError, match="channels is 5"):
        PngRowWriter(io.BytesIO(), (4, 2), 5)
    with pytest.raises(ValueError, match="factor is 0"):
        list(rows_of(media.scene(24, 16, 1)).strips() and _reduced(0))


def _reduced(factor: int) -> Iterator[Image]:
    from velvet_media.pngrows import box_reduce

    return box_reduce([], factor)


def test_a_file_is_shrunk_whole_or_not_at_all(tmp_path: Path) -> None:
    source, target = tmp_path / "a.png", tmp_path / "b.png"
    image = media.scene(130, 90, 2)
    data = media.png(image)
    marked = data[:33] + struct.pack(">I4s", 3, b"tEXt") + b"a\0b" + bytes(4) + data[33:]
    source.write_bytes(marked)

    assert shrink_file(source, target, 10) == (13, 9)

    with Pil.open(target) as small:
        means = image.reshape(9, 10, 13, 10, 3).mean(axis=(1, 3))
        assert np.abs(np.asarray(small) - means).max() <= 0.5
    source.write_bytes(data[:9000])
    with pytest.raises(TruncatedMedia):
        shrink_file(source, tmp_path / "c.png", 10)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "b.png"]


def test_the_command_answers_with_its_exit_codes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo, out = tmp_path / "a.jpg", tmp_path / "b.jpg"
    photo.write_bytes(media.private_photo())

    assert main(["inspect", str(photo)]) == 0
    assert "orientation: 6" in capsys.readouterr().out
    assert main(["audit", str(photo)]) == 0
    assert "gps at 2" in capsys.readouterr().out
    assert main(["strip", str(photo), "--out", str(out)]) == 0
    assert main(["audit", str(out)]) == 0
    assert capsys.readouterr().out.endswith("nothing\n")
    assert main(["thumb", str(photo), "--out", str(tmp_path / "c.jpg"), "--side", "60"]) == 0
    assert "40 x 60" in capsys.readouterr().out
    photo.write_bytes(hostile.FILES["bomb_60k"].data)
    assert main(["thumb", str(photo), "--out", str(out)]) == 1
    assert capsys.readouterr().err.startswith("a.jpg: 60000 x 60000 is 3,600.0 MP")
    assert main(["audit", str(tmp_path / "none.jpg")]) == 1
    with pytest.raises(SystemExit) as ended:
        main(["crop", "a.jpg"])
    assert ended.value.code == 2


def test_every_error_is_a_media_error_in_one_line() -> None:
    for one in hostile.ALL:
        assert issubclass(one.error, MediaError)
        assert one.about
