"""The thumbnail service on HTTP (aiohttp): each refusal has the status that fits.

`POST /` stores a picture and answers 201 with its name; `GET /signature/width/name` answers with
the smallest format that the caller accepts. 304 for a known tag, 400 for parameters, 403 for
a signature, 404, 408 for an upload that takes too long, 413 for too much of anything, 415 for
a format, 422 for a broken file, and 503 with Retry-After when too much waits (RFC 9110).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable

from aiohttp import web

from velvet_media import errors
from velvet_media.errors import MediaError
from velvet_media.thumbs import (
    BadSignature,
    Overloaded,
    ThumbnailService,
    UnknownPicture,
    UploadTimeout,
)

# The first that fits an error decides.
STATUS: tuple[tuple[type[MediaError], int], ...] = (
    (Overloaded, 503),
    (BadSignature, 403),
    (UnknownPicture, 404),
    (UploadTimeout, 408),
    (errors.TooLarge, 413),
    (errors.TooManyPixels, 413),
    (errors.TooManyFrames, 413),
    (errors.MemoryBudgetExceeded, 413),
    (errors.UnsupportedFormat, 415),
    (MediaError, 422),
)
RETRY_AFTER_S = 2
PATH = re.compile(r"/([0-9a-f]{32})/(\d{1,5})/([0-9a-f]{64})", re.ASCII)
DECLINED = re.compile(r"q=0(\.0{0,3})?")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
SERVICE = web.AppKey("service", ThumbnailService)


def accepted_format(accept: str) -> str:
    """Return the smallest format that an Accept header names; JPEG for the rest.

    >>> accepted_format("image/avif,image/webp,*/*"), accepted_format("*/*")
    ('avif', 'jpeg')
    """
    parts = [part.replace(" ", "").lower().split(";") for part in accept.split(",")]
    named = {name for name, *options in parts if not any(map(DECLINED.fullmatch, options))}
    return next((fmt for fmt in ("avif", "webp") if f"image/{fmt}" in named), "jpeg")


def status_of(error: MediaError) -> int:
    """Return the HTTP status of an error."""
    return next(status for kind, status in STATUS if isinstance(error, kind))


@web.middleware
async def _refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except MediaError as error:
        status = status_of(error)
        headers = {"Retry-After": str(RETRY_AFTER_S)} if status == 503 else {}
        return web.json_response({"error": str(error)}, status=status, headers=headers)


async def _upload(request: web.Request) -> web.Response:
    service = request.app[SERVICE]
    limit = service.limits.max_bytes
    announced = limit if request.content_length is None else request.content_length
    if announced > limit:
        raise errors.TooLarge(announced, limit)
    await service.uploads.acquire(announced)
    try:
        data = await asyncio.wait_for(_body(request, limit), service.upload_s)
        name = await asyncio.to_thread(service.add, data)
    except asyncio.TimeoutError as error:
        late = f"the upload took more than upload_s={service.upload_s:g}: try a faster connection"
        raise UploadTimeout(late) from error
    finally:
        service.uploads.release(announced)
    return web.json_response({"name": name}, status=201)


async def _body(request: web.Request, limit: int) -> bytes:
    data = bytearray()
    async for part in request.content.iter_chunked(64 * 1024):
        data += part
        if len(data) > limit:
            raise errors.TooLarge(len(data), limit)
    return bytes(data)


async def _thumbnail(request: web.Request) -> web.StreamResponse:
    found = PATH.fullmatch(request.path)
    if found is None:
        return web.json_response({"error": "the address is /signature/width/name"}, status=400)
    signature, width, name = found.groups()
    fmt = accepted_format(request.headers.get("Accept", ""))
    try:
        thumb = await request.app[SERVICE].thumbnail(signature, int(width), name, fmt)
    except ValueError as error:
        return web.json_response({"error": str(error)}, status=400)
    headers = {"ETag": thumb.etag, "Vary": "Accept", "X-Content-Type-Options": "nosniff"}
    known = request.headers.get("If-None-Match", "").split(",")
    if {"*", thumb.etag} & {tag.strip().removeprefix("W/") for tag in known}:
        return web.Response(status=304, headers=headers)
    body = await asyncio.to_thread(thumb.path.read_bytes)
    return web.Response(body=body, content_type=f"image/{thumb.fmt}", headers=headers)


def create_app(service: ThumbnailService) -> web.Application:
    """Return the application; it closes the service when it ends."""
    app = web.Application(middlewares=[_refusals])
    app[SERVICE] = service
    app.router.add_post("/", _upload)
    app.router.add_get("/{rest:.*}", _thumbnail)

    async def close(_: web.Application) -> None:
        await service.close()

    app.on_cleanup.append(close)
    return app
