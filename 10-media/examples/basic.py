"""Basic examples: one thumbnail by four libraries, what a photo tells, what a format costs."""

from __future__ import annotations

import io
import time
from functools import partial

import numpy as np
from PIL import Image as Pil

from velvet.examples import example, main
from velvet_media import contenders
from velvet_media.errors import BackendUnavailable
from velvet_media.exif import apply_orientation
from velvet_media.headers import read_header
from velvet_media.images import Filter
from velvet_media.metadata import audit, strip
from velvet_media.quality import ssim
from velvet_media.samples import media


@example("four_backends")
def four_backends() -> None:
    """Shows one thumbnail by four libraries: time, size, likeness to an exact reduction."""
    scene = media.scene(1200, 800)
    data = media.jpeg(scene, 90)
    wanted = contenders.load("images", "pillow").resize(scene, (256, 171), Filter.AREA)

    print(f"{'library':<10} {'ms':>6}  size       SSIM to a mean over squares")
    for name in contenders.names("images"):
        try:
            library = contenders.load("images", name)
        except BackendUnavailable as missing:
            print(f"{name:<10} {str(missing)[:60]}")
            continue
        library.thumbnail(data, 256)  # the first call pays for what is loaded late
        begun = time.perf_counter()
        small = library.thumbnail(data, 256)
        spent = (time.perf_counter() - begun) * 1000
        size = f"{small.shape[1]} x {small.shape[0]}"
        print(f"{name:<10} {spent:6.1f}  {size:<10} {ssim(small, wanted):.3f}")


@example("orientation_and_privacy")
def orientation_and_privacy() -> None:
    """Shows which libraries turn a sideways photo, and what a photo tells before a strip."""
    scene = media.scene(120, 80, 4)
    print("orientation       1    2    3    4    5    6    7    8")
    for name in contenders.available("images"):
        library = contenders.load("images", name)
        line = []
        for orientation in range(1, 9):
            data = media.jpeg_with(scene, block=media.exif(orientation))
            saved = library.resave(data)
            with Pil.open(io.BytesIO(saved)) as opened:
                shown = apply_orientation(np.asarray(opened), read_header(saved).orientation)
            right = apply_orientation(scene, orientation)
            same = shown.shape == right.shape and ssim(shown, right) > 0.7
            line.append("ok" if same else "-")
        print(f"{name + ' resaved':<16} " + "".join(f"{word:>3}  " for word in line))

    data = media.private_photo()
    clean = strip(data)
    for leak in audit(data):
        print(f"  {leak.kind:<10} at {leak.offset:>6}: {leak.preview}")
    with Pil.open(io.BytesIO(data)) as before, Pil.open(io.BytesIO(clean)) as after:
        same = np.array_equal(np.asarray(before), np.asarray(after))
    print(f"{len(audit(data))} leaks -> {len(audit(clean))}, pixels identical: {same}")


@example("formats")
def formats() -> None:
    """Shows what five settings of three formats cost in bytes, time and likeness."""
    scene = media.scene(384, 256)
    pillow = contenders.load("images", "pillow")
    settings = {
        "PNG": partial(media.png, scene),
        "JPEG 90": partial(media.jpeg, scene, 90),
        "JPEG 90 4:4:4": partial(media.jpeg, scene, 90, subsampling=0),
        "WebP 80": partial(pillow.encode, scene, "webp", 80),
        "AVIF 70": partial(pillow.encode, scene, "avif", 70),
    }
    rows = []
    for name, encode in settings.items():
        begun = time.perf_counter()
        data = encode()
        spent = (time.perf_counter() - begun) * 1000
        with Pil.open(io.BytesIO(data)) as opened:
            likeness = ssim(np.asarray(opened.convert("RGB")), scene)
        rows.append((len(data), name, spent, likeness))

    print(f"{'setting':<15} {'bytes':>8} {'encode ms':>10} {'SSIM':>7}")
    for size, name, spent, likeness in sorted(rows):
        print(f"{name:<15} {size:>8,} {spent:>10.1f} {likeness:>7.3f}")


if __name__ == "__main__":
    main()
