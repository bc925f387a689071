"""Decoding: sources in their order, nothing dropped, ill-formed UTF-8 counted as Unicode says."""

from __future__ import annotations

import codecs
import pickle
from types import SimpleNamespace

import charset_normalizer
import pytest

from velvet_text import decode
from velvet_text.decode import Guess, decode_bytes, explain, sniff_bom
from velvet_text.errors import DecodeError, LineTooLong, PatternTimeout, TextError, WorkerFailed


@pytest.mark.parametrize(
    ("mark", "codec"),
    [
        (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"), (codecs.BOM_UTF32_LE, "utf-32"),
        (codecs.BOM_UTF32_BE, "utf-32"), (b"", None), (b"\xef\xbb", None), (b"\xff", None),
    ],
)  # fmt: skip
def test_a_mark_names_its_encoding(mark: bytes, codec: str | None) -> None:
    assert sniff_bom(mark + b"\x61\x00") == codec


def test_the_mark_wins_over_the_declaration() -> None:
    found = decode_bytes("é".encode("utf-16"), declared="latin-1")

    assert (found.text, found.how) == ("é", "bom")


def test_a_declaration_that_does_not_fit_becomes_a_warning() -> None:
    found = decode_bytes("é".encode(), declared="ascii")

    assert (found.text, found.how) == ("é", "utf-8")
    assert found.warnings == ("declared ascii does not fit at byte 0",)


def test_a_detector_is_asked_last_and_needs_confidence() -> None:
    sure, unsure = (lambda _: Guess("cp1252", 0.9)), (lambda _: Guess("cp1252", 0.1))

    assert decode_bytes(b"na\xefve", detector=sure).how == "detected"
    with pytest.raises(DecodeError, match="ef at 2:3"):
        decode_bytes(b"na\xefve", detector=unsure)


@pytest.mark.parametrize("name", list(decode.DETECTORS))
def test_each_detector_finds_utf8_and_survives_nothing(name: str) -> None:
    guess = decode.detector(name)

    found = (guess("Où êtes-vous allés cet été, à la plage ?".encode()).encoding or "").lower()

    assert found.replace("_", "-") == "utf-8"
    assert 0 <= guess(b"").confidence <= 1


@pytest.mark.parametrize(("chaos", "confidence"), [(0.0, 1.0), (0.25, 0.75), (1.0, 0.0)])
def test_chaos_takes_confidence_away(
    monkeypatch: pytest.MonkeyPatch, chaos: float, confidence: float
) -> None:
    best = SimpleNamespace(encoding="cp1252", chaos=chaos)
    found = SimpleNamespace(best=lambda: best)
    monkeypatch.setattr(charset_normalizer, "from_bytes", lambda _: found)

    assert decode.detector("charset_normalizer")(b"x") == Guess("cp1252", confidence)


def test_a_guess_counts_from_a_confidence_of_a_fifth() -> None:
    enough = decode_bytes(b"\xe9", detector=lambda _: Guess("cp1252", 0.2))

    assert (enough.text, enough.how) == ("é", "detected")
    assert enough.warnings[-1] == "guessed cp1252 with confidence 0.20"
    with pytest.raises(DecodeError):
        decode_bytes(b"\xe9", detector=lambda _: Guess("cp1252", 0.19))


@pytest.mark.parametrize("wrong", ["utf-7", "rot13", "base64", "no-such", "unicode_escape", "a\0"])
def test_what_is_no_encoding_of_text_is_refused(wrong: str) -> None:
    with pytest.raises(TextError, match="encoding"):
        decode_bytes(b"x", declared=wrong)


def test_ignore_is_refused_and_replacements_are_counted() -> None:
    with pytest.raises(TextError, match="ignore"):
        decode_bytes(b"\xff", errors="ignore")

    found = decode_bytes(b"a\xffb\xfe\xef\xbf\xbd", errors="replace")

    assert (found.text, found.replaced) == ("a\ufffdb\ufffd\ufffd", 2)


def test_controls_after_latin1_are_reported() -> None:
    assert "cp1252" in decode_bytes(b"5 \x80", declared="latin-1").warnings[0]
    assert decode_bytes(b"5 \xa0", declared="latin-1").warnings == ()
    assert decode_bytes("5 \x80".encode()).warnings == ()
    assert decode_bytes(b"5 \x9f", declared="latin-1").warnings
    assert decode_bytes(b"5 \x7f", declared="latin-1").warnings == ()


# Unicode 15.0, table 3-7 and its examples; RFC 3629, section 10. One U+FFFD for each maximal
# subpart of an ill-formed sequence.
@pytest.mark.parametrize(
    ("data", "replaced"),
    [
        ("c0 af", 2), ("e0 80 af", 3), ("f0 80 80 af", 4), ("ed a0 80", 3), ("ed bf bf", 3),
        ("f4 90 80 80", 4), ("f5 80 80 80", 4), ("ff", 1), ("80", 1), ("c2", 1), ("e1 80", 1),
        ("f1 80 80", 1), ("f1 80 80 e1 80 c2 62 80 63 80 bf 64", 6), ("e1 80 e2 f0 91 92 f1 bf 41", 4),
        ("c0 af e0 80 bf f0 81 82 41", 8), ("ed a0 80 ed bf bf ed af 41", 8),
        ("f4 91 92 93 ff 41 80 bf 42", 7), ("f4 8f bf bf", 0), ("ef bf bf", 0), ("ed 9f bf", 0),
    ],
)  # fmt: skip
def test_ill_formed_utf8_is_replaced_by_maximal_subparts(data: str, replaced: int) -> None:
    found = decode_bytes(bytes.fromhex(data), errors="replace")

    assert found.replaced == found.text.count("\ufffd") == replaced


@pytest.mark.parametrize(
    ("data", "encoding", "words"),
    [
        (b"na\xefve cafe", "utf-8", "Windows code page"),
        (b"caf\xc3", "utf-8", "cut inside a character"),
        (b"\xff\xfea\x00", "utf-8", "mark of utf-16"),
        (b"\xc0\x01\x02\x03", "utf-8", "no text"),
        ("é1234é".encode("utf-16-be") + b"\xe9\x00z\x00", "utf-8", "UTF-16 without a mark"),
        (b"\xe9", "ascii", "not ASCII"),
        (b"\x81", "cp1252", "has no character there"),
    ],
)
def test_an_error_is_explained_with_its_likely_cause(
    data: bytes, encoding: str, words: str
) -> None:
    with pytest.raises(UnicodeDecodeError) as caught:
        data.decode(encoding)

    said = explain(caught.value)

    assert words in said
    assert "^^" in said.splitlines()[2]


def test_an_error_is_shown_between_its_neighbours() -> None:
    with pytest.raises(UnicodeDecodeError) as caught:
        b"0123456789\xffabcdefghij".decode("utf-8")

    lines = explain(caught.value).splitlines()

    shown = f"{b'23456789'.hex(' ')} ff {b'abcdefgh'.hex(' ')}"
    assert lines[1].strip() == f"{shown}   23456789.abcdefgh"
    assert lines[2].index("^^") == lines[1].index("ff")


@pytest.mark.parametrize(("text", "words"), [("\ud800", "half of a pair"), ("日", "write UTF-8")])
def test_an_encoding_error_is_explained(text: str, words: str) -> None:
    with pytest.raises(UnicodeEncodeError) as caught:
        text.encode("cp1252" if text == "日" else "utf-8")

    assert words in explain(caught.value)
    assert explain(UnicodeError("other")) == "UnicodeError: other"


@pytest.mark.parametrize(
    "error",
    [
        DecodeError("utf-8", 1, 2, "ff", "declare it"), PatternTimeout(0.5), LineTooLong(10),
        WorkerFailed("log", 0, 9, "it died"), DecodeError("utf-8", 1, 2, "ff", hint="declare it"),
    ],
)  # fmt: skip
def test_errors_survive_pickling(error: TextError) -> None:
    again = pickle.loads(pickle.dumps(error))

    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


def test_unknown_names_are_refused() -> None:
    with pytest.raises(TextError, match="choose one of"):
        decode.detector("oracle")
