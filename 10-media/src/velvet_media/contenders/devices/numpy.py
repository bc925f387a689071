"""The CPU: what every other device is checked against."""

from __future__ import annotations

import numpy as np

from velvet_media.device import blur
from velvet_media.images import Image


def describe() -> str:
    """Return the name of the device."""
    return "CPU (NumPy)"


def gaussian_blur(image: Image, sigma: float) -> Image:
    """Return the blurred picture."""
    return np.asarray(np.rint(blur(np, image.astype(np.float32), sigma)).astype(np.uint8))
