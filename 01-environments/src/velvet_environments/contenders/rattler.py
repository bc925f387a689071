"""py-rattler: the conda family's solver and installer as a library, run in a child process.

The child is a program of its own, because the toolbox's interpreter has rattler and nothing else.
It reads a conda channel, which an `IndexServer` can serve beside its wheels.
"""

from __future__ import annotations

import json
from pathlib import Path

from velvet_environments.sandbox import Outcome
from velvet_environments.wheelsmith import match_spec
from velvet_environments.workspace import Workspace

label = "rattler (conda)"
tool = "rattler"
family = "conda"
lock_name = "rattler-lock.json"
_CHILD = Path(__file__).parents[1] / "rattler_child.py"


def prepare(work: Workspace) -> None:
    """Write what is wanted as conda's own specifications."""
    wanted = {
        "channel": work.index_url.replace("/simple/", "/conda"),
        "specs": [match_spec(text) for text in work.requires],
        "cache": str(work.box.cache / "rattler"),
    }
    work.write("wanted.json", json.dumps(wanted))


def lock(work: Workspace) -> Outcome:
    """Solve, and write the records."""
    return work.run([work.program(tool), _CHILD, "solve", "wanted.json", lock_name])


def sync(work: Workspace) -> Outcome:
    """Install the records into a prefix."""
    return work.run([work.program(tool), _CHILD, "install", "wanted.json", lock_name, work.env])
