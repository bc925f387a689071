"""The last number that is allowed, and the first that is not."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from velvet_media import (
    batch,
    device,
    headers,
    images,
    isolate,
    pngrows,
    quality,
    safety,
    thumbs,
    video,
)
from velvet_media.errors import MemoryBudgetExceeded, TooManyPixels

GREY = np.zeros((11, 12, 3), np.uint8)


def written(rows: int = 11) -> bytes:
    out = io.BytesIO()
    writer = pngrows.PngRowWriter(out, (12, rows))
    writer.write(GREY[:rows])
    writer.close()
    return out.getvalue()


def reader(**options: int) -> pngrows.PngRowReader:
    return pngrows.PngRowReader(io.BytesIO(written()), **options)


def in_order(in_flight: int) -> list[int]:
    with ThreadPoolExecutor(1) as executor:
        return [done.result() for _, done in batch.bounded(executor, abs, [-1, -2], in_flight)]


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        (lambda: in_order(1), [1, 2]),
        (lambda: in_order(9), [1, 2]),
        (lambda: len(device.taps(100)), 801),
        (lambda: len(device.taps(0.001)), 3),
        (lambda: images.fit((1, 1), 1), (1, 1)),
        (lambda: images.fit((2**31 - 1, 1), 1), (1, 1)),
        (lambda: isolate.IsolatedDecoder(threading.TIMEOUT_MAX, 1).memory_limit, 1),
        (lambda: reader(rows=1).rows, 1),
        (lambda: reader(budget=pngrows.COPIES * 37).rows, 1),
        (lambda: reader(budget=pngrows.COPIES * 74 - 1).rows, 1),
        (lambda: reader(budget=pngrows.COPIES * 74).rows, 2),
        (lambda: [one.shape for one in pngrows.box_reduce([GREY], 1)], [GREY.shape]),
        (lambda: [one.shape for one in pngrows.box_reduce([GREY], 11)], [(1, 1, 3)]),
        (lambda: quality.ssim(GREY, GREY), 1.0),
        (lambda: safety.inspect(written(), safety.Limits(max_pixels=132)).width, 12),
        (lambda: safety.inspect(written(), safety.Limits(max_side=12)).width, 12),
        (lambda: safety.inspect(written(), safety.Limits(max_bytes=len(written()))).width, 12),
        (lambda: headers.read_header(written(), 1).height, 11),
        (lambda: list(video.prefetched([1, 2], 1)), [1, 2]),
        (lambda: thumbs.Admission(1, 0).limit, 1),
    ],
)
def test_the_last_number_that_is_allowed(call: Callable[[], Any], answer: Any) -> None:
    assert call() == answer


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: in_order(0), "in_flight is 0"),
        (lambda: batch.pool(0, "threads"), "workers is 0"),
        (lambda: device.taps(0), "sigma is 0"),
        (lambda: device.taps(100.1), "sigma is 100.1"),
        (lambda: images.fit((1, 1), 0), "max_side is 0"),
        (lambda: images.fit((0, 1), 1), "choose 1 or more"),
        (lambda: images.fit((2**31, 1), 1), "choose 1 or more"),
        (lambda: isolate.IsolatedDecoder(0), "timeout is 0"),
        (lambda: isolate.IsolatedDecoder(1, 0), "memory_limit is 0"),
        (lambda: isolate.IsolatedDecoder().thumbnail(b"", 0), "max_side is 0"),
        (lambda: isolate.IsolatedDecoder().thumbnail(b"", 65_536), "max_side is 65536"),
        (lambda: reader(rows=0), "rows is 0"),
        (lambda: reader(budget=0), "budget is 0"),
        (lambda: pngrows.PngRowWriter(io.BytesIO(), (0, 1)), "each side is 1 pixel"),
        (lambda: pngrows.PngRowWriter(io.BytesIO(), (1, 2**31)), "each side is 1 pixel"),
        (lambda: list(pngrows.box_reduce([GREY], 0)), "factor is 0"),
        (lambda: pngrows.shrink_file(Path("a"), Path("b"), 0), "factor is 0"),
        (lambda: quality.ssim(GREY[:10], GREY[:10]), "smaller than the window"),
        (lambda: safety.Limits(max_bytes=0), "max_bytes is 0"),
        (lambda: headers.read_header(b"", 0), "max_frames is 0"),
        (lambda: thumbs.Admission(0, 0), "limit 0"),
        (lambda: thumbs.Admission(1, -1), "max_waiting -1"),
        (lambda: thumbs.Admission(1, 0).release(1), "1 bytes are given back of 0"),
        (lambda: thumbs.Admission(1, 0).release(-1), "-1 bytes are given back"),
        (lambda: video.write(Path("a.mp4"), [], fps=0), "fps is 0"),
        (lambda: next(video.prefetched([1], 0)), "ahead is 0"),
    ],
)
def test_the_first_number_that_is_not(call: Callable[[], Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize("limits", [{"max_pixels": 131}, {"max_side": 11}])
def test_one_pixel_more_is_refused(limits: dict[str, int]) -> None:
    with pytest.raises(TooManyPixels):
        safety.inspect(written(), safety.Limits(**limits))


def test_not_even_a_row_fits() -> None:
    with pytest.raises(MemoryBudgetExceeded):
        reader(budget=pngrows.COPIES * 37 - 1)


def test_a_budget_is_used_up_to_its_last_byte() -> None:
    async def use() -> None:
        admission = thumbs.Admission(3, 0)
        await admission.acquire(0)
        await admission.acquire(3)
        with pytest.raises(thumbs.Overloaded):
            await admission.acquire(1)
        with pytest.raises(MemoryBudgetExceeded):
            await admission.acquire(4)
        admission.release(3)
        assert (admission.held, admission.peak) == (0, 3)

    asyncio.run(use())
