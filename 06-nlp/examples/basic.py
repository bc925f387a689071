"""Basic examples: what a token is, a first tagger, and libraries without their models."""

from __future__ import annotations

from velvet.examples import example, main
from velvet_nlp import contenders
from velvet_nlp.corpus import sentences_of
from velvet_nlp.evaluate import accuracy_counts
from velvet_nlp.intervals import bootstrap_ci
from velvet_nlp.own import load
from velvet_nlp.pretrained import load_nltk_resource, load_spacy
from velvet_nlp.protocols import Split
from velvet_nlp.tiers import TierMissing, minilm_folder

TEXT = "Dr. Feld can't pay $2.1m :-)"


@example("same_text_seven_tokenizers")
def same_text_seven_tokenizers() -> None:
    """One sentence cut by seven tokenizers, side by side, and the cuts that all of them make."""
    training = [document.text for document in load()]
    agreed: set[int] | None = None
    for name in contenders.names("tokenizers"):
        spans = contenders.tokenizer(name, training).spans(TEXT)
        tokens = "|".join(TEXT[start:end] for start, end in spans)
        print(f"{name:11}{len(spans):3}  {tokens}")
        ends = {end for _, end in spans}
        agreed = ends if agreed is None else agreed & ends
    whole = "".join(
        letter + "|" * (at in (agreed or ())) for at, letter in enumerate(TEXT, start=1)
    )
    print(f"all agree on   {whole}")
    print("they disagree where it matters: Dr., can't, $2.1m")


@example("what_is_a_token_worth")
def what_is_a_token_worth() -> None:
    """Pieces of words from vocabularies that are learnt here: frequent words stay whole."""
    training = [document.text for document in load()]
    words = sum(len(sentence.words) for sentence in sentences_of(load()))
    for name in ("wordpiece", "bpe"):
        pieces = contenders.tokenizer(name, training)
        for word in ("the", "harbour", "misunderstanding", "Quillon"):
            spans = pieces.spans(word)
            print(f"{name:10}{word:18}{len(spans):2}  {' '.join(word[a:b] for a, b in spans)}")
        total = sum(len(pieces.spans(text)) for text in training)
        print(f"{name:10}{total / words:.2f} pieces for each token of the corpus")
        unseen = "zyzzyva"
        print(f"{name:10}{unseen:18}{len(pieces.spans(unseen)):2}  of a word that it never saw")
    print("what was frequent in training is one piece; a new name falls into many")
    print("so a model of pieces has no unknown word, and pays for rare ones by length")


@example("first_tagger")
def first_tagger() -> None:
    """A dictionary beside a perceptron on three documents that neither has seen."""
    documents = load()
    split = Split(documents[3:], documents[:3])
    train, test = sentences_of(split.train), sentences_of(split.test)
    words, gold = [one.words for one in test], [one.upos for one in test]
    for name in ("dictionary", "perceptron"):
        tagger = contenders.tagger(name, "pos")()
        tagger.fit([one.words for one in train], [one.upos for one in train])
        predicted = tagger.predict(words)
        where = [document.doc_id for document in split.test for _ in document.sentences]
        print(f"{name:11}accuracy {bootstrap_ci(accuracy_counts(gold, predicted), where)}")
    wrong = [
        (" ".join(row[max(0, at - 2) : at + 2]), row[at], guess[at], right[at])
        for row, guess, right in zip(words, predicted, gold, strict=True)
        for at in range(len(row))
        if guess[at] != right[at]
    ]
    for context, word, guess, right in wrong[:10]:
        print(f"  {word:14} is {right:6} and not {guess:6} in: {context}")


@example("no_model_no_problem")
def no_model_no_problem() -> None:
    """What is missing after pip install, as one sentence each, and the command that mends it."""
    for call in (lambda: load_nltk_resource("punkt_tab"), load_spacy, minilm_folder):
        try:
            found = call()
        except TierMissing as missing:
            print(f"missing: {missing.tier}: {missing.hint}")
        else:
            print(f"there: {type(found).__name__}")
    text = "It can't wait."
    cut = contenders.tokenizer("nltk_word").spans(text)
    print(f"no data needed: NLTK's own class cuts {len(cut)} tokens")
    for name in ("spacy", "treebank"):
        tokens = [text[start:end] for start, end in contenders.tokenizer(name).spans(text)]
        print(f"no data needed: {name} cuts {' '.join(tokens)}")


if __name__ == "__main__":
    main()
