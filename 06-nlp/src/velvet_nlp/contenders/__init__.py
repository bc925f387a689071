"""The rivals, one a file, in three folders: tokenizers, taggers, searchers.

The files of one folder offer the same function `make`, so a diff of two files is the difference
between two approaches. They are found by their names. A tagger's file says in `TASKS` what it can
learn; one that needs an encoder says so in `ENCODER`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

from velvet_nlp.protocols import Searcher, Tagger, Tokenizer

SUBJECTS = ("tokenizers", "taggers", "searchers")


def names(subject: str) -> tuple[str, ...]:
    """Return the contenders of a subject."""
    if subject not in SUBJECTS:
        raise ValueError(f"unknown subject {subject!r}: choose one of {', '.join(SUBJECTS)}")
    folder = str(Path(__file__).parent / subject)
    return tuple(sorted(found.name for found in pkgutil.iter_modules([folder])))


def load(subject: str, name: str) -> Any:
    """Return a contender's module.

    Raises:
        ValueError: no file is called so.
    """
    if name not in names(subject):
        raise ValueError(f"unknown {name!r}: choose one of {', '.join(names(subject))}")
    return importlib.import_module(f"{__name__}.{subject}.{name}")


def tokenizer(name: str, training: Sequence[str] = ()) -> Tokenizer:
    """Return a tokenizer; those with a vocabulary learn it from the training texts."""
    return cast(Tokenizer, load("tokenizers", name).make(training))


def taggers_of(task: str) -> tuple[str, ...]:
    """Return the taggers of a task, those without an encoder first."""
    able = [name for name in names("taggers") if task in load("taggers", name).TASKS]
    return tuple(sorted(able, key=lambda name: (load("taggers", name).ENCODER, name)))


def tagger(name: str, task: str, *, vectors: Any = None) -> Callable[[], Tagger]:
    """Return a function that makes an untrained tagger.

    Args:
        vectors: `WordVectors` for one that needs an encoder; by default each tagger has its own
            of MiniLM, so that its cost does not depend on what ran before.

    Raises:
        ValueError: there is no such tagger, or it does not learn this task.
        TierMissing: it needs MiniLM, which is not installed.
    """
    module = load("taggers", name)
    if task not in module.TASKS:
        raise ValueError(f"{name} learns {', '.join(sorted(module.TASKS))}, not {task!r}")
    if not module.ENCODER:
        return lambda: cast(Tagger, module.make(task))
    from velvet_nlp.word_vectors import WordVectors, minilm

    if vectors is not None:
        return lambda: cast(Tagger, module.make(task, vectors))
    encoder = minilm()
    return lambda: cast(Tagger, module.make(task, WordVectors(encoder)))


def searcher(name: str, *, encoder: Any = None) -> Searcher:
    """Return a searcher; those with an encoder take MiniLM by default.

    Raises:
        ValueError: there is no such searcher.
        TierMissing: it needs MiniLM, which is not installed.
    """
    module = load("searchers", name)
    if not module.ENCODER:
        return cast(Searcher, module.make())
    from velvet_nlp.word_vectors import minilm

    return cast(Searcher, module.make(encoder or minilm()))
