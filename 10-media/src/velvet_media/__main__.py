"""`python -m velvet_media inspect|audit|strip|thumb FILE`: the lesson on files of your own.

Ends with 0, with 1 and one line for a file that is refused, with 2 for a wrong call.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from velvet_media.contenders import load
from velvet_media.errors import MediaError
from velvet_media.metadata import audit, strip
from velvet_media.safety import inspect
from velvet_media.thumbs import atomic_write


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m velvet_media", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, about in (
        ("inspect", "what the header says, and whether the limits allow it"),
        ("audit", "what the file tells about its author"),
        ("strip", "the same pixels without it, into --out"),
        ("thumb", "a thumbnail, into --out"),
    ):
        command = commands.add_parser(name, help=about)
        command.add_argument("file", type=Path)
        if name in ("strip", "thumb"):
            command.add_argument("--out", type=Path, required=True)
        if name == "thumb":
            command.add_argument("--side", type=int, default=256)
    options = parser.parse_args(argv)
    try:
        for line in _run(options):
            sys.stdout.write(f"{line}\n")
    except (MediaError, OSError, ValueError) as error:
        sys.stderr.write(f"{options.file.name}: {error}\n")
        return 1
    return 0


def _run(options: argparse.Namespace) -> list[str]:
    if options.command == "inspect":
        return [f"{name}: {value}" for name, value in vars(inspect(options.file)).items()]
    if options.command == "audit":
        leaks = audit(options.file.read_bytes())
        return [f"{leak.kind} at {leak.offset}: {leak.preview}" for leak in leaks] or ["nothing"]
    if options.command == "strip":
        atomic_write(options.out, strip(options.file.read_bytes()))
        return [str(options.out)]
    inspect(options.file)
    pillow = load("images", "pillow")
    fmt = options.out.suffix.lstrip(".").lower().replace("jpg", "jpeg")
    made = pillow.thumbnail(options.file, options.side)
    atomic_write(options.out, pillow.encode(made, fmt, 82))
    return [f"{options.out}: {made.shape[1]} x {made.shape[0]}"]


if __name__ == "__main__":
    raise SystemExit(main())
