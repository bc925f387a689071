"""What every library of this module agrees on: an array, a source, a filter, a size.

Pixels cross borders as C-contiguous `uint8` arrays of shape (height, width, 3 or 4), RGB or RGBA,
upright, sRGB. The contract of `resize` is the one that libraries differ in: on the way down each
filter widens with the factor, so that frequencies which the result cannot hold are removed first.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from enum import Enum
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
Source = bytes | os.PathLike[str]
Size = tuple[int, int]


class Filter(str, Enum):
    """A resampling filter, anti-aliased on the way down."""

    NEAREST = "nearest"
    AREA = "area"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    LANCZOS = "lanczos"


class ImageBackend(Protocol):
    """What a library offers; `velvet_media.contenders.images` has one file for each.

    Attributes:
        INSTALL: the command that installs the library.
        RAW: its own resize calls by their own names, with no promise about aliasing.
    """

    INSTALL: str
    RAW: Mapping[str, Callable[[Image, Size], Image]]

    def decode(self, source: Source) -> Image:
        """Return the upright picture; a file that ends early is an error."""
        ...

    def thumbnail(self, source: Source, max_side: int) -> Image:
        """Return the picture with its longer side at `max_side`, by the library's short cut."""
        ...

    def resize(self, image: Image, size: Size, by: Filter = Filter.LANCZOS) -> Image:
        """Return the picture at (width, height), anti-aliased on the way down."""
        ...

    def gaussian_blur(self, image: Image, sigma: float) -> Image:
        """Return the picture convolved with a Gaussian of `sigma` pixels."""
        ...

    def encode(self, image: Image, fmt: str, quality: int) -> bytes:
        """Return the file of a format: jpeg, png, webp or avif."""
        ...

    def resave(self, data: bytes) -> bytes:
        """Return a JPEG opened and saved again with the library's defaults."""
        ...


def fit(size: Size, max_side: int) -> Size:
    """Return a size with the same shape whose longer side is `max_side`; never enlarges.

    >>> fit((6000, 4000), 256), fit((40, 30), 256), fit((10_000, 3), 100)
    ((256, 171), (40, 30), (100, 1))
    """
    if max_side < 1:
        raise ValueError(f"max_side is {max_side}: choose 1 or more")
    scale = min(1.0, max_side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def read(source: Source) -> bytes:
    """Return the bytes of a source."""
    return source if isinstance(source, bytes) else Path(source).read_bytes()


def full_thumbnail(backend: ImageBackend, source: Source, max_side: int) -> Image:
    """Decode everything, then shrink: what most handlers do first. O(pixels) time and memory."""
    whole = backend.decode(source)
    return backend.resize(whole, fit((whole.shape[1], whole.shape[0]), max_side), Filter.AREA)
