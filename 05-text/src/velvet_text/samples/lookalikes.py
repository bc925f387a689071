"""Letters that look like a Latin one: a part of the confusables of UTS #39."""

# ruff: noqa: RUF001 - letters that look alike are its subject

from __future__ import annotations

# Cyrillic, Greek, Armenian and others beside the Latin letter that they look like: a part of the
# confusables of UTS #39, enough to teach with and too few to guard a domain registry.
LOOKALIKES = {
    "a": "аαɑ⍺", "b": "Ьƅ", "c": "сϲⅽ", "d": "ԁⅾ", "e": "еҽ℮", "f": "ẝ", "g": "ɡց", "h": "һհ",
    "i": "іιⅰı", "j": "јϳ", "k": "ᴋк", "l": "ӏⅼ", "m": "ⅿ", "n": "ոռ", "o": "оοօჿ", "p": "рρ",
    "q": "ԛգ", "r": "гᴦ", "s": "ѕꜱ", "t": "ᴛт", "u": "υսᴜ", "v": "νѵⅴ", "w": "ԝաɯ", "x": "хⅹ",
    "y": "уγү", "z": "ᴢ", "A": "АΑᎪ", "B": "ВΒᏴ", "C": "СϹⅭ", "D": "ᎠⅮ", "E": "ЕΕᎬ", "F": "ϜᖴҒ",
    "G": "Ԍ", "H": "НΗᎻ", "I": "ІΙӀ", "J": "ЈᎫ", "K": "КΚᏦ", "L": "ᏞⅬ", "M": "МΜᎷ", "N": "Ν",
    "O": "ОΟՕ", "P": "РΡᏢ", "Q": "Ԛ", "R": "Ꭱᖇ", "S": "ЅՏᏚ", "T": "ТΤᎢ", "U": "Սᑌ", "V": "ѴᏙ",
    "W": "ԜᎳ", "X": "ХΧ", "Y": "ҮΥ", "Z": "ΖᏃ", "0": "Ο০", "1": "١", "3": "ЗƷ", "6": "б", "-": "‐‑−",
    "/": "⁄∕", ".": "․", "'": "ʹʼ", ":": "∶ː",
}  # fmt: skip
