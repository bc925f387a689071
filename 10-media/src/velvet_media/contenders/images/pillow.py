"""Pillow: `draft` lets the JPEG decoder shrink by 2, 4 or 8 while it decodes.

It holds RGB at four bytes a pixel. `draft` is of no use for a progressive file.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image as Pil
from PIL import ImageFilter

from velvet_media.errors import CorruptMedia, TruncatedMedia
from velvet_media.exif import apply_orientation
from velvet_media.headers import read_header
from velvet_media.images import Filter, Image, Size, Source, fit, read
from velvet_media.safety import to_eight_bits

FILTERS = {
    Filter.NEAREST: Pil.Resampling.NEAREST,
    Filter.AREA: Pil.Resampling.BOX,
    Filter.BILINEAR: Pil.Resampling.BILINEAR,
    Filter.BICUBIC: Pil.Resampling.BICUBIC,
    Filter.LANCZOS: Pil.Resampling.LANCZOS,
}
GAP = 2.0  # draft and reduce stop at twice the wanted size, and the filter does the rest


def _pixels(opened: Pil.Image) -> Image:
    """Return 8-bit RGB or RGBA pixels of any mode; 16 bits are scaled, as `convert` clips them."""
    if opened.mode.startswith("I"):
        grey = to_eight_bits(np.asarray(opened).clip(0, 65535).astype(np.uint16))
        return np.ascontiguousarray(np.repeat(grey[..., None], 3, axis=2))
    alpha = opened.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in opened.info
    return np.ascontiguousarray(np.asarray(opened.convert("RGBA" if alpha else "RGB")))


def _opened(source: Source, side: int | None) -> Image:
    data = read(source)
    info = read_header(data)
    if side is not None:
        fit((info.width, info.height), side)  # refuses a side under 1
    orientation = 1 if info.format == "tiff" else info.orientation  # Pillow turns TIFF itself
    try:
        with Pil.open(io.BytesIO(data)) as opened:
            pixels = _pixels(opened) if side is None else _shrunk(opened, side)
    except (OSError, SyntaxError, ValueError, Pil.DecompressionBombError) as error:
        kind = TruncatedMedia if "truncated" in str(error) else CorruptMedia
        raise kind(f"Pillow cannot decode it ({error}): upload it again") from error
    return apply_orientation(pixels, orientation)


def _shrunk(opened: Pil.Image, side: int) -> Image:
    size = fit(opened.size, side)
    opened.draft("RGB", (int(GAP * size[0]), int(GAP * size[1])))
    deep = opened.mode.startswith("I")
    plain = opened
    if "transparency" in opened.info or not (deep or opened.mode in ("L", "LA", "RGB", "RGBA")):
        plain = opened.convert("RGBA" if opened.has_transparency_data else "RGB")
        opened.close()  # its pixels are not held beside the converted ones
    gap = None if deep else GAP  # `reduce` has no 16 bits
    return _pixels(plain.resize(size, Pil.Resampling.LANCZOS, reducing_gap=gap))


def decode(source: Source) -> Image:
    """Return the upright picture."""
    return _opened(source, None)


def thumbnail(source: Source, max_side: int) -> Image:
    """Shrink while decoding, then by squares, then by Lanczos. O(pixels), with 1/8 the memory."""
    return _opened(source, max_side)


def resize(image: Image, size: Size, by: Filter = Filter.LANCZOS) -> Image:
    """Return the picture at (width, height)."""
    return np.asarray(Pil.fromarray(image).resize(size, FILTERS[by]))


def gaussian_blur(image: Image, sigma: float) -> Image:
    """Blur by three passes of a box, whose cost does not depend on sigma: O(pixels)."""
    return np.asarray(Pil.fromarray(image).filter(ImageFilter.GaussianBlur(sigma)))


def encode(image: Image, fmt: str, quality: int) -> bytes:
    """Return the file of a format."""
    out = io.BytesIO()
    opened = Pil.fromarray(image)
    if fmt == "jpeg" and opened.mode == "RGBA":
        opened = opened.convert("RGB")
    opened.save(out, fmt, quality=quality)
    return out.getvalue()


def resave(data: bytes) -> bytes:
    """Open and save as JPEG with the defaults."""
    out = io.BytesIO()
    with Pil.open(io.BytesIO(data)) as opened:
        opened.save(out, "jpeg")
    return out.getvalue()


def _raw(method: Pil.Resampling) -> Callable[[Image, Size], Image]:
    return lambda image, size: np.asarray(Pil.fromarray(image).resize(size, method))


INSTALL = "pip install pillow"
RAW = {
    "nearest": _raw(Pil.Resampling.NEAREST),
    "box": _raw(Pil.Resampling.BOX),
    "bilinear": _raw(Pil.Resampling.BILINEAR),
    "bicubic": _raw(Pil.Resampling.BICUBIC),
    "lanczos": _raw(Pil.Resampling.LANCZOS),
}
