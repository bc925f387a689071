"""TOML as text: where each key stands, and a file read whole even while it is being replaced.

An error without a line is half an error, and `tomllib` gives values only. The finder walks over
tokens, which is enough because `tomllib` has accepted the text.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from velvet_cli.contract import ConfigError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Lines = dict[tuple[str, ...], int]
ATTEMPTS = 5
_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}'
    r'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|\#[^\n]*|\n|[\[\]{}=]|[^\s"\'\#\[\]{}=]+|[ \t\r]+',
    re.DOTALL,
)
_BARE = re.compile(r"[\w-]+(?:\.[\w-]+)*", re.ASCII)
_PLACE = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")


def _opened(path: Path) -> BinaryIO:
    return path.open("rb")


def read_whole(path: Path, *, open_file: Callable[[Path], BinaryIO] = _opened) -> bytes:
    """Read one version of a file that others may replace meanwhile.

    An open file is one version after a rename; a writer in place is noticed by size and time of
    change, and the reading is repeated. Raises OSError, also when it changed five times.
    """
    for _ in range(ATTEMPTS):
        with open_file(path) as file:
            before = os.fstat(file.fileno())
            content = file.read()
            after = os.fstat(file.fileno())
        same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
        if same and len(content) == after.st_size:
            return content
    raise OSError(f"{path} changed during each of {ATTEMPTS} readings: try again when it is quiet")


def parse(content: bytes, path: Path) -> tuple[dict[str, Any], Lines]:
    """Parse TOML and find the line of each key; O(size).

    Returns The document, and key path -> line counted from 1. Raises ConfigError with the line.
    """
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        why = f"byte 0x{content[error.start]:02x} is no UTF-8"
        raise ConfigError(why, file=path, line=line, suggestion="save it as UTF-8") from None
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax(error, text, path) from None
    return document, dict(_lines(text))


def _syntax(error: Exception, text: str, path: Path) -> ConfigError:
    found = _PLACE.search(str(error))
    line = int(found.group(1)) if found and found.group(1) else text.count("\n") + 1
    why = _PLACE.sub("", str(error))
    source = text.split("\n")[line - 1].strip() if line <= text.count("\n") + 1 else ""
    key = source.partition("=")[0].strip() if "=" in source else ""
    bare = re.match(r"[^=]*=\s*[^\W\d]", source)
    hint = 'texts need quotes: key = "value"' if bare and "Invalid value" in why else ""
    return ConfigError(f"no valid TOML: {why}", file=path, line=line, key=key, suggestion=hint)


def _lines(text: str) -> Iterator[tuple[tuple[str, ...], int]]:
    """Yield (key path, line) for every header and every key outside of inline values."""
    table: tuple[str, ...] = ()
    statement, depth, value, line = "", 0, False, 1
    for found in _TOKEN.finditer(f"{text}\n"):
        piece = found.group()
        if piece == "\n" and depth == 0:
            header = statement.strip()
            if not value and header.startswith("["):
                table = _path(header.strip("[]"))
                yield table, line
            statement, value = "", False
        elif piece == "=" and depth == 0 and not value:
            yield (*table, *_path(statement)), line
            value = True
        elif value:
            depth += (piece in "[{") - (piece in "]}")
        elif not piece.startswith("#"):
            statement += piece
        line += piece.count("\n")


def _path(key: str) -> tuple[str, ...]:
    """Split a dotted and perhaps quoted key, with TOML's own rules."""
    if _BARE.fullmatch(key := key.strip()):
        return tuple(key.split("."))
    nested: Any = tomllib.loads(f"{key} = 0")
    parts = []
    while isinstance(nested, Mapping):
        name, nested = next(iter(nested.items()))
        parts.append(name)
    return tuple(parts)
