"""What the tests of this module share: one source of zone data, whatever the machine has."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

from velvet_datetime.truth import only_tzdata

settings.register_profile("module", deadline=None, max_examples=60)
settings.load_profile("module")


@pytest.fixture(scope="session", autouse=True)
def one_database() -> Iterator[None]:
    """Read zones from the tzdata package alone: systems carry older and differently packed ones."""
    with only_tzdata():
        yield
