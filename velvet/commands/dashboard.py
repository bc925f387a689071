"""`velvet dashboard`: one module's page, or the hub with all of them."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import time
from pathlib import Path

import click

from velvet import catalog
from velvet.commands import HELP
from velvet.errors import UsageError, VelvetError
from velvet.processes import stoppable
from velvet.services.ladder import free_port, listening
from velvet.ui.palette import STROKES, TEXT

FIRST_PORT = 8501
LAST_PORT = 8599
START_SECONDS = 60.0


def choose_port(port: int | None) -> int:
    """Return the wanted port, or the first free one of Streamlit's usual range.

    Raises:
        UsageError: the wanted port is taken.
    """
    if port is not None:
        if listening("127.0.0.1", port, timeout=0.2):
            raise UsageError(f"port {port} is in use; choose another with --port, or leave it out")
        return port
    for candidate in range(FIRST_PORT, LAST_PORT):
        if not listening("127.0.0.1", candidate, timeout=0.2):
            return candidate
    return free_port()


def page(module: catalog.Module | None) -> Path:
    """Return the Streamlit script of a module, or of the hub.

    Raises:
        UsageError: the module has no dashboard.
    """
    if module is None:
        return Path(__file__).resolve().parent.parent / "ui" / "hub.py"
    script = module.folder / "app.py"
    if not script.is_file():
        raise UsageError(f"{module.slug} has no app.py")
    return script


def serve(script: Path, port: int, *, headless: bool) -> subprocess.Popen[bytes]:
    """Start Streamlit and wait until it answers.

    Raises:
        VelvetError: Streamlit is missing, ended, or did not answer in time.
    """
    if importlib.util.find_spec("streamlit") is None:
        raise VelvetError('dashboards need Streamlit: pip install "streamlit>=1.50" plotly')
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "streamlit", "run", str(script)),
            *("--server.address", "127.0.0.1", "--server.port", str(port)),
            *("--server.headless", "true" if headless else "false"),
            *("--browser.gatherUsageStats", "false", "--server.fileWatcherType", "none"),
            *("--theme.base", "light", "--theme.primaryColor", STROKES[0]),
            *("--theme.textColor", TEXT),
        ],
        cwd=script.parent,
        stdout=subprocess.DEVNULL,
    )
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


def headless_here() -> bool:
    """Whether no browser could open: no display on Linux, or a CI run."""
    if os.environ.get("CI"):
        return True
    return sys.platform == "linux" and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )


@click.command("dashboard", context_settings=HELP)
@click.argument("module", required=False)
@click.option("--port", type=click.IntRange(1, 65535), help="Instead of the first free from 8501.")
@click.option("--headless", is_flag=True, help="Open no browser; print the address.")
def dashboard_command(module: str | None, port: int | None, headless: bool) -> None:
    """Open MODULE's dashboard, or the hub."""
    found = None if module is None else catalog.find(module)
    show(found, port, headless=headless or headless_here())
