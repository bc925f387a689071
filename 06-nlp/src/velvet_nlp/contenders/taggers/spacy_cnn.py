"""spaCy's small network, trained from nothing: hashed word features, two layers of context.

Sizes and epochs are fixed here once, for all experiments: half of spaCy's default width and depth,
which learns as well from a few hundred sentences in a third of the time.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import spacy
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import fix_random_seed

from velvet_nlp.bio import repair
from velvet_nlp.protocols import Labels, Words, checked

TASKS = frozenset({"pos", "ner"})
ENCODER = False
EPOCHS = {"pos": 10, "ner": 10}
BATCH, DROPOUT = 16, 0.2
ENCODING = {
    "@architectures": "spacy.HashEmbedCNN.v2",
    "pretrained_vectors": None,
    "width": 64,
    "depth": 2,
    "embed_size": 2000,
    "window_size": 1,
    "maxout_pieces": 3,
    "subword_features": True,
}
MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "pos": ("tagger", {"@architectures": "spacy.Tagger.v2", "tok2vec": ENCODING}),
    "ner": (
        "ner",
        {
            "@architectures": "spacy.TransitionBasedParser.v2",
            "state_type": "ner",
            "extra_state_tokens": False,
            "hidden_width": 64,
            "maxout_pieces": 2,
            "use_upper": True,
            "nO": None,
            "tok2vec": ENCODING,
        },
    ),
}


class SpacyCnn:
    """A blank English pipeline with one trained component."""

    def __init__(self, task: str) -> None:
        self._task = task

    def fit(self, sentences: Sequence[Words], labels: Sequence[Labels], *, seed: int = 0) -> None:
        """Train for a fixed number of passes; the global random states are as before."""
        checked(sentences, labels)
        name, model = MODELS[self._task]
        states = random.getstate(), np.random.get_state()
        try:
            fix_random_seed(seed)
            self._nlp = spacy.blank("en")
            self._pipe: Any = self._nlp.add_pipe(name, config={"model": model})
            field = "tags" if self._task == "pos" else "ents"
            examples = []
            for words, row in zip(sentences, labels, strict=True):
                if words:
                    gold = Doc(self._nlp.vocab, words=words, **{field: row})  # type: ignore[arg-type]
                    examples.append(Example(Doc(self._nlp.vocab, words=words), gold))
            optimizer = self._nlp.initialize(lambda: examples)
            for _ in range(EPOCHS[self._task]):
                random.shuffle(examples)
                for at in range(0, len(examples), BATCH):
                    batch = examples[at : at + BATCH]
                    self._nlp.update(batch, sgd=optimizer, drop=DROPOUT)
        finally:
            random.setstate(states[0])
            np.random.set_state(states[1])

    def predict(self, sentences: Sequence[Words]) -> list[Labels]:
        """Return each word's label."""
        found = []
        for words in sentences:
            doc = self._pipe(Doc(self._nlp.vocab, words=words)) if words else ()
            if self._task == "pos":
                found.append([word.tag_ for word in doc])
            else:
                marks = [f"{word.ent_iob_}-{word.ent_type_}".rstrip("-") for word in doc]
                found.append(repair([mark or "O" for mark in marks]))
        return found


def make(task: str) -> SpacyCnn:
    """Return an untrained pipeline."""
    return SpacyCnn(task)
