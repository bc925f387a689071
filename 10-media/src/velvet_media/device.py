"""A blur for any device, and a reason to trust it: it is checked against the CPU before it is used.

The array code is written against the array API standard, so the same lines run on NumPy and
PyTorch; under `array-api-strict` a test proves that it uses nothing beyond the standard. A device
is chosen when its library is there, it finds a device, and its result is that of the CPU. A machine
without a GPU needs nothing: the last choice is NumPy.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from velvet_media.errors import BackendUnavailable, MediaError
from velvet_media.images import Image

PREFERRED = ("torch", "opencl", "numpy")
TOLERANCE = 1  # of 255: the last rounding may differ
CHECKED_SIZE, CHECKED_SIGMA = 48, 2.0


class Device(Protocol):
    """A library that computes somewhere; one file each in `contenders.devices`."""

    def describe(self) -> str:
        """Return the name of the device; BackendUnavailable where there is none."""
        ...

    def gaussian_blur(self, image: Image, sigma: float) -> Image:
        """Return the blurred picture."""
        ...


@dataclass(frozen=True)
class Choice:
    """The device that was chosen, and why those before it were not."""

    name: str
    device: str
    rejected: tuple[str, ...] = ()


def taps(sigma: float) -> list[float]:
    """Return the weights of a Gaussian out to 4 sigma; they add up to 1."""
    if not 0 < sigma <= 100:
        raise ValueError(f"sigma is {sigma}: choose more than 0, up to 100 pixels")
    radius = max(1, math.ceil(4 * sigma))
    weights = [math.exp(-0.5 * (i / sigma) ** 2) for i in range(-radius, radius + 1)]
    return [weight / sum(weights) for weight in weights]


def blur(xp: Any, image: Any, sigma: float) -> Any:
    """Blur a float array (height, width, channels) in any array API namespace.

    Two passes; the border repeats. O(pixels x sigma) time, two pictures of memory.
    """
    weights = taps(sigma)
    radius = len(weights) // 2
    for axis in (0, 1):
        last = image.shape[axis] - 1
        places = xp.arange(last + 1, device=getattr(image, "device", None))
        total = xp.zeros_like(image)
        for offset, weight in zip(range(-radius, radius + 1), weights, strict=True):
            total += weight * xp.take(image, xp.clip(places + offset, 0, last), axis=axis)
        image = total
    return image


def choose(names: Iterable[str] = PREFERRED) -> Choice:
    """Return the first device whose result is the CPU's. Tries each with a small picture."""
    from velvet_media.contenders import load

    rejected: list[str] = []
    for name in names:
        try:
            device = load("devices", name)
            described = device.describe()
            problem = difference(device)
        except (BackendUnavailable, ImportError) as error:
            rejected.append(f"{name}: {error}")
            continue
        if problem <= TOLERANCE:
            return Choice(name, described, tuple(rejected))
        rejected.append(f"{name}: differs from the CPU by {problem} of 255")
    raise MediaError(f"no device can be trusted: {'; '.join(rejected)}")


def difference(device: Device) -> int:
    """Return the largest difference of a device's blur from NumPy's, in levels of 255."""
    random = np.random.default_rng(0)
    image = random.integers(0, 256, (CHECKED_SIZE, CHECKED_SIZE, 3), np.uint8)
    wanted = blur(np, image.astype(np.float32), CHECKED_SIGMA)
    found = device.gaussian_blur(image, CHECKED_SIGMA)
    return int(np.abs(found.astype(int) - np.rint(wanted).astype(int)).max())
