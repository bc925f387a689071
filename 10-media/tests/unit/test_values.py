"""What a header, an audit or a choice says stays what it was; a service makes its own folders."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from typing import Any

import pytest

from velvet_media import device, exif, headers, metadata, safety, thumbs
from velvet_media.samples import media

PRIVATE = media.private_photo()


def thumbnail(folder: Path, secret: bytes = bytes(16)) -> thumbs.Thumbnail:
    async def make() -> thumbs.Thumbnail:
        service = thumbs.ThumbnailService(folder, secret)
        try:
            name = service.add(media.jpeg(media.scene(24, 16, 1)))
            signature = service.sign(name, 8).split("/")[1]
            return await service.thumbnail(signature, 8, name, "webp")
        finally:
            await service.close()

    return asyncio.run(make())


VALUES: list[Callable[[Path], Any]] = [
    lambda folder: device.choose(),
    lambda folder: exif.read_exif(exif.only_orientation(3)),
    lambda folder: headers.read_header(PRIVATE),
    lambda folder: metadata.audit(PRIVATE)[0],
    lambda folder: safety.Limits(max_side=9),
    thumbnail,
]


@pytest.mark.parametrize("make", VALUES)
def test_a_value_cannot_be_changed(make: Callable[[Path], Any], tmp_path: Path) -> None:
    value = make(tmp_path)

    for one in fields(value):
        with pytest.raises(FrozenInstanceError):
            setattr(value, one.name, None)


def test_a_service_makes_its_folders_and_finds_them_again(tmp_path: Path) -> None:
    first, second = (thumbnail(tmp_path / "a" / "b") for _ in range(2))

    assert first == second
    assert first.path.is_file()
    with pytest.raises(ValueError, match="the secret has 15 bytes: use 16 or more"):
        thumbnail(tmp_path, bytes(15))
