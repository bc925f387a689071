"""CoNLL-U, CoNLL files and their conversions, on the examples of the formats' own pages."""

from __future__ import annotations

import pytest

from velvet_nlp.bio import Span, bio_from_spans, read_bio, repair, spans_from_bio
from velvet_nlp.conllu import ConlluError, read_conllu, read_documents, write_conllu
from velvet_nlp.corpus import Sentence, Token

# The forms of the page "CoNLL-U Format": a Spanish range, and an English empty node.
RANGE = """# sent_id = es-1
# text = vámonos al mar
1-2\tvámonos\t_\t_\t_\t_\t_\t_\t_\t_
1\tvamos\tir\tVERB\t_\t_\t0\troot\t_\t_
2\tnos\tnosotros\tPRON\t_\t_\t1\tobj\t_\t_
3-4\tal\t_\t_\t_\t_\t_\t_\t_\t_
3\ta\ta\tADP\t_\t_\t5\tcase\t_\t_
4\tel\tel\tDET\t_\t_\t5\tdet\t_\t_
5\tmar\tmar\tNOUN\t_\t_\t1\tobl\t_\t_

"""
EMPTY = """1\tSue\tSue\tPROPN\t_\t_\t2\tnsubj\t_\t_
2\tlikes\tlike\tVERB\t_\t_\t0\troot\t_\t_
3\tcoffee\tcoffee\tNOUN\t_\t_\t2\tobj\t_\tSpaceAfter=No
4\t,\t,\tPUNCT\t_\t_\t5\tpunct\t_\t_
5\tBill\tBill\tPROPN\t_\t_\t2\tconj\t_\t_
5.1\tlikes\tlike\tVERB\t_\t_\t_\t_\t_\t_
6\ttea\ttea\tNOUN\t_\t_\t5\torphan\t_\t_
"""


def test_a_range_is_read_and_kept_apart() -> None:
    (sentence,) = read_conllu(RANGE.splitlines(keepends=True))

    assert sentence.words == ["vamos", "nos", "a", "el", "mar"]
    assert sentence.offsets == [(0, 7), (8, 10), (11, 14)]
    assert [one.form for one in sentence.ranges] == ["vámonos", "al"]


def test_a_range_without_text_is_spelled() -> None:
    lines = [line for line in RANGE.splitlines(keepends=True) if "text" not in line]

    (sentence,) = read_conllu(lines)

    assert sentence.text == "vámonos al mar"


def test_an_empty_node_is_no_token_and_space_after_is_read() -> None:
    (sentence,) = read_conllu(EMPTY.splitlines())

    assert sentence.empty == (("5.1", "likes"),)
    assert sentence.text == "Sue likes coffee, Bill tea"


def test_written_is_read_again_with_ranges_and_empty_nodes() -> None:
    for source in (RANGE, EMPTY):
        (sentence,) = read_conllu(source.splitlines())

        assert list(read_conllu(write_conllu([sentence]))) == [sentence]


@pytest.mark.parametrize("text", ["a\nb", "a\tb"])
def test_what_the_format_cannot_hold_is_not_written(text: str) -> None:
    tokens = (Token("a", 0, 1), Token("b", 2, 3))
    for sentence in (Sentence("s", text, tokens), Sentence("s", text, (Token(text, 0, 3),))):
        with pytest.raises(ValueError, match="a tab or an end of line"):
            list(write_conllu([sentence]))


def test_documents_are_divided_and_one_is_made_where_none_is_named() -> None:
    named = "# newdoc id = a\n# domain = news\n" + EMPTY + "\n# newdoc\n" + EMPTY

    assert [one.doc_id for one in read_documents(named.splitlines())] == ["a", "document-2"]
    assert read_documents(EMPTY.splitlines(), domain="web")[0].domain == "web"


ROW = "1\tword\tword\tNOUN\t_\t_\t0\troot\t_\t_\n"
RANGE_AT_2 = "2-2\tword\t_\t_\t_\t_\t_\t_\t_\t_\n" + ROW.replace("1\t", "2\t", 1)


@pytest.mark.parametrize(
    ("text", "line", "rule"),
    [
        ("1\tword\tNOUN\n", 1, "10 columns"),
        (ROW.replace("_\n", "\n") + ROW.replace("word\tNOUN", "wo\trd\tNOUN"), 2, "has 11"),
        (ROW + ROW.replace("1\t", "3\t", 1), 2, "id 2 is expected, not 3"),
        (ROW.replace("\tword\tword", "\t\tword"), 1, "must be there"),
        (ROW.replace("1\t", "x\t", 1), 1, "id 'x'"),
        ("# text = other\n" + ROW, 2, "the text has no 'word'"),
        ("# text = word more\n" + ROW, 2, "no token covers"),
        ("2-3\tw\t_\t_\t_\t_\t_\t_\t_\t_\n" + ROW, 1, "must begin with the next id"),
        ("1-2\tword\t_\t_\t_\t_\t_\t_\t_\t_\n" + ROW, 2, "ends after the last token"),
        ("1-999999999\tword\t_\t_\t_\t_\t_\t_\t_\t_\n" + ROW + RANGE_AT_2, 3, "any other range"),
        (ROW.replace("1\t", "9" * 5000 + "\t", 1), 1, "must be there"),
        ("# global.columns = ID FORM\n1\tword\n", 1, "lacks UPOS"),
        (ROW.replace("NOUN", "WORD"), 1, "UPOS"),
    ],
)
def test_a_broken_file_is_refused_with_its_line(text: str, line: int, rule: str) -> None:
    with pytest.raises(ConlluError, match=rule) as refused:
        list(read_conllu(text.splitlines(keepends=True)))

    assert refused.value.line_no == line


