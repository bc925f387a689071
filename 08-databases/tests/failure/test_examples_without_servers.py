"""Every example where no server can be had: it says what is missing, shows the rest, and ends well."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

MODULE = Path(__file__).parents[2]
# Ten times what a reader is promised: this only ends a child that hangs.
PATIENCE_S = 90.0
# What a machine without servers looks like to an example.
HIDE_THE_SERVERS = """
import runpy, sys, velvet.services as services

def missing(name):
    def climb(**options):
        raise services.ServiceUnavailable(name, [("binary", "hidden")], f"Install {name}.")
    return climb

for name in services.KINDS:
    setattr(services, name, missing(name))
runpy.run_path(sys.argv.pop(1), run_name="__main__")
"""
HIDDEN = dict.fromkeys(("VELVET_POSTGRES_URL", "VELVET_REDIS_URL", "VELVET_MONGODB_URL"), "")
NO_POSTGRES = "skipped PostgreSQL: no postgres here (binary: hidden)"
SHOWN = {
    "layers": (r"(?s)(\d ms  100 objects\n.*){6}", NO_POSTGRES),
    "transactions": (r"^two fees, one to savepoint: +700.00 1,250.00$", "skipped PostgreSQL"),
    "find_n_plus_one": ("fixed: 0 findings, 2 queries, same pieces: True",),
    "bulk_paths": (r"(?s)(^sqlite3 [^\n]* rows/s.*){3}", "skipped PostgreSQL"),
    "read_a_plan": ("  composite: SEARCH using event_by", NO_POSTGRES),
    "pool_under_load": ("PoolTimeout", "leak: taken", NO_POSTGRES),
    "lost_update": (
        r"read_modify_write  autocommit +expected 100 got +\d{1,2},",
        "read_modify_write  serializable    expected 100 got 100",
        "skipped PostgreSQL",
    ),
    "anomaly_matrix": ("10 of 10 cells as published", "skipped PostgreSQL"),
    "live_migration": ("SQLite locks its whole file for any change", NO_POSTGRES),
    "document_and_kv": (
        "SQLite reads 5 as quantity of line 5",
        *(f"skipped {name}: no " for name in ("PostgreSQL", "Redis", "MongoDB")),
    ),
}


def _level(level: str) -> dict[str, str]:
    """Run a level in a child that finds no server; name -> what it printed."""
    with tempfile.TemporaryDirectory() as private:
        places = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), private)
        done = subprocess.run(
            [
                *(sys.executable, "-W", "error::ResourceWarning", "-c"),
                *(HIDE_THE_SERVERS, f"examples/{level}.py"),
            ],
            cwd=MODULE,
            env={**os.environ, **HIDDEN, **places, "COLUMNS": "80", "PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            timeout=PATIENCE_S,
            check=False,
        )
        # The toolkit's record of running servers is a folder of its own, which stays.
        left = [path.name for path in Path(private).iterdir() if "services" not in path.name]
    complaint = done.stderr.decode("utf-8", "replace")
    assert (done.returncode, complaint, left) == (0, "", [])
    text = done.stdout.decode("utf-8").replace("\r\n", "\n")
    assert [line for line in text.splitlines() if len(line) > 80] == []
    parts = re.split(r"^\u2500+ (\w+) \u2500+$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("level", ["basic", "intermediate", "advanced"])
def test_without_servers_each_example_shows_the_rest_and_says_what_is_missing(level: str) -> None:
    for name, text in _level(level).items():
        for pattern in SHOWN[name]:
            assert re.search(pattern, text, re.MULTILINE) or pattern in text, f"{name}: {pattern}"
