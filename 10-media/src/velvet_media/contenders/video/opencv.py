"""OpenCV: VideoCapture, frames as BGR; the end of a film and an error look the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from velvet_media.errors import CorruptMedia
from velvet_media.images import Image


def frames(path: Path) -> Iterator[Image]:
    """Yield RGB frames."""
    capture = cv2.VideoCapture(str(path))
    try:
        if not capture.isOpened():
            raise CorruptMedia(f"{path.name} cannot be decoded as a film")
        while True:
            there, frame = capture.read()
            if not there:
                return
            yield np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB))
    finally:
        capture.release()