@pytest.mark.parametrize(
    "text", ["\ufeff" + ROW, ROW.replace("\n", "\r\n"), ROW, "\n\n" + ROW + "\n"]
)
def test_marks_line_ends_and_blank_lines_do_not_matter(text: str) -> None:
    assert [one.words for one in read_conllu(text.splitlines(keepends=True))] == [["word"]]


# The shared task of CoNLL-2000: chunks of the sentence that its page shows.
CHUNKS = [
    "B-NP",
    "B-VP",
    "B-NP",
    "I-NP",
    "I-NP",
    "I-NP",
    "B-VP",
    "I-VP",
    "B-PP",
    "B-NP",
    "I-NP",
    "O",
]


@pytest.mark.parametrize(
    ("tags", "scheme", "spans"),
    [
        ("B-PER I-PER O B-LOC", "BIO", [(0, 2, "PER"), (3, 4, "LOC")]),
        ("B-PER B-PER", "BIO", [(0, 1, "PER"), (1, 2, "PER")]),
        ("I-PER I-PER B-PER O I-LOC", "IOB1", [(0, 2, "PER"), (2, 3, "PER"), (4, 5, "LOC")]),
        ("I-PER I-LOC", "IOB1", [(0, 1, "PER"), (1, 2, "LOC")]),
        ("U-PER B-LOC I-LOC L-LOC U-LOC", "BILUO", [(0, 1, "PER"), (1, 4, "LOC"), (4, 5, "LOC")]),
        ("", "BIO", []),
    ],
)
def test_tags_and_spans_are_two_forms_of_one_thing(tags: str, scheme, spans) -> None:  # type: ignore[no-untyped-def]
    found = spans_from_bio(tags.split(), scheme)

    assert found == [Span(*one) for one in spans]
    assert bio_from_spans(found, len(tags.split()), scheme) == tags.split()


def test_the_chunks_of_conll_2000() -> None:
    assert len(spans_from_bio(CHUNKS)) == 6
    assert bio_from_spans(spans_from_bio(CHUNKS), 12) == CHUNKS


@pytest.mark.parametrize(
    ("tags", "scheme", "says"),
    [
        ("I-PER", "BIO", "after nothing"),
        ("B-PER I-LOC", "BIO", "after 'B-PER'"),
        ("X-PER", "BIO", "no BIO tag"),
        ("B-", "BIO", "no BIO tag"),
        ("U-PER", "BIO", "no BIO tag"),
        ("B-PER O", "BILUO", "has no L-"),
        ("B-PER", "BILUO", "at the end"),
        ("L-PER", "BILUO", "after nothing"),
        ("O", "IOB3", "unknown scheme 'IOB3'"),
    ],
)
def test_tags_that_are_not_legal_are_refused(tags: str, scheme, says: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=says):
        spans_from_bio(tags.split(), scheme)


def test_spans_that_overlap_or_leave_the_sentence_are_refused() -> None:
    for spans in ([Span(0, 2, "A"), Span(1, 3, "A")], [Span(2, 4, "A")], [Span(1, 1, "A")]):
        with pytest.raises(ValueError, match="overlaps, or leaves 3 tokens"):
            bio_from_spans(spans, 3)


def test_one_rule_makes_any_sequence_legal() -> None:
    assert repair(["I-PER", "I-PER", "O", "I-LOC", "I-PER", "B-PER", "I-PER"]) == [
        "B-PER",
        "I-PER",
        "O",
        "B-LOC",
        "B-PER",
        "B-PER",
        "I-PER",
    ]


def test_files_of_two_columns_come_in_many_forms() -> None:
    text = "\ufeff-DOCSTART- O\r\n\r\nBerlin\tB-location\r\n\t\r\n \n\nis O\na O\n"

    assert list(read_bio(text.splitlines(keepends=True))) == [
        [("Berlin", "B-location")],
        [("is", "O"), ("a", "O")],
    ]
    with pytest.raises(ValueError, match="line 1: 'word' has no column"):
        list(read_bio(["word\n"]))
    with pytest.raises(ValueError, match="line 1: 'is O' has no column"):
        list(read_bio(["is O\n"], columns=(0, 3)))
