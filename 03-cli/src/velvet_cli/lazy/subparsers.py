"""argparse's sub-parsers, each filled by its module when it is called.

A module has a ``register(parser)`` that adds the arguments and sets ``run`` as a default.
"""

from __future__ import annotations

import argparse
from typing import Any

from velvet_cli.lazy.manifest import Entry, Manifest, load


class LazyParser(argparse.ArgumentParser):
    """A parser that imports what fills it before it parses."""

    entry: Entry | None = None

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse, after the module has added its arguments."""
        if self.entry is not None:
            module, self.entry = load(self.entry), None
            module.register(self)
        return super().parse_known_args(args, namespace)


def lazy_subparsers(parser: argparse.ArgumentParser, manifest: Manifest) -> None:
    """Add a lazy sub-parser for every command.

    argparse's help needs no command's module: a summary is an argument of `add_parser`, so a
    manifest without summaries only makes the help less helpful.
    """
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", required=True, parser_class=LazyParser
    )
    for name, entry in sorted(manifest.items()):
        commands.add_parser(name, help=entry.help, description=entry.help).entry = entry
