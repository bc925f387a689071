# ruff: noqa: RUF001 - letters that look alike are its subject
"""Decoding, detection, graphemes, keys, order, repair; and the catalogue of pitfalls."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Callable
from functools import partial
from typing import Any

from velvet.bench import Metric, Suite, Timed, across, ratio, speedup, value
from velvet_text import collate, decode, mojibake, pitfalls, stream, units
from velvet_text.samples import texts
from velvet_text.samples.mojibake import INNOCENT, broken, misread

FAMILY = "👨‍👩‍👧‍👦"
SHAPES = {
    "family": FAMILY,
    "flags": "🇨🇭🇫🇷",
    "hangul": "\u1100\u1161",
    "virama": "क्ष",
    "zalgo": "e" + "\u0301" * 9,
    "bare_virama": "\u094d\u0915",
}
REPAIRERS: dict[str, Callable[[str], str]] = {
    "naive": mojibake.repair_naive,
    "ours": lambda text: mojibake.repair(text).text,
    "ftfy": mojibake.repair_ftfy,
}


def _detect(name: str) -> Callable[[], dict[str, float]]:
    guess = decode.detector(name)

    def run() -> dict[str, float]:
        right = dict.fromkeys(("at_20", "at_60", "whole"), 0.0)
        for codecs, text in texts.LANGUAGES.values():
            for codec in codecs:
                for column, size in (("at_20", 20), ("at_60", 60), ("whole", len(text))):
                    part = text[:size]
                    right[column] += _reads(part.encode(codec), guess) == part
        return right

    return run


def _reads(data: bytes, guess: decode.Detector) -> str | None:
    """Return the text that a guess gives: another name of the same encoding is as right."""
    try:
        return data.decode(guess(data).encoding or "ascii")
    except (UnicodeDecodeError, LookupError):
        return None


def _detect_speed(name: str) -> Callable[[], Any]:
    codecs, text = texts.LANGUAGES["French"]
    return partial(decode.detector(name), text.encode(codecs[1]))


def _clusters(engine: units.Engine) -> Callable[[], int]:
    text = texts.mixed_script(2_000)
    return lambda: len(units.graphemes(text, engine))


def _shapes(engine: units.Engine) -> Callable[[], dict[str, float]]:
    return lambda: {name: float(len(units.graphemes(s, engine))) for name, s in SHAPES.items()}


def _normal(guarded: bool, form: str) -> Callable[[], str]:
    text = ("plain words " if form == "ascii" else "déjà vu, été ") * 8_000
    text = unicodedata.normalize("NFD" if form == "nfd" else "NFC", text)
    if not guarded:
        return partial(unicodedata.normalize, "NFC", text)

    def if_needed() -> str:
        if text.isascii() or unicodedata.is_normalized("NFC", text):
            return text
        return unicodedata.normalize("NFC", text)

    return if_needed


def _sorted(name: str) -> Timed:
    accented = [
        (
            word.translate(str.maketrans("aeo", "äéø"))
            if i % 3 == 0
            else word.title() if i % 3 else word
        )
        for i, word in enumerate(texts.words(2_000))
    ]
    key = collate.collator(name)
    errors = collate.order_errors(accented, name)
    return Timed(lambda: len(sorted(accented, key=key)), metrics=lambda: {"errors": float(errors)})


def _repair(name: str) -> Callable[[], dict[str, float]]:
    fix = REPAIRERS[name]

    def run() -> dict[str, float]:
        good = sum(fix(text) == original for text, original in broken())
        return {"repaired": float(good), "damaged": float(sum(fix(s) != s for s in INNOCENT))}

    return run


def _repair_speed(name: str, text: str) -> Callable[[], str]:
    if text == "broken":
        return partial(
            REPAIRERS[name], misread("Une journée très chaude à Zürich, près du café", "cp1252")
        )
    return partial(REPAIRERS[name], "Plain text – with “quotes” and é. " * 30)


def _stream(name: str, chunk: int) -> Callable[[], int]:
    data = ("héllo wörld – 日本 " * 30 + "\n").encode() * 1_600
    if name == "whole":
        return lambda: len(data.decode().split("\n")) - 1
    if name == "text_io_wrapper":
        return lambda: sum(1 for _ in io.TextIOWrapper(io.BytesIO(data), "utf-8", newline=None))
    chunks = [data[i : i + chunk] for i in range(0, len(data), chunk)]

    def run() -> int:
        decoder = stream.StreamDecoder()
        return sum(len(decoder.feed(part)) for part in chunks) + len(decoder.close())

    return run


def _lost(chunk: int) -> Callable[[], dict[str, float]]:
    def run() -> dict[str, float]:
        text = "héllo wörld – 日本 " * 550_000
        data = text.encode()
        parts = (data[i : i + chunk] for i in range(0, len(data), chunk))
        left, lost = stream.decode_chunks_naive(parts)
        return {"chunks": float(lost), "percent": 100 * (1 - len(left) / len(text))}

    return run


def _pitfall(entry: pitfalls.Pitfall) -> Callable[[], dict[str, Any]]:
    def run() -> dict[str, Any]:
        wrong, right = entry.run()
        return {
            "wrong": f"{entry.wrong} gives {wrong}"[:120],
            "right": right[:60],
            "why": entry.why,
        }

    return run


def add_to(suite: Suite) -> None:
    """Declare the comparisons and their claims."""
    pairs = sum(len(codecs) for codecs, _ in texts.LANGUAGES.values())
    found = suite.comparison(
        "detect",
        title=f"{pairs} pairs of language and code page: how many texts are read right",
        kind="value",
        metrics={name: Metric("texts", "higher") for name in ("at_20", "at_60", "whole")},
    )
    timed = suite.comparison("detect_speed", title="Guess the encoding of 160 bytes", unit="us")
    needs = {"chardet": ("chardet",), "charset_normalizer": ("charset-normalizer",)}
    for name in decode.DETECTORS:
        found.add(name, partial(_detect, name), needs=needs.get(name, ()))
        timed.add(name, partial(_detect_speed, name), needs=needs.get(name, ()))
    timed.check(lambda guess: guess.encoding != "")

    cut = suite.comparison(
        "graphemes",
        title="Cut 2,000 characters into graphemes",
        unit="ms",
        rounds={"quick": 5, "default": 10},
    )
    shapes = suite.comparison(
        "grapheme_agreement",
        title="How many graphemes each engine sees",
        kind="value",
        metrics=dict.fromkeys(SHAPES, "graphemes"),
    )
    for engine in ("regex", "uniseg", "wcwidth"):
        cut.add(engine, partial(_clusters, engine), needs=engine)
        shapes.add(engine, partial(_shapes, engine), needs=engine)
    cut.same_result()

    normal = suite.comparison(
        "normalize",
        title="NFC of 100,000 characters",
        unit="us",
        sizes={"form": ["ascii", "nfc", "nfd"]},
    )
    normal.add("always", partial(_normal, False), baseline=True)
    normal.add("if_needed", partial(_normal, True), note="isascii and is_normalized first")
    normal.same_result()

    ordered = suite.comparison(
        "collation",
        title="Sort 2,000 words",
        unit="ms",
        metrics={"errors": "pairs"},
        rounds={"quick": 6},
    )
    for name in collate.COLLATORS:
        ordered.add(
            name,
            partial(_sorted, name),
            baseline=name == "casefold",
            needs={"pyuca": ("pyuca",), "icu": ("PyICU",)}.get(name, ()),
            note="errors: neighbours in another order than pyuca's" if name == "casefold" else "",
        )
    ordered.same_result()

    repaired = suite.comparison(
        "mojibake",
        title=f"{len(broken())} broken texts and {len(INNOCENT)} innocent ones",
        kind="value",
        metrics={"repaired": Metric("texts", "higher"), "damaged": Metric("texts")},
    )
    speed = suite.comparison(
        "mojibake_speed",
        title="Look at 1 KB of clean text, repair a line",
        unit="us",
        sizes={"text": ["clean", "broken"]},
        rounds={"quick": 8},
    )
    for name in REPAIRERS:
        repaired.add(name, partial(_repair, name), needs="ftfy" if name == "ftfy" else ())
        speed.add(name, partial(_repair_speed, name), needs="ftfy" if name == "ftfy" else ())
    speed.same_result()

    streams = suite.comparison(
        "stream_decode",
        title="Lines of a megabyte in chunks",
        unit="ms",
        sizes={"chunk": [64, 4096, 65_536]},
        quick=lambda chunk: chunk != 65_536,
        rounds={"quick": 6},
    )
    for name in ("whole", "text_io_wrapper", "stream_decoder"):
        streams.add(name, partial(_stream, name), baseline=name == "whole")
    streams.same_result()
    lost = suite.comparison(
        "chunk_loss",
        title="Chunks of a 14 MB download that fail when decoded alone",
        kind="value",
        sizes={"chunk": [1024, 4096, 65_536]},
        metrics={"chunks": "chunks", "percent": "% of the text"},
    )
    lost.add("naive", _lost)

    shown = suite.comparison(
        "pitfalls",
        title="The catalogue: wrong, right, why",
        kind="value",
        metrics=dict.fromkeys(("wrong", "right", "why"), "label"),
    )
    for entry in pitfalls.CATALOGUE:
        shown.add(entry.id, partial(_pitfall, entry), note=entry.title)

    suite.claim(
        "chardet reads more short texts right than charset-normalizer",
        value("detect", "chardet", "at_20") - value("detect", "charset_normalizer", "at_20") >= 1,
    )
    suite.claim(
        "uniseg takes many times as long as regex", speedup("graphemes", "regex", "uniseg") >= 10
    )
    suite.claim(
        "NFC of decomposed text costs three times that of composed text",
        across("normalize", "always", first={"form": "nfd"}, second={"form": "nfc"}) >= 3,
    )
    suite.claim(
        "the right order costs: pyuca takes eight times as long as casefold",
        speedup("collation", "casefold", "pyuca") >= 8,
    )
    suite.claim(
        "the guarded repair damages at most 2 % of the innocent",
        value("mojibake", "ours", "damaged") <= 0.02 * len(INNOCENT),
    )
    suite.claim(
        "the naive repair damages at least one innocent text in twenty",
        value("mojibake", "naive", "damaged") >= 0.05 * len(INNOCENT),
    )
    suite.claim(
        "an incremental decoder in 4 KiB chunks comes within twice of the whole",
        ratio("stream_decode", "stream_decoder", "whole", chunk=4096) <= 2,
    )
    suite.claim(
        "in chunks of 64 bytes it costs at least three times as much",
        ratio("stream_decode", "stream_decoder", "whole", chunk=64) >= 3,
    )
    suite.claim(
        "decoding 4 KiB chunks alone loses a quarter of a multilingual text",
        value("chunk_loss", "naive", "percent", chunk=4096) >= 25,
    )
