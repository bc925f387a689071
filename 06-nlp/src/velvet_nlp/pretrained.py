"""Other people's models, used when they are there and never downloaded.

`pip install spacy` brings no English model, `pip install nltk` no data: both fail at the first
call, with a message about a download. Here each loader looks first, and what is absent becomes a
`TierMissing` with the exact command. Their labels are not ours: Penn Treebank parts of speech and
OntoNotes entities are mapped to UPOS and to four classes, so that one score fits all.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import nltk  # type: ignore[import-untyped]
import spacy
from spacy.tokens import Doc

from velvet_nlp import tiers
from velvet_nlp.bio import repair
from velvet_nlp.protocols import Labels, Words

PTB_TO_UPOS = {
    "CC": "CCONJ", "CD": "NUM", "DT": "DET", "EX": "PRON", "FW": "X", "IN": "ADP", "JJ": "ADJ",
    "JJR": "ADJ", "JJS": "ADJ", "LS": "X", "MD": "AUX", "NN": "NOUN", "NNS": "NOUN",
    "NNP": "PROPN", "NNPS": "PROPN", "PDT": "DET", "POS": "PART", "PRP": "PRON", "PRP$": "PRON",
    "RB": "ADV", "RBR": "ADV", "RBS": "ADV", "RP": "ADP", "SYM": "SYM", "TO": "PART",
    "UH": "INTJ", "VB": "VERB", "VBD": "VERB", "VBG": "VERB", "VBN": "VERB", "VBP": "VERB",
    "VBZ": "VERB", "WDT": "PRON", "WP": "PRON", "WP$": "PRON", "WRB": "ADV", "$": "SYM",
    "#": "SYM",
}  # fmt: skip
ONTONOTES_TO_FOUR = {
    "PERSON": "PER", "ORG": "ORG", "GPE": "LOC", "LOC": "LOC", "FAC": "LOC", "NORP": "MISC",
    "PRODUCT": "MISC", "EVENT": "MISC", "WORK_OF_ART": "MISC", "LAW": "MISC", "LANGUAGE": "MISC",
    "PER": "PER", "MISC": "MISC",
}  # fmt: skip


def upos_of(tag: str) -> str:
    """Return the UPOS of a Penn Treebank tag; marks are punctuation, no tag at all is X.

    >>> upos_of("NNS"), upos_of("``")
    ('NOUN', 'PUNCT')
    """
    return PTB_TO_UPOS.get(tag, "PUNCT" if tag and not tag.isalpha() else "X")


def entity_of(tag: str) -> str:
    """Return the BIO label of an OntoNotes one; classes that we do not have, such as DATE, are O."""
    letter, _, label = tag.partition("-")
    kind = ONTONOTES_TO_FOUR.get(label)
    return f"{letter}-{kind}" if kind else "O"


class SpacyModel:
    """A trained pipeline as a tagger of ours; it learns nothing here."""

    def __init__(self, nlp: Any, task: str) -> None:
        self._nlp, self._task = nlp, task

    def fit(self, sentences: Sequence[Words], labels: Sequence[Labels], *, seed: int = 0) -> None:
        """Return at once: the model is used as it is."""

    def predict(self, sentences: Sequence[Words]) -> list[Labels]:
        """Return a label for each word; the words stay ours, the pipeline does not cut them."""
        found = []
        for words in sentences:
            doc = self._nlp(Doc(self._nlp.vocab, words=words))
            if self._task == "pos":
                found.append([word.pos_ or upos_of(word.tag_) for word in doc])
            else:
                marks = [f"{word.ent_iob_ or 'O'}-{word.ent_type_}" for word in doc]
                found.append(repair([entity_of(mark) for mark in marks]))
        return found


def load_spacy(name: str | Path = "en_core_web_sm", task: str = "pos") -> SpacyModel:
    """Return an installed pipeline, or one in a folder.

    Raises:
        TierMissing: it is not installed; the message has the command.
    """
    try:
        return SpacyModel(spacy.load(name), task)
    except OSError:
        hint = f"python -m spacy download {name}"
        raise tiers.TierMissing("spacy model", hint, f"the spaCy model {name}") from None


def load_nltk_resource(name: str = "punkt_tab", kind: str = "tokenizers") -> str:
    """Return where an NLTK data package lies.

    Raises:
        TierMissing: it is on none of NLTK's paths; the message has the command.
    """
    try:
        return str(nltk.data.find(f"{kind}/{name}"))
    except LookupError:
        hint = f"python -m nltk.downloader {name}"
        raise tiers.TierMissing("nltk data", hint, f"the NLTK package {name}") from None


def load_hf(folder: str | Path) -> tuple[Any, Any]:
    """Return tokenizer and model in a folder; a name of the hub is refused, nothing is downloaded.

    Raises:
        TierMissing: torch or Transformers is not installed.
        FileNotFoundError: the folder has no config.json.
    """
    if not (Path(folder) / "config.json").is_file():
        raise FileNotFoundError(f"{folder} has no config.json: name a folder, not a hub's model")
    tiers.require("torch")
    auto: Any = import_module("transformers")
    options = {"local_files_only": True, "trust_remote_code": False}
    tokenizer = auto.AutoTokenizer.from_pretrained(folder, **options)
    return tokenizer, auto.AutoModel.from_pretrained(folder, use_safetensors=True, **options)
