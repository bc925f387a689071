"""What the tests of this module share: a server that misbehaves, and an environment without proxies."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from velvet_http.contenders import available, names
from velvet_http.faults import FaultServer, LocalCA

# A busy machine is no failure: neither a slow example nor slow data.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

CLIENTS = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(
            name not in available(),
            reason=f"{name} is not installed: pip install -r requirements-peers.txt",
        ),
    )
    for name in names()
]


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server() -> Iterator[FaultServer]:
    """A fault server; when the test is over, no connection to it may be open."""
    with FaultServer() as running:
        yield running
        assert running.settle(), f"{running.counters.open} connections left open"


@pytest.fixture(params=CLIENTS)
def client_name(request: pytest.FixtureRequest) -> str:
    """Each client that is installed."""
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> LocalCA:
    """A certificate authority; making its keys takes a moment."""
    return LocalCA(tmp_path_factory.mktemp("ca"))
