"""What holds for every text, lone surrogates, marks and joiners among them."""

from __future__ import annotations

import codecs
import re
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from velvet_text import mojibake, units
from velvet_text.audit import audit
from velvet_text.decode import sniff_bom
from velvet_text.drain import Drain
from velvet_text.errors import TextError
from velvet_text.fuzzy import levenshtein, ratio_own, ratio_rapidfuzz
from velvet_text.inspect_text import inspect, safe_filename, safe_log
from velvet_text.keywords import MATCHERS, Hit, bordered, build, select
from velvet_text.normalize import LEVELS, canonical_key, same
from velvet_text.stream import StreamDecoder

# Everything that makes text hard: lone surrogates, marks, joiners, direction, case, line ends.
HARD = (
    "\ud800\udfff\u0301\u0345\u200d\u200b\u202e\ufeff\u0600👨👩🏼🇨🇭İıßﬁΣς½²\r\n\x00\x1c\u1100\u1161e"
)
CODECS = (
    "utf-8", "utf-16", "utf-32", "shift_jis", "gb18030", "iso2022_jp", "euc_kr", "cp1252", "big5",
)  # fmt: skip
TEXTS = st.text(st.one_of(st.characters(codec=None), st.sampled_from(HARD)), max_size=30)


@given(TEXTS, st.sampled_from(list(units.GRAPHEME_ENGINES)))
def test_graphemes_are_the_text(s: str, engine: units.Engine) -> None:
    assert "".join(units.graphemes(s, engine)) == s
    assert all(units.graphemes(s, engine))


@given(TEXTS, st.integers(0, 40), st.sampled_from(list(units._MEASURES)))
def test_cutting_keeps_the_limit_and_whole_graphemes(s: str, limit: int, unit: units.Unit) -> None:
    cut = units.truncate(s, limit, unit)

    assert cut == s or units.measure(cut, unit) <= limit
    assert units.truncate(cut, limit, unit) == cut
    kept = cut if cut == s else cut.removesuffix("…")
    assert any(units.graphemes(s)[:n] == units.graphemes(kept) for n in range(len(s) + 1))


@given(TEXTS)
def test_slices_count_as_utf16_does(s: str) -> None:
    total = units.lengths(s).utf16

    assert units.slice_utf16(s, 0, total) == s
    assert total == len(s.encode("utf-16-le", "surrogatepass")) // 2
    assert units.reverse(units.reverse(s)) == s or "\u200d" in s or len(units.graphemes(s)) > 1


@given(TEXTS)
def test_keys_are_idempotent_and_each_level_is_coarser(s: str) -> None:
    keys = {level: canonical_key(s, level) for level in LEVELS}

    for level in LEVELS:
        assert canonical_key(keys[level], level) == keys[level]
    for finer, coarser in pairwise(LEVELS):
        assert same(keys[finer], s, coarser)


@given(TEXTS, TEXTS)
def test_what_is_equal_at_a_level_is_equal_at_every_later_one(a: str, b: str) -> None:
    levels = [same(a, b, level) for level in LEVELS]

    assert levels == sorted(levels)


@given(st.binary(max_size=40), st.lists(st.integers(0, 40), max_size=6), st.sampled_from(CODECS))
def test_any_split_of_any_bytes_decodes_like_the_whole(
    data: bytes, cuts: list[int], codec: str
) -> None:
    if codec in ("utf-16", "utf-32"):  # without its mark a stream of them is refused
        data = codecs.BOM_UTF16 + data if codec == "utf-16" else codecs.BOM_UTF32 + data
    decoder = StreamDecoder(codec, errors="replace")
    want = data.decode("utf-8-sig" if codec == "utf-8" else codec, "replace")
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]

    lines = [line for low, high in pairwise(edges) for line in decoder.feed(data[low:high])]
    lines += decoder.close()

    want_lines = want.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert lines == (want_lines if want_lines[-1] else want_lines[:-1])
    inserted = want.count("\ufffd") - data.decode(
        "utf-8-sig" if codec == "utf-8" else codec, "ignore"
    ).count("\ufffd")
    assert decoder.replaced == inserted


@given(TEXTS, st.sampled_from(CODECS), st.integers(1, 7))
def test_a_text_comes_back_at_any_chunk_size(s: str, codec: str, size: int) -> None:
    data = s.encode(codec, "ignore")
    assume(codec != "iso2022_jp" or "\x1b" not in s)  # an escape alone is no text there
    assume(codec in ("utf-16", "utf-32") or not sniff_bom(data))
    decoder = StreamDecoder(codec)

    lines = [x for i in range(0, len(data), size) for x in decoder.feed(data[i : i + size])]

    assert lines + decoder.close() == _lines(data.decode(codec))


