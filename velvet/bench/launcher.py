"""A process that imports nearly nothing and starts another one.

Between a large parent and a measured child it resets what the child would inherit: the
peak of `ru_maxrss` survives fork and exec, so a small launcher makes it small.
"""

import subprocess
import sys

if __name__ == "__main__":
    raise SystemExit(subprocess.call(sys.argv[1:]))
