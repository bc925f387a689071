"""WordPiece, the pieces of BERT: the same words often, other words as a root and its endings."""

from __future__ import annotations

from collections.abc import Sequence

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

VOCABULARY = 1500
UNKNOWN = "[UNK]"


class Pieces:
    """Tokens are pieces of a vocabulary that was learnt from text."""

    def __init__(self, tok: Tokenizer) -> None:
        self.tokenizer = tok

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return the offsets of the pieces, those of white space left out."""
        safe = text.encode("utf-8", "replace").decode("utf-8")  # a lone surrogate is one character
        offsets = self.tokenizer.encode(safe, add_special_tokens=False).offsets
        cut = ((start + _blank(text[start:end]), end) for start, end in offsets)
        return [(start, end) for start, end in dict.fromkeys(cut) if start < end]


def _blank(piece: str) -> int:
    return len(piece) - len(piece.lstrip())


def make(training: Sequence[str] = ()) -> Pieces:
    """Return the tokenizer with a vocabulary learnt from the texts.

    Raises:
        ValueError: there is no text.
    """
    if not any(training):
        raise ValueError("WordPiece learns its vocabulary from text: give at least one text")
    tok = Tokenizer(models.WordPiece(unk_token=UNKNOWN))
    tok.normalizer = normalizers.BertNormalizer(lowercase=True)
    tok.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=VOCABULARY,
        special_tokens=["[PAD]", UNKNOWN, "[CLS]", "[SEP]"],
        show_progress=False,
    )
    tok.train_from_iterator(training, trainer)
    return Pieces(tok)
