"""What may stand at the cursor: the contract read as a completion, without any framework."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from velvet_cli.completion.words import Words
from velvet_cli.contract import CONTRACT, CommandSpec, Contract, Param

# Kind (tasks, tags, keys, files) and what is typed so far -> values with their help.
Dynamic = Callable[[str, str], Iterable[tuple[str, str]]]
HELP = Param("help", "flag", "Show help and exit.", ("--help",), bool)
VERSION = Param("version", "flag", "Show the version and exit.", ("--version",), bool)


class Candidate(NamedTuple):
    """One word that may be typed.

    Attributes:
        value: the whole word.
        help: a sentence, or empty.
        space: whether a space follows; not after a folder.
    """

    value: str
    help: str = ""
    space: bool = True


class Place(NamedTuple):
    """Where the cursor is.

    Attributes:
        command: the words of the command so far.
        awaited: the option whose value is expected.
        options: whether an option may stand here: not after ``--``.
        arguments: the positional words so far, after the command.
        used: the long flags that have been typed.
    """

    command: str = ""
    awaited: Param | None = None
    options: bool = True
    arguments: tuple[str, ...] = ()
    used: frozenset[str] = frozenset()


def options_of(contract: Contract, command: str) -> tuple[Param, ...]:
    """Return the options that may follow the words of a command; empty is the program itself."""
    if not command:
        return (*contract.options, VERSION, HELP)
    found = _command(contract, command)
    params = found.params if found else ()
    return (*(param for param in params if param.flags), HELP)


def subcommands(contract: Contract, command: str) -> dict[str, str]:
    """Return the next words that make a command longer, with their help."""
    depth = len(command.split())
    found: dict[str, str] = {}
    for spec in contract.commands:
        if spec.words[:depth] == tuple(command.split()) and len(spec.words) > depth:
            group = len(spec.words) > depth + 1
            found.setdefault(spec.words[depth], "" if group else spec.help)
    return found


def argument_at(contract: Contract, command: str, index: int) -> Param | None:
    """Return the argument for the positional word of an index, counted from 0."""
    found = _command(contract, command)
    arguments = [p for p in found.params if p.kind == "argument"] if found else []
    if index < len(arguments):
        return arguments[index]
    return arguments[-1] if arguments and arguments[-1].multiple else None


def locate(contract: Contract, words: Iterable[str]) -> Place:
    """Read the words before the cursor, without the program's name; O(words)."""
    place = Place()
    for word in words:
        if place.awaited is not None:
            place = place._replace(awaited=None)
        elif place.options and word == "--":
            place = place._replace(options=False)
        elif place.options and word.startswith("-") and len(word) > 1:
            place = _after_option(contract, place, word)
        elif not place.arguments and word in subcommands(contract, place.command):
            place = place._replace(command=f"{place.command} {word}".strip(), used=frozenset())
        else:
            place = place._replace(arguments=(*place.arguments, word))
    return place


def _after_option(contract: Contract, place: Place, word: str) -> Place:
    by_flag = {flag: param for param in options_of(contract, place.command) for flag in param.flags}
    if word.startswith("--"):
        name, attached, _ = word.partition("=")
        param = by_flag.get(name)
        used = place.used | {name}
        awaited = param if param and param.kind == "option" and not attached else None
        return place._replace(awaited=awaited, used=used)
    # Grouped short options: the first that takes a value takes the rest, or the next word.
    for at, letter in enumerate(word[1:], 1):
        param = by_flag.get(f"-{letter}")
        if param is not None:
            place = place._replace(used=place.used | {param.long})
            if param.kind == "option":
                return place._replace(awaited=param if at == len(word) - 1 else None)
    return place


_EMPTY = Words(("",))


def complete(
    contract: Contract = CONTRACT,
    words: Words = _EMPTY,
    *,
    dynamic: Dynamic | None = None,
) -> list[Candidate]:
    """Return what may stand at the cursor, in the contract's order.

    Args:
        words: see `split`.
        dynamic: gives values that only the program's data knows; none of them without it.
    """
    typed, current = words.prefix_words[1:], words.current
    place = locate(contract, typed)
    if place.awaited is not None:
        found = _values(place.awaited, current, dynamic)
    elif place.options and current.startswith("--") and "=" in current:
        flag, _, value = current.partition("=")
        by_flag = {p.long: p for p in options_of(contract, place.command) if p.kind == "option"}
        param = by_flag.get(flag)
        values = _values(param, value, dynamic) if param else iter(())
        found = (one._replace(value=f"{flag}={one.value}") for one in values)
    elif place.options and current.startswith("-"):
        found = _flags(contract, place, current)
    elif not place.arguments and (below := subcommands(contract, place.command)):
        found = (Candidate(name, text) for name, text in below.items())
    else:
        found = _arguments(contract, place, current, dynamic)
    return [one for one in found if one.value.startswith(current)]


def _flags(contract: Contract, place: Place, current: str) -> Iterator[Candidate]:
    for param in options_of(contract, place.command):
        if param.long not in place.used or param.multiple or param.kind == "count":
            yield Candidate(param.long, param.help)
            # A short flag is worth a candidate only when it is what has been typed.
            yield from (Candidate(flag, param.help) for flag in param.flags[1:] if flag == current)


def _arguments(
    contract: Contract, place: Place, current: str, dynamic: Dynamic | None
) -> Iterator[Candidate]:
    param = argument_at(contract, place.command, len(place.arguments))
    for one in _values(param, current, dynamic) if param else ():
        if one.value not in place.arguments:
            yield one


def _values(param: Param, current: str, dynamic: Dynamic | None) -> Iterator[Candidate]:
    yield from (Candidate(str(choice)) for choice in param.choices)
    if param.range is not None and param.type is int and None not in param.range:
        low, high = (int(bound or 0) for bound in param.range)
        yield from (Candidate(str(number)) for number in range(low, high + 1) if high - low < 20)
    if param.dynamic and dynamic is not None:
        for value, text in dynamic(param.dynamic, current):
            yield Candidate(value, text, not value.endswith("/"))


def _command(contract: Contract, name: str) -> CommandSpec | None:
    return next((command for command in contract.commands if command.name == name), None)
