"""pyvips (libvips): pictures flow through in strips, on several threads, none of them held whole.

Three defaults are changed: `fail_on` makes an early end an error, `revalidate` reads a file
again that was written anew under its old name, and `keep` decides about metadata.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pyvips  # type: ignore[import-untyped,unused-ignore]

from velvet_media.errors import CorruptMedia, TruncatedMedia
from velvet_media.headers import read_header
from velvet_media.images import Filter, Image, Size, Source, fit

KERNELS = {
    Filter.NEAREST: "nearest",
    Filter.AREA: "linear",
    Filter.BILINEAR: "linear",
    Filter.BICUBIC: "cubic",
    Filter.LANCZOS: "lanczos3",
}


def _array(image: pyvips.Image) -> Image:
    try:
        if image.interpretation not in ("srgb", "rgb"):
            image = image.colourspace("srgb")
        if image.format == "ushort":
            image = image.colourspace("srgb")
        made = np.ascontiguousarray(image.cast("uchar").numpy())
    except pyvips.Error as error:
        kind = TruncatedMedia if "end of" in str(error) else CorruptMedia
        raise kind(f"libvips cannot decode it ({error.message.strip()})") from error
    return made if made.ndim == 3 else np.repeat(made[..., None], 3, axis=2)


def _load(call: Callable[..., pyvips.Image], **options: object) -> Image:
    try:
        return _array(call(fail_on="truncated", **options))
    except pyvips.Error as error:
        raise CorruptMedia(f"libvips cannot decode it ({error.message.strip()})") from error


def decode(source: Source) -> Image:
    """Return the upright picture."""
    options = {"access": "sequential"}

    def call(**more: object) -> pyvips.Image:
        if isinstance(source, bytes):
            return pyvips.Image.new_from_buffer(source, "", **options, **more)
        return pyvips.Image.new_from_file(str(source), revalidate=True, **options, **more)

    if read_header(source).orientation == 1:  # refuses SVG and the like, which would be rendered
        return _load(call)
    return _load(lambda **more: call(**more).copy_memory().autorot())


def thumbnail(source: Source, max_side: int) -> Image:
    """Shrink while decoding, in strips. O(pixels) time, the memory of some rows."""
    info = read_header(source)
    fit((info.width, info.height), max_side)  # refuses a side under 1
    upright = info.orientation == 1  # also where libvips takes an invalid tag
    options = {"height": max_side, "size": "down", "no_rotate": upright}
    if isinstance(source, bytes):
        return _load(partial(pyvips.Image.thumbnail_buffer, source, max_side), **options)
    name = f"{source}[revalidate=1]"
    return _load(partial(pyvips.Image.thumbnail, name, max_side), **options)


def resize(image: Image, size: Size, by: Filter = Filter.LANCZOS) -> Image:
    """Return the picture at (width, height)."""
    opened = pyvips.Image.new_from_array(image)
    scale, vscale = size[0] / opened.width, size[1] / opened.height
    return _array(opened.resize(scale, vscale=vscale, kernel=KERNELS[by]))


def gaussian_blur(image: Image, sigma: float) -> Image:
    """Blur by two passes of a kernel of whole numbers: O(pixels x sigma)."""
    return _array(pyvips.Image.new_from_array(image).gaussblur(sigma))


def encode(image: Image, fmt: str, quality: int) -> bytes:
    """Return the file of a format."""
    options = {} if fmt == "png" else {"Q": quality}
    return bytes(pyvips.Image.new_from_array(image).write_to_buffer(f".{fmt}", **options))


def resave(data: bytes) -> bytes:
    """Open and save as JPEG with the defaults."""
    return bytes(pyvips.Image.new_from_buffer(data, "").write_to_buffer(".jpg"))


INSTALL = "pip install 'pyvips[binary]'"
RAW = {"vips_resize": resize}