def _lines(text: str) -> list[str]:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines if lines[-1] else lines[:-1]


@given(TEXTS)
def test_repair_is_idempotent_and_leaves_ascii_alone(s: str) -> None:
    once = mojibake.repair(s)

    assert mojibake.repair(once.text).text == once.text
    assert once.text.count("\ufffd") <= s.count("\ufffd")
    assert mojibake.repair(ascii(s)).text == ascii(s)
    assert mojibake.apply_plan(s, once.steps) == once.text


@given(st.lists(TEXTS, max_size=12))
def test_drain_counts_every_message_and_numbers_in_order(messages: list[str]) -> None:
    drain = Drain()

    ids = [drain.add(message).id for message in messages]

    assert sum(cluster.size for cluster in drain.templates()) == len(messages)
    assert list(dict.fromkeys(ids)) == list(range(1, len(set(ids)) + 1))


WORDS = st.text("abé_ -中.", min_size=1, max_size=4)


def find_brute(text: str, keywords: list[str], *, whole: bool) -> list[Hit]:
    """Return the hits by trying every keyword at every place."""
    places = ((at, word) for word in keywords for at in range(len(text)))
    found = (Hit(at, at + len(w), w) for at, w in places if text.startswith(w, at))
    return select(hit for hit in found if not whole or bordered(text, hit.start, hit.end))


@given(st.lists(WORDS, max_size=5), st.text("abé_ -中.", max_size=25), st.booleans())
def test_all_matchers_agree_with_trying_everything(
    words: list[str], text: str, whole: bool
) -> None:
    want = find_brute(text, list(dict.fromkeys(words)), whole=whole)

    for name in MATCHERS:
        if name == "naive_in":
            continue
        try:
            matcher = build(name, words, whole=whole)
        except TextError:
            continue
        assert matcher.find(text) == want, name


@given(TEXTS, TEXTS, TEXTS)
def test_the_distance_is_a_metric_and_that_of_rapidfuzz(a: str, b: str, c: str) -> None:
    distance = levenshtein(a, b)

    assert (distance == 0) == (a == b)
    assert distance == levenshtein(b, a)
    assert levenshtein(a, c) <= distance + levenshtein(b, c)
    assert ratio_rapidfuzz(a, b) == pytest.approx(ratio_own(a, b))


@given(TEXTS)
def test_inspection_never_raises_and_logs_are_safe(s: str) -> None:
    spans = [finding.span for finding in inspect(s)]

    assert all(0 <= start < end <= len(s) for start, end in spans)
    assert len(safe_log(s).splitlines()) <= 1
    safe_log(s).encode()


@given(TEXTS, st.sampled_from(["posix", "windows"]))
def test_a_safe_name_stays_safe(s: str, platform: str) -> None:
    try:
        name = safe_filename(s, platform)  # type: ignore[arg-type]
    except TextError:
        return

    assert safe_filename(name, platform) == name  # type: ignore[arg-type]
    assert len(name.encode()) <= 255
    assert not {"/", "\0"} & set(name)


ATOMS = st.sampled_from(["a", "b", "[ab]", ".", "(?:a|b)", "(?:ab|a)", "^", "$", r"\b", "c"])
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.tuples(inner, st.sampled_from("*+?")).map(lambda pair: f"(?:{pair[0]}){pair[1]}"),
    ),
    max_leaves=6,
)


@given(PATTERNS)
def test_a_linear_verdict_is_cheap_to_run(pattern: str) -> None:
    """A counter of steps instead of a clock: our own backtracking walk over the positions."""
    found = audit(pattern)

    if found.risk == "exponential":
        assert found.pump
        attack = found.attack(4)
        assert _ways(pattern, attack) >= 4
    elif found.risk == "linear":
        for text in ("a" * 12 + "!", "ab" * 8 + "c\n!", "b" * 12):
            assert re.match(pattern, text) or _ways(pattern, text) <= 4000


def _ways(pattern: str, text: str) -> int:
    """Return in how many ways the automaton can read a text from its first character."""
    from velvet_text._positions import Positions

    machine = Positions(pattern, 0, search=False, whole=False)
    ways = dict(machine.start)
    total = 0
    for c in text:
        bit = 1 << machine.characters.index(c) if c in machine.characters else 0
        taken = {p: n for p, n in ways.items() if machine.masks[p] & bit}
        total += sum(taken.values())
        ways = {}
        for p, n in taken.items():
            for q, more in machine.edges[p].items():
                ways[q] = ways.get(q, 0) + n * more
    return total
