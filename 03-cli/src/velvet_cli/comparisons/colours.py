"""What programs of each framework do about colour, in one environment after the other.

Each framework runs in a child whose standard output is a real terminal or a pipe. What looks at
the environment only once, when it is imported, is imported anew for each.
"""

from __future__ import annotations

import io
import json
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib import reload
from pathlib import Path

from velvet_cli import contenders
from velvet_cli.color import Style, decide
from velvet_cli.comparisons.running import run_on_pty

OURS = "ours"
# What no other variable may leak into; the rest of the environment stays.
VARIABLES = (
    *("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "TERM", "COLORTERM"),
    *("PY_COLORS", "GITHUB_ACTIONS", "PYTHON_COLORS", "TTY_COMPATIBLE", "TTY_INTERACTIVE"),
)
ENVIRONMENTS: tuple[Mapping[str, str], ...] = (
    {},
    {"NO_COLOR": "1"},
    {"NO_COLOR": ""},
    {"FORCE_COLOR": "1"},
    {"FORCE_COLOR": "0"},
    {"FORCE_COLOR": ""},
    {"NO_COLOR": "1", "FORCE_COLOR": "1"},
    {"CLICOLOR": "0"},
    {"CLICOLOR": "1"},
    {"CLICOLOR_FORCE": "1"},
    {"CLICOLOR_FORCE": "1", "NO_COLOR": "1"},
    {"TERM": "dumb"},
    {"TERM": "dumb", "FORCE_COLOR": "1"},
    {"COLORTERM": "truecolor"},
)
# Typer decides about FORCE_COLOR while this module is imported.
_LOOKS_ONCE = "typer.rich_utils"
_SEQUENCE = re.compile(rb"\x1b\[([0-9;]*)m")
_END = "\x1e"


def survey(
    name: str,
    place: str,
    environments: Sequence[Mapping[str, str]] = ENVIRONMENTS,
    *,
    env: Mapping[str, str],
) -> list[str]:
    """Return what one framework wrote in each environment: ``colour``, ``style`` or ``plain``.

    ``style`` is bold, dim or italic without any colour. `name`: argparse, click, typer, cyclopts or
    ``ours``; `place`: ``pty`` (POSIX only) or ``pipe``; `env`: what the environments are laid over;
    its own colour variables are left out. Raises ValueError: the name or the place is unknown;
    OSError: this system has no pseudo-terminals; RuntimeError: the child failed; its last line is
    in the message.
    """
    if name not in SAMPLES:
        raise ValueError(f"no framework {name!r}; known are {', '.join(SAMPLES)}")
    ended = run_on_pty(
        [sys.executable, "-m", "velvet_cli.comparisons.colours"],
        place=place,
        streams=["stdout"],
        stdin=json.dumps([name, [dict(one) for one in environments]]),
        env={key: value for key, value in env.items() if key not in VARIABLES},
        folder=Path.cwd(),
    )
    parts = ended.tty.split(_END.encode())[:-1]
    if ended.exit != 0 or len(parts) != len(environments):
        last = (ended.err.strip().splitlines() or [""])[-1]
        raise RuntimeError(f"the survey of {name} ended with {ended.exit}: {last[:200]}")
    return [kind_of(part) for part in parts]


def kind_of(written: bytes) -> str:
    """Return whether bytes hold a colour, only another style, or no SGR sequence at all."""
    found = [code for match in _SEQUENCE.findall(written) for code in match.split(b";")]
    numbers = {int(code) for code in found if code}
    if any(30 <= code <= 49 or 90 <= code <= 107 for code in numbers - {39, 49}):
        return "colour"
    return "style" if numbers - {0, 39, 49} else "plain"


def _helped(name: str) -> Callable[[], None]:
    return lambda: contenders.load(name).raw(["--help"], lambda _: 0)


def _click() -> None:
    import click

    # Click's own help has no colour: this is what its documentation uses for a text.
    click.secho("sample", fg="red", bold=True)


def _ours() -> None:
    decision = decide(sys.stdout, env=os.environ)
    sys.stdout.write(Style("sample", "red", True).render(decision) + "\n")


SAMPLES: Mapping[str, Callable[[], None]] = {
    "argparse": _helped("argparse"),
    "click": _click,
    "typer": _helped("typer"),
    "cyclopts": _helped("cyclopts"),
    OURS: _ours,
}


def _main() -> None:
    name, environments = json.load(sys.stdin)
    usual = {"TERM": "xterm-256color"}
    # A framework may ask standard error too, which is not what is looked at here.
    sys.stderr = io.StringIO()
    for environment in environments:
        for variable in VARIABLES:
            os.environ.pop(variable, None)
        os.environ.update({**usual, **environment})
        with suppress(SystemExit):
            SAMPLES[name]()
        sys.stdout.write(_END)
        sys.stdout.flush()
        if _LOOKS_ONCE in sys.modules:
            reload(sys.modules[_LOOKS_ONCE])


if __name__ == "__main__":
    _main()
