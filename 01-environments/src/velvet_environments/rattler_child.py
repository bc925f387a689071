"""What runs in rattler's own interpreter: solve a channel, install the records.

A program of its own, started by path; it imports nothing of this package.

    python rattler_child.py solve WANTED LOCK
    python rattler_child.py install WANTED LOCK PREFIX
"""

# mypy: ignore-errors
from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path


async def records_of(wanted: dict, specs: list[str]) -> list:
    """Return the records that a solver picks from the channel."""
    import rattler

    gateway = rattler.Gateway(cache_dir=wanted["cache"])
    return await rattler.solve([wanted["channel"]], specs, gateway=gateway)


async def solve(wanted: dict) -> str:
    """Solve; return name, version, address and digest of each record as JSON."""
    begun = time.perf_counter()
    records = await records_of(wanted, wanted["specs"])
    told = [
        {
            "name": one.name.normalized,
            "version": str(one.version),
            "url": one.url,
            "sha256": one.sha256.hex(),
        }
        for one in records
    ]
    seconds = time.perf_counter() - begun
    return json.dumps({"seconds": seconds, "packages": told})


async def install(wanted: dict, locked: list[dict], prefix: str) -> None:
    """Install the exact records of a lock into a prefix."""
    import rattler

    records = await records_of(wanted, [f"{one['name']} =={one['version']}" for one in locked])
    digests = {one["name"]: one["sha256"] for one in locked}
    for one in records:
        if one.sha256.hex() != digests[one.name.normalized]:
            raise SystemExit(f"{one.file_name}: the channel's digest is not the locked one")
    await rattler.install(records, prefix, wanted["cache"], show_progress=False)


def main(argv: list[str]) -> None:
    """Run one command."""
    wanted = json.loads(Path(argv[1]).read_text(encoding="utf-8"))
    lock = Path(argv[2])
    if argv[0] == "solve":
        lock.write_text(asyncio.run(solve(wanted)), encoding="utf-8")
        return
    locked = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    asyncio.run(install(wanted, locked, argv[3]))


if __name__ == "__main__":
    main(sys.argv[1:])
    os._exit(0)  # rattler's threads still run, and crash where the interpreter ends before them
