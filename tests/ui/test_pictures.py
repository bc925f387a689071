"""Pictures of a dashboard: refused where no browser is, small enough for a repository."""

from __future__ import annotations

import io
import random
from pathlib import Path
from typing import Any

import pytest

from velvet import catalog, needs
from velvet.errors import VelvetError
from velvet.ui import pictures


def test_without_a_browser_no_picture_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(needs, "all_unmet", lambda names: [f"{names[0]} is not installed"])

    with pytest.raises(VelvetError, match="pictures need more: browser is not installed"):
        next(pictures.take(catalog.find("03"), "http://127.0.0.1:1"))


def test_a_picture_keeps_as_many_colours_as_its_size_allows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image: Any = pytest.importorskip("PIL.Image", reason="pictures need: pip install pillow")
    noise = image.frombytes("RGB", (64, 64), random.Random(1).randbytes(64 * 64 * 3))
    out = io.BytesIO()
    noise.save(out, "PNG")

    sizes = {}
    for limit in (300_000, 4000, 1):
        monkeypatch.setattr(pictures, "MAX_BYTES", limit)
        pictures.save(out.getvalue(), tmp_path / "a.png")
        sizes[limit] = len(image.open(tmp_path / "a.png").getcolors())

    assert sizes[300_000] > sizes[4000] > sizes[1]
    assert sizes[1] <= 32
