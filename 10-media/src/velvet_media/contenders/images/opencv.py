"""OpenCV: the fastest arrays, BGR inside, and filters that do not widen on the way down.

Only INTER_AREA is anti-aliased, so `resize` takes it whenever the picture gets smaller. `imread`
decodes half a JPEG to a full frame with a line on standard error; the header walker refuses it.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from velvet_media.errors import CorruptMedia
from velvet_media.headers import read_header
from velvet_media.images import Filter, Image, Size, Source, fit, read

REDUCED = {
    8: cv2.IMREAD_REDUCED_COLOR_8,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    2: cv2.IMREAD_REDUCED_COLOR_2,
}
METHODS = {
    Filter.NEAREST: cv2.INTER_NEAREST,
    Filter.AREA: cv2.INTER_AREA,
    Filter.BILINEAR: cv2.INTER_LINEAR,
    Filter.BICUBIC: cv2.INTER_CUBIC,
    Filter.LANCZOS: cv2.INTER_LANCZOS4,
}


def _read(source: Source, flag: int) -> Image:
    data = read(source)
    read_header(data)  # refuses what ends early
    try:
        found = cv2.imdecode(np.frombuffer(data, np.uint8), flag)
    except cv2.error as error:
        raise CorruptMedia(f"OpenCV cannot decode it ({error.err}): upload it again") from error
    if found is None:
        raise CorruptMedia("OpenCV cannot decode it: upload it again")
    return np.asarray(cv2.cvtColor(found, cv2.COLOR_BGR2RGB))


def decode(source: Source) -> Image:
    """Return the upright picture without its alpha; OpenCV turns it by EXIF itself."""
    return _read(source, cv2.IMREAD_COLOR)


def thumbnail(source: Source, max_side: int) -> Image:
    """Decode at 1/8, 1/4 or 1/2 where that is still large enough, then shrink by area."""
    info = read_header(source)
    longer = max(info.width, info.height)
    flag = next((flag for by, flag in REDUCED.items() if longer // by >= max_side), None)
    part = _read(source, cv2.IMREAD_COLOR if flag is None else flag)
    width, height = fit((info.width, info.height), max_side)
    size = (height, width) if info.orientation >= 5 else (width, height)
    return resize(part, size, Filter.AREA)


def resize(image: Image, size: Size, by: Filter = Filter.LANCZOS) -> Image:
    """Return the picture at (width, height), by area on the way down."""
    smaller = size[0] < image.shape[1] or size[1] < image.shape[0]
    method = cv2.INTER_AREA if smaller and by is not Filter.NEAREST else METHODS[by]
    return np.asarray(cv2.resize(image, size, interpolation=method))


def gaussian_blur(image: Image, sigma: float) -> Image:
    """Blur by two passes of a kernel: O(pixels x sigma)."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma))


def encode(image: Image, fmt: str, quality: int) -> bytes:
    """Return the file of a format."""
    flag = {"jpeg": cv2.IMWRITE_JPEG_QUALITY, "webp": cv2.IMWRITE_WEBP_QUALITY}.get(fmt)
    done, data = cv2.imencode(
        f".{fmt}",
        cv2.cvtColor(image, cv2.COLOR_RGB2BGR),
        [flag, quality] if flag is not None else [],
    )
    assert done
    return bytes(data)


def resave(data: bytes) -> bytes:
    """Open and save as JPEG with the defaults."""
    opened = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert opened is not None
    return bytes(cv2.imencode(".jpg", opened)[1])


def _raw(method: int) -> Callable[[Image, Size], Image]:
    return lambda image, size: np.asarray(cv2.resize(image, size, interpolation=method))


INSTALL = "pip install opencv-python-headless"
RAW = {
    "linear": _raw(cv2.INTER_LINEAR),
    "cubic": _raw(cv2.INTER_CUBIC),
    "lanczos4": _raw(cv2.INTER_LANCZOS4),
    "area": _raw(cv2.INTER_AREA),
}
