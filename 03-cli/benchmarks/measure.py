"""What module 03 claims about command-line tools, and how each sentence is measured."""

from __future__ import annotations

from velvet.bench import Suite
from velvet.bench.command import main
from velvet_cli.comparisons import completion, output, parse, progress, startup

suite = Suite("03-cli", __file__)
for subject in (completion, progress, output, parse, startup):
    subject.add_to(suite)

if __name__ == "__main__":
    main(suite)
