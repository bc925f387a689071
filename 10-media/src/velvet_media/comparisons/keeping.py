"""What a file keeps: quality for its bytes, metadata, colours."""

from __future__ import annotations

import io
import math
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from velvet.bench import Metric, Suite, Timed, order, ratio, speedup, value
from velvet_media import colour, contenders
from velvet_media.comparisons import NEEDS
from velvet_media.exif import apply_orientation
from velvet_media.headers import read_header
from velvet_media.images import Image
from velvet_media.metadata import audit, strip
from velvet_media.quality import psnr, ssim
from velvet_media.samples import media

ENCODED = (384, 256)
SETTINGS: dict[str, tuple[str, dict[str, Any]]] = {
    "jpeg_75": ("jpeg", {"quality": 75}),
    "jpeg_90": ("jpeg", {"quality": 90}),
    "jpeg_90_progressive": ("jpeg", {"quality": 90, "progressive": True}),
    "jpeg_90_444": ("jpeg", {"quality": 90, "subsampling": 0}),
    "jpeg_95_444": ("jpeg", {"quality": 95, "subsampling": 0}),
    "webp_75": ("webp", {"quality": 75}),
    "webp_90": ("webp", {"quality": 90}),
    "webp_90_method_6": ("webp", {"quality": 90, "method": 6}),
    "webp_lossless": ("webp", {"lossless": True}),
    "avif_50": ("avif", {"quality": 50}),
    "avif_75": ("avif", {"quality": 75}),
    "avif_75_444": ("avif", {"quality": 75, "subsampling": "4:4:4"}),
    "png_6": ("png", {}),
    "png_9": ("png", {"compress_level": 9}),
    "tiff_deflate": ("tiff", {"compression": "tiff_adobe_deflate"}),
}
QUICK = ("jpeg_90", "jpeg_90_444", "webp_90", "avif_75", "png_6")


def _opened(data: bytes) -> Image:
    from PIL import Image as Pil

    with Pil.open(io.BytesIO(data)) as opened:
        return np.asarray(opened.convert("RGB"))


def _encode(name: str) -> Timed:
    from PIL import Image as Pil

    fmt, options = SETTINGS[name]
    scene = media.scene(*ENCODED)
    picture = Pil.fromarray(scene)

    def encoded() -> bytes:
        out = io.BytesIO()
        picture.save(out, fmt, **options)
        return out.getvalue()

    def figures() -> dict[str, float]:
        data = encoded()
        begun = time.perf_counter()
        back = _opened(data)
        spent = (time.perf_counter() - begun) * 1000
        noise = psnr(back, scene)
        found = {"bytes": float(len(data)), "decode": spent, "ssim": ssim(back, scene)}
        return found | {"psnr": 99.0 if math.isinf(noise) else noise}

    return Timed(encoded, metrics=figures)


def _add_formats(suite: Suite) -> None:
    formats = suite.comparison(
        "formats",
        title="384 x 256 pixels in 15 settings: encode time, bytes, quality (PSNR 99: lossless)",
        unit="ms",
        metrics={
            "bytes": Metric("bytes"),
            "ssim": Metric("", "higher"),
            "psnr": Metric("dB", "higher"),
            "decode": Metric("ms"),
        },
        rounds={"quick": 3, "default": 5},
        clock="wall",
    )
    for name in SETTINGS:
        tier = "quick" if name in QUICK else "default"
        formats.add(name, partial(_encode, name), baseline=name == "jpeg_90", tier=tier)
    formats.check(lambda data: _opened(data).shape == (*ENCODED[::-1], 3))
    suite.claim(
        "AVIF at 75 is smaller than WebP at 90, WebP at 90 is smaller than JPEG at 90",
        order("formats", "avif_75", "webp_90", "jpeg_90", metric="bytes"),
    )
    suite.claim(
        "all three keep an SSIM of 0.93",
        (value("formats", "avif_75", "ssim") >= 0.93)
        & (value("formats", "webp_90", "ssim") >= 0.93)
        & (value("formats", "jpeg_90", "ssim") >= 0.93),
    )
    suite.claim(
        "AVIF takes at least 10x the encode time of JPEG",
        speedup("formats", "jpeg_90", "avif_75") >= 10,
    )
    suite.claim(
        "full chroma keeps at least 0.5 dB more in a JPEG of the same quality",
        value("formats", "jpeg_90_444", "psnr") - value("formats", "jpeg_90", "psnr") >= 0.5,
    )


def _clean(way: str) -> Timed:
    data = media.private_photo(1600, 1200)
    before = _opened(data)
    calls: dict[str, Callable[[], bytes]] = {"strip": lambda: strip(data)}
    if way != "strip":
        library = contenders.load("images", way)
        calls[way] = lambda: library.encode(library.decode(data), "jpeg", 90)

    def figures() -> dict[str, float]:
        clean = calls[way]()
        after = apply_orientation(_opened(clean), read_header(clean).orientation)
        moved = np.any(after != apply_orientation(before, 6), axis=2)
        return {
            "changed": float(moved.mean()) * 100,
            "bytes": float(len(clean)),
            "leaks": float(len(audit(clean))),
        }

    return Timed(calls[way], metrics=figures)


