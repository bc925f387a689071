"""The media are the same for a seed, and are made once."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pil

from velvet_media import video
from velvet_media.samples import cache, hostile, media


def test_a_seed_makes_the_same_pixels_and_another_seed_others() -> None:
    first = media.scene(64, 48, 4).copy()
    media.scene.cache_clear()

    assert np.array_equal(media.scene(64, 48, 4), first)
    assert not np.array_equal(media.scene(64, 48, 5), first)
    assert media.scene(1700, 1200, 4).shape == (1200, 1700, 3)


def test_large_media_are_made_once_under_their_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    names = ("photo-64x48-progressive", "reference-64x48-9", "big-600", "film-3x64x48")
    for name, suffix in zip(names, ("jpg", "png", "png", "mp4"), strict=True):
        cache.make(cache.folder() / f"{name}.{suffix}")
    made = {path.name: path.stat().st_mtime_ns for path in cache.folder().iterdir()}

    photo, ref = cache.photo(64, 48, progressive=True), cache.reference(64, 48, 9)
    big, film = cache.big_png(600), cache.film(3, 64, 48)

    assert {path.name: path.stat().st_mtime_ns for path in (photo, ref, big, film)} == made
    with Pil.open(photo) as opened:
        assert opened.info["progressive"] == 1
    with Pil.open(big) as opened:
        assert opened.size == (600, 600)
        assert np.array_equal(np.asarray(opened)[:64], next(media.big_strips(600)))
    assert len(list(video.frames(film))) == 3
    assert cache.photo(32, 32).is_file()  # made by a child


def test_a_user_without_a_name_has_a_folder_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nameless() -> str:
        raise KeyError("no such user")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(cache.getpass, "getuser", nameless)

    assert cache.folder().is_dir()


def test_hostile_files_are_small() -> None:
    assert all(len(one.data) < 2_000_000 for one in hostile.ALL)
    with pytest.raises(ValueError, match="no frame header"):
        hostile._sized(b"", 1, 1)
