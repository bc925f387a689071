"""For pytest: `-p velvet_databases.nplusone.pytest_plugin`, or `pytest_plugins` in a conftest.

`no_n_plus_one` fails a test at the line that loads a relation one by one, and gives the detector. It
watches all threads and tasks of the process, because a test may call a server in another thread.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

import pytest

from velvet_databases.nplusone import Detector

_FIXTURE = "no_n_plus_one"


@pytest.fixture
def no_n_plus_one() -> Iterator[Detector]:
    """Fail the test where it loads a relation for one object after the other."""
    with Detector(mode="raise", everywhere=True) as detector:
        yield detector


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Fail a test that was told of a finding by an exception, and has swallowed it."""
    result = yield
    detector = getattr(item, "funcargs", {}).get(_FIXTURE)
    if isinstance(detector, Detector) and detector.findings:
        pytest.fail("\n".join(map(str, detector.findings)), pytrace=False)
    return result
