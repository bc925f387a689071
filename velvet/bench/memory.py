"""The peak memory of the current process, by the one figure each system tells truthfully.

`ru_maxrss` survives fork and exec on Linux: a 9 MB child of a 500 MB parent reports 488.
`VmHWM` belongs to the new memory map and does not. macOS has no such file, so there the
child is started by a small launcher and keeps its own `ru_maxrss`; Windows keeps a peak
working set.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

MIB = 1024 * 1024


def peak_mb() -> float:
    """Return this process's peak resident memory in MiB since it was started (or reset)."""
    if sys.platform == "linux":
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        if found:
            return int(found.group(1)) / 1024
    if sys.platform == "win32":
        import psutil

        return float(psutil.Process().memory_info().peak_wset) / MIB
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / MIB if sys.platform == "darwin" else peak / 1024
