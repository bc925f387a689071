"""PEP 723: the examples of the specification, and the way back."""

from __future__ import annotations

import re

import pytest

from velvet_environments.errors import ScriptError
from velvet_environments.script import ScriptMeta, read, write

# The reference regex of the specification.
REFERENCE = re.compile(r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$")
OF_THE_STANDARD = """\
# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "requests<3",
#   "rich",
# ]
# ///

import requests
"""
EMBEDDED = """\
# /// some-toml
# embedded-csharp = '''
# /// <summary>
# '''
# ///
"""


def test_the_example_of_the_standard_is_read() -> None:
    found = read(OF_THE_STANDARD)

    assert found == ScriptMeta(("requests<3", "rich"), ">=3.11", {})
    assert REFERENCE.search(OF_THE_STANDARD)


def test_blocks_of_another_type_are_no_metadata() -> None:
    assert read(EMBEDDED) is None
    assert read("print('hello')\n") is None


def test_a_block_ends_at_its_last_closing_line() -> None:
    text = "# /// script\n# tool.x = '''\n# ///\n# '''\n# ///\nprint()\n"

    found, reference = read(text), REFERENCE.search(text)

    assert found is not None
    assert reference is not None
    assert found.tool == {"x": "///\n"}


@pytest.mark.parametrize("head", ["", "#!/usr/bin/env python3\n", "import os\n"])
def test_a_block_is_written_and_replaced(head: str) -> None:
    meta = ScriptMeta(("demo>=1",), ">=3.10", {"uv": {"exclude-newer": "2026-01-01"}})
    body = head + "print('hello')\n"

    once = write(body, meta)
    twice = write(once, ScriptMeta())

    assert read(once) == meta
    assert read(twice) == ScriptMeta()
    assert once.startswith("#!") == head.startswith("#!")
    assert twice == write(body, ScriptMeta())
    assert twice.endswith("print('hello')\n")


def test_a_form_feed_ends_no_line_and_a_mark_of_the_encoding_is_no_text() -> None:
    once = write("\ufeffx = '\x0c'\n", ScriptMeta(("demo",)))

    assert once.endswith("# ///\nx = '\x0c'\n")
    assert once.startswith("# /// script\n")
    assert read(f"\ufeff{once}") == ScriptMeta(("demo",))


def test_brackets_without_end_are_an_error_of_the_block() -> None:
    with pytest.raises(ScriptError, match="not TOML"):
        read(f"# /// script\n# a = {'[' * 100_000}\n# ///\n")
