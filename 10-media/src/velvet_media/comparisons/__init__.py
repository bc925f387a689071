"""What is measured, one subject a file."""

from __future__ import annotations

from typing import Any

from velvet_media import contenders

NEEDS = {
    "pillow": "pillow",
    "opencv": "opencv-python-headless",
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
