"""`velvet dashboard`: one module's page, or the hub with all of them."""

from __future__ import annotations

import importlib
import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click

from velvet import catalog
from velvet.commands import HELP
from velvet.errors import UsageError, VelvetError
from velvet.processes import stoppable
from velvet.services.ladder import free_port, listening
from velvet.ui.palette import streamlit_options

USUAL_PORTS = range(8501, 8600)  # Streamlit's own and what follows
START_SECONDS = 60.0


def choose_port(port: int | None) -> int:
    """Return the wanted port (UsageError when it is taken), or a free one of Streamlit's range."""
    if port is not None:
        if listening("127.0.0.1", port, timeout=0.2):
            raise UsageError(f"port {port} is in use; choose another with --port, or leave it out")
        return port
    usual = (one for one in USUAL_PORTS if not listening("127.0.0.1", one, timeout=0.2))
    return next(usual, None) or free_port()


def page(module: catalog.Module | None) -> Path:
    """Return the Streamlit script of a module (UsageError without one), or of the hub."""
    if module is None:
        return Path(__file__).resolve().parent.parent / "ui" / "hub.py"
    script = module.folder / "app.py"
    if not script.is_file():
        raise UsageError(f"{module.slug} has no app.py")
    return script


def serve(script: Path, port: int, *, headless: bool) -> subprocess.Popen[bytes]:
    """Start Streamlit and wait until it answers; a VelvetError says why it does not."""
    if importlib.util.find_spec("streamlit") is None:
        raise VelvetError('dashboards need Streamlit: pip install "streamlit>=1.55" plotly')
    options = {
        **streamlit_options(),
        "server.port": str(port),
        "server.headless": "true" if headless else "false",
        "server.fileWatcherType": "none",
    }
    argv = [sys.executable, "-m", "streamlit", "run", str(script)]
    argv += [part for name, value in options.items() for part in (f"--{name}", value)]
    process = subprocess.Popen(argv, cwd=script.parent, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + START_SECONDS
    try:
        while not listening("127.0.0.1", port, timeout=0.2):
            if process.poll() is not None:
                raise VelvetError(
                    f"the dashboard ended at once with exit code {process.returncode}"
                )
            if time.monotonic() > deadline:
                raise VelvetError(f"the dashboard did not answer within {START_SECONDS:g} s")
            time.sleep(0.1)
    except BaseException:
        end(process)
        raise
    return process


def end(process: subprocess.Popen[bytes]) -> None:
    """End a server that may have ended already."""
    if process.poll() is None:
        process.terminate()
    process.wait()


def show(module: catalog.Module | None, port: int | None, *, headless: bool) -> None:
    """Serve a page until Ctrl-C."""
    chosen = choose_port(port)
    with stoppable():
        process = serve(page(module), chosen, headless=headless)
        try:
            click.echo(f"dashboard: http://127.0.0.1:{chosen}  (Ctrl-C ends it)")
            process.wait()
        except KeyboardInterrupt:
            click.echo("dashboard ended", err=True)
        finally:
            end(process)


def _recorded(module: catalog.Module) -> Iterator[Path]:
    from velvet.ui.kit import record

    try:
        page_of = importlib.import_module(f"{module.package}.dashboard").PAGE
    except (ImportError, AttributeError) as error:
        raise UsageError(f"{module.slug} has no page of the kit: {error}") from None
    return record(page_of)


def _taken(module: catalog.Module, port: int | None) -> Iterator[Path]:
    from velvet.ui.pictures import take

    chosen = choose_port(port)
    with stoppable():
        process = serve(page(module), chosen, headless=True)
        try:
            yield from take(module, f"http://127.0.0.1:{chosen}")
        finally:
            end(process)


def headless_here() -> bool:
    """Whether no browser could open: no display on Linux, or a CI run."""
    display = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return bool(os.environ.get("CI") or (sys.platform == "linux" and not display))


@click.command("dashboard", context_settings=HELP)
@click.argument("module", required=False)
@click.option("--port", type=click.IntRange(1, 65535), help="Instead of the first free from 8501.")
@click.option("--headless", is_flag=True, help="Open no browser; print the address.")
@click.option("--record", is_flag=True, help="Run MODULE's tasks and store them as recorded runs.")
@click.option("--pictures", is_flag=True, help="Take the pictures that MODULE's module.toml names.")
def dashboard_command(
    module: str | None, port: int | None, headless: bool, record: bool, pictures: bool
) -> None:
    """Open MODULE's dashboard, or the hub."""
    found = None if module is None else catalog.find(module)
    if record or pictures:
        if found is None:
            raise UsageError("--record and --pictures need a module, such as `velvet dashboard 09`")
        made = [*(_recorded(found) if record else ()), *(_taken(found, port) if pictures else ())]
        for path in made:
            click.echo(f"wrote {path.relative_to(found.folder.parent).as_posix()}")
        return
    show(found, port, headless=headless or headless_here())
