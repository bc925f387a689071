"""What holds for every module, with what each example of this one shows."""

from velvet.testing import ModuleTests


class TestModule(ModuleTests):
    """The examples, the declarations, the dashboard and the docstrings."""

    expected = {
        "five_lengths": (r" 25 +11 +7 +1 +2$", r" 17 +7 +5 +1 +2$", "ten columns of a title"),
        "equal_but_not_equal": (r"'STRASSE' +\. +\. +yes +yes +yes$", r"u0430ypal' +\. .*\.$"),
        "explain_the_error": ("cause: cut inside a character", "mark of utf-16", r"\^\^"),
        "chunk_trap": (r"1111 errors, 40 %", "240,000 of 240,000 lines, 0 replaced"),
        "mojibake_clinic": (r"^step 3: +encode cp1252, decode utf-8$", r"naive +repairs 43 .* damages 11 ", r"ours .* damages [01] "),
        "keyword_race": (r"split_set +\d", r"naive `in` counts 303 keywords, every other way 105$"),
        "sort_the_names": (r"code_point +casefold", "^Zebra +angst"),
        "regex_deadline": (
            r"thread with time-out +(?:none|raised) +(?!0\.[012])", r"regex with timeout= +raised",
            r"RE2, linear +none +0\.", r"child, killed +raised",
        ),
        "audit_my_patterns": (r"x\*x\*y +polynomial", r"\^\(a\+\)\+\$ +exponential", r"\\1\+x +unknown"),
        "log_factory": (r"40,000 lines, 39,611 ok, 389 bad: True", "templates from 4,000 messages: 10;"),
        "trojan_source": ("bidi-control", "mixes Cyrillic and Latin", "nested too deeply"),
    }  # fmt: skip
