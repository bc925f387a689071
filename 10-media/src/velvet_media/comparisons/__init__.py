"""What is measured, one subject a file."""

from __future__ import annotations

from typing import Any

from velvet_media import contenders

# OpenCV is always installed; named here, its version of four numbers would read like an address.
NEEDS: dict[str, str | tuple[str, ...]] = {
    "pillow": "pillow",
    "opencv": (),
    "pyvips": "pyvips",
    "skimage": "scikit-image",
}


def one_thread(name: str) -> Any:
    """Return an image library, held to one thread of its own."""
    import os

    os.environ["VIPS_CONCURRENCY"] = "1"
    library = contenders.load("images", name)
    if name == "opencv":
        import cv2

        cv2.setNumThreads(1)
    return library
