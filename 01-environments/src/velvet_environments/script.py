"""Scripts that carry their requirements: the comment block of PEP 723.

Source: the PyPA specification inline-script-metadata.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import tomlkit
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from velvet_environments.errors import ScriptError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_OPEN, _CLOSE = "# /// script", "# ///"
_END = re.compile(r"\r\n?|\n")


@dataclass(frozen=True)
class ScriptMeta:
    """What a script's block says.

    Attributes:
        tool: the tables of tools.
    """

    dependencies: tuple[str, ...] = ()
    requires_python: str = ""
    tool: Mapping[str, Any] = field(default_factory=dict)


def _block(lines: list[str]) -> tuple[int, int] | None:
    """Return first and last line of the block, the markers included.

    Raises:
        ScriptError: it is not closed, or not the only one.
    """
    found, at = [], 0
    while at < len(lines):
        if lines[at] != _OPEN:
            at += 1
            continue
        end = at
        while end + 1 < len(lines) and re.fullmatch(r"#(| .*)", lines[end + 1]):
            end += 1
        closing = [n for n in range(at + 1, end + 1) if lines[n] == _CLOSE]
        if not closing:
            raise ScriptError(f"line {at + 1}: the script block is not closed by '# ///'")
        found.append((at, closing[-1]))
        at = closing[-1] + 1
    if len(found) > 1:
        raise ScriptError("more than one script block")
    return found[0] if found else None


def _lines(text: str) -> list[str]:
    """Split at the ends of lines that Python's tokenizer knows: a form feed is none."""
    lines = _END.split(text.removeprefix("\ufeff"))
    return lines if lines[-1] else lines[:-1]


def read(text: str) -> ScriptMeta | None:
    """Return a script's metadata; None where it has none.

    >>> read('# /// script\\n# dependencies = ["demo"]\\n# ///\\n').dependencies
    ('demo',)

    Raises:
        ScriptError: two blocks, an open one, bad TOML, or fields of another type.
    """
    lines = _lines(text)
    block = _block(lines)
    if not block:
        return None
    inside = lines[block[0] + 1 : block[1]]
    body = "\n".join(line[2:] if line.startswith("# ") else line[1:] for line in inside)
    try:
        told = tomllib.loads(body)
    except (ValueError, RecursionError) as error:
        raise ScriptError(f"the script block is not TOML: {error}") from None
    wanted, python = told.get("dependencies", []), told.get("requires-python", "")
    if not isinstance(wanted, list) or not all(isinstance(one, str) for one in wanted):
        raise ScriptError("dependencies must be a list of texts")
    try:
        for one in wanted:
            Requirement(one)
        SpecifierSet(python)
    except (InvalidRequirement, InvalidSpecifier, AttributeError, TypeError) as error:
        raise ScriptError(str(error).splitlines()[0]) from None
    return ScriptMeta(tuple(wanted), python, told.get("tool", {}))


def write(text: str, meta: ScriptMeta) -> str:
    """Return a script with the block in the place of its old one, or at its top.

    A first line that names an interpreter stays the first.

    Raises:
        ScriptError: the script's own blocks are broken.
    """
    document = tomlkit.document()
    if meta.requires_python:
        document["requires-python"] = meta.requires_python
    document["dependencies"] = list(meta.dependencies)
    if meta.tool:
        document["tool"] = dict(meta.tool)
    body = _lines(tomlkit.dumps(document).rstrip("\n"))
    block = [_OPEN, *(f"# {line}" if line else "#" for line in body), _CLOSE]
    lines = _lines(text)
    if old := _block(lines):
        lines[old[0] : old[1] + 1] = block
    else:
        at = 1 if lines and lines[0].startswith("#!") else 0
        lines[at:at] = block
    return "\n".join(lines) + "\n"
