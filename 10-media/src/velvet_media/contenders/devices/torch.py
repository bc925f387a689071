"""PyTorch: CUDA devices, and Apple's, through the array API."""

from __future__ import annotations

import array_api_compat.torch as xp
import numpy as np

from velvet_media.device import blur
from velvet_media.errors import BackendUnavailable
from velvet_media.images import Image


def _device() -> str:
    if xp.cuda.is_available():
        return "cuda"
    if xp.backends.mps.is_available():
        return "mps"
    raise BackendUnavailable("a device for PyTorch", "neither CUDA nor MPS is there")


def describe() -> str:
    """Return the name of the device."""
    return f"{_device()} (PyTorch)"


def gaussian_blur(image: Image, sigma: float) -> Image:
    """Return the blurred picture."""
    given = xp.asarray(image.astype(np.float32), device=_device())
    return np.asarray(np.rint(blur(xp, given, sigma).cpu().numpy()).astype(np.uint8))
