"""Patterns with the growth of a backtracking search on their worst text, as measured."""

from __future__ import annotations

# fmt: off
LABELLED: tuple[tuple[str, str], ...] = (
    ("abc", "linear"), ("^a+b+$", "linear"), (r"\d{1,3}\.\d{1,3}", "linear"), ("a{2,5}b", "linear"),
    ("^[A-Z]{2}-[0-9]{4}$", "linear"), ("(?:a|ab)(?:bc|c)$", "linear"), (r"^\S+@\S+$", "polynomial"),
    (r"^[^@\s]+@[^@\s]+$", "linear"), (r'"[^"]*"', "linear"), (r"^(?:[a-z]+,)*[a-z]+$", "linear"),
    (r"^\s*[0-9]+\s*$", "linear"), ("a+", "linear"), ("(a+)+", "linear"), (r"a\s+$", "linear"),
    (r"\s+$", "polynomial"), (r"^.*x.*y$", "polynomial"), ("x*x*y", "polynomial"), ("^x*x*y", "polynomial"),
    (".*.*=.*", "polynomial"), (r"\s*,\s*", "polynomial"), ("<!--.*-->", "polynomial"),
    (r"^(\d+)(\d+)-$", "polynomial"), ("[a-z]+[0-9]", "polynomial"), (r"(?:[a-z]*)[a-z]*;", "polynomial"),
    ("^(a+)+$", "exponential"), ("(a*)*b", "exponential"), ("(a|b|ab)*c", "exponential"), ("(.*)*$", "exponential"),
    (r"(,*,)*(,+)[ \t]", "exponential"), (r"^(\w+\s?)*$", "exponential"), ("^(?:x?y?)*$", "exponential"),
    (r"^([a-z]+)*[.]$", "exponential"), ("^(([a-z])+.)+[A-Z]([a-z])+$", "exponential"),
    (r"^(?:a|aa)+$", "exponential"), (r"^(?:\d+[.]?)+;$", "exponential"), (r"^(?:[^,]+,?)*!$", "exponential"),
    (r"(?:(a+)+b|c)", "exponential"), (r"^(?:(?:ab)*(?:ab)*)*c$", "exponential"),
    (r"(?=(a+)+b)", "unknown"), (r"(.+)\1x", "unknown"), (r"(?<=a)(b+)+c", "unknown"),
)
# fmt: on
# The part of a widely read outage report that took a network down for 27 minutes in 2019.
OUTAGE = r"(?:(?:\"|'|\]|\}|\\|\d|(?:nan|infinity|true|false|null|undefined|symbol|math)|\`|\-|\+)+[)]*;?((?:\s|-|~|!|{}|\|\||\+)*.*(?:.*=.*)))"  # fmt: skip
