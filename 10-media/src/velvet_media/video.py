"""A film as a stream of frames: the memory of a few frames, whatever the length.

A list of the frames of ten seconds in 720p holds 700 MB. A generator holds one frame, plus those that
a thread decodes ahead. What is written goes to a file beside the target, which appears when it is
complete; an error in the middle leaves nothing.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

import av
import numpy as np

from velvet_media.errors import CorruptMedia, TooManyFrames, TooManyPixels
from velvet_media.images import Image

T = TypeVar("T")
PATIENCE_S = 0.05
CODEC, OPTIONS = "libx264", {"preset": "ultrafast", "crf": "18"}


def frames(
    path: Path, *, max_frames: int = 100_000, max_pixels: int = 9_000_000
) -> Iterator[Image]:
    """Yield the frames of a film as RGB arrays; one at a time is in memory.

    A film that is cut may end early without an error, as streams have no number of frames.

    Raises:
        CorruptMedia: there is no film in it, or a frame cannot be decoded.
        TooManyPixels, TooManyFrames: the limits; the first is checked before any decoding.
    """
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise CorruptMedia(f"{path.name} holds no film")
            stream = container.streams.video[0]
            if stream.width * stream.height > max_pixels:
                raise TooManyPixels(stream.width, stream.height, max_pixels)
            for number, frame in enumerate(container.decode(stream)):
                if number >= max_frames:
                    raise TooManyFrames(max_frames)
                if frame.width * frame.height > max_pixels:  # a film may change its size
                    raise TooManyPixels(frame.width, frame.height, max_pixels)
                yield np.ascontiguousarray(frame.to_ndarray(format="rgb24"))
    except (av.FFmpegError, OSError) as error:
        raise CorruptMedia(f"{path.name} cannot be decoded as a film ({error})") from error


def write(path: Path, pictures: Iterable[Image], *, fps: int | Fraction = 25) -> int:
    """Write frames as a film and return their number; O(1) frames of memory.

    The file appears when it is complete. libx264 needs even sides; odd ones are a ValueError.
    """
    if not fps > 0:
        raise ValueError(f"fps is {fps}: choose more than 0")
    partial = path.with_name(f"{path.stem}.part{path.suffix}")
    count = 0
    try:
        with av.open(str(partial), "w") as container:
            stream = None
            for picture in pictures:
                if stream is None:
                    height, width = picture.shape[:2]
                    if height % 2 or width % 2:
                        raise ValueError(f"{width} x {height}: both sides have to be even")
                    stream = container.add_stream(CODEC, rate=Fraction(fps), options=OPTIONS)
                    stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
                    stream.thread_count = 1
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
                count += 1
            if stream is None:
                raise ValueError("a film needs at least one frame")
            container.mux(stream.encode())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return count


def prefetched(items: Iterable[T], ahead: int = 4) -> Iterator[T]:
    """Yield items that a thread fetches up to `ahead` in advance; an error comes in its place.

    The thread ends with the generator, also when it is closed early.
    """
    if not ahead >= 1:
        raise ValueError(f"ahead is {ahead}: choose 1 or more")
    waiting: queue.Queue[tuple[str, T | BaseException | None]] = queue.Queue(ahead)
    stopped = threading.Event()

    def put(kind: str, item: T | BaseException | None) -> None:
        while not stopped.is_set():
            try:
                waiting.put((kind, item), timeout=PATIENCE_S)
                return
            except queue.Full:
                continue

    def fetch() -> None:
        try:
            for item in items:
                put("item", item)
                if stopped.is_set():
                    return
            put("end", None)
        except BaseException as error:  # noqa: BLE001 - raised again where the item is expected
            put("error", error)
        finally:
            if isinstance(items, Iterator) and hasattr(items, "close"):
                items.close()

    thread = threading.Thread(target=fetch, name="prefetch")
    thread.start()
    try:
        while True:
            kind, item = waiting.get()
            if kind == "end":
                return
            if kind == "error":
                assert isinstance(item, BaseException)
                raise item
            yield item  # type: ignore[misc]
    finally:
        stopped.set()
        thread.join()


def rate(path: Path) -> Fraction:
    """Return the mean frames per second of a film; CorruptMedia when it holds none."""
    try:
        with av.open(str(path)) as container:
            found = [stream.average_rate for stream in container.streams.video]
    except (av.FFmpegError, OSError) as error:
        raise CorruptMedia(f"{path.name} cannot be decoded as a film ({error})") from error
    if not found or not found[0]:
        raise CorruptMedia(f"{path.name} holds no film")
    return Fraction(found[0])


def transform(
    source: Path, target: Path, function: Callable[[Image], Image], *, ahead: int = 4
) -> int:
    """Apply a function to each frame of a film and write the result; returns the frames.

    The frame rate stays; sound is not copied.
    """
    fps = rate(source)
    with closing(prefetched(frames(source), ahead)) as stream:  # type: ignore[type-var]
        return write(target, (function(frame) for frame in stream), fps=fps)
