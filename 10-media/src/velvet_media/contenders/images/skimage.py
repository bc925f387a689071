"""scikit-image: float64 arrays for research; eight bytes a sample, and filters chosen by a flag.

Its files are read by imageio, which is Pillow here; it turns TIFF files by EXIF, and no others.
"""

from __future__ import annotations

import io
from typing import Any

import imageio.v3 as iio
import numpy as np
from skimage import filters, transform, util

from velvet_media.errors import CorruptMedia
from velvet_media.exif import apply_orientation
from velvet_media.headers import read_header
from velvet_media.images import Filter, Image, Size, Source, fit, read

ORDERS = {Filter.NEAREST: 0, Filter.BILINEAR: 1, Filter.BICUBIC: 3, Filter.LANCZOS: 3}


def decode(source: Source) -> Image:
    """Return the upright picture."""
    data = read(source)
    info = read_header(data)
    scaled: Any = util.img_as_ubyte  # without types; 16 bits and 1 bit to 8
    try:
        pixels = iio.imread(io.BytesIO(data), index=0)
        if info.format == "jpeg" and pixels.shape[2:] == (4,):  # CMYK
            pixels = iio.imread(io.BytesIO(data), index=0, mode="RGB")
        pixels = scaled(pixels if pixels.ndim == 3 else pixels[..., None])
    except (OSError, SyntaxError, ValueError) as error:
        raise CorruptMedia(f"imageio cannot decode it ({error}): upload it again") from error
    if pixels.shape[2] < 3:
        pixels = np.dstack([*[pixels[..., 0]] * 3, pixels[..., 1:]])
    return apply_orientation(pixels, 1 if info.format == "tiff" else info.orientation)


def thumbnail(source: Source, max_side: int) -> Image:
    """Decode everything, then shrink: there is no short cut. O(pixels) time and memory."""
    whole = decode(source)
    return resize(whole, fit((whole.shape[1], whole.shape[0]), max_side), Filter.BILINEAR)


def _resized(image: Image, size: Size, order: int, anti_aliasing: bool) -> Image:
    resized: Any = transform.resize  # without types
    made = resized(
        image, (size[1], size[0]), order=order, anti_aliasing=anti_aliasing, preserve_range=True
    )
    return np.asarray(np.clip(np.rint(made), 0, 255).astype(np.uint8))


def resize(image: Image, size: Size, by: Filter = Filter.LANCZOS) -> Image:
    """Return the picture at (width, height): a Gaussian blur, then splines of the wanted order."""
    if by is Filter.AREA:
        return _resized(image, size, 1, True)
    return _resized(image, size, ORDERS[by], by is not Filter.NEAREST)


def gaussian_blur(image: Image, sigma: float) -> Image:
    """Blur in float64 by two passes of a kernel: O(pixels x sigma)."""
    gaussian: Any = filters.gaussian  # without types
    made = gaussian(image, sigma, channel_axis=-1, preserve_range=True)
    return np.asarray(np.rint(made).astype(np.uint8))


def encode(image: Image, fmt: str, quality: int) -> bytes:
    """Return the file of a format."""
    return bytes(iio.imwrite("<bytes>", image, extension=f".{fmt}", quality=quality))


def resave(data: bytes) -> bytes:
    """Open and save as JPEG with the defaults."""
    return bytes(iio.imwrite("<bytes>", iio.imread(data), extension=".jpg"))


INSTALL = "pip install scikit-image"
RAW = {
    "plain": lambda image, size: _resized(image, size, 1, False),
    "antialiased": lambda image, size: _resized(image, size, 1, True),
}
