"""What every test of this module shares: nothing may be left in the folder for temporary files."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _no_file_is_left(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[None]:
    """Fail a test after which a temporary file is left; a page's own are the toolkit's."""
    if request.path.name == "test_module.py":
        yield
        return
    temporary = tmp_path_factory.getbasetemp() / "tmp"
    temporary.mkdir(exist_ok=True)
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    yield
    assert [path.name for path in Path(temporary).iterdir()] == []
