"""Intermediate examples: aliasing, light, a picture larger than its budget, a film as a stream."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
from PIL import Image as Pil

from velvet.examples import example, main
from velvet_media import contenders, video
from velvet_media.colour import shrink_linear
from velvet_media.errors import MemoryBudgetExceeded
from velvet_media.pngrows import PngRowReader, PngRowWriter, box_reduce
from velvet_media.quality import alias_energy, passband_error
from velvet_media.samples import media

SIDE, FACTOR = 1024, 8


@example("aliasing")
def aliasing() -> None:
    """Shows what each filter adds to a zone plate that is shrunk eight times."""
    plate = media.zone_plate(SIDE)
    small = (SIDE // FACTOR, SIDE // FACTOR)
    rows = []
    for name in contenders.available("images"):
        for filter_name, shrink in contenders.load("images", name).RAW.items():
            made = shrink(plate, small)
            added = alias_energy(made, SIDE, FACTOR)
            rows.append((added, f"{name} {filter_name}", passband_error(made, SIDE, FACTOR)))

    print(f"{'filter':<22} {'added':>6} {'lost':>6}   RMS of 255, where grey or exact is due")
    for added, name, lost in sorted(rows):
        print(f"{name:<22} {added:>6.1f} {lost:>6.1f}   {'#' * round(added / 3)}")
    best, worst = min(rows), max(rows)
    print(f"{worst[1]} adds {worst[0] / best[0]:.0f} times as much as {best[1]}")


@example("linear_light")
def linear_light() -> None:
    """Shows a mean of values beside a mean of light, and colours that alpha should hide."""
    board = media.checkerboard(64)
    values = np.asarray(Pil.fromarray(board).resize((8, 8), Pil.Resampling.BOX))
    light = shrink_linear(board, (8, 8))
    print(f"checkerboard as a mean of values: {values.mean():.0f}, of light: {light.mean():.0f}")

    hidden = np.zeros((64, 64, 4), np.uint8)
    hidden[...] = (0, 255, 0, 0)  # invisible green
    hidden[:33] = (255, 0, 0, 255)
    red, green, *_ = Pil.fromarray(hidden).split()
    naive = [part.resize((8, 8), Pil.Resampling.BOX).getpixel((4, 4)) for part in (red, green)]
    right = shrink_linear(hidden, (8, 8))[4, 4]
    print(f"edge by channels: red {naive[0]}, green {naive[1]}: a green fringe")
    print(f"edge with alpha as weight: red {right[0]}, green {right[1]}")


@example("bigger_than_memory")
def bigger_than_memory() -> None:
    """Shows a picture of 75 MB that is shrunk with a budget of 4 MB, and the peak meanwhile."""
    side, budget = 5000, 4 * 2**20
    process = psutil.Process()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "large.png")
        with source.open("wb") as file:
            writer = PngRowWriter(file, (side, side))
            for strip in media.big_strips(side):
                writer.write(strip)
            writer.close()
        raw = side * side * 3 / 2**20
        print(
            f"{side} x {side}: {raw:.0f} MiB of pixels in {source.stat().st_size / 2**20:.1f} MiB"
        )

        before = process.memory_info().rss
        peak, small = before, []
        with source.open("rb") as file:
            for rows in box_reduce(PngRowReader(file, budget=budget).strips(), 20):
                small.append(rows)
                peak = max(peak, process.memory_info().rss)
        size, grown = np.concatenate(small).shape, (peak - before) / 2**20
        print(f"-> {size[1]} x {size[0]}, the process grew by {grown:.1f} MiB at its peak")
        print(f"under a fifth of the pixels: {grown < raw / 5}")
        try:
            with source.open("rb") as file:
                PngRowReader(file, budget=50_000)
        except MemoryBudgetExceeded as error:
            print(f"with 50 kB: {str(error)[:60]}...")


@example("video_stream")
def video_stream() -> None:
    """Shows a film that is read, turned into its negative and written frame by frame."""
    process = psutil.Process()
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "film.mp4"), Path(folder, "negative.mp4")
        video.write(source, media.film(100, (640, 360)))
        before, sizes = process.memory_info().rss / 2**20, []

        def negative(frame: np.ndarray) -> np.ndarray:
            sizes.append(process.memory_info().rss / 2**20)
            return 255 - frame

        begun = time.perf_counter()
        count = video.transform(source, target, negative, ahead=4)
        spent = time.perf_counter() - begun
    as_list = count * 640 * 360 * 3 / 2**20
    print(f"{count} frames, {count / spent:.0f} frames/s; as a list they are {as_list:.0f} MiB")
    grown = max(sizes) - before
    print(
        f"the process grew by {grown:.0f} MiB, {round(sizes[-1] - sizes[24])} of them after frame 25"
    )
    print(f"under half of the list: {grown < as_list / 2}")


if __name__ == "__main__":
    main()
