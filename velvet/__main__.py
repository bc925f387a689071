"""``python3 -m velvet``: the same command as `velvet`, which can also set itself up.

On a machine with nothing but Python, `start` and `test` first make `.venv` and install
what they need, then run inside it. Everything here parses on older Pythons too, so that
they can be told in one sentence that they are too old.
"""

import itertools
import os
import subprocess
import sys
from pathlib import Path

SETS_UP = ("start", "test")
INSIDE = "VELVET_INSIDE"
# Options of those two whose value is a word of its own, and no module's name.
WITH_VALUE = ("--port", "-j", "--jobs", "--fail-under")


def main() -> int:
    """Run the command, inside `.venv` where the command sets itself up."""
    from velvet import bootstrap

    words = sys.argv[1:]
    root = Path(__file__).resolve().parent.parent
    in_clone = (root / "pyproject.toml").is_file()
    try:
        bootstrap.supported(tuple(sys.version_info[:2]))
        helps = any(word in ("-h", "--help") for word in words)
        if words and words[0] in SETS_UP and in_clone and not helps and not os.environ.get(INSIDE):
            modules = [
                word
                for before, word in itertools.pairwise(words)
                if not word.startswith("-") and before not in WITH_VALUE
            ]
            python = bootstrap.prepare(root, words[0], modules)
            return rerun(python, words)
        python = bootstrap.interpreter(root / ".venv")
        if _missing() and python.exists() and not os.environ.get(INSIDE):
            return rerun(python, words)
    except bootstrap.SetupFailed as error:
        print(str(error), file=sys.stderr)
        return 2 if "no module" in str(error) else 1
    except KeyboardInterrupt:
        print("stopped; run the same command again to continue", file=sys.stderr)
        return 130
    if _missing():
        print(
            "the command needs its libraries: run `python3 -m velvet start`, "
            "or `pip install -r requirements-dev.txt`",
            file=sys.stderr,
        )
        return 1
    from velvet.cli import main as command

    command(prog_name="velvet")
    return 0


def _missing() -> bool:
    import importlib.util

    return any(importlib.util.find_spec(name) is None for name in ("click", "rich", "psutil"))


def rerun(python: Path, words: "list[str]") -> int:
    """Run this command again with another Python and return its exit code."""
    environment = dict(os.environ)
    environment[INSIDE] = "1"
    process = subprocess.Popen([str(python), "-m", "velvet", *words], env=environment)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            # Ctrl-C reaches the child too; it tidies up and ends by itself.
            continue


if __name__ == "__main__":
    sys.exit(main())
