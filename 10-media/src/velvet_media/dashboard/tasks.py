"""What the page computes, in a child: generators with JSON options that yield JSON events."""

from __future__ import annotations

import io
import math
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import psutil
from PIL import Image as Pil

from velvet_media import quality
from velvet_media.errors import MediaError, MemoryBudgetExceeded
from velvet_media.images import Image
from velvet_media.pngrows import PngRowReader, box_reduce
from velvet_media.safety import decode_safely
from velvet_media.samples import cache, hostile, media

Event = dict[str, Any]
KEPT = 0.93
SAMPLE_S = 0.01
FACTOR, SIDES, WARM_UP = 10, (2000, 4000, 6000), 600
MIB = 2**20


def _drawing() -> Image:
    flat = np.full((256, 384, 3), 245, np.uint8)
    for number in range(12):
        x, y = number * 29 + 8, number * 17 % 180 + 10
        flat[y : y + 40, x : x + 22] = (62, 21, 134) if number % 2 else (197, 38, 102)
    return flat


PICTURES: dict[str, Callable[[], Image]] = {
    "photo": lambda: media.scene(384, 256),
    "drawing": _drawing,
    "zone plate": lambda: media.zone_plate(256),
}
SETTINGS: tuple[tuple[str, dict[str, Any]], ...] = (
    *(("jpeg", {"quality": quality}) for quality in (50, 75, 90)),
    ("jpeg", {"quality": 90, "subsampling": 0}),
    ("png", {}),
    *(("webp", {"quality": quality}) for quality in (50, 75, 90)),
    ("webp", {"lossless": True}),
    *(("avif", {"quality": quality}) for quality in (40, 60, 75)),
    ("tiff", {"compression": "tiff_adobe_deflate"}),
)


def _name(fmt: str, options: dict[str, Any]) -> str:
    if options.get("lossless"):
        return f"{fmt} lossless"
    full = " 4:4:4" if "subsampling" in options else ""
    return f"{fmt} {options['quality']}{full}" if "quality" in options else fmt


def encodings(picture: str = "photo") -> Iterator[Event]:
    """Encode a picture in each setting; the fast ones come first."""
    if picture not in PICTURES:
        raise ValueError(f"picture is {picture!r}: choose one of {', '.join(PICTURES)}")
    image = PICTURES[picture]()
    opened = Pil.fromarray(image)
    yield {"type": "plan", "total": len(SETTINGS)}
    for fmt, options in SETTINGS:
        out = io.BytesIO()
        begun = time.process_time()
        opened.save(out, fmt, **options)
        spent = time.process_time() - begun
        with Pil.open(out) as again:
            back = np.asarray(again.convert("RGB"))
        noise = quality.psnr(back, image)
        yield {
            "type": "setting",
            "format": fmt,
            "name": _name(fmt, options),
            "bytes": len(out.getvalue()),
            "ssim": quality.ssim(back, image),
            "psnr": 99.0 if math.isinf(noise) else noise,
            "ms": max(spent * 1000, 0.01),
        }


def _in_rows(side: int, budget: int) -> None:
    with cache.big_png(side).open("rb") as file:
        for _ in box_reduce(PngRowReader(file, budget=budget).strips(), FACTOR):
            pass


def _whole(side: int, _: int) -> None:
    with Pil.open(cache.big_png(side)) as opened:
        opened.resize((side // FACTOR, side // FACTOR), Pil.Resampling.BOX)


def memory(side: int = 4000, budget_kib: int = 2048) -> Iterator[Event]:
    """Shrink a PNG in rows, then with all its pixels, and tell the memory meanwhile."""
    if side not in SIDES or not 1 <= budget_kib <= 65_536:
        raise ValueError(f"choose a side of {SIDES} and a budget of 1 to 65,536 KiB")
    yield {"type": "plan", "total": 2}
    cache.big_png(side)
    _in_rows(WARM_UP, MIB)  # loads what is loaded late, which is no part of the figure
    for way, work in (("rows", _in_rows), ("pillow", _whole)):
        yield from _watched(way, work, side, budget_kib * 1024)


def _watched(way: str, work: Callable[[int, int], None], side: int, budget: int) -> Iterator[Event]:
    process = psutil.Process()
    begun, before = time.perf_counter(), process.memory_info().rss
    problem: list[MemoryBudgetExceeded] = []

    def run() -> None:
        try:
            work(side, budget)
        except MemoryBudgetExceeded as error:
            problem.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    while thread.is_alive():
        grown = max(0.0, (process.memory_info().rss - before) / MIB)
        yield {"type": "memory", "way": way, "s": time.perf_counter() - begun, "mib": grown}
        thread.join(SAMPLE_S)
    for error in problem:
        yield {"type": "refused", "way": way, "message": str(error)}


def hostility() -> Iterator[Event]:
    """Try each hostile file with each library, and with our limits."""
    from velvet_media.samples.raw import SYSTEMS, tried

    yield {"type": "plan", "total": len(hostile.ALL)}
    for one in hostile.ALL:
        data = one.data
        begun, message = time.perf_counter(), ""
        try:
            decode_safely(data)
        except MediaError as error:
            message = str(error)
        spent = (time.perf_counter() - begun) * 1000
        yield {
            "type": "file",
            "name": one.name,
            "about": one.about,
            "bytes": len(data),
            "message": message,
            "ms": spent,
            **{system: tried(system, data) for system in SYSTEMS},
        }
