"""`velvet new`: a module that passes every check from its first minute."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys

import click

from velvet import catalog, scaffold
from velvet.commands import HELP
from velvet.errors import VelvetError


@click.command("new", context_settings=HELP)
@click.argument("name", metavar="NN-topic")
@click.option("--no-install", is_flag=True, help="Do not put its src on the environment's path.")
def new_command(name: str, no_install: bool) -> None:
    """Make the module NN-topic: code, tests, examples, benchmark, dashboard, README."""
    root = catalog.repository()
    folder = scaffold.create(name, root)
    click.echo(f"made {folder.name}")
    if not no_install:
        # An environment that uv made holds no pip.
        pip = [sys.executable, "-m", "pip", "install"]
        uv = [shutil.which("uv") or "uv", "pip", "install", "--python", sys.executable]
        command = pip if importlib.util.find_spec("pip") or not shutil.which("uv") else uv
        command = [*command, "--quiet", "--no-deps", "-e", str(root)]
        done = subprocess.run(
            command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        if done.returncode:
            said = done.stdout.decode(errors="replace").strip().splitlines() or ["nothing"]
            raise VelvetError(
                f"{folder.name} is complete, but its src is not on the path yet: an editable "
                f"install needs a package index, and the installer said {said[-1].strip()!r}; "
                "connect to the network and run `pip install -e .` in the clone"
            )
    click.echo(f"next: velvet test {folder.name}; velvet bench {folder.name} --quick")
