"""The same program in four frameworks: one file each, with the same three functions.

``build(..., hardened=...)`` declares the command line in the framework's own idiom, ``call(argv,
perform)`` runs the hardened form and raises what the runner understands, ``raw`` as a tutorial
would.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from velvet_cli.contract import CONTRACT, ParsedCall, UsageError

Perform = Callable[[ParsedCall], int]
RAW = "raw-"
# A glance at the folder costs less than `pkgutil`, and every start pays for it.
NAMES = tuple(sorted(path.stem for path in Path(__file__).parent.glob("[a-z]*.py")))


def load(name: str) -> ModuleType:
    """Import the file of a front end, and with it the framework.

    Raises ValueError: there is no such front end; ImportError: the framework is not installed.
    """
    if name not in NAMES:
        raise ValueError(f"front end must be one of {', '.join(NAMES)}, not {name!r}")
    return import_module(f"{__name__}.{name}")


def version(name: str) -> str:
    """Return the version of a framework without importing it; empty where it is not installed."""
    if name == "argparse":
        return "{}.{}.{}".format(*sys.version_info)
    # Costs more than a whole front end, because it imports the email package.
    from importlib import metadata

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def installed() -> list[str]:
    """Return the front ends whose framework is installed, in the order of `NAMES`."""
    return [name for name in NAMES if version(name)]


def words(name: str, *argv: str, hardened: bool = True) -> list[str]:
    """Return the command line that starts a front end as a process of its own."""
    return [sys.executable, "-m", "velvet_cli", ("" if hardened else RAW) + name, *argv]


def parsed(context: Any) -> ParsedCall:
    """Return what was given, from the context of Click's or Typer's group down to the command's."""
    words, values = context.command_path.split()[1:], {}
    while context is not None:
        for name, value in context.params.items():
            source = context.get_parameter_source(name)
            if source is not None and source.name in ("COMMANDLINE", "ENVIRONMENT"):
                values[name] = tuple(value) if isinstance(value, list) else value
        context = context.parent
    return ParsedCall(" ".join(words), values)


def refused(error: Any, message: str) -> UsageError:
    """Return an error of Click or Typer in our words, with the help that it belongs to."""
    context = getattr(error, "ctx", None)
    return UsageError(message, f"see `{context.command_path if context else 'tasks'} --help`")


def reader(command: str, name: str, wrong: type[Exception]) -> Callable[[str], Any]:
    """Return a converter that refuses, with an exception of the framework, what the contract does."""
    param = CONTRACT.command(command).param(name)

    def number(text: str) -> Any:
        try:
            return param.read(text)
        except ValueError as error:
            raise wrong(str(error)) from None

    return number
