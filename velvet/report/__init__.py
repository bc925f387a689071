"""Everything that is written from results: README parts, RESULTS.md, the root's cards and badges.

`velvet report` writes what is stale and `velvet report --check` names it; a figure that stands in a
README, a RESULTS.md or a badge has no other way to get there.
"""

from __future__ import annotations

from pathlib import Path

from velvet import catalog
from velvet.atomic import atomic_write
from velvet.bench.results import reference, reference_file
from velvet.errors import VelvetError
from velvet.report.badges import badge_files
from velvet.report.document import document
from velvet.report.marks import headline, render

__all__ = ["everything", "headline", "write"]


def write(readme: Path) -> list[str]:
    """Regenerate one README; returns the marks that were stale."""
    wanted, stale = render(readme)
    if stale:
        atomic_write(readme, wanted)
    return stale


def everything(*, check: bool = False, root: Path | None = None) -> list[tuple[str, list[str]]]:
    """Regenerate (or with `check` only compare) all that is made from results.

    Returns path from the root and stale parts of each file that was not as it should be.
    """
    root = root or catalog.repository()
    modules = catalog.modules(root)
    found: list[tuple[Path, list[str]]] = []
    for folder in (root, *(module.folder for module in modules)):
        readme = folder / "README.md"
        if not readme.is_file():
            raise VelvetError(f"{readme.relative_to(root)} is missing")
        stale = render(readme)[1] if check else write(readme)
        found += [(readme, stale)] if stale else []
    whole = badge_files(root)
    for module in modules:
        if reference_file(module.folder / "benchmarks" / "measure.py").exists():
            whole[module.folder / "RESULTS.md"] = document(module, reference(module.folder))
    for path, text in whole.items():
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            found.append((path, ["all of it"]))
            if not check:
                atomic_write(path, text)
    return [(path.relative_to(root).as_posix(), stale) for path, stale in found]
