"""A process that imports nearly nothing and starts another one.

Between a large parent and a measured child it resets what the child would inherit: the
peak of `ru_maxrss` survives fork and exec, so a small launcher makes it small. With a file named
in VELVET_PEAK_FILE it also notes that peak there, in what the system counts it in.
"""

import os
import subprocess
import sys

if __name__ == "__main__":
    note = os.environ.pop("VELVET_PEAK_FILE", None)
    code = subprocess.call(sys.argv[1:])
    if note is not None:
        import resource

        # Even pathlib would be most of what this process holds.
        with open(note, "w", encoding="ascii") as file:  # noqa: PTH123
            file.write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
    raise SystemExit(code)