def _add_cleaning(suite: Suite) -> None:
    cleaning = suite.comparison(
        "clean",
        title="Take the position out of a JPEG of 1.9 megapixels: strip it, or encode it again",
        unit="ms",
        clock="wall",
        metrics={
            "changed": Metric("% of pixels"),
            "bytes": Metric("bytes"),
            "leaks": Metric("leaks"),
        },
        rounds={"quick": 4, "default": 8},
    )
    cleaning.add("strip", partial(_clean, "strip"), note="segments are copied")
    cleaning.add("pillow", partial(_clean, "pillow"), baseline=True, note="encoded again at 90")
    cleaning.add("opencv", partial(_clean, "opencv"), needs=NEEDS["opencv"], tier="default")
    cleaning.check(lambda data: audit(data) == [])
    suite.claim("strip is at least 20x faster", speedup("clean", "strip", "pillow") >= 20)
    suite.claim(
        "and changes no pixel, which encoding again does",
        value("clean", "strip", "changed").equals(0) & (value("clean", "pillow", "changed") >= 1),
    )
    suite.claim("nothing is left in it", value("clean", "strip", "leaks").equals(0))


def _kept(way: str) -> Callable[[], dict[str, Any]]:
    icc = colour.wide_gamut_profile()

    def run() -> dict[str, Any]:
        scene = media.scene(120, 80, 4)
        data = media.jpeg_with(
            scene, block=media.exif(6, gps=True, camera="Invented"), comment=b"at home", icc=icc
        )
        saved = strip(data) if way == "strip" else contenders.load("images", way).resave(data)
        kinds, info = {leak.kind for leak in audit(saved)}, read_header(saved)
        shown = apply_orientation(_opened(saved), info.orientation)
        same = np.array_equal(_opened(saved), _opened(data))
        return {
            "gps": "kept" if "gps" in kinds else "gone",
            "comment": "kept" if "comment" in kinds else "gone",
            "profile": "kept" if info.has_icc else "gone",
            "orientation": "upright" if shown.shape[:2] == (120, 80) else "sideways",
            "pixels": "the same" if same else "encoded again",
        }

    return run


def _add_kept(suite: Suite) -> None:
    label = Metric("label")
    names = ("gps", "comment", "profile", "orientation", "pixels")
    kept = suite.comparison(
        "kept",
        title="What is left of a sideways photo with a position, opened and saved by the defaults",
        kind="value",
        unit="label",
        metrics=dict.fromkeys(names, label),
    )
    for way in ("pillow", "opencv", "pyvips", "skimage", "strip"):
        kept.add(way, partial(_kept, way), needs=NEEDS.get(way, ()))


def _colours(way: str) -> Callable[[], dict[str, float]]:
    from PIL import Image as Pil

    def small(image: Image) -> Image:
        if way == "light":
            return colour.shrink_linear(image, (8, 8))
        return np.asarray(Pil.fromarray(image).resize((8, 8), Pil.Resampling.BOX))

    def channels(image: Image) -> Image:
        if way == "light":
            return small(image)
        parts = [Pil.fromarray(image[..., index]) for index in range(4)]
        return np.dstack([np.asarray(part.resize((8, 8), Pil.Resampling.BOX)) for part in parts])

    def run() -> dict[str, float]:
        hidden = np.zeros((64, 64, 4), np.uint8)
        hidden[...] = (0, 255, 0, 0)
        hidden[:33] = (255, 0, 0, 255)
        wide, right = _wide()
        seen = colour.to_srgb(wide) if way == "light" else _opened(wide)
        return {
            "checkerboard": float(small(media.checkerboard(64)).mean()),
            "fringe": float(channels(hidden)[4, :, 1].mean()),
            "gamut": float(np.abs(seen.astype(int) - right).mean()),
        }

    return run


def _wide() -> tuple[bytes, Image]:
    """Return a saturated picture in a wide gamut as a JPEG, and what it should look like."""
    from PIL import Image as Pil
    from PIL import ImageCms

    right = np.full((64, 64, 3), (220, 40, 30), np.uint8)
    right[:, 32:] = (30, 190, 60)
    icc = colour.wide_gamut_profile()
    profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    srgb = ImageCms.createProfile("sRGB")
    wide = ImageCms.profileToProfile(Pil.fromarray(right), srgb, profile)
    assert wide is not None
    return media.jpeg_with(np.asarray(wide), icc=icc, quality=100, subsampling=0), right


def _add_colours(suite: Suite) -> None:
    colours = suite.comparison(
        "colour",
        title="Shrink values, or light: a checkerboard, an edge of alpha, a wide gamut",
        kind="value",
        unit="levels",
        metrics={
            "checkerboard": Metric("levels", "higher"),
            "fringe": Metric("levels"),
            "gamut": Metric("levels"),
        },
    )
    colours.add("values", partial(_colours, "values"), baseline=True, note="what most code does")
    colours.add("light", partial(_colours, "light"), note="this module's")
    suite.claim(
        "a checkerboard shrinks to 188 in light and to 128 in values",
        value("colour", "light", "checkerboard").between(186, 190)
        & value("colour", "values", "checkerboard").between(126, 130),
    )
    suite.claim(
        "alpha as weight leaves no fringe",
        value("colour", "light", "fringe").equals(0) & (value("colour", "values", "fringe") >= 50),
    )
    suite.claim(
        "dropping the profile moves colours at least 3x as far as converting them",
        ratio("colour", "values", "light", "gamut") >= 3,
    )


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    _add_formats(suite)
    _add_cleaning(suite)
    _add_kept(suite)
    _add_colours(suite)
