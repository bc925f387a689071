"""What happens when a decoder hangs or dies, a disk is full, a frame fails, memory is short."""

from __future__ import annotations

import asyncio
import errno
import io
import queue
import select
import socket
import struct
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pil

from velvet_media import contenders, video
from velvet_media.__main__ import main
from velvet_media.batch import bounded, pool, run
from velvet_media.errors import (
    CorruptMedia,
    MemoryBudgetExceeded,
    TooManyFrames,
    TooManyPixels,
    TruncatedMedia,
    UnsupportedFormat,
)
from velvet_media.images import Image
from velvet_media.pngrows import PngRowReader, PngRowWriter, box_reduce, shrink_file
from velvet_media.safety import decode_safely, inspect
from velvet_media.samples import hostile, media
from velvet_media.thumbs import ThumbnailService, atomic_write

# What ends a test that hangs; no test waits for it.
PATIENCE_S = 120.0


def test_nothing_in_a_picture_makes_a_library_connect(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        data = hostile.FILES["svg_outwards"].data.replace(b"127.0.0.1:9", address.encode())
        path = tmp_path / "holiday.jpg"
        path.write_bytes(data)
        service = ThumbnailService(tmp_path / "service", bytes(32))
        decoders = [contenders.load("images", name) for name in contenders.available("images")]
        for call in (
            decode_safely,
            service.add,
            *(
                call
                for one in decoders
                for call in (one.decode, lambda d, o=one: o.thumbnail(d, 9))
            ),
        ):
            with pytest.raises(UnsupportedFormat):
                call(data)
        for one in decoders:
            with pytest.raises(UnsupportedFormat):
                one.decode(path)
        asyncio.run(service.close())

        waiting, _, _ = select.select([listener], [], [], 0.2)
        assert address.encode() in data
        assert waiting == []


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
    video.write(source, media.film(12, (64, 48)), fps=10)

    assert video.transform(source, target, lambda frame: 255 - frame, ahead=2) == 12

    first, negative = next(iter(video.frames(source))), list(video.frames(target))
    assert len(negative) == 12
    assert video.rate(target) == video.rate(source) == 10
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
    with pytest.raises(CorruptMedia, match="holds no film"):
        video.rate(path)
    path.write_bytes(b"no film")
    with pytest.raises(CorruptMedia, match="cannot be decoded"):
        video.rate(path)


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


def test_prefetching_waits_for_a_slow_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = threading.Event()

    class Told(queue.Queue[Any]):
        def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
            try:
                super().put(item, block, timeout)
            except queue.Full:
                refused.set()
                raise

    monkeypatch.setattr(video, "PATIENCE_S", 0.001)
    monkeypatch.setattr(queue, "Queue", Told)
    stream = video.prefetched(range(5), 1)

    first = next(stream)
    assert refused.wait(60)

    assert [first, *stream] == [0, 1, 2, 3, 4]


def halved(number: int) -> int:
    return number // 2


@pytest.mark.parametrize("mode", ["threads", "processes"])
def test_one_bad_file_never_stops_a_batch(mode: str) -> None:
    good, bomb = media.jpeg(media.scene(24, 16, 1)), hostile.FILES["bomb_60k"].data

    report = run(inspect, [good, bomb, good], mode=mode)

    assert [info.width for info in report.ok] == [24, 24]
    assert [item for item, _ in report.failed] == [bomb]
    error = report.failed[0][1]
    assert isinstance(error, TooManyPixels)
    assert (error.pixels, error.limit) == (3_600_000_000, 50_000_000)
    assert str(error).startswith("60000 x 60000 is 3,600.0 MP")
    assert report.seconds > 0


def test_what_a_batch_yields_is_done() -> None:
    def slow(number: int) -> int:
        time.sleep(0.005)
        return number

    with pool(2, "threads") as workers:
        assert [(n, one.done()) for n, one in bounded(workers, slow, range(4), 3)] == [
            (n, True) for n in range(4)
        ]


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
    with pytest.raises(ValueError, match="uint8 is expected"):
        writer.write(np.zeros((1, 4, 3), np.int16))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="each side"):
        PngRowWriter(io.BytesIO(), (0, 2))
    with pytest.raises(ValueError, match="factor is 0"):
        list(box_reduce([], 0))


def test_an_empty_strip_changes_nothing() -> None:
    out, image = io.BytesIO(), media.scene(24, 16, 1)
    writer = PngRowWriter(out, (24, 16))
    for strip in (image[:0], image[:5], image[:0], image[5:]):
        writer.write(strip)
    writer.close()

    assert np.array_equal(
        np.concatenate(list(PngRowReader(io.BytesIO(out.getvalue())).strips())), image
    )


@pytest.mark.parametrize("value", [0, -1, float("nan")])
def test_rows_and_budgets_out_of_range_are_refused(value: int, tmp_path: Path) -> None:
    for options in ({"rows": value}, {"budget": value}):
        with pytest.raises(ValueError, match="choose 1 or more"):
            rows_of(media.scene(24, 16, 1), **options)
    with pytest.raises(ValueError, match="choose 1 or more"):
        shrink_file(tmp_path / "none.png", tmp_path / "b.png", value)
    with pytest.raises(ValueError, match="workers is"):
        run(halved, [1], workers=value)


def test_a_row_wider_than_the_budget_is_refused_before_it_is_held() -> None:
    with pytest.raises(MemoryBudgetExceeded):
        PngRowReader(io.BytesIO(hostile.png_bomb(2**31 - 1, 1)))


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
    with pytest.raises(ValueError, match="each side"):
        shrink_file(source, tmp_path / "c.png", 100)
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
    assert inspect(tmp_path / "c.jpg").width == 40
    assert main(["thumb", str(photo), "--out", str(tmp_path / "c.gif")]) == 1
    assert "it ends in .jpg" in capsys.readouterr().err
    photo.write_bytes(hostile.FILES["bomb_60k"].data)
    assert main(["thumb", str(photo), "--out", str(out)]) == 1
    assert capsys.readouterr().err.startswith("a.jpg: 60000 x 60000 is 3,600.0 MP")
    assert main(["audit", str(tmp_path / "none.jpg")]) == 1
    with pytest.raises(SystemExit) as ended:
        main(["crop", "a.jpg"])
    assert ended.value.code == 2
