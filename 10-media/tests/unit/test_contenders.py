"""The libraries agree where their contract says so; what is missing is named."""

from __future__ import annotations

import io
import sys
import types
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pil
from PIL import ImageFilter

from velvet_media import contenders, device, video
from velvet_media.errors import BackendUnavailable, CorruptMedia, MediaError
from velvet_media.exif import apply_orientation
from velvet_media.images import Filter, Image, full_thumbnail
from velvet_media.quality import alias_energy, psnr, ssim
from velvet_media.samples import hostile, media

IMAGES = [*contenders.names("images")]
FILMS = [*contenders.names("video")]


def backend(subject: str, name: str) -> object:
    try:
        return contenders.load(subject, name)
    except BackendUnavailable as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("name", IMAGES)
def test_a_sideways_photo_is_upright_in_every_library(name: str, tmp_path: Path) -> None:
    library = backend("images", name)
    scene = media.scene(480, 320, 5)
    path = tmp_path / "photo.jpg"
    path.write_bytes(media.private_photo())
    wanted = apply_orientation(scene, 6)

    for source in (path, path.read_bytes()):
        assert psnr(library.decode(source), wanted) > 30
        small = library.thumbnail(source, 96)
        assert small.shape == (96, 64, 3)
        assert ssim(small, library.resize(wanted, (64, 96), Filter.AREA)) > 0.9
    assert full_thumbnail(library, path, 96).shape == (96, 64, 3)


@pytest.mark.parametrize("name", IMAGES)
@pytest.mark.parametrize("side", [0, -1])
def test_a_thumbnail_without_pixels_is_refused(name: str, side: int, photo: Image) -> None:
    library = backend("images", name)

    with pytest.raises(ValueError, match="max_side is"):
        library.thumbnail(media.jpeg(photo), side)


@pytest.mark.parametrize("name", IMAGES)
@pytest.mark.parametrize("by", Filter)
def test_a_filter_is_anti_aliased_on_the_way_down(name: str, by: Filter) -> None:
    library = backend("images", name)
    plate = media.zone_plate(512)

    small = library.resize(plate, (64, 64), by)

    assert small.shape == (64, 64, 3)
    assert small.dtype == np.uint8
    if by is not Filter.NEAREST:
        assert alias_energy(small, 512, 8) < 15


@pytest.mark.parametrize("name", IMAGES)
def test_a_blur_is_that_of_the_definition(name: str, photo: Image) -> None:
    library = backend("images", name)
    wanted = contenders.load("devices", "numpy").gaussian_blur(photo, 3.0)

    inner = (slice(16, -16), slice(16, -16))

    assert psnr(library.gaussian_blur(photo, 3.0)[inner], wanted[inner]) > 35


@pytest.mark.parametrize("name", IMAGES)
@pytest.mark.parametrize("fmt", ["jpeg", "webp", "png"])
def test_what_is_encoded_can_be_decoded(name: str, fmt: str, photo: Image) -> None:
    library = backend("images", name)

    data = library.encode(photo, fmt, 90)

    assert psnr(contenders.load("images", "pillow").decode(data), photo) > 28


@pytest.mark.leaves("libvips logs from a thread of its own, for which Python keeps a dummy")
@pytest.mark.parametrize("name", IMAGES)
def test_a_library_raises_for_broken_pixels(name: str, photo: Image, quiet: None) -> None:
    library = backend("images", name)
    data = bytearray(media.png(photo))
    data[60:140] = bytes(80)

    with pytest.raises(CorruptMedia):
        library.decode(bytes(data))


@pytest.mark.parametrize("name", IMAGES)
def test_a_grey_picture_is_decoded_resaved_and_shrunk(name: str) -> None:
    library = backend("images", name)
    grey = media.jpeg(media.scene(64, 48, 2)[..., 0])

    assert library.decode(grey).shape == (48, 64, 3)
    assert contenders.load("images", "pillow").decode(library.resave(grey)).shape == (48, 64, 3)
    for run in library.RAW.values():
        assert run(media.zone_plate(64), (16, 16)).shape == (16, 16, 3)


def saved(fmt: str, picture: Pil.Image, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, fmt, **options)
    return out.getvalue()


