"""A list of 2,000 passwords that a guesser would try first, made by a rule."""

from __future__ import annotations

_STEMS = [
    "password",
    "dragon",
    "monkey",
    "sunshine",
    "princess",
    "football",
    "welcome",
    "shadow",
    "master",
    "michael",
    "jennifer",
    "hunter",
    "superman",
    "batman",
    "letmein",
    "trustno",
    "qwerty",
    "iloveyou",
    "flower",
    "summer",
    "winter",
    "spring",
    "autumn",
    "secret",
    "diamond",
    "chocolate",
    "cookie",
    "pepper",
    "ginger",
    "orange",
    "purple",
    "silver",
    "golden",
    "tiger",
    "eagle",
    "falcon",
    "rocket",
    "pirate",
    "castle",
]
_TAILS: tuple[str, ...] = (
    "",
    "1",
    "12",
    "123",
    "1234",
    "!",
    "1!",
    "123!",
    "2024",
    "2025",
    "2026",
    "01",
    "07",
)
_TAILS += ("69", "99", "00", "11", "22", "33", "77", "88", "x", "xx", "a", "_1")
WORDS = tuple(
    form for stem in _STEMS for tail in _TAILS for form in (stem + tail, stem.title() + tail)
)[:2000]
WEAK = "sunshine1"
