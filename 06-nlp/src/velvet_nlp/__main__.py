"""`python -m velvet_nlp fetch ud-ewt`, then `python -m velvet_nlp table ud-ewt`.

The tables of this module on public corpora: the only part that needs a network, and only once.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from velvet_nlp import contenders, fetch
from velvet_nlp.corpus import sentences_of
from velvet_nlp.tiers import TierMissing
from velvet_nlp.validation import cross_validate

HOME = Path.home() / ".cache" / "velvet-nlp"


def table(name: str, folder: Path, sentences: int, folds: int) -> list[str]:
    """Return a line for each tagger on a public corpus, best first."""
    task = "pos" if fetch.CORPORA[name].form == "conllu" else "ner"
    documents = fetch.load_corpus(name, folder)
    total = len(sentences_of(documents))
    lines = [f"{name}, {task}: {total:,} sentences, {sentences} to train on, {folds} folds"]
    scores = []
    for tagger in contenders.taggers_of(task):
        try:
            make = contenders.tagger(tagger, task)
        except TierMissing as error:
            lines.append(f"  {tagger}: {error}")
            continue
        found = cross_validate(make, documents, task, sentences=sentences, folds=folds)
        scores.append((found.score.value, f"  {tagger:16} {found.score}  {found.fit_s:.1f} CPU s"))
    return lines + [line for _, line in sorted(scores, reverse=True)]


def main(argv: Sequence[str] | None = None, *, opener: Callable[..., Any] = urlopen) -> int:
    """Run one command; return 0, or 1 with a sentence for what went wrong."""
    parser = argparse.ArgumentParser(prog="python -m velvet_nlp", description=__doc__)
    parser.add_argument("command", choices=("fetch", "table"))
    parser.add_argument("corpus", choices=sorted(fetch.CORPORA))
    parser.add_argument("--folder", type=Path, default=HOME)
    parser.add_argument("--sentences", type=int, default=200)
    parser.add_argument("--folds", type=int, default=4)
    asked = parser.parse_args(argv)
    try:
        if asked.command == "fetch":
            corpus = fetch.CORPORA[asked.corpus]
            lines = [f"{asked.corpus}: {corpus.licence}; {corpus.citation}"]
            lines += map(str, fetch.fetch_corpus(asked.corpus, asked.folder, opener=opener))
        else:
            lines = table(asked.corpus, asked.folder, asked.sentences, asked.folds)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
