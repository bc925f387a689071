"""What is acquired and released; `velvet.hostile_resources` interrupts it and leaves it elsewhere."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path

import pytest

from velvet.hostile_resources import Resource, ResourceTests
from velvet_environments import indexserver, workspace
from velvet_environments.samples import graphs

FORK = "what a forked child inherits, a thread and a folder, is its parent's to end"
INDEX = graphs.platform_split().to_index()


@pytest.fixture(autouse=True)
def _temporary_files_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `temporary` say where they are made, and undo that."""
    monkeypatch.setattr(tempfile, "tempdir", tempfile.gettempdir())


def temporary(folder: Path) -> Path:
    tempfile.tempdir = str(folder)
    return folder


def no_server_runs(_: object) -> bool:
    return all(thread.name != "index" for thread in threading.enumerate())


def nothing_is_left(folder: Path) -> bool:
    return no_server_runs(folder) and not [*folder.iterdir()]


class TestResources(ResourceTests):
    resources = (
        Resource(
            "indexserver.IndexServer",
            lambda _: INDEX,
            use=indexserver.IndexServer,
            free=no_server_runs,
            elsewhere={"child": FORK},
            steps=30,
        ),
        Resource(
            "workspace.workspace",
            temporary,
            use=lambda _: workspace.workspace(graphs.diamond()),
            free=nothing_is_left,
            elsewhere={"child": FORK},
            steps=30,
        ),
    )
