"""The container rung: one service of this repository's compose.yaml."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import uuid
from collections.abc import Callable

from velvet.catalog import repository
from velvet.errors import VelvetError
from velvet.services.ladder import (
    RUNG_SECONDS,
    Hooks,
    RungFailed,
    Server,
    free_port,
    private_folder,
    remove,
    wait_until,
)


def _docker(*words: str, seconds: float, env: dict[str, str] | None = None) -> str:
    """Run docker and return its output.

    Raises:
        RungFailed: it failed or took too long.
    """
    try:
        done = subprocess.run(
            ["docker", *words],
            capture_output=True,
            text=True,
            timeout=seconds,
            env=env,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RungFailed(f"docker did not answer ({type(error).__name__})") from None
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise RungFailed(f"docker {words[0]} failed: {said[:160]}")
    return done.stdout


def compose(
    name: str, service: str, variable: str, url: str, ask: Callable[[str], str | None]
) -> Server:
    """Start one service of compose.yaml on a free port under a project name of its own.

    Args:
        variable: the environment variable of compose.yaml that sets its port.
        url: the server's address with ``{port}`` in it.
        ask: returns the version that answers at an address.

    Raises:
        RungFailed: no engine answers, or the container does not become ready.
    """
    if shutil.which("docker") is None:
        raise RungFailed("docker is not installed")
    _docker("info", "--format", "{{.ServerVersion}}", seconds=5)
    try:
        file = repository() / "compose.yaml"
    except VelvetError as error:
        raise RungFailed(str(error)) from None
    port, project = free_port(), f"velvet-{uuid.uuid4().hex[:8]}"
    base = ("compose", "-f", str(file), "-p", project)
    env = {**os.environ, variable: str(port)}
    address = url.format(port=port)

    def start() -> str:
        _docker(*base, "up", "-d", "--wait", service, seconds=RUNG_SECONDS, env=env)
        return wait_until(lambda: ask(address), what=f"the {service} container")

    def down() -> None:
        _docker(*base, "down", "-v", seconds=RUNG_SECONDS, env=env)

    def kill() -> None:
        _docker(*base, "kill", service, seconds=RUNG_SECONDS, env=env)

    folder = private_folder(name)
    try:
        version = start()
    except BaseException:
        remove(folder)
        with contextlib.suppress(RungFailed):
            down()
        raise
    hooks = Hooks(start, down, kill, project=project)
    return Server(name, address, version, "container", hooks, folder)


def end_project(project: str) -> None:
    """Remove the containers that a crashed run of ours left; an engine that is gone is no error."""
    with contextlib.suppress(RungFailed):
        _docker("compose", "-p", project, "down", "-v", seconds=RUNG_SECONDS)
