"""For pytest: `-p velvet_databases.nplusone.pytest_plugin`, or `pytest_plugins` in a conftest.

`no_n_plus_one` fails a test at the line that loads a relation one by one, and gives the detector.
`@pytest.mark.max_queries(n)` fails a test that sends more than n statements, and lists them. Both
watch all threads and tasks of the process, because a test may call a server in another thread.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

import pytest

from velvet_databases.nplusone.detector import Detector
from velvet_databases.sqlcapture import QueryLog, capture

_FIXTURE = "no_n_plus_one"
_TRANSACTION = ("BEGIN", "COMMIT", "RELEASE", "ROLLBACK", "SAVEPOINT", "START TRANSACTION")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known to `--strict-markers`."""
    config.addinivalue_line(
        "markers",
        "max_queries(n): the test itself sends at most n statements (BEGIN and its like aside)",
    )


@pytest.fixture
def no_n_plus_one() -> Iterator[Detector]:
    """Fail the test where it loads a relation for one object after the other."""
    with Detector(mode="raise", everywhere=True) as detector:
        yield detector


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Watch the call of a test, without its fixtures."""
    most = _most(item)
    if most is None:
        result = yield
    else:
        with capture(everywhere=True) as log:
            result = yield
        _compare(log, most)
    detector = getattr(item, "funcargs", {}).get(_FIXTURE)
    if isinstance(detector, Detector) and detector.findings:
        # The exception was raised, and something in between has swallowed it.
        pytest.fail("\n".join(map(str, detector.findings)), pytrace=False)
    return result


def _most(item: pytest.Item) -> int | None:
    marker = item.get_closest_marker("max_queries")
    if marker is None:
        return None
    given = marker.args[0] if len(marker.args) == 1 else marker.kwargs.get("n")
    if isinstance(given, bool) or not isinstance(given, int) or given < 0:
        pytest.fail(
            f"write @pytest.mark.max_queries(n) with a number of statements, not {given!r}",
            pytrace=False,
        )
    return given


def _compare(log: QueryLog, most: int) -> None:
    sent = QueryLog(one for one in log if not one.fingerprint.startswith(_TRANSACTION))
    if len(sent) > most:
        rows = [
            f"{row['statements']:5} x  {row['sql']}  ({row['origin']})" for row in sent.as_table()
        ]
        shown = "\n".join(rows)
        pytest.fail(f"{len(sent)} statements, at most {most} allowed:\n{shown}", pytrace=False)
