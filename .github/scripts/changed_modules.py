"""Decide which modules a run of the workflow has to prove.

A pull request that edits one module should not wait for the other twenty-two, while a change
to the toolkit, the dependencies or the workflow can break any of them. The modules come from
`velvet list --json`, so that a new folder is tested without an edit here or in the workflow.

    python .github/scripts/changed_modules.py                      every module
    python .github/scripts/changed_modules.py --base origin/main   what differs from main
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
# Folder names reach `run:` lines, so nothing but this form may leave the script.
FOLDER = re.compile(r"\d{2}-[a-z0-9]+(?:-[a-z0-9]+)*")
SHARED_FOLDERS = (".ci/", ".github/", "velvet/")
SHARED_FILES = (
    "compose.yaml",
    "constraints.txt",
    "hatch_build.py",
    "pyproject.toml",
    "requirements-dev.txt",
)
# The toolkit's own integration tests live at the root.
TOOLKIT = "."


def is_shared(path: str) -> bool:
    """Return whether a change of this path can break every module."""
    return path in SHARED_FILES or path.startswith(SHARED_FOLDERS)


def folders(catalogue: Iterable[Mapping[str, Any]]) -> dict[str, bool]:
    """Return each existing module's folder and whether the module talks to real servers.

    Raises:
        ValueError: a folder's name is not of the form NN-topic.
    """
    found: dict[str, bool] = {}
    for entry in catalogue:
        folder = entry.get("folder")
        if not folder:  # planned, not written yet
            continue
        if not FOLDER.fullmatch(folder):
            raise ValueError(f"{folder!r} is not a module's folder: NN-topic, lower case, expected")
        found[folder] = bool(entry.get("services"))
    return found


def select(known: Mapping[str, bool], changed: Iterable[str] | None) -> dict[str, list[str]]:
    """Return the folders to test, and those to test against real servers.

    Args:
        known: what `folders` returned.
        changed: repository paths with forward slashes; None stands for "everything".
    """
    paths = None if changed is None else list(changed)
    everything = paths is None or any(is_shared(path) for path in paths)
    touched = set(known) if everything else {path.split("/", 1)[0] for path in paths or ()}
    modules = [folder for folder in sorted(known) if folder in touched]
    with_services = [folder for folder in modules if known[folder]]
    toolkit = everything or any(path.startswith("tests/") for path in paths or ())
    return {"modules": modules, "services": [TOOLKIT] * toolkit + with_services}


def changed_paths(base: str, root: Path = ROOT) -> list[str]:
    """Return the paths that differ between `base` and HEAD since they parted.

    A renamed file counts under its old and its new name.

    Raises:
        subprocess.CalledProcessError: git does not know `base`.
    """
    argv = ["git", "diff", "--name-only", "--no-renames", "-z", f"{base}...HEAD", "--"]
    output = subprocess.run(argv, cwd=root, check=True, stdout=subprocess.PIPE).stdout
    return [path for path in output.decode("utf-8").split("\0") if path]


def catalogue(root: Path = ROOT) -> list[dict[str, Any]]:
    """Return what `velvet list --json` prints."""
    argv = [sys.executable, "-m", "velvet", "list", "--json"]
    output = subprocess.run(argv, cwd=root, check=True, stdout=subprocess.PIPE).stdout
    document = json.loads(output)
    entries: list[dict[str, Any]] = document["modules"] if isinstance(document, dict) else document
    return entries


def main(argv: Sequence[str] | None = None) -> int:
    """Print the selection, and hand it to GitHub Actions where that is listening."""
    parser = argparse.ArgumentParser(description="Which modules does this change touch?")
    parser.add_argument(
        "--base",
        default=os.environ.get("GITHUB_BASE_REF") and f"origin/{os.environ['GITHUB_BASE_REF']}",
        help="compare with this commit or branch; without it, every module is selected",
    )
    base = parser.parse_args(argv).base
    try:
        selection = select(folders(catalogue()), changed_paths(base) if base else None)
    except (subprocess.CalledProcessError, ValueError) as error:
        sys.stderr.write(f"no selection made: {error}\n")
        return 1
    lines = "".join(f"{name}={json.dumps(value)}\n" for name, value in selection.items())
    sys.stdout.write(lines)
    if listening := os.environ.get("GITHUB_OUTPUT"):
        with Path(listening).open("a", encoding="utf-8") as stream:
            stream.write(lines)
    return 0


if __name__ == "__main__":
    sys.exit(main())
