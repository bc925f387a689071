"""The passwords of a suite are in nothing that it shows: output, log, error or report.

A pytest plugin. Every password, token and key that a test uses holds the word `marmalade`; what
else may not be shown, a conftest names as a regular expression: `PASSWORDS = r"canary-|eyJ\\w+"`.
A test fails that prints or logs one, or in which an error says one: an error that ends the test,
one that `pytest.raises` expects, a refusal of `velvet.hostile`, or one of the examples. A report
of a failure does not show it either.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

MARKER = "marmalade"
_watched: list[tuple[str, str]] = []
_fill = pytest.ExceptionInfo.fill_unfilled


def watch(text: str, where: str) -> None:
    """Search what the running test shows elsewhere than in its output."""
    _watched.append((where, text))


def said(error: BaseException | None) -> Iterator[str]:
    """Yield what a traceback says of an error and of those that led to it."""
    known: set[int] = set()
    while error is not None and id(error) not in known:
        known.add(id(error))
        try:
            yield f"{error!r} {error}"
        except Exception:  # noqa: BLE001 - what a test raises may refuse to be shown
            yield type(error).__name__
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _filled(self: Any, info: Any) -> None:
    _fill(self, info)
    watch("\n".join(said(info[1])), "expected error")


setattr(pytest.ExceptionInfo, "fill_unfilled", _filled)  # noqa: B010 - of `pytest.raises`


def pattern_for(config: pytest.Config, folder: Path) -> re.Pattern[str]:
    """Return what no test of a folder may show."""
    more = [
        plugin.PASSWORDS
        for plugin in config.pluginmanager.get_plugins()
        if isinstance(getattr(plugin, "PASSWORDS", None), str)
        and folder.is_relative_to(Path(plugin.__file__).parent)
    ]
    return re.compile("|".join([MARKER, *more]))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Iterator[pytest.TestReport | None]:
    """Fail a test that shows a password, and show none in the report."""
    report: pytest.TestReport = yield  # type: ignore[misc, assignment]
    pattern = pattern_for(item.config, item.path.parent)
    now = f" {call.when}"
    shown = [one for one in report.sections if one[0].endswith(now)] + _watched
    shown += [("error", text) for text in said(call.excinfo.value if call.excinfo else None)]
    _watched.clear()
    leaks = sorted({where for where, text in shown if pattern.search(text)})
    report.sections = [(name, pattern.sub("***", text)) for name, text in report.sections]
    if report.failed and pattern.search(text := str(report.longrepr)):
        report.longrepr = pattern.sub("***", text)
    if leaks:
        before = f"\n{report.longrepr}" if report.failed else ""
        report.outcome = "failed"
        report.longrepr = f"a password of this suite is shown in: {', '.join(leaks)}{before}"
        report.longrepr = pattern.sub("***", report.longrepr)
    return report  # type: ignore[return-value]
