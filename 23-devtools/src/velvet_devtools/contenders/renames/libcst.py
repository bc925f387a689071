"""LibCST: a tree that keeps every byte, and scopes that tell one name from another."""

from __future__ import annotations

import libcst as cst

from velvet_devtools.mods import Rename


def rename(source: str, old: str, new: str) -> str:
    """Replace what refers to the module's own symbol, and nothing else."""
    module, _, _ = Rename(old, new).apply(cst.parse_module(source))
    return module.code
