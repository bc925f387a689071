"""The passwords that a guesser would try first, made by a rule: stems, capitals, tails."""

from __future__ import annotations

_STEMS = """
    password dragon monkey sunshine princess football welcome shadow master michael jennifer
    hunter superman batman letmein trustno qwerty iloveyou flower summer winter spring autumn
    secret diamond chocolate cookie pepper ginger orange purple silver golden tiger eagle falcon
    rocket pirate castle
"""
_TAILS = """
    1 12 123 1234 ! 1! 123! 2024 2025 2026 01 07 69 99 00 11 22 33 77 88 x xx a _1
"""
WORDS = tuple(
    form
    for stem in _STEMS.split()
    for tail in ["", *_TAILS.split()]
    for form in (stem + tail, stem.title() + tail)
)
WEAK = "sunshine1"
