"""What a library does with a file when its first tutorial is followed, and what our limits do."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable

import numpy as np

from velvet_media.safety import decode_safely

OPENED_MP = 100  # what is larger is not opened for a table


def _pillow(data: bytes) -> str:
    from PIL import Image as Pil

    with Pil.open(io.BytesIO(data)) as opened:
        opened.load()
        return f"accepts {opened.size[0]}x{opened.size[1]}"


def _opencv(data: bytes) -> str:
    import cv2

    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    return "returns None" if found is None else f"accepts {found.shape[1]}x{found.shape[0]}"


def _pyvips(data: bytes) -> str:
    import pyvips  # type: ignore[import-untyped,unused-ignore]

    opened = pyvips.Image.new_from_buffer(data, "")
    if opened.width * opened.height > OPENED_MP * 1e6:
        return f"opens {opened.width}x{opened.height}"
    opened.avg()
    return f"accepts {opened.width}x{opened.height}"


def _skimage(data: bytes) -> str:
    import imageio.v3 as iio

    found = iio.imread(io.BytesIO(data), index=0)
    return f"accepts {found.shape[1]}x{found.shape[0]}"


def _ours(data: bytes) -> str:
    image = decode_safely(data)
    return f"accepts {image.shape[1]}x{image.shape[0]}"


SYSTEMS: dict[str, Callable[[bytes], str]] = {
    "pillow": _pillow,
    "opencv": _opencv,
    "pyvips": _pyvips,
    "skimage": _skimage,
    "decode_safely": _ours,
}


def tried(system: str, data: bytes) -> str:
    """Return what a system does with a file: accepts it, or the class of its error."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return SYSTEMS[system](data)
    except ImportError:
        return "not installed"
    except Exception as error:  # noqa: BLE001 - whatever a library raises is shown
        return type(error).__name__
