"""Byte-level BPE, the pieces of GPT-2: pairs of bytes are merged, the most frequent pair first."""

from __future__ import annotations

from collections.abc import Sequence

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from velvet_nlp.contenders.tokenizers.wordpiece import VOCABULARY, Pieces


def make(training: Sequence[str] = ()) -> Pieces:
    """Return the tokenizer with merges learnt from the texts.

    Raises:
        ValueError: there is no text.
    """
    if not any(training):
        raise ValueError("BPE learns its merges from text: give at least one text")
    tok = Tokenizer(models.BPE())
    tok.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tok.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, initial_alphabet=alphabet, show_progress=False
    )
    tok.train_from_iterator(training, trainer)
    return Pieces(tok)
