"""The contract as the rows of a table, which each shell's script holds in its own notation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from velvet_cli.completion.engine import options_of, subcommands
from velvet_cli.contract import Contract, Param


class Row(NamedTuple):
    """What may follow in one place.

    Attributes:
        keys: the places: ``COMMAND|commands``, ``COMMAND|options``, ``COMMAND|--flag``,
            ``COMMAND|-f``, ``COMMAND|1`` for the first argument, ``COMMAND|*`` for further ones.
        kind: ``words``, a dynamic kind (``tasks``, ``tags``, ``keys``, ``files``), or ``any``.
        values: with their help, for ``words``.
    """

    keys: tuple[str, ...]
    kind: str
    values: tuple[tuple[str, str], ...] = ()


def rows(contract: Contract) -> Iterator[Row]:
    """Yield every place of a command line where something is known."""
    groups = list(contract.groups())
    for name in ("", *groups, *(command.name for command in contract.commands)):
        below = tuple(subcommands(contract, name).items())
        if below:
            yield Row((f"{name}|commands",), "words", below)
        options = options_of(contract, name)
        yield Row((f"{name}|options",), "words", tuple((p.long, p.help) for p in options))
        for param in options:
            if param.kind == "option":
                yield _values(tuple(f"{name}|{flag}" for flag in param.flags), param)
    for command in contract.commands:
        arguments = [param for param in command.params if param.kind == "argument"]
        for number, param in enumerate(arguments, 1):
            keys: tuple[str, ...] = (f"{command.name}|{number}",)
            if param.multiple:
                keys += (f"{command.name}|*",)
            yield _values(keys, param)


def _values(keys: tuple[str, ...], param: Param) -> Row:
    if param.choices:
        return Row(keys, "words", tuple((str(choice), "") for choice in param.choices))
    low, high = param.range or (None, None)
    if param.type is int and low is not None and high is not None and high - low < 20:
        numbers = range(int(low), int(high) + 1)
        return Row(keys, "words", tuple((str(number), "") for number in numbers))
    return Row(keys, param.dynamic or "any")