SMOOTH = Pil.fromarray(media.scene(160, 100, 2)).filter(ImageFilter.GaussianBlur(3))
DEEP = np.asarray(SMOOTH.convert("L")).astype(np.uint16) * 256
TURNED = Pil.Exif()
TURNED[0x0112] = 6
UNUSUAL = {
    "1 bit": saved("png", SMOOTH.convert("1", dither=0)),
    "16 bits": saved("png", Pil.fromarray(DEEP)),
    "grey and alpha": saved("png", SMOOTH.convert("LA")),
    "palette": saved("png", SMOOTH.convert("P")),
    "palette and tRNS": saved("png", SMOOTH.convert("P"), transparency=3),
    "RGB and tRNS": saved("png", SMOOTH, transparency=(1, 2, 3)),
    "CMYK": saved("jpeg", SMOOTH.convert("CMYK"), quality=95),
    "TIFF on its side": saved("tiff", SMOOTH, exif=TURNED),
    "orientation of a wrong type": media.jpeg_with(
        np.asarray(SMOOTH), block=media.exif(6, kind=4), quality=95
    ),
}
ROUGH = {"CMYK": 20, "1 bit": 12}  # libvips takes CMYK by a profile; a filter blurs hard edges


@pytest.mark.parametrize("name", IMAGES)
@pytest.mark.parametrize("kind", UNUSUAL)
def test_every_kind_of_pixels_becomes_rgb_in_every_library(name: str, kind: str) -> None:
    library = backend("images", name)
    data = UNUSUAL[kind]
    with Pil.open(io.BytesIO(data)) as opened:
        wanted = np.asarray(opened.convert("RGB"))
    if kind == "16 bits":
        wanted = np.asarray(SMOOTH.convert("L").convert("RGB"))

    whole, small = library.decode(data), library.thumbnail(data, 80)

    high, wide = wanted.shape[:2]
    assert whole.shape[:2] == (high, wide)
    assert small.shape[:2] == (high // 2, wide // 2)
    half = library.resize(np.ascontiguousarray(whole[..., :3]), (wide // 2, high // 2), Filter.AREA)
    for made, right in ((whole, wanted), (small, half)):
        assert made.shape[2] in (3, 4)
        assert np.abs(made[..., :3].astype(int) - right).mean() < ROUGH.get(kind, 4)


def test_pillow_shrinks_pictures_with_alpha_and_palettes() -> None:
    pillow = contenders.load("images", "pillow")
    faded = np.dstack([media.scene(120, 80, 2), np.full((80, 120), 128, np.uint8)])

    assert pillow.thumbnail(media.png(faded), 40).shape == (27, 40, 4)
    assert pillow.encode(faded, "jpeg", 80)[:2] == b"\xff\xd8"
    indexed = Pil.fromarray(media.scene(120, 80, 2)).convert("P")
    assert pillow.thumbnail(saved("png", indexed, transparency=1), 40).shape == (27, 40, 4)


def test_opencv_refuses_what_its_own_limit_does() -> None:
    with pytest.raises(CorruptMedia, match="OpenCV cannot decode it"):
        contenders.load("images", "opencv").decode(hostile.png_bomb(60_000, 60_000))


def test_opencv_enlarges_by_the_filter_and_keeps_small_pictures() -> None:
    opencv = contenders.load("images", "opencv")
    small = media.scene(32, 24, 2)

    assert opencv.resize(small, (64, 48), Filter.BICUBIC).shape == (48, 64, 3)
    assert opencv.thumbnail(media.jpeg(small), 100).shape == (24, 32, 3)


@pytest.mark.leaves("imageio-ffmpeg ends its log thread and its pipes a moment later")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", FILMS)
def test_a_film_comes_back_frame_by_frame(name: str, tmp_path: Path) -> None:
    reader = backend("video", name)
    path, frames = tmp_path / "a.mp4", list(media.film(9, (160, 120)))
    video.write(path, frames)

    seen = list(reader.frames(path))

    assert len(seen) == 9
    assert min(psnr(a, b) for a, b in zip(seen, frames, strict=True)) > 25


@pytest.mark.leaves("imageio-ffmpeg ends its log thread and its pipes a moment later")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", FILMS)
def test_what_is_no_film_is_an_error(name: str, tmp_path: Path) -> None:
    reader = backend("video", name)
    path = tmp_path / "a.mp4"
    path.write_bytes(b"not a film")

    with pytest.raises(CorruptMedia, match=r"a\.mp4"):
        list(reader.frames(path))


def test_unknown_names_are_answered_with_the_known_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="devices, images, video"):
        contenders.names("audio")
    with pytest.raises(ValueError, match="choose one of"):
        contenders.load("images", "gimp")
    monkeypatch.setitem(sys.modules, "velvet_media.contenders.images.pyvips", None)
    with pytest.raises(BackendUnavailable, match=r"requirements-peers\.txt"):
        contenders.load("images", "pyvips")
    assert "pyvips" not in contenders.available("images")


def test_the_blur_uses_nothing_beyond_the_array_standard(noise: Image) -> None:
    strict = pytest.importorskip(
        "array_api_strict", reason="the check needs: pip install array-api-strict"
    )
    given = noise.astype(np.float32)

    made = device.blur(strict, strict.asarray(given), 2.0)

    assert np.allclose(np.asarray(made), device.blur(np, given, 2.0), atol=1e-3)


@pytest.mark.parametrize("name", ["numpy", "opencl"])
def test_a_device_computes_what_the_cpu_computes(name: str) -> None:
    found = backend("devices", name)
    try:
        assert found.describe()
    except BackendUnavailable as error:
        pytest.skip(str(error))

    assert device.difference(found) <= device.TOLERANCE


def test_a_compiler_that_does_not_know_the_processor_is_no_device(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opencl = pytest.importorskip(
        "velvet_media.contenders.devices.opencl", reason="needs: pip install 'pyopencl[pocl]'"
    )
    said = "clBuildProgram failed\n\nerror: unknown target CPU 'generic'\nDevice failed"

    class Refuses:
        def __init__(self, *_: object) -> None:
            raise opencl.cl.RuntimeError(said)

    monkeypatch.setattr(opencl.cl, "Program", Refuses)
    with pytest.raises(BackendUnavailable, match=r"unknown target CPU 'generic'$"):
        opencl._ready.__wrapped__()


class Recorder(types.ModuleType):
    """NumPy under the name of PyTorch, with a device that can be missing or wrong."""

    def __init__(self, *, cuda: bool = True, mps: bool = False, error: int = 0) -> None:
        super().__init__("array_api_compat.torch")
        self.cuda = types.SimpleNamespace(is_available=lambda: cuda)
        self.backends = types.SimpleNamespace(mps=types.SimpleNamespace(is_available=lambda: mps))
        self.devices: list[object] = []
        self.error = error

    def asarray(self, data: np.ndarray, device: str) -> object:
        self.devices.append(device)
        return data.view(Tensor)

    def arange(self, count: int, device: object = None) -> np.ndarray:
        return np.arange(count)

    def zeros_like(self, like: np.ndarray) -> np.ndarray:
        return np.full_like(like, self.error)

    take = staticmethod(np.take)
    clip = staticmethod(np.clip)


class Tensor(np.ndarray):
    def cpu(self) -> Tensor:
        return self

    def numpy(self) -> np.ndarray:
        return np.asarray(self)


@pytest.mark.parametrize(
    ("options", "chosen", "why"),
    [
        ({}, "torch", ""),
        ({"cuda": False, "mps": True}, "torch", ""),
        ({"cuda": False}, "numpy", "neither CUDA nor MPS"),
        ({"error": 9}, "numpy", "differs from the CPU by 18 of 255"),
    ],
)
def test_a_device_is_trusted_when_it_agrees_with_the_cpu(
    options: dict[str, object], chosen: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = Recorder(**options)  # type: ignore[arg-type]
    import array_api_compat

    monkeypatch.setitem(sys.modules, "array_api_compat.torch", fake)
    monkeypatch.setattr(array_api_compat, "torch", fake, raising=False)
    monkeypatch.delitem(sys.modules, "velvet_media.contenders.devices.torch", raising=False)

    choice = device.choose(("torch", "numpy"))

    assert choice.name == chosen
    assert why in "".join(choice.rejected)
    assert fake.devices in ([], ["cuda"], ["mps"])
    sys.modules.pop("velvet_media.contenders.devices.torch", None)


def test_a_driver_that_fails_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = types.SimpleNamespace(describe=lambda: "a GPU without memory", gaussian_blur=None)
    load = contenders.load
    monkeypatch.setattr(
        contenders, "load", lambda subject, name: broken if name == "torch" else load(subject, name)
    )

    choice = device.choose(("torch", "numpy"))

    assert choice.name == "numpy"
    assert "torch: 'NoneType'" in choice.rejected[0]


def test_a_binding_without_its_library_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_library(name: str) -> None:
        raise OSError("cannot load library 'libvips.so.42'")

    monkeypatch.setattr(contenders.importlib, "import_module", no_library)

    with pytest.raises(BackendUnavailable, match="libvips"):
        contenders.load("images", "pyvips")


def test_without_any_device_the_reasons_are_told() -> None:
    with pytest.raises(MediaError, match="no device can be trusted"):
        device.choose(())
    with pytest.raises(ValueError, match="sigma is 0"):
        device.taps(0)
