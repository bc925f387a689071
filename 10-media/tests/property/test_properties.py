"""What holds for any picture: rows, orientations, stripping, batches, tiles of a blur."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pil

from velvet_media import colour
from velvet_media.batch import bounded
from velvet_media.errors import MediaError
from velvet_media.exif import INVERSE, apply_orientation, only_orientation, read_exif
from velvet_media.headers import read_header
from velvet_media.images import Image
from velvet_media.metadata import audit, strip
from velvet_media.pngrows import PngRowReader, PngRowWriter, box_reduce
from velvet_media.safety import inspect
from velvet_media.samples import media

sides = st.integers(1, 64)


@st.composite
def pictures(draw: st.DrawFn, channels: tuple[int, ...] = (1, 2, 3, 4)) -> Image:
    shape = (draw(sides), draw(sides), draw(st.sampled_from(channels)))
    return np.random.default_rng(draw(st.integers(0, 999))).integers(0, 256, shape, np.uint8)


def written(image: Image, rows: int) -> bytes:
    out = io.BytesIO()
    writer = PngRowWriter(out, (image.shape[1], image.shape[0]), image.shape[2])
    for top in range(0, len(image), rows):
        writer.write(image[top : top + rows])
    writer.close()
    return out.getvalue()


@given(pictures(), st.integers(1, 70), st.integers(1, 70))
def test_rows_come_back_and_pillow_reads_the_same(image: Image, out: int, back: int) -> None:
    data = written(image, out)

    with Pil.open(io.BytesIO(data)) as opened:
        assert np.array_equal(np.asarray(opened).reshape(image.shape), image)
    strips = list(PngRowReader(io.BytesIO(data), rows=back).strips())
    assert np.array_equal(np.concatenate(strips), image)


@given(pictures((1, 3, 4)), st.integers(1, 20), st.sampled_from([0, 1, 3]))
def test_rows_of_pillows_files_are_read_with_every_filter(
    image: Image, rows: int, strategy: int
) -> None:
    whole = image.squeeze(2) if image.shape[2] == 1 else image
    data = media.png(whole, compress_type=strategy)

    strips = list(PngRowReader(io.BytesIO(data), rows=rows).strips())

    assert np.array_equal(np.concatenate(strips), image)


@given(pictures((1, 3)), st.integers(1, 9), st.integers(1, 9))
def test_reduced_rows_are_the_means_of_squares(image: Image, factor: int, rows: int) -> None:
    strips = (image[top : top + rows] for top in range(0, len(image), rows))

    made = list(box_reduce(strips, factor))

    high, wide = len(image) // factor, image.shape[1] // factor
    if not high or not wide:
        assert made == []
        return
    used = image[: high * factor, : wide * factor].astype(float)
    means = used.reshape(high, factor, wide, factor, -1).mean(axis=(1, 3))
    assert np.abs(np.concatenate(made) - means).max() <= 0.5


@given(pictures((3,)), st.integers(1, 8))
def test_an_orientation_is_undone_by_its_inverse(image: Image, orientation: int) -> None:
    turned = apply_orientation(image, orientation)

    assert np.array_equal(apply_orientation(turned, INVERSE[orientation]), image)
    assert read_exif(only_orientation(orientation)).orientation == orientation
    assert not read_exif(only_orientation(orientation)).kinds


segments = st.fixed_dictionaries(
    {},
    optional={
        "block": st.builds(
            media.exif, st.integers(0, 9), gps=st.booleans(), camera=st.text("abc", max_size=9)
        ),
        "xmp": st.binary(min_size=1, max_size=50),
        "iptc": st.binary(min_size=1, max_size=50),
        "comment": st.binary(min_size=1, max_size=50),
        "mpf": st.just(media.MPF),
        "icc": st.just(colour.wide_gamut_profile()),
        "trailing": st.binary(min_size=1, max_size=50),
    },
)


@given(segments)
def test_stripping_changes_no_pixel_and_is_done_once(planted: dict[str, bytes]) -> None:
    data = media.jpeg_with(media.scene(40, 24, 3), **planted)  # type: ignore[arg-type]

    clean = strip(data)

    assert audit(clean) == []
    assert strip(clean) == clean
    assert read_header(clean).orientation == read_header(data).orientation
    bare = strip(media.jpeg(media.scene(40, 24, 3)))
    assert strip(clean, frozenset()) == bare
    for name in ("xmp", "iptc", "comment"):
        assert len(planted.get(name, b"")) < 8 or planted[name] not in clean


@given(st.binary(max_size=300), st.sampled_from(["jpeg", "png", "webp", "gif", "tiff"]))
def test_no_header_crashes_the_walkers(body: bytes, fmt: str) -> None:
    out = io.BytesIO()
    Pil.fromarray(media.scene(24, 16, 1)).save(out, fmt)
    start = out.getvalue()

    for data in (body, start[: len(body)], start[:30] + body, start[:100] + body + start[100:]):
        try:
            assert inspect(data).width > 0
        except MediaError:
            continue


@given(st.lists(st.integers(0, 99), max_size=30), st.integers(1, 7))
def test_a_batch_keeps_order_and_loses_nothing(items: list[int], in_flight: int) -> None:
    submitted: list[int] = []
    waiting = 0

    def source() -> object:
        for item in items:
            submitted.append(item)
            yield item

    seen = []
    with ThreadPoolExecutor(2) as pool:
        stream = bounded(pool, lambda one: one * 2, source(), in_flight)  # type: ignore[arg-type]
        for done, (item, future) in enumerate(stream):
            waiting = max(waiting, len(submitted) - done)
            seen.append((item, future.result()))

    assert seen == [(item, item * 2) for item in items]
    assert waiting <= in_flight


def test_every_value_of_srgb_survives_linear_light() -> None:
    values = np.arange(256, dtype=np.uint8)

    assert np.array_equal(colour.from_linear(colour.to_linear(values)), values)


@pytest.mark.parametrize("bits", [1, 5, 40])
def test_flipped_bits_are_an_error_or_a_picture(bits: int, quiet: None) -> None:
    from velvet_media.safety import decode_safely

    random = np.random.default_rng(bits)
    for data in (media.jpeg(media.scene(40, 24, 3)), media.png(media.scene(40, 24, 3))):
        for _ in range(25):
            broken = bytearray(data)
            for place in random.integers(0, len(data), bits):
                broken[place] ^= 1 << int(random.integers(0, 8))
            try:
                assert decode_safely(bytes(broken)).dtype == np.uint8
            except MediaError:
                continue
