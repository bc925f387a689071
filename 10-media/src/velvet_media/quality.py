"""Say how good a picture is, in figures: PSNR, SSIM, and what aliasing adds.

SSIM follows Wang, Bovik, Sheikh and Simoncelli (2004): Gaussian window of 11 pixels with sigma 1.5,
K1 = 0.01, K2 = 0.03, on luma. Aliasing is measured on a zone plate, whose frequency grows with the
radius: beyond what the small picture can hold, an honest filter leaves plain grey.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from velvet_media.images import Image

Plane = npt.NDArray[np.float64]
LUMA = np.array([0.299, 0.587, 0.114])
K1, K2, PEAK = 0.01, 0.03, 255.0
GREY = 127.5
PASS, STOP = 0.25, 0.75  # cycles per pixel; between them filters may differ


def luma(image: Image) -> Plane:
    """Return the luma of Rec. 601 as a plane of floats; of a grey picture, itself."""
    if image.ndim == 2:
        return image.astype(np.float64)
    return np.asarray(image[..., :3].astype(np.float64) @ LUMA)


def psnr(first: Image, second: Image) -> float:
    """Return the peak signal-to-noise ratio in dB; infinite for equal pictures. O(pixels)."""
    _same_shape(first, second)
    error = float(np.mean((first.astype(np.float64) - second.astype(np.float64)) ** 2))
    return math.inf if error == 0 else 10 * math.log10(PEAK**2 / error)


def ssim(first: Image, second: Image) -> float:
    """Return the mean structural similarity on luma, 1 for equal pictures. O(pixels).

    Raises:
        ValueError: the shapes differ, or a side is under 11 pixels, the size of the window.
    """
    _same_shape(first, second)
    if min(first.shape[:2]) < 11:
        raise ValueError(f"a picture of {first.shape[:2]} is smaller than the window of 11 pixels")
    a, b = luma(first), luma(second)
    mean_a, mean_b = _window(a), _window(b)
    var_a = _window(a * a) - mean_a**2
    var_b = _window(b * b) - mean_b**2
    both = _window(a * b) - mean_a * mean_b
    c1, c2 = (K1 * PEAK) ** 2, (K2 * PEAK) ** 2
    top = (2 * mean_a * mean_b + c1) * (2 * both + c2)
    return float(np.mean(top / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))))


def _window(plane: Plane) -> Plane:
    """Return Gaussian means where the whole window fits: two passes of 11 taps."""
    kernel = np.exp(-0.5 * (np.arange(-5, 6) / 1.5) ** 2)
    kernel /= kernel.sum()
    rows, columns = plane.shape
    down = sum(w * plane[i : rows - 10 + i] for i, w in enumerate(kernel))
    return np.asarray(sum(w * down[:, i : columns - 10 + i] for i, w in enumerate(kernel)))


def _same_shape(first: Image, second: Image) -> None:
    if first.shape != second.shape:
        raise ValueError(f"shapes differ: {first.shape} and {second.shape}")


def _plate(n: int, factor: int, plate: Image) -> tuple[Plane, Plane]:
    """Return luma and, for each pixel, the plate's frequency in cycles per small pixel."""
    if plate.shape[:2] != (n // factor, n // factor):
        raise ValueError(f"the plate is {plate.shape[:2]}: {n} / {factor} is expected")
    axis = (np.arange(n // factor) + 0.5) * factor - n / 2
    return luma(plate), np.hypot(axis, axis[:, None]) / n * factor


def alias_energy(plate: Image, n: int, factor: int) -> float:
    """Return the RMS against grey where a zone plate of side n, shrunk, has to be grey.

    There the frequency is above 0.75 cycles per pixel of the small picture; Nyquist is at 0.5.
    """
    values, frequency = _plate(n, factor, plate)
    return float(np.sqrt(np.mean((values - GREY)[frequency > STOP] ** 2)))


def passband_error(plate: Image, n: int, factor: int) -> float:
    """Return the RMS against the exact plate where a filter should change nothing.

    There the frequency is under 0.25 cycles per pixel: what is lost here is sharpness.
    """
    values, frequency = _plate(n, factor, plate)
    exact = exact_plate(n, n // factor)
    return float(np.sqrt(np.mean((values - exact)[frequency < PASS] ** 2)))


def exact_plate(n: int, size: int) -> Plane:
    """Return a zone plate of side n sampled at `size` x `size` points: 127.5 (1 + cos(pi r^2/n)).

    The frequency at radius r is r/n cycles per pixel of the large plate: 0.5 at its edges.
    """
    axis = (np.arange(size) + 0.5) * n / size - n / 2
    return np.asarray(GREY * (1 + np.cos(np.pi * (axis**2 + axis[:, None] ** 2) / n)))
