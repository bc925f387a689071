"""The same program in four frameworks: one file each, with the same three functions.

``build(perform, hardened=...)`` declares the command line in the framework's own idiom,
``call(argv, perform)`` runs the hardened form and raises what the runner understands, and
``raw(argv, perform)`` runs it as a tutorial would. A diff of two files shows the frameworks.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from types import ModuleType
from typing import NamedTuple, TextIO

from velvet_cli.contract import ParsedCall

Perform = Callable[[ParsedCall], int]
NAMES = ("argparse", "click", "typer", "cyclopts")
RAW = "raw-"


class Availability(NamedTuple):
    """Whether a framework can be used here, its version, and what to do if not."""

    ok: bool
    version: str
    remedy: str = ""

    def __bool__(self) -> bool:
        return self.ok


class NothingParsed(Exception):
    """The words asked for help or the version, so there is no call.

    Attributes:
        code: the exit code.
    """

    def __init__(self, code: int) -> None:
        super().__init__(f"no command was called (exit code {code})")
        self.code = code


class Frontend:
    """One of the four, with the surface that tests, benchmarks and the dashboard use.

    Args:
        name: one of `NAMES`.

    Raises:
        ValueError: there is no such front end.
    """

    def __init__(self, name: str) -> None:
        if name not in NAMES:
            raise ValueError(f"front end must be one of {', '.join(NAMES)}, not {name!r}")
        self.name = name

    def module(self) -> ModuleType:
        """Import the front end's file, and with it the framework.

        Raises:
            ImportError: the framework is not installed.
        """
        return import_module(f"velvet_cli.frontends.{self.name}_app")

    def available(self) -> Availability:
        """Tell whether the framework is installed, without importing it."""
        if self.name == "argparse":
            return Availability(True, "{}.{}.{}".format(*sys.version_info))
        # Costs more than a whole front end, because it imports the email package.
        from importlib import metadata

        try:
            return Availability(True, metadata.version(self.name))
        except metadata.PackageNotFoundError:
            return Availability(False, "", f"pip install {self.name}")

    def argv_prefix(self, *, hardened: bool = True) -> list[str]:
        """Return the words that start this front end as a process of its own."""
        return [sys.executable, "-m", "velvet_cli", ("" if hardened else RAW) + self.name]

    def parse(self, argv: Sequence[str]) -> ParsedCall:
        """Return what the hardened front end understands, without doing it.

        Raises:
            UsageError: the words are no call.
            NothingParsed: they ask for help or the version, which is printed.
        """
        calls: list[ParsedCall] = []

        def remember(call: ParsedCall) -> int:
            calls.append(call)
            return 0

        try:
            code = self.module().call(list(argv), remember)
        except SystemExit as end:
            raise NothingParsed(int(end.code or 0)) from None
        if not calls:
            raise NothingParsed(code)
        return calls[-1]

    def main(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        stdin: TextIO | None = None,
        stdout: TextIO | None = None,
        stderr: TextIO | None = None,
    ) -> int:
        """Run the hardened program in this process and return its exit code; never raises.

        Streams and environment that are not given are the process's own. Not thread-safe:
        frameworks write help to `sys.stdout`, so it is swapped meanwhile.
        """
        from velvet_cli.program import main

        return main(self.name, argv, env=env, stdin=stdin, stdout=stdout, stderr=stderr)


def frontends() -> list[Frontend]:
    """Return the front ends whose framework is installed, in the order of `NAMES`."""
    return [one for one in map(Frontend, NAMES) if one.available()]
