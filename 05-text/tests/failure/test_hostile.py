"""Hostile input: the narrowest error, in bounded time and memory, and nothing left behind."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable

import pytest

from velvet_text import collate, decode, fuzzy, html_text, mojibake, normalize, units
from velvet_text.audit import audit
from velvet_text.deadline import SafePattern
from velvet_text.engines import engine
from velvet_text.errors import TextError
from velvet_text.logs import parser
from velvet_text.stream import StreamDecoder

BIG = 10_000_000


@pytest.mark.parametrize(
    "pattern",
    [
        "(" * 1_000_000, "(" * 4_000, "(?P<n>" * 1_000, "(?:" * 1_600 + "a" + ")" * 1_600, "[" + "a" * 4_000,
        "(?P<n>a)(?P<n>b)", "a{99999999999999999999}", "(?i", "\\", "*", "[z-a]",
    ],
    ids=lambda pattern: f"{pattern[:9]} {len(pattern)}",
)  # fmt: skip
def test_what_is_no_pattern_is_a_text_error(pattern: str) -> None:
    with pytest.raises(TextError):
        audit(pattern)
    with pytest.raises(TextError):
        SafePattern(pattern, budget_s=1)


@pytest.mark.parametrize(
    "pattern",
    ["(a{0,99}){0,99}" * 30, "(.*)*" * 40 + "x", "(?:a|b|c|d|e)*" * 50 + "!", ".*" * 100 + "x", "(((a*)*)*)*b"],
)  # fmt: skip
def test_the_audit_itself_is_bounded(pattern: str) -> None:
    began = time.process_time()

    audit(pattern)

    assert time.process_time() - began < 30  # only ends what hangs


def test_a_bomb_is_answered_or_ended() -> None:
    assert SafePattern("(a+)+$", budget_s=1).search("a" * 50 + "!") is None


TAKES: dict[str, Callable[[str], object]] = {
    "search key": lambda s: normalize.canonical_key(s, "search"),
    "repair": mojibake.repair,
    "parser": parser("negated"),
    "re_sub": lambda s: html_text.tool("re_sub").text(s),
    "safe pattern": lambda s: SafePattern("needle", budget_s=20).search(s),
    "slice": lambda s: units.slice_utf16(s, 5, 10),
}


@pytest.mark.parametrize("name", list(TAKES))
def test_ten_million_characters_stay_within_memory(name: str) -> None:
    """At most 40 bytes a character, whatever the function."""
    text = "x" * BIG
    tracemalloc.start()

    TAKES[name](text)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 40 * BIG


# What looks at each character in Python is run in a child, where nothing traces it.
LOOPS = """
import json
from velvet.bench.memory import peak_mb
from velvet_text.drain import Drain
from velvet_text.inspect_text import inspect, safe_log
from velvet_text.keywords import build

loops = {
    "trie": build("trie", ["needle", "yy"]).find,
    "drain": Drain().add,
    "inspect": inspect,
    "safe_log": safe_log,
}
for loop in loops.values():
    loop("x")
text, peaks = "x" * 10_000_000, {}
before = peak_mb()
for name, loop in loops.items():
    loop(text)
    peaks[name] = peak_mb() - before
print(json.dumps(peaks))
"""


def test_loops_over_ten_million_characters_stay_within_memory() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", LOOPS], capture_output=True, text=True, timeout=300, check=True
    )

    peaks = json.loads(ended.stdout)
    assert set(peaks) == {"trie", "drain", "inspect", "safe_log"}
    assert all(megabytes < 400 for megabytes in peaks.values()), peaks


def test_ten_million_bytes_stream_in_the_memory_of_a_chunk() -> None:
    decoder = StreamDecoder()
    chunk = ("é" * 99 + "\n").encode() * 100
    tracemalloc.start()

    count = sum(len(decoder.feed(chunk)) for _ in range(BIG // len(chunk)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert count == BIG // len(chunk) * 100
    assert peak < 1 << 20


@pytest.mark.parametrize(
    ("library", "call"),
    [
        ("chardet", lambda: decode.detector("chardet")),
        ("charset_normalizer", lambda: decode.detector("charset_normalizer")),
        ("rapidfuzz.distance", lambda: fuzzy.ratio_rapidfuzz("a", "b")),
        ("ftfy", lambda: mojibake.repair_ftfy("a")),
        ("orjson", lambda: parser("orjson")),
        ("selectolax.lexbor", lambda: html_text.tool("selectolax")),
        ("uniseg.graphemecluster", lambda: units.graphemes("a", "uniseg")),
        ("icu", lambda: collate.collator("icu")),
    ],
)
def test_a_missing_library_is_an_import_error(
    library: str, call: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)

    with pytest.raises(ImportError, match=library.partition(".")[0]):
        call()
    assert "icu" not in collate.sort_report(["a"]) or library != "icu"


def test_without_regex_a_safe_pattern_uses_a_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "regex", None)

    pattern = SafePattern(r"\d+", budget_s=20)

    assert pattern.policy == "child"
    assert pattern.search("a12") is not None


def test_without_re2_a_safe_pattern_uses_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "velvet_text.contenders.engines.re2", raising=False)
    monkeypatch.setitem(sys.modules, "re2", None)

    assert SafePattern("a+", budget_s=1).policy == "regex"
    with pytest.raises(ImportError):
        engine("re2")
    monkeypatch.undo()
    importlib.import_module("re2")
