"""What this module measures on: the applications of the lab, hostile documents, attacks."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any


def read_sample(name: str) -> Any:
    """Read a JSON file of this folder."""
    return json.loads(files(__name__).joinpath(name).read_text(encoding="utf-8"))


def unfold(parts: list[Any] | str) -> bytes:
    """Return the bytes of a sample, in which [text, number] stands for a repetition."""
    texts = [part if isinstance(part, str) else part[0] * part[1] for part in parts]
    return "".join(texts).encode("latin-1")
