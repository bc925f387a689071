"""What a `measure.py` ends with: ``main(suite)``.

The command line behind it is imported only when it is run, because every measured child imports
the measure file, too.
"""

from __future__ import annotations

from collections.abc import Sequence

from velvet.bench.suite import Suite


def main(suite: Suite, argv: Sequence[str] | None = None) -> None:
    """Run as ``python benchmarks/measure.py``; ends the process with 0, 1 or 2."""
    from velvet.bench.cli import command

    command.main(args=argv, prog_name=f"measure.py ({suite.name})", obj=suite)
