"""The reader's own address: asked only when it is named, and then by every client."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path

import pytest

from velvet_http.contenders import available
from velvet_http.faults import FaultServer

BASIC = Path(__file__).parents[2] / "examples" / "basic.py"


@pytest.fixture(scope="module")
def example() -> Callable[[], None]:
    """The example; its file registers its names once."""
    made: Callable[[], None] = runpy.run_path(str(BASIC))["call_a_real_api"]
    return made


@pytest.mark.parametrize(
    ("path", "said"),
    [("/json?size=10", "200, 22 bytes"), ("/fault/truncated%20gzip", "TruncatedBody: ")],
)
def test_each_client_asks_it_and_says_what_came(
    example: Callable[[], None],
    server: FaultServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    path: str,
    said: str,
) -> None:
    monkeypatch.setenv("VELVET_HTTP_URL", server.url(path))

    example()

    lines = capsys.readouterr().out.splitlines()[-len(available()) :]
    assert [line.split()[0] for line in lines] == available()
    assert all(said in line for line in lines)
    assert server.counters.requests == len(available())


def test_an_address_that_is_none_is_told_so(
    example: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("VELVET_HTTP_URL", "ftp://nowhere")

    example()

    assert capsys.readouterr().out.count("must be http or https") == len(available())
