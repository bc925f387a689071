# ruff: noqa: RUF001 - letters that look alike are its subject
"""Labelled texts: correct ones that look broken, and broken ones whose original is known.

The innocent ones hold what a careless repair takes for damage: capital letters with accents before
quotes, dashes and signs; currencies; languages full of the letters that mojibake is made of. The
broken ones are made by the damage itself: read with a wrong codec, once or more.
"""

from __future__ import annotations

# fmt: off
INNOCENT: tuple[str, ...] = (
    "CAFÉ™", "CAFÉ®", "RÉSUMÉ…", "le CAFÉ”", "NESTLÉ®", "POKÉMON", "IL ÉTAIT À… PARIS", "AMANHÃ…", "MAÇÃ—",
    "IRMÃ”", "«À»", "ROSÉ—BRUT", "VÉRITÉ’", "L’ÉTÉ…", "ENTRÉE · CAFÉ·", "PÈRE – MÈRE", "À™", "DÉJÀ»", "FIANCÉ¹",
    "PURÉE¼", "Él dijo “¿QUÉ?”", "ESPAÑA®", "PIÑATA™", "SEÑOR…", "AÑO·NUEVO", "MÜNCHEN™", "GRÖẞE", "STRAßE“",
    "„GRÜẞE“", "ÖL…", "SMÖRGÅSBORD…", "ÅÄÖ", "Å…", "BLÅ—GUL", "TØJ", "PÅ»", "ÆØÅ", "Þórður", "ÍSLAND™", "ŽIŽKA",
    "Dvořák", "ŁÓDŹ", "Zażółć gęślą jaźń", "árvíztűrő tükörfúrógép", "TÜRKİYE", "İSTANBUL’", "Đà Nẵng", "Việt Nam",
    "CÔNG TY TNHH", "HÀ NỘI", "Привет, мир", "РСФСР", "СССР", "Рассказ о РС", "«Война и мир»", "Ελλάδα", "ΑΪΤΉ",
    "שלום עולם", "مرحبا", "日本語テキスト", "汉字", "ไทย", "한국어", "naïve – fine", "a£5 note", "Â£5 would be broken"[2:],
    "50 € ± 2 %", "x² + y² = r²", "½ cup", "10 µm × 5 µm", "“quoted” — text…", "• one • two", "© 2024 Ærø",
    "pâté", "crème brûlée", "Größe", "João", "São Paulo", "coração", "más ¿qué?", "Ça va", "Île", "ŒUVRE", "ï", "ð",
    "┌─┬─┐", "├──┼──┤ │ cell │", "└─┴─┘", "πr²", "σ² = 4", "5 µm", "Φ and Γ", "√2 ≤ ∑x",
)

ORIGINALS: tuple[str, ...] = (
    "café", "naïve", "Größe", "São Paulo", "crème brûlée", "£5", "50 €", "“quoted”", "it’s", "a – b", "wait…", "™ mark",
    "Dvořák", "Zażółć", "Привет, мир", "Ελλάδα", "日本語", "🤦 oh", "Füße", "niño",
    "El Niño – ¿qué?", "Ærø", "smörgås", "½ cup", "«bon»", "10 µm", "garçon", "Čapek", "Łódź", "tükörfúrógép",
)
# fmt: on


def broken() -> list[tuple[str, str]]:
    """Return pairs of a damaged text and its original, damaged in three ways."""
    pairs = []
    for text in ORIGINALS:
        for codec, rounds in (("cp1252", 1), ("cp1252", 2), ("latin-1", 1), ("cp437", 1)):
            damaged = text
            for _ in range(rounds):
                damaged = misread(damaged, codec)
            pairs.append((damaged, text))
    return pairs


def misread(text: str, codec: str) -> str:
    """Read UTF-8 with a code page whose holes stand for controls, as browsers do."""
    shown = (bytes([byte]).decode(codec, "replace") for byte in text.encode())
    return "".join(
        c if c != "\ufffd" else chr(byte) for c, byte in zip(shown, text.encode(), strict=True)
    )
