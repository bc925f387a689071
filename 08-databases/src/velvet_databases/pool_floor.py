"""The floor below every pool of ours: the same work by the server's own client, written in C."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from velvet.services import postgres_server

PROGRAM = f"pgbench{postgres_server.SUFFIX}"


def pgbench() -> Path | None:
    """Return PostgreSQL's own load generator, from the same places as the server; or None."""
    folders = list(postgres_server.binaries())
    wheel = postgres_server.wheel()
    if wheel is not None:
        folders.append(wheel)
    return next((folder / PROGRAM for folder in folders if (folder / PROGRAM).is_file()), None)


def pgbench_tps(program: Path, url: str, clients: int, seconds: int, work: Sequence[str]) -> float:
    """Return how often a second `clients` connections do `work` when no Python is in the way.

    Args:
        program: what `pgbench` returned.
        seconds: a whole number, 1 or more.

    Raises:
        RuntimeError: it failed; with the last line it said.
    """
    with tempfile.TemporaryDirectory(prefix="velvet-databases-") as folder:
        script = Path(folder) / "work.sql"
        script.write_text("".join(f"{sql};\n" for sql in work), encoding="utf-8")
        options = ["-n", "-f", str(script), "-c", str(clients), "-j", "2", "-T", str(seconds)]
        done = subprocess.run(
            [str(program), *options, url],
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=seconds + 30,
            check=False,
        )
    found = [line for line in done.stdout.splitlines() if line.startswith("tps = ")]
    if done.returncode or not found:
        said = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise RuntimeError(f"pgbench failed: {said}")
    return float(found[-1].split()[2])
