"""What the tests of pages share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from velvet.testing import MANIFESTS


@pytest.fixture(scope="session", autouse=True)
def _no_components() -> Iterator[None]:
    """Let no session of AppTest read the metadata of every package, as a server does but once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MANIFESTS, list)
        yield
