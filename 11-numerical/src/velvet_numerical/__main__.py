"""`python -m velvet_numerical machine | roofline | layout FILE.npy`: this machine, this file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import numpy as np

from velvet_numerical import machine, outofcore
from velvet_numerical.layout import describe


def roofline() -> str:
    """Measure the roof and six kernels under it; takes a few seconds."""
    roof = machine.Roofline(
        machine.measure_peak(), machine.measure_bandwidth(3 * 8 * machine.BEYOND)
    )
    points = [machine.place(roof, *one) for one in machine.PLACED.values()]
    lines = [machine.ascii_roofline(roof, points)]
    lines.append(f"peak {roof.peak:.1f} GFLOP/s, {roof.bandwidth:.1f} GB/s, one thread")
    for letter, one in zip("abcdef", points, strict=True):
        lines.append(
            f"{letter} {one.kernel:11}{one.contender:10}{one.intensity:8.3f} flop/byte"
            f"{one.gflops:8.2f} GFLOP/s {one.fraction_of_bound:5.0%} of its roof"
        )
    return "\n".join(lines)


def layout(path: str) -> str:
    """Describe the array of an .npy file without reading its data."""
    outofcore.read_header(path)
    report = describe(np.load(path, mmap_mode="r", allow_pickle=False))
    return "\n".join(f"{name:16}{value}" for name, value in vars(report).items())


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m velvet_numerical", description=__doc__)
    parser.add_argument("what", choices=["machine", "roofline", "layout"])
    parser.add_argument("file", nargs="?", help="an .npy file, for layout")
    given = parser.parse_args(argv)
    try:
        if given.what == "layout":
            if given.file is None:
                parser.error("layout needs a file")
            shown = layout(given.file)
        elif given.what == "machine":
            shown = "\n".join(map(str, machine.blas_info()))
        else:
            shown = roofline()
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(shown + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
