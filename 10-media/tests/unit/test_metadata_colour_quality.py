"""What a stripped file holds; what light, alpha and profiles do; what the figures say."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from PIL import Image as Pil
from PIL import ImageCms
from skimage.metrics import structural_similarity

from velvet_media import colour, quality
from velvet_media.errors import UnsupportedFormat
from velvet_media.exif import Exif, apply_orientation, only_orientation, read_exif
from velvet_media.headers import read_header, riff_chunks
from velvet_media.images import Image
from velvet_media.metadata import audit, strip
from velvet_media.samples import hostile, media

KINDS = ["exif", "gps", "thumbnail", "xmp", "mpf", "iptc", "comment", "trailing"]


def pixels(data: bytes) -> Image:
    with Pil.open(io.BytesIO(data)) as opened:
        return np.asarray(opened.convert("RGBA"))


def test_every_secret_of_a_photo_is_found_and_removed() -> None:
    data = media.private_photo()

    clean = strip(data)

    assert [leak.kind for leak in audit(data)] == KINDS
    assert audit(clean) == []
    assert read_header(clean).metadata_kinds == frozenset()
    assert read_header(clean).orientation == 6
    assert np.array_equal(pixels(data), pixels(clean))
    assert b"Jane" not in clean
    assert b"Invented" not in clean


def test_a_png_and_a_webp_are_stripped_too(photo: Image) -> None:
    block = b"Exif\0\0" + media.exif(3, gps=True)
    for data in (
        media.private_png(photo),
        media.webp(photo, exif=block, xmp=b"<x/>"),
        media.webp(photo, exif=b"Exif\0\0" + media.exif(1, gps=True), lossless=True),
    ):
        clean = strip(data)

        assert {leak.kind for leak in audit(data)} >= {"exif", "gps"}
        assert read_header(data).metadata_kinds >= {"exif", "gps"}
        assert audit(clean) == []
        assert read_header(clean).orientation == read_header(data).orientation
        assert np.array_equal(pixels(data), pixels(clean))


def test_a_webp_tells_its_orientation_and_its_xmp(photo: Image) -> None:
    turned = media.webp(photo, exif=b"Exif\0\0" + media.exif(3, gps=True))
    said = media.webp(photo, xmp=b"<x/>")

    assert read_header(turned).metadata_kinds == {"exif", "gps"}
    assert read_header(said).metadata_kinds == {"xmp"}
    assert (read_header(turned).orientation, read_header(said).orientation) == (3, 1)
    assert [leak.kind for leak in audit(said)] == ["xmp"]
    chunks = b""
    for kind, start, end in riff_chunks(turned):
        mark = b"Exif\0\0" if kind == b"EXIF" else b""  # as some cameras write it
        body = mark + turned[start + 8 : end].removeprefix(mark)
        chunks += kind + len(body).to_bytes(4, "little") + body
    marked = b"RIFF" + (4 + len(chunks)).to_bytes(4, "little") + b"WEBP" + chunks
    assert read_header(marked).orientation == read_header(strip(marked)).orientation == 3


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_smallest_block_holds_an_orientation_and_no_more(orientation: int) -> None:
    block = only_orientation(orientation)

    assert read_exif(block) == Exif(orientation)
    assert len(block) == 26
    assert block[20:] == bytes(6)  # padding, and no second directory


def test_what_is_kept_is_chosen(photo: Image) -> None:
    icc = colour.wide_gamut_profile()
    for data in (
        media.jpeg_with(photo, block=media.exif(6), icc=icc),
        media.webp(photo, icc_profile=icc, exif=b"Exif\0\0" + media.exif(6)),
        media.png(photo, icc_profile=icc),
    ):
        assert read_header(strip(data)).has_icc
        bare = read_header(strip(data, frozenset()))
        assert not bare.has_icc
        assert bare.orientation == 1
    with pytest.raises(ValueError, match="choose of icc, orientation"):
        strip(data, frozenset({"gps"}))


def test_unknown_segments_are_not_needed(photo: Image) -> None:
    data = media.jpeg(photo)
    odd = data[:2] + media.segment(0xE5, b"vendor") + media.segment(0xE1, b"unknown") + data[2:]

    assert [leak.kind for leak in audit(odd)] == ["other", "other"]
    assert strip(odd) == data
    assert audit(odd)[0].preview == "vendor"
    late = data[:2] + media.segment(0xE5, bytes(400) + b"vendor") + data[2:]
    assert audit(late)[0].preview == "410 bytes of other"


def test_a_format_without_a_walker_is_named() -> None:
    with pytest.raises(UnsupportedFormat, match="metadata of gif"):
        strip(hostile.gif_of(1))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_orientation_turns_as_pillow_does(orientation: int) -> None:
    from PIL import ImageOps

    data = media.jpeg_with(media.scene(48, 32, 4), block=media.exif(orientation))
    with Pil.open(io.BytesIO(data)) as opened:
        wanted = np.asarray(ImageOps.exif_transpose(opened))
        raw = np.asarray(opened)

    assert np.array_equal(apply_orientation(raw, orientation), wanted)


def test_an_undefined_orientation_is_an_error() -> None:
    with pytest.raises(ValueError, match="1 to 8"):
        apply_orientation(np.zeros((2, 2, 3), np.uint8), 9)


def test_srgb_holds_the_constants_of_its_standard() -> None:
    light = colour.to_linear(np.array([0, 10, 11, 128, 255], np.uint8))

    expected = [0, 10 / 255 / 12.92, ((11 / 255 + 0.055) / 1.055) ** 2.4, 0.21586, 1]
    assert light == pytest.approx(expected, abs=1e-5)
    everything = np.arange(256, dtype=np.uint8)
    assert np.array_equal(colour.from_linear(colour.to_linear(everything)), everything)


def test_a_checkerboard_keeps_its_light() -> None:
    board = media.checkerboard(64)

    wrong = np.asarray(Pil.fromarray(board).resize((8, 8), Pil.Resampling.BOX))
    right = colour.shrink_linear(board, (8, 8))

    assert wrong.mean() == pytest.approx(128, abs=1)
    assert right.mean() == pytest.approx(188, abs=1)


def test_invisible_colours_do_not_bleed() -> None:
    image = np.zeros((64, 64, 4), np.uint8)
    image[...] = (0, 255, 0, 0)  # invisible green
    image[:33] = (255, 0, 0, 255)

    small = colour.shrink_linear(image, (8, 8))

    assert small[..., 1].max() == 0
    assert small[:4, :, 0].min() == 255
    assert small[4, 0, 3] == pytest.approx(32, abs=1)
    assert small[5:, :, 3].max() == 0


def test_a_wide_gamut_picture_is_converted_and_not_paled() -> None:
    flat = np.full((16, 16, 3), (200, 80, 60), np.uint8)
    data = media.jpeg_with(flat, icc=colour.wide_gamut_profile(), quality=98)

    converted = colour.to_srgb(data)

    assert converted[8, 8, 0] > 205
    assert converted[8, 8, 1] < 78
    assert np.array_equal(colour.to_srgb(strip(data)), converted)
    assert np.abs(colour.to_srgb(media.jpeg(flat, 98)).astype(int) - flat).max() <= 3
    assert "Velvet" in ImageCms.getProfileName(
        ImageCms.ImageCmsProfile(io.BytesIO(colour.wide_gamut_profile()))
    )


def test_a_broken_profile_is_ignored(photo: Image) -> None:
    data = media.jpeg_with(photo, icc=b"not a profile at all" * 10)

    assert colour.to_srgb(data).shape == photo.shape


def test_ssim_is_that_of_scikit_image(photo: Image) -> None:
    worse = pixels(media.jpeg(photo, 20))[..., :3]
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    a, b = quality.luma(photo), quality.luma(worse)

    _, full = structural_similarity(a, b, data_range=255, full=True, **options)

    assert quality.ssim(photo, worse) == pytest.approx(full[5:-5, 5:-5].mean(), abs=1e-6)
    assert quality.ssim(photo, photo) == pytest.approx(1)


def test_psnr_of_known_noise(photo: Image) -> None:
    grey = np.full((32, 32, 3), 100, np.uint8)

    assert quality.psnr(photo, photo) == math.inf
    assert quality.psnr(grey, grey + 5) == pytest.approx(20 * math.log10(255 / 5))
    assert quality.luma(grey[..., 0]).dtype == np.float64


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: quality.psnr(np.zeros((2, 2)), np.zeros((2, 3))), "shapes differ"),
        (lambda: quality.ssim(np.zeros((9, 9)), np.zeros((9, 9))), "smaller than the window"),
        (lambda: quality.alias_energy(np.zeros((9, 9, 3), np.uint8), 256, 8), "is expected"),
    ],
)
def test_figures_refuse_what_they_cannot_say(call: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()  # type: ignore[operator]


def test_the_zone_plate_is_its_formula() -> None:
    plate = quality.exact_plate(8, 4)

    for i in range(4):
        for j in range(4):
            x, y = ((k + 0.5) * 8 / 4 - 4 for k in (i, j))
            assert plate[i, j] == pytest.approx(
                127.5 * (1 + math.cos(math.pi * (x * x + y * y) / 8))
            )


def test_the_zone_plate_knows_its_passband_and_its_stop_band() -> None:
    exact = np.repeat(np.rint(quality.exact_plate(512, 64)).astype(np.uint8)[..., None], 3, 2)
    grey = np.full((64, 64, 3), 127, np.uint8)

    assert quality.passband_error(exact, 512, 8) < 1
    assert quality.alias_energy(exact, 512, 8) > 80
    assert quality.alias_energy(grey, 512, 8) < 1
    assert quality.passband_error(grey, 512, 8) > 40
