"""What real programs do about colour on a real terminal and a real pipe."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from importlib.util import find_spec

import pytest

from velvet_cli.color import Level, decide
from velvet_cli.comparisons import colours
from velvet_cli.comparisons.colours import ENVIRONMENTS, OURS, SAMPLES, kind_of, survey

PLACES = [
    pytest.param(
        "pty",
        marks=pytest.mark.skipif(
            sys.platform == "win32", reason="no ConPTY in the library: run on Linux or macOS"
        ),
    ),
    "pipe",
]


class Stream(io.StringIO):
    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


@pytest.mark.parametrize("place", PLACES)
def test_our_process_colours_exactly_where_the_decision_says_so(place: str) -> None:
    found = survey(OURS, place, env={**os.environ, "NO_COLOR": "1"})

    assert found == [
        (
            "colour"
            if decide(Stream(place == "pty"), env={"TERM": "x", **environment}).enabled
            else "plain"
        )
        for environment in ENVIRONMENTS
    ]


NO_COLOR, FORCED = {"NO_COLOR": "1"}, {"FORCE_COLOR": "1"}
BOTH = {**NO_COLOR, **FORCED}


@pytest.mark.parametrize(
    ("name", "place", "expected"),
    [
        # Click strips by the stream alone, and knows none of the variables.
        ("click", "pty", ["colour", "colour", "colour"]),
        ("click", "pipe", ["plain", "plain", "plain"]),
        # Rich takes the colours away and leaves the bold, even on a pipe when forced.
        ("typer", "pty", ["style", "colour", "style"]),
        ("typer", "pipe", ["plain", "colour", "style"]),
        ("cyclopts", "pty", ["style", "colour", "style"]),
        ("cyclopts", "pipe", ["plain", "colour", "style"]),
    ],
)
def test_frameworks_obey_in_part(name: str, place: str, expected: list[str]) -> None:
    if place == "pty" and sys.platform == "win32":
        pytest.skip("no ConPTY in the library: run on Linux or macOS")
    if find_spec(name) is None:
        pytest.skip(f"pip install {name}")

    assert survey(name, place, [NO_COLOR, FORCED, BOTH], env=os.environ) == expected


def test_argparse_has_no_colour_before_python_3_14() -> None:
    expected = "plain" if sys.version_info < (3, 14) else "colour"

    assert survey("argparse", "pipe", [FORCED], env=os.environ) == [expected]


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        (b"plain", "plain"),
        (b"\x1b[1mbold\x1b[0m", "style"),
        (b"\x1b[1;31mred\x1b[0m", "colour"),
        (b"\x1b[38;2;1;2;3mred\x1b[39m", "colour"),
        (b"\x1b[97mwhite", "colour"),
        (b"\x1b[0m\x1b[39m\x1b[2K", "plain"),
    ],
)
def test_what_was_written_is_told_apart(written: bytes, kind: str) -> None:
    assert kind_of(written) == kind


def test_what_is_unknown_is_refused() -> None:
    with pytest.raises(ValueError, match="known are argparse, click"):
        survey("docopt", "pipe", env=os.environ)
    with pytest.raises(ValueError, match="place must be one of pty, pipe"):
        survey(OURS, "printer", env=os.environ)


def test_a_survey_whose_child_fails_says_why() -> None:
    with pytest.raises(RuntimeError, match="the survey of ours ended with"):
        survey(OURS, "pipe", env={**os.environ, "PYTHONHOME": os.devnull})


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_writes_something(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    if name not in ("argparse", OURS) and find_spec(name) is None:
        pytest.skip(f"pip install {name}")
    # Help ends the process.
    with suppress(SystemExit):
        SAMPLES[name]()

    assert capsys.readouterr().out


def test_the_child_answers_once_for_each_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO('["ours", [{}, {"FORCE_COLOR": "1"}]]'))
    monkeypatch.setattr("sys.stderr", sys.stderr)
    monkeypatch.setattr("os.environ", dict(os.environ))

    colours._main()

    plain, forced, rest = capsys.readouterr().out.split("\x1e")
    assert (kind_of(plain.encode()), kind_of(forced.encode()), rest) == ("plain", "colour", "")
    assert Level.NONE == 0
