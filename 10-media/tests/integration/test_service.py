"""The service on loopback: every status, one making for many callers, a bounded queue."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from PIL import Image as Pil

from velvet_media.errors import MemoryBudgetExceeded
from velvet_media.http import accepted_format, create_app
from velvet_media.images import Image, Source
from velvet_media.isolate import IsolatedDecoder
from velvet_media.metadata import audit
from velvet_media.safety import MIB, Limits
from velvet_media.samples import hostile, media
from velvet_media.thumbs import Admission, Overloaded, ThumbnailService

SECRET = bytes(range(32))
PATIENCE_S = 120


class Client:
    def __init__(self, service: ThumbnailService, http: aiohttp.ClientSession, base: str) -> None:
        self.service, self._http, self._base = service, http, base

    async def get(self, path: str, **headers: str) -> tuple[int, bytes, Any]:
        async with self._http.get(self._base + path, headers=headers) as answer:
            return answer.status, await answer.read(), answer.headers

    async def post(self, data: Any) -> tuple[int, Any]:
        async with self._http.post(f"{self._base}/", data=data) as answer:
            return answer.status, await answer.json()


@asynccontextmanager
async def serving(folder: Path, **options: Any) -> AsyncIterator[Client]:
    service = ThumbnailService(folder, SECRET, **options)
    runner = web.AppRunner(create_app(service))
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
        async with aiohttp.ClientSession(timeout=timeout) as http:
            yield Client(service, http, f"http://{host}:{port}")
    finally:
        await runner.cleanup()


def on_loopback(test: Callable[[Client], Any], folder: Path, **options: Any) -> None:
    async def run() -> None:
        async with serving(folder, **options) as client:
            await test(client)

    asyncio.run(run())


def test_a_photo_goes_in_and_a_clean_upright_thumbnail_comes_out(tmp_path: Path) -> None:
    async def test(client: Client) -> None:
        status, told = await client.post(media.private_photo())
        assert status == 201
        path = client.service.sign(told["name"], 90)

        status, body, headers = await client.get(path, Accept="image/webp,*/*")

        assert (status, headers["Content-Type"]) == (200, "image/webp")
        assert headers["Vary"] == "Accept"
        assert audit(body) == []
        with Pil.open(io.BytesIO(body)) as opened:
            assert opened.size == (60, 90)
        known = {"Accept": "image/webp", "If-None-Match": f'"other", W/{headers["ETag"]}'}
        assert (await client.get(path, **known))[:2] == (304, b"")
        known["If-None-Match"] = "*"
        assert (await client.get(path, **known))[:2] == (304, b"")
        status, body, headers = await client.get(path)
        assert headers["Content-Type"] == "image/jpeg"
        assert client.service.made == 2
        assert audit((tmp_path / "pictures" / told["name"]).read_bytes()) == []

    on_loopback(test, tmp_path)


@pytest.mark.parametrize("one", hostile.ALL, ids=lambda one: one.name)
def test_a_hostile_upload_is_refused_with_a_reason(one: hostile.Hostile, tmp_path: Path) -> None:
    async def test(client: Client) -> None:
        status, told = await client.post(io.BytesIO(one.data))

        if one.name == "text_bomb":  # its pixels are fine, and what is stored has no text
            assert status == 201
            return
        assert status in (413, 415, 422)
        assert told["error"]
        assert list((tmp_path / "pictures").iterdir()) == []

    on_loopback(test, tmp_path)


def test_uploads_have_a_limit_with_and_without_a_length(tmp_path: Path) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield bytes(400)

    async def test(client: Client) -> None:
        assert (await client.post(bytes(1200)))[0] == 413
        assert (await client.post(parts()))[0] == 413
        assert (await client.post(hostile.gif_of(1)))[0] == 415

    on_loopback(test, tmp_path, limits=Limits(max_bytes=1000))


def test_addresses_are_checked_before_anything_else(tmp_path: Path) -> None:
    async def test(client: Client) -> None:
        service = client.service
        name = service.add(media.jpeg(media.scene(64, 48, 2)))
        good = service.sign(name, 40)
        signature = good.split("/")[1]
        wanted = {
            f"/{signature}/41/{name}": 403,
            f"/{'0' * 32}/40/{name}": 403,
            service.sign(name, 5000): 400,
            service.sign(name, 0): 400,
            f"/{signature}/40/..%2F..%2Fetc%2Fpasswd": 400,
            f"/{signature}/40/{'a' * 5000}": 400,
            f"/{signature}/9999999/{name}": 400,
            "/": 400,
            service.sign("0" * 64, 40): 404,
            good: 200,
        }
        for path, status in wanted.items():
            assert (await client.get(path))[0] == status, path
        with pytest.raises(ValueError, match="format tiff"):
            await service.thumbnail(signature, 40, name, "tiff")

    on_loopback(test, tmp_path)


class Gate:
    """A thumbnailer that waits until it is opened."""

    def __init__(self) -> None:
        self.open, self.calls = threading.Event(), 0

    def __call__(self, source: Source, side: int) -> Image:
        self.calls += 1
        self.open.wait(PATIENCE_S)
        return media.scene(side, side, 2)


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - the service has no event for its tests
        await asyncio.sleep(0.001)


def test_many_callers_of_one_thumbnail_wait_for_one_making(tmp_path: Path) -> None:
    gate = Gate()

    async def test(client: Client) -> None:
        name = client.service.add(media.jpeg(media.scene(64, 48, 2)))
        path = client.service.sign(name, 40)
        callers = [asyncio.create_task(client.get(path)) for _ in range(8)]
        await until(lambda: gate.calls == 1)
        callers[0].cancel()  # a client that leaves ends nothing for the rest
        gate.open.set()
        assert {(await caller)[0] for caller in callers[1:]} == {200}
        assert (gate.calls, client.service.made) == (1, 1)

    on_loopback(test, tmp_path, thumbnailer=gate)


def test_what_would_wait_too_long_is_told_to_come_later(tmp_path: Path) -> None:
    gate = Gate()
    picture = media.jpeg(media.scene(512, 512, 2))  # 1 MiB decoded

    async def test(client: Client) -> None:
        service = client.service
        name = service.add(picture)
        first = [asyncio.create_task(client.get(service.sign(name, n))) for n in (40, 41, 42)]
        await until(lambda: len(service.admission._waiting) == 2)
        status, body, headers = await client.get(service.sign(name, 43))
        assert (status, headers["Retry-After"]) == (503, "2")
        assert b"max_waiting=2" in body
        gate.open.set()
        assert [(await one)[0] for one in first] == [200] * 3
        assert service.admission.peak == 1 * MIB
        assert service.admission.held == 0

    on_loopback(test, tmp_path, thumbnailer=gate, budget=1 * MIB, max_waiting=2)


def test_a_picture_over_the_budget_is_refused(tmp_path: Path) -> None:
    async def test(client: Client) -> None:
        name = client.service.add(media.jpeg(media.scene(600, 512, 2)))
        status, body, _ = await client.get(client.service.sign(name, 40))
        assert status == 413
        assert b"budget=1 MiB" in body

    on_loopback(test, tmp_path, budget=1 * MIB)


def test_the_decoder_of_another_process_fits_in(tmp_path: Path) -> None:
    async def test(client: Client) -> None:
        name = client.service.add(media.private_photo())
        status, body, _ = await client.get(client.service.sign(name, 90))
        assert (status, body[:2]) == (200, b"\xff\xd8")

    with IsolatedDecoder(PATIENCE_S) as decoder:
        on_loopback(test, tmp_path, thumbnailer=decoder.thumbnail)


def test_admission_is_first_come_first_served_also_after_a_caller_left() -> None:
    async def test() -> None:
        admission = Admission(10, 3)
        await admission.acquire(8)
        large = asyncio.create_task(admission.acquire(9))
        small = asyncio.create_task(admission.acquire(2))
        await asyncio.sleep(0)
        assert admission.held == 8  # the small one waits behind the large one
        large.cancel()
        await asyncio.gather(large, return_exceptions=True)
        await small
        assert admission.held == 10
        late = asyncio.create_task(admission.acquire(4))
        await asyncio.sleep(0)
        admission.release(8)
        late.cancel()  # admitted and cancelled at the same moment
        await asyncio.gather(late, return_exceptions=True)
        assert admission.held == 2
        with pytest.raises(MemoryBudgetExceeded):
            await admission.acquire(11)

    asyncio.run(test())


def test_a_full_queue_refuses_at_once() -> None:
    async def test() -> None:
        admission = Admission(1, 0)
        await admission.acquire(1)
        with pytest.raises(Overloaded):
            await admission.acquire(1)

    asyncio.run(test())


def test_the_secret_has_a_length(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="16 or more"):
        ThumbnailService(tmp_path, b"short")


def test_uploads_wait_for_room_and_are_refused_when_too_many_wait(tmp_path: Path) -> None:
    go_on = asyncio.Event()
    picture = media.jpeg(media.scene(64, 48, 2))

    async def slow() -> AsyncIterator[bytes]:
        yield picture[:100]
        await go_on.wait()
        yield picture[100:]

    async def test(client: Client) -> None:
        uploads = client.service.uploads
        running = [asyncio.create_task(client.post(slow())) for _ in range(3)]
        await until(lambda: len(uploads._waiting) == 1)
        assert (await client.post(slow()))[0] == 503
        go_on.set()
        assert [(await one)[0] for one in running] == [201] * 3
        assert (uploads.peak, uploads.held) == (2 * MIB, 0)

    on_loopback(test, tmp_path, limits=Limits(max_bytes=MIB), max_waiting=1)


def test_an_upload_that_never_ends_gives_its_place_back(tmp_path: Path) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield b"\xff\xd8"
        await asyncio.Event().wait()

    async def test(client: Client) -> None:
        slow = [asyncio.create_task(client.post(endless())) for _ in range(2)]

        for status, told in [await one for one in slow]:
            assert status == 408
            assert "upload_s=0.2" in told["error"]
        assert client.service.uploads.held == 0
        assert list((tmp_path / "pictures").iterdir()) == []

    on_loopback(test, tmp_path, upload_s=0.2)
    with pytest.raises(ValueError, match="upload_s is nan"):
        ThumbnailService(tmp_path, SECRET, upload_s=float("nan"))


def test_a_format_that_is_declined_is_not_sent() -> None:
    assert accepted_format("Image/AVIF;Q=0.00, IMAGE/WEBP") == "webp"
    assert accepted_format("image/avif;q=0, image/webp") == "webp"
    assert accepted_format("") == "jpeg"
