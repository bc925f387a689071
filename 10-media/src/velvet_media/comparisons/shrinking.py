"""Thumbnails, resizing, aliasing, blurring: time and memory beside quality."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from velvet.bench import Absent, Metric, Outcome, Suite, Timed, across, ratio, speedup
from velvet_media.comparisons import NEEDS, one_thread
from velvet_media.errors import BackendUnavailable
from velvet_media.images import full_thumbnail
from velvet_media.quality import Plane, alias_energy, luma, passband_error, ssim
from velvet_media.samples import cache, media

WIDTH, HEIGHT, SIDE = 4000, 3000, 256
SMALL = (192, 256, 3)
THUMBS = {
    "pillow_full": ("pillow", "decode, then shrink"),
    "pillow_draft": ("pillow", "shrink while decoding"),
    "opencv_full": ("opencv", "decode, then shrink"),
    "opencv_reduced": ("opencv", "shrink while decoding"),
    "pyvips": ("pyvips", "in strips"),
    "skimage": ("skimage", "float64, no short cut"),
}
RESIZERS = {
    "pillow_lanczos": ("pillow", "lanczos"),
    "pillow_box": ("pillow", "box"),
    "opencv_linear": ("opencv", "linear"),
    "opencv_area": ("opencv", "area"),
    "opencv_lanczos4": ("opencv", "lanczos4"),
    "pyvips_lanczos3": ("pyvips", "vips_resize"),
    "skimage_antialiased": ("skimage", "antialiased"),
}
ALIASING = {
    **{f"pillow_{name}": ("pillow", name) for name in ("nearest", "box", "bilinear", "bicubic")},
    "opencv_cubic": ("opencv", "cubic"),
    "skimage_plain": ("skimage", "plain"),
    **RESIZERS,
}
PLATE, FACTOR = 2048, 8
BLURRED, MARGIN = (900, 600), 200


def _thumbnail(name: str, coding: str) -> Callable[[], Outcome]:
    library = one_thread(THUMBS[name][0])
    path = cache.photo(WIDTH, HEIGHT, progressive=coding == "progressive")
    pillow = one_thread("pillow")
    wanted = pillow.decode(cache.reference(WIDTH, HEIGHT, SIDE))

    def run() -> Outcome:
        begun = time.process_time()
        if name.endswith("_full"):
            small = full_thumbnail(library, path, SIDE)
        else:
            small = library.thumbnail(path, SIDE)
        spent = time.process_time() - begun
        return Outcome({"ssim": ssim(small, wanted)}, seconds=spent, result=small)

    return run


def _add_thumbnails(suite: Suite) -> None:
    thumbs = suite.comparison(
        "thumbnail",
        title="A JPEG of 12 megapixels to 256 pixels: CPU time, memory, likeness",
        kind="run",
        unit="ms",
        floor=True,
        sizes={"coding": ["baseline", "progressive"]},
        metrics={"ssim": Metric("", "higher")},
        rounds={"quick": 1, "default": 2},
        limit=300,
    )
    for name, (library, note) in THUMBS.items():
        tier = "default" if name == "opencv_full" else "quick"
        when = (lambda coding: coding == "baseline") if name == "skimage" else None
        thumbs.add(
            name,
            partial(_thumbnail, name),
            baseline=name == "pillow_full",
            needs=NEEDS[library],
            note=note,
            tier=tier,
            when=when,
        )
    thumbs.check(lambda small: small.shape == SMALL and small.dtype == np.uint8)
    plain = {"coding": "baseline"}
    suite.claim(
        "draft takes at most a third of the CPU time of a full decode",
        ratio("thumbnail", "pillow_full", "pillow_draft", **plain) >= 3,
    )
    suite.claim(
        "and at most a fifth of its memory",
        ratio("thumbnail", "pillow_full", "pillow_draft", "delta_mb", **plain) >= 5,
    )
    suite.claim(
        "scikit-image takes at least 3x the memory of Pillow's full decode",
        ratio("thumbnail", "skimage", "pillow_full", "delta_mb", **plain) >= 3,
    )
    trap: dict[str, Any] = {"first": {"coding": "progressive"}, "second": plain}
    suite.claim(
        "a progressive file takes draft's short cut away: at least 2x the CPU time",
        across("thumbnail", "pillow_draft", **trap) >= 2,
    )
    suite.claim(
        "and at least 3x the memory",
        across("thumbnail", "pillow_draft", "delta_mb", **trap) >= 3,
    )


def _resize(name: str) -> Timed:
    library, method = RESIZERS[name]
    shrink = one_thread(library).RAW[method]
    image, plate = media.scene(1200, 800), media.zone_plate(512)

    def added() -> dict[str, float]:
        return {"added": alias_energy(shrink(plate, (64, 64)), 512, 8)}

    return Timed(lambda: shrink(image, (300, 200)), metrics=added)


def _add_resizing(suite: Suite) -> None:
    resizing = suite.comparison(
        "resize",
        title="1200 x 800 to 300 x 200 on one thread, with what each adds to a zone plate",
        unit="ms",
        clock="wall",
        metrics={"added": Metric("levels RMS")},
        rounds={"quick": 4, "default": 10},
    )
    for name, (library, _) in RESIZERS.items():
        tier = "default" if library == "skimage" else "quick"
        resizing.add(
            name,
            partial(_resize, name),
            baseline=name == "pillow_lanczos",
            needs=NEEDS[library],
            tier=tier,
        )
    resizing.check(lambda small: small.shape == (200, 300, 3) and small.dtype == np.uint8)
    suite.claim(
        "OpenCV's INTER_AREA is at least 3x faster than Pillow's Lanczos",
        speedup("resize", "opencv_area", "pillow_lanczos") >= 3,
    )


def _aliasing(name: str) -> Callable[[], dict[str, float]]:
    library, method = ALIASING[name]
    shrink = one_thread(library).RAW[method]

    def run() -> dict[str, float]:
        small = shrink(media.zone_plate(PLATE), (PLATE // FACTOR, PLATE // FACTOR))
        return {
            "added": alias_energy(small, PLATE, FACTOR),
            "lost": passband_error(small, PLATE, FACTOR),
        }

    return run


def _add_aliasing(suite: Suite) -> None:
    aliasing = suite.comparison(
        "aliasing",
        title="A zone plate of 2048 pixels to 256: what a filter adds, and what it loses",
        kind="value",
        unit="levels RMS",
        metrics={"added": Metric("levels RMS"), "lost": Metric("levels RMS")},
    )
    for name, (library, _) in ALIASING.items():
        baseline = name == "pillow_lanczos"
        aliasing.add(name, partial(_aliasing, name), baseline=baseline, needs=NEEDS[library])
    for name in ("opencv_linear", "opencv_lanczos4", "skimage_plain"):
        suite.claim(
            f"{name} adds at least 20x as much as Pillow's Lanczos",
            ratio("aliasing", name, "pillow_lanczos", "added") >= 20,
        )
    suite.claim(
        "OpenCV's Lanczos is no better than its linear filter, its area filter is",
        (ratio("aliasing", "opencv_lanczos4", "opencv_linear", "added") >= 1)
        & (ratio("aliasing", "opencv_linear", "opencv_area", "added") >= 3),
    )


def _exact_blur(sigma: int) -> Plane:
    """Return the luma of the scene, blurred in the frequency domain; exact away from the border."""
    plane = luma(media.scene(*BLURRED))
    across_x, across_y = np.fft.rfftfreq(plane.shape[1]), np.fft.fftfreq(plane.shape[0])[:, None]
    passed = np.exp(-2 * (np.pi * sigma) ** 2 * (across_x**2 + across_y**2))
    return np.asarray(np.fft.irfft2(np.fft.rfft2(plane) * passed, plane.shape))


def _blur(subject: str, name: str, sigma: int) -> Timed:
    from velvet_media import contenders

    image = np.ascontiguousarray(media.scene(*BLURRED))
    library = one_thread(name) if subject == "images" else contenders.load(subject, name)
    if subject == "devices":
        try:
            library.describe()
        except BackendUnavailable as missing:
            raise Absent(str(missing)) from missing
    inner = (slice(MARGIN, -MARGIN), slice(MARGIN, -MARGIN))

    def error() -> dict[str, float]:
        made = luma(library.gaussian_blur(image, float(sigma)))[inner]
        return {"error": float(np.sqrt(np.mean((made - _exact_blur(sigma)[inner]) ** 2)))}

    return Timed(lambda: library.gaussian_blur(image, float(sigma)), metrics=error)


def _add_blurring(suite: Suite) -> None:
    blur = suite.comparison(
        "blur",
        title="A Gaussian blur of 900 x 600 while sigma grows, on one thread",
        unit="ms",
        clock="wall",
        sizes={"sigma": [2, 5, 10, 20, 50]},
        default=lambda sigma: sigma != 5,
        quick=lambda sigma: sigma in (2, 50),
        metrics={"error": Metric("levels RMS")},
        rounds={"quick": 3, "default": 5},
    )
    for name in ("pillow", "opencv", "pyvips", "skimage"):
        tier = "quick" if name in ("pillow", "opencv") else "default"
        when = (lambda sigma: sigma <= 10) if name == "skimage" else None
        blur.add(
            name,
            partial(_blur, "images", name),
            needs=NEEDS[name],
            baseline=name == "pillow",
            tier=tier,
            when=when,
        )
    short: dict[str, Any] = {"when": lambda sigma: sigma == 2, "tier": "default"}
    blur.add("array_api_numpy", partial(_blur, "devices", "numpy"), note="our check", **short)
    blur.add(
        "opencl_cpu", partial(_blur, "devices", "opencl"), needs="pyopencl", note="PoCL", **short
    )
    blur.check(lambda made: made.shape == (600, 900, 3) and made.dtype == np.uint8)
    ends: dict[str, Any] = {"first": {"sigma": 50}, "second": {"sigma": 2}}
    suite.claim("Pillow's blur costs the same at sigma 50", across("blur", "pillow", **ends) <= 1.6)
    suite.claim("OpenCV's costs at least 5x as much", across("blur", "opencv", **ends) >= 5)
    suite.claim(
        "OpenCV is faster at sigma 2 and slower at 50",
        (speedup("blur", "opencv", "pillow", sigma=2) >= 1.25)
        & (speedup("blur", "pillow", "opencv", sigma=50) >= 1.25),
    )


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    _add_thumbnails(suite)
    _add_resizing(suite)
    _add_aliasing(suite)
    _add_blurring(suite)
