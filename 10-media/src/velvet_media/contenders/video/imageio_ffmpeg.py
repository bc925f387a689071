"""imageio-ffmpeg: the program ffmpeg as a child, raw frames through a pipe."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import imageio_ffmpeg  # type: ignore[import-untyped,unused-ignore]
import numpy as np

from velvet_media.errors import CorruptMedia
from velvet_media.images import Image


def frames(path: Path) -> Iterator[Image]:
    """Yield RGB frames."""
    reader = imageio_ffmpeg.read_frames(str(path))
    try:
        width, height = next(reader)["size"]
        for frame in reader:
            yield np.frombuffer(frame, np.uint8).reshape(height, width, 3)
    except (OSError, KeyError, StopIteration) as error:
        raise CorruptMedia(f"{path.name} cannot be decoded as a film ({error})") from error
    finally:
        reader.close()
