"""Shrink light instead of numbers, colours instead of what lies under alpha, and keep the profile.

The values of a picture are not proportional to light (IEC 61966-2-1, sRGB). A mean of values is too
dark; of a checkerboard of black and white it is 128 instead of 188. A mean of RGB with alpha mixes
in colours that are invisible. And a picture in a wide gamut, whose profile is dropped, is shown
with pale colours.
"""

from __future__ import annotations

import io
import struct

import numpy as np
import numpy.typing as npt
from PIL import Image as Pil
from PIL import ImageCms

from velvet_media.images import Image, Size

Light = npt.NDArray[np.float32]
# Rec. ITU-R BT.709 and Display P3 primaries, adapted to the white of profiles (D50).
P3_TO_XYZ = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
D50 = (0.9642, 1.0, 0.8249)


def to_linear(values: npt.NDArray[np.uint8]) -> Light:
    """Return light from 0 to 1 for sRGB values; a table of 256 entries. O(pixels)."""
    x = np.arange(256, dtype=np.float64) / 255
    table = np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)
    return np.asarray(table.astype(np.float32)[values])


def from_linear(light: npt.NDArray[np.floating]) -> npt.NDArray[np.uint8]:
    """Return sRGB values for light from 0 to 1; what is outside is clipped. O(pixels)."""
    x = np.clip(light.astype(np.float64), 0, 1)
    curve = np.where(x <= 0.0031308, x * 12.92, 1.055 * x ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(curve * 255).astype(np.uint8))


def shrink_linear(image: Image, size: Size) -> Image:
    """Return a picture shrunk in linear light, with colours weighted by alpha.

    O(pixels) time, 4 bytes a sample of memory: one plane at a time in float32.
    """
    planes = [to_linear(image[..., index]) for index in range(3)]
    alpha = image[..., 3].astype(np.float32) / 255 if image.shape[2] == 4 else None
    if alpha is None:
        return from_linear(np.stack([_shrunk(plane, size) for plane in planes], axis=-1))
    small = _shrunk(alpha, size)
    visible = np.maximum(small, 1e-6)
    colours = [_shrunk(plane * alpha, size) / visible for plane in planes]
    out = from_linear(np.stack([*colours, small], axis=-1))
    out[..., 3] = np.rint(np.clip(small, 0, 1) * 255)
    return out


def _shrunk(plane: npt.NDArray[np.floating], size: Size) -> Light:
    small = Pil.fromarray(plane).resize(size, Pil.Resampling.BOX)
    return np.asarray(small, dtype=np.float32)


def to_srgb(data: bytes) -> Image:
    """Return a picture's pixels converted from its embedded profile to sRGB. O(pixels).

    A picture without a profile is taken as sRGB, as the web does. A broken profile is ignored.
    """
    with Pil.open(io.BytesIO(data)) as opened:
        profile = opened.info.get("icc_profile")
        rgb = opened.convert("RGB")
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            made = ImageCms.profileToProfile(rgb, source, ImageCms.createProfile("sRGB"))
        except (ImageCms.PyCMSError, OSError):
            return np.asarray(rgb)
        assert made is not None
        return np.asarray(made)
    return np.asarray(rgb)


def wide_gamut_profile() -> bytes:
    """Return an ICC profile (version 2, matrix and gamma 2.2) of the primaries of Display P3."""

    def text(words: bytes) -> bytes:
        return b"desc\0\0\0\0" + struct.pack(">I", len(words) + 1) + words + bytes(79)

    def point(x: float, y: float, z: float) -> bytes:
        return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(v * 65536) for v in (x, y, z)))

    gamma = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256)) + b"\0\0"
    red, green, blue = P3_TO_XYZ
    tags = {
        b"desc": text(b"Velvet wide gamut"),
        b"cprt": b"text\0\0\0\0public domain\0",
        b"wtpt": point(*D50),
        **{name: point(*xyz) for name, xyz in ((b"rXYZ", red), (b"gXYZ", green), (b"bXYZ", blue))},
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), gamma),
    }
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        table += name + struct.pack(">II", start + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    head = struct.pack(
        ">I4sI4s4s4s", start + len(body), b"\0\0\0\0", 0x02400000, b"mntr", b"RGB ", b"XYZ "
    )
    head += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp") + bytes(28)
    head += struct.pack(">3i", *(round(v * 65536) for v in D50)) + bytes(48)
    return head + table + body
