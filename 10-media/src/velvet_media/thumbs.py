"""A thumbnail service that a stranger cannot bring down: what it holds is bounded at any load.

`ThumbnailService` adds to a thumbnail what a server needs. A picture is inspected and stripped when
it arrives and stored under the hash of its content. An address is signed, so that only sizes that
the site uses are made. A thumbnail is made once however many wait for it, and kept. Uploads are
admitted by their bytes, decodes by the memory that they take; what would wait too long is refused.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import secrets
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from velvet_media.contenders import load
from velvet_media.errors import MediaError, MemoryBudgetExceeded, UnsupportedFormat
from velvet_media.images import Image, Source
from velvet_media.metadata import strip
from velvet_media.safety import DEFAULT, MIB, Limits, inspect

MAX_WIDTH = 2048
UPLOADS = 2  # of the largest size at once; each is held up to three times while it is stripped
QUALITY = {"avif": 60, "webp": 80, "jpeg": 82}
Thumbnailer = Callable[[Source, int], Image]


class Overloaded(MediaError):
    """Too much waits already; the caller should try again later."""


class BadSignature(MediaError):
    """An address that this service did not sign."""


class UploadTimeout(MediaError):
    """An upload that takes longer than its time, and so keeps others out."""


class UnknownPicture(MediaError):
    """No picture is stored under this name."""


@dataclass(frozen=True)
class Thumbnail:
    """A file of the cache; its tag changes with its content and its parameters."""

    path: Path
    fmt: str
    etag: str


class Admission:
    """A budget of bytes for coroutines, first come, first served.

    Args:
        limit: what may be held at once.
        max_waiting: how many may wait; one more is `Overloaded`.
    """

    def __init__(self, limit: int, max_waiting: int) -> None:
        if not limit >= 1 or not max_waiting >= 0:
            raise ValueError(f"limit {limit}, max_waiting {max_waiting}: from 1, and from 0")
        self.limit, self.max_waiting, self.held, self.peak = limit, max_waiting, 0, 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def acquire(self, needed: int) -> None:
        """Wait for an amount.

        Raises:
            MemoryBudgetExceeded: more than the limit, so that waiting would not help.
            Overloaded: too many wait.
        """
        if not needed >= 0:
            raise ValueError(f"needed is {needed}: choose 0 bytes or more")
        if needed > self.limit:
            raise MemoryBudgetExceeded(needed, self.limit)
        if not self._waiting and self.held + needed <= self.limit:
            self._take(needed)
            return
        if len(self._waiting) >= self.max_waiting:
            raise Overloaded(f"max_waiting={self.max_waiting} thumbnails wait: try again later")
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((needed, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.release(needed)  # it was admitted at the same moment
            else:
                with contextlib.suppress(ValueError):  # passed over already
                    self._waiting.remove((needed, turn))
                self._admit()
            raise

    def release(self, needed: int) -> None:
        """Give an amount back and admit what fits, in its order."""
        if not 0 <= needed <= self.held:
            raise ValueError(f"{needed} bytes are given back of {self.held} that are held")
        self.held -= needed
        self._admit()

    def _take(self, needed: int) -> None:
        self.held += needed
        self.peak = max(self.peak, self.held)

    def _admit(self) -> None:
        while self._waiting and self.held + self._waiting[0][0] <= self.limit:
            needed, turn = self._waiting.popleft()
            if not turn.done():
                self._take(needed)
                turn.set_result(None)


class ThumbnailService:
    """Pictures in, thumbnails out. Use it in one event loop; `close` ends its threads.

    Args:
        folder: for pictures and thumbnails.
        secret: at least 16 bytes, for the signatures.
        limits: for each upload.
        budget: bytes of decodes that run at once.
        max_waiting: how many decodes, and how many uploads, may wait.
        workers: threads that decode.
        upload_s: seconds that one upload may take, as it holds a place meanwhile.
        thumbnailer: makes a thumbnail of a file; `IsolatedDecoder.thumbnail` isolates it.
    """

    def __init__(
        self,
        folder: Path,
        secret: bytes,
        *,
        limits: Limits = DEFAULT,
        budget: int = 256 * MIB,
        max_waiting: int = 64,
        workers: int = 2,
        upload_s: float = 60.0,
        thumbnailer: Thumbnailer | None = None,
    ) -> None:
        if len(secret) < 16:
            raise ValueError(f"the secret has {len(secret)} bytes: use 16 or more, at random")
        if not upload_s > 0:
            raise ValueError(f"upload_s is {upload_s}: choose more than 0 seconds")
        self.upload_s = upload_s
        self.folder, self._secret, self.limits = folder, secret, limits
        self.admission = Admission(budget, max_waiting)
        self.uploads = Admission(UPLOADS * limits.max_bytes, max_waiting)
        self._pillow = load("images", "pillow")
        self._thumbnailer = thumbnailer or self._pillow.thumbnail
        self._threads = ThreadPoolExecutor(workers, "thumbnail")
        self._making: dict[Path, asyncio.Task[None]] = {}
        self.made = 0
        for name in ("pictures", "thumbs"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def add(self, data: bytes) -> str:
        """Inspect, strip and store a picture; return its name, the SHA-256 of what is stored.

        Raises:
            MediaError: it is refused; nothing is stored.
        """
        info = inspect(data, self.limits)
        if info.format not in ("jpeg", "png", "webp"):
            raise UnsupportedFormat(f"uploads are JPEG, PNG or WebP, not {info.format}")
        clean = strip(data)
        name = hashlib.sha256(clean).hexdigest()
        atomic_write(self.folder / "pictures" / name, clean)
        return name

    def sign(self, name: str, width: int) -> str:
        """Return the address of a thumbnail: ``/signature/width/name``."""
        return f"/{self._signature(name, width)}/{width}/{name}"

    def _signature(self, name: str, width: int) -> str:
        return hmac.new(self._secret, f"{width}/{name}".encode(), hashlib.sha256).hexdigest()[:32]

    async def thumbnail(self, signature: str, width: int, name: str, fmt: str) -> Thumbnail:
        """Return a thumbnail, made now or earlier.

        Raises:
            ValueError: width or format are out of range.
            BadSignature, UnknownPicture: not signed here, or not stored.
            Overloaded: the queue is full.
            MediaError: the picture cannot be decoded.
        """
        if not 1 <= width <= MAX_WIDTH or fmt not in QUALITY:
            raise ValueError(f"width {width}, format {fmt}: 1 to {MAX_WIDTH}, {sorted(QUALITY)}")
        if not hmac.compare_digest(signature.encode(), self._signature(name, width).encode()):
            raise BadSignature("the signature does not fit: addresses come from this site alone")
        source = self.folder / "pictures" / name  # signed, so it is a name that `add` returned
        etag = hashlib.sha256(f"{name}/{width}/{fmt}/{QUALITY[fmt]}".encode()).hexdigest()[:32]
        target = self.folder / "thumbs" / f"{etag}.{fmt}"
        if not target.is_file():
            if not source.is_file():
                raise UnknownPicture("no picture has this name: it was deleted")
            await self._once(source, target, width, fmt)
        return Thumbnail(target, fmt, f'"{etag}"')

    async def _once(self, source: Path, target: Path, width: int, fmt: str) -> None:
        """Make a thumbnail, or wait for the task that makes it; a caller that leaves ends nothing."""
        task = self._making.get(target)
        if task is None:
            task = asyncio.create_task(self._make(source, target, width, fmt))
            self._making[target] = task
            task.add_done_callback(lambda done: self._forget(target, done))
        await asyncio.shield(task)

    def _forget(self, target: Path, done: asyncio.Task[None]) -> None:
        self._making.pop(target, None)
        if not done.cancelled():
            done.exception()  # seen, also when every caller has left

    async def _make(self, source: Path, target: Path, width: int, fmt: str) -> None:
        needed = inspect(source, self.limits).decode_bytes
        await self.admission.acquire(needed)
        try:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._threads, self._render, source, target, width, fmt)
        finally:
            self.admission.release(needed)
        self.made += 1

    def _render(self, source: Path, target: Path, width: int, fmt: str) -> None:
        image = self._thumbnailer(source, width)
        atomic_write(target, self._pillow.encode(image, fmt, QUALITY[fmt]))

    async def close(self) -> None:
        """Wait for what is being made, then end the threads."""
        await asyncio.gather(*self._making.values(), return_exceptions=True)
        self._threads.shutdown()


def atomic_write(path: Path, data: bytes) -> None:
    """Write a file that is there whole or not at all; safe with several writers."""
    beside = path.with_name(f"{secrets.token_hex(8)}.part")
    try:
        beside.write_bytes(data)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
