"""Changing one key of a configuration file: comments stay, and the file is never half-written."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from velvet_cli.config.errors import ConfigError
from velvet_cli.config.layers import APPEND, PROFILES
from velvet_cli.config.settings import Setting
from velvet_cli.config.toml_text import parse, read_whole

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def write_value(
    path: Path,
    setting: Setting,
    value: Any,
    *,
    profile: str | None = None,
    keep_comments: bool | None = None,
) -> None:
    """Set one key in a file, making the file and its folder where they are missing.

    The new text goes to a temporary file beside the old one and replaces it in one step, so a
    reader sees either version whole. Two writers at once: the last one wins.

    Args:
        value: checked against the setting first.
        profile: write into ``[profile.NAME]``.
        keep_comments: with tomlkit; by default where it is installed.

    Raises:
        ValueError: the setting refuses the value.
        ConfigError: the file is no TOML, or it has comments and tomlkit is missing: they would
            be lost, so nothing is written.
        OSError: it cannot be written; nothing is left beside it.
    """
    checked = setting.accept(value)
    plain = [_plain(item) for item in checked] if setting.multiple else _plain(checked)
    target = path.resolve()
    content = read_whole(target) if target.exists() else b""
    document, _ = parse(content, path)
    keys = [*((PROFILES, profile) if profile else ()), *setting.name.split(".")]
    if keep_comments is None:
        keep_comments = find_spec("tomlkit") is not None
    if keep_comments:
        import tomlkit

        editable = tomlkit.parse(content.decode("utf-8-sig"))
        _put(editable, keys, plain, path, new_table=tomlkit.table)
        text = tomlkit.dumps(editable)
    else:
        if re.search(rb"(?m)#", content):
            raise ConfigError(
                "has comments, which would be lost",
                file=path,
                suggestion='pip install "tomlkit>=0.12", or edit it yourself',
            )
        _put(document, keys, plain, path, new_table=dict)
        text = dump(document)
    _replace(target, text)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


def _put(document: Any, keys: list[str], value: Any, path: Path, *, new_table: Any) -> None:
    for key in keys[:-1]:
        if key not in document:
            document[key] = new_table()
        document = document[key]
        if not isinstance(document, Mapping):
            raise ConfigError("is a value where a table is needed", file=path, key=key)
    # A list that is set replaces; left beside it, what appended would contradict.
    document.pop(keys[-1] + APPEND, None)
    document[keys[-1]] = value


def _replace(target: Path, text: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, name)
        Path(name).replace(target)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def dump(document: Mapping[str, Any], above: tuple[str, ...] = ()) -> str:
    """Write tables of texts, numbers, truths and flat lists as TOML 1.0.

    Raises:
        TypeError: a value is of another kind.
    """
    lines = [
        f"{_key(key)} = {_value(value)}\n"
        for key, value in document.items()
        if not isinstance(value, Mapping)
    ]
    for key, value in document.items():
        if isinstance(value, Mapping):
            inner = (*above, key)
            head = ".".join(map(_key, inner))
            lines += ["\n" if lines else "", f"[{head}]\n", dump(value, inner)]
    return "".join(lines)


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _string(key)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    raise TypeError(f"cannot write {type(value).__name__} {value!r} as TOML")


def _string(text: str) -> str:
    # A JSON string is a TOML basic string, but for DEL, which TOML wants escaped.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
