"""Advanced examples: hostile files, a service under load with bombs in it, a device to trust."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

import aiohttp
from aiohttp import web

from velvet.examples import example, main
from velvet_media import contenders, device
from velvet_media.errors import MediaError
from velvet_media.http import create_app
from velvet_media.safety import decode_safely
from velvet_media.samples import hostile, media
from velvet_media.thumbs import ThumbnailService

CLIENTS = 32


@example("hostile_uploads")
def hostile_uploads() -> None:
    """Shows seventeen hostile files through Pillow as it is, and through our limits."""
    from PIL import Image as Pil

    print(f"{'file':<17} {'bytes':>9}  {'Pillow alone':<24} decode_safely")
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for one in hostile.ALL:
            path = Path(folder, f"{one.name}.jpg")
            path.write_bytes(one.data)
            try:
                with Pil.open(path) as opened:
                    raw = f"opens {opened.size[0]}x{opened.size[1]}"
                    if opened.size[0] * opened.size[1] < 1e7:
                        opened.load()
                        raw = f"accepts {opened.size[0]}x{opened.size[1]}"
            except Exception as error:  # noqa: BLE001 - whatever it raises is shown
                raw = type(error).__name__
            try:
                decode_safely(path)
                ours = "accepted"
            except MediaError as error:
                ours = type(error).__name__
            print(f"{one.name:<17} {len(one.data):>9,}  {raw:<24} {ours}")


@example("thumbnail_service")
async def thumbnail_service() -> None:
    """Shows a service with 32 clients, of which one uploads a bomb of 3.6 gigapixels.

    Each client requests one of eight sizes twice: the first caller makes a thumbnail, callers
    that come meanwhile wait for it, and later ones get the file.
    """
    statuses: Counter[int] = Counter()
    took: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        service = ThumbnailService(Path(folder), bytes(32), budget=16 * 2**20)
        runner = web.AppRunner(create_app(service))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        base = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with aiohttp.ClientSession(base) as http:
            async with http.post("/", data=media.private_photo(1200, 800)) as answer:
                name = (await answer.json())["name"]

            async def client(number: int) -> None:
                if number == CLIENTS // 2:
                    async with http.post("/", data=hostile.FILES["bomb_60k"].data) as answer:
                        print(f"a bomb: {answer.status} {(await answer.json())['error'][:60]}...")
                    return
                for width in (200 + number % 8, 200 + number % 8):
                    begun = time.perf_counter()
                    async with http.get(service.sign(name, width)) as answer:
                        await answer.read()
                        statuses[answer.status] += 1
                    took.append((time.perf_counter() - begun) * 1000)

            await asyncio.gather(*(client(number) for number in range(CLIENTS)))
        await runner.cleanup()
    p50, p95 = statistics.median(took), statistics.quantiles(took, n=20)[-1]
    print(f"answers {dict(statuses)}, p50 {p50:.0f} ms, p95 {p95:.0f} ms")
    print(f"made {service.made} thumbnails for {len(took)} requests")
    peak, limit = service.admission.peak / 2**20, service.admission.limit / 2**20
    print(f"decodes at once held {peak:.1f} of {limit:.0f} MiB")


@example("device_choice")
def device_choice() -> None:
    """Shows which device blurs here, and why those before it were passed over."""
    choice = device.choose()
    for reason in choice.rejected:
        print(f"passed over: {reason[:66]}")
    print(f"chosen: {choice.name} on {choice.device}")

    scene = media.scene(480, 320)
    cpu = contenders.load("devices", "numpy").gaussian_blur(scene, 4.0)
    library = contenders.load("devices", choice.name)
    begun = time.perf_counter()
    made = library.gaussian_blur(scene, 4.0)
    spent = (time.perf_counter() - begun) * 1000
    apart = abs(made.astype(int) - cpu.astype(int)).max()
    print(f"a blur of sigma 4: {spent:.0f} ms, at most {apart} of 255 from the CPU")
    print(f"trusted: {apart <= device.TOLERANCE}")


if __name__ == "__main__":
    main()
