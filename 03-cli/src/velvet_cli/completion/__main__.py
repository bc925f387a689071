"""`python -m velvet_cli.completion ...`: the answers without any front end around them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from velvet_cli.completion.answer import COMPLETE, answer

if __name__ == "__main__":
    questions = sys.argv[2:] if sys.argv[1:2] == [COMPLETE] else sys.argv[1:]
    sys.stdout.buffer.write(answer(questions, os.environ, cwd=Path.cwd()).encode())
