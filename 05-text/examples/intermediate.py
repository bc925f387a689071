"""Intermediate examples: chunks, mojibake, keywords, sorting."""

# ruff: noqa: RUF001 - letters that look alike are the subject

from __future__ import annotations

import sys
import time

from velvet.examples import example, main
from velvet_text import collate, keywords, mojibake, stream
from velvet_text.samples.mojibake import INNOCENT, broken
from velvet_text.samples.texts import keyword_text

CHUNK = 4096


@example("chunk_trap")
def chunk_trap() -> None:
    """A download of many megabytes in 4 KiB chunks: the naive way loses two fifths of it."""
    text = "Grüße aus Zürich, 日本 – et à bientôt\n" * 240_000
    data = text.encode()
    chunks = [data[i : i + CHUNK] for i in range(0, len(data), CHUNK)]
    print(f"{len(data) / 1e6:.1f} MB in {len(chunks):,} chunks of {CHUNK} bytes")

    left, lost = stream.decode_chunks_naive(chunks)
    print(
        f"each chunk alone: {lost} errors, {100 * (1 - len(left) / len(text)):.0f} % of the text lost"
    )

    decoder = stream.StreamDecoder()
    lines = sum(len(decoder.feed(chunk)) for chunk in chunks) + len(decoder.close())
    print(
        f"StreamDecoder:    {lines:,} of {text.count(chr(10)):,} lines, {decoder.replaced} replaced"
    )
    print("why: a chunk ends where the network likes, often inside a character; an")
    print("     incremental decoder keeps the unfinished bytes for the next chunk.")


@example("mojibake_clinic")
def mojibake_clinic() -> None:
    """Three layers of wrong decoding undone, and how much harm each repairer does."""
    text = "“déjà vu”"
    for _ in range(3):
        text = "".join(mojibake._sloppy_byte(byte, "cp1252") for byte in text.encode())
    print(f"damaged: {text}")
    done = mojibake.repair(text)
    for number, (written, read) in enumerate(done.steps, 1):
        print(f"step {number}:  encode {written}, decode {read}")
    print(f"gives:   {done.text}, confidence {done.confidence:.2f}\n")

    repairers = {"naive": mojibake.repair_naive, "ours": lambda s: mojibake.repair(s).text}
    repairers["ftfy"] = mojibake.repair_ftfy
    for name, fix in repairers.items():
        good = sum(fix(bad) == original for bad, original in broken())
        harmed = [text for text in INNOCENT if fix(text) != text]
        print(
            f"{name:6} repairs {good} of {len(broken())}, damages {len(harmed)} of {len(INNOCENT)} innocent"
        )
    print("why: a round trip that works proves little; CAFE with an accent before a")
    print("     trade mark sign is valid UTF-8 for something else. In production: ftfy.")


@example("keyword_race")
def keyword_race() -> None:
    """Ten to ten thousand keywords: milliseconds by matcher, and a count that is wrong."""
    sizes = (10, 100, 1000, 10_000)
    inputs = {size: keyword_text(size, 20_000) for size in sizes}
    print(f"{'ms for 20,000 characters':26}" + "".join(f"{size:>9,}" for size in sizes))
    counts = {}
    for name in keywords.MATCHERS:
        cells = []
        for size in sizes:
            chosen, text = inputs[size]
            matcher = keywords.build(name, chosen)
            began = time.process_time()
            counts[name] = len(matcher.find(text))
            cells.append(f"{(time.process_time() - began) * 1000:9.1f}")
        print(f"{name:26}" + "".join(cells))
    print(f"\nnaive `in` counts {counts['naive_in']} keywords, every other way {counts['trie']}")
    print("why: an alternation tries its words one by one, an automaton does not care;")
    print("     and a set of words costs nothing to install.")


@example("sort_the_names")
def sort_the_names() -> None:
    """Twelve names in the order of each collator that is installed."""
    names = ["zoo", "Zebra", "apple", "Äpfel", "äpfel", "école", "eclair"]
    names += ["Ångström", "angst", "öl", "Øre", "odd"]
    report = collate.sort_report(names)
    print("".join(f"{name:13}" for name in report))
    for row in zip(*report.values(), strict=True):
        print("".join(f"{word:13}" for word in row))
    first = {name: words[0] for name, words in report.items()}
    print(f"\nfirst by code point: {first['code_point']}; by UCA: {first.get('pyuca', 'no pyuca')}")
    if "icu" not in report:
        print("icu: not installed; PyICU needs the system's ICU (apt install python3-icu)")
    print("why: sorted() puts Z before a and accents behind z; UCA compares letters,")
    print("     then accents, then case. Swedish wants its own order: that takes ICU.")


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    main()
