"""The completion script of a shell: a reader in its language, and the contract's table.

In a reader ``@PROG@`` stands for the program, ``@ID@`` for its name in identifiers. Nothing is
passed to `compgen -W`, which expands its words: a tag called ``$(reboot)`` would be a command.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from velvet_cli.contract import CONTRACT, SHELLS, Contract, Param

VERSION = Param("version", "flag", "Show the version and exit.", ("--version",), bool)
HELP = Param("help", "flag", "Show help and exit.", ("--help",), bool)
_MOST_NUMBERS = 20


def script(shell: str, contract: Contract = CONTRACT) -> str:
    """Return the script for ``bash``, ``zsh``, ``fish`` or ``powershell``; or ValueError.

    It holds the whole contract and starts no program at Tab, except for values of the data.
    """
    if shell not in SHELLS:
        raise ValueError(f"shell must be one of {', '.join(SHELLS)}, not {shell!r}")
    (path,) = Path(__file__).parent.glob(f"{shell}.*")
    table = "\n".join(_TABLES[shell](contract)) + "\n"
    made = path.read_text(encoding="utf-8").replace("@TABLE@\n", table)
    made = made.replace("@ID@", re.sub(r"\W", "_", contract.prog))
    return made.replace("@PROG@", contract.prog)


class Row(NamedTuple):
    """What may follow in some places.

    The places are ``COMMAND|commands``, ``COMMAND|options``, ``COMMAND|--flag``, ``COMMAND|-f``,
    ``COMMAND|1`` for the first argument and ``COMMAND|*`` for further ones; the kind is ``words``
    (see `values`), ``any``, or a dynamic one.
    """

    keys: tuple[str, ...]
    kind: str
    values: tuple[tuple[str, str], ...] = ()


def rows(contract: Contract) -> Iterator[Row]:
    """Yield every place of a command line where something is known."""
    commands = {command.name: command for command in contract.commands}
    for name in ("", *contract.groups(), *commands):
        below: dict[str, str] = {}
        for command in contract.commands:
            words, depth = command.words, len(name.split())
            if list(words[:depth]) == name.split() and len(words) > depth:
                below.setdefault(words[depth], command.help if len(words) == depth + 1 else "")
        if below:
            yield Row((f"{name}|commands",), "words", tuple(below.items()))
        params = commands[name].params if name in commands else () if name else contract.options
        options = (*(p for p in params if p.flags), *(() if name else (VERSION,)), HELP)
        flags = tuple((p.long, p.help) for p in options)
        yield Row((f"{name}|options",), "words", flags)
        yield from (
            _values(tuple(f"{name}|{flag}" for flag in p.flags), p)
            for p in options
            if p.kind == "option"
        )
        arguments = [p for p in params if p.kind == "argument"]
        for number, p in enumerate(arguments, 1):
            yield _values((f"{name}|{number}", *([f"{name}|*"] if p.multiple else [])), p)


def _values(keys: tuple[str, ...], param: Param) -> Row:
    low, high = param.range or (None, None)
    if param.choices:
        return Row(keys, "words", tuple((choice, "") for choice in param.choices))
    if param.type is int and low is not None and high is not None and high - low < _MOST_NUMBERS:
        numbers = range(int(low), int(high) + 1)
        return Row(keys, "words", tuple((str(number), "") for number in numbers))
    return Row(keys, param.dynamic or "any")


def _posix(line: Callable[[Row], str]) -> Callable[[Contract], Iterator[str]]:
    def table(contract: Contract) -> Iterator[str]:
        yield from ("_@ID@_row() {", "    case ${1-} in")
        for row in rows(contract):
            yield f"        {' | '.join(map(shlex.quote, row.keys))}) _row=({line(row)}) ;;"
        yield from ("        *) _row=(); return 1 ;;", "    esac", "}")

    return table


def _bash(row: Row) -> str:
    return " ".join(map(shlex.quote, (row.kind, *(value for value, _ in row.values))))


def _zsh(row: Row) -> str:
    pairs = (f"{shlex.quote(value)}$'\\t'{shlex.quote(text)}" for value, text in row.values)
    return " ".join((row.kind, *pairs))


def _fish(contract: Contract) -> Iterator[str]:
    def quote(text: str) -> str:
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"

    yield from ("function __@ID@_row", "    switch $argv[1]")
    for row in rows(contract):
        pairs = (f"{quote(value)}\\t{quote(text)}" for value, text in row.values)
        words = " ".join(pairs) if row.kind == "words" else f"@{row.kind}"
        # `*` is a pattern here unless it is quoted and escaped.
        keys = " ".join(quote(key.replace("*", "\\*")) for key in row.keys)
        yield f"        case {keys}"
        yield f"            printf '%s\\\\n' {words}"
    yield from ("        case '*'", "            return 1", "    end", "end")


def _powershell(contract: Contract) -> Iterator[str]:
    def quote(text: str) -> str:
        return "'" + text.replace("'", "''") + "'"

    # Case-sensitive, unlike PowerShell's own tables: -v and -V are two options.
    yield "$@ID@Rows = [System.Collections.Hashtable]::new([StringComparer]::Ordinal)"
    for row in rows(contract):
        pairs = "; ".join(f"{quote(value)} = {quote(text)}" for value, text in row.values)
        held = f"[ordered]@{{ {pairs} }}" if row.kind == "words" else quote(row.kind)
        yield from (f"$@ID@Rows[{quote(key)}] = {held}" for key in row.keys)


_TABLES: dict[str, Callable[[Contract], Iterator[str]]] = {
    "bash": _posix(_bash),
    "zsh": _posix(_zsh),
    "fish": _fish,
    "powershell": _powershell,
}
