"""A service makes its own folders, and finds them again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from velvet_media import thumbs
from velvet_media.samples import media


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


def test_a_service_makes_its_folders_and_finds_them_again(tmp_path: Path) -> None:
    first, second = (thumbnail(tmp_path / "a" / "b") for _ in range(2))

    assert first == second
    assert first.path.is_file()
    with pytest.raises(ValueError, match="the secret has 15 bytes: use 16 or more"):
        thumbnail(tmp_path, bytes(15))
