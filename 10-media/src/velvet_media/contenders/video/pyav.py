"""PyAV: FFmpeg's libraries in this process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from velvet_media import video
from velvet_media.images import Image


def frames(path: Path) -> Iterator[Image]:
    """Yield RGB frames."""
    return video.frames(path)
