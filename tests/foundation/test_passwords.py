"""What a suite may not show: ten ways to show a password go red, and the report shows none."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

LOGGING = """
import logging

def test_logs():
    logging.getLogger("shop").warning("%s was refused", "marm" + "alade-1")
"""
LEAKING = """
import sys
import pytest
from velvet.passwords import watch

PASSWORD = "marm" + "alade-1"

def test_prints():
    print("the password is", PASSWORD)

def test_prints_on_stderr():
    print(PASSWORD, file=sys.stderr)

def test_expects_an_error_that_says_it():
    with pytest.raises(ValueError):
        raise ValueError(f"{PASSWORD} is too short")

def test_expects_an_error_whose_cause_says_it():
    with pytest.raises(ValueError) as caught:
        try:
            raise KeyError(PASSWORD)
        except KeyError as error:
            raise ValueError("it is too short") from error

def test_expects_an_error_whose_context_says_it():
    with pytest.raises(ValueError):
        try:
            raise KeyError(PASSWORD)
        except KeyError:
            raise ValueError("it is too short")

def test_fails_with_it():
    assert PASSWORD == "another"

def test_shows_it_elsewhere():
    watch(f"an example prints {PASSWORD}", "example")

def test_shows_a_named_one():
    print("canary-7")

@pytest.fixture
def leaks_late():
    yield
    print(PASSWORD)

def test_shows_it_when_it_ends(leaks_late): ...
"""
SAFE = """
import pytest

def test_is_silent():
    with pytest.raises(ValueError):
        try:
            raise KeyError("marm" + "alade-1")
        except KeyError:
            raise ValueError("it is too short") from None

def test_prints_another_word():
    print("canary")

def test_expects_an_error_that_cannot_be_shown():
    class Silent(Exception):
        def __repr__(self):
            raise RuntimeError
    with pytest.raises(Silent):
        raise Silent
"""


def inner(pytester: pytest.Pytester, text: str, *, here: bool = True) -> pytest.RunResult:
    pytester.makeconftest('PASSWORDS = "canary-"')
    pytester.makepyfile(text)
    run = pytester.runpytest_inprocess if here else pytester.runpytest_subprocess
    return run("--disable-plugin-autoload", "-p", "velvet.passwords", "-p", "no:randomly", "-rA")


def test_whatever_shows_a_password_goes_red(pytester: pytest.Pytester) -> None:
    result = inner(pytester, LEAKING)

    # The one whose fixture leaks passes first, and has an error at its end.
    result.assert_outcomes(failed=8, errors=1, passed=1)
    for where in (
        "stdout call",
        "stderr call",
        "expected error",
        "example",
        "teardown",
    ):
        result.stdout.fnmatch_lines([f"*a password of this suite is shown in: *{where}*"])
    assert "marmalade" not in result.stdout.str()
    assert "canary-7" not in result.stdout.str()


def test_a_log_that_shows_one_goes_red(pytester: pytest.Pytester) -> None:
    result = inner(pytester, LOGGING, here=False)  # what is logged here is this test's log, too

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*a password of this suite is shown in: *log call*"])
    assert "marmalade" not in result.stdout.str()


def test_what_shows_none_stays_green(pytester: pytest.Pytester) -> None:
    inner(pytester, SAFE).assert_outcomes(passed=3)
