"""Memory that stays flat: large pictures, films, batches, a service under load."""

from __future__ import annotations

import asyncio
import io
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from velvet.bench import Metric, Outcome, Suite, across, ratio, speedup, value
from velvet_media import contenders
from velvet_media.batch import bounded, pool
from velvet_media.comparisons import NEEDS, one_thread
from velvet_media.images import Filter
from velvet_media.samples import cache, media

SIDES, FACTOR = (4000, 8000, 16000), 16
FRAMES = (120, 240, 480)
PICTURES, BATCH_SIZE = 24, (1500, 1000)
CLIENTS = (1, 8, 32)
SERVED = (3000, 2000)


def _rows(path: Path) -> tuple[int, int]:
    from velvet_media.pngrows import PngRowReader, box_reduce

    with path.open("rb") as file:
        rows = list(box_reduce(PngRowReader(file).strips(), FACTOR))
    return sum(map(len, rows)), rows[0].shape[1]


def _large(name: str, side: int) -> Callable[[], Outcome]:
    path = cache.big_png(side)
    if name == "rows":
        import velvet_media.pngrows  # noqa: F401 - its import is no part of the figure

        return lambda: Outcome(result=_rows(path))
    library = one_thread(name)
    small = (side // FACTOR, side // FACTOR)

    def run() -> Outcome:
        if name == "pyvips":
            made = library.thumbnail(path, small[0])
        elif name == "pillow":
            from PIL import Image as Pil

            # Only here: with the limit gone, a bomb measured later would take all memory.
            with patch.object(Pil, "MAX_IMAGE_PIXELS", None), Pil.open(path) as opened:
                made = np.asarray(opened.resize(small, Pil.Resampling.BOX))
        else:
            made = library.resize(library.decode(path), small, Filter.AREA)
        return Outcome(result=tuple(made.shape[:2]))

    return run


def _add_large(suite: Suite) -> None:
    large = suite.comparison(
        "large_png",
        title="Shrink a square PNG by 16: memory and time while it grows",
        kind="run",
        unit="s",
        floor=True,
        sizes={"side": list(SIDES)},
        quick=lambda side: side < SIDES[-1],
        rounds={"quick": 1, "default": 1},
        limit=400,
    )
    notes = {"pillow": "all pixels", "opencv": "all pixels", "pyvips": "strips", "rows": "ours"}
    for name, note in notes.items():
        tier = "default" if name == "opencv" else "quick"
        needs = NEEDS.get(name, ())
        large.add(
            name,
            partial(_large, name),
            baseline=name == "pillow",
            needs=needs,
            note=note,
            tier=tier,
        )
    large.same_result()
    suite.claim(
        "four times the pixels: our rows need at most 1.5x the memory",
        across("large_png", "rows", "peak_mb", first={"side": 8000}, second={"side": 4000}) <= 1.5,
    )
    suite.claim(
        "16k beside 4k: our rows need at most twice the memory",
        across("large_png", "rows", "peak_mb", first={"side": 16000}, second={"side": 4000}) <= 2,
        tier="default",
    )
    suite.claim(
        "at 16k they need at most a tenth of Pillow's",
        ratio("large_png", "pillow", "rows", "peak_mb", side=16000) >= 10,
        tier="default",
    )
    suite.claim(
        "Pillow's memory grows with the pixels",
        across("large_png", "pillow", "delta_mb", first={"side": 8000}, second={"side": 4000}) >= 3,
    )


def _film(name: str, frames: int) -> Callable[[], Outcome]:
    reader = contenders.load("video", "pyav" if name == "list" else name)
    path = cache.film(frames)

    def run() -> Outcome:
        begun = time.perf_counter()
        total = 0
        stream = reader.frames(path)
        for frame in list(stream) if name == "list" else stream:
            total += frame.shape == (720, 1280, 3)
        spent = time.perf_counter() - begun
        return Outcome({"rate": total / spent}, seconds=spent, result=total)

    return run


def _add_films(suite: Suite) -> None:
    film = suite.comparison(
        "film",
        title="Read a film of 720p: memory while it grows",
        kind="run",
        unit="s",
        sizes={"frames": list(FRAMES)},
        quick=lambda frames: frames != 240,
        metrics={"rate": "frames/s"},
        rounds={"quick": 1, "default": 2},
        limit=300,
    )
    film.add("list", partial(_film, "list"), baseline=True, when=lambda frames: frames <= 240)
    film.add("pyav", partial(_film, "pyav"), note="generator")
    film.add("opencv", partial(_film, "opencv"), tier="default", note="VideoCapture")
    film.add(
        "imageio_ffmpeg",
        partial(_film, "imageio_ffmpeg"),
        needs="imageio-ffmpeg",
        tier="default",
        note="a program and a pipe",
    )
    film.same_result()
    suite.claim(
        "480 frames take at most 20 MB more than 120",
        value("film", "pyav", "peak_mb", frames=480) - value("film", "pyav", "peak_mb", frames=120)
        <= 20,
    )
    suite.claim(
        "a list of 120 frames takes at least 2x the memory",
        ratio("film", "list", "pyav", "peak_mb", frames=120) >= 2,
    )


def to_webp(data: bytes) -> int:
    """Shrink a picture and encode it; returns the bytes of the result."""
    pillow = contenders.load("images", "pillow")
    return len(pillow.encode(pillow.resize(pillow.decode(data), (600, 400)), "webp", 80))


def _batch(way: str) -> Iterator[Callable[[], Outcome]]:
    data = [media.jpeg(media.scene(*BATCH_SIZE, seed), 88) for seed in (1, 2)]
    items = data * (PICTURES // 2)
    with ExitStack() as stack:
        executor = None
        if way == "processes_warm":
            executor = stack.enter_context(pool(2, "processes"))
            list(executor.map(to_webp, items[:4]))

        def run() -> Outcome:
            begun = time.perf_counter()
            if way == "serial":
                made = [to_webp(item) for item in items]
            elif executor is not None:
                made = [done.result() for _, done in bounded(executor, to_webp, items, 6)]
            else:
                with pool(2, way.removesuffix("_cold")) as cold:
                    made = [done.result() for _, done in bounded(cold, to_webp, items, 6)]
            spent = time.perf_counter() - begun
            return Outcome({"rate": PICTURES / spent}, seconds=spent, result=sum(made))

        yield run


def _add_batches(suite: Suite) -> None:
    batch = suite.comparison(
        "batch",
        title=f"{PICTURES} JPEGs of 1.5 megapixels to WebP with two workers",
        kind="run",
        unit="s",
        metrics={"rate": "pictures/s"},
        rounds={"quick": 1, "default": 3},
    )
    for way in ("serial", "threads", "processes_cold", "processes_warm"):
        batch.add(way, partial(_batch, way), baseline=way == "serial")
    batch.same_result()
    idle: dict[str, Any] = {"needs": ("cores>=2", "calm")}
    suite.claim(
        "two threads are at least 1.25x faster than one",
        speedup("batch", "threads", "serial") >= 1.25,
        **idle,
    )
    suite.claim(
        "threads take at most 1.5x the time of warm processes",
        ratio("batch", "threads", "processes_warm") <= 1.5,
        **idle,
    )


def _naive_app(path: Path) -> tuple[Any, Callable[[int], str]]:
    """A thread for each request, which decodes everything: what many handlers do."""
    from aiohttp import web
    from PIL import Image as Pil

    threads = ThreadPoolExecutor(max(CLIENTS))

    def thumbnail(width: int) -> bytes:
        with Pil.open(path) as opened:
            small = opened.resize((width, width * SERVED[1] // SERVED[0]))
        out = io.BytesIO()
        small.save(out, "jpeg")
        return out.getvalue()

    async def handle(request: web.Request) -> web.Response:
        loop = asyncio.get_running_loop()
        width = int(request.match_info["width"])
        body = await loop.run_in_executor(threads, thumbnail, width)
        return web.Response(body=body, content_type="image/jpeg")

    async def close(_: web.Application) -> None:
        threads.shutdown()

    app = web.Application()
    app.router.add_get("/{width}", handle)
    app.on_cleanup.append(close)
    return app, lambda width: f"/{width}"


def _bounded_app(path: Path, folder: Path) -> tuple[Any, Callable[[int], str]]:
    from velvet_media.http import create_app
    from velvet_media.thumbs import ThumbnailService

    service = ThumbnailService(folder, bytes(32))
    name = service.add(path.read_bytes())
    return create_app(service), lambda width: service.sign(name, width)


async def _load(app: Any, address: Callable[[int], str], clients: int) -> dict[str, float]:
    import aiohttp
    from aiohttp import web

    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    took: list[float] = []
    errors = 0
    async with aiohttp.ClientSession(f"http://127.0.0.1:{runner.addresses[0][1]}") as http:

        async def client(number: int) -> None:
            nonlocal errors
            begun = time.perf_counter()
            async with http.get(address(200 + number)) as answer:
                errors += answer.status != 200 or (await answer.read())[:2] != b"\xff\xd8"
            took.append((time.perf_counter() - begun) * 1000)

        await asyncio.gather(*(client(number) for number in range(clients)))
    await runner.cleanup()
    last = statistics.quantiles(took, n=20)[-1] if len(took) > 1 else took[0]
    return {"p95": last, "errors": float(errors)}


def _service(way: str, clients: int) -> Iterator[Callable[[], Outcome]]:
    path = cache.photo(*SERVED)
    with tempfile.TemporaryDirectory() as folder:
        made = _naive_app(path) if way == "naive" else _bounded_app(path, Path(folder))

        def run() -> Outcome:
            found = asyncio.run(_load(*made, clients))
            return Outcome(found, result=found["errors"])

        yield run


def _add_service(suite: Suite) -> None:
    served = suite.comparison(
        "service",
        title="Thumbnails of a photo of 6 megapixels over loopback, each of another size",
        kind="run",
        unit="s",
        sizes={"clients": list(CLIENTS)},
        quick=lambda clients: clients != 8,
        metrics={"p95": Metric("ms"), "errors": Metric("errors")},
        rounds={"quick": 1, "default": 2},
    )
    served.add("naive", partial(_service, "naive"), baseline=True, note="a thread for each request")
    served.add("bounded", partial(_service, "bounded"), note="this module's")
    served.same_result()
    ends: dict[str, Any] = {"first": {"clients": 32}, "second": {"clients": 1}}
    suite.claim(
        "at 32 clients the service needs at most twice the memory of one",
        across("service", "bounded", "peak_mb", **ends) <= 2,
    )
    suite.claim(
        "the naive handler needs at least 2x the memory of the service at 32 clients",
        ratio("service", "naive", "bounded", "peak_mb", clients=32) >= 2,
    )
    suite.claim(
        "the service answers every one of them",
        value("service", "bounded", "errors", clients=32).equals(0),
    )


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    _add_large(suite)
    _add_films(suite)
    _add_batches(suite)
    _add_service(suite)
