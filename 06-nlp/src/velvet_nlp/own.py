"""The corpus and the retrieval pairs that ship with this module, written by hand for it.

CC BY 4.0; `samples/ANNOTATION.md` has the guidelines. Both are read once in a process.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from velvet_nlp.conllu import read_documents
from velvet_nlp.corpus import Document, Pair

SAMPLES = Path(__file__).parent / "samples"


@lru_cache(maxsize=4)
def load(name: str = "velvet") -> tuple[Document, ...]:
    """Return a corpus that ships with the module: ``"velvet"`` or ``"second_pass"``.

    Written by hand for this project, CC BY 4.0; `samples/ANNOTATION.md` has the guidelines.

    Raises:
        ValueError: there is no such corpus.
    """
    path = SAMPLES / f"{name}.conllup"
    if name not in ("velvet", "second_pass"):
        raise ValueError(f"unknown corpus {name!r}: choose velvet or second_pass")
    with path.open(encoding="utf-8") as lines:
        return tuple(read_documents(lines))


@lru_cache(maxsize=1)
def load_pairs() -> tuple[Pair, ...]:
    """Return the retrieval pairs: kinds ``paraphrase``, ``lexical`` and ``distractor``."""
    with (SAMPLES / "retrieval.jsonl").open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return tuple(Pair(row["id"], row["kind"], row.get("query", ""), row["text"]) for row in rows)
