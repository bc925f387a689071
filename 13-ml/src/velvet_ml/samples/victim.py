"""A program that registers and promotes until it is killed: `python -m … FOLDER`.

It prints the number of each version after the registry has it. The standard input ends it, too, so
that it never outlives the program that started it.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from velvet_ml.parity import to_graph
from velvet_ml.registry import Registry
from velvet_ml.samples.demo import KEY, NAME, small_run


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)


def main(folder: Path) -> None:
    """Write for ever; each version has a file of its own."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    trained = small_run(rows=200)
    registry = Registry(folder, KEY)
    graph, number = to_graph(trained.model, trained.contract), 0
    while True:
        number += 1
        # A field at the end that a reader of graphs skips: another text, another hash.
        manifest = registry.register(NAME, graph + _comment(number), trained)
        registry.promote(NAME, manifest.version, "production")
        print(manifest.version, flush=True)  # noqa: T201 - the acknowledgement


def _comment(number: int) -> bytes:
    """Return the field `doc_string` (6) of an ONNX model."""
    text = f"{number:08d}".encode()
    return bytes([6 << 3 | 2, len(text)]) + text


if __name__ == "__main__":
    main(Path(sys.argv[1]))
