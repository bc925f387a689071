"""Which tools are here, and a way to install the absent ones.

python -m velvet_environments [list]
python -m velvet_environments install NAME...
"""

from __future__ import annotations

import sys

from velvet_environments.errors import EnvToolError
from velvet_environments.toolbox import Toolbox


def main(words: list[str]) -> int:
    """List the tools, or install the named ones; returns the exit code."""
    box = Toolbox()
    try:
        for name in words[1:] if words[:1] == ["install"] else []:
            print(f"{name}: {box.ensure(name)}")  # noqa: T201 - a program
    except EnvToolError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    for name, found in box.all().items():
        print(f"{name:12} {found.version or found.reason}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
