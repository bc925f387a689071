"""The container rung: one service of this repository's compose.yaml."""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from collections.abc import Callable
from functools import partial

from velvet.catalog import repository
from velvet.errors import VelvetError
from velvet.services.guard import end_containers
from velvet.services.ladder import RUNG_SECONDS, Hooks, RungFailed, Server, free_port, wait_until
from velvet.services.own import Lease


def docker(*words: str, seconds: float, **variables: str) -> None:
    """Run docker without the user's own compose settings; raise RungFailed where it fails."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("COMPOSE_")}
    try:
        done = subprocess.run(
            ["docker", *words],
            capture_output=True,
            text=True,
            timeout=seconds,
            env={**kept, **variables},
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RungFailed(f"docker did not answer ({type(error).__name__})") from None
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise RungFailed(f"docker {words[0]} failed: {said[:160]}")


def engine() -> None:
    """Raise RungFailed where no container engine answers."""
    if shutil.which("docker") is None:
        raise RungFailed("docker is not installed")
    docker("info", "--format", "{{.ServerVersion}}", seconds=5)


def compose(kind: str, service: str, url: str, ask: Callable[[str], str | None]) -> Server:
    """Start one service of compose.yaml on a free port under a project name of its own.

    Where no engine answers, or the container does not become ready, raise RungFailed.

    Args:
        url: the server's address with ``{port}`` in it.
        ask: returns the version that answers at an address.
    """
    engine()
    try:
        file = repository() / "compose.yaml"
    except VelvetError as error:
        raise RungFailed(str(error)) from None
    port, project = free_port(), f"velvet-{uuid.uuid4().hex[:8]}"
    base = ("compose", "-f", str(file), "-p", project)
    variables = {f"VELVET_{kind.upper()}_PORT": str(port)}
    address = url.format(port=port)

    def start() -> str:
        docker(*base, "up", "-d", "--wait", service, seconds=RUNG_SECONDS, **variables)
        return wait_until(lambda: ask(address), what=f"the {service} container")

    def kill() -> None:
        docker(*base, "kill", service, seconds=RUNG_SECONDS, **variables)

    stop = partial(end_containers, project)
    with Lease(kind, project=project) as lease:
        return lease.server(address, "container", Hooks(start, stop, kill))
