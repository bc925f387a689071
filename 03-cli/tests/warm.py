"""One process that has loaded the four front ends, and runs each command line in a fork of itself.

A start of Typer costs a fifth of a second, and hundreds of command lines are about words and not
about starting. A fork is a process of its own, with its own descriptors, environment and exit code; only
the imports are done already. A line of standard input is a request, the answer is the exit code.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import traceback
from contextlib import suppress

from velvet_cli import contenders
from velvet_cli.program import start

# What a command line loads besides, in one framework or the other.
LOADED = (
    *("velvet_cli.config", "velvet_cli.color", "typer.rich_utils", "typer._adapters"),
    *("cyclopts.help", "docstring_parser", "rich.markdown", "rich.syntax", "rich.traceback"),
)


def main() -> None:
    """Serve until standard input ends."""
    for name in contenders.installed():
        contenders.load(name)
    for module in LOADED:
        with suppress(ImportError):
            importlib.import_module(module)
    gc.freeze()
    for line in sys.stdin:
        child = os.fork()
        if not child:
            become(**json.loads(line))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def become(name: str, argv: list[str], env: dict[str, str], folder: str, wires: str) -> None:
    """Turn this process into the program; it ends as the interpreter would end it."""
    os.environ.clear()
    os.environ.update(env)
    os.chdir(folder)
    for number, wire in enumerate(("stdin", "stdout", "stderr")):
        flags = os.O_RDWR | os.O_CREAT | (os.O_TRUNC if number else 0)
        opened = os.open(f"{wires}/{wire}", flags)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    escaping = {"encoding": "utf-8", "errors": "backslashreplace", "closefd": False}
    sys.stderr = os.fdopen(2, "w", **escaping)
    code: object = 1
    try:
        start(name, argv)
    except SystemExit as end:
        code = end.code
    except BaseException:  # noqa: BLE001 - as the interpreter does
        traceback.print_exc()
    if not isinstance(code, int | None):
        print(code, file=sys.stderr)
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    # Taking so many modules apart would cost more than the whole call.
    os._exit(code or 0)


if __name__ == "__main__":
    main()
