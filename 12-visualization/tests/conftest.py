"""What the tests of this module share: a library by name, and one browser for a file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from velvet_visualization.browser import BrowserSession, find_browser
from velvet_visualization.contender import Contender
from velvet_visualization.contenders import NAMES, load

NO_BROWSER = "no Chromium, Chrome or Edge: apt install chromium (or the system's own way)"


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    """One library after the other."""
    return str(request.param)


@pytest.fixture
def library(name: str) -> Contender:
    """Its adapter."""
    return load(name)


@pytest.fixture(scope="module")
def session() -> Iterator[BrowserSession]:
    """One browser for all tests of a file; skipped with the remedy where there is none."""
    if find_browser() is None:
        pytest.skip(NO_BROWSER)
    with BrowserSession() as opened:
        yield opened
