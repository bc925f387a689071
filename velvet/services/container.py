"""The container rung: one service of this repository's compose.yaml."""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from collections.abc import Callable

from velvet.catalog import repository
from velvet.errors import VelvetError
from velvet.services.guard import end_containers
from velvet.services.ladder import RUNG_SECONDS, Hooks, RungFailed, Server, free_port, wait_until
from velvet.services.own import Lease


def docker(*words: str, seconds: float, **variables: str) -> None:
    """Run docker; compose settings of the user's own do not reach it.

    Raises:
        RungFailed: it failed or took too long.
    """
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
    """Check that a container engine answers.

    Raises:
        RungFailed: none does.
    """
    if shutil.which("docker") is None:
        raise RungFailed("docker is not installed")
    docker("info", "--format", "{{.ServerVersion}}", seconds=5)


def compose(kind: str, service: str, url: str, ask: Callable[[str], str | None]) -> Server:
    """Start one service of compose.yaml on a free port under a project name of its own.

    Args:
        url: the server's address with ``{port}`` in it.
        ask: returns the version that answers at an address.

    Raises:
        RungFailed: no engine answers, or the container does not become ready.
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

    def stop() -> None:
        end_containers(project)

    with Lease(kind, project=project) as lease:
        try:
            version = start()
        except BaseException:
            stop()
            raise
        hooks = Hooks(start, stop, kill)
        return lease.server(address, version, "container", hooks)
