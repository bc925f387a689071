"""One valid call of each public callable; `velvet.hostile` puts what is hostile into its place."""

from __future__ import annotations

from velvet.hostile import Fixed, HostileTests, call
from velvet_text import (
    decode,
    drain,
    fuzzy,
    inspect_text,
    keywords,
    mojibake,
    normalize,
    pitfalls,
    stream,
    units,
)
from velvet_text.errors import TextError


class TestHostile(HostileTests):
    errors = (TextError, LookupError)
    mutable = {"drain.Cluster", "logs.ParseStats"}
    calls = (
        call(decode.sniff_bom, b"\xef\xbb\xbfa"),
        call(decode.text_codec, "utf-8"),
        call(decode.decode_bytes, b"abc", declared="utf-8"),
        call(decode.count_replaced, b"abc", Fixed("utf-8")),
        call(decode.utf8_else_cp1252, b"abc"),
        call(drain.Drain, depth=4, similarity=0.5, max_children=100)
        .then("add", "a b c")
        .but(shares="a running state, which belongs to one stream"),
        call(fuzzy.levenshtein, "kitten", "sitting").but(many=500),
        call(fuzzy.ratio_own, "kitten", "sitting").but(many=500),
        call(inspect_text.inspect, "a text").but(many=500),
        call(inspect_text.skeleton, "a text"),
        call(inspect_text.safe_log, "a text"),
        call(inspect_text.safe_filename, "a text"),
        call(keywords.is_word, "a"),
        call(keywords.encodable, "a text"),
        call(keywords.replace, "a text", {"text": "word"}).but(many=10_000),
        call(mojibake.repair, "a text", max_rounds=2).but(many=500),
        call(mojibake.badness, "a text").but(many=500),
        call(normalize.canonical_key, "a text").but(many=10_000),
        call(normalize.same, "a", "b").but(many=10_000),
        call(normalize.stable_key_report, ["a", "b"]).but(many=10_000),
        call(pitfalls.search, "text"),
        call(stream.StreamDecoder, Fixed("utf-8"))
        .then("feed", b"a\n")
        .but(shares="a running state, which belongs to one stream"),
        call(stream.decode_chunks_naive, [b"a"]),
        call(units.graphemes, "a text").but(many=10_000),
        call(units.lengths, "a text").but(many=10_000),
        call(units.truncate, "a text", 3).but(many=10_000),
        call(units.pad, "a text", 9).but(many=10_000),
        call(units.slice_utf16, "a text", 1, 3).but(many=10_000),
    )
    excepted = {
        "audit": "takes patterns; tests/unit/test_patterns.py",
        "collate": "takes the name of a library",
        "deadline": "takes patterns, in a child; tests/failure/test_hostile.py",
        "decode": "finds a detector by its name",
        "engines": "takes patterns; tests/unit/test_patterns.py",
        "fuzzy": "the rivals",
        "html_text": "finds a rival by its name",
        "keywords": "what matchers build; tests/unit",
        "logs": "reads files; tests/unit/test_logs_and_templates.py",
        "mojibake": "the naive one and the rival",
        "render": "takes templates; tests/unit/test_logs_and_templates.py",
        "stream": "takes an async source; tests/unit",
        "units": "`measure` is `lengths` by its unit",
    }
