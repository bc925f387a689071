"""No half files: what cannot be written leaves the old file and nothing beside it."""

from __future__ import annotations

import asyncio
import os
import stat
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from velvet_visualization import browser, export
from velvet_visualization.errors import BrowserUnavailable
from velvet_visualization.samples import cloud


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "chart.svg"
    target.write_text("old")

    def full(source: Path, to: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        export.export(cloud(5), "matplotlib", "svg", target)

    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        export.export(cloud(5), "matplotlib", "png", tmp_path / "no" / "chart.png")


@pytest.mark.skipif(sys.platform == "win32", reason="modes and links of POSIX")
def test_mode_and_link_of_an_existing_file_are_kept(tmp_path: Path) -> None:
    real, link = tmp_path / "real.svg", tmp_path / "link.svg"
    real.write_text("old")
    real.chmod(0o600)
    link.symlink_to(real)

    export.export(cloud(5), "altair", "svg", link)

    assert link.is_symlink()
    assert real.read_text().startswith("<svg")
    assert real.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(sys.platform == "win32", reason="modes and links of POSIX")
def test_a_new_file_has_the_mode_that_the_umask_leaves(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        export.atomic_write(tmp_path / "new.svg", b"<svg/>")
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "new.svg").stat().st_mode) == 0o640


def test_without_a_browser_the_rest_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "find_browser", lambda: None)
    monkeypatch.setattr(export, "find_browser", lambda: None)

    with pytest.raises(BrowserUnavailable, match="apt install chromium"):
        export.export(cloud(5), "plotly", "png")
    matrix = {(row.library, row.fmt): row.available for row in export.capability_matrix()}
    assert not matrix["plotly", "png"]
    assert matrix["plotly", "html"]
    assert len(export.export_many([cloud(5)], "altair", "svg", tmp_path)) == 1


def test_a_browser_that_cannot_start_is_reported(tmp_path: Path) -> None:
    fake = tmp_path / "fake-browser"
    fake.write_text("#!/bin/sh\nexit 3\n")
    fake.chmod(0o755)

    with pytest.raises(BrowserUnavailable), browser.BrowserSession(str(fake), timeout_s=5) as one:
        one.render_timing("<p>x")


def test_a_page_is_closed_when_the_work_on_it_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = []

    async def close() -> None:
        closed.append("tab")

    async def opened(*_: Any) -> Any:
        return SimpleNamespace(close=close), None

    monkeypatch.setattr(browser.BrowserSession, "_open", opened)
    monkeypatch.setattr(browser.BrowserSession, "_run", lambda _, work, **__: asyncio.run(work()))
    (tmp_path / "browser").touch()
    session = browser.BrowserSession(str(tmp_path / "browser"))

    with pytest.raises(LookupError), session.page("<p>x"):
        raise LookupError

    assert closed == ["tab"]
