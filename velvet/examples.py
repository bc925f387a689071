"""Named examples and the runner behind ``python examples/basic.py [NAME] [--list] [--source]``.

An example is a plain function with a docstring whose first sentence says what will be
seen. Decorating it registers it in its own file, in order; `main()` at the foot of the
file runs all of them or the one that is named, and says in one sentence what is missing
when an optional need is not met.
"""

from __future__ import annotations

import inspect
import os
import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from velvet.errors import UsageError, VelvetError, nearest
from velvet.needs import all_unmet

F = TypeVar("F", bound=Callable[[], Any])


@dataclass(frozen=True)
class Example:
    """One registered example: its name, function and needs."""

    name: str
    function: Callable[[], Any]
    needs: tuple[str, ...] = ()

    @property
    def headline(self) -> str:
        """The first sentence of the docstring: what a reader will see."""
        text = inspect.getdoc(self.function) or ""
        first = " ".join(text.split("\n\n")[0].split())
        return first.split(". ")[0].rstrip(".") + "."


_registry: dict[str, list[Example]] = {}  # file -> its examples, in the order of their definition


def example(name: str, *, needs: Sequence[str] = ()) -> Callable[[F], F]:
    """Register a function without arguments (plain or coroutine) as a named example.

    Args:
        needs: what it cannot run without (see `velvet.needs`).

    Raises:
        ValueError: the name is taken in this file, or the function has no docstring.
    """

    def register(function: F) -> F:
        if not inspect.getdoc(function):
            raise ValueError(f"example {name!r} needs a docstring that says what will be seen")
        file = inspect.getfile(function)
        known = _registry.setdefault(file, [])
        if any(other.name == name and other.function is not function for other in known):
            raise ValueError(f"{file} already has an example called {name!r}")
        known.append(Example(name, function, tuple(needs)))
        return function

    return register


def names_in(file: Path) -> list[str]:
    """Return the names of the examples in a file by reading it, without importing what it needs."""
    text = file.read_text(encoding="utf-8")
    return re.findall(r"^@example\(\s*[\"']([^\"']+)", text, re.MULTILINE)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the examples of the calling file; ends the process with exit code 2 or 1 when it cannot."""
    file = inspect.stack()[1].filename
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        _run(_registry.get(file, []), arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # of `python basic.py | head -1`: the rest is not read
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except VelvetError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(error.exit_code) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _run(examples: list[Example], arguments: list[str]) -> None:
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        # A console without UTF-8 shows a question mark rather than a traceback.
        reconfigure(errors="replace")
    names = [item.name for item in examples]
    flags = {word for word in arguments if word.startswith("-")}
    wanted = [word for word in arguments if not word.startswith("-")]
    unknown = flags - {"--list", "--source", "--help", "-h"}
    if unknown:
        raise UsageError(f"unknown option {sorted(unknown)[0]}; known are --list and --source")
    for word in wanted:
        if word not in names:
            known = f"{nearest(word, names)} Known are: {', '.join(names)}"
            raise UsageError(f"there is no example {word!r} here.{known}")
    chosen = [item for item in examples if not wanted or item.name in wanted]
    if flags & {"--help", "-h"}:
        print("usage: python FILE [NAME ...] [--list] [--source]\n")  # noqa: T201
    for item in chosen:
        if flags & {"--list", "--help", "-h"}:
            print(f"{item.name:28} {item.headline}")  # noqa: T201
        elif "--source" in flags:
            print(inspect.getsource(item.function))  # noqa: T201
        else:
            _show(item)


def _show(item: Example) -> None:
    from rich.console import Console
    from rich.rule import Rule

    from velvet.processes import stoppable

    console = Console()
    console.print(Rule(f"[bold]{item.name}[/bold]", style="#8B7D8B"))
    console.print(f"[italic]{item.headline}[/italic]\n")
    problems = all_unmet(item.needs)
    if problems:
        for problem in problems:
            console.print(f"skipped: {problem}", markup=False)
        return
    began = time.perf_counter()
    try:
        with stoppable():  # SIGTERM, too, lets an example end what it started
            answer = item.function()
            if inspect.iscoroutine(answer):
                import asyncio  # not at every start

                asyncio.run(answer)
    except VelvetError as error:
        # A server whose ladder looked climbable may still refuse every rung.
        console.print(f"skipped: {error}", markup=False)
        return
    console.print(f"\n[dim]{item.name}: {time.perf_counter() - began:.1f} s[/dim]\n")
