"""Whether two environments are the same, byte for byte, and if not, by which file and why.

A digest over all files answers the first question. The second needs names for the causes:
installers compile bytecode, sign what they installed, write the path of the interpreter into
scripts. Each is a class of files that `compare` counts apart, so that "different" has a reason.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from velvet_environments.errors import NotAnEnvironment

# The files that carry an absolute path: scripts by their first line, the rest by what they are for.
_PATHS = ("pyvenv.cfg", "direct_url.json")
_SCRIPTS = ("bin", "Scripts")
_SIGNED = ("INSTALLER", "RECORD", "REQUESTED", "uv_cache.json")
_LINKS = ("lib64",)


def manifest(env: Path) -> dict[PurePosixPath, str]:
    """Return path -> SHA-256 of every file of an environment; a link counts as its target.

    Raises:
        NotAnEnvironment: the folder has no `pyvenv.cfg`.
    """
    if not (env / "pyvenv.cfg").is_file():
        raise NotAnEnvironment(env)
    found = {}
    for path in sorted(env.rglob("*")):
        inside = PurePosixPath(path.relative_to(env).as_posix())
        if path.is_symlink():
            target = str(path.readlink())
            if inside.parts[0] not in _LINKS:
                found[inside] = hashlib.sha256(f"-> {target}".encode()).hexdigest()
        elif path.is_file() and not set(path.relative_to(env).parts) & set(_LINKS):
            found[inside] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def cause_of(path: PurePosixPath) -> str:
    """Return why a file may differ though the packages do not; `content` where nothing excuses it.

    >>> cause_of(PurePosixPath("lib/demo/__pycache__/a.cpython-312.pyc"))
    'bytecode'
    """
    if path.suffix == ".pyc":
        return "bytecode"
    if path.name in _PATHS:
        return path.name
    if path.parts[0] in _SCRIPTS:
        return "script shebang"
    if path.parent.suffix == ".dist-info" and path.name in _SIGNED:
        return path.name
    return "content"


def tree_digest(env: Path) -> str:
    """Return one SHA-256 over paths and contents, whatever the order in which files were made.

    Raises:
        NotAnEnvironment: the folder has no `pyvenv.cfg`.
    """
    total = hashlib.sha256()
    for path, digest in sorted(manifest(env).items()):
        total.update(f"{path}\0{digest}\n".encode())
    return total.hexdigest()


@dataclass(frozen=True)
class Difference:
    """What differs between two environments.

    Attributes:
        files: path -> cause; `missing` where only one of the two has it.
        total: files in either of them.
    """

    files: Mapping[PurePosixPath, str]
    total: int

    @property
    def causes(self) -> dict[str, int]:
        """Cause -> number of files, the most frequent first."""
        return dict(Counter(self.files.values()).most_common())

    def of(self, cause: str) -> list[PurePosixPath]:
        """Return the files that differ by one cause."""
        return sorted(path for path, why in self.files.items() if why == cause)


def compare(first: Path, second: Path, *, ignore_paths: bool = False) -> Difference:
    """Compare two environments file by file; O(bytes).

    Args:
        ignore_paths: leave out the files that carry an absolute path.

    Raises:
        NotAnEnvironment: one of the two has no `pyvenv.cfg`.
    """
    left, right = manifest(first), manifest(second)
    both = left.keys() | right.keys()
    if ignore_paths:
        both = {path for path in both if cause_of(path) not in (*_PATHS, "script shebang")}
    found = {}
    for path in sorted(both):
        if left.get(path) == right.get(path):
            continue
        alone = path not in left or path not in right
        cause = cause_of(path)
        found[path] = "missing" if alone and cause == "content" else cause
    return Difference(found, len(both))
