"""`velvet doctor`: what is installed, missing or too old, and what to do about it."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from dataclasses import asdict, dataclass

import click

from velvet import catalog, needs, services
from velvet.commands import HELP, folded
from velvet.errors import VelvetError


@dataclass(frozen=True)
class Line:
    """One finding: ``ok``, ``note`` (optional) or ``missing``; `more` is what --verbose shows."""

    topic: str
    state: str
    text: str
    more: str = ""


def toolkit() -> list[Line]:
    """Look at the interpreter and the toolkit's own libraries."""
    about = (
        f"{platform.python_implementation()} {platform.python_version()} on "
        f"{platform.system()} {platform.machine()}, {needs.usable_cores()} usable cores"
    )
    lines = [Line("python", "ok" if sys.version_info >= (3, 10) else "missing", about)]
    for need in ("streamlit>=1.55", "plotly", "pytest", "hypothesis", "pytest-benchmark", "pyperf"):
        problem = needs.unmet(need)
        name = need.split(">")[0]
        text = f"{name} {needs.version_of(name)}" if problem is None else str(problem)
        absent = "note" if need == "pyperf" else "missing"  # only `velvet bench verify` needs it
        lines.append(Line("library", "ok" if problem is None else absent, text))
    problem = needs.unmet("browser")
    lines.append(Line("browser", "ok" if not problem else "note", str(problem or needs.browser())))
    return lines


def servers() -> list[Line]:
    """Look at every server's ladder."""
    return [
        Line("service", "note" if s.why else "ok", f"{s.name} {s.state}: {s.detail}", s.why)
        for s in services.status()
    ]


def modules() -> list[Line]:
    """Look at every module: its folder, and what its own `runtime` says about this machine."""
    lines = []
    for module in catalog.modules():
        lacks = f": lacks {', '.join(module.missing)}" if module.missing else ""
        text = f"{module.slug} {module.state}{lacks}"
        lines.append(Line("module", "missing" if lacks else "ok", text))
        if (module.folder / "src" / module.package / "runtime.py").is_file():
            lines += [Line("runtime", "note", note) for note in runtime_notes(module.package)]
    return lines


def runtime_notes(package: str) -> list[str]:
    """Ask a module's `runtime.facts().notes` in a child, because the toolkit imports no module."""
    code = (
        f"import json; from {package}.runtime import facts; "
        "print(json.dumps([str(note) for note in facts().notes]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        return [f"{package}.runtime cannot be asked: {last}"]
    notes: list[str] = json.loads(done.stdout)
    return notes


@click.command("doctor", context_settings=HELP)
@click.option("--json", "as_json", is_flag=True, help="For programs: one JSON document.")
@click.option("-v", "--verbose", is_flag=True, help="Also the details of each.")
def doctor_command(as_json: bool, verbose: bool) -> None:
    """Check the interpreter, libraries, servers and modules."""
    lines = [*toolkit(), *servers()]
    try:
        lines += modules()
    except VelvetError as error:
        lines.append(Line("module", "missing", str(error)))
    if as_json:
        click.echo(json.dumps([asdict(line) for line in lines], indent=2))
    else:
        for line in lines:
            text = f"{line.state:8} {line.topic:8} {line.text}"
            click.echo(folded(text, indent=18))
            if verbose and line.more:
                click.echo(folded(f"{'':18}{line.more}", indent=18))
        click.echo(verdict(lines))
    raise SystemExit(1 if any(line.state == "missing" for line in lines) else 0)


def verdict(lines: list[Line]) -> str:
    """Return the one sentence that a reader needs."""
    missing = sum(line.state == "missing" for line in lines)
    notes = sum(line.state == "note" for line in lines)
    optional = f"; {notes} optional notes above (details: --verbose)" if notes else ""
    if missing:
        return f"verdict: not ready, {missing} missing above{optional}"
    return f"verdict: ready, everything that is needed is here{optional}"
