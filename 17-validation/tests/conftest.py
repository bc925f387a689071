"""What the tests of this module share: every library that is installed, one after the other."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from velvet_validation.contender import Contender
from velvet_validation.contenders import NAMES, contender

# A busy machine is no failure: neither a slow example nor slow data.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

PASSWORDS = "s3cret|Qz7kVx2"  # of these tests: `velvet.passwords` fails a test that shows one
DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="session", params=NAMES)
def library(request: pytest.FixtureRequest) -> Contender:
    """One adapter; skipped with the reason where its library is not installed."""
    try:
        return contender(request.param)
    except ImportError as error:
        pytest.skip(f"{error}: pip install -r requirements.txt -r requirements-peers.txt")


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of stored payloads, grids and the JSON Schema test suite."""
    return DATA
